//! What is kept of the past of metrics: how the values of each series were spread in each step.

mod totals;
pub use totals::{MANY, total};

use super::Event;
use super::state::{Changes, SeriesKey, State};
use crate::domain::range::Range;
use crate::domain::rollup::{Rollups, Steps, finest};
use crate::domain::sketch::Sketch;
use crate::wire::{Stamp, Timestamp};
use rusqlite::{Connection, Result, params};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A sketch knows count, sum, least and greatest exactly, and quantiles to 1 %.
const ROLLUPS: Rollups<Sketch> = Rollups::new("metric_rollups");
/// Under which the series of all names made room.
const ALL_NAMES: &str = "";

/// Labels of a series.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// A series that has a past.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What its rollups are kept under.
    key: String,
    /// What tells it from others of its name; nothing if it is all of them together.
    pub labels: Labels,
    /// What its values count, if that was told.
    pub unit: Option<Arc<str>>,
}

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Pending {
    added: BTreeMap<SeriesKey, Added>,
    gone: BTreeSet<SeriesKey>,
    swept: BTreeMap<Arc<str>, Timestamp>,
    totals: totals::Pending,
}

#[derive(Debug, Default)]
struct Added {
    unit: Option<Arc<str>>,
    last_at: Timestamp,
    heard_at: Timestamp,
    steps: BTreeMap<Timestamp, Sketch>,
}

impl Pending {
    /// Takes in an event; what was measured counts in the step of its own time. `places` says which
    /// series have one: it goes through the same as the state does, so that the past of a series is
    /// kept if and only if its present is.
    pub fn add(&mut self, places: &mut State, stamp: &Stamp, event: &Event) {
        for observed in event.observed() {
            let mut changes = Changes::default();
            let placed = places.fold(stamp, observed, &mut changes);
            for key in changes.gone {
                let had = self.added.remove(&key);
                self.totals.leaves(&key.name, places.count(&key.name), had.map(|had| had.steps));
                self.gone.insert(key);
            }
            let swept = changes.swept.into_iter();
            self.swept.extend(swept.map(|(name, at)| (name.unwrap_or(ALL_NAMES.into()), at)));
            if !placed {
                continue;
            }
            let (name, labels) = (observed.name.clone(), observed.labels.clone());
            self.totals.counts(&name, places.count(&name));
            let added = self.added.entry(SeriesKey { name, labels }).or_default();
            if stamp.time >= added.last_at {
                added.last_at = stamp.time;
                added.unit = observed.unit.clone().or_else(|| added.unit.take());
            }
            added.heard_at = stamp.at;
            added.steps.entry(finest(stamp.time)).or_default().add(observed.value);
        }
    }

    /// Names of the metrics that change.
    pub fn touched(&self) -> impl Iterator<Item = &Arc<str>> {
        self.added.keys().chain(&self.gone).map(|key| &key.name)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        let over = |key: &&SeriesKey| self.totals.has_ended(&key.name);
        self.gone.iter().filter(over).try_for_each(|key| leave(tx, key))?;
        self.totals.begin(tx)?;
        self.gone.iter().filter(|key| !over(key)).try_for_each(|key| leave(tx, key))?;
        for (name, at) in &self.swept {
            tx.prepare_cached("INSERT OR REPLACE INTO metric_swept VALUES (?1, ?2)")?
                .execute(params![name, at.ms()])?;
        }
        let mut steps = Steps::new();
        for (key, added) in &self.added {
            let series: Arc<str> = place(tx, key, added)?.to_string().into();
            for (at, sketch) in &added.steps {
                steps.insert((series.clone(), *at), sketch.clone());
            }
        }
        let of_names = self.added.iter().map(|(key, added)| (&key.name, &added.steps));
        self.totals.add(tx, of_names, &mut steps)?;
        ROLLUPS.write(tx, &steps)
    }
}

/// SQL that makes the tables. No id is given twice, since rollups outlive their series.
pub fn schema() -> String {
    format!(
        "{}
         CREATE TABLE metric_series (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
            labels TEXT NOT NULL, unit TEXT, last_at INTEGER NOT NULL, heard_at INTEGER NOT NULL,
            UNIQUE (name, labels));
         CREATE TABLE metric_swept (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
         {}",
        ROLLUPS.schema(),
        totals::SCHEMA
    )
}

/// Which series have a place, as far as the tables have come.
///
/// # Errors
/// The database cannot be read.
pub fn places(db: &Connection) -> Result<State> {
    let mut places = State::default();
    let mut all = db.prepare("SELECT name, labels, heard_at FROM metric_series")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let labels: Labels = read(row.get_ref(1)?.as_str()?)?;
        let key = SeriesKey { name: row.get(0)?, labels };
        places.take_up(key, Timestamp::from_ms(row.get(2)?));
    }
    let mut swept = db.prepare("SELECT name, at FROM metric_swept")?;
    let mut rows = swept.query([])?;
    while let Some(row) = rows.next()? {
        let name: Arc<str> = row.get(0)?;
        let named = Some(&name).filter(|name| ***name != *ALL_NAMES);
        places.note_sweep(named, Timestamp::from_ms(row.get(1)?));
    }
    Ok(places)
}

/// Lets go of a series. What its rollups hold is forgotten bit by bit.
fn leave(tx: &Connection, key: &SeriesKey) -> Result<()> {
    tx.prepare_cached("DELETE FROM metric_series WHERE name = ?1 AND labels = ?2")?
        .execute(params![key.name, json(&key.labels)?])?;
    Ok(())
}

/// The id of a series, made if it is new.
fn place(tx: &Connection, key: &SeriesKey, added: &Added) -> Result<i64> {
    let (labels, last_at, heard_at) = (json(&key.labels)?, added.last_at.ms(), added.heard_at.ms());
    tx.prepare_cached(
        "INSERT INTO metric_series (name, labels, unit, last_at, heard_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name, labels) DO UPDATE SET
            unit = CASE WHEN excluded.last_at >= last_at THEN coalesce(excluded.unit, unit)
                ELSE unit END,
            last_at = max(last_at, excluded.last_at), heard_at = excluded.heard_at
         RETURNING id",
    )?
    .query_row(params![key.name, labels, added.unit, last_at, heard_at], |row| row.get(0))
}

/// Forgets what is old of the next `count` series after `after`, and all of those that are gone;
/// returns the last one it looked at, none at the end.
///
/// # Errors
/// The database cannot be written.
pub fn prune(
    tx: &Connection,
    after: Option<&str>,
    count: usize,
    now: Timestamp,
) -> Result<Option<String>> {
    let mut seen = ROLLUPS.prune(tx, after, count, now)?;
    for id in &seen {
        let there = match totals::is_there(tx, id)? {
            Some(there) => there,
            None => tx
                .prepare_cached("SELECT 1 FROM metric_series WHERE id = ?1")?
                .exists([id.parse::<i64>().unwrap_or_default()])?,
        };
        if !there {
            ROLLUPS.forget(tx, id)?;
        }
    }
    Ok(seen.pop())
}

/// Series of a metric that have these labels, and maybe more, in the order of their labels.
///
/// # Errors
/// The database cannot be read.
pub fn series(db: &Connection, name: &str, labels: &Labels) -> Result<Vec<Series>> {
    let mut statement = db.prepare_cached(
        "SELECT id, labels, unit FROM metric_series WHERE name = ?1 ORDER BY labels",
    )?;
    let mut rows = statement.query([name])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let had: Labels = read(row.get_ref(1)?.as_str()?)?;
        if labels.iter().all(|(label, value)| had.get(label) == Some(value)) {
            let key = row.get::<_, i64>(0)?.to_string();
            found.push(Series { key, labels: had, unit: row.get(2)? });
        }
    }
    Ok(found)
}

/// The steps of the range in which a series had values, and how they were spread, oldest first.
///
/// # Errors
/// The database cannot be read.
pub fn steps(db: &Connection, series: &Series, range: &Range) -> Result<Vec<(Timestamp, Sketch)>> {
    ROLLUPS.read(db, &series.key, range)
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
