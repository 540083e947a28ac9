//! What users do with their own account: the password, and the sessions.

use super::caller::{Caller, unauthenticated};
use super::own::{self, Act};
use super::session::{self, From};
use super::turns::turn;
use crate::domain::Event;
use crate::domain::access::state::User;
use crate::domain::access::{
    Event as AccessEvent, Me, PasswordChange, SessionItem, SessionsPage, UserChanged,
};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::page::{Page, PageParams};
use crate::wire::{ApiError, ErrorKind};
use std::cmp::Reverse;
use std::sync::Arc;

/// Who the caller is.
pub fn me(shown: &Published, caller: &Caller) -> Me {
    caller.me(&shown.state.access)
}

/// The user who asks.
///
/// # Errors
/// 401 for nobody, 409 for a token or whoever is let in without being a user.
fn user<'a>(shown: &'a Published, caller: &Caller) -> Result<&'a Arc<User>, ApiError> {
    if let Some(user) = caller.user().and_then(|name| shown.state.access.users.get(name)) {
        return Ok(user);
    }
    Err(if caller.is_nobody() {
        unauthenticated("sign in first")
    } else {
        ApiError::new(ErrorKind::Conflict, format!("{} is no user with an account", caller.name))
    })
}

/// The caller's sessions, newest first.
///
/// # Errors
/// 401 for nobody, 409 for whoever is no user.
pub fn sessions(shown: &Published, caller: &Caller) -> Result<SessionsPage, ApiError> {
    let known = &shown.state.access.sessions;
    let all = user(shown, caller)?.sessions.iter().rev().filter_map(|id| known.get(id));
    let items = all
        .map(|session| SessionItem {
            id: session.id.clone(),
            kind: session.kind,
            created_at: session.created_at,
            renewed_at: session.renewed_at,
            expires_at: session.expires_at,
            address: session.address.clone(),
            agent: session.agent.clone(),
            current: caller.session() == Some(&session.id),
        })
        .collect();
    Ok(SessionsPage { as_of: shown.as_of, items, next: None })
}

/// A page of them.
///
/// # Errors
/// As [`sessions`]; 422 at the parameter that cannot be.
pub fn list_sessions(
    shown: &Published,
    caller: &Caller,
    params: &PageParams,
) -> Result<SessionsPage, ApiError> {
    let SessionsPage { as_of, items, .. } = sessions(shown, caller)?;
    let newest = |session: &SessionItem| Reverse((session.created_at, session.id.clone()));
    let Page { items, next } = params.of(items, newest)?;
    Ok(SessionsPage { as_of, items, next })
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// 404 for one that is not the caller's, as for one there is not.
pub async fn end_session(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let shown = app.hub.published();
    let name = &user(&shown, caller)?.name;
    let session = shown.state.access.sessions.get(id).filter(|session| session.user == *name);
    let unknown = || ApiError::not_found(format!("you have no session {id}"));
    session::end(app, caller, session.ok_or_else(unknown)?).await
}

/// Sets the caller's password, and ends every other session.
///
/// # Errors
/// 422 at `/current` if that is not the password, at `/password` if the new one cannot be; 429
/// after too many failures.
pub async fn set_password(
    app: &App,
    caller: &Caller,
    from: &From,
    change: PasswordChange,
) -> Result<(), ApiError> {
    let shown = app.hub.published();
    let user = user(&shown, caller)?;
    if user.provider.is_some() {
        let detail = "you sign in elsewhere, and have no password here";
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    session::verify(app, from, &user.name, &change.current.0).await.map_err(|error| match error
        .code
    {
        ErrorKind::Unauthenticated => ApiError::invalid("/current", "is not your password"),
        _ => error,
    })?;
    let password = app.access.passwords.hash(&user.name, &change.password.0).await?;
    let _turn = turn(app, caller).await?;
    let changed = UserChanged {
        user: user.name.clone(),
        password: Some(password),
        keep: caller.session().cloned(),
        ..UserChanged::default()
    };
    let act = Act::by(caller, "user.change").on(user.name.clone()).because("password");
    let event = Event::Access(AccessEvent::UserChanged(changed));
    own::record(app, act, vec![event]).await.map(drop)
}
