//! What can be asked of the past.

use super::History;
use super::cache::{Answer, Query};
use super::reads::ReadError;
use super::store;
use crate::domain::access::history as access;
use crate::domain::access::{AuditFilter, AuditItem};
use crate::domain::projects::history as projects;
use crate::domain::projects::{HealthPoint, Metrics, ProjectId, Run, Throughput, TrendPoint};
use crate::domain::range::Range;
use crate::domain::summary::RatePoint;
use crate::domain::system::HostPoint;
use crate::domain::system::history as system;
use crate::domain::window::Bucket;
use crate::domain::work::history::{self as work, Found, Known};
use crate::domain::work::{QueuePoint, TaskFilter, TaskItem, TaskStep};
use crate::wire::{ApiError, ErrorKind, Seq, Timestamp};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl History {
    /// A project's runs, newest first, and where the next page begins, if there is one.
    ///
    /// # Errors
    /// 503 when the tables cannot be read.
    pub async fn runs(
        &self,
        id: &ProjectId,
        limit: usize,
        after: Option<(Timestamp, u64)>,
    ) -> Result<(Vec<Run>, Option<String>), ApiError> {
        let query = Query::Runs(id.clone(), limit, after);
        let id = id.clone();
        // One more than asked for says whether there is another page.
        let read = move |db: &Connection| {
            Ok(Answer::Runs(Arc::new(projects::runs(db, &id, limit + 1, after)?)))
        };
        let Answer::Runs(runs) = self.ask(query, read).await? else { return Err(mixed_up()) };
        let page: Vec<Run> = runs.iter().take(limit).cloned().collect();
        let last = page.last().filter(|_| runs.len() > limit);
        let next = last.map(|run| format!("{}-{}", run.at.ms(), run.seq));
        Ok((page, next))
    }

    /// A project's history, a point for every step.
    ///
    /// # Errors
    /// 503 when the tables cannot be read.
    pub async fn project_trend(
        &self,
        id: &ProjectId,
        range: Range,
    ) -> Result<Vec<TrendPoint>, ApiError> {
        let query = Query::Trend(id.clone(), range);
        let id = id.clone();
        let read =
            move |db: &Connection| Ok(Answer::Trend(Arc::new(projects::trend(db, &id, &range)?)));
        let Answer::Trend(points) = self.ask(query, read).await? else { return Err(mixed_up()) };
        Ok(Arc::unwrap_or_clone(points))
    }

    /// Figures over a window, of one project or of all; `as_of` and the rates over the part of
    /// the range that has passed at `now` are those of `now`.
    ///
    /// # Errors
    /// 503 when the tables cannot be read.
    pub async fn metrics(
        &self,
        id: Option<&ProjectId>,
        range: Range,
        now: Timestamp,
    ) -> Result<Metrics, ApiError> {
        let query = Query::Metrics(id.cloned(), range);
        let id = id.cloned();
        let read =
            move |db: &Connection| Ok(Answer::Metrics(Arc::new(metrics(db, id.as_ref(), range)?)));
        let Answer::Metrics(found) = self.ask(query, read).await? else { return Err(mixed_up()) };
        let mut metrics = Arc::unwrap_or_clone(found);
        // The last step still runs: rates are over the time that has passed.
        let passed = range.covered_s(now);
        metrics.throughput.events_per_s /= passed;
        for error in &mut metrics.errors.by_type {
            error.rate_per_hour = error.count as f64 / (passed / 3_600.0);
        }
        Ok(metrics)
    }

    /// A host's history, a point for every step.
    ///
    /// # Errors
    /// 503 when the tables cannot be read.
    pub async fn host(&self, name: &Arc<str>, range: Range) -> Result<Vec<HostPoint>, ApiError> {
        let query = Query::Host(name.clone(), range);
        let name = name.clone();
        let read =
            move |db: &Connection| Ok(Answer::Host(Arc::new(system::host(db, &name, &range)?)));
        let Answer::Host(points) = self.ask(query, read).await? else { return Err(mixed_up()) };
        Ok(Arc::unwrap_or_clone(points))
    }

    /// How much came in and how it went, over all, a point for every step.
    ///
    /// # Errors
    /// 503 when the tables cannot be read.
    pub async fn rates(&self, range: Range) -> Result<Vec<RatePoint>, ApiError> {
        let read = move |db: &Connection| Ok(Answer::Rates(Arc::new(rates(db, range)?)));
        let Answer::Rates(points) = self.ask(Query::Rates(range), read).await? else {
            return Err(mixed_up());
        };
        Ok(Arc::unwrap_or_clone(points))
    }

    /// Tasks that match, newest first and those of one moment by id, at most `limit` of them, that
    /// come after the one at `after`; how many match in all, as far as they were counted; and
    /// whether there are more. Whether they are stuck and what is asked of their owners is not in
    /// it: history does not know.
    ///
    /// # Errors
    /// 503 when the tables cannot be read, or not in time.
    pub async fn tasks(
        &self,
        filter: &TaskFilter,
        limit: usize,
        after: Option<(Timestamp, Arc<str>)>,
    ) -> Result<(Vec<TaskItem>, usize, bool), ApiError> {
        let query = Query::Tasks(filter.clone(), limit, after.clone());
        let filter = filter.clone();
        let read = move |db: &Connection| {
            Ok(Answer::Tasks(Arc::new(work::list(db, &filter, limit, after.as_ref())?)))
        };
        let Answer::Tasks(found) = self.ask(query, read).await? else { return Err(mixed_up()) };
        let Found { items, total, more } = Arc::unwrap_or_clone(found);
        Ok((items, total, more))
    }

    /// One task, what came of it and the newest of its steps, oldest first; `None` for one that
    /// nobody has sent anything about.
    ///
    /// # Errors
    /// 503 when the tables cannot be read.
    pub async fn task(
        &self,
        id: &str,
    ) -> Result<Option<(TaskItem, Option<serde_json::Value>, Vec<TaskStep>)>, ApiError> {
        let id: Arc<str> = id.into();
        let query = Query::Task(id.clone());
        let read = move |db: &Connection| Ok(Answer::Task(Arc::new(work::find(db, &id)?)));
        let Answer::Task(known) = self.ask(query, read).await? else { return Err(mixed_up()) };
        Ok(Option::clone(&known).map(|Known { item, result, history, .. }| (item, result, history)))
    }

    /// A queue's history, that of all of them when none is named: a point for every step.
    ///
    /// # Errors
    /// 503 when the tables cannot be read.
    pub async fn queue(
        &self,
        name: Option<Arc<str>>,
        range: Range,
    ) -> Result<Vec<QueuePoint>, ApiError> {
        let query = Query::Queue(name.clone(), range);
        let read = move |db: &Connection| {
            Ok(Answer::Queue(Arc::new(work::queue(db, name.as_deref(), &range)?)))
        };
        let Answer::Queue(points) = self.ask(query, read).await? else { return Err(mixed_up()) };
        Ok(Arc::unwrap_or_clone(points))
    }

    /// Lines of the audit log that match, newest first, at most `limit` of them, from before the
    /// position `before`; and whether there are more. Not kept: hardly anybody asks twice.
    ///
    /// # Errors
    /// 503 when the table cannot be read.
    pub async fn audit(
        &self,
        filter: AuditFilter,
        limit: usize,
        before: Option<Seq>,
    ) -> Result<(Vec<AuditItem>, bool), ApiError> {
        let read = move |db: &Connection| access::list(db, &filter, limit + 1, before);
        let mut items = self.read(read).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok((items, more))
    }

    pub(super) async fn ask(
        &self,
        query: Query,
        read: impl FnOnce(&Connection) -> rusqlite::Result<Answer> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        self.shared.cache.get(query, self.read(read)).await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let shared = &self.shared;
        shared.readers.read(read).await.map_err(|error| {
            if matches!(&error, ReadError::Sqlite(error) if store::is_damage(error)) {
                shared.damaged.store(true, Ordering::Release);
            }
            ApiError::from(error)
        })
    }
}

/// A query answered with another one's answer; a bug.
pub(super) fn mixed_up() -> ApiError {
    ApiError::new(ErrorKind::Internal, "the server mixed up its answers")
}

/// `events_per_s` is the number of events, until it is divided by the time that has passed.
fn metrics(db: &Connection, id: Option<&ProjectId>, range: Range) -> rusqlite::Result<Metrics> {
    let series = id.map_or(projects::ALL, ProjectId::as_str);
    let mut all = projects::Rollup::default();
    for (_, step) in projects::rollups(db, series, &range)? {
        all.merge(&step);
    }
    let events = match id {
        Some(_) => all.events,
        None => system::events(db, &range)?.iter().map(|(_, n)| n).sum(),
    };
    let point = |(at, score)| HealthPoint {
        at,
        score,
        by_project: id.map(|id| BTreeMap::from([(id.to_string(), score)])),
    };
    let trend = projects::scores(db, series, &range)?;
    Ok(Metrics {
        as_of: range.from,
        window_s: range.window_ms.unsigned_abs() / 1_000,
        range,
        validations: all.validations(),
        errors: all.error_rates(1.0),
        response_time_ms: all.response_times(),
        health_trend: trend.into_iter().map(point).collect(),
        throughput: Throughput { events_per_s: events as f64 },
    })
}

fn rates(db: &Connection, range: Range) -> rusqlite::Result<Vec<RatePoint>> {
    let mut steps = projects::rollups(db, projects::ALL, &range)?.into_iter().peekable();
    let mut events = system::events(db, &range)?.into_iter().peekable();
    let scores = projects::scores(db, projects::ALL, &range)?;
    let point = |(at, score)| {
        let (_, step) = steps.next_if(|(t, _)| *t == at).unwrap_or_default();
        let (_, events) = events.next_if(|(t, _)| *t == at).unwrap_or_default();
        let [passed, failed, error, _] = step.runs;
        RatePoint { at, events, score, passed, failed: failed + error, errors: step.errors }
    };
    Ok(scores.into_iter().map(point).collect())
}
