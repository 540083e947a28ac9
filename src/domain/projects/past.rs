//! What readers get to see of the past of projects.

use super::Run;
use crate::domain::range::Range;
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of a project's runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunsPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Newest first, by their own time.
    pub items: Vec<Run>,
    /// `after` of the next page; null on the last one.
    pub next: Option<String>,
}

/// Figures over a window, of one project or of all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Metrics {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Length of the window in seconds.
    pub window_s: u64,
    /// What the window spans, and the steps of `health_trend`.
    pub range: Range,
    /// Run results.
    pub validations: ValidationRates,
    /// Errors of runs.
    pub errors: ErrorRates,
    /// Response times.
    pub response_time_ms: ResponseTimes,
    /// Health over the window, oldest first.
    pub health_trend: Vec<HealthPoint>,
    /// How much came in.
    pub throughput: Throughput,
}

/// Run results over a window.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ValidationRates {
    /// passed ÷ (passed + failed + error); null when nothing ran.
    pub success_rate: Option<f64>,
    /// (failed + error) ÷ the same.
    pub failure_rate: Option<f64>,
    /// All runs, skipped ones too.
    pub total: u64,
    /// Passed runs.
    pub passed: u64,
    /// Failed runs.
    pub failed: u64,
    /// Broken runs.
    pub error: u64,
    /// Skipped runs.
    pub skipped: u64,
}

/// Errors over a window.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ErrorRates {
    /// All of them.
    pub total: u64,
    /// By type, the most frequent first.
    pub by_type: Vec<ErrorRate>,
}

/// How often a type of error came up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorRate {
    /// Its type; `other` holds those beyond the number of types that are counted.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// How often.
    pub count: u64,
    /// How often an hour.
    pub rate_per_hour: f64,
}

/// Response times over a window; each figure is null when nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ResponseTimes {
    /// How many were measured.
    pub count: u64,
    /// Shortest.
    pub min: Option<f64>,
    /// Longest.
    pub max: Option<f64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// How far a percentile may be off, as a fraction of it.
    pub relative_error: f64,
}

/// Health at the end of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HealthPoint {
    /// Start of the step.
    pub at: Timestamp,
    /// The overall score, or that of the project asked for; null while none is known.
    pub score: Option<f64>,
    /// The score of the project asked for, by its id; left out when none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_project: Option<BTreeMap<String, Option<f64>>>,
}

/// How much came in.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = EventRate)]
pub struct Throughput {
    /// Events a second over the window: all that were accepted, but for ticks of the clock; or
    /// those about the project asked for.
    pub events_per_s: f64,
}
