//! Jobs: projects that are expected by a schedule and report by pings. The same types on the
//! server and in the browser.

use super::ProjectId;
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What a project is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectKind {
    /// Something that is validated when there is a reason to.
    #[default]
    Project,
    /// Something that is expected to run by a schedule.
    Job,
}

impl ProjectKind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "project" => Some(Self::Project),
            "job" => Some(Self::Job),
            _ => None,
        }
    }
}

/// How a job is doing against its schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Its first report is awaited.
    Waiting,
    /// A run has begun and not ended.
    Running,
    /// It has not reported though it was expected, and its grace is over.
    Late,
    /// The newest run went well.
    Ok,
    /// The newest run failed.
    Failed,
}

impl JobState {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Late => "late",
            Self::Ok => "ok",
            Self::Failed => "failed",
        }
    }
}

/// A job's schedule, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobPlan)]
pub struct JobItem {
    /// Seconds between two runs, if that is its schedule.
    pub every_s: Option<u32>,
    /// A line of crontab, if that is its schedule.
    pub schedule: Option<Arc<str>>,
    /// The time zone of the line; UTC if none is named.
    pub tz: Option<Arc<str>>,
    /// Seconds that it may be late, and that a run may last.
    pub grace_s: u32,
    /// How it is doing.
    pub state: JobState,
    /// When it is expected next; in the past while it is late.
    pub next_due: Option<Timestamp>,
    /// When it last reported that it had begun or ended.
    pub last_ping_at: Option<Timestamp>,
    /// When the run began that is still going on.
    pub started_at: Option<Timestamp>,
}

/// A ping to set up. Either `every_s` or `schedule` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PingSpec {
    /// Which project; it need not exist yet.
    pub project: String,
    /// Seconds between two runs, 1 to 31 536 000.
    #[serde(default)]
    pub every_s: Option<u32>,
    /// A line of crontab (`0 3 * * *`), in UTC unless `tz` names a time zone.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The time zone of the line (`Europe/Paris`).
    #[serde(default)]
    pub tz: Option<String>,
    /// Seconds that it may be late, and that a run may last, 0 to 31 536 000. When it is left out,
    /// a tenth of the time between two runs, a minute at least and an hour at most.
    #[serde(default)]
    pub grace_s: Option<u32>,
}

/// A ping, without its token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PingItem {
    /// What it is found by.
    pub id: Arc<str>,
    /// Whose it is.
    pub project: ProjectId,
    /// As [`JobItem::every_s`].
    pub every_s: Option<u32>,
    /// As [`JobItem::schedule`].
    pub schedule: Option<Arc<str>>,
    /// As [`JobItem::tz`].
    pub tz: Option<Arc<str>>,
    /// As [`JobItem::grace_s`].
    pub grace_s: u32,
    /// As [`JobItem::state`].
    pub state: JobState,
    /// As [`JobItem::next_due`].
    pub next_due: Option<Timestamp>,
    /// As [`JobItem::last_ping_at`].
    pub last_ping_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Arc<str>,
}

/// A page of the list of pings, by project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PingsPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Those of this page.
    pub items: Vec<PingItem>,
    /// What to give as `after` for the next page; null on the last.
    pub next: Option<String>,
}

/// A ping that was just made, as its page shows it: once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PingMade {
    /// Whose it is.
    pub project: String,
    /// Its address, with `{origin}` where the board's own is not set.
    pub url: String,
    /// A line for crontab that tells of every run.
    pub line: String,
}
