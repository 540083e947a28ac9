//! Levels: values that hold until another one is noted (a score, the depth of a queue), at every
//! resolution that is kept. A step shows the last level noted up to its end.

use super::range::{RESOLUTIONS, Range};
use crate::wire::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table of levels of one kind.
#[derive(Debug)]
pub struct Levels {
    table: &'static str,
}

/// What a batch notes, by series and step of the finest resolution; the last of a step stands.
pub type Noted = BTreeMap<(Arc<str>, Timestamp), f64>;

impl Levels {
    /// The table of this name.
    pub const fn new(table: &'static str) -> Self {
        Self { table }
    }

    /// SQL that makes the table.
    pub fn schema(&self) -> String {
        format!(
            "CREATE TABLE {} (res INTEGER NOT NULL, series TEXT NOT NULL, at INTEGER NOT NULL,
             level REAL NOT NULL, PRIMARY KEY (res, series, at)) WITHOUT ROWID;",
            self.table
        )
    }

    /// Writes what a batch notes, at every resolution.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection, noted: &Noted) -> Result<()> {
        let mut insert = tx.prepare_cached(&format!(
            "INSERT OR REPLACE INTO {} VALUES (?1, ?2, ?3, ?4)",
            self.table
        ))?;
        for ((series, at), level) in noted {
            for (res, kept) in RESOLUTIONS.iter().enumerate() {
                insert.execute(params![res as i64, series, at.floor(kept.step_ms).ms(), level])?;
            }
        }
        Ok(())
    }

    /// Forgets the old steps of a series.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn prune(&self, tx: &Connection, series: &str, now: Timestamp) -> Result<()> {
        let mut delete = tx.prepare_cached(&format!(
            "DELETE FROM {} WHERE res = ?1 AND series = ?2 AND at < ?3",
            self.table
        ))?;
        for (res, kept) in RESOLUTIONS.iter().enumerate() {
            let before = now.plus(-kept.keep_ms).floor(kept.step_ms);
            delete.execute(params![res as i64, series, before.ms()])?;
        }
        Ok(())
    }

    /// The level at the end of each step of the range: the last one noted up to then.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn read(
        &self,
        db: &Connection,
        series: &str,
        range: &Range,
    ) -> Result<Vec<(Timestamp, Option<f64>)>> {
        let mut statement = db.prepare_cached(&format!(
            "SELECT at, level FROM {} WHERE res = ?1 AND series = ?2 AND at >= ?3 AND at < ?4
             ORDER BY at",
            self.table
        ))?;
        let asked = params![range.resolution() as i64, series, range.from.ms(), range.to.ms()];
        let noted: Vec<(Timestamp, f64)> = statement
            .query_map(asked, |row| Ok((Timestamp::from_ms(row.get(0)?), row.get(1)?)))?
            .collect::<Result<_>>()?;
        let mut noted = noted.into_iter().peekable();
        let mut level = self.before(db, series, range)?;
        let at_end = |at: Timestamp| {
            while let Some((_, value)) = noted.next_if(|(t, _)| *t < at.plus(range.step_ms)) {
                level = Some(value);
            }
            (at, level)
        };
        Ok(range.steps().map(at_end).collect())
    }

    /// The last level noted before the range. Where the steps it is read from are not kept any
    /// more, coarser ones that end before it are looked at.
    fn before(&self, db: &Connection, series: &str, range: &Range) -> Result<Option<f64>> {
        let mut statement = db.prepare_cached(&format!(
            "SELECT level FROM {} WHERE res = ?1 AND series = ?2 AND at < ?3
             ORDER BY at DESC LIMIT 1",
            self.table
        ))?;
        for (res, kept) in RESOLUTIONS.iter().enumerate() {
            let before = range.from.floor(kept.step_ms).ms();
            let found = statement
                .query_row(params![res as i64, series, before], |row| row.get(0))
                .optional()?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
