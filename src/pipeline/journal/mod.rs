//! The journal: every event that was ever acknowledged, in order, on disk.
//!
//! One writer thread takes all that has queued up, writes it as one record, commits, and only then
//! answers the producers. A record is durable as a whole or not there at all; its checksum says
//! which. Replaying the records from a checkpoint gives the state again.

mod dedup;
pub mod maintain;
mod reader;
mod record;
mod salvage;
mod sqlite;
mod status;
mod wal;
mod writer;

pub use reader::Reader;
pub use record::Draft;
pub use salvage::Recovery;
pub use sqlite::Store;
pub use status::JournalStatus;
pub use writer::{Appender, start};

use crate::domain::{Envelope, State};
use crate::wire::{Cursor, Seq, Timestamp};
use std::fmt;
use std::path::PathBuf;

/// A durable log of events that a writer appends to.
///
/// This is all the writer needs, so that a replicated log can stand in for the embedded one.
pub trait Journal: Send {
    /// Makes `drafts` durable at the positions after the head, received `at`; they are on disk
    /// when this returns.
    ///
    /// # Errors
    /// Nothing was appended, as far as can be known. The journal must not be used again: whether
    /// the failed write is on disk is found out by opening a fresh one.
    fn append(&mut self, at: Timestamp, drafts: &[&Draft]) -> Result<(), JournalError>;

    /// Identity and last durable position.
    fn head(&self) -> Cursor;

    /// Keeps a state to replay from.
    ///
    /// # Errors
    /// It was not kept; the older checkpoints still are.
    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError>;

    /// Forgets events received before `before`, as far as a checkpoint covers them.
    ///
    /// # Errors
    /// Nothing was forgotten.
    fn compact(&mut self, before: Timestamp) -> Result<(), JournalError>;

    /// Bytes on disk.
    fn size(&self) -> u64;
}

/// A state at a position, as opaque bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The position.
    pub seq: Seq,
    /// Journal time at the position.
    pub at: Timestamp,
    /// Hash of the state, in hexadecimal.
    pub hash: String,
    /// The state.
    pub state: Vec<u8>,
}

impl Checkpoint {
    /// The state, if it is the one that was kept.
    ///
    /// # Errors
    /// Why it is not, in words.
    pub fn state(&self) -> Result<State, String> {
        // The hash of a state is the hash of its encoding.
        if blake3::hash(&self.state).to_hex().as_str() != self.hash {
            return Err("it does not match its hash".to_owned());
        }
        State::decode(&self.state).map_err(|error| error.to_string())
    }
}

/// Events that have become durable together, in order.
#[derive(Debug)]
pub struct Committed {
    /// The events.
    pub envelopes: Vec<Envelope>,
}

/// What became of a request to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Events that are durable now and were not before.
    pub accepted: usize,
    /// Events that were there already.
    pub duplicates: usize,
    /// Position of the last accepted event; the head if none was.
    pub cursor: Cursor,
}

/// Why a request to append was turned away; nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendError {
    /// The queue is full.
    Full {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The disk does not take it.
    Unwritable {
        /// What the disk said.
        detail: String,
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The server is stopping.
    Closed,
}

/// What went wrong with the journal's files.
#[derive(Debug)]
pub enum JournalError {
    /// The database said so.
    Sqlite(rusqlite::Error),
    /// The file system said so.
    Io(std::io::Error),
    /// A record is not what was written.
    Damaged {
        /// First position of the record.
        first_seq: Seq,
        /// What is wrong with it.
        detail: String,
    },
    /// Another server owns the directory.
    Locked(PathBuf),
    /// It cannot be done with what is there.
    Refused(String),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => write!(f, "journal: {error}"),
            Self::Io(error) => write!(f, "journal: {error}"),
            Self::Damaged { first_seq, detail } => {
                write!(f, "journal: the record at {first_seq} is damaged: {detail}")
            }
            Self::Locked(dir) => write!(f, "{} is in use by another server", dir.display()),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for JournalError {}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<std::io::Error> for JournalError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// How the journal is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory.
    pub dir: PathBuf,
    /// Bytes it may not grow beyond.
    pub max_bytes: Option<u64>,
}
