//! The routes of access for programs: tokens, users, roles, sessions, the audit log.

use super::account;
use super::caller::Caller;
use super::params::AuditParams;
use super::roles::{self, NewRole};
use super::session::{self, From};
use super::tokens;
use super::users;
use super::{audit, login, tickets};
use crate::domain::access::{
    AuditPage, Me, NewToken, NewUser, PasswordChange, Permission, Permissions, RoleItem, RoleSpec,
    RolesPage, SessionsPage, TokenItem, TokenSpec, TokensPage, UserItem, UserPatch, UsersPage,
};
use crate::server::body::{FormBody, JsonBody};
use crate::server::needs::{Needs, Routes};
use crate::server::page::PageParams;
use crate::server::{App, problem};
use crate::wire::ApiError;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

type Name = Result<Path<String>, PathRejection>;
type Params<T> = Result<Query<T>, QueryRejection>;

const fn all(permission: Permission) -> Needs {
    Needs::All(Permissions::of(&[permission]))
}

/// Reads, whose answers can be compressed and are not sent twice.
pub fn reads() -> Routes {
    let (users, tokens) = (all(Permission::ManageUsers), all(Permission::ManageTokens));
    Routes::default()
        .get("/api/v1/me", Needs::Known, me)
        .get("/api/v1/me/sessions", Needs::Known, list_sessions)
        .get("/api/v1/users", users, list_users)
        .get("/api/v1/users/{username}", users, get_user)
        .get("/api/v1/roles", users, list_roles)
        .get("/api/v1/roles/{name}", users, get_role)
        .get("/api/v1/tokens", tokens, list_tokens)
        .get("/api/v1/tokens/{id}", tokens, get_token)
        .get("/api/v1/audit", all(Permission::ViewAuditLogs), read_audit)
}

/// What changes something.
pub fn writes() -> Routes {
    let (users, tokens) = (all(Permission::ManageUsers), all(Permission::ManageTokens));
    login::routes()
        .post("/token", Needs::Nothing, token)
        .post("/token/refresh", Needs::Nothing, refresh)
        .post("/api/v1/ws-ticket", Needs::Known, ticket)
        .put("/api/v1/me/password", Needs::Known, set_password)
        .delete("/api/v1/me/sessions/{id}", Needs::Known, end_session)
        .post("/api/v1/users", users, create_user)
        .put("/api/v1/users/{username}", users, change_user)
        .delete("/api/v1/users/{username}", users, remove_user)
        .post("/api/v1/roles", users, create_role)
        .put("/api/v1/roles/{name}", users, define_role)
        .delete("/api/v1/roles/{name}", users, remove_role)
        .post("/api/v1/tokens", tokens, create_token)
        .delete("/api/v1/tokens/{id}", tokens, revoke_token)
        .post("/api/v1/keys/rotate", users, rotate_keys)
}

/// A secret must not lie in a cache (RFC 6749, section 5.1).
fn unkept(body: impl IntoResponse) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (headers, body).into_response()
}

/// The password form of OAuth 2 (RFC 6749, section 4.3).
#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    grant_type: Option<String>,
    username: String,
    password: String,
}

#[derive(Deserialize)]
struct RefreshForm {
    #[serde(default)]
    grant_type: Option<String>,
    refresh_token: String,
}

fn grant(given: Option<&str>, only: &str) -> Result<(), ApiError> {
    match given {
        None | Some("") => Ok(()),
        Some(given) if given == only => Ok(()),
        Some(_) => Err(ApiError::invalid("/grant_type", format!("must be {only}"))),
    }
}

/// `POST /token`
async fn token(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    FormBody(form): FormBody<PasswordForm>,
) -> Result<Response, ApiError> {
    grant(form.grant_type.as_deref(), "password")?;
    let from = From::of(&caller, &headers);
    let user = session::verify(&app, &from, &form.username, &form.password).await?;
    session::open_api(&app, from, &user).await.map(|tokens| unkept(Json(tokens)))
}

/// `POST /token/refresh`
async fn refresh(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    FormBody(form): FormBody<RefreshForm>,
) -> Result<Response, ApiError> {
    grant(form.grant_type.as_deref(), "refresh_token")?;
    let from = From::of(&caller, &headers);
    let tokens = session::refresh(&app, &from, &form.refresh_token).await?;
    Ok(unkept(Json(tokens)))
}

/// `POST /api/v1/ws-ticket`
async fn ticket(State(app): State<App>, caller: Caller) -> Result<Response, ApiError> {
    let ticket = app.access.tickets.issue(&caller)?;
    let expires_in = tickets::GOOD_FOR.as_secs();
    Ok(unkept(Json(serde_json::json!({ "ticket": ticket, "expires_in": expires_in }))))
}

/// `GET /api/v1/me`
async fn me(State(app): State<App>, caller: Caller) -> Json<Me> {
    Json(account::me(&app.hub.published(), &caller))
}

/// `GET /api/v1/me/sessions`
async fn list_sessions(
    State(app): State<App>,
    caller: Caller,
    params: Params<PageParams>,
) -> Result<Json<SessionsPage>, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    account::list_sessions(&app.hub.published(), &caller, &params).map(Json)
}

/// `DELETE /api/v1/me/sessions/{id}`
async fn end_session(
    State(app): State<App>,
    caller: Caller,
    id: Name,
) -> Result<StatusCode, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    account::end_session(&app, &caller, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// `PUT /api/v1/me/password`
async fn set_password(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody(change): JsonBody<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let from = From::of(&caller, &headers);
    account::set_password(&app, &caller, &from, change).await.map(|()| StatusCode::NO_CONTENT)
}

/// `GET /api/v1/users`
async fn list_users(
    State(app): State<App>,
    params: Params<PageParams>,
) -> Result<Json<UsersPage>, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    users::list(&app.hub.published(), &params).map(Json)
}

/// `GET /api/v1/users/{username}`
async fn get_user(State(app): State<App>, name: Name) -> Result<Json<UserItem>, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    users::get(&app.hub.published(), &name).map(Json)
}

type Created<T> = Result<(StatusCode, Json<T>), ApiError>;

/// `POST /api/v1/users`
async fn create_user(
    State(app): State<App>,
    caller: Caller,
    JsonBody(new): JsonBody<NewUser>,
) -> Created<UserItem> {
    users::create(&app, &caller, new).await.map(|item| (StatusCode::CREATED, Json(item)))
}

/// `PUT /api/v1/users/{username}`
async fn change_user(
    State(app): State<App>,
    caller: Caller,
    name: Name,
    JsonBody(patch): JsonBody<UserPatch>,
) -> Result<Json<UserItem>, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    users::change(&app, &caller, &name, patch).await.map(Json)
}

/// `DELETE /api/v1/users/{username}`
async fn remove_user(
    State(app): State<App>,
    caller: Caller,
    name: Name,
) -> Result<StatusCode, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    users::remove(&app, &caller, &name).await.map(|()| StatusCode::NO_CONTENT)
}

/// `GET /api/v1/roles`
async fn list_roles(
    State(app): State<App>,
    params: Params<PageParams>,
) -> Result<Json<RolesPage>, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    roles::list(&app.hub.published(), &params).map(Json)
}

/// `GET /api/v1/roles/{name}`
async fn get_role(State(app): State<App>, name: Name) -> Result<Json<RoleItem>, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    roles::get(&app.hub.published(), &name).map(Json)
}

/// `POST /api/v1/roles`: as `PUT /api/v1/roles/{name}`, with the name in the body.
async fn create_role(
    State(app): State<App>,
    caller: Caller,
    JsonBody(new): JsonBody<NewRole>,
) -> Created<RoleItem> {
    define(&app, &caller, &new.name, new.spec).await
}

/// `PUT /api/v1/roles/{name}`
async fn define_role(
    State(app): State<App>,
    caller: Caller,
    name: Name,
    JsonBody(spec): JsonBody<RoleSpec>,
) -> Created<RoleItem> {
    let Path(name) = name.map_err(problem::malformed)?;
    define(&app, &caller, &name, spec).await
}

async fn define(app: &App, caller: &Caller, name: &str, spec: RoleSpec) -> Created<RoleItem> {
    let (item, new) = roles::define(app, caller, name, spec).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(item)))
}

/// `DELETE /api/v1/roles/{name}`
async fn remove_role(
    State(app): State<App>,
    caller: Caller,
    name: Name,
) -> Result<StatusCode, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    roles::remove(&app, &caller, &name).await.map(|()| StatusCode::NO_CONTENT)
}

/// `GET /api/v1/tokens`
async fn list_tokens(
    State(app): State<App>,
    params: Params<PageParams>,
) -> Result<Json<TokensPage>, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    tokens::list(&app, &app.hub.published(), &params).map(Json)
}

/// `GET /api/v1/tokens/{id}`
async fn get_token(State(app): State<App>, id: Name) -> Result<Json<TokenItem>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    tokens::get(&app, &app.hub.published(), &id).map(Json)
}

/// `POST /api/v1/tokens`
async fn create_token(
    State(app): State<App>,
    caller: Caller,
    JsonBody(spec): JsonBody<TokenSpec>,
) -> Result<Response, ApiError> {
    let token: NewToken = tokens::create(&app, &caller, spec).await?;
    Ok(unkept((StatusCode::CREATED, Json(token))))
}

/// `DELETE /api/v1/tokens/{id}`
async fn revoke_token(
    State(app): State<App>,
    caller: Caller,
    id: Name,
) -> Result<StatusCode, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    tokens::revoke(&app, &caller, &id).await.map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RotateParams {
    retire: bool,
}

/// `POST /api/v1/keys/rotate?retire=`: a new key signs from now on; those before it stay good for
/// what they have signed, unless they are retired.
async fn rotate_keys(
    State(app): State<App>,
    caller: Caller,
    params: Params<RotateParams>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let kid = super::rotate(&app, &caller, params.retire).await?;
    Ok(Json(serde_json::json!({ "kid": kid })))
}

/// `GET /api/v1/audit`
async fn read_audit(
    State(app): State<App>,
    params: Params<AuditParams>,
) -> Result<Json<AuditPage>, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    audit::list(&app, &params).await.map(Json)
}
