//! An OpenID provider that does what a test tells it to, and otherwise what it should: it checks
//! the client, the address it came from and the proof of the code as a real one does.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::{digest, rand, rsa, signature};
use axum::extract::{RawForm, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as URL};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const CLIENT: &str = "the board";
/// Whether it is encoded before it is sent shows only if it holds what must be.
pub const SECRET: &str = "s3cret: of %+& course";

/// A key to sign with, as it is named in the set.
pub struct Key {
    pub kid: String,
    pub algorithm: Algorithm,
    private: EncodingKey,
}

static RSA: LazyLock<EncodingKey> = LazyLock::new(|| {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let pkcs8 = pair.as_der().unwrap();
    // What an RSA key of this size is wrapped in takes 26 bytes (RFC 5208).
    EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..])
});

impl Key {
    pub fn new(kid: &str, algorithm: Algorithm) -> Self {
        let random = rand::SystemRandom::new();
        let private = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => RSA.clone(),
            Algorithm::ES256 => {
                let curve = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                let key = signature::EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
                EncodingKey::from_ec_der(key.as_ref())
            }
            Algorithm::EdDSA => {
                let key = signature::Ed25519KeyPair::generate_pkcs8v1(&random).unwrap();
                EncodingKey::from_ed_der(key.as_ref())
            }
            other => panic!("{other:?}"),
        };
        Self { kid: kid.to_owned(), algorithm, private }
    }

    /// As it stands in the set; the algorithm is left out, as many providers do.
    pub fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        jwk.common.key_algorithm = None;
        serde_json::to_value(jwk).unwrap()
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) }, claims)
    }

    pub fn sign_as(&self, header: Header, claims: &Value) -> String {
        encode(&header, claims, &self.private).unwrap()
    }
}

/// A token put together by hand.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL.encode(json.to_string());
    format!("{}.{}.", part(header), part(claims))
}

type Forge = Box<dyn Fn(&Key, &Value) -> String + Send>;

/// What it does.
pub struct Script {
    pub key: Key,
    /// The set of keys.
    pub keys: Vec<Value>,
    /// Claims that replace those of the token; null takes one out.
    pub claims: Value,
    /// Signs the token in another way.
    pub forge: Option<Forge>,
    /// What it says of whoever asks with the access token.
    pub info: Value,
    /// What replaces parts of the metadata.
    pub metadata: Value,
    /// Answers nothing but this.
    pub down: Option<StatusCode>,
    /// Answers to a code with this.
    pub token: Option<(StatusCode, String)>,
    /// Codes that were given out, with the query they were asked for with.
    codes: HashMap<String, HashMap<String, String>>,
    /// How often the keys were asked for.
    pub asked_for_keys: u32,
    /// Codes that were exchanged.
    pub exchanged: u32,
}

/// A provider at work.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
    task: Arc<JoinHandle<()>>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        if Arc::strong_count(&self.task) == 1 {
            self.task.abort();
        }
    }
}

pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn merge(into: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        let members = into.as_object_mut().unwrap();
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
}

impl Provider {
    pub async fn start(algorithm: Algorithm) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let key = Key::new("k1", algorithm);
        // One that nobody here knows how to use comes first, and one for another use.
        let odd = json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "k1"});
        let mut sealing = key.public();
        merge(&mut sealing, &json!({"use": "enc", "kid": "k0"}));
        let script = Script {
            keys: vec![odd, sealing, key.public()],
            key,
            claims: json!({}),
            forge: None,
            info: json!({}),
            metadata: json!({}),
            down: None,
            token: None,
            codes: HashMap::new(),
            asked_for_keys: 0,
            exchanged: 0,
        };
        let script = Arc::new(Mutex::new(script));
        let state = Served { issuer: issuer.clone(), script: script.clone() };
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(metadata))
            .route("/realm/keys", get(keys))
            .route("/realm/token", post(token))
            .route("/realm/me", get(info))
            .with_state(state);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, script, task: Arc::new(task) }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// Lets whoever came with this query in: a code for them.
    pub fn let_in(&self, query: HashMap<String, String>) -> String {
        let mut script = self.script();
        let code = format!("code {}", script.codes.len() + 1);
        script.codes.insert(code.clone(), query);
        code
    }
}

#[derive(Clone)]
struct Served {
    issuer: String,
    script: Arc<Mutex<Script>>,
}

impl Served {
    fn up(&self) -> Result<MutexGuard<'_, Script>, StatusCode> {
        let script = self.script.lock().unwrap();
        script.down.map_or(Ok(script), Err)
    }
}

async fn metadata(State(served): State<Served>) -> Result<Json<Value>, StatusCode> {
    let (script, issuer) = (served.up()?, &served.issuer);
    let algorithm = format!("{:?}", script.key.algorithm);
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?realm=1"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/me"),
        "id_token_signing_alg_values_supported": ["none", "HS256", algorithm],
    });
    merge(&mut metadata, &script.metadata);
    Ok(Json(metadata))
}

async fn keys(State(served): State<Served>) -> Result<Json<Value>, StatusCode> {
    let mut script = served.up()?;
    script.asked_for_keys += 1;
    Ok(Json(json!({ "keys": script.keys })))
}

/// Whether the client says who it is by `client_secret_basic` (RFC 6749, section 2.3.1).
fn is_client(headers: &HeaderMap) -> bool {
    let encoded =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = BASE64_STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET)));
    headers.get(header::AUTHORIZATION).is_some_and(|shown| *shown == *format!("Basic {pair}"))
}

async fn token(
    State(served): State<Served>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, Response> {
    let refuse = |error: &str| {
        (StatusCode::BAD_REQUEST, Json(json!({"error": error, "error_description": "<b>"})))
            .into_response()
    };
    let mut script = served.up().map_err(IntoResponse::into_response)?;
    if let Some((status, body)) = &script.token {
        let location = [(header::LOCATION, format!("{}/me", served.issuer))];
        return Ok((*status, location, body.clone()).into_response());
    }
    let form: HashMap<String, String> = form_urlencoded::parse(&form).into_owned().collect();
    let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if !is_client(&headers) {
        return Err(refuse("invalid_client"));
    }
    let asked = script.codes.remove(given("code")).ok_or_else(|| refuse("invalid_grant"))?;
    let verifier = digest::digest(&digest::SHA256, given("code_verifier").as_bytes());
    let proven = asked["code_challenge_method"] == "S256"
        && asked["code_challenge"] == URL.encode(verifier.as_ref())
        && given("code_verifier").len() >= 43;
    let there = asked["redirect_uri"] == given("redirect_uri");
    if !proven || !there || given("grant_type") != "authorization_code" {
        return Err(refuse("invalid_grant"));
    }
    let now = now_s();
    let mut claims = json!({
        "iss": served.issuer, "sub": "1001", "aud": CLIENT, "iat": now, "exp": now + 300,
        "nonce": asked["nonce"], "preferred_username": "ann", "email": "ann@corp.example",
        "name": "Ann Example", "groups": ["staff", "ops"],
    });
    merge(&mut claims, &script.claims);
    let id_token = match &script.forge {
        Some(forge) => forge(&script.key, &claims),
        None => script.key.sign(&claims),
    };
    script.exchanged += 1;
    let answer = json!({"access_token": "opaque", "token_type": "Bearer", "id_token": id_token});
    Ok(Json(answer).into_response())
}

async fn info(State(served): State<Served>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let shown = headers.get(header::AUTHORIZATION).is_some_and(|it| *it == *"Bearer opaque");
    let info = served.up()?.info.clone();
    if shown { Ok(Json(info)) } else { Err(StatusCode::UNAUTHORIZED) }
}
