//! Roles: named sets of permissions. Those that are there from the start cannot be changed.

use super::caller::Caller;
use super::own::{self, Act};
use super::turns::turn;
use super::users::{covers, name};
use crate::domain::access::state::State;
use crate::domain::access::{
    BuiltIn, Event as AccessEvent, Grant, Permissions, RoleDefined, RoleItem, RoleNamed, RoleSpec,
    RolesPage,
};
use crate::domain::{Event, check};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::page::{Page, PageParams};
use crate::wire::{ApiError, ErrorKind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most roles that may be defined.
const MAX: usize = 200;

/// A role to be defined.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// What it is to mean.
    #[serde(flatten)]
    pub spec: RoleSpec,
}

/// Every role, built-in ones first.
pub fn all(shown: &Published) -> RolesPage {
    let state = &shown.state.access;
    let built_in = BuiltIn::ALL.iter().map(|role| Arc::from(role.name));
    let names = built_in.chain(state.roles.keys().cloned());
    let items = names.filter_map(|name| item(state, &name)).collect();
    RolesPage { as_of: shown.as_of, items, next: None }
}

/// A page of them.
///
/// # Errors
/// 422 at the parameter that cannot be.
pub fn list(shown: &Published, params: &PageParams) -> Result<RolesPage, ApiError> {
    let RolesPage { as_of, items, .. } = all(shown);
    let place = |role: &RoleItem| {
        let built_in = BuiltIn::ALL.iter().position(|known| *known.name == *role.name);
        (built_in.unwrap_or(usize::MAX), role.name.clone())
    };
    let Page { items, next } = params.of(items, place)?;
    Ok(RolesPage { as_of, items, next })
}

/// One role.
///
/// # Errors
/// 404.
pub fn get(shown: &Published, name: &str) -> Result<RoleItem, ApiError> {
    let unknown = || ApiError::not_found(format!("there is no role {name}"));
    item(&shown.state.access, name).ok_or_else(unknown)
}

fn item(state: &State, name: &str) -> Option<RoleItem> {
    let built_in = BuiltIn::named(name);
    let (description, permissions) = match (built_in, state.roles.get(name)) {
        (Some(role), _) => (role.description.into(), role.permissions),
        (None, Some(role)) => (role.description.clone(), role.permissions),
        (None, None) => return None,
    };
    let users = state.users.values().filter(|user| *user.role == *name).count();
    let granted = |grant: &Grant| matches!(grant, Grant::Role(role) if **role == *name);
    let tokens = state.tokens.values().filter(|token| granted(&token.grant)).count();
    Some(RoleItem {
        name: name.into(),
        description,
        permissions,
        built_in: built_in.is_some(),
        users: users as u32,
        tokens: tokens as u32,
    })
}

/// Defines a role, or what one means from now on; returns whether it is new.
///
/// # Errors
/// 422 at the member that cannot be, 403 if it allows or allowed more than the caller may do, 409
/// for one that is built in, or if nobody could manage users any more.
pub async fn define(
    app: &App,
    caller: &Caller,
    role: &str,
    spec: RoleSpec,
) -> Result<(RoleItem, bool), ApiError> {
    name("name", role)?;
    check::text("description", &spec.description, 200)
        .map_err(|error| ApiError::invalid(error.pointer, error.detail))?;
    fixed(role)?;
    covers(caller, spec.permissions, "role allows")?;
    let _turn = turn(app, caller).await?;
    let shown = app.hub.published();
    let state = &shown.state.access;
    let had = state.roles.get(role).map(|role| role.permissions);
    covers(caller, had.unwrap_or_default(), "role allows")?;
    if had.is_none() && state.roles.len() >= MAX {
        return Err(conflict(format!("there are {MAX} roles, which is as many as there may be")));
    }
    if had.is_some_and(|had| had.covers(Permissions::ALL))
        && !spec.permissions.covers(Permissions::ALL)
        && !state.users.values().any(|user| {
            let may = state.role(&user.role).unwrap_or_default();
            !user.disabled && *user.role != *role && may.covers(Permissions::ALL)
        })
    {
        return Err(conflict("nobody could do everything any more".to_owned()));
    }
    let defined = RoleDefined {
        role: role.into(),
        description: spec.description.into(),
        permissions: spec.permissions,
    };
    let action = if had.is_none() { "role.create" } else { "role.change" };
    let act = Act::by(caller, action).on(role).because(spec.permissions.names());
    let event = Event::Access(AccessEvent::RoleDefined(defined));
    let shown = own::record(app, act, vec![event]).await?;
    get(&shown, role).map(|item| (item, had.is_none()))
}

/// Removes a role that nobody has.
///
/// # Errors
/// 404, 403 if it allows more than the caller may do, 409 for one that is built in or that somebody
/// has.
pub async fn remove(app: &App, caller: &Caller, role: &str) -> Result<(), ApiError> {
    fixed(role)?;
    let _turn = turn(app, caller).await?;
    let item = get(&app.hub.published(), role)?;
    covers(caller, item.permissions, "role allows")?;
    if item.users + item.tokens > 0 {
        let detail = format!("{} users and {} tokens have the role", item.users, item.tokens);
        return Err(conflict(detail));
    }
    let act = Act::by(caller, "role.remove").on(role);
    let event = Event::Access(AccessEvent::RoleRemoved(RoleNamed { role: role.into() }));
    own::record(app, act, vec![event]).await.map(drop)
}

fn fixed(role: &str) -> Result<(), ApiError> {
    match BuiltIn::named(role) {
        Some(_) => Err(conflict(format!("the role {role} is built in and stays as it is"))),
        None => Ok(()),
    }
}

fn conflict(detail: String) -> ApiError {
    ApiError::new(ErrorKind::Conflict, detail)
}
