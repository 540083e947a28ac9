//! What producers say about projects.

use super::{Checks, ProjectId, RunError, ValidationStatus};
use crate::domain::vocabulary::events;
use crate::domain::{DataError, Validate, check};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

events! {
    /// An event of the projects domain.
    Event {
        "project.registered" => Registered(Registered),
        "validation.completed" => Validated(Validated),
        "request.observed" => Requested(Requested),
        "job.scheduled" => JobScheduled(JobScheduled),
        "job.unscheduled" => JobUnscheduled(JobUnscheduled),
        "job.started" => JobStarted(JobStarted),
    }
}

impl Event {
    /// The types that only the server itself makes: they come of pings and of setting them up.
    pub const OWN: &[&str] = &["job.scheduled", "job.unscheduled", "job.started"];

    /// Whose event it is.
    pub const fn project(&self) -> &ProjectId {
        match self {
            Self::Registered(Registered { project, .. })
            | Self::Validated(Validated { project, .. })
            | Self::Requested(Requested { project, .. })
            | Self::JobScheduled(JobScheduled { project, .. })
            | Self::JobUnscheduled(JobUnscheduled { project, .. })
            | Self::JobStarted(JobStarted { project }) => project,
        }
    }
}

/// A project exists, and what it is. Members left out keep what was said before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProjectRegisteredData)]
pub struct Registered {
    /// Its id.
    pub project: ProjectId,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Where it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Words to filter by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// No longer watched: leaves the lists and the counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A validation or CI run has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ValidationCompletedData)]
pub struct Validated {
    /// Whose run.
    pub project: ProjectId,
    /// How it ended.
    pub status: ValidationStatus,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// Its checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
    /// Its errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RunError>,
    /// Branch it ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Commit it ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Page of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A request was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RequestObservedData)]
pub struct Requested {
    /// Who answered.
    pub project: ProjectId,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Route template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
}

/// Longest time between two runs of a job, and longest grace, in seconds: a year.
pub const MAX_EVERY_S: u32 = 31_536_000;

/// A project is a job from now on, expected by a schedule and told of by pings. What was there
/// before is replaced, its address with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobScheduled {
    /// Which project.
    pub project: ProjectId,
    /// What the ping is found by: the first part of its token.
    pub ping: Arc<str>,
    /// Hash of the rest of the token, which is not kept.
    pub hash: Arc<str>,
    /// Seconds between two runs, if that is the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_s: Option<u32>,
    /// A line of crontab, if that is the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Arc<str>>,
    /// The time zone of the line; UTC if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<Arc<str>>,
    /// Seconds that it may be late, and that a run may last.
    pub grace_s: u32,
    /// Who scheduled it.
    pub actor: Arc<str>,
}

/// A project is a job no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobUnscheduled {
    /// Which project.
    pub project: ProjectId,
    /// Its ping.
    pub ping: Arc<str>,
    /// Who said so.
    pub actor: Arc<str>,
}

/// A run of a job has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStarted {
    /// Which project.
    pub project: ProjectId,
}

impl Validate for JobScheduled {}
impl Validate for JobUnscheduled {}
impl Validate for JobStarted {}

impl Validate for Registered {
    fn validate(&self) -> Result<(), DataError> {
        if let Some(name) = &self.name {
            check::name("name", name)?;
        }
        for (i, tag) in self.tags.iter().flatten().enumerate() {
            check::name(&format!("tags/{i}"), tag)?;
        }
        Ok(())
    }
}

impl Validate for Validated {
    fn validate(&self) -> Result<(), DataError> {
        check::range("duration_ms", self.duration_ms, 0.0, check::MAX_DURATION_MS)
    }
}

impl Validate for Requested {
    fn validate(&self) -> Result<(), DataError> {
        check::range("duration_ms", Some(self.duration_ms), 0.0, check::MAX_DURATION_MS)?;
        check::range("status_code", self.status_code.map(f64::from), 100.0, 599.0)
    }
}
