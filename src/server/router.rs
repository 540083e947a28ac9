//! Every route, and the life of the server.

use super::config::Settings;
use super::{App, assets, guard, health, live, pages, present, problem, read, server_fns};
use crate::pipeline::clock::Clock;
use crate::pipeline::{self, ingest};
use crate::wire::ApiError;
use axum::extract::{Path, Query, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde::Deserialize;
use std::error::Error;
use std::future::{Future, IntoFuture};
use std::time::Duration;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

/// How long open requests may take to end once the server was told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Serves on `listener` until `shutdown` completes; calls `ready` once it does.
///
/// # Errors
/// The data directory cannot be used.
pub async fn run(
    listener: TcpListener,
    settings: Settings,
    ready: impl FnOnce() + Send,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let running = pipeline::start(&settings, Clock::System).await?;
    let app = running.app.clone();
    let stop = app.shutdown.clone();
    let told = stop.clone();
    tokio::spawn(async move {
        shutdown.await;
        told.cancel();
    });
    ready();
    let serving = axum::serve(listener, router(app)).with_graceful_shutdown({
        let stop = stop.clone();
        async move { stop.cancelled().await }
    });
    let out_of_patience = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving.into_future() => served?,
        () = out_of_patience => tracing::warn!("requests were still open; ending without them"),
    }
    running.stop().await;
    Ok(())
}

/// Every route there is.
pub fn router(app: App) -> Router {
    let reads = Router::new()
        .route("/dashboard/summary", get(server_fns::call))
        .route("/dashboard/projects", get(server_fns::call))
        .route("/dashboard/projects/{project}", get(project))
        .route("/dashboard/metrics", get(server_fns::call))
        .route("/api/v1/system", get(server_fns::call))
        .route("/api/ui/{*function}", get(server_fns::call))
        .route_layer(from_fn_with_state(app.clone(), present::present))
        .route_layer(from_fn(server_fns::tagged))
        .route_layer(CompressionLayer::new());
    Router::new()
        .merge(reads)
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/dashboard/live", any(live::live))
        .merge(pages::router())
        .merge(assets::router())
        .fallback(pages::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .with_state(app.clone())
        .merge(ingest::router(app.ingest))
        .layer(from_fn(guard::same_site))
        .layer(from_fn(guard::secure_headers))
}

/// Range of a project's history.
#[derive(Debug, Deserialize)]
struct RangeParams {
    window: Option<String>,
    step: Option<String>,
}

/// `GET /dashboard/projects/{project}`: the row with its runs, errors and history.
async fn project(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(range): Query<RangeParams>,
) -> Response {
    let page = read::project_page(&app, name, range.window.as_deref(), range.step.as_deref());
    match page.await {
        Ok(page) => Json(page).into_response(),
        Err(error) => ApiError::into_response(error),
    }
}
