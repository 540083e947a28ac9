//! Log records: those that are events of ours are just that; all others are counted.

use super::proto::{AnyValue, LogRecord, Logs};
use super::value::{Origin, find_text, labels};
use super::{Format, Taken, proto};
use crate::domain::metrics::{Event as MetricEvent, Observed};
use crate::domain::{DataError, Event};
use crate::intake::{Incoming, MAX_EVENT, cloudevents, measured};
use crate::wire::{ApiError, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The metric that tells how many records came.
const COUNTED: &str = "log_records";
/// What stands for the service where there is none.
const NOBODY: &str = "";

/// Records of a service and a severity.
#[derive(Default)]
struct Count {
    records: u64,
    newest: u64,
}

/// Reads an export of log records.
///
/// # Errors
/// 400 if it is none; 413 if there is too much in it.
pub fn decode(body: &[u8], format: Format, sender: &Arc<str>) -> Result<Taken, ApiError> {
    let sent: Logs = super::read(body, format, &proto::LOGS)?;
    let mut taken = Taken::default();
    let mut counts: BTreeMap<(Arc<str>, Arc<str>, &str), Count> = BTreeMap::new();
    for of_one in sent.resource_logs {
        let origin = Origin::of(of_one.resource.as_ref(), sender);
        let service = origin.service.clone().unwrap_or_else(|| NOBODY.into());
        for record in of_one.scope_logs.iter().flat_map(|scope| &scope.log_records) {
            if let Some((kind, body)) = event_of(record) {
                match event(&origin, record, kind, body) {
                    Ok(one) => taken.take(vec![one])?,
                    Err(DataError { pointer, detail }) => {
                        taken.refuse(|| format!("{kind}: {pointer} {detail}"));
                    }
                }
                continue;
            }
            let key = (origin.source.clone(), service.clone(), severity(record));
            let count = counts.entry(key).or_default();
            count.records += 1;
            count.newest = count.newest.max(at(record));
        }
    }
    // The same body sent again is the same records.
    let digest = blake3::hash(body);
    for ((source, service, severity), count) in counts {
        let records = count.records;
        match counted(&source, &service, severity, &count, &digest) {
            Ok(one) => taken.take(vec![one])?,
            Err(wrong) => {
                taken.refuse_many(records, || format!("{} {}", wrong.pointer, wrong.detail))
            }
        }
    }
    Ok(taken)
}

fn at(record: &LogRecord) -> u64 {
    match record.time_unix_nano {
        0 => record.observed_time_unix_nano,
        nanos => nanos,
    }
}

/// The type and the data of a record that is an event of ours.
fn event_of(record: &LogRecord) -> Option<(&str, &AnyValue)> {
    let attribute = || find_text(&record.attributes, "event.name").unwrap_or_default();
    let kind = if record.event_name.is_empty() { attribute() } else { &record.event_name };
    let body = record.body.as_ref().filter(|body| body.kvlist_value.is_some())?;
    cloudevents::is_of_producers(kind).then_some((kind, body))
}

fn event(
    origin: &Origin,
    record: &LogRecord,
    kind: &str,
    body: &AnyValue,
) -> Result<Incoming, DataError> {
    let data = body.to_json().to_string();
    if data.len() > MAX_EVENT {
        let detail = format!("larger than the {} KiB an event may have", MAX_EVENT / 1024);
        return Err(DataError::at("", detail));
    }
    let unknown = || DataError::at("", "is not known");
    let event = Event::decode(kind, &data).ok_or_else(unknown)??;
    let nanos = at(record);
    let time = measured::time(nanos.into())?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(&nanos.to_le_bytes()).update(data.as_bytes());
    for (name, value) in labels(&record.attributes) {
        hasher.update(&[0]).update(name.as_bytes()).update(&[0]).update(value.as_bytes());
    }
    let id_given = time.is_some();
    let id = if id_given { measured::hash(hasher, "otlp") } else { measured::fresh() };
    Ok(Incoming { time, source: origin.source.clone(), id, id_given, subject: None, event })
}

fn counted(
    source: &Arc<str>,
    service: &Arc<str>,
    severity: &'static str,
    count: &Count,
    digest: &blake3::Hash,
) -> Result<Incoming, DataError> {
    let mut labels = measured::Labels::from([("severity".into(), severity.into())]);
    if **service != *NOBODY {
        labels.insert("service".into(), service.clone());
    }
    let observed =
        Observed { name: COUNTED.into(), value: count.records as f64, unit: None, labels };
    crate::domain::Validate::validate(&observed)?;
    let time: Option<Timestamp> = measured::time(count.newest.into())?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(digest.as_bytes()).update(service.as_bytes());
    hasher.update(&[0]).update(severity.as_bytes());
    Ok(Incoming {
        time,
        source: source.clone(),
        id: measured::hash(hasher, "otlp"),
        // Bodies without a time may be alike and yet say something new.
        id_given: time.is_some(),
        subject: None,
        event: Event::Metrics(MetricEvent::Observed(observed)),
    })
}

/// Severities by number, as the data model of logs has them; by name where there is no number.
fn severity(record: &LogRecord) -> &'static str {
    match record.severity_number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => match record.severity_text.to_ascii_lowercase().as_str() {
            "trace" => "trace",
            "debug" => "debug",
            "info" | "information" | "notice" => "info",
            "warn" | "warning" => "warn",
            "error" | "err" => "error",
            "fatal" | "critical" | "emergency" | "panic" => "fatal",
            _ => "unspecified",
        },
    }
}
