//! Reads of the present and of the past, shared by REST, pages and sockets.

use super::App;
use super::position::Position;
use crate::domain::projects::{
    Metrics, ProjectDetail, ProjectId, ProjectItem, ProjectsPage, ProjectsParams, ProjectsQuery,
    RunsPage,
};
use crate::domain::range::{Range, RangeParams};
use crate::domain::summary::Rates;
use crate::domain::system::HostHistory;
use crate::pipeline::publish::Published;
use crate::wire::{ApiError, ErrorKind, Timestamp};
use serde::Deserialize;

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
    range: &RangeParams,
) -> Result<ProjectDetail, ApiError> {
    let unknown = || unknown_project(id.as_str());
    let item = shown.projects.get(id).ok_or_else(unknown)?;
    let project = shown.state.projects.by_id.get(id).ok_or_else(unknown)?;
    let range = Range::parse(range, "24h", now(app, shown))?;
    let live = crate::domain::projects::health::detail(project, shown.state.now);
    let as_of = settled(app, shown).await;
    Ok(ProjectDetail {
        as_of,
        cursor: shown.cursor.clone(),
        item: (**item).clone(),
        findings: shown.findings.get(id).map(|all| all.to_vec()).unwrap_or_default(),
        windows: live.windows,
        response_time_ms: live.response_time_ms,
        runs: app.history.runs(id, ProjectDetail::MAX_RUNS, None).await?.0,
        errors: live.errors,
        range,
        trend: app.history.project_trend(id, range).await?,
    })
}

/// The same, for a name as it stands in an address.
///
/// # Errors
/// As [`project_detail`]; 404 also for a name that no project can have.
pub async fn project_page(
    app: &App,
    name: String,
    range: &RangeParams,
) -> Result<ProjectDetail, ApiError> {
    let shown = app.hub.published();
    let id = known_project(&shown, name)?;
    project_detail(app, &shown, &id, range).await
}

/// Which page of a project's runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RunsParams {
    /// Runs a page, 1 to 500, default 50.
    pub limit: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// A page of a project's runs, newest first.
///
/// # Errors
/// 404 for a project that is not listed, 422 for a parameter that cannot be.
pub async fn runs(app: &App, name: String, params: &RunsParams) -> Result<RunsPage, ApiError> {
    let shown = app.hub.published();
    let id = known_project(&shown, name)?;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let limit =
        match given(&params.limit) {
            None => 50,
            Some(text) => text.parse().ok().filter(|n| (1..=500).contains(n)).ok_or_else(|| {
                ApiError::invalid("/limit", "must be a whole number from 1 to 500")
            })?,
        };
    let cursor = |text: String| {
        let (at, seq) = text.rsplit_once('-')?;
        Some((Timestamp::from_ms(at.parse().ok()?), seq.parse().ok()?))
    };
    let after =
        match given(&params.after) {
            None => None,
            Some(text) => Some(cursor(text).ok_or_else(|| {
                ApiError::invalid("/after", "must be the `next` of an earlier page")
            })?),
        };
    let as_of = settled(app, &shown).await;
    let (items, next) = app.history.runs(&id, limit, after).await?;
    Ok(RunsPage { as_of, items, next })
}

/// Figures over a window, of one project or of all of them.
///
/// # Errors
/// 404 for a project that is not listed, 422 for a range that cannot be.
pub async fn metrics(
    app: &App,
    project: Option<String>,
    range: &RangeParams,
) -> Result<Metrics, ApiError> {
    let shown = app.hub.published();
    let project = project.filter(|name| !name.is_empty());
    let id = project.map(|name| known_project(&shown, name)).transpose()?;
    let now = now(app, &shown);
    let range = Range::parse(range, "1h", now)?;
    let as_of = settled(app, &shown).await;
    Ok(Metrics { as_of, ..app.history.metrics(id.as_ref(), range, now).await? })
}

/// A host over a range of its history; this machine when none is named.
///
/// # Errors
/// 404 for a host that has not reported, 422 for a range that cannot be.
pub async fn host(app: &App, name: String, range: &RangeParams) -> Result<HostHistory, ApiError> {
    let shown = app.hub.published();
    let hosts = &shown.state.system.hosts;
    let named = match name.as_str() {
        "" => hosts.get_key_value(&app.gauges.host).or_else(|| hosts.iter().next()),
        _ => hosts.get_key_value(name.as_str()),
    };
    let host = named.map(|(host, _)| host.clone());
    let host = host.ok_or_else(|| match name.as_str() {
        "" => ApiError::not_found("no host has reported"),
        _ => ApiError::not_found(format!("no host {name} has reported")),
    })?;
    let range = Range::parse(range, "1h", now(app, &shown))?;
    let as_of = settled(app, &shown).await;
    let points = app.history.host(&host, range).await?;
    Ok(HostHistory { as_of, host, range, points })
}

/// How much came in and how it went, over a range.
///
/// # Errors
/// 422 for a range that cannot be.
pub async fn rates(app: &App, range: &RangeParams) -> Result<Rates, ApiError> {
    let shown = app.hub.published();
    let range = Range::parse(range, "24h", now(app, &shown))?;
    let as_of = settled(app, &shown).await;
    Ok(Rates { as_of, range, points: app.history.rates(range).await? })
}

/// The end of a range that names none: the time itself, since a silence is part of the past too.
pub fn now(app: &App, shown: &Published) -> Timestamp {
    app.clock.now().max(shown.as_of)
}

/// Waits, briefly, until history has come as far as what is shown; returns as of when its answers
/// are.
pub async fn settled(app: &App, shown: &Published) -> Timestamp {
    if app.history.caught_up(shown.seq).await {
        shown.as_of
    } else {
        shown.as_of.min(app.history.at())
    }
}

fn unknown_project(name: &str) -> ApiError {
    ApiError::not_found(format!("nobody has sent anything about project {name}"))
}

/// The id of a project that is listed.
fn known_project(shown: &Published, name: String) -> Result<ProjectId, ApiError> {
    let id = ProjectId::try_from(name)
        .map_err(|why| ApiError::not_found(format!("no project has such a name: it {why}")))?;
    if shown.projects.contains_key(&id) { Ok(id) } else { Err(unknown_project(id.as_str())) }
}
