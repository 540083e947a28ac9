//! Reading projects: REST for programs, typed calls for pages.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]

use super::{Metrics, ProjectDetail, ProjectsPage};
use crate::wire::{ApiError, JsonUnread, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// `GET /dashboard/projects`: one page of the list; parameters as [`super::ProjectsParams`].
///
/// # Errors
/// 422 naming every parameter that cannot be.
#[server(name = DashboardProjects, prefix = "/dashboard", endpoint = "projects", input = GetUrl, output = JsonUnread)]
pub async fn dashboard_projects(
    #[server(default)] status: Option<String>,
    #[server(default)] tag: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] sort: Option<String>,
    #[server(default)] limit: Option<String>,
    #[server(default)] after: Option<String>,
) -> Result<Unread<ProjectsPage>, ApiError> {
    let params = super::ProjectsParams { status, tag, q, sort, limit, after };
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
