//! Rules, silences, maintenance windows and sources over HTTP.

use super::{commands, maintenance, rules, silences, sources};
use crate::domain::alerts::rule::RuleSpec;
use crate::domain::alerts::{MaintenanceItem, MaintenanceSpec, RuleItem, SilenceItem, SilenceSpec};
use crate::server::access::Caller;
use crate::server::body::{JsonBody, Settable, SpecBody};
use crate::server::page::{Asked, Listed};
use crate::server::{App, problem};
use crate::wire::ApiError;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

impl Settable for RuleSpec {
    const ONLY_TOLD: &'static [&'static str] = &["built_in", "firing", "pending"];
}

impl Settable for MaintenanceSpec {
    const ONLY_TOLD: &'static [&'static str] = &["open_until", "next"];
}

type Id = Result<Path<String>, PathRejection>;
type List<T> = Result<Json<Listed<T>>, ApiError>;

/// What was made, and where it is found.
pub fn created(at: &str, id: &str, item: impl Serialize) -> Response {
    let place = format!("{at}/{}", crate::wire::encoded(id));
    (StatusCode::CREATED, [(header::LOCATION, place)], Json(item)).into_response()
}

fn id(id: Id) -> Result<String, ApiError> {
    id.map(|Path(id)| id).map_err(problem::malformed)
}

/// `GET /api/v1/alert-rules`
pub async fn list_rules(State(app): State<App>, asked: Asked) -> List<RuleItem> {
    Listed::page(&app, asked, rules::list(&app.hub.published()), rules::place)
}

/// `GET /api/v1/alert-rules/{id}`
pub async fn get_rule(State(app): State<App>, path: Id) -> Result<Json<RuleItem>, ApiError> {
    rules::get(&app.hub.published(), &id(path)?).map(Json)
}

/// `POST /api/v1/alert-rules`
pub async fn create_rule(
    State(app): State<App>,
    caller: Caller,
    SpecBody(spec): SpecBody<RuleSpec>,
) -> Result<Response, ApiError> {
    let item = rules::save(&app, &caller, None, spec).await?;
    Ok(created("/api/v1/alert-rules", &item.rule.id, &item))
}

/// `PUT /api/v1/alert-rules/{id}`
pub async fn change_rule(
    State(app): State<App>,
    caller: Caller,
    path: Id,
    SpecBody(spec): SpecBody<RuleSpec>,
) -> Result<Json<RuleItem>, ApiError> {
    rules::save(&app, &caller, Some(&id(path)?), spec).await.map(Json)
}

/// `DELETE /api/v1/alert-rules/{id}`
pub async fn remove_rule(
    State(app): State<App>,
    caller: Caller,
    path: Id,
) -> Result<StatusCode, ApiError> {
    rules::remove(&app, &caller, &id(path)?).await.map(|()| StatusCode::NO_CONTENT)
}

/// `GET /api/v1/silences`: those that are in effect, the one that ends next first.
pub async fn list_silences(State(app): State<App>, asked: Asked) -> List<SilenceItem> {
    let all = app.hub.published().state.alerts.silence_items();
    Listed::page(&app, asked, all, |silence| (silence.until, silence.id.clone()))
}

/// `POST /api/v1/silences`
pub async fn create_silence(
    State(app): State<App>,
    caller: Caller,
    JsonBody(spec): JsonBody<SilenceSpec>,
) -> Result<Response, ApiError> {
    let item = silences::create(&app, &caller, spec).await?;
    Ok(created("/api/v1/silences", &item.id, &item))
}

/// `DELETE /api/v1/silences/{id}`
pub async fn end_silence(
    State(app): State<App>,
    caller: Caller,
    path: Id,
) -> Result<StatusCode, ApiError> {
    silences::end(&app, &caller, &id(path)?).await.map(|()| StatusCode::NO_CONTENT)
}

/// `GET /api/v1/maintenance`
pub async fn list_windows(State(app): State<App>, asked: Asked) -> List<MaintenanceItem> {
    Listed::page(&app, asked, maintenance::list(&app), |window| window.id.clone())
}

/// `POST /api/v1/maintenance`
pub async fn create_window(
    State(app): State<App>,
    caller: Caller,
    SpecBody(spec): SpecBody<MaintenanceSpec>,
) -> Result<Response, ApiError> {
    let item = maintenance::save(&app, &caller, None, spec).await?;
    Ok(created("/api/v1/maintenance", &item.id, &item))
}

/// `PUT /api/v1/maintenance/{id}`
pub async fn change_window(
    State(app): State<App>,
    caller: Caller,
    path: Id,
    SpecBody(spec): SpecBody<MaintenanceSpec>,
) -> Result<Json<MaintenanceItem>, ApiError> {
    maintenance::save(&app, &caller, Some(&id(path)?), spec).await.map(Json)
}

/// `DELETE /api/v1/maintenance/{id}`
pub async fn remove_window(
    State(app): State<App>,
    caller: Caller,
    path: Id,
) -> Result<StatusCode, ApiError> {
    maintenance::remove(&app, &caller, &id(path)?).await.map(|()| StatusCode::NO_CONTENT)
}

/// `POST /api/v1/alerts/{id}/close`
pub async fn close_alert(
    State(app): State<App>,
    caller: Caller,
    path: Id,
) -> Result<StatusCode, ApiError> {
    commands::close(&app, &caller, &id(path)?).await.map(|()| StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/sources/{name}`: a source that is not coming back is missed no more.
pub async fn forget_source(
    State(app): State<App>,
    caller: Caller,
    path: Id,
) -> Result<StatusCode, ApiError> {
    sources::forget(&app, &caller, &id(path)?).await.map(|()| StatusCode::NO_CONTENT)
}
