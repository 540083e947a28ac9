//! CloudEvents 1.0 in every form HTTP can carry them: structured, batch, newline-delimited, binary.
//!
//! Follows the CloudEvents specification 1.0.2, its JSON event format and its HTTP protocol
//! binding, but asks for less: only `type` and `data` are required.

mod headers;

use super::{Decoded, Incoming, MAX_EVENT, MAX_REJECTIONS, Rejection};
use crate::domain::alerts::state::Sources;
use crate::domain::vocabulary;
use crate::domain::{DataError, Event, access, alerts, metrics, projects};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Longest `source`, `id` and `subject`, in bytes.
pub const MAX_ATTRIBUTE: usize = 1024;

/// Types that only the server itself may append, besides all of access.
const INTERNAL: &[&str] = &[
    "clock.ticked",
    "settings.changed",
    "command.requested",
    "command.delivered",
    "command.settled",
    "job.created",
    "job.steered",
    "job.exhausted",
];

const MEDIA_TYPES: &str = "application/cloudevents+json, application/cloudevents-batch+json, \
    application/json, application/x-ndjson, or any JSON with ce-* headers";

/// How a body carries its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One event.
    Single,
    /// An array of events.
    Batch,
    /// Either of them; the first byte tells.
    Either,
    /// An event a line.
    Lines,
    /// The attributes are headers and the body is `data`.
    Binary,
}

/// Reads the events of a request.
///
/// `source` is who they are from where they do not say so themselves.
///
/// # Errors
/// 400 if the body is not JSON, 413 if its only event is too large, 415 for another media type.
/// What is wrong with single events is in [`Decoded::rejected`].
pub fn decode(headers: &HeaderMap, body: &[u8], source: &Arc<str>) -> Result<Decoded, ApiError> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match form(headers)? {
        Form::Lines => lines(body, source),
        Form::Binary => binary(headers, utf8(body)?, source),
        Form::Single => single(utf8(body)?, source),
        Form::Batch => batch(utf8(body)?, source),
        Form::Either if body.trim_ascii_start().starts_with(b"[") => batch(utf8(body)?, source),
        Form::Either => single(utf8(body)?, source),
    }
}

fn form(headers: &HeaderMap) -> Result<Form, ApiError> {
    let full = headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = full.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let binary = headers.keys().any(|name| name.as_str().starts_with("ce-"));
    match essence.as_str() {
        "application/cloudevents+json" | "application/cloudevents" => Ok(Form::Single),
        "application/cloudevents-batch+json" | "application/cloudevents-batch" => Ok(Form::Batch),
        // The binding says so: any other media type with these headers is binary mode.
        _ if binary => Ok(Form::Binary),
        "application/json" => Ok(Form::Either),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Form::Lines),
        "" => Err(unsupported("no Content-Type")),
        other => Err(unsupported(&format!("Content-Type `{other}`"))),
    }
}

fn unsupported(what: &str) -> ApiError {
    let detail = format!("{what} cannot be read here; send {MEDIA_TYPES}");
    ApiError::new(ErrorKind::UnsupportedMediaType, detail)
}

fn malformed(detail: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::Malformed, format!("the body is not JSON: {detail}"))
}

fn utf8(body: &[u8]) -> Result<&str, ApiError> {
    std::str::from_utf8(body).map_err(malformed)
}

fn single(body: &str, source: &Arc<str>) -> Result<Decoded, ApiError> {
    let text: &RawValue = serde_json::from_str(body).map_err(malformed)?;
    if text.get().len() > MAX_EVENT {
        return Err(too_large());
    }
    Ok(one(event(text.get(), source)))
}

fn batch(body: &str, source: &Arc<str>) -> Result<Decoded, ApiError> {
    if !body.trim_ascii_start().starts_with('[') {
        return match serde_json::from_str::<&RawValue>(body) {
            Ok(_) => Err(ApiError::invalid("", "expected an array of events")),
            Err(error) => Err(malformed(error)),
        };
    }
    let texts: Vec<&RawValue> = serde_json::from_str(body).map_err(malformed)?;
    Ok(collect(texts.into_iter().map(|text| bounded(text.get(), source))))
}

fn lines(body: &[u8], source: &Arc<str>) -> Result<Decoded, ApiError> {
    let mut json_seen = false;
    let decoded = collect(
        body.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).map(
            |line| {
                if line.len() > MAX_EVENT {
                    json_seen = true;
                    return Err(oversized());
                }
                let text = std::str::from_utf8(line)
                    .map_err(|error| DataError::at("", format!("the line is not JSON: {error}")))?;
                let raw: &RawValue = serde_json::from_str(text)
                    .map_err(|error| DataError::at("", format!("the line is not JSON: {error}")))?;
                json_seen = true;
                event(raw.get(), source)
            },
        ),
    );
    match decoded.rejected.first() {
        Some(first) if !json_seen => Err(ApiError {
            errors: vec![crate::wire::FieldError::new("/0", first.detail.clone())],
            ..malformed("none of its lines is")
        }),
        _ => Ok(decoded),
    }
}

fn binary(headers: &HeaderMap, body: &str, source: &Arc<str>) -> Result<Decoded, ApiError> {
    if body.len() > MAX_EVENT {
        return Err(too_large());
    }
    let data = match body.trim_ascii() {
        "" => None,
        text => Some(serde_json::from_str::<&RawValue>(text).map_err(malformed)?),
    };
    let head = headers::read(headers);
    Ok(one(head.and_then(|head| build(Head { data, ..head }, source))))
}

fn too_large() -> ApiError {
    ApiError::new(ErrorKind::TooLarge, oversized().detail)
}

fn oversized() -> DataError {
    DataError::at("", format!("larger than the {} KiB an event may have", MAX_EVENT / 1024))
}

fn bounded(text: &str, source: &Arc<str>) -> Result<Incoming, DataError> {
    if text.len() > MAX_EVENT { Err(oversized()) } else { event(text, source) }
}

fn one(event: Result<Incoming, DataError>) -> Decoded {
    Decoded { batch: false, ..collect(std::iter::once(event)) }
}

fn collect(events: impl Iterator<Item = Result<Incoming, DataError>>) -> Decoded {
    let mut decoded = Decoded { batch: true, ..Decoded::default() };
    for (index, event) in events.enumerate() {
        match event {
            Ok(event) => decoded.events.push(event),
            Err(DataError { pointer, detail }) => {
                decoded.refused += 1;
                if decoded.rejected.len() < MAX_REJECTIONS {
                    decoded.rejected.push(Rejection { index, pointer, detail });
                }
            }
        }
    }
    decoded
}

/// The attributes of an event and its unread data. Extensions are let through unread, and an
/// attribute that is null counts as left out, as the JSON format has it.
#[derive(Debug, Default, Deserialize)]
struct Head<'a> {
    #[serde(default)]
    specversion: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    source: Option<Arc<str>>,
    #[serde(default)]
    id: Option<Arc<str>>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    subject: Option<Arc<str>>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    #[serde(default, borrow)]
    data_base64: Option<&'a RawValue>,
}

fn event(text: &str, source: &Arc<str>) -> Result<Incoming, DataError> {
    // serde would read an array as the members of a struct in order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(DataError::at("", "expected an event: a JSON object with `type` and `data`"));
    }
    build(vocabulary::read(text)?, source)
}

fn build(head: Head<'_>, default_source: &Arc<str>) -> Result<Incoming, DataError> {
    if let Some(version) = head.specversion.as_deref().filter(|v| *v != "1.0") {
        let detail = format!("CloudEvents `{version}` is not known here; send `1.0`");
        return Err(DataError::at("/specversion", detail));
    }
    let kind = head.kind.ok_or_else(|| DataError::at("/type", "missing field `type`"))?;
    let source = attribute("source", head.source)?.unwrap_or_else(|| default_source.clone());
    if *source == *Sources::OWN {
        return Err(DataError::at("/source", "only the server itself goes by that name"));
    }
    let id = attribute("id", head.id)?;
    let subject = attribute("subject", head.subject)?;
    let time = match head.time {
        None => None,
        Some(text) => {
            let time: Timestamp =
                text.parse().map_err(|error| DataError::at("/time", format!("{error}")))?;
            Some(time)
        }
    };
    if head.data_base64.is_some() {
        let detail = "every event type here has JSON data; send it as `data`";
        return Err(DataError::at("/data_base64", detail));
    }
    let unknown = || DataError::at("/type", format!("unknown event type `{}`", shorten(&kind)));
    if is_own(&kind) {
        return Err(DataError::at("/type", format!("`{kind}` is made by the server alone")));
    }
    if !Event::types().any(|known| known == kind) {
        return Err(unknown());
    }
    let data = head.data.ok_or_else(|| DataError::at("/data", "missing field `data`"))?;
    let event = Event::decode(&kind, data.get())
        .ok_or_else(unknown)?
        .map_err(|error| DataError::at(format!("/data{}", error.pointer), error.detail))?;
    let id_given = id.is_some();
    let id = id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string().into());
    Ok(Incoming { time, source, id, id_given, subject, event })
}

/// Whether producers send events of this type.
pub fn is_of_producers(kind: &str) -> bool {
    Event::types().any(|known| known == kind) && !is_own(kind)
}

/// Whether only the server itself makes events of this type.
fn is_own(kind: &str) -> bool {
    INTERNAL.contains(&kind)
        || access::Event::TYPES.contains(&kind)
        || alerts::Event::TYPES.contains(&kind) && !alerts::Event::OF_OTHERS.contains(&kind)
        || projects::Event::OWN.contains(&kind)
        || metrics::Event::TYPES.contains(&kind) && !metrics::Event::OF_OTHERS.contains(&kind)
}

/// An attribute that must not be empty, too long or unprintable where it is given.
fn attribute(name: &str, value: Option<Arc<str>>) -> Result<Option<Arc<str>>, DataError> {
    let pointer = || format!("/{name}");
    match value {
        Some(text) if text.is_empty() => Err(DataError::at(pointer(), "must not be empty")),
        Some(text) => {
            vocabulary::check::text(name, &text, MAX_ATTRIBUTE)?;
            Ok(Some(text))
        }
        None => Ok(None),
    }
}

/// The beginning of text that is repeated to whoever sent it.
fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(100)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
