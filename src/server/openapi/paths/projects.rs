//! The overview and projects.

use crate::domain::projects::{Metrics, ProjectDetail, ProjectsPage, RunsPage};
use crate::domain::summary::Summary;
use crate::server::openapi::op::{Op, get, paged, span, text, time, word};
use serde_json::Value;

/// A stretch of the past.
pub fn stretch(usual: &str) -> [Value; 4] {
    [
        span("window", "How long it is, up to `to`.", usual),
        time("from", "Begin, instead of `window`."),
        time("to", "End; now if left out."),
        span("step", "Length of a step; the next multiple of 10 seconds where it is none.", "5m"),
    ]
}

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let sorts = ["status", "score", "name", "errors", "success", "p95", "last_run"];
    let down: Vec<String> = sorts.iter().map(|key| format!("-{key}")).collect();
    let keys: Vec<&str> = sorts.into_iter().chain(down.iter().map(String::as_str)).collect();
    vec![
        get(
            "/dashboard/summary",
            "summary",
            "The verdict over everything, with its reasons, and the figures of every domain.",
        )
        .answers::<Summary>(200, "As of the newest flush."),
        get(
            "/dashboard/projects",
            "projects",
            "Projects, worst health first unless asked otherwise.",
        )
        .query([
            word("status", "How they are.", &["healthy", "warning", "critical", "unknown"]),
            text("tag", "Only with this tag."),
            text("q", "Only those whose id, name or owner holds this text."),
            word("sort", "Order; a minus turns it round.", &keys),
        ])
        .query(paged(1000, 100))
        .answers::<ProjectsPage>(200, "A page of them."),
        get(
            "/dashboard/projects/{project}",
            "project",
            "A project with its runs, errors and course.",
        )
        .name("project", "Id of the project.")
        .query(stretch("24h"))
        .answers::<ProjectDetail>(200, "As of the newest flush.")
        .fails(&[404]),
        get(
            "/dashboard/projects/{project}/runs",
            "project_runs",
            "Runs of a project, newest first.",
        )
        .name("project", "Id of the project.")
        .query(paged(500, 50))
        .answers::<RunsPage>(200, "A page of them.")
        .fails(&[404]),
        get(
            "/dashboard/metrics",
            "dashboard_metrics",
            "Validation rates, errors, response times and health over a window.",
        )
        .query([text("project", "Of this project alone.")])
        .query(stretch("1h"))
        .answers::<Metrics>(200, "Over the window.")
        .fails(&[404]),
    ]
}
