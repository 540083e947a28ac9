//! What crosses a process boundary: positions, stamps, errors and socket frames.
//!
//! Everything here is shared by the server and the browser and knows no domain.

mod address;
mod codec;
mod error;
mod live;
mod shape;
mod time;
mod unread;

pub use address::{decoded, encoded};
pub use codec::{JsonText, TextEncoding, both};
pub use error::{ApiError, ErrorKind, FieldError};
pub use live::{ClientMsg, Frame};
pub use time::{ParseTimeError, Timestamp};
pub use unread::{JsonUnread, Unread};

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Most entries of an export.
pub const MAX_EXPORT: usize = 10_000;

/// A position in the journal. It grows with every event but need not be dense.
pub type Seq = u64;

/// Where a reader stands: which journal, and how far in it.
///
/// `epoch` changes when the journal's past changes (a restored backup, a tail that had to be
/// cut), so that a position taken in the old past is never mistaken for one in the new.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default, ToSchema)]
pub struct Cursor {
    /// Identity of the journal's past.
    pub epoch: Arc<str>,
    /// Last position that has been seen.
    #[schema(value_type = u64)]
    pub seq: Seq,
}

/// When, where and as what an event entered the journal; the envelope without its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamp {
    /// Position in the journal.
    pub seq: Seq,
    /// When the server received it; never decreases along the journal.
    pub at: Timestamp,
    /// When it happened, by its producer's word; never later than `at`.
    pub time: Timestamp,
    /// Who says so (CloudEvents `source`).
    pub source: Arc<str>,
    /// Unique within its source (CloudEvents `id`).
    pub id: Arc<str>,
    /// What it is about, if the producer named it (CloudEvents `subject`).
    pub subject: Option<Arc<str>>,
}
