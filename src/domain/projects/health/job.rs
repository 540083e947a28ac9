//! What a job's schedule says about its health.

use super::Facts;
use super::rules::nothing;
use crate::domain::health::{Rule, Seen, Severity, minute, span};
use crate::domain::projects::state::Job;
use crate::domain::projects::{JobItem, JobState, ValidationStatus};
use crate::wire::Timestamp;

/// A job's moments, and what they mean now.
pub(super) struct JobFacts<'a> {
    job: &'a Job,
    now: Timestamp,
    /// When it is expected.
    due: Option<Timestamp>,
    /// Until when it is not late.
    late_at: Option<Timestamp>,
    /// Until when the run that is going on may last.
    overrun_at: Option<Timestamp>,
}

impl<'a> JobFacts<'a> {
    pub fn of(job: &'a Job, now: Timestamp) -> Self {
        let due = job.due();
        let after = |at: Timestamp| at.plus(job.grace_ms());
        Self { job, now, due, late_at: due.map(after), overrun_at: job.started_at.map(after) }
    }

    fn late(&self) -> Option<Timestamp> {
        self.late_at.filter(|at| self.now > *at)
    }

    fn overrunning(&self) -> Option<Timestamp> {
        self.overrun_at.filter(|at| self.now > *at)
    }

    /// Whether it is known to be in trouble though it may never have ended a run.
    pub fn missed(&self) -> bool {
        self.late().or(self.overrunning()).is_some()
    }

    /// The next moment at which this changes though nothing comes.
    pub fn turns(&self) -> Option<Timestamp> {
        let all = [self.late_at, self.overrun_at].into_iter().flatten();
        all.map(|at| at.plus(1)).filter(|at| *at > self.now).min()
    }

    pub fn item(&self, newest: Option<ValidationStatus>) -> JobItem {
        let state = match (self.late(), self.job.started_at, newest) {
            (Some(_), ..) => JobState::Late,
            (None, Some(_), _) => JobState::Running,
            (None, None, None) => JobState::Waiting,
            (None, None, Some(ValidationStatus::Failed | ValidationStatus::Error)) => {
                JobState::Failed
            }
            (None, None, Some(_)) => JobState::Ok,
        };
        let plan = &self.job.plan;
        JobItem {
            every_s: plan.every_s,
            schedule: plan.schedule.clone(),
            tz: plan.tz.clone(),
            grace_s: plan.grace_s,
            state,
            next_due: self.due,
            last_ping_at: self.job.last_at(),
            started_at: self.job.started_at,
        }
    }
}

impl Facts<'_> {
    /// A job has not reported by the end of its grace.
    pub(super) const LATE: Rule<Self> = Rule {
        id: "job.late",
        check: |f| {
            let job = f.job.as_ref()?;
            let late_at = job.late()?;
            // What has passed at least: the exact figure would change every millisecond.
            let allowed = late_at.since(job.job.heard_at()) as f64;
            Some(Seen {
                severity: Severity::Critical,
                points: 60,
                since: late_at,
                value: allowed,
                threshold: allowed,
                unit: "ms",
            })
        },
        message: |f, _| {
            let job = f.job.as_ref();
            let due = job.and_then(|job| job.due).map(minute).unwrap_or_default();
            let last = job.and_then(|job| job.job.last_at()).map(minute);
            match last {
                Some(last) => {
                    format!("{} was expected at {due} and last reported at {last}.", f.name())
                }
                None => format!("{} was expected at {due} and has never reported.", f.name()),
            }
        },
        sample: nothing,
        resolve: |_, _| "A ping, or a schedule that fits the job.".to_owned(),
    };

    /// A run of a job lasts longer than its grace.
    pub(super) const OVERRUNNING: Rule<Self> = Rule {
        id: "job.overrunning",
        check: |f| {
            let job = f.job.as_ref()?;
            let (at, allowed) = (job.overrunning()?, job.job.grace_ms() as f64);
            Some(Seen {
                severity: Severity::Warning,
                points: 10,
                since: at,
                value: allowed,
                threshold: allowed,
                unit: "ms",
            })
        },
        message: |f, seen| {
            let started = f.job.as_ref().and_then(|job| job.job.started_at);
            let (started, allowed) =
                (started.map(minute).unwrap_or_default(), seen.threshold as i64);
            let allowed = span(allowed);
            format!("{} began at {started} and has not ended; its grace is {allowed}.", f.name())
        },
        sample: nothing,
        resolve: |_, _| "A ping that ends the run, or a longer grace.".to_owned(),
    };
}
