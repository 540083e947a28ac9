//! Prometheus remote write 1.0: samples of series, each into one `metric.observed`.
//!
//! - `__name__` is the name; all other labels are kept, and an empty one is none.
//! - What is no number is no value: NaN, the marker of a series that ended (a NaN too), and the
//!   infinities are left out without a word.
//! - A native histogram is `NAME_count` and `NAME_sum`. Exemplars and metadata are left out.
//! - A sample that is sent again is a duplicate, in whatever order it comes.
//! - The source is the label `job`, or whoever sends.

use super::protobuf::{self, Shape};
use super::{Incoming, MAX_REJECTIONS, Rejection, measured};
use crate::domain::DataError;
use crate::domain::metrics::Observed;
use crate::domain::vocabulary::check;
use crate::wire::{ApiError, ErrorKind};
use measured::Labels;
use std::sync::Arc;

/// Largest body once it is unpacked, in bytes.
const MAX_UNPACKED: usize = 16 << 20;
/// What a name is called among labels.
const NAME: &str = "__name__";

#[derive(Clone, PartialEq, prost::Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    /// Epoch milliseconds.
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// Of a native histogram, what can be told without its buckets.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    count_int: Option<u64>,
    #[prost(double, optional, tag = "2")]
    count_float: Option<f64>,
    #[prost(double, tag = "3")]
    sum: f64,
    /// Epoch milliseconds.
    #[prost(int64, tag = "15")]
    timestamp: i64,
}

static LEAF: Shape = Shape(&[]);
static SERIES: Shape = Shape(&[(1, &LEAF), (2, &LEAF), (4, &LEAF)]);
static REQUEST: Shape = Shape(&[(1, &SERIES)]);

/// What a request held.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Written {
    /// Its samples as events, in order.
    pub events: Vec<Incoming>,
    /// Series that cannot be, or the first [`MAX_REJECTIONS`] of them; `index` counts series.
    pub rejected: Vec<Rejection>,
    /// How many samples of them were left out.
    pub refused: usize,
}

/// Unpacks a body: snappy in its block format.
///
/// # Errors
/// 400 if it is not so packed; 413 if it is larger than 16 MiB, before anything is unpacked.
pub fn unpack(body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let wrong =
        |error: snap::Error| protobuf::malformed(format!("the body is not snappy: {error}"));
    if snap::raw::decompress_len(body).map_err(wrong)? > MAX_UNPACKED {
        let detail = format!("the body is larger than {} MiB decoded", MAX_UNPACKED >> 20);
        return Err(ApiError::new(ErrorKind::TooLarge, detail));
    }
    snap::raw::Decoder::new().decompress_vec(body).map_err(wrong)
}

/// Reads a request, unpacked; `sender` is who sends it.
///
/// # Errors
/// 400 if it is none; 413 if there is too much in it.
pub fn decode(body: &[u8], sender: &Arc<str>) -> Result<Written, ApiError> {
    let sent: WriteRequest = protobuf::read(body, &REQUEST)?;
    let mut written = Written::default();
    for (index, series) in sent.timeseries.into_iter().enumerate() {
        let (samples, histograms) = (series.samples.len(), series.histograms.len());
        // Before anything is made of them: a sample is a few bytes, and an event is many.
        let most = samples.saturating_add(histograms.saturating_mul(2));
        if written.events.len().saturating_add(most) > measured::MAX_VALUES {
            return Err(measured::too_many());
        }
        match read(series, sender) {
            Ok(events) => written.events.extend(events),
            Err(DataError { pointer, detail }) => {
                written.refused += samples + histograms;
                if written.rejected.len() < MAX_REJECTIONS {
                    written.rejected.push(Rejection { index, pointer, detail });
                }
            }
        }
    }
    Ok(written)
}

fn read(series: TimeSeries, sender: &Arc<str>) -> Result<Vec<Incoming>, DataError> {
    let (name, labels) = key(series.labels)?;
    let source = labels.get("job").and_then(|job| measured::source(job, "prometheus"));
    let source = source.unwrap_or_else(|| sender.clone());
    let samples = series.samples.iter().map(|it| (String::new(), it.value, it.timestamp));
    let histograms = series.histograms.iter().flat_map(|it| {
        let count = it.count_float.or(it.count_int.map(|count| count as f64));
        let sum = ("_sum".to_owned(), it.sum, it.timestamp);
        count.map(|count| ("_count".to_owned(), count, it.timestamp)).into_iter().chain([sum])
    });
    let values = samples.chain(histograms).filter(|(_, value, _)| value.is_finite());
    let made = values.map(|(suffix, value, ms)| {
        let name = if suffix.is_empty() { name.clone() } else { format!("{name}{suffix}").into() };
        let observed = Observed { name, value, unit: None, labels: labels.clone() };
        measured::observed(&source, observed, i128::from(ms) * 1_000_000, "prometheus")
    });
    made.collect()
}

/// The name and the labels of a series.
fn key(sent: Vec<Label>) -> Result<(Arc<str>, Labels), DataError> {
    let mut labels = Labels::new();
    for Label { name, value } in sent {
        // Prometheus takes an empty label for none.
        if value.is_empty() {
            continue;
        }
        let pointer = || format!("/labels/{}", check::escape(&name));
        if labels.contains_key(name.as_str()) {
            return Err(DataError::at(pointer(), "is there twice"));
        }
        labels.insert(name.into(), value.into());
    }
    match labels.remove(NAME) {
        Some(name) => Ok((name, labels)),
        None => Err(DataError::at(format!("/labels/{NAME}"), "is missing: it is the name")),
    }
}

#[cfg(test)]
mod tests;
