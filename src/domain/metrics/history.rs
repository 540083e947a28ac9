//! What is kept of the past of metrics: how the values of each series were spread in each step.

use super::state::{SeriesKey, State};
use super::{Event, Observed};
use crate::domain::range::Range;
use crate::domain::rollup::{Rollups, Steps, finest};
use crate::domain::sketch::Sketch;
use crate::domain::window::DAY;
use crate::wire::{Stamp, Timestamp};
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A sketch knows count, sum, least and greatest exactly, and quantiles to 1 %.
const ROLLUPS: Rollups<Sketch> = Rollups::new("metric_rollups");
/// How long a series that has no place must have been silent to make room for another, in
/// milliseconds.
const SILENT: i64 = 2 * DAY;

/// Labels of a series.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// A series that has a past.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    id: i64,
    /// What tells it from others of its name.
    pub labels: Labels,
    /// What its values count, if that was told.
    pub unit: Option<Arc<str>>,
}

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Pending(BTreeMap<SeriesKey, Added>);

#[derive(Debug, Default)]
struct Added {
    unit: Option<Arc<str>>,
    last_at: Timestamp,
    steps: BTreeMap<Timestamp, Sketch>,
}

impl Pending {
    /// Takes in an event; it counts in the step of its own time.
    pub fn add(&mut self, stamp: &Stamp, event: Event) {
        let Event::Observed(Observed { name, value, unit, labels }) = event;
        let added = self.0.entry(SeriesKey { name, labels }).or_default();
        if stamp.time >= added.last_at {
            added.last_at = stamp.time;
            added.unit = unit.or_else(|| added.unit.take());
        }
        added.steps.entry(finest(stamp.time)).or_default().add(value);
    }

    /// Names of the metrics that change.
    pub fn touched(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.keys().map(|key| &key.name)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        let mut steps = Steps::new();
        for (key, added) in &self.0 {
            let Some(id) = place(tx, key, added)? else { continue };
            let series: Arc<str> = id.to_string().into();
            for (at, sketch) in &added.steps {
                steps.insert((series.clone(), *at), sketch.clone());
            }
        }
        ROLLUPS.write(tx, &steps)
    }
}

/// SQL that makes the tables.
pub fn schema() -> String {
    format!(
        "{}
         CREATE TABLE metric_series (id INTEGER PRIMARY KEY, name TEXT NOT NULL,
            labels TEXT NOT NULL, unit TEXT, last_at INTEGER NOT NULL, UNIQUE (name, labels));
         CREATE INDEX metric_series_last ON metric_series (last_at);",
        ROLLUPS.schema()
    )
}

/// The id of a series, made if it is new; none if there is no room for it.
fn place(tx: &Connection, key: &SeriesKey, added: &Added) -> Result<Option<i64>> {
    let labels = json(&key.labels)?;
    let known: Option<i64> = tx
        .prepare_cached(
            "UPDATE metric_series SET last_at = max(last_at, ?3),
                unit = CASE WHEN ?3 >= last_at THEN coalesce(?4, unit) ELSE unit END
             WHERE name = ?1 AND labels = ?2 RETURNING id",
        )?
        .query_row(params![key.name, labels, added.last_at.ms(), added.unit], |row| row.get(0))
        .optional()?;
    if known.is_some() {
        return Ok(known);
    }
    // Ids are given one after the other, so the last one says how many there are at most.
    let last: Option<i64> =
        tx.prepare_cached("SELECT max(id) FROM metric_series")?.query_row([], |row| row.get(0))?;
    let full = last.is_some_and(|last| last >= State::MAX as i64);
    let id = if full { freed(tx, added.last_at)? } else { Some(last.unwrap_or(0) + 1) };
    let Some(id) = id else { return Ok(None) };
    tx.prepare_cached("INSERT INTO metric_series VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, key.name, labels, added.unit, added.last_at.ms()])?;
    Ok(Some(id))
}

/// The place of the series that has been silent for longest, which is forgotten; none if even that
/// one is not silent.
fn freed(tx: &Connection, now: Timestamp) -> Result<Option<i64>> {
    let oldest: Option<i64> = tx
        .prepare_cached("SELECT id FROM metric_series WHERE last_at < ?1 ORDER BY last_at LIMIT 1")?
        .query_row([now.plus(-SILENT).ms()], |row| row.get(0))
        .optional()?;
    if let Some(id) = oldest {
        ROLLUPS.forget(tx, &id.to_string())?;
        tx.prepare_cached("DELETE FROM metric_series WHERE id = ?1")?.execute([id])?;
    }
    Ok(oldest)
}

/// Forgets what is old of the next `count` series after `after`; returns the last one it looked
/// at, none at the end.
///
/// # Errors
/// The database cannot be written.
pub fn prune(
    tx: &Connection,
    after: Option<&str>,
    count: usize,
    now: Timestamp,
) -> Result<Option<String>> {
    Ok(ROLLUPS.prune(tx, after, count, now)?.pop())
}

/// Series of a metric that have these labels, and maybe more, in the order of their labels; at
/// most `most` of them.
///
/// # Errors
/// The database cannot be read.
pub fn series(db: &Connection, name: &str, labels: &Labels, most: usize) -> Result<Vec<Series>> {
    let mut statement = db.prepare_cached(
        "SELECT id, labels, unit FROM metric_series WHERE name = ?1 ORDER BY labels",
    )?;
    let mut rows = statement.query([name])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let had: Labels = read(row.get_ref(1)?.as_str()?)?;
        if labels.iter().all(|(label, value)| had.get(label) == Some(value)) {
            found.push(Series { id: row.get(0)?, labels: had, unit: row.get(2)? });
            if found.len() >= most {
                break;
            }
        }
    }
    Ok(found)
}

/// The steps of the range in which a series had values, and how they were spread, oldest first.
///
/// # Errors
/// The database cannot be read.
pub fn steps(db: &Connection, series: &Series, range: &Range) -> Result<Vec<(Timestamp, Sketch)>> {
    ROLLUPS.read(db, &series.id.to_string(), range)
}

fn json(labels: &Labels) -> Result<String> {
    serde_json::to_string(labels)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Text that is not what was written means a damaged file.
fn read(text: &str) -> Result<Labels> {
    serde_json::from_str(text).map_err(|error| {
        let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        rusqlite::Error::SqliteFailure(corrupt, Some(error.to_string()))
    })
}
