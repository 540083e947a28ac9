//! Answers to range queries, each under its query and the version of what it is about.
//!
//! A write that matters to a query moves the version, and so the key: a stale answer cannot be
//! found. It is pushed out by newer ones. The version counts writes rather than naming a position
//! of the journal, since a score can change where no event came.

use super::metrics::{MetricFound, MetricQuery};
use super::trading::{TradesQuery, Whose};
use crate::domain::projects::{Metrics, ProjectId, Run, TrendPoint};
use crate::domain::range::Range;
use crate::domain::summary::RatePoint;
use crate::domain::system::{CacheInternals, HostPoint};
use crate::domain::trading::TradeItem;
use crate::domain::trading::history as trading;
use crate::domain::work::history::{Found, Known};
use crate::domain::work::{QueuePoint, TaskFilter, TaskItem};
use crate::pipeline::cache_meter::CacheMeter;
use crate::pipeline::changed::Part;
use crate::wire::{ApiError, Timestamp};
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of answers that are kept, as far as they can be told.
const MAX_BYTES: u64 = 32 << 20;
/// How long an answer is kept that nobody asks for.
const IDLE: Duration = Duration::from_secs(300);
/// Projects and hosts whose last write is known; beyond that all of them count as written to.
const MAX_SCOPES: usize = 50_000;
/// What an answer takes besides its points.
const OVERHEAD: usize = 256;

/// What a query is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Anything.
    All,
    /// One project.
    Project(Arc<str>),
    /// One host.
    Host(Arc<str>),
    /// Tasks and queues.
    Work,
    /// A metric, all its series.
    Metric(Arc<str>),
    /// Trades, prices and cash.
    Trading,
    /// Trades alone.
    Trades,
    /// Trades, prices and cash of days that were over when they were asked for.
    TradingPast,
    /// All of a part of the board.
    Part(Part),
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Query {
    /// Runs of a project.
    Runs(ProjectId, usize, Option<(Timestamp, u64)>),
    /// A project's history.
    Trend(ProjectId, Range),
    /// Figures over a window.
    Metrics(Option<ProjectId>, Range),
    /// A host's history.
    Host(Arc<str>, Range),
    /// How much came in.
    Rates(Range),
    /// Tasks that match.
    Tasks(TaskFilter, usize, Option<(Timestamp, Arc<str>)>),
    /// One task.
    Task(Arc<str>),
    /// A queue's history.
    Queue(Option<Arc<str>>, Range),
    /// Series of a metric.
    Metric(MetricQuery),
    /// Trades that match.
    Trades(TradesQuery),
    /// The equity over a range.
    Equity(Whose, Range),
    /// The equity of every day before this one.
    Days(Whose, Timestamp),
}

impl Query {
    fn scope(&self) -> Scope {
        match self {
            Self::Runs(id, ..) | Self::Trend(id, _) | Self::Metrics(Some(id), _) => {
                Scope::Project(id.as_str().into())
            }
            Self::Host(name, _) => Scope::Host(name.clone()),
            Self::Metrics(None, _) | Self::Rates(_) => Scope::All,
            Self::Tasks(..) | Self::Task(_) | Self::Queue(..) => Scope::Work,
            Self::Metric(query) => Scope::Metric(query.name.clone()),
            Self::Trades(_) => Scope::Trades,
            Self::Equity(..) => Scope::Trading,
            Self::Days(..) => Scope::TradingPast,
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To [`Query::Runs`].
    Runs(Arc<Vec<Run>>),
    /// To [`Query::Trend`].
    Trend(Arc<Vec<TrendPoint>>),
    /// To [`Query::Metrics`]; its rates are over the whole of the range.
    Metrics(Arc<Metrics>),
    /// To [`Query::Host`].
    Host(Arc<Vec<HostPoint>>),
    /// To [`Query::Rates`].
    Rates(Arc<Vec<RatePoint>>),
    /// To [`Query::Tasks`].
    Tasks(Arc<Found>),
    /// To [`Query::Task`].
    Task(Arc<Option<Known>>),
    /// To [`Query::Queue`].
    Queue(Arc<Vec<QueuePoint>>),
    /// To [`Query::Metric`].
    Metric(Arc<MetricFound>),
    /// To [`Query::Trades`].
    Trades(Arc<trading::Found>),
    /// To [`Query::Equity`] and [`Query::Days`].
    Equity(Arc<trading::Course>),
}

impl Answer {
    fn bytes(&self) -> usize {
        let of = |each: usize, count: usize| OVERHEAD + each * count;
        match self {
            // A run with its errors; most are far shorter.
            Self::Runs(all) => of(4_096, all.len()),
            Self::Trend(all) => of(size_of::<TrendPoint>(), all.len()),
            Self::Metrics(all) => of(64, all.health_trend.len() + 2 * all.errors.by_type.len()),
            Self::Host(all) => of(size_of::<HostPoint>(), all.len()),
            Self::Rates(all) => of(size_of::<RatePoint>(), all.len()),
            // With its texts.
            Self::Tasks(found) => of(2 * size_of::<TaskItem>(), found.items.len()),
            Self::Task(known) => known.as_ref().as_ref().map_or(OVERHEAD, Known::bytes),
            Self::Queue(all) => of(size_of::<QueuePoint>(), all.len()),
            Self::Metric(found) => match &**found {
                MetricFound::Series(_, all) => {
                    OVERHEAD + all.iter().map(|it| of(16, it.points.len())).sum::<usize>()
                }
                MetricFound::Apart(_) | MetricFound::TooFine(..) => OVERHEAD,
            },
            // With its texts.
            Self::Trades(found) => of(2 * size_of::<TradeItem>(), found.items.len()),
            Self::Equity(course) => OVERHEAD + super::trading::bytes(course),
        }
    }
}

/// When what was last written to, in writes since the start.
#[derive(Debug, Default)]
struct Versions {
    now: u64,
    /// What is not in the map was written to then, if at all.
    floor: u64,
    of: HashMap<Scope, u64>,
}

/// The cache.
#[derive(Debug)]
pub struct Cache {
    answers: moka::future::Cache<(Query, u64), Answer>,
    versions: Mutex<Versions>,
    /// The latest day, in epoch milliseconds, before which days of trading were asked for.
    asked_before: AtomicI64,
    meter: Arc<CacheMeter>,
}

impl Cache {
    pub fn new() -> Self {
        let meter = Arc::new(CacheMeter::default());
        let counted = meter.clone();
        let answers = moka::future::Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, answer: &Answer| u32::try_from(answer.bytes()).unwrap_or(u32::MAX))
            .time_to_idle(IDLE)
            .eviction_listener(move |_, _, _| counted.evicted())
            .build();
        let asked_before = AtomicI64::new(i64::MIN);
        Self { answers, versions: Mutex::default(), asked_before, meter }
    }

    /// The answer to `query`, made by `make` if it is not there. Whoever asks the same at the
    /// same time waits for the one that is being made.
    ///
    /// # Errors
    /// As `make`; an error is not kept.
    pub async fn get(
        &self,
        query: Query,
        make: impl Future<Output = Result<Answer, ApiError>>,
    ) -> Result<Answer, ApiError> {
        // Read before the query runs: an answer may be newer than its key says, never older.
        let version = self.version(&query.scope());
        let mut made = false;
        let make = async {
            made = true;
            make.await
        };
        let found = self.answers.try_get_with((query, version), make).await;
        self.meter.count(!made);
        found.map_err(|error: Arc<ApiError>| (*error).clone())
    }

    /// Moves the keys of every query about one of `scopes`, or about everything.
    pub fn touch(&self, scopes: impl Iterator<Item = Scope>) {
        let mut versions = self.versions();
        versions.now += 1;
        let now = versions.now;
        versions.of.extend(scopes.chain([Scope::All]).map(|scope| (scope, now)));
        if versions.of.len() > MAX_SCOPES {
            versions.of.clear();
            versions.floor = now;
        }
    }

    /// To be said before the days of trading before `today` are asked for: whoever writes into
    /// them is to touch them. What was committed before that is seen by the reader itself.
    pub fn asks_before(&self, today: Timestamp) {
        self.asked_before.fetch_max(today.ms(), Ordering::SeqCst);
    }

    /// Whether days of trading that hold `at` were asked for as over.
    pub fn asked_before(&self, at: Timestamp) -> bool {
        at.ms() < self.asked_before.load(Ordering::SeqCst)
    }

    /// Forgets every answer.
    pub fn forget(&self) {
        let mut versions = self.versions();
        versions.now += 1;
        versions.floor = versions.now;
        versions.of.clear();
        self.answers.invalidate_all();
    }

    /// Moves with every write that matters to a scope.
    pub fn version(&self, scope: &Scope) -> u64 {
        let versions = self.versions();
        versions.of.get(scope).copied().unwrap_or(versions.floor)
    }

    fn versions(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it does.
    pub fn internals(&self) -> CacheInternals {
        self.meter.holds(self.answers.entry_count());
        self.meter.read()
    }
}
