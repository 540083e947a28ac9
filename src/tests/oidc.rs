//! Signing in with OpenID Connect, against a provider that can be made to lie.

mod provider;

use crate::harness::{Answer, PATIENCE, Server};
use bellwether::domain::access::Secret;
use bellwether::server::access::oidc::{Options, Pace};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use provider::{CLIENT, Key, Provider, SECRET, now_s, unsigned};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

const PASSWORD: &str = "a long enough passphrase";
const ROLES: [&str; 2] = ["boss=admin", "ops=operator"];

/// A board whose users come from a provider, and `admin`, who has a password here.
struct Board {
    server: Server,
    provider: Provider,
}

/// On the way to the provider.
struct Trip {
    query: HashMap<String, String>,
    cookie: String,
}

impl Trip {
    fn state(&self) -> &str {
        &self.query["state"]
    }
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A cookie that an answer sets, as a browser sends it back; none if it sets none, or takes it away.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let set = answer.headers.iter().filter(|(header, _)| header == "set-cookie");
    let pairs = set.map(|(_, value)| value.split(';').next().unwrap());
    let mut ours =
        pairs.filter(|pair| pair.split_once('=').is_some_and(|(n, v)| n == name && !v.is_empty()));
    ours.next().map(str::to_owned)
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

impl Board {
    async fn start() -> Self {
        Self::with(Algorithm::ES256, &ROLES, Pace::default()).await
    }

    async fn with(algorithm: Algorithm, roles: &[&str], pace: Pace) -> Self {
        let provider = Provider::start(algorithm).await;
        let options = Options {
            issuer: Some(provider.issuer.clone()),
            client_id: Some(CLIENT.to_owned()),
            client_secret: Some(Secret(SECRET.to_owned())),
            name: Some("Corp".to_owned()),
            role: roles.iter().map(|&rule| rule.to_owned()).collect(),
            ..Options::default()
        };
        let mut settings = options.settle().unwrap().unwrap();
        settings.pace = pace;
        let server = Server::changed(|all| {
            all.oidc = Some(settings);
            all.admin_password = Some(Secret(PASSWORD.to_owned()));
        });
        Self { server: server.await, provider }
    }

    /// Sets out for the provider.
    async fn leave(&self, next: &str) -> Trip {
        let answer = self.server.get(&format!("/login/oidc?{}", encoded(&[("next", next)]))).await;
        assert_eq!(answer.status, 303, "{}", text(&answer));
        let to = answer.header("location").unwrap();
        let (at, query) = to.split_once('?').unwrap();
        assert_eq!(at, format!("{}/authorize", self.provider.issuer));
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Trip { query, cookie: cookie(&answer, "bellwether_away").unwrap() }
    }

    /// Comes back with what the address holds, in a browser with a cookie.
    async fn back(&self, cookie: &str, pairs: &[(&str, &str)]) -> Answer {
        let path = format!("/login/oidc/callback?{}", encoded(pairs));
        self.server.request("GET", &path, &[("cookie", cookie)], "").await
    }

    /// Comes back as one does whom the provider lets in.
    async fn arrive(&self, trip: &Trip) -> Answer {
        let code = self.provider.let_in(trip.query.clone());
        self.back(&trip.cookie, &[("code", &code), ("state", trip.state())]).await
    }

    /// The whole way.
    async fn sign_in(&self) -> Answer {
        self.arrive(&self.leave("/").await).await
    }

    /// The whole way, to a session's cookie.
    async fn session(&self) -> String {
        let answer = self.sign_in().await;
        assert_eq!(answer.status, 303, "{}", text(&answer));
        cookie(&answer, "bellwether_session").expect("a session")
    }

    async fn me(&self, session: &str) -> Value {
        self.server.request("GET", "/api/v1/me", &[("cookie", session)], "").await.json()
    }

    /// Does something as `admin`.
    async fn admin(&self, method: &str, path: &str, body: Value) -> Answer {
        let form = encoded(&[("username", "admin"), ("password", PASSWORD)]);
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.server.request("POST", "/token", &kind, form).await;
        let token = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.server.request(method, path, &headers, body).await
    }

    async fn users(&self) -> Vec<String> {
        let users = self.admin("GET", "/api/v1/users", Value::Null).await.json();
        let items = users["items"].as_array().unwrap().iter();
        items.map(|user| user["username"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until the audit log says that somebody was not let in because of `why`.
    async fn denied(&self, why: &str) -> Value {
        let begun = std::time::Instant::now();
        loop {
            let audit = self.admin("GET", "/api/v1/audit", Value::Null).await.json();
            let lines = audit["items"].as_array().unwrap();
            let found = lines.iter().find(|line| {
                line["outcome"] == "denied" && line["detail"].to_string().contains(why)
            });
            if let Some(line) = found {
                return line.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{why} is not in {audit}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The page to sign in on, with its form, and no session.
#[track_caller]
fn refused(answer: &Answer, status: u16, told: &str) {
    let page = text(answer);
    assert_eq!(answer.status, status, "{page}");
    assert!(page.contains(told) && page.contains(r#"name="password""#), "{told}: {page}");
    assert_eq!(cookie(answer, "bellwether_session"), None);
}

#[tokio::test]
async fn whoever_the_provider_vouches_for_is_let_in() {
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA] {
        let board = Board::with(algorithm, &ROLES, Pace::default()).await;
        let trip = board.leave("/projects?q=a&b=c").await;
        let answer = board.arrive(&trip).await;
        assert_eq!(answer.status, 303, "{algorithm:?}: {}", text(&answer));
        assert_eq!(answer.header("location"), Some("/projects?q=a&b=c"));
        let session = cookie(&answer, "bellwether_session").unwrap();
        let me = board.me(&session).await;
        assert_eq!(
            (&me["username"], &me["role"], &me["email"], &me["full_name"], &me["via"]),
            (
                &json!("ann"),
                &json!("operator"),
                &json!("ann@corp.example"),
                &json!("Ann Example"),
                &json!("session")
            ),
        );
        let user = board.admin("GET", "/api/v1/users/ann", Value::Null).await.json();
        assert_eq!(user["provider"], json!(board.provider.issuer));
        let audit = board.admin("GET", "/api/v1/audit", Value::Null).await.json().to_string();
        assert!(audit.contains(r#""detail":"openid""#), "{audit}");
    }
}

#[tokio::test]
async fn what_is_asked_for_is_what_the_standards_want() {
    let board = Board::start().await;
    let (one, other) = (board.leave("/").await, board.leave("/").await);
    let back = format!("http://{}/login/oidc/callback", board.server.address);
    for (name, value) in [
        ("realm", "1"),
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", &back),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(one.query[name], value);
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(one.query[name].len(), 43, "256 bits");
        assert_ne!(one.query[name], other.query[name]);
    }
    assert_ne!(one.cookie, other.cookie);
}

#[tokio::test]
async fn a_board_with_a_provider_is_not_open() {
    let provider = Provider::start(Algorithm::ES256).await;
    let options = Options {
        issuer: Some(provider.issuer.clone()),
        client_id: Some(CLIENT.to_owned()),
        role: vec!["*=viewer".to_owned()],
        ..Options::default()
    };
    let server = Server::changed(|all| all.oidc = options.settle().unwrap()).await;
    assert_eq!(server.get("/dashboard/summary").await.status, 401);
    let page = text(&server.get("/login?next=/work").await);
    assert!(page.contains(r#"href="/login/oidc?next=%2Fwork""#), "{page}");
    assert!(!page.contains("Create the first admin"), "{page}");
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let board = Board::start().await;
    let long = format!("/{}", "x".repeat(3_000));
    for next in ["//evil.example", "https://evil.example", "/\\evil.example", "/login/oidc", &long]
    {
        let answer = board.arrive(&board.leave(next).await).await;
        assert_eq!(answer.header("location"), Some("/"), "{next}");
    }
}

/// Signs in with a token whose claims are changed, or that is signed in another way; it must not
/// be believed.
#[track_caller]
fn lie(
    board: &Board,
    claims: Value,
    forge: Option<Box<dyn Fn(&Key, &Value) -> String + Send>>,
) -> impl Future<Output = ()> + '_ {
    let mut script = board.provider.script();
    (script.claims, script.forge) = (claims, forge);
    drop(script);
    async { refused(&board.sign_in().await, 401, "cannot be verified") }
}

#[tokio::test]
async fn a_token_for_anybody_or_anything_else_is_not_believed() {
    let board = Board::start().await;
    let now = now_s();
    let elsewhere = format!("{}/", board.provider.issuer);
    for (claims, why) in [
        (json!({"nonce": "another"}), "for another sign-in"),
        (json!({"nonce": null}), "for another sign-in"),
        (json!({"aud": "another"}), "for somebody else"),
        (json!({"aud": []}), "for somebody else"),
        (json!({"aud": null}), "for somebody else"),
        (json!({"aud": [CLIENT, "another"]}), "asked for by somebody else"),
        (json!({"aud": [CLIENT, "another"], "azp": "another"}), "asked for by somebody else"),
        (json!({"azp": "another"}), "asked for by somebody else"),
        (json!({"iss": elsewhere}), "of another issuer"),
        (json!({"iss": [board.provider.issuer]}), "of another issuer"),
        (json!({"iss": null}), "of another issuer"),
        (json!({"exp": now - 61}), "is over"),
        (json!({"exp": (now + 300).to_string()}), "is over"),
        (json!({"exp": null}), "is over"),
        (json!({"iat": now + 120}), "of the future"),
        (json!({"iat": null}), "of the future"),
        (json!({"nbf": now + 120}), "not good yet"),
    ] {
        lie(&board, claims, None).await;
        board.denied(why).await;
    }
    assert_eq!(board.users().await, ["admin"]);
    for fine in [
        json!({"aud": [CLIENT]}),
        json!({"aud": [CLIENT, "another"], "azp": CLIENT}),
        json!({"exp": now - 10, "iat": now + 10}),
    ] {
        board.provider.script().claims = fine;
        board.session().await;
    }
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_is_not_believed() {
    let board = Board::with(Algorithm::RS256, &ROLES, Pace::default()).await;
    let modulus = board.provider.script().key.public()["n"].as_str().unwrap().to_owned();
    let with_secret = |secret: Vec<u8>, algorithm: Algorithm, kid: Option<&str>| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
        let secret = EncodingKey::from_secret(&secret);
        move |_: &Key, claims: &Value| encode(&header, claims, &secret).unwrap()
    };
    let named = |header: Value| move |_: &Key, claims: &Value| unsigned(&header, claims);
    let other = |kid: &str, algorithm| {
        let key = Key::new(kid, algorithm);
        move |_: &Key, claims: &Value| key.sign(claims)
    };
    let raw = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, &modulus).unwrap();
    let forgeries: Vec<Box<dyn Fn(&Key, &Value) -> String + Send>> = vec![
        Box::new(named(json!({"alg": "none"}))),
        Box::new(named(json!({"alg": "None", "kid": "k1"}))),
        Box::new(named(json!({"alg": "RS256", "kid": "k1"}))),
        Box::new(with_secret(modulus.into_bytes(), Algorithm::HS256, Some("k1"))),
        Box::new(with_secret(raw, Algorithm::HS256, None)),
        Box::new(with_secret(SECRET.into(), Algorithm::HS256, None)),
        // The right key with an algorithm that is not advertised.
        Box::new(|key, claims| {
            let kid = Some(key.kid.clone());
            key.sign_as(Header { kid, ..Header::new(Algorithm::PS256) }, claims)
        }),
        Box::new(|key, claims| {
            let (kid, crit) = (Some(key.kid.clone()), Some(vec!["exp".to_owned()]));
            key.sign_as(Header { kid, crit, ..Header::new(Algorithm::RS256) }, claims)
        }),
        // A key for another use.
        Box::new(|key, claims| {
            let kid = Some("k0".to_owned());
            key.sign_as(Header { kid, ..Header::new(Algorithm::RS256) }, claims)
        }),
        Box::new(other("k1", Algorithm::ES256)),
        Box::new(other("k2", Algorithm::ES256)),
        // A key that the token itself brings along.
        Box::new(|_, claims| {
            let key = Key::new("k1", Algorithm::ES256);
            let jwk = serde_json::from_value(key.public()).unwrap();
            key.sign_as(Header { jwk: Some(jwk), ..Header::new(Algorithm::ES256) }, claims)
        }),
        // Claims that were changed once they were signed.
        Box::new(|key, claims| {
            let mut more = claims.clone();
            more["groups"] = json!(["boss"]);
            let (mine, theirs) = (key.sign(claims), key.sign(&more));
            let parts: Vec<&str> = mine.split('.').collect();
            format!("{}.{}.{}", parts[0], theirs.split('.').nth(1).unwrap(), parts[2])
        }),
        Box::new(|_, _| String::new()),
        Box::new(|_, _| "a.b.c".to_owned()),
    ];
    for forge in forgeries {
        lie(&board, json!({}), Some(forge)).await;
    }
    assert_eq!(board.users().await, ["admin"]);
    assert_eq!(board.provider.script().asked_for_keys, 1, "whatever key a token claims to be of");
    let unnamed = |key: &Key, claims: &Value| key.sign_as(Header::new(key.algorithm), claims);
    board.provider.script().forge = Some(Box::new(unnamed));
    board.session().await;
}

#[tokio::test]
async fn a_token_that_names_no_key_is_good_only_if_there_is_one() {
    let board = Board::start().await;
    let mut script = board.provider.script();
    script.keys.push(Key::new("k2", Algorithm::ES256).public());
    script.forge = Some(Box::new(|key, claims| key.sign_as(Header::new(key.algorithm), claims)));
    drop(script);
    refused(&board.sign_in().await, 401, "cannot be verified");
}

#[tokio::test]
async fn new_keys_are_found_when_a_token_names_one() {
    let pace = Pace { again_after: Duration::ZERO, ..Pace::default() };
    let board = Board::with(Algorithm::ES256, &ROLES, pace).await;
    board.session().await;
    let mut script = board.provider.script();
    script.key = Key::new("k2", Algorithm::ES256);
    drop(script);
    refused(&board.sign_in().await, 401, "cannot be verified");
    let mut script = board.provider.script();
    script.keys = vec![script.key.public()];
    drop(script);
    board.session().await;
    assert_eq!(board.provider.script().asked_for_keys, 3);
}

#[tokio::test]
async fn a_return_is_good_once_and_in_the_browser_that_left() {
    let board = Board::start().await;
    let (trip, other) = (board.leave("/").await, board.leave("/").await);
    let code = |trip: &Trip| board.provider.let_in(trip.query.clone());
    assert_eq!(board.arrive(&trip).await.status, 303);
    let lost = "not begun in this browser";
    refused(&board.arrive(&trip).await, 400, lost);
    // Somebody else's code in one's own browser, or one's own code in somebody else's.
    refused(
        &board.back(&trip.cookie, &[("code", &code(&other)), ("state", other.state())]).await,
        400,
        lost,
    );
    refused(&board.arrive(&other).await, 400, lost);
    let third = board.leave("/").await;
    refused(&board.back("", &[("code", &code(&third)), ("state", third.state())]).await, 400, lost);
    let fourth = board.leave("/").await;
    let path = [("code", "x"), ("state", "x"), ("state", fourth.state())];
    for pairs in [&path[..1], &path[..2], &path[..], &[]] {
        refused(&board.back(&fourth.cookie, pairs).await, 400, lost);
    }
    assert_eq!(board.provider.script().exchanged, 1, "nothing of it reaches the provider");
    let answer = board.arrive(&fourth).await;
    assert_eq!(answer.status, 303, "and whoever left first still arrives");
    let gone = answer
        .headers
        .iter()
        .any(|(_, v)| v.starts_with("bellwether_away=; ") && v.contains("Max-Age=0"));
    assert!(gone, "{:?}", answer.headers);
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_refused() {
    let board = Board::start().await;
    // The code is good, but was asked for by somebody else: the proof does not fit.
    let (victim, attacker) = (board.leave("/").await, board.leave("/").await);
    let code = board.provider.let_in(victim.query.clone());
    let pairs = [("code", code.as_str()), ("state", attacker.state())];
    refused(&board.back(&attacker.cookie, &pairs).await, 401, "Corp did not let you sign in");
    board.denied("400 Bad Request invalid_grant").await;
    let trip = board.leave("/").await;
    let pairs = [("code", "made up"), ("state", trip.state())];
    refused(&board.back(&trip.cookie, &pairs).await, 401, "Corp did not let you sign in");
    assert_eq!(board.provider.script().exchanged, 0);
}

#[tokio::test]
async fn what_the_address_says_went_wrong_is_not_repeated() {
    let board = Board::start().await;
    for (error, told) in [("access_denied", "(access_denied)"), ("<i>call 555", "Corp failed")] {
        let trip = board.leave("/").await;
        let said = "<b>call 555-evil</b>";
        let pairs = [("error", error), ("error_description", said), ("state", trip.state())];
        let answer = board.back(&trip.cookie, &pairs).await;
        refused(&answer, 401, told);
        assert!(!text(&answer).contains("555"), "{}", text(&answer));
    }
    let trip = board.leave("/").await;
    refused(&board.back(&trip.cookie, &[("state", trip.state())]).await, 401, "did not say who");
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    let board = Board::start().await;
    let issuer = board.provider.issuer.clone();
    let with = async |iss: Option<&str>| {
        let trip = board.leave("/").await;
        let code = board.provider.let_in(trip.query.clone());
        let pairs = [("code", code.as_str()), ("state", trip.state()), ("iss", iss.unwrap_or(""))];
        board.back(&trip.cookie, if iss.is_some() { &pairs } else { &pairs[..2] }).await
    };
    refused(&with(Some("https://other.example")).await, 401, "not an answer of Corp");
    assert_eq!(with(Some(&issuer)).await.status, 303);
    assert_eq!(with(None).await.status, 303, "not every provider says so");
    let strict = Board::start().await;
    let says = json!({"authorization_response_iss_parameter_supported": true});
    strict.provider.script().metadata = says;
    refused(&strict.sign_in().await, 401, "not an answer of Corp");
}

#[tokio::test]
async fn whoever_has_no_role_stays_out() {
    let board = Board::start().await;
    for groups in [json!(["staff", "OPS"]), json!([]), json!("none"), json!({"ops": true})] {
        board.provider.script().claims = json!({ "groups": groups });
        refused(&board.sign_in().await, 403, "none of your groups has a role here");
    }
    let line = board.denied("none of your groups").await;
    assert_eq!((&line["action"], &line["target"]), (&json!("session.open"), &json!("ann")));
    assert_eq!(board.users().await, ["admin"]);
    // Who had a role and has none any more does not get in either.
    board.provider.script().claims = json!({});
    board.session().await;
    board.provider.script().claims = json!({"groups": ["staff"]});
    refused(&board.sign_in().await, 403, "none of your groups has a role here");
}

#[tokio::test]
async fn the_role_follows_the_groups_and_open_sockets_end() {
    let board = Board::start().await;
    let first = board.session().await;
    let ticket = board.server.request("POST", "/api/v1/ws-ticket", &[("cookie", &first)], "").await;
    let ticket = ticket.json()["ticket"].as_str().unwrap().to_owned();
    let mut socket = board.server.live(&format!("topics=summary&ticket={ticket}")).await;
    assert_eq!(socket.next_of("welcome").await["user"], "ann");
    let changes = json!({"groups": ["boss", "ops"], "email": "ann@new.example", "name": "Ann New"});
    board.provider.script().claims = changes;
    let second = board.session().await;
    let me = board.me(&second).await;
    assert_eq!(
        (&me["role"], &me["email"], &me["full_name"]),
        (&json!("admin"), &json!("ann@new.example"), &json!("Ann New"))
    );
    assert_eq!(socket.closed().await, Some(1008));
    // Whom the provider calls otherwise by now is the same one here.
    board.provider.script().claims = json!({"preferred_username": "ann.new"});
    let me = board.me(&board.session().await).await;
    assert_eq!((&me["username"], &me["role"]), (&json!("ann"), &json!("operator")));
    assert_eq!(board.users().await, ["admin", "ann"]);
}

#[tokio::test]
async fn what_the_token_does_not_say_is_asked_for() {
    let board = Board::start().await;
    let mut script = board.provider.script();
    script.claims = json!({"groups": null, "preferred_username": null, "email": null});
    script.info = json!({"sub": "1001", "preferred_username": "ann", "groups": "boss",
        "email": "x@y.example", "iss": "https://other.example"});
    drop(script);
    let me = board.me(&board.session().await).await;
    assert_eq!(
        (&me["username"], &me["role"], &me["email"]),
        (&json!("ann"), &json!("admin"), &json!("x@y.example"))
    );
    for other in [json!("1002"), Value::Null] {
        board.provider.script().info["sub"] = other;
        refused(&board.sign_in().await, 401, "cannot be verified");
    }
    // What the token does say, it says.
    let mut script = board.provider.script();
    script.info = json!({"sub": "1001", "preferred_username": "admin", "groups": ["boss"]});
    script.claims = json!({"preferred_username": null});
    drop(script);
    assert_eq!(board.me(&board.session().await).await["role"], "operator");
}

#[tokio::test]
async fn a_name_that_is_taken_is_not_taken_over() {
    let board = Board::start().await;
    board.provider.script().claims = json!({"preferred_username": "admin", "groups": ["boss"]});
    refused(&board.sign_in().await, 403, "belongs to another user here");
    board.denied("belongs to another user").await;
    board.provider.script().claims = json!({});
    board.session().await;
    board.provider.script().claims = json!({"sub": "1002"});
    refused(&board.sign_in().await, 403, "belongs to another user here");
    board.provider.script().claims = json!({"sub": "1003", "preferred_username": "a/../b"});
    refused(&board.sign_in().await, 422, "username must not hold");
    assert_eq!(board.users().await, ["admin", "ann"]);
}

#[tokio::test]
async fn whoever_is_kept_out_here_stays_out() {
    let board = Board::start().await;
    let session = board.session().await;
    let path = "/api/v1/users/ann";
    assert_eq!(board.admin("PUT", path, json!({"disabled": true})).await.status, 200);
    assert_eq!(board.me(&session).await["status"], 401);
    refused(&board.sign_in().await, 403, "ann is kept out");
    board.denied("ann is kept out").await;
    let password = json!({"password": "one of their own, here"});
    assert_eq!(board.admin("PUT", path, password).await.status, 422, "and has no password here");
    assert_eq!(board.admin("PUT", path, json!({"disabled": false})).await.status, 200);
    board.session().await;
}

#[tokio::test]
async fn a_provider_that_is_down_leaves_the_form() {
    let board = Board::start().await;
    board.provider.script().down = Some(axum::http::StatusCode::BAD_GATEWAY);
    let answer = board.server.get("/login/oidc").await;
    refused(&answer, 503, "Corp cannot be reached just now");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(board.users().await, ["admin"], "a password is still good");
    board.provider.script().down = None;
    let begun = std::time::Instant::now();
    while board.server.get("/login/oidc").await.status != 303 {
        assert!(begun.elapsed() < PATIENCE, "it is up again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let trip = board.leave("/work").await;
    board.provider.script().down = Some(axum::http::StatusCode::BAD_GATEWAY);
    let answer = board.arrive(&trip).await;
    refused(&answer, 503, "Corp cannot be reached just now");
    assert!(text(&answer).contains(r#"value="/work""#), "where to go on is not forgotten");
}

#[tokio::test]
async fn a_provider_that_misbehaves_is_not_followed() {
    use axum::http::StatusCode;
    let board = Board::start().await;
    let huge = format!("\"{}\"", "x".repeat(2 << 20));
    for (status, body) in [
        (StatusCode::TEMPORARY_REDIRECT, String::new()),
        (StatusCode::FOUND, String::new()),
        (StatusCode::OK, "no JSON".to_owned()),
        (StatusCode::OK, json!({"access_token": "x"}).to_string()),
        (StatusCode::OK, huge),
    ] {
        board.provider.script().token = Some((status, body));
        refused(&board.sign_in().await, 503, "Corp cannot be reached just now");
    }
    for lie in [
        json!({"issuer": "https://other.example"}),
        json!({"token_endpoint": "http://other.example/token"}),
        json!({"jwks_uri": "file:///etc/keys"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"token_endpoint": null}),
    ] {
        let board = Board::start().await;
        board.provider.script().metadata = lie;
        refused(&board.server.get("/login/oidc").await, 503, "Corp cannot be reached just now");
    }
}

/// `serve` with options that cannot be: it must end with 2 and say why.
#[track_caller]
fn check_options(args: &[&str], told: &str) {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bellwether"))
        .args(["serve", "--listen", "127.0.0.1:0", "--no-sampler", "--data-dir"])
        .arg(dir.path())
        .args(args)
        .env("BELLWETHER_OIDC_CLIENT_SECRET", "hush-hush")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(told), "{said}");
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn options_that_cannot_be_are_said_at_the_start() {
    let issuer = ["--oidc-issuer", "https://id.example", "--oidc-client-id", "board"];
    let and = |more: &[&'static str]| [&issuer[..], more].concat();
    check_options(&["--oidc-client-id", "board"], "--oidc-issuer is missing");
    check_options(&["--oidc-issuer", "http://id.example"], "must begin with https://");
    check_options(&issuer, "nobody would get in");
    check_options(&and(&["--oidc-role", "ops"]), "write it as GROUP=ROLE");
    check_options(&and(&["--oidc-role", "ops=oprator"]), "there is no role oprator");
    let file = ["--oidc-role", "*=viewer", "--oidc-client-secret-file", "secret"];
    check_options(&and(&file), "give either");
}
