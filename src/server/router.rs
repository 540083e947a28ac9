//! Every route, and the life of the server.

use super::config;
use super::{
    App, agent_socket, assets, dashboard_socket, edge, guard, health, limits, listen, live, pages,
    present, problem, read, server_fns, settings, work,
};
use crate::domain::projects::{ProjectDetail, RunsPage};
use crate::domain::range::RangeParams;
use crate::pipeline::clock::Clock;
use crate::pipeline::{self, ingest};
use crate::wire::ApiError;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Json, Router};
use std::error::Error;
use std::future::Future;
use std::time::Duration;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

/// How long open requests and sockets may take to end once the server was told to stop.
const GRACE: Duration = Duration::from_secs(2);
/// How long the server waits, before it calls itself ready, for the board to be dated.
const DATED_WITHIN: Duration = Duration::from_secs(2);

/// Serves on `listener` until `shutdown` completes; calls `ready` once it does.
///
/// # Errors
/// The data directory cannot be used.
pub async fn run(
    listener: TcpListener,
    config: config::Settings,
    ready: impl FnOnce() + Send,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let running = pipeline::start(&config, Clock::System).await?;
    let app = running.app.clone();
    settings::at_start(&app, &config.board).await;
    let stop = app.shutdown.clone();
    let told = stop.clone();
    tokio::spawn(async move {
        shutdown.await;
        told.cancel();
    });
    date(&app).await;
    let door = listen::Door::new(&app, &config);
    ready();
    let sockets = app.sockets.clone();
    let out_of_patience = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let serving = async {
        door.serve(listener, router(app), stop.clone()).await;
        // A socket is told that the server goes away, and is given time to hear it.
        sockets.close();
        sockets.wait().await;
    };
    tokio::select! {
        () = serving => {}
        () = out_of_patience => tracing::warn!("requests were still open; ending without them"),
    }
    running.stop().await;
    Ok(())
}

/// Has the clock tick once and waits until that is shown: what is read first is as of now, not as
/// of when the server last ran, or as of nothing.
async fn date(app: &App) {
    let mut head = app.hub.watch();
    app.hub.nudge.notify_one();
    if tokio::time::timeout(DATED_WITHIN, head.changed()).await.is_err() {
        tracing::warn!("the journal takes no tick of the clock");
    }
}

/// Every route there is.
pub fn router(app: App) -> Router {
    let reads = Router::new()
        .route("/dashboard/summary", get(server_fns::call))
        .route("/dashboard/projects", get(server_fns::call))
        .route("/dashboard/projects/{project}", get(project))
        .route("/dashboard/projects/{project}/runs", get(runs))
        .route("/dashboard/metrics", get(server_fns::call))
        .route("/api/v1/system", get(server_fns::call))
        .route("/api/v1/settings", get(settings::read).patch(settings::change))
        .route("/api/v1/agents", get(server_fns::call))
        .route("/api/v1/tasks", get(server_fns::call))
        .route("/api/dashboard/state", get(present::dashboard_state))
        .merge(work::read_routes())
        .route("/api/ui/{*function}", get(server_fns::call).post(server_fns::call))
        .route_layer(from_fn_with_state(app.clone(), present::present))
        .route_layer(from_fn(server_fns::tagged))
        .route_layer(CompressionLayer::new());
    Router::new()
        .merge(reads)
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/dashboard/live", get(live::live))
        .merge(work::write_routes())
        .route("/ws/dashboard", get(dashboard_socket::dashboard))
        .route("/ws/agent", get(agent_socket::agent))
        .merge(pages::router())
        .merge(assets::router())
        .merge(ingest::router(app.ingest.clone()))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .with_state(app.clone())
        .layer(from_fn_with_state(app.clone(), edge::bodies::in_time))
        .layer(from_fn_with_state(app.clone(), guard::same_site))
        .layer(from_fn_with_state(app.clone(), limits::by_address))
        .layer(from_fn_with_state(app, edge::cors::cross_origin))
        .layer(from_fn(guard::secure_headers))
}

/// `GET /dashboard/projects/{project}`: the row with its runs, errors and history.
async fn project(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    range: Result<Query<RangeParams>, QueryRejection>,
) -> Result<Json<ProjectDetail>, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    let Query(range) = range.map_err(problem::malformed)?;
    read::project_page(&app, name, &range).await.map(Json)
}

/// `GET /dashboard/projects/{project}/runs`: its runs, newest first.
async fn runs(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    params: Result<Query<read::RunsParams>, QueryRejection>,
) -> Result<Json<RunsPage>, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    let Query(params) = params.map_err(problem::malformed)?;
    read::runs(&app, name, &params).await.map(Json)
}
