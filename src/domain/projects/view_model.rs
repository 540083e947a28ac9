//! What readers get to see of projects; the same types on the server and in the browser.

use super::{Checks, JobItem, ProjectId, ProjectKind, RunError, ValidationStatus};
use crate::domain::health::{Finding, ScorePart};
pub use crate::domain::percentiles::Percentiles;
use crate::domain::range::Range;
use crate::wire::{Cursor, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Health of one project.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ProjectStatus {
    /// At least one critical finding.
    Critical,
    /// At least one warning.
    Warning,
    /// Never validated, or not for longer than usual.
    Unknown,
    /// None of these.
    Healthy,
}

/// Where error counts are going, against the window before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// More than before.
    Rising,
    /// Fewer than before.
    Falling,
    /// About the same.
    #[default]
    Flat,
}

/// A project's row. Windowed figures are over the last 24 hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectItem {
    /// Its id.
    pub project: ProjectId,
    /// Name for people; the id if none was given.
    pub name: String,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Where it lives.
    pub url: Option<String>,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Health.
    pub status: ProjectStatus,
    /// How the newest run ended; null when none did.
    pub validation_status: Option<ValidationStatus>,
    /// 0 to 100; null while nothing is known.
    pub score: Option<u32>,
    /// What is missing from 100, and why.
    pub score_parts: Vec<ScorePart>,
    /// End of the newest run.
    pub last_validation_at: Option<Timestamp>,
    /// passed ÷ (passed + failed + error); null when nothing ran.
    pub success_rate: Option<f64>,
    /// Errors seen.
    pub error_count: u64,
    /// Against the 24 hours before.
    pub error_trend: Trend,
    /// Errors an hour, oldest first, 24 of them, the last one still running.
    pub error_hours: Vec<u32>,
    /// Run times of validations.
    pub duration_ms: Percentiles,
    /// Time of the newest event about it.
    pub updated_at: Timestamp,
    /// No validation for longer than its usual interval allows. Never so for a job, which is late.
    pub stale: bool,
    /// What it is.
    #[serde(default)]
    pub kind: ProjectKind,
    /// Its schedule, if it is a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobItem>,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Position in the journal; identifies the run.
    pub seq: u64,
    /// When it ended.
    pub at: Timestamp,
    /// How it ended.
    pub status: ValidationStatus,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// Its checks.
    pub checks: Option<Checks>,
    /// Its errors (at most 20 are kept).
    pub errors: Vec<RunError>,
    /// Branch it ran on.
    pub branch: Option<String>,
    /// Commit it ran on.
    pub commit: Option<String>,
    /// Page of the run.
    pub url: Option<String>,
}

/// How often a type of error came up in the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorCount {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// How often in the last 24 hours.
    pub count: u64,
    /// How often in the 24 hours before.
    pub previous: u64,
    /// Where it is going.
    pub trend: Trend,
    /// The newest message of this type.
    pub message: String,
    /// When it was last seen.
    pub last_at: Timestamp,
}

/// Counts of run results over a window.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct WindowTotals {
    /// Length of the window in seconds.
    pub window_s: u64,
    /// All runs.
    pub total: u64,
    /// Passed runs.
    pub passed: u64,
    /// Failed runs.
    pub failed: u64,
    /// Broken runs.
    pub error: u64,
    /// Skipped runs.
    pub skipped: u64,
    /// passed ÷ (passed + failed + error); null when nothing ran.
    pub success_rate: Option<f64>,
    /// (failed + error) ÷ the same.
    pub failure_rate: Option<f64>,
}

/// One point of a project's history; it stands at the start of its step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrendPoint {
    /// Start of the step.
    pub at: Timestamp,
    /// Score at the end of the step, or the last one known before it; null when none is. Scores
    /// are noted as they change while the server runs; they are not made up for the time before.
    pub score: Option<f64>,
    /// Success rate of the runs in the step.
    pub success_rate: Option<f64>,
    /// Errors in the step.
    pub errors: u64,
    /// 95th percentile of run times in the step.
    pub p95_ms: Option<f64>,
}

/// A project's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectDetail {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// Its row.
    #[serde(flatten)]
    pub item: ProjectItem,
    /// What its rules found.
    pub findings: Vec<Finding>,
    /// Run results over 1 h, 24 h and 7 d.
    pub windows: Vec<WindowTotals>,
    /// Response times of the last 24 hours.
    pub response_time_ms: Percentiles,
    /// Newest runs first.
    pub runs: Vec<Run>,
    /// Error types, most frequent first.
    pub errors: Vec<ErrorCount>,
    /// What the history spans, and in which steps.
    pub range: Range,
    /// History, oldest first, a point for every step of the range.
    pub trend: Vec<TrendPoint>,
}

/// What changed on a project's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectDelta {
    /// Its row now.
    pub item: ProjectItem,
    /// What its rules find now.
    pub findings: Vec<Finding>,
    /// Windows now.
    pub windows: Vec<WindowTotals>,
    /// Response times now.
    pub response_time_ms: Percentiles,
    /// Error types now.
    pub errors: Vec<ErrorCount>,
    /// Runs that have come, newest first.
    pub runs: Vec<Run>,
}

impl ProjectDetail {
    /// How many runs the page keeps.
    pub const MAX_RUNS: usize = 50;

    /// Brings the page up to date.
    pub fn apply(&mut self, delta: ProjectDelta) {
        let ProjectDelta { item, findings, windows, response_time_ms, errors, runs } = delta;
        self.item = item;
        self.findings = findings;
        self.windows = windows;
        self.response_time_ms = response_time_ms;
        self.errors = errors;
        for run in runs {
            if self.runs.iter().all(|have| have.seq != run.seq) {
                self.runs.push(run);
            }
        }
        self.runs.sort_by_key(|run| std::cmp::Reverse((run.at, run.seq)));
        self.runs.truncate(Self::MAX_RUNS);
    }
}

/// A page of the list of projects, as REST answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectsPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// How many projects match in all.
    pub total: usize,
    /// Those of this page.
    pub items: Vec<ProjectItem>,
    /// What to give as `after` for the next page; null on the last.
    pub next: Option<String>,
}

/// Every project's row, as live readers hold it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProjectsView {
    /// By id.
    pub items: BTreeMap<ProjectId, ProjectItem>,
}

/// Which rows changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProjectsDelta {
    /// How many there are now.
    pub total: usize,
    /// Rows that are new or different.
    pub upsert: Vec<ProjectItem>,
    /// Rows that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<ProjectId>,
}

impl ProjectsView {
    /// The list a snapshot brings.
    pub fn from_page(page: ProjectsPage) -> Self {
        Self { items: page.items.into_iter().map(|item| (item.project.clone(), item)).collect() }
    }

    /// Brings the list up to date.
    pub fn apply(&mut self, delta: ProjectsDelta) {
        for id in &delta.remove {
            self.items.remove(id);
        }
        for item in delta.upsert {
            self.items.insert(item.project.clone(), item);
        }
    }
}
