//! Reading projects: REST for programs, typed calls for pages.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]

use super::{Metrics, PingMade, PingSpec, PingsPage, ProjectDetail, ProjectsPage};
use crate::wire::{ApiError, JsonText, JsonUnread, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use std::sync::Arc;

/// `GET /dashboard/projects`: one page of the list; parameters as [`super::ProjectsParams`].
///
/// # Errors
/// 422 naming every parameter that cannot be.
#[allow(clippy::too_many_arguments, reason = "each is a parameter of the address")]
#[server(name = DashboardProjects, prefix = "/dashboard", endpoint = "projects", input = GetUrl, output = JsonUnread)]
pub async fn dashboard_projects(
    #[server(default)] status: Option<String>,
    #[server(default)] tag: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] sort: Option<String>,
    #[server(default)] limit: Option<String>,
    #[server(default)] after: Option<String>,
    #[server(default)] kind: Option<String>,
) -> Result<Unread<ProjectsPage>, ApiError> {
    let params = super::ProjectsParams { status, kind, tag, q, sort, limit, after };
    let app = crate::server::allowed(crate::domain::Permission::ViewProjects)?;
    Unread::of(&crate::server::read::projects(&app.hub.published(), &params)?)
}

/// A project's page, as `GET /dashboard/projects/{project}` answers it; the other parameters choose
/// the range of its history (`24h` and a fitting step when left out), as
/// [`crate::domain::range::RangeParams`].
///
/// # Errors
/// 404 for a project nobody has sent anything about, 422 naming every parameter that cannot be.
#[server(name = ReadProject, prefix = "/api/ui", endpoint = "project", input = GetUrl, output = JsonUnread)]
pub async fn project_detail(
    project: String,
    #[server(default)] window: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] step: Option<String>,
) -> Result<Unread<ProjectDetail>, ApiError> {
    let _ = (&from, &to);
    let app = crate::server::allowed(crate::domain::Permission::ViewProjects)?;
    let range = crate::domain::range::RangeParams { window, from, to, step };
    Unread::of(&crate::server::read::project_page(&app, project, &range).await?)
}

/// `GET /dashboard/metrics`: figures over a window (`1h` when left out), of one project or of all
/// of them; the other parameters are those of [`crate::domain::range::RangeParams`].
///
/// # Errors
/// 404 for a project nobody has sent anything about, 422 naming every parameter that cannot be.
#[server(name = DashboardMetrics, prefix = "/dashboard", endpoint = "metrics", input = GetUrl, output = JsonUnread)]
pub async fn dashboard_metrics(
    #[server(default)] project: Option<String>,
    #[server(default)] window: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] step: Option<String>,
) -> Result<Unread<Metrics>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewMetrics)?;
    let range = crate::domain::range::RangeParams { window, from, to, step };
    Unread::of(&crate::server::read::metrics(&app, project, &range).await?)
}

/// `GET /api/ui/pings`: as `GET /api/v1/pings`.
///
/// # Errors
/// 422 at the parameter that cannot be.
#[server(name = ReadPings, prefix = "/api/ui", endpoint = "pings", input = GetUrl, output = JsonUnread)]
pub async fn pings(
    #[server(default)] after: Option<String>,
) -> Result<Unread<PingsPage>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewProjects)?;
    let params = crate::server::page::PageParams { after, ..Default::default() };
    Unread::of(&crate::server::pings::list(&app.hub.published(), &params)?)
}

/// `POST /api/ui/create_ping`: as `POST /api/v1/pings`.
///
/// # Errors
/// As there.
#[server(name = CreatePing, prefix = "/api/ui", endpoint = "create_ping", input = Json, output = JsonText)]
pub async fn create_ping(spec: PingSpec) -> Result<PingMade, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::WriteEvents)?;
    crate::server::pings::create(&app, &caller, spec).await.map(|new| new.for_page(&app))
}

/// `POST /api/ui/remove_ping`: as `DELETE /api/v1/pings/{id}`.
///
/// # Errors
/// As there.
#[server(name = RemovePing, prefix = "/api/ui", endpoint = "remove_ping", input = Json, output = JsonText)]
pub async fn remove_ping(id: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::WriteEvents)?;
    crate::server::pings::remove(&app, &caller, &id).await
}
