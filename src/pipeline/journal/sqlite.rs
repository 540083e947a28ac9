//! The embedded journal: one SQLite file in WAL mode, committed with `synchronous=FULL`.

use super::record::{checksum, pack};
use super::{Checkpoint, Draft, Journal, JournalError, Options, dedup};
use crate::wire::{Cursor, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Version of the tables; a file of another one is refused.
const SCHEMA: i64 = 1;
const PAGE: u64 = 4096;
/// Readers and backups may make the writer wait this long for a lock.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Checkpoints kept besides the one that the oldest record follows.
const NEWEST_CHECKPOINTS: usize = 2;
const DAY_MS: i64 = 86_400_000;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS records (
        first_seq INTEGER PRIMARY KEY,
        last_seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        payload BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS ids (
        last_seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        keys BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS checkpoints (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        hash TEXT NOT NULL,
        state BLOB NOT NULL
    );";

/// The journal's file in a data directory.
pub fn file(dir: &Path) -> PathBuf {
    dir.join("journal.db")
}

/// The journal, open for appending. There is one a directory.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    epoch: Arc<str>,
    head: Seq,
    at: Timestamp,
}

impl Store {
    /// Opens the file, making it if it is not there. Whoever calls this owns the directory.
    ///
    /// # Errors
    /// It cannot be opened, or is not a journal of this version.
    pub fn open(options: &Options) -> Result<Self, JournalError> {
        let path = file(&options.dir);
        let connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.execute_batch(TABLES)?;
        if let Some(bytes) = options.max_bytes {
            connection.pragma_update(
                None,
                "max_page_count",
                i64::try_from(bytes / PAGE).unwrap_or(i64::MAX),
            )?;
        }
        let mut store =
            Self { connection, path, epoch: "".into(), head: 0, at: Timestamp::default() };
        store.identify()?;
        (store.head, store.at) = store.connection.query_row(
            "SELECT coalesce(max(last_seq), 0), coalesce(max(at), 0) FROM
                (SELECT * FROM (SELECT last_seq, at FROM records ORDER BY first_seq DESC LIMIT 1)
                 UNION ALL SELECT max(seq), max(at) FROM checkpoints)",
            [],
            |row| Ok((row.get::<_, i64>(0)? as Seq, Timestamp::from_ms(row.get(1)?))),
        )?;
        Ok(store)
    }

    fn identify(&mut self) -> Result<(), JournalError> {
        let get = "SELECT value FROM meta WHERE key = ?1";
        let schema: Option<String> =
            self.connection.query_row(get, ["schema"], |row| row.get(0)).optional()?;
        match schema.as_deref().map(str::parse::<i64>) {
            None => {
                self.connection
                    .execute("INSERT INTO meta VALUES ('schema', ?1)", [SCHEMA.to_string()])?;
                self.new_epoch()?;
            }
            Some(Ok(SCHEMA)) => {}
            Some(other) => {
                return Err(JournalError::Refused(format!(
                    "{} has tables of version {other:?}, this program reads {SCHEMA}",
                    self.path.display()
                )));
            }
        }
        self.epoch =
            self.connection.query_row(get, ["epoch"], |row| row.get::<_, String>(0))?.into();
        Ok(())
    }

    /// Gives the journal another identity, because its past is not what it was.
    ///
    /// # Errors
    /// It could not be written.
    pub fn new_epoch(&mut self) -> Result<(), JournalError> {
        let epoch = uuid::Uuid::now_v7().simple().to_string();
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?1)", [&epoch])?;
        self.epoch = epoch.into();
        Ok(())
    }

    /// Brings all of the log into the file.
    pub(super) fn settle(&self) -> Result<(), JournalError> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// The last position there is any trace of; beyond the head only if records are missing.
    pub(super) fn traced(&self) -> Result<Seq, JournalError> {
        let sql = "SELECT coalesce(max(last_seq), 0) FROM ids";
        let known: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
        Ok(self.head.max(known as Seq))
    }

    /// Writes something, to find out whether it can be done.
    pub(super) fn probe(&mut self) -> Result<(), JournalError> {
        let tx = self.connection.transaction()?;
        tx.execute("INSERT OR REPLACE INTO meta VALUES ('probe', ?1)", ["x".repeat(4096)])?;
        tx.execute("DELETE FROM meta WHERE key = 'probe'", [])?;
        tx.commit()?;
        Ok(())
    }

    /// Journal time at the head.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Fills the window of ids that are there already.
    pub(super) fn load_window(&self) -> Result<dedup::Window, JournalError> {
        let mut window = dedup::Window::default();
        let from = self.window_start(window.bounds())?;
        let mut rows = self
            .connection
            .prepare("SELECT at, keys FROM ids WHERE last_seq >= ?1 ORDER BY last_seq")?;
        let mut rows = rows.query([from as i64])?;
        while let Some(row) = rows.next()? {
            let keys = dedup::from_bytes(row.get_ref(1)?.as_blob().unwrap_or_default());
            window.remember(Timestamp::from_ms(row.get(0)?), keys);
        }
        Ok(window)
    }

    /// Position from which ids must be remembered.
    fn window_start(&self, bounds: dedup::Bounds) -> Result<Seq, JournalError> {
        let young = self.at.plus(-bounds.for_ms);
        let mut rows = self
            .connection
            .prepare("SELECT last_seq, at, length(keys) / 16 FROM ids ORDER BY last_seq DESC")?;
        let mut rows = rows.query([])?;
        let (mut start, mut count) = (0, 0_usize);
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_ms(row.get(1)?);
            if (count >= bounds.at_least && at < young) || count >= bounds.at_most {
                break;
            }
            start = row.get::<_, i64>(0)? as Seq;
            count += row.get::<_, i64>(2)? as usize;
        }
        Ok(start)
    }

    /// Removes every record from the one at `first_seq` on.
    pub(super) fn cut(&mut self, first_seq: Seq) -> Result<(), JournalError> {
        let first = first_seq as i64;
        let tx = self.connection.transaction()?;
        tx.execute("DELETE FROM records WHERE first_seq >= ?1", [first])?;
        tx.execute("DELETE FROM ids WHERE last_seq >= ?1", [first])?;
        tx.execute("DELETE FROM checkpoints WHERE seq >= ?1", [first])?;
        tx.commit()?;
        self.head = first_seq.saturating_sub(1);
        self.new_epoch()
    }
}

impl Journal for Store {
    fn append(&mut self, at: Timestamp, drafts: &[&Draft]) -> Result<(), JournalError> {
        let payload = pack(drafts)?;
        let keys: Vec<u128> = drafts.iter().filter_map(|draft| draft.key).collect();
        let first = self.head + 1;
        let last = self.head + drafts.len() as Seq;
        let tx = self.connection.transaction()?;
        tx.prepare_cached("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
            first as i64,
            last as i64,
            at.ms(),
            checksum(first, last, at, &payload),
            payload
        ])?;
        if !keys.is_empty() {
            tx.prepare_cached("INSERT INTO ids VALUES (?1, ?2, ?3)")?.execute(params![
                last as i64,
                at.ms(),
                dedup::to_bytes(&keys)
            ])?;
        }
        tx.commit()?;
        (self.head, self.at) = (last, at);
        Ok(())
    }

    fn head(&self) -> Cursor {
        Cursor { epoch: self.epoch.clone(), seq: self.head }
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        let Checkpoint { seq, at, hash, state } = checkpoint;
        let state = zstd::bulk::compress(state, 3)?;
        let tx = self.connection.transaction()?;
        tx.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3, ?4)",
            params![*seq as i64, at.ms(), hash, state],
        )?;
        // Kept: the newest, one a day, and the first (which the oldest record may follow).
        tx.execute(
            "DELETE FROM checkpoints WHERE seq NOT IN
                (SELECT seq FROM checkpoints ORDER BY seq DESC LIMIT ?1)
             AND seq NOT IN (SELECT min(seq) FROM checkpoints GROUP BY at / ?2)",
            params![NEWEST_CHECKPOINTS as i64, DAY_MS],
        )?;
        tx.commit()?;
        Ok(())
    }

    fn compact(&mut self, before: Timestamp) -> Result<(), JournalError> {
        let base: Option<i64> = self.connection.query_row(
            "SELECT max(seq) FROM checkpoints WHERE at < ?1",
            [before.ms()],
            |row| row.get(0),
        )?;
        let keep_ids = self.window_start(dedup::Bounds::default())?;
        let tx = self.connection.transaction()?;
        if let Some(base) = base {
            tx.execute("DELETE FROM records WHERE last_seq <= ?1", [base])?;
            tx.execute("DELETE FROM checkpoints WHERE seq < ?1", [base])?;
        }
        tx.execute("DELETE FROM ids WHERE last_seq < ?1", [keep_ids as i64])?;
        tx.commit()?;
        self.connection.execute_batch("PRAGMA incremental_vacuum(20000)")?;
        Ok(())
    }

    fn size(&self) -> u64 {
        let of = |suffix: &str| {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            std::fs::metadata(name).map_or(0, |meta| meta.len())
        };
        of("") + of("-wal")
    }
}
