//! OpenTelemetry's own protocol (OTLP 1.x over HTTP, protocol buffers and JSON).
//!
//! - Metrics: each number of a point is one `metric.observed`. Sums stay as they are told, cumulative
//!   or not; a histogram is `NAME_count`, `NAME_sum`, `NAME_min`, `NAME_max` and, for each bucket,
//!   `NAME_bucket` with what is at or below its bound `le`; an exponential histogram is the same
//!   without buckets; a summary has the label `quantile`.
//! - Spans: those of requests that a service answered are `request.observed` of the project that is
//!   called as the service.
//! - Log records: one that is named as an event type and whose body is a map is that event; all
//!   others are counted as `log_records`.
//!
//! The same thing exported again is a duplicate, for whoever hears no answer sends again.

mod json;
mod logs;
mod metrics;
mod proto;
mod traces;
mod value;

use super::protobuf::{self, Shape};
use super::{Incoming, measured};
use crate::domain::vocabulary;
use crate::wire::{ApiError, FieldError};
use prost::Message;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

/// What an export is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Metrics.
    Metrics,
    /// Spans.
    Traces,
    /// Log records.
    Logs,
}

/// What was read of an export.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Taken {
    /// As events, in order.
    pub events: Vec<Incoming>,
    /// Points, spans or records that were left out.
    pub refused: u64,
    /// Why the first of them was.
    pub why: String,
}

impl Signal {
    /// Reads an export that `sender` sends, for itself or for others.
    ///
    /// # Errors
    /// 400 if it is not what it should be; 413 if there is too much in it.
    pub fn decode(self, body: &[u8], format: Format, sender: &Arc<str>) -> Result<Taken, ApiError> {
        match self {
            Self::Metrics => metrics::decode(body, format, sender),
            Self::Traces => traces::decode(body, format, sender),
            Self::Logs => logs::decode(body, format, sender),
        }
    }
}

impl Taken {
    fn take(&mut self, events: Vec<Incoming>) -> Result<(), ApiError> {
        self.has_room(events.len())?;
        self.events.extend(events);
        Ok(())
    }

    /// Whether so many more may be taken: asked before they are made, where few bytes make many.
    fn has_room(&self, more: usize) -> Result<(), ApiError> {
        match self.events.len().saturating_add(more) > measured::MAX_VALUES {
            true => Err(measured::too_many()),
            false => Ok(()),
        }
    }

    fn refuse(&mut self, why: impl FnOnce() -> String) {
        self.refuse_many(1, why);
    }

    fn refuse_many(&mut self, records: u64, why: impl FnOnce() -> String) {
        if self.refused == 0 {
            self.why = shorten(why());
        }
        self.refused += records;
    }
}

/// What is repeated to whoever sent it: a name may be as long as a body.
fn shorten(text: String) -> String {
    const MOST: usize = 500;
    if text.len() <= MOST {
        return text;
    }
    format!("{}…", text.get(..text.floor_char_boundary(MOST)).unwrap_or_default())
}

fn read<T: Message + Default + DeserializeOwned>(
    body: &[u8],
    format: Format,
    shape: &Shape,
) -> Result<T, ApiError> {
    match format {
        Format::Protobuf => protobuf::read(body, shape),
        Format::Json => read_json(body),
    }
}

fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // Each message begins with a brace, so there are at most as many as braces.
    if body.iter().filter(|byte| **byte == b'{').count() > protobuf::MAX_MESSAGES {
        return Err(protobuf::too_many());
    }
    let wrong = |detail: String| protobuf::malformed(format!("the body is not JSON: {detail}"));
    let text = std::str::from_utf8(body).map_err(|error| wrong(error.to_string()))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(wrong("expected an object".to_owned()));
    }
    vocabulary::read(text).map_err(|error| {
        let errors = vec![FieldError::new(error.pointer, error.detail.clone())];
        ApiError { errors, ..protobuf::malformed(error.detail) }
    })
}

#[cfg(test)]
mod tests;
