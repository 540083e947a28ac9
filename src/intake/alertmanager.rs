//! An Alertmanager webhook (version 4, as its documentation describes `webhook_config`) into one
//! `alert.raised` or `alert.cleared` an alert.
//!
//! - An alert is known by its fingerprint; where there is none, by a hash of its labels.
//! - It is raised at `startsAt` and cleared at `endsAt`; year 1, which stands for nothing in Go, is
//!   the time it came in.
//! - Alertmanager sends a group again and again. What says nothing new is a duplicate.
//! - Text is cut to what the board takes rather than refused, for whoever wrote it is not there to
//!   mend it.

use super::{Decoded, Incoming, MAX_REJECTIONS, Rejection};
use crate::domain::alerts::{Event as AlertEvent, Notice};
use crate::domain::check::{MAX_NAME, MAX_NAMES};
use crate::domain::health::Severity;
use crate::domain::vocabulary;
use crate::domain::{DataError, Event, Validate};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest title, in bytes.
const MAX_TITLE: usize = 300;
/// Longest message, in bytes.
const MAX_MESSAGE: usize = 8 << 10;
/// Most alerts of one webhook.
const MAX_ALERTS: usize = 10_000;

/// A webhook that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Its alerts as events, and those that were refused.
    pub decoded: Decoded,
    /// Where they are from.
    pub source: Arc<str>,
    /// How many fire.
    pub raised: usize,
    /// How many are over.
    pub cleared: usize,
    /// How many Alertmanager itself left out.
    pub truncated: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    version: Option<Version>,
    #[serde(default)]
    truncated_alerts: u64,
    #[serde(default, rename = "externalURL")]
    external_url: Option<String>,
    #[serde(borrow)]
    alerts: Vec<&'a RawValue>,
}

/// Written as text, but not by everybody.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Version {
    Text(String),
    Number(u64),
}

type Labels = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: Status,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    #[serde(default)]
    starts_at: Option<Timestamp>,
    #[serde(default)]
    ends_at: Option<Timestamp>,
    #[serde(default)]
    fingerprint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Firing,
    Resolved,
}

/// Reads a webhook. `source` is who its alerts are from, if that was said; otherwise it is the host
/// of `externalURL`, or `sender`.
///
/// # Errors
/// 400 if it is not JSON; 422 if it is JSON of another kind, or of another version.
pub fn decode(
    body: &[u8],
    source: Option<Arc<str>>,
    sender: &Arc<str>,
) -> Result<Webhook, ApiError> {
    let text = std::str::from_utf8(body).map_err(malformed)?;
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return Err(malformed(error));
    }
    if !text.trim_ascii_start().starts_with('{') {
        return Err(ApiError::invalid("", "expected an object: a webhook of Alertmanager"));
    }
    let invalid = |error: DataError| ApiError::invalid(error.pointer, error.detail);
    let body: Body<'_> = vocabulary::read(text).map_err(invalid)?;
    match &body.version {
        Some(Version::Number(4)) => {}
        Some(Version::Text(version)) if version == "4" => {}
        _ => return Err(ApiError::invalid("/version", "must be \"4\"")),
    }
    if body.alerts.len() > MAX_ALERTS {
        let detail = format!("must hold at most {MAX_ALERTS} alerts");
        return Err(ApiError::invalid("/alerts", detail));
    }
    let host = || body.external_url.as_deref().and_then(host);
    let source = source.or_else(host).unwrap_or_else(|| sender.clone());
    let mut decoded = Decoded { batch: true, ..Decoded::default() };
    let (mut raised, mut cleared) = (0, 0);
    for (index, alert) in body.alerts.iter().enumerate() {
        match read(alert.get(), &source) {
            Ok((Status::Firing, incoming)) => {
                raised += 1;
                decoded.events.push(incoming);
            }
            Ok((Status::Resolved, incoming)) => {
                cleared += 1;
                decoded.events.push(incoming);
            }
            Err(DataError { pointer, detail }) => {
                decoded.refused += 1;
                if decoded.rejected.len() < MAX_REJECTIONS {
                    decoded.rejected.push(Rejection { index, pointer, detail });
                }
            }
        }
    }
    Ok(Webhook { decoded, source, raised, cleared, truncated: body.truncated_alerts })
}

fn malformed(detail: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::Malformed, format!("the body is not JSON: {detail}"))
}

/// Host and port of an address.
fn host(url: &str) -> Option<Arc<str>> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    crate::domain::check::name("source", host).is_ok().then(|| host.into())
}

fn read(text: &str, source: &Arc<str>) -> Result<(Status, Incoming), DataError> {
    if !text.trim_ascii_start().starts_with('{') {
        return Err(DataError::at("", "expected an alert: an object with `status` and `labels`"));
    }
    let alert: Alert = vocabulary::read(text)?;
    let id = match alert.fingerprint.as_deref().map(str::trim) {
        Some(fingerprint) if !fingerprint.is_empty() => cut(fingerprint, MAX_NAME),
        _ if alert.labels.is_empty() => {
            return Err(DataError::at("/labels", "must tell the alert from others"));
        }
        _ => hash(&alert.labels),
    };
    let notice = alert.notice(id.into());
    notice.validate()?;
    let begun = alert.starts_at.filter(|at| at.ms() > 0);
    let (time, event) = match alert.status {
        Status::Firing => (begun, AlertEvent::Raised(notice)),
        // One that ended before it began would never be over here.
        Status::Resolved => {
            let ended = alert.ends_at.filter(|at| at.ms() > 0);
            (ended.max(ended.and(begun)), AlertEvent::Cleared(notice))
        }
    };
    let event = Event::Alerts(event);
    let id = message_id(time, &event);
    let incoming =
        Incoming { time, source: source.clone(), id, id_given: true, subject: None, event };
    Ok((alert.status, incoming))
}

/// The same said of the same alert has the same id.
fn message_id(time: Option<Timestamp>, event: &Event) -> Arc<str> {
    let Some(time) = time else { return uuid::Uuid::now_v7().to_string().into() };
    let said = event.encode().unwrap_or_default();
    let hash = blake3::hash(format!("{} {} {said}", event.kind(), time.ms()).as_bytes()).to_hex();
    format!("alertmanager-{}", hash.get(..32).unwrap_or_default()).into()
}

/// What stands for the labels where there is no fingerprint.
fn hash(labels: &Labels) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in labels.iter().flat_map(|(name, value)| [name, value]) {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

impl Alert {
    fn notice(&self, alert: Arc<str>) -> Notice {
        let label = |name: &str| said(self.labels.get(name));
        let says = |name: &str| said(self.annotations.get(name));
        let title = label("alertname").or_else(|| says("summary"));
        let message = ["description", "message", "summary"].into_iter().find_map(says);
        let tag = |(name, value): (&String, &String)| cut(&format!("{name}={value}"), MAX_NAME);
        let tags = self.labels.iter().map(tag).filter(|tag| !tag.is_empty()).take(MAX_NAMES);
        Notice {
            alert,
            title: title.map(|title| cut(title, MAX_TITLE)),
            message: message.map(|message| text(message, MAX_MESSAGE)),
            severity: label("severity").map(severity),
            source: None,
            tags: Some(tags.collect()),
        }
    }
}

fn said(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// There is no list of severities, only habits; what nobody knows is a warning.
fn severity(name: &str) -> Severity {
    match name.to_ascii_lowercase().as_str() {
        "critical" | "crit" | "error" | "page" | "emergency" | "fatal" | "disaster" | "high"
        | "p1" => Severity::Critical,
        "info" | "informational" | "none" | "notice" | "low" | "debug" | "ok" => Severity::Info,
        _ => Severity::Warning,
    }
}

/// At most `most` bytes of text on one line, without blank ends.
fn cut(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    self::text(line.trim(), most).trim().to_owned()
}

fn text(text: &str, most: usize) -> String {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
