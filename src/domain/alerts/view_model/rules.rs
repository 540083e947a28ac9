//! Rules as they are told, and what a back-test of one finds.

use super::super::rule::{AlertRule, RuleSpec};
use super::Measured;
use crate::domain::health::Severity;
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A rule as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleItem {
    /// The rule.
    #[serde(flatten)]
    pub rule: AlertRule,
    /// Whether it is there from the start; it can be changed, but not removed.
    pub built_in: bool,
    /// How many of its alerts fire.
    pub firing: u32,
    /// How many are pending.
    pub pending: u32,
}

/// A stretch in which a rule would have fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stretch {
    /// When it would have fired.
    pub from: Timestamp,
    /// When it would have been over; none if it still fires.
    pub to: Option<Timestamp>,
    /// About what.
    pub subject: Arc<str>,
    /// How bad.
    pub severity: Severity,
}

/// What a back-test found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BackTest {
    /// When it would have fired, oldest first.
    pub fired: Vec<Stretch>,
    /// How often it would have come and gone so soon that it flaps.
    pub flaps: u64,
    /// Where the journal that was looked at begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
    /// How many events were looked at.
    pub events: u64,
    /// Whether there were more stretches than are listed, or more events than are looked at.
    pub cut: bool,
    /// What was measured over that time, for a metric: the series that most often fired.
    pub measured: Option<Measured>,
}

/// A rule to be tested on the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackTestRequest {
    /// The rule.
    pub rule: RuleSpec,
    /// How many days of the past.
    #[serde(default = "week")]
    pub days: f64,
}

const fn week() -> f64 {
    7.0
}
