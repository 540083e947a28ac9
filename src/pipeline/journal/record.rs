//! Records: what one commit writes. Compact JSON lines, zstd, and a CRC-32 over the compressed
//! bytes and the columns beside them.

use super::JournalError;
use crate::domain::{Envelope, Event};
use crate::wire::{Seq, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// Fast, and already three to ten times smaller on JSON lines.
const LEVEL: i32 = 1;
/// A record is never larger than this once unpacked; more is damage.
const MAX_RAW: usize = 256 << 20;

/// Where events come from that the server itself makes.
const OWN_SOURCE: &str = "bellwether";

/// An event on its way into the journal.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(super) time: Option<Timestamp>,
    pub(super) source: Arc<str>,
    pub(super) id: Arc<str>,
    pub(super) subject: Option<Arc<str>>,
    pub(super) event: Event,
    /// What identifies it among redeliveries; none if the id is fresh.
    pub(super) key: Option<u128>,
    pub(super) line: Vec<u8>,
}

/// An event as it stands in a record; position and time of arrival are the record's.
#[derive(Serialize, Deserialize)]
struct Line<'a, D> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    subject: Option<Cow<'a, str>>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    data: D,
}

impl Draft {
    /// Encodes an event, in the caller's thread. `id_given` says that the id is its producer's,
    /// so that the same event may come again; `time` is left out when the producer said none.
    pub fn new(
        time: Option<Timestamp>,
        source: Arc<str>,
        id: Arc<str>,
        id_given: bool,
        subject: Option<Arc<str>>,
        event: Event,
    ) -> Self {
        let line = encode(time, &source, &id, subject.as_deref(), &event).unwrap_or_default();
        let key = id_given.then(|| key(&source, &id));
        Self { time, source, id, subject, event, key, line }
    }

    /// An event that the server itself makes, as of when it is appended.
    pub fn own(event: Event) -> Self {
        let id = uuid::Uuid::now_v7().to_string().into();
        Self::new(None, OWN_SOURCE.into(), id, false, None, event)
    }

    /// Bytes it takes in a record before compression.
    pub fn size(&self) -> usize {
        self.line.len() + 1
    }

    /// The event at its place in the journal. It counts at its own time, but never later than
    /// when it came.
    pub(super) fn at(&self, seq: Seq, at: Timestamp) -> Envelope {
        let time = self.time.map_or(at, |time| time.min(at));
        let (source, id) = (self.source.clone(), self.id.clone());
        let stamp = Stamp { seq, at, time, source, id, subject: self.subject.clone() };
        Envelope { stamp, event: self.event.clone() }
    }
}

fn encode(
    time: Option<Timestamp>,
    source: &str,
    id: &str,
    subject: Option<&str>,
    event: &Event,
) -> serde_json::Result<Vec<u8>> {
    let line = Line {
        time,
        source: source.into(),
        id: id.into(),
        subject: subject.map(Cow::from),
        kind: event.kind().into(),
        data: RawValue::from_string(event.encode()?)?,
    };
    serde_json::to_vec(&line)
}

/// Identifies an event by source and id: the first half of their BLAKE3 hash.
pub(super) fn key(source: &str, id: &str) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.as_bytes()).update(&[0]).update(id.as_bytes());
    let mut half = [0; 16];
    hasher.finalize_xof().fill(&mut half);
    u128::from_le_bytes(half)
}

/// Packs lines into the payload of a record.
pub(super) fn pack(drafts: &[&Draft]) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::with_capacity(drafts.iter().map(|draft| draft.size()).sum());
    for draft in drafts {
        raw.extend_from_slice(&draft.line);
        raw.push(b'\n');
    }
    zstd::bulk::compress(&raw, LEVEL)
}

/// The checksum of a record: of everything that a damaged page could change.
pub(super) fn checksum(first_seq: Seq, last_seq: Seq, at: Timestamp, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&first_seq.to_le_bytes());
    hasher.update(&last_seq.to_le_bytes());
    hasher.update(&at.ms().to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// A row of the records table.
pub(super) struct Row {
    pub first_seq: Seq,
    pub last_seq: Seq,
    pub at: Timestamp,
    pub crc: u32,
    pub payload: Vec<u8>,
}

impl Row {
    fn damaged(&self, detail: impl ToString) -> JournalError {
        JournalError::Damaged { first_seq: self.first_seq, detail: detail.to_string() }
    }

    /// Checks the record without decoding it.
    pub fn check(&self) -> Result<(), JournalError> {
        let Self { first_seq, last_seq, at, .. } = *self;
        if checksum(first_seq, last_seq, at, &self.payload) == self.crc {
            Ok(())
        } else {
            Err(self.damaged("its checksum does not match"))
        }
    }

    /// Decodes the events after position `after`.
    pub fn unpack(&self, after: Seq, out: &mut Vec<Envelope>) -> Result<(), JournalError> {
        self.check()?;
        let raw = unzip(&self.payload).map_err(|error| self.damaged(error))?;
        let mut seq = self.first_seq;
        for line in raw.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if seq > after {
                out.push(self.event(seq, line)?);
            }
            seq += 1;
        }
        if seq != self.last_seq + 1 {
            return Err(self.damaged("it does not hold as many events as it should"));
        }
        Ok(())
    }

    fn event(&self, seq: Seq, line: &[u8]) -> Result<Envelope, JournalError> {
        let line: Line<'_, &RawValue> =
            serde_json::from_slice(line).map_err(|error| self.damaged(error))?;
        let event = match Event::decode(&line.kind, line.data.get()) {
            Some(Ok(event)) => event,
            Some(Err(error)) => {
                return Err(self.damaged(format!("{}: {}", error.pointer, error.detail)));
            }
            None => return Err(self.damaged(format!("unknown event type {:?}", line.kind))),
        };
        let stamp = Stamp {
            seq,
            at: self.at,
            time: line.time.map_or(self.at, |time| time.min(self.at)),
            source: line.source.as_ref().into(),
            id: line.id.as_ref().into(),
            subject: line.subject.as_deref().map(Into::into),
        };
        Ok(Envelope { stamp, event })
    }
}

fn unzip(payload: &[u8]) -> std::io::Result<Vec<u8>> {
    let size = zstd::bulk::Decompressor::upper_bound(payload).unwrap_or(MAX_RAW).min(MAX_RAW);
    zstd::bulk::decompress(payload, size)
}
