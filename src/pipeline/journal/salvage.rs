//! Opening a journal whatever happened to it: a damaged tail is reported and cut back to the last
//! whole record, a damaged file is copied as far as it can be read.

#[cfg(test)]
mod tests;

use super::record::{Row, key};
use super::sqlite::file;
use super::{JournalError, Options, Reader, Store, dedup, wal};
use crate::wire::{Seq, Timestamp};
use rusqlite::{Connection, ErrorCode, ffi};
use std::path::{Path, PathBuf};

/// What had to be mended when the journal was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// What was wrong; nothing was if there is none.
    pub damage: Option<String>,
    /// Events of the cut tail, as far as it is known how many there were.
    pub lost: u64,
    /// Where the damaged file is kept.
    pub kept: Option<PathBuf>,
}

/// Opens the journal, mending it if need be. It gets a new epoch when anything was cut.
pub(super) fn open(options: &Options) -> Result<(Store, Recovery), JournalError> {
    let path = file(&options.dir);
    let damage = match whole(options, &path) {
        Ok(opened) => return Ok(opened),
        Err(error) if is_damage(&error) => error.to_string(),
        Err(error) => return Err(error),
    };
    let kept = put_aside(&path)?;
    let copied = copy_readable(&kept, options);
    let (mut store, lost) = match copied {
        Ok(copied) => copied,
        // Not even the tables can be read: what is left is an empty journal.
        Err(error) if is_damage(&error) => (fresh(options)?, 0),
        Err(error) => return Err(error),
    };
    store.new_epoch()?;
    let recovery = Recovery { damage: Some(damage), lost, kept: Some(kept) };
    Ok((store, recovery))
}

/// Opens a file that is whole but for, perhaps, its last records.
fn whole(options: &Options, path: &Path) -> Result<(Store, Recovery), JournalError> {
    // Before SQLite opens it, which leaves out what is torn and writes over it.
    let torn = wal::torn(&beside(path, "-wal"))?;
    if let Some(detail) = wal::short(path, &beside(path, "-wal"))? {
        return Err(JournalError::Damaged { first_seq: 0, detail });
    }
    let mut store = Store::open(options)?;
    store.settle()?;
    // Damage to the ids shows only when they are read.
    store.load_window()?;
    let reader = Reader::open(&options.dir)?;
    let from = reader.newest_state()?.seq;
    match (first_damage(&reader, from, store.traced()?)?, torn) {
        (None, None) => Ok((store, Recovery::default())),
        (None, torn) => {
            store.new_epoch()?;
            Ok((store, Recovery { damage: torn, lost: 0, kept: None }))
        }
        (Some((first_seq, detail)), _) => {
            let lost = store.traced()?.saturating_sub(first_seq.saturating_sub(1));
            drop(reader);
            store.cut(first_seq)?;
            let damage = Some(format!("the record at {first_seq} is damaged: {detail}"));
            Ok((store, Recovery { damage, lost, kept: None }))
        }
    }
}

/// The first record after `from` that is not whole, or does not follow the one before; `head` is
/// where they are said to end.
fn first_damage(
    reader: &Reader,
    from: Seq,
    head: Seq,
) -> Result<Option<(Seq, String)>, JournalError> {
    let mut at = from;
    loop {
        let begun = at;
        let walked = reader.rows(at, 1_000, |row| {
            // A checkpoint may lie within a record, but never before a gap.
            if row.first_seq > at + 1 {
                let detail = "the one before is missing".to_owned();
                return Err(JournalError::Damaged { first_seq: at + 1, detail });
            }
            row.unpack(row.last_seq.saturating_sub(1), &mut Vec::with_capacity(1))?;
            at = row.last_seq;
            Ok(())
        });
        match walked {
            Ok(()) if at == begun && at < head => {
                return Ok(Some((at + 1, "it is missing".to_owned())));
            }
            Ok(()) if at == begun => return Ok(None),
            Ok(()) => {}
            Err(JournalError::Damaged { first_seq, detail }) => {
                return Ok(Some((first_seq, detail)));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether an error means that the file is not what was written.
fn is_damage(error: &JournalError) -> bool {
    match error {
        JournalError::Damaged { .. } => true,
        // A damaged page may also read as values of other types, or not hold a row at all.
        JournalError::Sqlite(error) => match error {
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::QueryReturnedNoRows => true,
            // The file ends within a page that is needed.
            error if extended_code(error) == Some(ffi::SQLITE_IOERR_SHORT_READ) => true,
            error => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
        },
        _ => false,
    }
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// The path with something at its end.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Renames the file, with what SQLite keeps beside it, so that it can be looked at later.
fn put_aside(path: &Path) -> Result<PathBuf, JournalError> {
    let free = (1..).map(|n| beside(path, &format!(".corrupt-{n}"))).find(|name| !name.exists());
    let kept = free.ok_or_else(|| JournalError::Refused("no free name".to_owned()))?;
    std::fs::rename(path, &kept)?;
    for suffix in ["-wal", "-shm"] {
        let had = beside(path, suffix);
        if had.exists() {
            std::fs::rename(had, beside(&kept, suffix))?;
        }
    }
    Ok(kept)
}

fn fresh(options: &Options) -> Result<Store, JournalError> {
    let path = file(&options.dir);
    for suffix in ["", "-wal", "-shm"] {
        let had = beside(&path, suffix);
        if had.exists() {
            std::fs::remove_file(had)?;
        }
    }
    Store::open(options)
}

/// Copies all whole records up to the first that cannot be read, and the checkpoints among them.
/// Returns how many events lay beyond, as far as that is known.
fn copy_readable(from: &Path, options: &Options) -> Result<(Store, u64), JournalError> {
    let source = Connection::open(from)?;
    // A file that is shorter than it says is refused unless told otherwise.
    source.pragma_update(None, "writable_schema", true)?;
    drop(fresh(options)?);
    let target = Connection::open(file(&options.dir))?;
    let mut head: i64 = 0;
    copy(&source, "SELECT * FROM records ORDER BY first_seq", &target, |row| {
        let (first, last, at): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (crc, payload): (u32, Vec<u8>) = (row.get(3)?, row.get(4)?);
        let record = Row {
            first_seq: first as Seq,
            last_seq: last as Seq,
            at: Timestamp::from_ms(at),
            crc,
            payload,
        };
        let mut events = Vec::new();
        let follows = head == 0 || first == head + 1;
        let good = follows && record.unpack(0, &mut events).is_ok();
        if good {
            let values = rusqlite::params![first, last, at, crc, record.payload];
            target.execute("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5)", values)?;
            // The ids beside it may be lost; one that is fresh does no harm among them.
            let keys: Vec<_> = events.iter().map(|e| key(&e.stamp.source, &e.stamp.id)).collect();
            let values = rusqlite::params![last, at, dedup::to_bytes(&keys)];
            target.execute("INSERT INTO ids VALUES (?1, ?2, ?3)", values)?;
            head = last;
        }
        Ok(good)
    })?;
    copy(&source, "SELECT * FROM ids ORDER BY last_seq", &target, |row| {
        let last: i64 = row.get(0)?;
        if last <= head {
            let values = rusqlite::params![last, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?];
            target.execute("INSERT OR IGNORE INTO ids VALUES (?1, ?2, ?3)", values)?;
        }
        Ok(last <= head)
    })?;
    copy(&source, "SELECT * FROM checkpoints ORDER BY seq", &target, |row| {
        let seq: i64 = row.get(0)?;
        if seq <= head {
            let (at, hash, state): (i64, String, Vec<u8>) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let values = rusqlite::params![seq, at, hash, state];
            target.execute("INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3, ?4)", values)?;
        }
        Ok(seq <= head)
    })?;
    drop(target);
    let known: Option<i64> =
        source.query_row("SELECT max(last_seq) FROM ids", [], |row| row.get(0)).unwrap_or(None);
    let store = Store::open(options)?;
    let lost = known.unwrap_or(0).saturating_sub(head).max(0) as u64;
    Ok((store, lost))
}

/// Walks a table of the damaged file as far as it can be read, in one transaction of the target.
fn copy(
    source: &Connection,
    sql: &str,
    target: &Connection,
    mut take: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<bool>,
) -> Result<(), JournalError> {
    target.execute_batch("BEGIN")?;
    let walked = (|| -> rusqlite::Result<()> {
        let mut statement = source.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if !take(row)? {
                break;
            }
        }
        Ok(())
    })();
    target.execute_batch("COMMIT")?;
    match walked.map_err(JournalError::Sqlite) {
        Err(error) if !is_damage(&error) => Err(error),
        _ => Ok(()),
    }
}
