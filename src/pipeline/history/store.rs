//! The file: its tables, its position in the journal, and when it cannot be trusted.

use crate::domain::{access, alerts, metrics, projects, system, trading, work};
use crate::wire::{Cursor, Seq, Timestamp};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Result, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Version of the tables and of what is in them; a file of another one is made anew.
const SCHEMA: i64 = 7;
/// How long the writer waits for a lock. Readers never hold one that it needs.
const BUSY: Duration = Duration::from_secs(2);
/// How long lines of the audit log are kept at least, in milliseconds: a year.
const AUDIT_MS: i64 = 366 * 86_400_000;
const KIB_CACHE: i64 = 16 << 10;

const META: &str = "CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY CHECK (id = 1),
    schema INTEGER NOT NULL, epoch TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL);";

/// The file in a data directory.
pub fn file(dir: &Path) -> PathBuf {
    dir.join("history.db")
}

/// Marks the file as one that cannot be trusted, so that the next start makes it anew. A server
/// that runs meanwhile is not disturbed: it goes on with the file it has.
///
/// # Errors
/// It is there and cannot be written.
pub fn discard(dir: &Path) -> std::io::Result<()> {
    let path = file(dir);
    if !path.exists() {
        return Ok(());
    }
    let mark = || -> Result<()> {
        let connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY)?;
        connection.execute("UPDATE meta SET schema = 0", [])?;
        Ok(())
    };
    match mark() {
        // The next start finds that out by itself.
        Err(error) if is_damage(&error) => Ok(()),
        marked => marked.map_err(std::io::Error::other),
    }
}

/// Removes the file, and what SQLite keeps beside it.
///
/// # Errors
/// It is there and cannot be removed.
pub fn remove(dir: &Path) -> std::io::Result<()> {
    let path = file(dir);
    // The log first: without its database it is nothing, while the reverse would be replayed.
    for suffix in ["-wal", "-shm", ""] {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        match std::fs::remove_file(name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether an error means that the file is not what was written.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// What a transaction adds.
#[derive(Debug, Default)]
pub struct Pending {
    /// Of projects.
    pub projects: projects::history::Pending,
    /// Of hosts, and the count of events.
    pub system: system::history::Pending,
    /// Of tasks and queues.
    pub work: work::history::Pending,
    /// Lines of the audit log.
    pub access: access::history::Pending,
    /// Of alerts.
    pub alerts: alerts::history::Pending,
    /// Of metrics.
    pub metrics: metrics::history::Pending,
    /// Of trades, prices and cash.
    pub trading: trading::history::Pending,
}

/// The file, open for writing. There is one a directory.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    position: Seq,
    at: Timestamp,
    /// The book of trades that was matched again last.
    turn: i64,
    /// There may be more of them.
    behind: bool,
    /// Which series of metrics have a place; it goes ahead of what is committed.
    pub places: metrics::state::State,
}

impl Store {
    /// Opens the file; one that cannot be read or does not go with the journal is thrown away.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(
        dir: &Path,
        journal: &Cursor,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        match Self::open_as_is(dir, journal) {
            Ok(Some(store)) => return Ok(store),
            Ok(None) => tracing::info!("history does not go with the journal; it is made anew"),
            Err(error) => tracing::warn!(%error, "history cannot be read; it is made anew"),
        }
        remove(dir)?;
        Self::open_as_is(dir, journal)?.ok_or_else(|| "history cannot be made".into())
    }

    /// `None` if the file is of another version or another past of the journal.
    fn open_as_is(dir: &Path, journal: &Cursor) -> Result<Option<Self>> {
        let mut connection = Connection::open(file(dir))?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A power cut may undo the last transactions, rows and position alike: what they held is
        // read from the journal again.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.pragma_update(None, "cache_size", -KIB_CACHE)?;
        connection.execute_batch(META)?;
        let meta: Option<(i64, String, i64, i64)> = connection
            .query_row("SELECT schema, epoch, position, at FROM meta", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let (position, at) = match meta {
            None => {
                // Tables that are there without a position are refused here, since they exist.
                let tx = connection.transaction()?;
                tx.execute_batch(&projects::history::schema())?;
                tx.execute_batch(&system::history::schema())?;
                tx.execute_batch(&work::history::schema())?;
                tx.execute_batch(access::history::SCHEMA)?;
                tx.execute_batch(alerts::history::SCHEMA)?;
                tx.execute_batch(&metrics::history::schema())?;
                tx.execute_batch(&trading::history::schema())?;
                tx.execute(
                    "INSERT INTO meta VALUES (1, ?1, ?2, 0, 0)",
                    params![SCHEMA, &*journal.epoch],
                )?;
                tx.commit()?;
                (0, Timestamp::default())
            }
            Some((schema, epoch, position, at)) => {
                let position = position as Seq;
                if schema != SCHEMA || *epoch != *journal.epoch || position > journal.seq {
                    return Ok(None);
                }
                (position, Timestamp::from_ms(at))
            }
        };
        let places = metrics::history::places(&connection)?;
        // Marks of books that are behind are in the file.
        let (turn, behind) = (0, true);
        Ok(Some(Self { connection, position, at, turn, behind, places }))
    }

    /// Position of the last event in the tables.
    pub const fn position(&self) -> Seq {
        self.position
    }

    /// Journal time there.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether there may be trades to match again.
    pub const fn is_behind(&self) -> bool {
        self.behind
    }

    /// Writes `pending` and the position it leads to, together; says whether trades were matched
    /// again meanwhile.
    ///
    /// # Errors
    /// Nothing was written.
    pub fn commit(&mut self, pending: &Pending, position: Seq, at: Timestamp) -> Result<bool> {
        let (position, at) = (position.max(self.position), at.max(self.at));
        let tx = self.connection.transaction()?;
        pending.projects.write(&tx)?;
        pending.system.write(&tx)?;
        pending.work.write(&tx)?;
        pending.access.write(&tx)?;
        pending.alerts.write(&tx)?;
        pending.metrics.write(&tx)?;
        let matched = pending.trading.write(&tx, &mut self.turn, trading::history::CHUNK)?;
        tx.prepare_cached("UPDATE meta SET position = ?1, at = ?2")?
            .execute(params![position as i64, at.ms()])?;
        tx.commit()?;
        (self.position, self.at) = (position, at);
        self.behind = matched > 0;
        Ok(self.behind)
    }

    /// Matches a part of the trades again that late ones came before; says whether there were any.
    ///
    /// # Errors
    /// Nothing was written.
    pub fn match_again(&mut self) -> Result<bool> {
        let tx = self.connection.transaction()?;
        let matched = trading::history::again(&tx, &mut self.turn, trading::history::CHUNK)?;
        tx.commit()?;
        self.behind = matched > 0;
        Ok(self.behind)
    }

    /// Forgets old rows of a few series; remembers in `sweep` where to go on.
    ///
    /// # Errors
    /// Nothing was forgotten.
    pub fn prune(&mut self, sweep: &mut Sweep, count: usize, keep_ms: i64) -> Result<()> {
        let now = self.at;
        let tx = self.connection.transaction()?;
        let project = projects::history::prune(&tx, sweep.project.as_deref(), count, now, keep_ms)?;
        let host = system::history::prune(&tx, sweep.host.as_deref(), count, now)?;
        let queue = work::history::prune(&tx, sweep.queue.as_deref(), count, now, keep_ms)?;
        access::history::prune(&tx, now.plus(-keep_ms.max(AUDIT_MS)))?;
        alerts::history::prune(&tx, now.plus(-keep_ms))?;
        let metric = metrics::history::prune(&tx, sweep.metric.as_deref(), count, now)?;
        let traded = trading::history::prune(&tx, &sweep.traded, count, now)?;
        tx.commit()?;
        sweep.traded = traded;
        (sweep.project, sweep.host, sweep.queue) = (project, host, queue);
        sweep.metric = metric;
        self.connection.execute_batch("PRAGMA incremental_vacuum(1000)")
    }
}

/// The last series of each kind that was looked at for old rows.
#[derive(Debug, Default)]
pub struct Sweep {
    project: Option<String>,
    host: Option<String>,
    queue: Option<String>,
    metric: Option<String>,
    traded: (Option<String>, Option<String>),
}
