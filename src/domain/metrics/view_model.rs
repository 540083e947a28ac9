//! What is told of metrics: which there are, their course over time, and pinned charts.

use crate::domain::range::Range;
use crate::wire::{Cursor, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What tells a series from others of its name.
pub type LabelSet = BTreeMap<Arc<str>, Arc<str>>;

/// Metrics that match, by name and labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricsList {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// How many series match in all.
    pub total: u64,
    /// One for every series.
    pub items: Vec<MetricItem>,
    /// Values of series that found no place, because there are too many.
    pub overflow: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricItem {
    /// Name of the metric.
    pub name: Arc<str>,
    /// What tells it from others of the name.
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: LabelSet,
    /// What its values count, if that was told.
    pub unit: Option<Arc<str>>,
    /// Its newest value.
    pub value: f64,
    /// When it had that.
    pub timestamp: Timestamp,
    /// Who sends it; `bellwether` for what the board knows by itself.
    pub source: Arc<str>,
}

/// A metric by its name, for whoever picks one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricName {
    /// Its name.
    pub name: Arc<str>,
    /// What its values count, if that was told.
    pub unit: Option<Arc<str>>,
    /// How many series it has.
    pub series: u64,
    /// Values of series that found no place, because it has too many.
    pub overflow: u64,
    /// Whether the board knows it by itself.
    pub built_in: bool,
    /// Names of the labels its series have, each with some of its values.
    pub labels: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

/// Every metric there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricNames {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// By name.
    pub items: Vec<MetricName>,
}

/// A metric over a range of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricCourse {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// What the points span, and in which steps.
    pub range: Range,
    /// What its values count, if that was told.
    pub unit: Option<Arc<str>>,
    /// Every series that matches, by its labels.
    pub series: Vec<CourseOf>,
    /// How many more series match than are told.
    pub more: u64,
}

impl MetricCourse {
    /// Most series that pages are told of: more could not be told apart on a chart.
    pub const MAX_LINES: usize = 12;

    /// The same with no more series than a chart can show.
    #[must_use]
    pub fn drawable(mut self) -> Self {
        self.more += self.series.len().saturating_sub(Self::MAX_LINES) as u64;
        self.series.truncate(Self::MAX_LINES);
        self
    }
}

/// One series of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CourseOf {
    /// What tells it from the others.
    pub labels: LabelSet,
    /// A value for every step that had one, oldest first.
    pub points: Vec<(Timestamp, f64)>,
}

/// A chart as somebody made it: what the explorer's address says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChartSpec {
    /// What it is called; its metric if left out.
    pub title: String,
    /// Name of the metric.
    pub metric: String,
    /// Labels a series must have.
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: LabelSet,
    /// How the values of a step become one: one of [`AGGREGATIONS`].
    pub aggregation: String,
    /// Labels whose series are kept apart, separated by commas; all others are merged. None keeps
    /// every series apart, an empty text merges all of them.
    pub by: Option<String>,
    /// Length of time, as in `24h`.
    pub window: String,
}

/// How the values of a step become one.
pub const AGGREGATIONS: [&str; 8] = ["avg", "min", "max", "sum", "count", "p50", "p95", "p99"];

/// A chart on somebody's own board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pin {
    /// Its id.
    pub id: Arc<str>,
    /// The chart.
    pub chart: ChartSpec,
    /// When it was pinned.
    pub at: Timestamp,
}

/// Somebody's own board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pins {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// In the order in which they were pinned.
    pub items: Vec<Pin>,
    /// Where the next page begins, if there is another.
    pub next: Option<String>,
}

/// Most charts on a board.
pub const MAX_PINS: usize = 24;
