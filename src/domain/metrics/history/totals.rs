//! All series of a name as one, so that a question about all of them costs what one about a single
//! series does, however many there are.
//!
//! A name has a total once it has more than [`MANY`] series: of few, all are soon read, and most
//! names have one. What a series had measured stays in it when that series makes room for others. It
//! ends with the last series of the name.

use super::{Labels, ROLLUPS, Series};
use crate::domain::rollup::Steps;
use crate::domain::sketch::Sketch;
use crate::wire::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Series of a name that are read one by one.
pub const MANY: usize = 8;
/// What the key of its rollups begins with; those of series are numbers.
const MARK: char = 't';

/// No id is given twice, since rollups outlive their total.
pub(super) const SCHEMA: &str = "CREATE TABLE metric_totals (id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE);";

/// What a batch adds to the totals of names, besides what their series do.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Names that have many series.
    many: BTreeSet<Arc<str>>,
    /// Names that had no series any more.
    ended: BTreeSet<Arc<str>>,
    /// What series had measured in this batch before they made room.
    left: BTreeMap<Arc<str>, BTreeMap<Timestamp, Sketch>>,
}

impl Pending {
    /// A name has so many series now.
    pub fn counts(&mut self, name: &Arc<str>, series: usize) {
        if series > MANY && !self.many.contains(name) {
            self.many.insert(name.clone());
        }
    }

    /// One has made room, so that there are so many; with what the batch had of it.
    pub fn leaves(
        &mut self,
        name: &Arc<str>,
        series: usize,
        had: Option<BTreeMap<Timestamp, Sketch>>,
    ) {
        if series == 0 {
            self.left.remove(name);
            self.many.remove(name);
            self.ended.insert(name.clone());
            return;
        }
        let left = self.left.entry(name.clone()).or_default();
        for (at, sketch) in had.into_iter().flatten() {
            left.entry(at).or_default().merge(&sketch);
        }
    }

    /// Whether a name had no series any more.
    pub fn has_ended(&self, name: &Arc<str>) -> bool {
        self.ended.contains(name)
    }

    /// Lets go of totals of names that had no series any more, and begins those of names that have
    /// many: they hold what all series have measured that are in the tables, before the batch.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn begin(&self, tx: &Connection) -> Result<()> {
        for name in &self.ended {
            tx.prepare_cached("DELETE FROM metric_totals WHERE name = ?1")?.execute([name])?;
        }
        for name in &self.many {
            if key(tx, name)?.is_some() {
                continue;
            }
            let id: i64 = tx
                .prepare_cached("INSERT INTO metric_totals (name) VALUES (?1) RETURNING id")?
                .query_row([name], |row| row.get(0))?;
            let mut ids = tx.prepare_cached("SELECT id FROM metric_series WHERE name = ?1")?;
            let series = ids.query_map([name], |row| Ok(row.get::<_, i64>(0)?.to_string()))?;
            ROLLUPS.unite(tx, series, &named(id))?;
        }
        Ok(())
    }

    /// Adds to `steps` those of totals: what the batch holds of `series`, which come in the order of
    /// their names, and of those that made room meanwhile.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn add<'a>(
        &'a self,
        tx: &Connection,
        series: impl Iterator<Item = (&'a Arc<str>, &'a BTreeMap<Timestamp, Sketch>)>,
        steps: &mut Steps<Sketch>,
    ) -> Result<()> {
        let mut last: Option<(&Arc<str>, Option<Arc<str>>)> = None;
        for (name, of_series) in series.chain(&self.left) {
            let key = match last.take().filter(|(of, _)| *of == name) {
                Some((_, key)) => key,
                None => key(tx, name)?.map(Arc::from),
            };
            if let Some(key) = &key {
                for (at, sketch) in of_series {
                    steps.entry((key.clone(), *at)).or_default().merge(sketch);
                }
            }
            last = Some((name, key));
        }
        Ok(())
    }
}

/// What the rollups of a total are kept under.
fn named(id: i64) -> String {
    format!("{MARK}{id}")
}

/// The same of a name, if it has a total.
fn key(db: &Connection, name: &str) -> Result<Option<String>> {
    db.prepare_cached("SELECT id FROM metric_totals WHERE name = ?1")?
        .query_row([name], |row| row.get(0).map(named))
        .optional()
}

/// All series of a metric as one; none if there are few, or no such metric.
///
/// # Errors
/// The database cannot be read.
pub fn total(db: &Connection, name: &str) -> Result<Option<Series>> {
    let Some(key) = key(db, name)? else { return Ok(None) };
    let unit = db
        .prepare_cached(
            "SELECT unit FROM metric_series WHERE name = ?1 AND unit IS NOT NULL
             ORDER BY labels LIMIT 1",
        )?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(Some(Series { key, labels: Labels::new(), unit }))
}

/// Whether the total is there whose rollups are kept under `key`; none if it is no key of a total.
pub(super) fn is_there(db: &Connection, key: &str) -> Result<Option<bool>> {
    let Some(id) = key.strip_prefix(MARK) else { return Ok(None) };
    db.prepare_cached("SELECT 1 FROM metric_totals WHERE id = ?1")?
        .exists([id.parse::<i64>().unwrap_or_default()])
        .map(Some)
}
