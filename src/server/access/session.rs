//! Signing in and out: sessions of browsers, by a cookie, and of programs, by access tokens that
//! last minutes and refresh tokens that are exchanged for the next.
//!
//! A session is in the journal, and every request asks it: what ends it ends all of its tokens at
//! once. The refresh token says how often the session was renewed. One that says less than the
//! session was stolen or used twice, which cannot be told apart, so the session ends.

use super::caller::{Caller, Credential, unauthenticated};
use super::keys::{ISSUER, Keys};
use super::own::{self, Act};
use super::secret::Credential as Shown;
use crate::domain::Event;
use crate::domain::access::state::{Session, User};
use crate::domain::access::{
    Event as AccessEvent, Me, Outcome, SessionKind, SessionNamed, SessionOpened, SessionRenewed,
    Via,
};
use crate::server::App;
use crate::wire::{ApiError, ErrorKind, Timestamp};
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long an access token is good, in seconds.
pub const ACCESS_S: i64 = 900;
/// How long a program's session lasts unless it is renewed, in seconds.
const API_S: i64 = 30 * 86_400;
/// How long a browser's session lasts, in seconds.
pub const BROWSER_S: i64 = 7 * 86_400;
/// Name of the cookie; over TLS with a prefix by which browsers hold it to that (RFC 6265bis).
const COOKIE: Names = Names { plain: "bellwether_session", secure: "__Host-bellwether_session" };
/// Longest part of a `User-Agent` that is kept, in bytes.
const MAX_AGENT: usize = 200;
/// Whom access tokens are for.
const ACCESS: &str = "bellwether";
/// Whom refresh tokens are for.
const REFRESH: &str = "bellwether/refresh";

/// Claims of an access token (RFC 7519).
#[derive(Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    iss: String,
    aud: String,
    /// The user.
    pub sub: String,
    /// The session.
    pub sid: String,
    iat: i64,
    nbf: i64,
    /// Until when, in seconds since the epoch.
    pub exp: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct RefreshClaims {
    #[serde(flatten)]
    access: AccessClaims,
    /// How often the session had been renewed.
    generation: u32,
}

/// The claims of an access token that is good now.
pub fn check_access(keys: &Keys, token: &str) -> Option<AccessClaims> {
    keys.check(token, ACCESS)
}

/// What a program is given when it signs in (RFC 6749, section 5.1).
#[derive(Debug, Serialize)]
pub struct Tokens {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    refresh_token: String,
    user: Me,
}

/// Where somebody signs in from.
#[derive(Debug, Clone)]
pub struct From {
    /// The address.
    pub address: Arc<str>,
    /// What with.
    pub agent: Arc<str>,
}

impl From {
    /// The address, if it is known.
    fn known(&self) -> Option<Arc<str>> {
        Some(self.address.clone()).filter(|address| !address.is_empty())
    }

    /// Of a request whose headers are not at hand.
    pub fn here(caller: &Caller) -> Self {
        Self { address: caller.from(), agent: "".into() }
    }

    /// Of a request.
    pub fn of(caller: &Caller, headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
        let agent: String = agent.chars().filter(|c| !c.is_control()).collect();
        let end = agent.floor_char_boundary(MAX_AGENT);
        Self { address: caller.from(), agent: agent.get(..end).unwrap_or_default().into() }
    }
}

/// The user whose name and password these are.
///
/// # Errors
/// 401, the same whether or not there is such a user; 429 after too many failures; 503 if too many
/// sign in at once.
pub async fn verify(
    app: &App,
    from: &From,
    name: &str,
    password: &str,
) -> Result<Arc<User>, ApiError> {
    let attempt = app.access.throttle.attempt(name, &from.address)?;
    let shown = app.hub.published();
    let user = shown.state.access.users.get(name).cloned();
    let kept = user.as_ref().and_then(|user| user.password.as_ref());
    let right = match app.access.passwords.verify(kept, password).await {
        Ok(right) => right,
        Err(error) => {
            attempt.undecided();
            return Err(error);
        }
    };
    match user.filter(|user| right && !user.disabled) {
        Some(user) => {
            attempt.succeeded();
            Ok(user)
        }
        None => {
            let caller = Caller::nobody(from.known());
            let act = Act::by(&caller, "session.open");
            // What is no user's name may be anything, even a password in the wrong field.
            let act = match shown.state.access.users.get(name) {
                Some(user) => act.on(user.name.clone()).because("wrong credentials"),
                None => act.because("no such user"),
            };
            own::denied(app, act);
            Err(unauthenticated("the user name or the password is wrong"))
        }
    }
}

/// Opens a browser's session; returns its cookie's value.
///
/// # Errors
/// 429 or 503 if the journal takes nothing.
pub async fn open_browser(
    app: &App,
    from: From,
    user: &User,
    how: &str,
) -> Result<String, ApiError> {
    let credential = Shown::new()?;
    let now = app.clock.now();
    let opened = SessionOpened {
        session: credential.id.as_str().into(),
        user: user.name.clone(),
        kind: SessionKind::Browser,
        hash: Some(credential.hash()),
        expires_at: now.plus(BROWSER_S * 1_000),
        address: from.address,
        agent: from.agent,
    };
    open(app, opened, how).await?;
    Ok(credential.shown())
}

/// Opens a program's session.
///
/// # Errors
/// 429 or 503 if the journal takes nothing.
pub async fn open_api(app: &App, from: From, user: &User) -> Result<Tokens, ApiError> {
    let now = app.clock.now();
    let opened = SessionOpened {
        session: Shown::new()?.id.into(),
        user: user.name.clone(),
        kind: SessionKind::Api,
        hash: None,
        expires_at: now.plus(API_S * 1_000),
        address: from.address,
        agent: from.agent,
    };
    let id = opened.session.clone();
    open(app, opened, "password").await?;
    tokens(app, &id, now)
}

async fn open(app: &App, opened: SessionOpened, how: &str) -> Result<(), ApiError> {
    let caller = Caller {
        name: opened.user.clone(),
        via: Via::Session,
        ..Caller::nobody(Some(opened.address.clone()).filter(|it| !it.is_empty()))
    };
    let act = Act::by(&caller, "session.open").on(opened.user.clone()).because(how);
    own::record(app, act, vec![event(AccessEvent::SessionOpened(opened))]).await.map(drop)
}

fn event(event: AccessEvent) -> Event {
    Event::Access(event)
}

/// The tokens of a session as it is now.
fn tokens(app: &App, id: &str, now: Timestamp) -> Result<Tokens, ApiError> {
    let shown = app.hub.published();
    let state = &shown.state.access;
    let over = || unauthenticated("the session is over");
    let session = state.sessions.get(id).ok_or_else(over)?;
    let (user, permissions) = state.active(&session.user).ok_or_else(over)?;
    let seconds = now.ms().div_euclid(1_000);
    let claims = |aud: &str, exp: i64| AccessClaims {
        iss: ISSUER.to_owned(),
        aud: aud.to_owned(),
        sub: user.name.to_string(),
        sid: session.id.to_string(),
        iat: seconds,
        nbf: seconds,
        exp,
    };
    let keys = &app.access.keys;
    let until = session.expires_at.ms().div_euclid(1_000);
    let refresh = RefreshClaims { access: claims(REFRESH, until), generation: session.generation };
    let caller = Caller {
        name: user.name.clone(),
        role: Some(user.role.clone()),
        permissions,
        via: Via::AccessToken,
        credential: Credential::Session(session.id.clone()),
        ..Caller::nobody(None)
    };
    Ok(Tokens {
        access_token: keys.sign(&claims(ACCESS, seconds + ACCESS_S))?,
        token_type: "bearer",
        expires_in: ACCESS_S,
        refresh_token: keys.sign(&refresh)?,
        user: caller.me(state),
    })
}

/// Exchanges a refresh token for the next tokens of its session.
///
/// # Errors
/// 401 if it is not good (any more); if it was used before, the session ends.
pub async fn refresh(app: &App, from: &From, token: &str) -> Result<Tokens, ApiError> {
    let bad = || unauthenticated("the refresh token is not good, or not any more; sign in again");
    let claims: RefreshClaims = app.access.keys.check(token, REFRESH).ok_or_else(bad)?;
    let _turn = app.access.turns.of(&claims.access.sid).await;
    let now = app.clock.now();
    let shown = app.hub.published();
    let session = shown.state.access.session(&claims.access.sid, now).cloned().ok_or_else(bad)?;
    let caller =
        Caller { name: session.user.clone(), via: Via::Session, ..Caller::nobody(from.known()) };
    if claims.generation != session.generation {
        let act = Act::by(&caller, "session.refresh")
            .on(session.user.clone())
            .because("a refresh token was used twice; the session ends")
            .which(Outcome::Denied);
        end_as(app, act, &session).await?;
        return Err(bad());
    }
    let renewed = SessionRenewed {
        session: session.id.clone(),
        generation: session.generation + 1,
        expires_at: now.plus(API_S * 1_000),
    };
    let renewed = vec![event(AccessEvent::SessionRenewed(renewed))];
    own::record_quietly(app, renewed).await?;
    tokens(app, &session.id, now)
}

/// Ends a session.
///
/// # Errors
/// 429 or 503 if the journal takes nothing.
pub async fn end(app: &App, caller: &Caller, session: &Session) -> Result<(), ApiError> {
    let act = Act::by(caller, "session.end").on(session.user.clone());
    end_as(app, act, session).await
}

async fn end_as(app: &App, act: Act<'_>, session: &Session) -> Result<(), ApiError> {
    let ended = AccessEvent::SessionEnded(SessionNamed { session: session.id.clone() });
    own::record(app, act, vec![event(ended)]).await.map(drop)
}

/// Ends the session of whoever asks.
///
/// # Errors
/// 401 for nobody, 409 if there is no session.
pub async fn sign_out(app: &App, caller: &Caller) -> Result<(), ApiError> {
    let Some(id) = caller.session() else {
        return Err(match caller.via {
            Via::Anonymous => unauthenticated("nobody is signed in"),
            Via::ApiToken => conflict("an API token has no session; revoke the token instead"),
            _ => conflict("there is no session to end"),
        });
    };
    let shown = app.hub.published();
    match shown.state.access.sessions.get(id) {
        Some(session) => end(app, caller, session).await,
        None => Ok(()),
    }
}

fn conflict(detail: &str) -> ApiError {
    ApiError::new(ErrorKind::Conflict, detail)
}

/// What a cookie is called.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// Over http.
    pub plain: &'static str,
    /// Over https.
    pub secure: &'static str,
}

/// The session cookie of a request.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    named(headers, COOKIE)
}

/// A cookie of a request.
pub fn named(headers: &HeaderMap, names: Names) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(name, value)| {
        [names.plain, names.secure].contains(&name.trim()).then_some(value.trim())
    })
}

/// `Set-Cookie` for a session; for none, one that takes it away.
pub fn set_cookie(value: Option<&str>, secure: bool) -> String {
    bake(COOKIE, value, BROWSER_S, secure)
}

/// `Set-Cookie` for a cookie that lasts `age` seconds and that scripts and other sites cannot
/// reach; for none, one that takes it away.
pub fn bake(names: Names, value: Option<&str>, age: i64, secure: bool) -> String {
    let (name, tail) = if secure { (names.secure, "; Secure") } else { (names.plain, "") };
    let (value, age) = value.map_or(("", 0), |value| (value, age));
    format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &str, expect: Option<&str>) {
        let headers = HeaderMap::from_iter([(header::COOKIE, sent.parse().unwrap())]);
        assert_eq!(cookie(&headers), expect, "{sent}");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        check("bellwether_session=a", Some("a"));
        check("x=1; bellwether_session=a; y=2", Some("a"));
        check("__Host-bellwether_session=b", Some("b"));
        check("xbellwether_session=a", None);
        check("bellwether_session", None);
        assert_eq!(cookie(&HeaderMap::new()), None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let set = set_cookie(Some("v"), true);
        for part in ["__Host-", "=v;", "Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(set.contains(part), "{set}");
        }
        assert!(!set.contains("Domain"));
        assert!(set_cookie(None, false).contains("Max-Age=0"));
    }
}
