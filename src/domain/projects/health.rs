//! What a project's figures say about its health, and its row.

mod job;
mod rules;
#[cfg(test)]
mod tests;

use super::state::Project;
use super::tally::trend;
use super::{ErrorCount, JobItem, ProjectItem, ProjectKind, ProjectStatus, Run, WindowTotals};
use crate::domain::health::{Finding, ScorePart, Severity, findings, sent_by, settle};
use crate::domain::percentiles::Percentiles;
use crate::domain::sketch::Sketch;
use crate::domain::window::{DAY, HOUR, MINUTE};
use crate::wire::Timestamp;
use job::JobFacts;
use std::sync::Arc;

/// Shortest quiet that can be stale, however often a project is validated.
const STALE_FLOOR: i64 = 10 * MINUTE;
/// Quiet after which a project is stale whose rhythm is not known.
const STALE_UNKNOWN: i64 = 7 * DAY;

/// What is known of a project at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Its row.
    pub item: ProjectItem,
    /// What its rules found, worst first; their points sum to what its score lacks.
    pub findings: Vec<Finding>,
    /// The next moment at which its row, findings or [`detail`] change though nothing comes.
    pub next: Option<Timestamp>,
}

/// What a project's page shows besides its row.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Run results over 1 h, 24 h and 7 d.
    pub windows: Vec<WindowTotals>,
    /// Response times of the last 24 hours.
    pub response_time_ms: Percentiles,
    /// Error types, most frequent first.
    pub errors: Vec<ErrorCount>,
    /// Newest runs first.
    pub runs: Vec<Run>,
}

/// What the rules look at.
struct Facts<'a> {
    project: &'a Project,
    now: Timestamp,
    day: WindowTotals,
    errors: u64,
    errors_before: u64,
    /// Runs in the 24 hours before: without any there is nothing to compare with.
    runs_before: u64,
    durations: Arc<Sketch>,
    baseline: Arc<Sketch>,
    deadline: Option<Timestamp>,
    job: Option<JobFacts<'a>>,
}

impl<'a> Facts<'a> {
    fn of(project: &'a Project, now: Timestamp) -> Self {
        let tally = &project.tally;
        Self {
            project,
            now,
            day: tally.day.sum(now, DAY).over(DAY),
            errors: tally.errors.sum(now, DAY),
            errors_before: tally.errors.sum_before(now, DAY),
            runs_before: tally.week.sum_before(now, DAY).over(DAY).total,
            durations: project.durations.day(now),
            baseline: project.durations.baseline(now),
            deadline: deadline(project),
            job: project.job.as_deref().map(|job| JobFacts::of(job, now)),
        }
    }

    fn name(&self) -> &str {
        self.project.name()
    }

    fn last_at(&self) -> Option<Timestamp> {
        self.project.recent.front().map(|run| run.at)
    }

    fn stale(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.now > deadline)
    }
}

/// The last moment at which the newest run is not stale yet; `None` without a run, and for a job:
/// its own schedule says when it is missed.
fn deadline(project: &Project) -> Option<Timestamp> {
    if project.job.is_some() {
        return None;
    }
    let usual = project.rhythm.usual();
    let allowed = usual.map_or(STALE_UNKNOWN, |ms| ms.saturating_mul(3).max(STALE_FLOOR));
    project.recent.front().map(|run| run.at.plus(allowed))
}

/// What is known of `project` at `now`.
///
/// A project that is stale or was never validated is `unknown` whatever else was found: it has no
/// score, and its findings cost nothing. The sum of points is what a score lacks from 100.
pub fn assess(project: &Project, now: Timestamp) -> Assessment {
    let facts = Facts::of(project, now);
    let subject = format!("project/{}", project.id);
    let findings = findings(&Facts::RULES, &facts, &subject, &project.id.href());
    let mut findings = sent_by(findings, &project.source);
    let missed = facts.job.as_ref().is_some_and(JobFacts::missed);
    let known = missed || !project.recent.is_empty() && !facts.stale();
    let score = if known {
        Some(settle(&mut findings))
    } else {
        findings.iter_mut().for_each(|f| f.points = 0);
        None
    };
    let worst = findings.first().map(|f| f.severity);
    let status = match worst {
        _ if !known => ProjectStatus::Unknown,
        Some(Severity::Critical) => ProjectStatus::Critical,
        Some(Severity::Warning) => ProjectStatus::Warning,
        Some(Severity::Info) | None => ProjectStatus::Healthy,
    };
    let item = item(&facts, status, score, &findings);
    Assessment { item, next: next(&facts), findings }
}

fn item(f: &Facts, status: ProjectStatus, score: Option<u32>, found: &[Finding]) -> ProjectItem {
    let (project, newest) = (f.project, f.project.recent.front());
    let costly = found.iter().filter(|f| f.points > 0);
    let part =
        |f: &Finding| ScorePart { rule: f.rule.clone(), points: f.points, why: f.message.clone() };
    let hours = project.tally.errors.series(f.now, 24);
    ProjectItem {
        project: project.id.clone(),
        name: project.name().to_owned(),
        owner: project.owner().map(str::to_owned),
        url: project.url().map(str::to_owned),
        tags: project.tags().to_vec(),
        status,
        validation_status: newest.map(|run| run.status),
        score,
        score_parts: costly.map(part).collect(),
        last_validation_at: newest.map(|run| run.at),
        success_rate: f.day.success_rate,
        error_count: f.errors,
        error_trend: trend(f.errors, f.errors_before),
        error_hours: hours
            .map(|(_, n)| n.map_or(0, |&n| u32::try_from(n).unwrap_or(u32::MAX)))
            .collect(),
        duration_ms: f.durations.percentiles(),
        updated_at: project.updated_at,
        stale: f.stale(),
        kind: if f.job.is_some() { ProjectKind::Job } else { ProjectKind::Project },
        job: f.job.as_ref().map(|job| job.item(newest.map(|run| run.status))),
    }
}

fn next(f: &Facts) -> Option<Timestamp> {
    let (project, now) = (f.project, f.now);
    let stale = f.deadline.filter(|_| !f.stale()).map(|deadline| deadline.plus(1));
    let times = [
        stale,
        project.tally.next(now),
        project.durations.next(now),
        project.responses.expires(now, DAY),
        f.job.as_ref().and_then(JobFacts::turns),
    ];
    times.into_iter().flatten().min()
}

/// What the page of `project` shows besides its row.
pub fn detail(project: &Project, now: Timestamp) -> Detail {
    let tally = &project.tally;
    Detail {
        windows: vec![
            tally.hour.sum(now, HOUR).over(HOUR),
            tally.day.sum(now, DAY).over(DAY),
            tally.week.sum(now, 7 * DAY).over(7 * DAY),
        ],
        response_time_ms: project.responses.sum(now, DAY).percentiles(),
        errors: tally.types.counts(now),
        runs: project.recent.iter().map(|run| Run::clone(run)).collect(),
    }
}

/// How the job of `project` is doing at `now`, if it is one.
pub fn job(project: &Project, now: Timestamp) -> Option<JobItem> {
    let job = project.job.as_deref()?;
    Some(JobFacts::of(job, now).item(project.recent.front().map(|run| run.status)))
}
