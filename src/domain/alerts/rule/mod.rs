//! Alert rules: what is watched, when that becomes an alert, and what the alert is to say.

#[cfg(feature = "ssr")]
mod check;
mod spec;
pub use spec::*;

use crate::domain::health::Severity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use utoipa::ToSchema;

/// Labels of a rule, a series or an alert.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertRule {
    /// Its id.
    pub id: Arc<str>,
    /// What it is called.
    pub name: String,
    /// How bad its alerts are; what the finding says, or a warning, if none.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// How long the condition must hold before the alert fires, in seconds.
    #[serde(default)]
    pub for_s: f64,
    /// How long the alert goes on firing once the condition has gone, in seconds.
    #[serde(default)]
    pub keep_firing_for_s: f64,
    /// Who looks after what it watches.
    #[serde(default)]
    pub owner: Option<String>,
    /// Page that says what to do.
    #[serde(default)]
    pub runbook: Option<String>,
    /// Labels of its alerts, to route and silence by.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: Labels,
    /// Whether it is looked at.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What it watches.
    #[schema(value_type = OnSpec)]
    pub on: On,
}

impl AlertRule {
    /// A rule that is as simple as it can be: nothing but what it is called and watches.
    pub fn plain(id: &str, name: &str, on: On) -> Self {
        Self {
            id: id.into(),
            name: name.to_owned(),
            severity: None,
            for_s: 0.0,
            keep_firing_for_s: 0.0,
            owner: None,
            runbook: None,
            labels: Labels::new(),
            enabled: true,
            on,
        }
    }
}

const fn yes() -> bool {
    true
}

/// What a rule watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "OnSpec", into = "OnSpec")]
pub enum On {
    /// Findings.
    Finding(OnFinding),
    /// A metric.
    Metric(OnMetric),
    /// That something has gone quiet.
    Absent(OnAbsent),
}

/// Findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OnFinding {
    /// The finding's rule; `*` stands for any text.
    pub rule: Arc<str>,
    /// Least severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// A metric over a window, held against a threshold; each matching series by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct OnMetric {
    /// Its name.
    pub metric: Arc<str>,
    /// Labels that a series must have; it may have more.
    pub labels: Labels,
    /// How the values of the window become one.
    pub aggregation: Aggregation,
    /// Length of the window, in seconds.
    pub window_s: f64,
    /// How that one is compared.
    pub op: Op,
    /// What with, in the metric's unit; with `past_s`, as a multiple of the past.
    pub threshold: f64,
    /// Compares with the same window this long before, in seconds, times `threshold`.
    pub past_s: Option<f64>,
}

/// Something that has gone quiet.
#[derive(Debug, Clone, PartialEq)]
pub struct OnAbsent {
    /// What kind of thing.
    pub of: Thing,
    /// Which; `*` stands for any text.
    pub name: Arc<str>,
    /// After how long, in seconds; learned from how often it comes if none.
    pub after_s: Option<f64>,
}

/// What can go quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A source of events.
    Source,
    /// An agent.
    Agent,
    /// A host.
    Host,
    /// A project.
    Project,
    /// A metric.
    Metric,
}

impl Thing {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Source, Self::Agent, Self::Host, Self::Project, Self::Metric];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Agent => "agent",
            Self::Host => "host",
            Self::Project => "project",
            Self::Metric => "metric",
        }
    }
}

/// How the values of a window become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Their mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Their sum.
    Sum,
    /// How many there are.
    Count,
    /// Their median, with a relative error of at most 1 %.
    P50,
    /// Their 95th percentile, likewise.
    P95,
    /// Their 99th percentile, likewise.
    P99,
}

impl Aggregation {
    /// Every way.
    pub const ALL: [Self; 8] =
        [Self::Avg, Self::Min, Self::Max, Self::Sum, Self::Count, Self::P50, Self::P95, Self::P99];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Count => "count",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// The quantile it is, if it is one.
    pub const fn quantile(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
            _ => None,
        }
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Op {
    /// More.
    #[serde(rename = ">")]
    More,
    /// As much or more.
    #[serde(rename = ">=")]
    AtLeast,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// As much or less.
    #[serde(rename = "<=")]
    AtMost,
    /// As much.
    #[serde(rename = "==")]
    Equal,
    /// Another.
    #[serde(rename = "!=")]
    Unequal,
}

impl Op {
    /// Every comparison.
    pub const ALL: [Self; 6] =
        [Self::More, Self::AtLeast, Self::Less, Self::AtMost, Self::Equal, Self::Unequal];

    /// Whether it holds.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::More => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Less => value < threshold,
            Self::AtMost => value <= threshold,
            Self::Equal => value == threshold,
            Self::Unequal => value != threshold,
        }
    }

    /// In words, before what is compared with.
    pub const fn words(self) -> &'static str {
        match self {
            Self::More => "more than",
            Self::AtLeast => "at least",
            Self::Less => "less than",
            Self::AtMost => "at most",
            Self::Equal => "exactly",
            Self::Unequal => "other than",
        }
    }

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::Unequal => "!=",
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
