//! Who one is, and who may do what: typed calls for pages. Programs use REST.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]

use super::{
    AuditPage, Me, NewToken, NewUser, PasswordChange, RoleSpec, RolesPage, SessionsPage, TokenSpec,
    TokensPage, UserPatch, UsersPage,
};
use crate::wire::{ApiError, JsonText, JsonUnread, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use std::sync::Arc;

/// `GET /api/ui/me`: who asks, as `GET /api/v1/me` answers it.
///
/// # Errors
/// 401 for nobody.
#[server(name = ReadMe, prefix = "/api/ui", endpoint = "me", input = GetUrl, output = JsonUnread)]
pub async fn me() -> Result<Unread<Me>, ApiError> {
    let (app, caller) = crate::server::access::known()?;
    Unread::of(&crate::server::access::account::me(&app.hub.published(), &caller))
}

/// `GET /api/ui/sessions`: the caller's sessions, as `GET /api/v1/me/sessions` answers them.
///
/// # Errors
/// 401 for nobody, 409 for whoever is no user.
#[server(name = ReadSessions, prefix = "/api/ui", endpoint = "sessions", input = GetUrl, output = JsonUnread)]
pub async fn sessions() -> Result<Unread<SessionsPage>, ApiError> {
    let (app, caller) = crate::server::access::known()?;
    Unread::of(&crate::server::access::account::sessions(&app.hub.published(), &caller)?)
}

/// `POST /api/ui/end_session`: ends one of the caller's sessions.
///
/// # Errors
/// 404 for one that is not the caller's.
#[server(name = EndSession, prefix = "/api/ui", endpoint = "end_session", input = Json, output = JsonText)]
pub async fn end_session(session: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::access::known()?;
    crate::server::access::account::end_session(&app, &caller, &session).await
}

/// `POST /api/ui/password`: sets the caller's password, and ends every other session.
///
/// # Errors
/// 422 at `/current` or `/password`, 429 after too many failures.
#[server(name = SetPassword, prefix = "/api/ui", endpoint = "password", input = Json, output = JsonText)]
pub async fn set_password(change: PasswordChange) -> Result<(), ApiError> {
    let (app, caller) = crate::server::access::known()?;
    let from = crate::server::access::session::From::here(&caller);
    crate::server::access::account::set_password(&app, &caller, &from, change).await
}

/// `GET /api/ui/users`: users by name.
///
/// # Errors
/// 422 at the parameter that cannot be.
#[server(name = ReadUsers, prefix = "/api/ui", endpoint = "users", input = GetUrl, output = JsonUnread)]
pub async fn users(
    #[server(default)] limit: Option<String>,
    #[server(default)] after: Option<String>,
) -> Result<Unread<UsersPage>, ApiError> {
    let app = crate::server::allowed(crate::domain::access::Permission::ManageUsers)?;
    let params = crate::server::page::PageParams { limit, after };
    Unread::of(&crate::server::access::users::list(&app.hub.published(), &params)?)
}

/// `POST /api/ui/create_user`: as `POST /api/v1/users`.
///
/// # Errors
/// 422 at the member that cannot be, 409 if the name is taken, 403 for a role that allows more.
#[server(name = CreateUser, prefix = "/api/ui", endpoint = "create_user", input = Json, output = JsonText)]
pub async fn create_user(new: NewUser) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::access::Permission::ManageUsers)?;
    crate::server::access::users::create(&app, &caller, new).await.map(drop)
}

/// `POST /api/ui/change_user`: as `PUT /api/v1/users/{username}`.
///
/// # Errors
/// As there.
#[server(name = ChangeUser, prefix = "/api/ui", endpoint = "change_user", input = Json, output = JsonText)]
pub async fn change_user(username: Arc<str>, patch: UserPatch) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::access::Permission::ManageUsers)?;
    crate::server::access::users::change(&app, &caller, &username, patch).await.map(drop)
}

/// `POST /api/ui/remove_user`: as `DELETE /api/v1/users/{username}`.
///
/// # Errors
/// As there.
#[server(name = RemoveUser, prefix = "/api/ui", endpoint = "remove_user", input = Json, output = JsonText)]
pub async fn remove_user(username: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::access::Permission::ManageUsers)?;
    crate::server::access::users::remove(&app, &caller, &username).await
}

/// `GET /api/ui/roles`: every role, built-in ones first.
///
/// # Errors
/// 403 for whoever may not manage users.
#[server(name = ReadRoles, prefix = "/api/ui", endpoint = "roles", input = GetUrl, output = JsonUnread)]
pub async fn roles() -> Result<Unread<RolesPage>, ApiError> {
    let app = crate::server::allowed(crate::domain::access::Permission::ManageUsers)?;
    Unread::of(&crate::server::access::roles::all(&app.hub.published()))
}

/// `GET /api/ui/role_names`: the same, for whoever gives roles to tokens.
///
/// # Errors
/// 403 for whoever may not manage tokens.
#[server(name = ReadRoleNames, prefix = "/api/ui", endpoint = "role_names", input = GetUrl, output = JsonUnread)]
pub async fn role_names() -> Result<Unread<RolesPage>, ApiError> {
    let app = crate::server::allowed(crate::domain::access::Permission::ManageTokens)?;
    Unread::of(&crate::server::access::roles::all(&app.hub.published()))
}

/// `POST /api/ui/define_role`: as `PUT /api/v1/roles/{name}`.
///
/// # Errors
/// As there.
#[server(name = DefineRole, prefix = "/api/ui", endpoint = "define_role", input = Json, output = JsonText)]
pub async fn define_role(name: Arc<str>, spec: RoleSpec) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::access::Permission::ManageUsers)?;
    crate::server::access::roles::define(&app, &caller, &name, spec).await.map(drop)
}

/// `POST /api/ui/remove_role`: as `DELETE /api/v1/roles/{name}`.
///
/// # Errors
/// As there.
#[server(name = RemoveRole, prefix = "/api/ui", endpoint = "remove_role", input = Json, output = JsonText)]
pub async fn remove_role(name: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::access::Permission::ManageUsers)?;
    crate::server::access::roles::remove(&app, &caller, &name).await
}

/// `GET /api/ui/tokens`: tokens, newest first.
///
/// # Errors
/// 422 at the parameter that cannot be.
#[server(name = ReadTokens, prefix = "/api/ui", endpoint = "tokens", input = GetUrl, output = JsonUnread)]
pub async fn tokens(
    #[server(default)] limit: Option<String>,
    #[server(default)] after: Option<String>,
) -> Result<Unread<TokensPage>, ApiError> {
    let app = crate::server::allowed(crate::domain::access::Permission::ManageTokens)?;
    let params = crate::server::page::PageParams { limit, after };
    Unread::of(&crate::server::access::tokens::list(&app, &app.hub.published(), &params)?)
}

/// `POST /api/ui/create_token`: as `POST /api/v1/tokens`.
///
/// # Errors
/// As there.
#[server(name = CreateToken, prefix = "/api/ui", endpoint = "create_token", input = Json, output = JsonText)]
pub async fn create_token(spec: TokenSpec) -> Result<NewToken, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::access::Permission::ManageTokens)?;
    crate::server::access::tokens::create(&app, &caller, spec).await
}

/// `POST /api/ui/revoke_token`: as `DELETE /api/v1/tokens/{id}`.
///
/// # Errors
/// As there.
#[server(name = RevokeToken, prefix = "/api/ui", endpoint = "revoke_token", input = Json, output = JsonText)]
pub async fn revoke_token(id: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::access::Permission::ManageTokens)?;
    crate::server::access::tokens::revoke(&app, &caller, &id).await
}

/// `GET /api/ui/audit`: the audit log, newest first; parameters as some of `GET /api/v1/audit`.
///
/// # Errors
/// 422 naming every parameter that cannot be.
#[server(name = ReadAudit, prefix = "/api/ui", endpoint = "audit", input = GetUrl, output = JsonUnread)]
pub async fn audit(
    #[server(default)] actor: Option<String>,
    #[server(default)] action: Option<String>,
    #[server(default)] target: Option<String>,
    #[server(default)] outcome: Option<String>,
    #[server(default)] start_time: Option<String>,
    #[server(default)] end_time: Option<String>,
    #[server(default)] after: Option<String>,
) -> Result<Unread<AuditPage>, ApiError> {
    let app = crate::server::allowed(crate::domain::access::Permission::ViewAuditLogs)?;
    let params = crate::server::access::AuditParams {
        actor,
        action,
        target,
        outcome,
        start_time,
        end_time,
        after,
        ..Default::default()
    };
    Unread::of(&crate::server::access::audit::list(&app, &params).await?)
}
