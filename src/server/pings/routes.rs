//! Routes of pings.

use super::{beat, create, list, remove};
use crate::domain::projects::{PingSpec, PingsPage};
use crate::domain::{Permission, Permissions};
use crate::server::access::Caller;
use crate::server::body::JsonBody;
use crate::server::needs::{Needs, Routes};
use crate::server::page::Asked;
use crate::server::peer::Peer;
use crate::server::{App, problem};
use crate::wire::ApiError;
use axum::Json;
use axum::extract::rejection::PathRejection;
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

/// `GET /api/v1/pings?limit=&after=`: by project, without tokens.
async fn read_pings(State(app): State<App>, asked: Asked) -> Result<Json<PingsPage>, ApiError> {
    let Query(params) = asked.map_err(problem::malformed)?;
    list(&app.hub.published(), &params).map(Json)
}

/// `POST /api/v1/pings`: 201 with its token, which is told this once.
async fn create_ping(
    State(app): State<App>,
    caller: Caller,
    peer: Peer,
    JsonBody(spec): JsonBody<PingSpec>,
) -> Result<Response, ApiError> {
    let new = create(&app, &caller, spec).await?;
    let new = new.at(&app.base(Some(&peer)));
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
