//! Bytes in, events out: one file a format, all of them pure.
//!
//! Nothing here knows HTTP's server side, the journal or the clock. What a decoder hands on is
//! valid by its types; what it refuses, it refuses with the place and the reason.

pub mod alertmanager;
pub mod cloudevents;
pub mod exposition;
pub mod github;
pub mod junit;
pub mod measured;
pub mod otlp;
pub mod remote_write;
pub mod sarif;
pub mod trades_csv;

mod protobuf;
mod xml_text;

use crate::domain::Event;
use crate::wire::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// Largest event, in bytes of its JSON.
pub const MAX_EVENT: usize = 64 * 1024;

/// An event as it came in, not yet in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// When it happened, if the producer said so.
    pub time: Option<Timestamp>,
    /// Who says so.
    pub source: Arc<str>,
    /// Unique within its source.
    pub id: Arc<str>,
    /// Whether the producer chose `id`; only then can the event be a duplicate.
    pub id_given: bool,
    /// What it is about, if the producer named it.
    pub subject: Option<Arc<str>>,
    /// What happened.
    pub event: Event,
}

/// An event of a body that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Which event of the body, from 0.
    pub index: usize,
    /// JSON Pointer (RFC 6901) within the event; empty for the whole of it.
    pub pointer: String,
    /// What is wrong, in a sentence.
    pub detail: String,
}

/// What a body held.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// Its valid events, in order.
    pub events: Vec<Incoming>,
    /// The others, or the first [`MAX_REJECTIONS`] of them.
    pub rejected: Vec<Rejection>,
    /// How many were rejected.
    pub refused: usize,
    /// Whether the body could have held several.
    pub batch: bool,
}

/// Most rejections of one body that are told; a body of junk would otherwise be answered by
/// something far larger.
pub const MAX_REJECTIONS: usize = 10_000;
