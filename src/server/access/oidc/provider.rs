//! The provider at the other end of the line: what it says of itself, its keys, and the exchange
//! of a code. Whatever it sends is bounded in size and in time, and none of it is shown to anybody.

use super::claims::Claims;
use super::options::{Settings, trusted};
use super::pending::Away;
use super::token::{self, Expected, Wrong};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use http::request::Builder;
use http::{Request, StatusCode, header};
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Semaphore};

/// Largest answer that is read, in bytes.
const MAX_BODY: u64 = 1 << 20;
/// Keys that are kept.
const MAX_KEYS: usize = 100;
/// Sign-ins that may wait for the provider at once; each takes a thread.
const MAX_AT_ONCE: usize = 16;
/// How long a failure is remembered, so that not everybody waits for a provider that is down.
const DOWN_FOR: Duration = Duration::from_secs(2);
/// Longest part of what the provider says that goes into the log, in bytes.
const MAX_SAID: usize = 200;

/// What went wrong, for the log and the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The provider cannot be reached, or does not work.
    Down(String),
    /// It does not take the code.
    Refused(String),
    /// What it says cannot be believed.
    Unbelievable(&'static str),
}

impl Trouble {
    /// In words that may hold what the provider said, cut short.
    pub fn why(&self) -> String {
        match self {
            Self::Down(why) | Self::Refused(why) => said(why),
            Self::Unbelievable(why) => (*why).to_owned(),
        }
    }

    /// What whoever signs in is told, with nothing in it that anybody else said.
    pub fn told(&self, provider: &str) -> ApiError {
        match self {
            Self::Down(_) => {
                let detail =
                    format!("{provider} cannot be reached just now; try again in a moment");
                ApiError::unavailable(detail, 10)
            }
            Self::Refused(_) => {
                let detail = format!("{provider} did not let you sign in; try again");
                ApiError::new(ErrorKind::Unauthenticated, detail)
            }
            Self::Unbelievable(_) => {
                let detail = format!("what {provider} says of you cannot be verified");
                ApiError::new(ErrorKind::Unauthenticated, detail)
            }
        }
    }
}

/// Something somebody else said: one line, cut short.
fn said(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.get(..line.floor_char_boundary(MAX_SAID)).unwrap_or_default().to_owned()
}

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Deserialize)]
pub struct Metadata {
    issuer: String,
    /// Where one signs in.
    pub authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether whoever comes back says from where (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// The answer to a code (RFC 6749, section 5.1; OpenID Connect Core 1.0, section 3.1.3.3).
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: String,
}

/// The answer to a code that is not taken (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Something the provider said that is good for a while.
struct Held<T> {
    value: Option<(Arc<T>, Instant)>,
    failed: Option<(Trouble, Instant)>,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { value: None, failed: None }
    }
}

/// A provider.
pub struct Client {
    /// What was chosen at the start.
    pub settings: Settings,
    agent: ureq::Agent,
    metadata: Mutex<Held<Metadata>>,
    keys: Mutex<Held<Vec<Jwk>>>,
    places: Semaphore,
}

impl Client {
    /// One that was not spoken to yet.
    pub fn new(settings: Settings) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would carry the code and the secret to another place.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(settings.pace.timeout))
            .user_agent(concat!("bellwether/", env!("CARGO_PKG_VERSION")));
        Self {
            agent: config.build().into(),
            settings,
            metadata: Mutex::default(),
            keys: Mutex::default(),
            places: Semaphore::new(MAX_AT_ONCE),
        }
    }

    /// What the provider says of itself.
    ///
    /// # Errors
    /// It cannot be reached, or what it says cannot be.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, Trouble> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let read = |found: Metadata| {
            if *found.issuer != **issuer {
                let named = said(&found.issuer);
                return Err(Trouble::Down(format!("{url} says its issuer is {named}")));
            }
            let endpoints = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
            for endpoint in endpoints.into_iter().chain(&found.userinfo_endpoint) {
                trusted(endpoint).map_err(|why| Trouble::Down(format!("{endpoint}: {why}")))?;
            }
            Ok(found)
        };
        self.held(&self.metadata, self.settings.pace.good_for, &url, read).await
    }

    /// The provider's keys, no older than `age`.
    async fn keys(&self, metadata: &Metadata, age: Duration) -> Result<Arc<Vec<Jwk>>, Trouble> {
        let read = |set: KeySet| {
            // One of a kind that is not known here does not spoil the others.
            let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
            Ok(keys.take(MAX_KEYS).collect())
        };
        self.held(&self.keys, age, &metadata.jwks_uri, read).await
    }

    /// What is held, if it is no older than `age`; else what `url` says now, or what is held all
    /// the same if it says nothing. Whoever comes meanwhile waits for the same answer.
    async fn held<A: DeserializeOwned + Send + 'static, T: Send + Sync>(
        &self,
        held: &Mutex<Held<T>>,
        age: Duration,
        url: &str,
        read: impl FnOnce(A) -> Result<T, Trouble> + Send,
    ) -> Result<Arc<T>, Trouble> {
        let mut held = held.lock().await;
        if let Some((value, at)) = &held.value
            && at.elapsed() < age
        {
            return Ok(value.clone());
        }
        let failed = held.failed.as_ref().filter(|(_, at)| at.elapsed() < DOWN_FOR);
        let answer = match failed {
            Some((trouble, _)) => Err(trouble.clone()),
            None => self.ask(Request::get(url), Vec::new()).await.and_then(read),
        };
        match answer {
            Ok(value) => {
                let value = Arc::new(value);
                *held = Held { value: Some((value.clone(), Instant::now())), failed: None };
                Ok(value)
            }
            Err(trouble) => {
                if failed.is_none() {
                    tracing::warn!(why = trouble.why(), "the OpenID provider does not work");
                    held.failed = Some((trouble.clone(), Instant::now()));
                }
                held.value.as_ref().map(|(value, _)| value.clone()).ok_or(trouble)
            }
        }
    }

    /// What the provider says of whoever came back with `code`, once it is verified.
    ///
    /// # Errors
    /// The provider does not work, does not take the code, or says what cannot be believed.
    pub async fn redeem(&self, code: &str, away: &Away, now: Timestamp) -> Result<Claims, Trouble> {
        let place = self.places.try_acquire();
        let _place = place.map_err(|_| Trouble::Down("too many sign in at once".to_owned()))?;
        let metadata = self.metadata().await?;
        let (request, form) = self.exchange(&metadata, code, away);
        let tokens: Tokens = self.ask(request, form).await?;
        let claims = self.verify(&metadata, &tokens.id_token, &away.nonce, now).await?;
        if !super::claims::incomplete(&self.settings, &claims) {
            return Ok(claims);
        }
        let Some(url) = &metadata.userinfo_endpoint else { return Ok(claims) };
        let request = Request::get(url)
            .header(header::AUTHORIZATION, format!("Bearer {}", tokens.access_token));
        let more: Claims = self.ask(request, Vec::new()).await?;
        // Section 5.3.2: else it may be of somebody else.
        if more.get("sub") != claims.get("sub") {
            return Err(Trouble::Unbelievable("the user info is of somebody else"));
        }
        Ok(more.into_iter().chain(claims).collect())
    }

    /// The request that exchanges a code for tokens (OpenID Connect Core 1.0, section 3.1.3.1;
    /// RFC 7636), and its body.
    fn exchange(&self, metadata: &Metadata, code: &str, away: &Away) -> (Builder, Vec<u8>) {
        let id = &self.settings.client_id;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &away.redirect_uri)
            .append_pair("code_verifier", &away.verifier);
        let mut request = Request::post(&metadata.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let takes = |method: &str| {
            let methods = metadata.token_endpoint_auth_methods_supported.as_ref();
            methods.map(|methods| methods.iter().any(|one| one == method))
        };
        match &self.settings.client_secret {
            Some(secret) if takes("client_secret_basic") != Some(false) => {
                let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = BASE64_STANDARD.encode(format!("{}:{}", part(id), part(&secret.0)));
                request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
            }
            Some(secret) => {
                form.append_pair("client_id", id).append_pair("client_secret", &secret.0);
            }
            None => {
                form.append_pair("client_id", id);
            }
        }
        (request, form.finish().into_bytes())
    }

    /// The claims of an ID token. Newer keys are looked for if none that is known signed it, but
    /// not all the time: tokens are made up easily.
    async fn verify(
        &self,
        metadata: &Metadata,
        id_token: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Claims, Trouble> {
        let default = ["RS256".to_owned()];
        let advertised = &*metadata.id_token_signing_alg_values_supported;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce,
            advertised: if advertised.is_empty() { &default } else { advertised },
            now_s: now.ms() as f64 / 1_000.0,
        };
        let pace = self.settings.pace;
        let keys = self.keys(metadata, pace.good_for).await?;
        let verified = match token::verify(id_token, &keys, expected) {
            Err(Wrong::UnknownKey) => {
                let newer = self.keys(metadata, pace.again_after).await?;
                token::verify(id_token, &newer, expected)
            }
            verified => verified,
        };
        verified.map_err(|wrong| Trouble::Unbelievable(wrong.why()))
    }

    /// Sends a request and reads the JSON it is answered with.
    async fn ask<T: DeserializeOwned + Send + 'static>(
        &self,
        request: Builder,
        body: Vec<u8>,
    ) -> Result<T, Trouble> {
        let agent = self.agent.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let request = request.header(header::ACCEPT, "application/json").body(body);
            let request = request.map_err(|error| Trouble::Down(error.to_string()))?;
            let url = request.uri().clone();
            let down = |why: &dyn std::fmt::Display| Trouble::Down(format!("{url}: {why}"));
            let mut response = agent.run(request).map_err(|error| down(&error))?;
            let status = response.status();
            let body = response.body_mut().with_config().limit(MAX_BODY).read_to_vec();
            let body = body.map_err(|error| down(&error))?;
            if status == StatusCode::OK {
                return serde_json::from_slice(&body).map_err(|error| down(&error));
            }
            let refusal = serde_json::from_slice::<Refusal>(&body);
            let error = refusal.map(|refusal| refusal.error).unwrap_or_default();
            let why = format!("{url}: {status} {error}");
            // That the code is not good is whoever brought it to blame for, and nobody else.
            let theirs = status == StatusCode::BAD_REQUEST && error == "invalid_grant";
            Err(if theirs { Trouble::Refused(why) } else { Trouble::Down(why) })
        });
        asked.await.unwrap_or_else(|error| Err(Trouble::Down(error.to_string())))
    }
}
