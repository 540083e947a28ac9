//! What is kept of the past of projects: every run, rollups of each project and of all of them,
//! and scores as they changed.

use super::state::kept;
use super::tally::kind;
use super::{
    ErrorRate, ErrorRates, Event, ProjectId, ResponseTimes, Run, TrendPoint, Validated,
    ValidationRates, ValidationStatus,
};
use crate::domain::levels::{Levels, Noted};
use crate::domain::range::Range;
use crate::domain::rollup::{Rollups, Steps, finest};
use crate::domain::sketch::{RELATIVE_ERROR, Sketch};
use crate::domain::window::Bucket;
use crate::wire::{Stamp, Timestamp};
use rusqlite::{Connection, Result, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The series of all projects together; no project has such a name.
pub const ALL: &str = "";
/// Types of errors that a step counts one by one.
const MAX_TYPES: usize = 64;
/// Where errors go whose type has found no place.
const OTHER: &str = "other";

const ROLLUPS: Rollups<Rollup> = Rollups::new("project_rollups");
const SCORES: Levels = Levels::new("scores");

/// What happened in a step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rollup {
    /// Events, of whatever type.
    pub events: u64,
    /// Passed, failed, broken and skipped runs.
    pub runs: [u64; 4],
    /// Errors of runs.
    pub errors: u64,
    /// The same by type, a bounded number of them.
    pub types: BTreeMap<Arc<str>, u64>,
    /// Run times in milliseconds, but for skipped runs.
    pub durations: Sketch,
    /// Response times in milliseconds.
    pub responses: Sketch,
}

impl Bucket for Rollup {
    fn merge(&mut self, other: &Self) {
        self.events += other.events;
        for (n, more) in self.runs.iter_mut().zip(other.runs) {
            *n += more;
        }
        self.errors += other.errors;
        for (kind, count) in &other.types {
            self.count(kind, *count);
        }
        self.durations.merge(&other.durations);
        self.responses.merge(&other.responses);
    }
}

impl Rollup {
    fn count(&mut self, kind: &Arc<str>, count: u64) {
        // One place stays free for `other` itself.
        let room = self.types.contains_key(kind) || self.types.len() + 1 < MAX_TYPES;
        let kind = if room { kind.clone() } else { OTHER.into() };
        let n = self.types.entry(kind).or_default();
        *n = n.saturating_add(count);
    }

    fn add(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::Registered(_)
            | Event::JobScheduled(_)
            | Event::JobUnscheduled(_)
            | Event::JobStarted(_) => {}
            Event::Requested(request) => self.responses.add(request.duration_ms),
            Event::Validated(run) => self.run(run),
        }
    }

    fn run(&mut self, run: &Validated) {
        let [passed, failed, error, skipped] = &mut self.runs;
        *match run.status {
            ValidationStatus::Passed => passed,
            ValidationStatus::Failed => failed,
            ValidationStatus::Error => error,
            ValidationStatus::Skipped => skipped,
        } += 1;
        if let Some(ms) = run.duration_ms.filter(|_| run.status != ValidationStatus::Skipped) {
            self.durations.add(ms);
        }
        for error in run.errors.iter().filter(|error| error.count > 0) {
            self.errors = self.errors.saturating_add(u64::from(error.count));
            self.count(&kind(error), u64::from(error.count));
        }
    }

    /// Run results with their rates.
    pub fn validations(&self) -> ValidationRates {
        let [passed, failed, error, skipped] = self.runs;
        let ran = passed + failed + error;
        let rate = |n: u64| (ran > 0).then(|| n as f64 / ran as f64);
        let (success_rate, failure_rate) = (rate(passed), rate(failed + error));
        let total = ran + skipped;
        ValidationRates { success_rate, failure_rate, total, passed, failed, error, skipped }
    }

    /// Errors by type, over this many hours.
    pub fn error_rates(&self, hours: f64) -> ErrorRates {
        let rate = |(kind, &count): (&Arc<str>, &u64)| ErrorRate {
            kind: kind.clone(),
            count,
            rate_per_hour: count as f64 / hours,
        };
        let mut by_type: Vec<_> = self.types.iter().map(rate).collect();
        by_type.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.kind.cmp(&b.kind)));
        ErrorRates { total: self.errors, by_type }
    }

    /// Percentiles of response times.
    pub fn response_times(&self) -> ResponseTimes {
        let all = &self.responses;
        let [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map(|q| all.quantile(q));
        let (min, max, mean) = (all.min(), all.max(), all.mean());
        let (count, relative_error) = (all.count(), RELATIVE_ERROR);
        ResponseTimes { count, min, max, mean, p50, p90, p95, p99, relative_error }
    }
}

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Pending {
    steps: Steps<Rollup>,
    runs: Vec<(ProjectId, Run)>,
    scores: Noted,
}

impl Pending {
    /// Takes in an event; it counts in the step of its own time.
    pub fn add(&mut self, stamp: &Stamp, event: &Event) {
        let id = event.project();
        self.steps.entry((id.0.clone(), finest(stamp.time))).or_default().add(event);
        if let Event::Validated(run) = event {
            self.runs.push((id.clone(), kept(stamp, run)));
        }
    }

    /// Takes in a score that holds from `at` on; no project means all of them.
    pub fn score(&mut self, project: Option<&ProjectId>, at: Timestamp, value: f64) {
        let series = project.map_or_else(|| ALL.into(), |id| id.0.clone());
        self.scores.insert((series, finest(at)), value);
    }

    /// Every series that changes, [`ALL`] among them only if its score does.
    pub fn touched(&self) -> impl Iterator<Item = &Arc<str>> {
        let steps = self.steps.keys().map(|(series, _)| series);
        steps.chain(self.scores.keys().map(|(series, _)| series))
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        ROLLUPS.write(tx, &self.steps)?;
        let mut all = Steps::new();
        for ((_, at), step) in &self.steps {
            all.entry((ALL.into(), *at)).or_insert_with(Rollup::default).merge(step);
        }
        ROLLUPS.write(tx, &all)?;
        let mut insert =
            tx.prepare_cached("INSERT OR REPLACE INTO runs VALUES (?1, ?2, ?3, ?4)")?;
        for (id, run) in &self.runs {
            let json = serde_json::to_string(run)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            insert.execute(params![id.as_str(), run.at.ms(), run.seq as i64, json])?;
        }
        SCORES.write(tx, &self.scores)
    }
}

/// SQL that makes the tables.
pub fn schema() -> String {
    let (rollups, scores) = (ROLLUPS.schema(), SCORES.schema());
    format!(
        "{rollups}{scores}
         CREATE TABLE runs (project TEXT NOT NULL, at INTEGER NOT NULL,
            seq INTEGER NOT NULL, run TEXT NOT NULL, PRIMARY KEY (project, at, seq)) WITHOUT ROWID;"
    )
}

/// Forgets what is old of the next `count` projects after `after`; returns the last one it looked
/// at, none at the end. Runs are kept for `runs_ms` milliseconds.
///
/// # Errors
/// The database cannot be written.
pub fn prune(
    tx: &Connection,
    after: Option<&str>,
    count: usize,
    now: Timestamp,
    runs_ms: i64,
) -> Result<Option<String>> {
    let mut seen = ROLLUPS.prune(tx, after, count, now)?;
    for series in &seen {
        tx.prepare_cached("DELETE FROM runs WHERE project = ?1 AND at < ?2")?
            .execute(params![series, now.plus(-runs_ms).ms()])?;
        SCORES.prune(tx, series, now)?;
    }
    Ok(seen.pop())
}

/// The steps of a project (or [`ALL`]) in which something happened, oldest first.
///
/// # Errors
/// The database cannot be read.
pub fn rollups(db: &Connection, series: &str, range: &Range) -> Result<Vec<(Timestamp, Rollup)>> {
    ROLLUPS.read(db, series, range)
}

/// The score at the end of each step of the range: the last one noted up to then.
///
/// # Errors
/// The database cannot be read.
pub fn scores(
    db: &Connection,
    series: &str,
    range: &Range,
) -> Result<Vec<(Timestamp, Option<f64>)>> {
    SCORES.read(db, series, range)
}

/// A project's history: a point for every step of the range.
///
/// # Errors
/// The database cannot be read.
pub fn trend(db: &Connection, id: &ProjectId, range: &Range) -> Result<Vec<TrendPoint>> {
    let mut steps = rollups(db, id.as_str(), range)?.into_iter().peekable();
    let scores = scores(db, id.as_str(), range)?;
    let point = |(at, score)| {
        let (_, step) = steps.next_if(|(t, _)| *t == at).unwrap_or_default();
        let success_rate = step.validations().success_rate;
        TrendPoint {
            at,
            score,
            success_rate,
            errors: step.errors,
            p95_ms: step.durations.quantile(0.95),
        }
    };
    Ok(scores.into_iter().map(point).collect())
}

/// A project's runs, newest first, at most `limit` of them, older than the one at `after`.
///
/// # Errors
/// The database cannot be read.
pub fn runs(
    db: &Connection,
    id: &ProjectId,
    limit: usize,
    after: Option<(Timestamp, u64)>,
) -> Result<Vec<Run>> {
    let mut statement = db.prepare_cached(
        "SELECT run FROM runs WHERE project = ?1 AND (at, seq) < (?2, ?3)
         ORDER BY at DESC, seq DESC LIMIT ?4",
    )?;
    let (at, seq) = after.map_or((i64::MAX, i64::MAX), |(at, seq)| (at.ms(), seq as i64));
    let mut rows = statement.query(params![id.as_str(), at, seq, limit as i64])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let run = serde_json::from_str(row.get_ref(0)?.as_str()?).map_err(|error| {
            let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            rusqlite::Error::SqliteFailure(corrupt, Some(error.to_string()))
        })?;
        runs.push(run);
    }
    Ok(runs)
}
