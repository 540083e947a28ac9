//! What is known of a project that is a job: when it is expected, and when it last reported.

use crate::domain::projects::JobScheduled;
use crate::domain::projects::schedule::{Cron, zone};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A job. Only runs and starts are kept here; what follows from them is found in health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its schedule, and what its address is known by.
    pub plan: Arc<JobScheduled>,
    /// When it was scheduled.
    pub since: Timestamp,
    /// When the run began that is still going on.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When the newest run ended, by whoever told of it.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
}

impl Job {
    pub(super) fn new(plan: &JobScheduled, at: Timestamp, ended_at: Option<Timestamp>) -> Self {
        Self { plan: Arc::new(plan.clone()), since: at, started_at: None, ended_at }
    }

    /// A run has begun, unless a newer one has ended already.
    pub(super) fn start(&mut self, at: Timestamp) {
        if self.ended_at.is_none_or(|ended| at > ended) {
            self.started_at = self.started_at.max(Some(at));
        }
    }

    /// A run has ended.
    pub(super) fn end(&mut self, at: Timestamp) {
        self.ended_at = self.ended_at.max(Some(at));
        self.started_at = self.started_at.filter(|started| *started > at);
    }

    /// When it last reported that it had begun or ended.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.started_at.max(self.ended_at)
    }

    /// What its next time is counted from.
    pub fn heard_at(&self) -> Timestamp {
        self.last_at().map_or(self.since, |last| last.max(self.since))
    }

    /// How long it may be late, and how long it may run, in milliseconds.
    pub fn grace_ms(&self) -> i64 {
        i64::from(self.plan.grace_s) * 1_000
    }

    /// When it is expected next; none if its schedule cannot be read here.
    pub fn due(&self) -> Option<Timestamp> {
        self.plan.next(self.heard_at())
    }
}

impl JobScheduled {
    /// The first time that the job is expected at after `from`.
    pub fn next(&self, from: Timestamp) -> Option<Timestamp> {
        match (&self.schedule, self.every_s) {
            (Some(line), _) => {
                let zone = zone(self.tz.as_deref()).ok()?;
                Cron::parse(line).ok()?.next(from, &zone)
            }
            (None, every_s) => Some(from.plus(i64::from(every_s?) * 1_000)),
        }
    }
}
