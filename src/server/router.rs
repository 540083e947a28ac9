//! Every route, and the life of the server.

use super::config;
use super::needs::{Entry, Needs, Routes};
use super::{
    App, access, agent_socket, alerts, answers, assets, badges, channel_socket, dashboard_socket,
    docs, edge, guard, health, hooks, limits, listen, live, metrics, openapi, pages, pings,
    present, problem, read, server_fns, settings, tables, tail, trading, work,
};
use crate::domain::Topic;
use crate::domain::access::{Permission, Permissions};
use crate::domain::projects::{ProjectDetail, RunsPage};
use crate::domain::range::RangeParams;
use crate::pipeline::clock::Clock;
use crate::pipeline::{self, ingest};
use crate::wire::ApiError;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
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
/// The data directory cannot be used; [`access::Refused`] if nobody could be kept out.
pub async fn run(
    listener: TcpListener,
    config: config::Settings,
    ready: impl FnOnce() + Send,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let running = pipeline::start(&config, Clock::default()).await?;
    let app = running.app.clone();
    if let Err(refused) = access::start::prepare(&app, &config).await {
        drop(app);
        running.stop().await;
        return Err(refused.into());
    }
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

/// What one must be allowed.
const fn all(permission: Permission) -> Needs {
    Needs::All(Permissions::of(&[permission]))
}

const PROJECTS: Needs = all(Permission::ViewProjects);
const AGENTS: Needs = all(Permission::ViewAgents);
const USERS: Needs = all(Permission::ManageUsers);
const TOKENS: Needs = all(Permission::ManageTokens);
const RETRY: Needs = all(Permission::RetryTasks);

/// The server functions that only pages call, each by the one method it has. The function asks for the permission as well, since
/// a page that is rendered calls it without a request.
const FOR_PAGES: &[(&str, Needs)] = &[
    ("project", PROJECTS),
    ("rates", PROJECTS),
    ("pings", pings::routes::VIEW),
    ("create_ping", pings::routes::CHANGE),
    ("remove_ping", pings::routes::CHANGE),
    ("ticker", Needs::All(Topic::Events.needs())),
    ("host", all(Permission::ViewSystem)),
    ("agent", AGENTS),
    ("task", AGENTS),
    ("work", AGENTS),
    ("queue", AGENTS),
    ("command", RETRY),
    ("retry", RETRY),
    ("job", RETRY),
    ("me", Needs::Known),
    ("sessions", Needs::Known),
    ("end_session", Needs::Known),
    ("password", Needs::Known),
    ("users", USERS),
    ("create_user", USERS),
    ("change_user", USERS),
    ("remove_user", USERS),
    ("roles", USERS),
    ("define_role", USERS),
    ("remove_role", USERS),
    ("tokens", TOKENS),
    ("create_token", TOKENS),
    ("revoke_token", TOKENS),
    ("role_names", TOKENS),
    ("audit", all(Permission::ViewAuditLogs)),
    ("alerts", alerts::routes::VIEW),
    ("alert", alerts::routes::VIEW),
    ("alert_history", alerts::routes::VIEW),
    ("maintenance", alerts::routes::VIEW),
    ("acknowledge_alerts", alerts::routes::ACKNOWLEDGE),
    ("silence_alerts", alerts::routes::ACKNOWLEDGE),
    ("create_silence", alerts::routes::ACKNOWLEDGE),
    ("end_silence", alerts::routes::ACKNOWLEDGE),
    ("save_maintenance", alerts::routes::MANAGE),
    ("remove_maintenance", alerts::routes::MANAGE),
    ("alert_rules", alerts::routes::MANAGE),
    ("alert_rule", alerts::routes::MANAGE),
    ("save_alert_rule", alerts::routes::MANAGE),
    ("remove_alert_rule", alerts::routes::MANAGE),
    ("test_alert_rule", alerts::routes::MANAGE),
    ("channels", alerts::routes::MANAGE),
    ("save_channel", alerts::routes::MANAGE),
    ("remove_channel", alerts::routes::MANAGE),
    ("test_channel", alerts::routes::MANAGE),
    ("notifications", alerts::routes::MANAGE),
    ("requeue_notification", alerts::routes::MANAGE),
    ("portfolio", all(Permission::ViewPortfolio)),
    ("equity", all(Permission::ViewPortfolio)),
    ("trades", all(Permission::ViewTrades)),
    ("metric_names", all(Permission::ViewMetrics)),
    ("metric", all(Permission::ViewMetrics)),
    ("pins", all(Permission::ViewMetrics)),
    ("pin", all(Permission::ViewMetrics)),
    ("unpin", all(Permission::ViewMetrics)),
];

/// A table that is given to a page comes within JSON, which may be a little longer.
const IMPORT: (&str, Needs) = ("/api/ui/import_trades", all(Permission::WriteEvents));
const IMPORT_BYTES: usize = 20 << 20;

/// Adds a server function by its method; one there is not is left out.
fn for_pages(routes: Routes, path: &str, needs: Needs) -> Routes {
    let mut known = leptos::server_fn::axum::server_fn_paths();
    match known.find(|(known, _)| *known == path) {
        Some((_, Method::GET)) => routes.get(path, needs, server_fns::call),
        Some(_) => routes.post(path, needs, server_fns::call),
        None => routes,
    }
}

/// Every route that needs to be asked for, with what it needs. Files of the site are open to all.
/// `over_reads` lays something over those that answer with what is shown.
fn routes(over_reads: impl FnOnce(Router<App>) -> Router<App>) -> Routes {
    let settings = all(Permission::ManageRules);
    let reads = Routes::default()
        .get("/dashboard/summary", PROJECTS, server_fns::call)
        .get("/dashboard/projects", PROJECTS, server_fns::call)
        .get("/dashboard/projects/{project}", PROJECTS, project)
        .get("/dashboard/projects/{project}/runs", PROJECTS, runs)
        .get("/dashboard/metrics", all(Permission::ViewMetrics), server_fns::call)
        .get("/api/v1/system", all(Permission::ViewSystem), server_fns::call)
        .get("/api/v1/metrics/cache", all(Permission::ViewMetrics), present::caches)
        .get("/api/v1/settings", settings, settings::read)
        .patch("/api/v1/settings", settings, settings::change)
        .get("/api/dashboard/state", AGENTS, present::dashboard_state)
        .merge(pings::routes::reads())
        .merge(work::read_routes())
        .merge(access::routes::reads())
        .merge(alerts::routes::reads())
        .merge(metrics::routes::reads())
        .merge(trading::routes::reads());
    let reads = FOR_PAGES
        .iter()
        .fold(reads, |reads, (name, needs)| for_pages(reads, &format!("/api/ui/{name}"), *needs));
    let (path, needs) = IMPORT;
    let import = for_pages(Routes::default(), path, needs)
        .over(|router| router.layer(DefaultBodyLimit::max(IMPORT_BYTES)));
    let reads = reads.merge(import).over(over_reads);
    let sends = all(Permission::WriteEvents);
    let ingest = Routes::default()
        .post("/api/v1/events", sends, ingest::events)
        .post("/api/v1/import/junit", sends, ingest::import_junit)
        .post("/api/v1/import/sarif", sends, ingest::import_sarif)
        .post("/api/v1/import/alertmanager", sends, ingest::import_alertmanager)
        .post("/api/v1/import/trades", sends, ingest::import_trades)
        .post("/api/v1/write", sends, ingest::remote_write)
        .post("/v1/metrics", sends, ingest::otlp_metrics)
        .post("/v1/traces", sends, ingest::otlp_traces)
        .post("/v1/logs", sends, ingest::otlp_logs)
        // The limit there is on decoded bytes.
        .over(|router| router.layer(DefaultBodyLimit::disable()));
    Routes::default()
        .merge(reads)
        .get("/healthz", Needs::Nothing, health::healthz)
        .get("/readyz", Needs::Nothing, health::readyz)
        .get("/metrics", all(Permission::ViewMetrics), health::metrics)
        .get("/dashboard/live", Needs::Socket(Permissions::NONE), live::live)
        .get("/ws/dashboard", dashboard_socket::NEEDS, dashboard_socket::dashboard)
        .get("/ws/alerts", channel_socket::ALERTS_NEED, channel_socket::of_alerts)
        .get("/ws/metrics", channel_socket::METRICS_NEED, channel_socket::of_metrics)
        .get("/ws/portfolio", channel_socket::PORTFOLIO_NEED, channel_socket::of_portfolio)
        .get("/ws/trades", channel_socket::TRADES_NEED, channel_socket::of_trades)
        .get("/ws/agent", agent_socket::NEEDS, agent_socket::agent)
        .get("/badge/{file}", Needs::Nothing, badges::badge)
        .post("/api/v1/hooks/github", Needs::Nothing, hooks::github)
        .merge(pings::routes::writes())
        .merge(work::write_routes())
        .merge(access::routes::writes())
        .merge(alerts::routes::writes())
        .merge(metrics::routes::writes())
        .merge(openapi::routes())
        .get("/api/v1/events", Needs::All(Topic::Events.needs()), tail::tail)
        .merge(docs::routes())
        .merge(pages::routes())
        .merge(ingest)
}

/// Every route that needs to be asked for.
pub fn table() -> Vec<Entry> {
    routes(|reads| reads).table().to_vec()
}

/// All that is answered.
pub fn router(app: App) -> Router {
    let present = from_fn_with_state(app.clone(), present::present);
    let answered = from_fn_with_state(app.clone(), answers::answered);
    let over_reads = |reads: Router<App>| {
        reads
            .route_layer(answered)
            .route_layer(present)
            .route_layer(from_fn(server_fns::tagged))
            .route_layer(from_fn(tables::told))
            .route_layer(CompressionLayer::new())
    };
    routes(over_reads)
        .guarded(&app)
        .merge(assets::router())
        .fallback(pages::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(from_fn_with_state(app.clone(), access::caller::identify))
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
