//! Reads of the present and of the past, shared by REST, pages and sockets.

use super::App;
use super::position::Position;
use crate::domain::projects::{
    ProjectDetail, ProjectId, ProjectItem, ProjectsPage, ProjectsParams, ProjectsQuery,
};
use crate::pipeline::publish::Published;
use crate::wire::{ApiError, ErrorKind};

/// One page of the list of projects.
///
/// # Errors
/// 422 naming every parameter that cannot be.
pub fn projects(shown: &Published, params: &ProjectsParams) -> Result<ProjectsPage, ApiError> {
    let query = ProjectsQuery::parse(params).map_err(|errors| ApiError {
        errors,
        ..ApiError::new(ErrorKind::Invalid, "a query parameter cannot be")
    })?;
    let mut rows: Vec<&ProjectItem> =
        shown.projects.values().map(|item| &**item).filter(|item| query.matches(item)).collect();
    rows.sort_by(|a, b| query.sort.compare(a, b));
    let total = rows.len();
    let start = match &query.after {
        None => 0,
        Some(after) => Position::parse(after, query.sort)?.passed(&rows, query.sort),
    };
    let items: Vec<ProjectItem> =
        rows.iter().skip(start).take(query.limit).map(|row| (*row).clone()).collect();
    let more = start + items.len() < total;
    Ok(ProjectsPage {
        as_of: shown.as_of,
        cursor: shown.cursor.clone(),
        total,
        next: items.last().filter(|_| more).map(|last| Position::of(last).name(query.sort)),
        items,
    })
}

/// A project's page over a range of its history.
///
/// # Errors
/// 404 for a project that is not listed, 422 for a range that cannot be.
pub async fn project_detail(
    app: &App,
    shown: &Published,
    id: &ProjectId,
    window: Option<&str>,
    step: Option<&str>,
) -> Result<ProjectDetail, ApiError> {
    let unknown = || ApiError::not_found(format!("nobody has sent anything about project {id}"));
    let item = shown.projects.get(id).ok_or_else(unknown)?;
    let project = shown.state.projects.by_id.get(id).ok_or_else(unknown)?;
    let now = shown.state.now;
    let live = crate::domain::projects::health::detail(project, now);
    app.history.caught_up(shown.seq).await;
    Ok(ProjectDetail {
        as_of: shown.as_of,
        cursor: shown.cursor.clone(),
        item: (**item).clone(),
        findings: shown.findings.get(id).map(|all| all.to_vec()).unwrap_or_default(),
        windows: live.windows,
        response_time_ms: live.response_time_ms,
        runs: app.history.runs(id, ProjectDetail::MAX_RUNS, None).await?,
        errors: live.errors,
        range: crate::domain::range::Range::parse(
            &Default::default(),
            window.unwrap_or("24h"),
            now,
        )?,
        trend: app.history.project_trend(id, window, step).await?,
    })
}

/// The same, for a name as it stands in an address.
///
/// # Errors
/// As [`project_detail`]; 404 also for a name that no project can have.
pub async fn project_page(
    app: &App,
    name: String,
    window: Option<&str>,
    step: Option<&str>,
) -> Result<ProjectDetail, ApiError> {
    let id = ProjectId::try_from(name)
        .map_err(|why| ApiError::not_found(format!("no project has such a name: it {why}")))?;
    project_detail(app, &app.hub.published(), &id, window, step).await
}
