//! What is kept of the past of hosts, and how many events came in.

use super::{Event, HostPoint, Sampled};
use crate::domain::range::Range;
use crate::domain::rollup::{Rollups, Steps, finest};
use crate::domain::window::Bucket;
use crate::wire::{Stamp, Timestamp};
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const HOSTS: Rollups<Rollup> = Rollups::new("host_rollups");
const EVENTS: Rollups<u64> = Rollups::new("event_rollups");
/// The one series of events.
const ALL: &str = "";

/// Mean, least and greatest of what was said in a step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Gauge {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Gauge {
    const fn of(value: f64) -> Self {
        Self { count: 1, sum: value, min: value, max: value }
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

impl Bucket for Gauge {
    fn merge(&mut self, other: &Self) {
        if self.count == 0 {
            *self = *other;
        } else if other.count > 0 {
            self.count += other.count;
            self.sum += other.sum;
            (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
        }
    }
}

/// What went through, and in how long.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Flow {
    bytes: u64,
    ms: i64,
}

impl Flow {
    fn per_s(self) -> Option<f64> {
        (self.ms > 0).then(|| self.bytes as f64 * 1_000.0 / self.ms as f64)
    }
}

impl Bucket for Flow {
    fn merge(&mut self, other: &Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.ms = self.ms.saturating_add(other.ms);
    }
}

/// A host in a step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Rollup {
    cpu: Gauge,
    memory: Gauge,
    disk: Gauge,
    load: Gauge,
    rx: Flow,
    tx: Flow,
}

impl Bucket for Rollup {
    fn merge(&mut self, other: &Self) {
        self.cpu.merge(&other.cpu);
        self.memory.merge(&other.memory);
        self.disk.merge(&other.disk);
        self.load.merge(&other.load);
        self.rx.merge(&other.rx);
        self.tx.merge(&other.tx);
    }
}

impl Rollup {
    fn of(sample: &Sampled, traffic: Option<(Flow, Flow)>) -> Self {
        let gauge = |value: Option<f64>| value.map_or_else(Gauge::default, Gauge::of);
        let (rx, tx) = traffic.unwrap_or_default();
        Self {
            cpu: gauge(sample.cpu.map(|cpu| cpu.usage_percent)),
            memory: gauge(sample.memory.map(|memory| memory.percent)),
            disk: gauge(sample.disk.map(|disk| disk.percent)),
            load: gauge(sample.load.map(|[load, ..]| load)),
            rx,
            tx,
        }
    }

    fn point(&self, at: Timestamp) -> HostPoint {
        HostPoint {
            at,
            cpu: self.cpu.mean(),
            cpu_min: self.cpu.mean().map(|_| self.cpu.min),
            cpu_max: self.cpu.mean().map(|_| self.cpu.max),
            memory: self.memory.mean(),
            disk: self.disk.mean(),
            load1: self.load.mean(),
            rx_bytes_per_s: self.rx.per_s(),
            tx_bytes_per_s: self.tx.per_s(),
        }
    }
}

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Pending {
    samples: Vec<(Timestamp, Sampled)>,
    events: Steps<u64>,
}

impl Pending {
    /// Counts an event of whatever domain when it was received. Ticks of the clock do not count;
    /// the samples of this machine do.
    pub fn count(&mut self, stamp: &Stamp) {
        *self.events.entry((ALL.into(), finest(stamp.at))).or_default() += 1;
    }

    /// Takes in an event; it counts in the step of its own time.
    pub fn add(&mut self, stamp: &Stamp, event: &Event) {
        if let Event::Sampled(sample) = event {
            self.samples.push((stamp.time, sample.clone()));
        }
    }

    /// Every host that changes.
    pub fn touched(&self) -> impl Iterator<Item = &Arc<str>> {
        self.samples.iter().map(|(_, sample)| &sample.host)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        let mut steps = Steps::new();
        for (at, sample) in &self.samples {
            let rollup = Rollup::of(sample, traffic(tx, *at, sample)?);
            let key = (sample.host.clone(), finest(*at));
            steps.entry(key).or_insert_with(Rollup::default).merge(&rollup);
        }
        HOSTS.write(tx, &steps)?;
        EVENTS.write(tx, &self.events)
    }
}

/// What went through since the sample before. A counter that fell has been reset and says nothing
/// about the time in between, nor does a sample that comes late.
fn traffic(tx: &Connection, at: Timestamp, sample: &Sampled) -> Result<Option<(Flow, Flow)>> {
    let Some(now) = sample.network else { return Ok(None) };
    let had: Option<(i64, i64, i64)> = tx
        .prepare_cached("SELECT at, rx, tx FROM host_counters WHERE host = ?1")?
        .query_row([&sample.host], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if had.is_some_and(|(then, ..)| then >= at.ms()) {
        return Ok(None);
    }
    // SQLite's integers are signed; the bits are kept.
    tx.prepare_cached("INSERT OR REPLACE INTO host_counters VALUES (?1, ?2, ?3, ?4)")?.execute(
        params![sample.host, at.ms(), now.rx_bytes.cast_signed(), now.tx_bytes.cast_signed()],
    )?;
    Ok(had.and_then(|(then, rx, tx)| {
        let ms = at.since(Timestamp::from_ms(then));
        let flow = |now: u64, had: i64| {
            now.checked_sub(had.cast_unsigned()).map(|bytes| Flow { bytes, ms })
        };
        flow(now.rx_bytes, rx).zip(flow(now.tx_bytes, tx))
    }))
}

/// SQL that makes the tables.
pub fn schema() -> String {
    format!(
        "{}{}
         CREATE TABLE host_counters (host TEXT PRIMARY KEY, at INTEGER NOT NULL,
            rx INTEGER NOT NULL, tx INTEGER NOT NULL) WITHOUT ROWID;",
        HOSTS.schema(),
        EVENTS.schema()
    )
}

/// Forgets what is old of the next `count` hosts after `after`, and old counts of events; returns
/// the last host it looked at, none at the end.
///
/// # Errors
/// The database cannot be written.
pub fn prune(
    tx: &Connection,
    after: Option<&str>,
    count: usize,
    now: Timestamp,
) -> Result<Option<String>> {
    EVENTS.prune(tx, None, 1, now)?;
    Ok(HOSTS.prune(tx, after, count, now)?.pop())
}

/// A host's history: a point for every step of the range.
///
/// # Errors
/// The database cannot be read.
pub fn host(db: &Connection, name: &str, range: &Range) -> Result<Vec<HostPoint>> {
    let mut steps = HOSTS.read(db, name, range)?.into_iter().peekable();
    let point = |at| {
        let (_, step) = steps.next_if(|(t, _)| *t == at).unwrap_or_default();
        step.point(at)
    };
    Ok(range.steps().map(point).collect())
}

/// The steps of the range in which events were received, and how many, oldest first.
///
/// # Errors
/// The database cannot be read.
pub fn events(db: &Connection, range: &Range) -> Result<Vec<(Timestamp, u64)>> {
    EVENTS.read(db, ALL, range)
}
