//! Alerts for programs: `/api/v1/alerts`.

use super::reads::{self, AlertsParams};
use super::several::{self, QuietRequest, SeenRequest, Several};
use super::{Quiet, commands};
use crate::domain::alerts::{AlertDetail, AlertItem};
use crate::server::access::Caller;
use crate::server::body::{JsonBody, MaybeJson};
use crate::server::export::{self, Format, cell};
use crate::server::{App, problem};
use crate::wire::{ApiError, Timestamp};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

type Name = Result<Path<String>, PathRejection>;

/// `GET /api/v1/alerts`: newest first; where the next page begins is in `Link`.
///
/// # Errors
/// 422 naming every parameter that cannot be, 503 when history cannot be read.
pub async fn list(
    State(app): State<App>,
    params: Result<Query<AlertsParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let page = reads::list(&app, &params).await?;
    // That it is one of them was seen above.
    let mut response = match Format::read(&params.format, &mut Vec::new()) {
        Format::Json => Json(&page.items).into_response(),
        format @ Format::Ndjson => export::file(format, "alerts", export::ndjson(&page.items)),
        format @ Format::Csv => export::file(format, "alerts", csv(&page.items)),
    };
    if let Some(next) = page.next
        && let Ok(link) = HeaderValue::from_str(&following(&params, &next))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Where the same goes on (RFC 8288).
fn following(params: &AlertsParams, next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(params.choice()).append_pair("after", next).finish();
    format!("</api/v1/alerts?{query}>; rel=\"next\"")
}

fn csv(items: &[AlertItem]) -> String {
    let mut out = String::from(
        "id,title,message,severity,source,state,created_at,fired_at,resolved_at,acknowledged,\
         acknowledged_by,acknowledged_at,silenced_until,rule,subject,tags\r\n",
    );
    for it in items {
        let at = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let cells = [
            cell(&it.id),
            cell(&it.title),
            cell(&it.message),
            it.severity.name().to_owned(),
            cell(&it.source),
            it.state.name().to_owned(),
            it.created_at.to_string(),
            at(it.fired_at),
            at(it.resolved_at),
            it.acknowledged.to_string(),
            cell(it.acknowledged_by.as_deref().unwrap_or_default()),
            at(it.acknowledged_at),
            at(it.silenced_until),
            cell(&it.rule),
            cell(&it.subject),
            tags(&it.tags),
        ];
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// As arrays stand in all tables: as JSON, and nothing where there are none.
fn tags(tags: &[String]) -> String {
    if tags.is_empty() {
        return String::new();
    }
    cell(&serde_json::to_string(tags).unwrap_or_default())
}

/// `GET /api/v1/alerts/{id}`: one alert with what has happened to it, and what it is built on.
///
/// # Errors
/// 404, and 503 when history cannot be read.
pub async fn one(State(app): State<App>, id: Name) -> Result<Json<AlertDetail>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    reads::detail(&app, &id).await.map(Json)
}

/// What somebody says about an alert.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// What they say.
    #[serde(default)]
    comment: Option<String>,
}

/// An alert that something was done to.
#[derive(Debug, Serialize)]
pub struct Done {
    success: bool,
    alert: Arc<AlertItem>,
}

/// `POST /api/v1/alerts/{id}/acknowledge`; the body may be left out.
///
/// # Errors
/// 404 for an alert that is not there or was acknowledged already, 422 for a comment that cannot be.
pub async fn acknowledge(
    State(app): State<App>,
    caller: Caller,
    id: Name,
    MaybeJson(body): MaybeJson<Seen>,
) -> Result<Json<Done>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    let gone = || ApiError::not_found(format!("no alert {id} is open"));
    if !app.hub.published().alerts.contains_key(id.as_str()) {
        return Err(gone());
    }
    let comment = body.comment.as_deref();
    let alerts = commands::acknowledge(&app, &caller, &id, comment).await?;
    let alert = alerts.into_iter().next().ok_or_else(gone)?;
    Ok(Json(Done { success: true, alert }))
}

/// `POST /api/v1/alerts/{id}/silence`
///
/// # Errors
/// 404 for an alert that is not open, 422 for an end that cannot be.
pub async fn silence(
    State(app): State<App>,
    caller: Caller,
    id: Name,
    JsonBody(body): JsonBody<Quiet>,
) -> Result<Json<Done>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    let alert = commands::silence(&app, &caller, &id, &body).await?;
    Ok(Json(Done { success: true, alert }))
}

/// `POST /api/v1/alerts/acknowledge`: several at once.
///
/// # Errors
/// As [`several::acknowledge`].
pub async fn acknowledge_several(
    State(app): State<App>,
    caller: Caller,
    JsonBody(body): JsonBody<SeenRequest>,
) -> Result<Json<Several>, ApiError> {
    several::acknowledge(&app, &caller, body).await.map(Json)
}

/// `POST /api/v1/alerts/silence`: several at once.
///
/// # Errors
/// As [`several::silence`].
pub async fn silence_several(
    State(app): State<App>,
    caller: Caller,
    JsonBody(body): JsonBody<QuietRequest>,
) -> Result<Json<Several>, ApiError> {
    several::silence(&app, &caller, body).await.map(Json)
}
