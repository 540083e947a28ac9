//! The way to the provider, and the way back.

use super::pending::{self, Away};
use super::{Oidc, claims};
use crate::domain::access::Via;
use crate::server::App;
use crate::server::access::caller::Caller;
use crate::server::access::login::{again, blank, local, secure, to, with_cookie};
use crate::server::access::own::{self, Act};
use crate::server::access::session::{self, From};
use crate::server::access::users;
use crate::server::needs::{Needs, Routes};
use crate::server::peer::Peer;
use crate::wire::{ApiError, ErrorKind};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use form_urlencoded::Serializer;
use serde::Deserialize;

/// Where the provider sends people back to.
const BACK: &str = "/login/oidc/callback";
/// Longest address somebody may go on at, in bytes.
const MAX_NEXT: usize = 2_000;
/// Longest code that is handed on, in bytes.
const MAX_CODE: usize = 8_000;
/// How a refused sign-in is called in the audit log.
const ACTION: &str = "session.open";

/// The way there and back.
pub fn routes() -> Routes {
    Routes::default().get("/login/oidc", Needs::Nothing, leave).get(BACK, Needs::Nothing, back)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LeaveParams {
    next: String,
}

/// What somebody comes back with (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Default, Deserialize)]
#[serde(default)]
struct BackParams {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

type Params<T> = Result<Query<T>, QueryRejection>;

fn no_provider() -> ApiError {
    ApiError::not_found("there is no other place to sign in at; give your name and password here")
}

/// Where browsers find this board.
fn base(oidc: &Oidc, peer: Option<&Extension<Peer>>, headers: &HeaderMap) -> String {
    if let Some(url) = &oidc.client.settings.public_url {
        return url.to_string();
    }
    let host = peer.and_then(|Extension(peer)| peer.host.as_deref());
    let host = host.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    let scheme = if secure(peer) { "https" } else { "http" };
    format!("{scheme}://{}", host.unwrap_or_default())
}

/// `GET /login/oidc?next=…`: to the provider.
async fn leave(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    params: Params<LeaveParams>,
) -> Response {
    let next = params.map(|Query(params)| params.next).unwrap_or_default();
    let next = if next.len() > MAX_NEXT { "/" } else { local(&next) };
    let Some(oidc) = &app.access.oidc else {
        return again(blank(&app, next), &no_provider()).await;
    };
    let redirect_uri = format!("{}{BACK}", base(oidc, peer.as_ref(), &headers));
    match send(oidc, redirect_uri, next, secure(peer.as_ref())).await {
        Ok((address, cookie)) => set(to(&address), &cookie),
        Err(error) => again(blank(&app, next), &error).await,
    }
}

/// The address to send somebody to, and the cookie to send them with.
async fn send(
    oidc: &Oidc,
    redirect_uri: String,
    next: &str,
    tls: bool,
) -> Result<(String, String), ApiError> {
    let settings = &oidc.client.settings;
    let found = oidc.client.metadata().await;
    let metadata = found.map_err(|trouble| trouble.told(&settings.name))?;
    let sent = oidc.pending.send(redirect_uri.clone(), next.to_owned(), tls)?;
    let query = Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("scope", &settings.scope)
        .append_pair("state", &sent.state)
        .append_pair("nonce", &sent.nonce)
        .append_pair("code_challenge", &sent.challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let endpoint = &metadata.authorization_endpoint;
    let and = if endpoint.contains('?') { '&' } else { '?' };
    Ok((format!("{endpoint}{and}{query}"), sent.cookie))
}

fn set(mut response: Response, cookie: &str) -> Response {
    // Cookies hold nothing that a header cannot.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `GET /login/oidc/callback`: from the provider.
async fn back(
    State(app): State<App>,
    caller: Caller,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    params: Params<BackParams>,
) -> Response {
    let tls = secure(peer.as_ref());
    let response = match &app.access.oidc {
        None => again(blank(&app, ""), &no_provider()).await,
        Some(oidc) => {
            let params = params.map(|Query(params)| params).unwrap_or_default();
            let state = params.state.as_deref().unwrap_or_default();
            match oidc.pending.back(state, &headers) {
                None => again(blank(&app, ""), &lost()).await,
                Some(away) => {
                    let from = From::of(&caller, &headers);
                    match sign_in(&app, oidc, from, &params, &away).await {
                        Ok(cookie) => with_cookie(&away.next, Some(&cookie), tls),
                        Err(error) => again(blank(&app, &away.next), &error).await,
                    }
                }
            }
        }
    };
    set(response, &pending::no_cookie(tls))
}

fn lost() -> ApiError {
    let detail = "this sign-in was not begun in this browser, or is over by now; begin again";
    ApiError::new(ErrorKind::Malformed, detail)
}

/// Opens a session for whoever came back; returns its cookie's value.
async fn sign_in(
    app: &App,
    oidc: &Oidc,
    from: From,
    params: &BackParams,
    away: &Away,
) -> Result<String, ApiError> {
    let settings = &oidc.client.settings;
    let nobody = Caller::nobody(Some(from.address.clone()));
    let code = match code(oidc, params).await {
        Ok(code) => code,
        Err((why, error)) => {
            own::denied(app, Act::by(&nobody, ACTION).because(format!("openid: {why}")));
            return Err(error);
        }
    };
    let claims = match oidc.client.redeem(code, away, app.clock.now()).await {
        Ok(claims) => claims,
        Err(trouble) => {
            let why = trouble.why();
            tracing::warn!(why, "a sign-in with OpenID Connect failed");
            own::denied(app, Act::by(&nobody, ACTION).because(format!("openid: {why}")));
            return Err(trouble.told(&settings.name));
        }
    };
    let (vouched, provider) = match claims::user(settings, &claims) {
        Ok(found) => found,
        Err(error) => {
            let who = claims::shown(settings, &claims);
            let act = Act::by(&nobody, ACTION).on(who).because(format!("openid: {}", error.detail));
            own::denied(app, act);
            return Err(error);
        }
    };
    let name = vouched.user.clone();
    let caller = Caller { name: name.clone(), via: Via::Session, ..nobody.clone() };
    let user = match users::vouched(app, &caller, vouched, &provider).await {
        Ok(user) => user,
        Err(error) => {
            if matches!(error.code, ErrorKind::Forbidden | ErrorKind::Invalid) {
                let why = format!("openid: {}", error.detail);
                own::denied(app, Act::by(&nobody, ACTION).on(name).because(why));
            }
            return Err(error);
        }
    };
    session::open_browser(app, from, &user, "openid").await
}

/// The code somebody came back with.
///
/// # Errors
/// There is none, or it is not from where they were sent; why, and what they are told.
async fn code<'a>(
    oidc: &Oidc,
    params: &'a BackParams,
) -> Result<&'a str, (&'static str, ApiError)> {
    let name = &oidc.client.settings.name;
    let refused = |why, detail: String| (why, ApiError::new(ErrorKind::Unauthenticated, detail));
    let mixed_up = || refused("from another issuer", format!("this is not an answer of {name}"));
    match &params.iss {
        Some(iss) if **iss != *oidc.client.settings.issuer => return Err(mixed_up()),
        Some(_) => {}
        None => {
            let metadata = oidc.client.metadata().await;
            let metadata = metadata.map_err(|trouble| ("provider down", trouble.told(name)))?;
            if metadata.authorization_response_iss_parameter_supported {
                return Err(mixed_up());
            }
        }
    }
    if let Some(error) = &params.error {
        let known = ["access_denied", "login_required", "consent_required", "interaction_required"];
        return Err(match known.into_iter().find(|known| known == error) {
            Some(known) => refused(known, format!("{name} did not let you sign in ({known})")),
            None => refused("the provider failed", format!("{name} failed; try again")),
        });
    }
    let code = params.code.as_deref().filter(|code| (1..=MAX_CODE).contains(&code.len()));
    code.ok_or_else(|| refused("no code", format!("{name} did not say who you are; try again")))
}
