//! Reading the embedded journal, also while a server writes to it.

use super::record::Row;
use super::sqlite::{BUSY, file};
use super::{Checkpoint, JournalError};
use crate::domain::{Envelope, State};
use crate::wire::{Seq, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::Path;

/// Records read at a time.
const READ_ROWS: usize = 256;

/// The journal, open for reading; any number of them, also while a server writes.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens the journal of a data directory.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        Self::open_file(&file(dir))
    }

    /// Opens a journal file, such as a backup.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open_file(path: &Path) -> Result<Self, JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        Ok(Self { connection })
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The next events after position `after`: those of up to 256 records; none at the head.
    ///
    /// # Errors
    /// A record is damaged, or the file cannot be read.
    pub fn read(&self, after: Seq) -> Result<Vec<Envelope>, JournalError> {
        let mut events = Vec::new();
        self.rows(after, READ_ROWS, |row| row.unpack(after, &mut events))?;
        Ok(events)
    }

    /// As [`Self::read`], and no more records once those before hold `bytes` as they are on disk: for
    /// whoever must not have the memory of many large ones at a time.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_some(&self, after: Seq, bytes: usize) -> Result<Vec<Envelope>, JournalError> {
        let (mut events, mut left) = (Vec::new(), bytes);
        self.rows_while(after, READ_ROWS, |row| {
            left = left.saturating_sub(row.payload.len());
            row.unpack(after, &mut events)?;
            Ok(left > 0)
        })?;
        Ok(events)
    }

    /// Calls `each` with the next records after position `after`.
    pub(super) fn rows(
        &self,
        after: Seq,
        limit: usize,
        mut each: impl FnMut(Row) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.rows_while(after, limit, |row| each(row).map(|()| true))
    }

    /// Calls `each` with the next records after position `after`, as long as it says so.
    fn rows_while(
        &self,
        after: Seq,
        limit: usize,
        mut each: impl FnMut(Row) -> Result<bool, JournalError>,
    ) -> Result<(), JournalError> {
        // The record that holds `after` itself begins at or before it.
        let mut statement = self.connection.prepare_cached(
            "SELECT first_seq, last_seq, at, crc, payload FROM records
             WHERE first_seq >= coalesce(
                (SELECT max(first_seq) FROM records WHERE first_seq <= ?1), 0)
             AND last_seq > ?1 ORDER BY first_seq LIMIT ?2",
        )?;
        let mut rows = statement.query(params![after as i64, limit as i64])?;
        while let Some(row) = rows.next()? {
            let on = each(Row {
                first_seq: row.get::<_, i64>(0)? as Seq,
                last_seq: row.get::<_, i64>(1)? as Seq,
                at: Timestamp::from_ms(row.get(2)?),
                crc: row.get(3)?,
                payload: row.get(4)?,
            })?;
            if !on {
                break;
            }
        }
        Ok(())
    }

    /// First and last position that records hold; none when there are no records.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn span(&self) -> Result<Option<(Seq, Seq)>, JournalError> {
        let span: (Option<i64>, Option<i64>) = self.connection.query_row(
            "SELECT (SELECT min(first_seq) FROM records),
                    (SELECT last_seq FROM records ORDER BY first_seq DESC LIMIT 1)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(span.0.zip(span.1).map(|(first, last)| (first as Seq, last as Seq)))
    }

    /// The newest state that is kept whole, and can be read; the empty one before the first.
    ///
    /// # Errors
    /// The file cannot be read; or no checkpoint is whole and the journal does not begin with its
    /// first event any more.
    pub fn newest_state(&self) -> Result<State, JournalError> {
        let mut seqs = self.connection.prepare("SELECT seq FROM checkpoints ORDER BY seq DESC")?;
        let seqs: Vec<i64> =
            seqs.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for seq in &seqs {
            let why = match self.checkpoint_where("WHERE seq = ?1", &[seq]) {
                Ok(Some(kept)) => match kept.state() {
                    Ok(state) => return Ok(state),
                    Err(why) => why,
                },
                Ok(None) => continue,
                Err(error) => error.to_string(),
            };
            tracing::warn!(seq, why, "a checkpoint cannot be used; replaying from before it");
        }
        match self.span()? {
            Some((first, _)) if first > 1 => Err(JournalError::Refused(format!(
                "no checkpoint can be used, and events before {first} are no longer kept"
            ))),
            _ => Ok(State::default()),
        }
    }

    /// The newest state from before `before` that can be read, to replay from: the empty one, and
    /// when the first event came, if the journal still begins with that; otherwise the oldest state
    /// that is kept.
    ///
    /// # Errors
    /// The file cannot be read, or no state can that the journal could be replayed from.
    pub fn state_before(
        &self,
        before: Timestamp,
    ) -> Result<(State, Option<Timestamp>), JournalError> {
        let which = "WHERE at <= ?1 ORDER BY seq DESC LIMIT 1";
        let usable = |kept: Checkpoint| kept.state().ok();
        if let Some(state) = self.checkpoint_where(which, &[&before.ms()])?.and_then(usable) {
            return Ok((state, None));
        }
        let first = "SELECT first_seq, at FROM records ORDER BY first_seq LIMIT 1";
        let read =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, Timestamp::from_ms(row.get(1)?)));
        if let Some((1, at)) = self.connection.query_row(first, [], read).optional()? {
            return Ok((State::default(), Some(at)));
        }
        match self.load_checkpoint(false)?.and_then(usable) {
            Some(state) => Ok((state, None)),
            None => self.newest_state().map(|state| (state, None)),
        }
    }

    /// The state that is kept in place of the events before the first one, with its position and
    /// time; none while nothing has been forgotten.
    ///
    /// # Errors
    /// The file cannot be read, or that state cannot.
    pub fn base(&self) -> Result<Option<(State, Seq, Timestamp)>, JournalError> {
        let first = self.span()?.map(|(first, _)| first);
        let Some(kept) = self.load_checkpoint(false)? else { return Ok(None) };
        if first.is_some_and(|first| first <= kept.seq) {
            return Ok(None);
        }
        let state = kept.state().map_err(JournalError::Refused)?;
        Ok(Some((state, kept.seq, kept.at)))
    }

    /// The newest checkpoint, or the oldest.
    ///
    /// # Errors
    /// The file cannot be read, or the checkpoint is damaged.
    pub fn load_checkpoint(&self, newest: bool) -> Result<Option<Checkpoint>, JournalError> {
        let order = if newest { "DESC" } else { "ASC" };
        self.checkpoint_where(&format!("ORDER BY seq {order} LIMIT 1"), &[])
    }

    /// Position and hash of the newest checkpoint.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn newest_mark(&self) -> Result<Option<(Seq, String)>, JournalError> {
        let sql = "SELECT seq, hash FROM checkpoints ORDER BY seq DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)? as Seq, row.get(1)?));
        Ok(self.connection.query_row(sql, [], read).optional()?)
    }

    fn checkpoint_where(
        &self,
        which: &str,
        params: &[&dyn rusqlite::ToSql],
    ) -> Result<Option<Checkpoint>, JournalError> {
        let sql = format!("SELECT seq, at, hash, state FROM checkpoints {which}");
        let found = self
            .connection
            .query_row(&sql, params, |row| {
                let (seq, at) = (row.get::<_, i64>(0)? as Seq, Timestamp::from_ms(row.get(1)?));
                Ok((Checkpoint { seq, at, hash: row.get(2)?, state: Vec::new() }, row.get(3)?))
            })
            .optional()?;
        found
            .map(|(checkpoint, packed): (Checkpoint, Vec<u8>)| {
                let state = zstd::stream::decode_all(packed.as_slice())?;
                Ok(Checkpoint { state, ..checkpoint })
            })
            .transpose()
    }
}
