//! Rollups: what happened in each step, at every resolution that is kept.
//!
//! A table is one series after the other, each in the order of its steps, so that a range is read
//! in one sweep and the newest steps of a series lie together. A batch is merged in memory first:
//! however many events it holds, each step it touches is read and written once.

use super::range::{RESOLUTIONS, Range};
use super::window::Bucket;
use crate::wire::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

/// A table of rollups of one kind.
#[derive(Debug)]
pub struct Rollups<B> {
    table: &'static str,
    /// The coarsest steps are never forgotten.
    forever: bool,
    holds: PhantomData<fn() -> B>,
}

/// What a batch adds to the steps of the finest resolution, by series and step.
pub type Steps<B> = BTreeMap<(Arc<str>, Timestamp), B>;

/// The step of the finest resolution that holds `at`.
pub fn finest(at: Timestamp) -> Timestamp {
    RESOLUTIONS.first().map_or(at, |kept| at.floor(kept.step_ms))
}

impl<B: Bucket + Clone + Serialize + DeserializeOwned> Rollups<B> {
    /// The table of this name.
    pub const fn new(table: &'static str) -> Self {
        Self { table, forever: false, holds: PhantomData }
    }

    /// The same, and its coarsest steps are never forgotten: what is made of all of them together
    /// would be wrong without the first. Shorter ones are forgotten a whole step of the next
    /// resolution at a time, so that what came before any that is kept can be summed up.
    #[must_use]
    pub const fn forever(self) -> Self {
        Self { forever: true, ..self }
    }

    /// SQL that makes the table.
    pub fn schema(&self) -> String {
        format!(
            "CREATE TABLE {} (res INTEGER NOT NULL, series TEXT NOT NULL,
             at INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (res, series, at)) WITHOUT ROWID;",
            self.table
        )
    }

    /// Merges what a batch adds into the steps of every resolution.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub fn write(&self, tx: &Connection, steps: &Steps<B>) -> Result<()> {
        let mut level: Option<Steps<B>> = None;
        for (res, kept) in RESOLUTIONS.iter().enumerate() {
            let from = level.as_ref().unwrap_or(steps);
            let mut coarser = Steps::new();
            for ((series, at), bucket) in from {
                let key = (series.clone(), at.floor(kept.step_ms));
                coarser.entry(key).or_insert_with(B::default).merge(bucket);
            }
            for ((series, at), bucket) in &coarser {
                self.merge(tx, res, series, *at, bucket)?;
            }
            level = Some(coarser);
        }
        Ok(())
    }

    /// Adds what several series hold together to another one.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub fn unite(
        &self,
        tx: &Connection,
        series: impl Iterator<Item = Result<String>>,
        into: &str,
    ) -> Result<()> {
        let mut levels = RESOLUTIONS.map(|_| BTreeMap::<i64, B>::new());
        let mut select = tx.prepare_cached(&format!(
            "SELECT at, data FROM {} WHERE res = ?1 AND series = ?2",
            self.table
        ))?;
        for series in series {
            let series = series?;
            for (res, level) in levels.iter_mut().enumerate() {
                let mut rows = select.query(params![res as i64, series])?;
                while let Some(row) = rows.next()? {
                    let bucket: B = decode(row.get_ref(1)?.as_blob()?)?;
                    level.entry(row.get(0)?).or_default().merge(&bucket);
                }
            }
        }
        for (res, level) in levels.iter().enumerate() {
            for (at, bucket) in level {
                self.merge(tx, res, into, Timestamp::from_ms(*at), bucket)?;
            }
        }
        Ok(())
    }

    fn merge(
        &self,
        tx: &Connection,
        res: usize,
        series: &str,
        at: Timestamp,
        add: &B,
    ) -> Result<()> {
        let table = self.table;
        let res = res as i64;
        let had: Option<Vec<u8>> = tx
            .prepare_cached(&format!(
                "SELECT data FROM {table} WHERE res = ?1 AND series = ?2 AND at = ?3"
            ))?
            .query_row(params![res, series, at.ms()], |row| row.get(0))
            .optional()?;
        let data = match had {
            Some(bytes) => {
                let mut bucket: B = decode(&bytes)?;
                bucket.merge(add);
                encode(&bucket)?
            }
            None => encode(add)?,
        };
        tx.prepare_cached(&format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2, ?3, ?4)"))?
            .execute(params![res, series, at.ms(), data])?;
        Ok(())
    }

    /// The steps of `range` in which something happened, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn read(
        &self,
        db: &Connection,
        series: &str,
        range: &Range,
    ) -> Result<Vec<(Timestamp, B)>> {
        let mut statement = db.prepare_cached(&format!(
            "SELECT at, data FROM {} WHERE res = ?1 AND series = ?2 AND at >= ?3 AND at < ?4
             ORDER BY at",
            self.table
        ))?;
        let asked = params![range.resolution() as i64, series, range.from.ms(), range.to.ms()];
        let mut rows = statement.query(asked)?;
        let mut steps: Vec<(Timestamp, B)> = Vec::new();
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_ms(row.get(0)?).floor(range.step_ms);
            let bucket: B = decode(row.get_ref(1)?.as_blob()?)?;
            match steps.last_mut().filter(|(last, _)| *last == at) {
                Some((_, step)) => step.merge(&bucket),
                None => steps.push((at, bucket)),
            }
        }
        Ok(steps)
    }

    /// Forgets the old steps of the next `count` series after `after`, in the order of their
    /// names; returns those that were looked at, none at the end.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn prune(
        &self,
        tx: &Connection,
        after: Option<&str>,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let mut seen: Vec<String> = Vec::new();
        // The longest kept resolution knows every series.
        let longest = RESOLUTIONS.len() as i64 - 1;
        let sql = |relation: &str| {
            let table = self.table;
            format!("SELECT min(series) FROM {table} WHERE res = ?1 AND series {relation} ?2")
        };
        while seen.len() < count {
            let last = seen.last().map(String::as_str).or(after);
            let next: Option<String> = tx
                .prepare_cached(&sql(if last.is_some() { ">" } else { ">=" }))?
                .query_row(params![longest, last.unwrap_or("")], |row| row.get(0))?;
            let Some(series) = next else { break };
            let short = RESOLUTIONS.len() - usize::from(self.forever);
            for (res, kept) in RESOLUTIONS.iter().take(short).enumerate() {
                let coarser = RESOLUTIONS.get(res + 1).filter(|_| self.forever);
                let whole = coarser.unwrap_or(kept).step_ms;
                tx.prepare_cached(&format!(
                    "DELETE FROM {} WHERE res = ?1 AND series = ?2 AND at < ?3",
                    self.table
                ))?
                .execute(params![
                    res as i64,
                    series,
                    now.plus(-kept.keep_ms).floor(whole).ms()
                ])?;
            }
            seen.push(series);
        }
        Ok(seen)
    }
}

impl<B> Rollups<B> {
    /// Forgets a series.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn forget(&self, tx: &Connection, series: &str) -> Result<()> {
        let mut delete = tx.prepare_cached(&format!(
            "DELETE FROM {} WHERE res = ?1 AND series = ?2",
            self.table
        ))?;
        for res in 0..RESOLUTIONS.len() {
            delete.execute(params![res as i64, series])?;
        }
        Ok(())
    }
}

/// A record as compact bytes.
///
/// # Errors
/// Never for what is kept here: every part of it can be encoded.
pub fn encode<B: Serialize>(bucket: &B) -> Result<Vec<u8>> {
    rmp_serde::to_vec(bucket).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// What [`encode`] wrote.
///
/// # Errors
/// Other bytes mean a damaged file: it is made anew from the journal.
pub fn decode<B: DeserializeOwned>(bytes: &[u8]) -> Result<B> {
    rmp_serde::from_slice(bytes).map_err(|error| {
        let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        rusqlite::Error::SqliteFailure(corrupt, Some(error.to_string()))
    })
}
