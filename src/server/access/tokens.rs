//! API tokens: what lets programs in.

use super::caller::Caller;
use super::own::{self, Act};
use super::secret::{Credential, TOKEN_PREFIX};
use super::turns::turn;
use super::users::{covers, grantable, name};
use crate::domain::Event;
use crate::domain::access::state::Token;
use crate::domain::access::{
    Event as AccessEvent, Grant, NewToken, Secret, TokenCreated, TokenItem, TokenNamed, TokenSpec,
    TokensPage, Via,
};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::page::{Page, PageParams};
use crate::wire::{ApiError, ErrorKind};
use std::cmp::Reverse;
use std::sync::Arc;

/// Most tokens there may be.
const MAX: usize = 10_000;

/// Tokens, newest first.
///
/// # Errors
/// 422 at the parameter that cannot be.
pub fn list(app: &App, shown: &Published, params: &PageParams) -> Result<TokensPage, ApiError> {
    let all = shown.state.access.tokens.values().collect();
    let newest = |token: &&Arc<Token>| Reverse((token.created_at, token.id.clone()));
    let Page { items, next } = params.of(all, newest)?;
    let items = items.into_iter().map(|token| item(app, shown, token)).collect();
    Ok(TokensPage { as_of: shown.as_of, items, next })
}

/// One token.
///
/// # Errors
/// 404.
pub fn get(app: &App, shown: &Published, id: &str) -> Result<TokenItem, ApiError> {
    known(shown, id).map(|token| item(app, shown, token))
}

fn known<'a>(shown: &'a Published, id: &str) -> Result<&'a Arc<Token>, ApiError> {
    let unknown = || ApiError::not_found(format!("there is no token {id}"));
    shown.state.access.tokens.get(id).ok_or_else(unknown)
}

fn item(app: &App, shown: &Published, token: &Token) -> TokenItem {
    let used = app.access.uses.last(token);
    TokenItem {
        id: token.id.clone(),
        name: token.name.clone(),
        role: match &token.grant {
            Grant::Role(role) => Some(role.clone()),
            Grant::Permissions(_) => None,
        },
        permissions: shown.state.access.granted(&token.grant),
        expires_at: token.expires_at,
        expired: token.is_over(app.clock.now()),
        created_at: token.created_at,
        created_by: token.created_by.clone(),
        last_used_at: used.as_ref().map(|(at, _)| *at),
        last_used_from: used.map(|(_, from)| from).filter(|from| !from.is_empty()),
    }
}

/// Makes a token and tells its secret, once.
///
/// # Errors
/// 422 at the member that cannot be, 403 if it would allow more than the caller may do.
pub async fn create(app: &App, caller: &Caller, spec: TokenSpec) -> Result<NewToken, ApiError> {
    name("name", &spec.name)?;
    let now = app.clock.now();
    if spec.expires_at.is_some_and(|at| at <= now) {
        return Err(ApiError::invalid("/expires_at", "must be in the future"));
    }
    let over = caller.until.filter(|_| caller.via == Via::ApiToken);
    if over.is_some_and(|over| spec.expires_at.is_none_or(|at| at > over)) {
        return Err(ApiError::invalid("/expires_at", "must not be after your own token's"));
    }
    let _turn = turn(app, caller).await?;
    let shown = app.hub.published();
    let state = &shown.state.access;
    let grant = match (spec.role, spec.permissions) {
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("/permissions", "give a role or permissions, not both"));
        }
        (None, None) => return Err(ApiError::invalid("/role", "give a role or permissions")),
        (Some(role), None) => {
            grantable(state, caller, &role)?;
            Grant::Role(role.into())
        }
        (None, Some(permissions)) if permissions.is_empty() => {
            return Err(ApiError::invalid("/permissions", "must name at least one"));
        }
        (None, Some(permissions)) => {
            covers(caller, permissions, "token allows")?;
            Grant::Permissions(permissions)
        }
    };
    if state.tokens.len() >= MAX {
        let detail = format!("there are {MAX} tokens; revoke some first");
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    let credential = Credential::new()?;
    let id: Arc<str> = credential.id.as_str().into();
    let said = match &grant {
        Grant::Role(role) => format!("{}, role {role}", spec.name),
        Grant::Permissions(permissions) => format!("{}, {}", spec.name, permissions.names()),
    };
    let created = TokenCreated {
        token: id.clone(),
        name: spec.name.into(),
        hash: credential.hash(),
        grant,
        expires_at: spec.expires_at,
        created_by: caller.name.clone(),
    };
    let act = Act::by(caller, "token.create").on(id.clone()).because(said);
    let event = Event::Access(AccessEvent::TokenCreated(created));
    let shown = own::record(app, act, vec![event]).await?;
    let token = Secret(format!("{TOKEN_PREFIX}{}", credential.shown()));
    Ok(NewToken { token, item: get(app, &shown, &id)? })
}

/// Makes a token good no more.
///
/// # Errors
/// 404, 403 if it allows more than the caller may do.
pub async fn revoke(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let _turn = turn(app, caller).await?;
    let shown = app.hub.published();
    let token = known(&shown, id)?;
    covers(caller, shown.state.access.granted(&token.grant), "token allows")?;
    let act = Act::by(caller, "token.revoke").on(id).because(token.name.clone());
    let event = Event::Access(AccessEvent::TokenRevoked(TokenNamed { token: id.into() }));
    own::record(app, act, vec![event]).await?;
    app.access.uses.forget(id);
    Ok(())
}
