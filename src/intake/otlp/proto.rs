//! The messages of OTLP 1.x that are read here, each for both of its encodings: field numbers for
//! protocol buffers, and names for JSON as "JSON Protobuf Encoding" of the specification has them.
//! What is not read is not declared. Of what is a choice of one, each is optional: on the wire that
//! is the same.

use super::json::{base64, hex, number};
use crate::intake::protobuf::Shape;
use serde::Deserialize;

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident { $($fields:tt)* })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, prost::Message, Deserialize)]
            #[serde(default, rename_all = "camelCase")]
            pub struct $name { $($fields)* }
        )+
    };
}

messages! {
    /// What is sent to `/v1/metrics`.
    Metrics {
        #[prost(message, repeated, tag = "1")]
        pub resource_metrics: Vec<ResourceMetrics>,
    }
    ResourceMetrics {
        #[prost(message, optional, tag = "1")]
        pub resource: Option<Resource>,
        #[prost(message, repeated, tag = "2")]
        pub scope_metrics: Vec<ScopeMetrics>,
    }
    ScopeMetrics {
        #[prost(message, repeated, tag = "2")]
        pub metrics: Vec<Metric>,
    }
    Metric {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(string, tag = "3")]
        pub unit: String,
        #[prost(message, optional, tag = "5")]
        pub gauge: Option<Numbers>,
        #[prost(message, optional, tag = "7")]
        pub sum: Option<Numbers>,
        #[prost(message, optional, tag = "9")]
        pub histogram: Option<Histogram>,
        #[prost(message, optional, tag = "10")]
        pub exponential_histogram: Option<ExponentialHistogram>,
        #[prost(message, optional, tag = "11")]
        pub summary: Option<Summary>,
    }
    /// A gauge, or a sum.
    Numbers {
        #[prost(message, repeated, tag = "1")]
        pub data_points: Vec<NumberPoint>,
    }
    NumberPoint {
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "3")]
        pub time_unix_nano: u64,
        #[serde(deserialize_with = "number")]
        #[prost(double, optional, tag = "4")]
        pub as_double: Option<f64>,
        #[serde(deserialize_with = "number")]
        #[prost(sfixed64, optional, tag = "6")]
        pub as_int: Option<i64>,
        #[prost(message, repeated, tag = "7")]
        pub attributes: Vec<KeyValue>,
        #[serde(deserialize_with = "number")]
        #[prost(uint32, tag = "8")]
        pub flags: u32,
    }
    Histogram {
        #[prost(message, repeated, tag = "1")]
        pub data_points: Vec<HistogramPoint>,
    }
    HistogramPoint {
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "3")]
        pub time_unix_nano: u64,
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "4")]
        pub count: u64,
        #[serde(deserialize_with = "number")]
        #[prost(double, optional, tag = "5")]
        pub sum: Option<f64>,
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, repeated, tag = "6")]
        pub bucket_counts: Vec<u64>,
        #[serde(deserialize_with = "number")]
        #[prost(double, repeated, tag = "7")]
        pub explicit_bounds: Vec<f64>,
        #[prost(message, repeated, tag = "9")]
        pub attributes: Vec<KeyValue>,
        #[serde(deserialize_with = "number")]
        #[prost(uint32, tag = "10")]
        pub flags: u32,
        #[serde(deserialize_with = "number")]
        #[prost(double, optional, tag = "11")]
        pub min: Option<f64>,
        #[serde(deserialize_with = "number")]
        #[prost(double, optional, tag = "12")]
        pub max: Option<f64>,
    }
    ExponentialHistogram {
        #[prost(message, repeated, tag = "1")]
        pub data_points: Vec<ExponentialPoint>,
    }
    ExponentialPoint {
        #[prost(message, repeated, tag = "1")]
        pub attributes: Vec<KeyValue>,
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "3")]
        pub time_unix_nano: u64,
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "4")]
        pub count: u64,
        #[serde(deserialize_with = "number")]
        #[prost(double, optional, tag = "5")]
        pub sum: Option<f64>,
        #[serde(deserialize_with = "number")]
        #[prost(uint32, tag = "10")]
        pub flags: u32,
        #[serde(deserialize_with = "number")]
        #[prost(double, optional, tag = "12")]
        pub min: Option<f64>,
        #[serde(deserialize_with = "number")]
        #[prost(double, optional, tag = "13")]
        pub max: Option<f64>,
    }
    Summary {
        #[prost(message, repeated, tag = "1")]
        pub data_points: Vec<SummaryPoint>,
    }
    SummaryPoint {
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "3")]
        pub time_unix_nano: u64,
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "4")]
        pub count: u64,
        #[serde(deserialize_with = "number")]
        #[prost(double, tag = "5")]
        pub sum: f64,
        #[prost(message, repeated, tag = "6")]
        pub quantile_values: Vec<Quantile>,
        #[prost(message, repeated, tag = "7")]
        pub attributes: Vec<KeyValue>,
        #[serde(deserialize_with = "number")]
        #[prost(uint32, tag = "8")]
        pub flags: u32,
    }
    Quantile {
        #[serde(deserialize_with = "number")]
        #[prost(double, tag = "1")]
        pub quantile: f64,
        #[serde(deserialize_with = "number")]
        #[prost(double, tag = "2")]
        pub value: f64,
    }
    /// What is sent to `/v1/traces`.
    Traces {
        #[prost(message, repeated, tag = "1")]
        pub resource_spans: Vec<ResourceSpans>,
    }
    ResourceSpans {
        #[prost(message, optional, tag = "1")]
        pub resource: Option<Resource>,
        #[prost(message, repeated, tag = "2")]
        pub scope_spans: Vec<ScopeSpans>,
    }
    ScopeSpans {
        #[prost(message, repeated, tag = "2")]
        pub spans: Vec<Span>,
    }
    Span {
        #[serde(deserialize_with = "hex")]
        #[prost(bytes = "vec", tag = "1")]
        pub trace_id: Vec<u8>,
        #[serde(deserialize_with = "hex")]
        #[prost(bytes = "vec", tag = "2")]
        pub span_id: Vec<u8>,
        #[serde(deserialize_with = "hex")]
        #[prost(bytes = "vec", tag = "4")]
        pub parent_span_id: Vec<u8>,
        #[prost(string, tag = "5")]
        pub name: String,
        #[serde(deserialize_with = "number")]
        #[prost(int32, tag = "6")]
        pub kind: i32,
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "7")]
        pub start_time_unix_nano: u64,
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "8")]
        pub end_time_unix_nano: u64,
        #[prost(message, repeated, tag = "9")]
        pub attributes: Vec<KeyValue>,
        #[prost(message, optional, tag = "15")]
        pub status: Option<Status>,
    }
    Status {
        #[serde(deserialize_with = "number")]
        #[prost(int32, tag = "3")]
        pub code: i32,
    }
    /// What is sent to `/v1/logs`.
    Logs {
        #[prost(message, repeated, tag = "1")]
        pub resource_logs: Vec<ResourceLogs>,
    }
    ResourceLogs {
        #[prost(message, optional, tag = "1")]
        pub resource: Option<Resource>,
        #[prost(message, repeated, tag = "2")]
        pub scope_logs: Vec<ScopeLogs>,
    }
    ScopeLogs {
        #[prost(message, repeated, tag = "2")]
        pub log_records: Vec<LogRecord>,
    }
    LogRecord {
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "1")]
        pub time_unix_nano: u64,
        #[serde(deserialize_with = "number")]
        #[prost(int32, tag = "2")]
        pub severity_number: i32,
        #[prost(string, tag = "3")]
        pub severity_text: String,
        #[prost(message, optional, tag = "5")]
        pub body: Option<AnyValue>,
        #[prost(message, repeated, tag = "6")]
        pub attributes: Vec<KeyValue>,
        #[serde(deserialize_with = "number")]
        #[prost(fixed64, tag = "11")]
        pub observed_time_unix_nano: u64,
        #[prost(string, tag = "12")]
        pub event_name: String,
    }
    /// Who sends.
    Resource {
        #[prost(message, repeated, tag = "1")]
        pub attributes: Vec<KeyValue>,
    }
    KeyValue {
        #[prost(string, tag = "1")]
        pub key: String,
        #[prost(message, optional, tag = "2")]
        pub value: Option<AnyValue>,
    }
    /// One of these, or nothing.
    AnyValue {
        #[prost(string, optional, tag = "1")]
        pub string_value: Option<String>,
        #[prost(bool, optional, tag = "2")]
        pub bool_value: Option<bool>,
        #[serde(deserialize_with = "number")]
        #[prost(int64, optional, tag = "3")]
        pub int_value: Option<i64>,
        #[serde(deserialize_with = "number")]
        #[prost(double, optional, tag = "4")]
        pub double_value: Option<f64>,
        #[prost(message, optional, tag = "5")]
        pub array_value: Option<ArrayValue>,
        #[prost(message, optional, tag = "6")]
        pub kvlist_value: Option<KeyValueList>,
        #[serde(deserialize_with = "base64")]
        #[prost(bytes = "vec", optional, tag = "7")]
        pub bytes_value: Option<Vec<u8>>,
    }
    ArrayValue {
        #[prost(message, repeated, tag = "1")]
        pub values: Vec<AnyValue>,
    }
    KeyValueList {
        #[prost(message, repeated, tag = "1")]
        pub values: Vec<KeyValue>,
    }
}

static LEAF: Shape = Shape(&[]);
static ANY: Shape = Shape(&[(5, &ARRAY), (6, &ATTRIBUTES)]);
static ARRAY: Shape = Shape(&[(1, &ANY)]);
static PAIR: Shape = Shape(&[(2, &ANY)]);
/// Attributes in field 1: a resource's, a list's, a point's of an exponential histogram.
static ATTRIBUTES: Shape = Shape(&[(1, &PAIR)]);

static NUMBERS: Shape = Shape(&[(1, &NUMBER)]);
static NUMBER: Shape = Shape(&[(7, &PAIR)]);
static HISTOGRAM: Shape = Shape(&[(1, &Shape(&[(9, &PAIR)]))]);
static EXPONENTIAL: Shape = Shape(&[(1, &ATTRIBUTES)]);
static SUMMARY: Shape = Shape(&[(1, &Shape(&[(6, &LEAF), (7, &PAIR)]))]);
static METRIC: Shape =
    Shape(&[(5, &NUMBERS), (7, &NUMBERS), (9, &HISTOGRAM), (10, &EXPONENTIAL), (11, &SUMMARY)]);
static SPAN: Shape = Shape(&[(9, &PAIR), (15, &LEAF)]);
static RECORD: Shape = Shape(&[(5, &ANY), (6, &PAIR)]);

/// Where [`Metrics`] holds messages.
pub static METRICS: Shape =
    Shape(&[(1, &Shape(&[(1, &ATTRIBUTES), (2, &Shape(&[(2, &METRIC)]))]))]);
/// Where [`Traces`] holds messages.
pub static TRACES: Shape = Shape(&[(1, &Shape(&[(1, &ATTRIBUTES), (2, &Shape(&[(2, &SPAN)]))]))]);
/// Where [`Logs`] holds messages.
pub static LOGS: Shape = Shape(&[(1, &Shape(&[(1, &ATTRIBUTES), (2, &Shape(&[(2, &RECORD)]))]))]);
