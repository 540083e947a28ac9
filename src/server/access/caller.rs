//! Who makes a request: found once, from its credentials, before anything else looks at it.

use super::secret::{Credential as Shown, TOKEN_PREFIX};
use super::{Access, session};
use crate::domain::access::state::State;
use crate::domain::access::{Me, Permissions, SessionKind, Via};
use crate::server::App;
use crate::server::peer::Peer;
use crate::server::pings;
use crate::wire::{ApiError, ErrorKind, Seq, Timestamp};
use axum::extract::{FromRequestParts, Request, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// Name of nobody.
pub const NOBODY: &str = "anonymous";

/// What somebody is let in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing: there is no user yet, or what anybody may see was chosen.
    None,
    /// The data directory.
    CommandLine,
    /// A session.
    Session(Arc<str>),
    /// An API token.
    Token(Arc<str>),
}

/// Who makes a request, and what they may do. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user's or token's name; `anonymous` for nobody.
    pub name: Arc<str>,
    /// The role, if it is by one.
    pub role: Option<Arc<str>>,
    /// What is allowed, as of when the credentials were looked at.
    pub permissions: Permissions,
    /// How they are let in.
    pub via: Via,
    /// By what.
    pub credential: Credential,
    /// Until when what they showed is good, if it is not for good.
    pub until: Option<Timestamp>,
    /// From which address.
    pub address: Option<Arc<str>>,
    /// Where the user's role, password or standing had last changed.
    pub changed: Seq,
}

impl Caller {
    /// Somebody without credentials.
    pub fn nobody(address: Option<Arc<str>>) -> Self {
        Self {
            name: NOBODY.into(),
            role: None,
            permissions: Permissions::NONE,
            via: Via::Anonymous,
            credential: Credential::None,
            until: None,
            address,
            changed: 0,
        }
    }

    /// Whoever works with the data directory.
    pub fn command_line() -> Self {
        Self {
            name: "command line".into(),
            permissions: Permissions::ALL,
            via: Via::CommandLine,
            credential: Credential::CommandLine,
            ..Self::nobody(None)
        }
    }

    /// Whether nothing is known of them.
    pub fn is_nobody(&self) -> bool {
        self.via == Via::Anonymous
    }

    /// The user whose session it is.
    pub fn user(&self) -> Option<&Arc<str>> {
        matches!(self.credential, Credential::Session(_)).then_some(&self.name)
    }

    /// The session.
    pub fn session(&self) -> Option<&Arc<str>> {
        match &self.credential {
            Credential::Session(id) => Some(id),
            _ => None,
        }
    }

    /// Whether they may do all of `needed`.
    ///
    /// # Errors
    /// 401 for nobody, 403 naming what is missing for anybody else.
    pub fn may(&self, needed: impl Into<Permissions>) -> Result<(), ApiError> {
        let missing = needed.into().without(self.permissions);
        if missing.is_empty() {
            return Ok(());
        }
        if self.is_nobody() {
            return Err(unauthenticated("sign in, or send a token: Authorization: Bearer …"));
        }
        let (name, missing) = (&self.name, missing.names());
        Err(ApiError::new(ErrorKind::Forbidden, format!("{name} lacks the permission {missing}")))
    }

    /// What their requests and sockets are counted by: a token may bear a user's name.
    pub fn key(&self) -> Arc<str> {
        match &self.credential {
            Credential::Token(id) => format!("token {id}").into(),
            _ => self.name.clone(),
        }
    }

    /// The address as text; empty if there is none.
    pub fn from(&self) -> Arc<str> {
        self.address.clone().unwrap_or_else(|| "".into())
    }

    /// Whether they are still who they were and may do what they might, by the state as it is now.
    pub fn still_holds(&self, access: &Access, state: &State, now: Timestamp) -> bool {
        if self.until.is_some_and(|until| until <= now) {
            return false;
        }
        let address = self.address.clone();
        let is = match &self.credential {
            Credential::CommandLine => return true,
            Credential::None => Some(access.without_credentials(state, address)),
            Credential::Session(id) => of_session(state, id, self.via, self.until, now, address),
            Credential::Token(id) => of_token(state, id, now, address),
        };
        is.is_some_and(|is| is == *self)
    }

    /// What they are told of themselves.
    pub fn me(&self, state: &State) -> Me {
        let user = self.user().and_then(|name| state.users.get(name));
        Me {
            username: self.name.clone(),
            email: user.and_then(|user| user.email.clone()),
            full_name: user.and_then(|user| user.full_name.clone()),
            role: self.role.clone(),
            permissions: self.permissions,
            via: self.via,
            open: self.via == Via::Open,
        }
    }
}

/// 401.
pub fn unauthenticated(detail: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::Unauthenticated, detail)
}

fn of_session(
    state: &State,
    id: &str,
    via: Via,
    until: Option<Timestamp>,
    now: Timestamp,
    address: Option<Arc<str>>,
) -> Option<Caller> {
    let session = state.session(id, now)?;
    let (user, permissions) = state.active(&session.user)?;
    Some(Caller {
        name: user.name.clone(),
        role: Some(user.role.clone()),
        permissions,
        via,
        credential: Credential::Session(session.id.clone()),
        until,
        address,
        changed: user.changed,
    })
}

fn of_token(state: &State, id: &str, now: Timestamp, address: Option<Arc<str>>) -> Option<Caller> {
    use crate::domain::access::Grant;
    let token = state.token(id, now)?;
    let role = match &token.grant {
        Grant::Role(role) => Some(role.clone()),
        Grant::Permissions(_) => None,
    };
    Some(Caller {
        name: token.name.clone(),
        role,
        permissions: state.granted(&token.grant),
        via: Via::ApiToken,
        credential: Credential::Token(token.id.clone()),
        until: token.expires_at,
        address,
        changed: 0,
    })
}

/// Finds out who shows `token`, an API token or an access token.
///
/// # Errors
/// 401 if it is neither, or is good no more.
pub fn by_bearer(app: &App, token: &str, address: Option<Arc<str>>) -> Result<Caller, ApiError> {
    let bad = || unauthenticated("the token is not known, or is good no more");
    let shown = app.hub.published();
    let (state, now) = (&shown.state.access, app.clock.now());
    if let Some(rest) = token.strip_prefix(TOKEN_PREFIX) {
        let credential = Shown::read(rest).ok_or_else(bad)?;
        let kept = state.token(&credential.id, now).filter(|kept| credential.is(&kept.hash));
        let kept = kept.ok_or_else(bad)?;
        app.access.uses.note(app, kept, address.as_ref(), now);
        return of_token(state, &kept.id, now, address).ok_or_else(bad);
    }
    let claims = session::check_access(&app.access.keys, token).ok_or_else(bad)?;
    let until = Timestamp::from_ms(claims.exp.saturating_mul(1_000));
    let session = state.session(&claims.sid, now).filter(|it| *it.user == *claims.sub);
    let session = session.filter(|it| it.kind == SessionKind::Api).ok_or_else(bad)?;
    of_session(state, &session.id, Via::AccessToken, Some(until), now, address).ok_or_else(bad)
}

/// Finds out whose session a browser's cookie is; none if it is nobody's any more.
pub fn by_cookie(
    app: &App,
    headers: &HeaderMap,
    secure: bool,
    address: Option<Arc<str>>,
) -> Option<Caller> {
    let shown = app.hub.published();
    let (state, now) = (&shown.state.access, app.clock.now());
    let credential = Shown::read(session::cookie(headers, secure)?)?;
    let session = state.session(&credential.id, now)?;
    let kept = session.hash.as_ref().filter(|hash| credential.is(hash));
    kept?;
    of_session(state, &session.id, Via::Session, Some(session.expires_at), now, address)
}

/// What follows `Bearer`.
///
/// # Errors
/// 401 if there is an `Authorization` of another kind.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    };
    if token.is_empty() {
        return Err(unauthenticated("the only scheme here is Authorization: Bearer <token>"));
    }
    Ok(Some(token))
}

/// Names of parameters that hold credentials elsewhere.
const IN_ADDRESS: [&str; 4] = ["token", "access_token", "api_key", "bearer"];

/// Whether an address holds what may stand in a header only.
fn has_credentials(query: &str) -> bool {
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    names.into_iter().any(|name| IN_ADDRESS.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// Finds out who makes a request, and hands it on with the request.
pub async fn identify(Shared(app): Shared<App>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().cloned().unwrap_or_default();
    let address = peer.address.map(|address| Arc::from(address.to_canonical().to_string()));
    let caller = caller(&app, &request, &peer, address.clone()).unwrap_or_else(|error| {
        // What needs nothing is answered all the same: one signs in there, or asks for health.
        request.extensions_mut().insert(Refused(error));
        Caller::nobody(address)
    });
    if !caller.is_nobody()
        && let Err(error) = app.limits.request(&peer, Some(&caller.key()))
    {
        return error.into_response();
    }
    if !tracing::enabled!(tracing::Level::DEBUG) {
        request.extensions_mut().insert(caller);
        return next.run(request).await;
    }
    let (name, method) = (caller.name.clone(), request.method().clone());
    let (path, begun) = (pings::loggable(request.uri().path()), Instant::now());
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    // Never the query: it may hold what somebody took for the right place of a secret.
    let (status, ms) = (response.status().as_u16(), begun.elapsed().as_millis());
    tracing::debug!(%method, path, status, ms, caller = %name, "answered");
    response
}

/// Why the credentials of a request are not good.
#[derive(Debug, Clone)]
pub struct Refused(pub ApiError);

fn caller(
    app: &App,
    request: &Request,
    peer: &Peer,
    address: Option<Arc<str>>,
) -> Result<Caller, ApiError> {
    if peer.local {
        return Ok(Caller::command_line());
    }
    if request.uri().query().is_some_and(has_credentials) {
        let detail = "a token must not stand in the address, where it is logged; send it as \
            Authorization: Bearer <token>, and for a socket get a ticket from /api/v1/ws-ticket";
        return Err(unauthenticated(detail));
    }
    if let Some(token) = bearer(request.headers())? {
        return by_bearer(app, token, address);
    }
    let by_cookie = by_cookie(app, request.headers(), peer.secure, address.clone());
    Ok(by_cookie.unwrap_or_else(|| {
        app.access.without_credentials(&app.hub.published().state.access, address)
    }))
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError::new(ErrorKind::Internal, "nobody looked who this is"))
    }
}

/// Who makes the request that a server function or page answers, if they may do all of `needed`.
///
/// # Errors
/// 401 or 403, as [`Caller::may`]; 500 outside a request.
pub fn allowed(needed: impl Into<Permissions>) -> Result<(App, Caller), ApiError> {
    let missing = || ApiError::new(ErrorKind::Internal, "no server is running here");
    let app = leptos::prelude::use_context::<App>().ok_or_else(missing)?;
    let caller = leptos::prelude::use_context::<Caller>().ok_or_else(missing)?;
    caller.may(needed)?;
    Ok((app, caller))
}

/// As [`allowed`], for whoever is anybody.
///
/// # Errors
/// 401 for nobody; 500 outside a request.
pub fn known() -> Result<(App, Caller), ApiError> {
    let (app, caller) = allowed(Permissions::NONE)?;
    if caller.is_nobody() && caller.permissions.is_empty() {
        return Err(unauthenticated("sign in first"));
    }
    Ok((app, caller))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Permission;

    #[test]
    fn credentials_in_an_address_are_seen() {
        for query in ["token=x", "a=b&access_token=x", "TOKEN=", "api_key"] {
            assert!(has_credentials(query), "{query}");
        }
        for query in ["", "ticket=x", "q=token", "tokens=1", "topics=summary"] {
            assert!(!has_credentials(query), "{query}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let nobody = Caller::nobody(None);
        assert_eq!(nobody.may(Permission::ViewAgents).unwrap_err().status, 401);
        let viewing = Caller { via: Via::Session, name: "ann".into(), ..nobody };
        let needed = Permissions::of(&[Permission::ViewAgents, Permission::RetryTasks]);
        let seeing = Caller { permissions: Permission::ViewAgents.into(), ..viewing };
        let error = seeing.may(needed).unwrap_err();
        assert_eq!(error.status, 403);
        assert_eq!(error.detail, "ann lacks the permission retry_tasks");
        assert!(seeing.may(Permission::ViewAgents).is_ok());
    }

    #[track_caller]
    fn check(value: &str, token: Option<&str>) {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        assert_eq!(bearer(&headers).ok().flatten(), token, "{value}");
    }

    #[test]
    fn only_bearer_is_taken() {
        check("Bearer abc", Some("abc"));
        check("bearer  abc", Some("abc"));
        check("Basic YTpi", None);
        check("Bearer ", None);
        check("abc", None);
        assert_eq!(bearer(&HeaderMap::new()).unwrap(), None);
    }
}
