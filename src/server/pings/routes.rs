//! Routes of pings.

use super::{NewPing, PingsParams, beat, create, list, remove};
use crate::domain::projects::{PingItem, PingSpec};
use crate::domain::{Permission, Permissions};
use crate::server::access::Caller;
use crate::server::body::JsonBody;
use crate::server::export::{self, Format, cell};
use crate::server::needs::{Needs, Routes};
use crate::server::peer::Peer;
use crate::server::{App, problem};
use crate::wire::ApiError;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Seeing which there are.
pub const VIEW: Needs = Needs::All(Permissions::of(&[Permission::ViewProjects]));
/// Making and removing them.
pub const CHANGE: Needs = Needs::All(Permissions::of(&[Permission::WriteEvents]));

/// Those that read.
pub fn reads() -> Routes {
    Routes::default().get("/api/v1/pings", VIEW, read_pings)
}

/// Those that change something, and those that jobs report to.
pub fn writes() -> Routes {
    let open = Needs::Nothing;
    Routes::default()
        .post("/api/v1/pings", CHANGE, create_ping)
        .delete("/api/v1/pings/{id}", CHANGE, remove_ping)
        .get("/ping/{token}", open, beat::passed)
        .post("/ping/{token}", open, beat::passed)
        .get("/ping/{token}/start", open, beat::started)
        .post("/ping/{token}/start", open, beat::started)
        .get("/ping/{token}/fail", open, beat::failed)
        .post("/ping/{token}/fail", open, beat::failed)
        .get("/ping/{token}/{exit_code}", open, beat::exited)
        .post("/ping/{token}/{exit_code}", open, beat::exited)
}

/// `GET /api/v1/pings?limit=&after=&format=`: by project, without tokens.
async fn read_pings(
    State(app): State<App>,
    params: Result<Query<PingsParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let page = list(&app.hub.published(), &params)?;
    // That it is one of them was seen above.
    Ok(match Format::read(&params.format, &mut Vec::new()) {
        Format::Json => Json(page).into_response(),
        format @ Format::Ndjson => export::file(format, "pings", export::ndjson(&page.items)),
        format @ Format::Csv => export::file(format, "pings", csv(&page.items)),
    })
}

/// `POST /api/v1/pings`: 201 with its token, which is told this once.
async fn create_ping(
    State(app): State<App>,
    caller: Caller,
    peer: Peer,
    JsonBody(spec): JsonBody<PingSpec>,
) -> Result<Response, ApiError> {
    let new = create(&app, &caller, spec).await?;
    let origin = app.notify.public_url.as_deref().map(str::to_owned).or_else(|| peer.origin());
    let new: NewPing = new.at(origin.as_deref());
    let unkept = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, unkept, Json(new)).into_response())
}

/// `DELETE /api/v1/pings/{id}`
async fn remove_ping(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    remove(&app, &caller, &id).await.map(|()| StatusCode::NO_CONTENT)
}

fn csv(items: &[PingItem]) -> String {
    let mut out = String::from(
        "id,project,every_s,schedule,tz,grace_s,state,next_due,last_ping_at,created_at,created_by\r\n",
    );
    let moment = |at: Option<crate::wire::Timestamp>| at.map(|at| at.to_string());
    for it in items {
        let cells = [
            cell(&it.id),
            cell(it.project.as_str()),
            it.every_s.map(|s| s.to_string()).unwrap_or_default(),
            cell(it.schedule.as_deref().unwrap_or_default()),
            cell(it.tz.as_deref().unwrap_or_default()),
            it.grace_s.to_string(),
            it.state.name().to_owned(),
            moment(it.next_due).unwrap_or_default(),
            moment(it.last_ping_at).unwrap_or_default(),
            it.created_at.to_string(),
            cell(&it.created_by),
        ];
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}
