//! Verdicts with their reasons: a finding is what a rule saw, a score is 100 minus named points.

#[cfg(feature = "ssr")]
mod rule;
#[cfg(feature = "ssr")]
pub use rule::{Rule, Seen, findings, minute, sent_by, span};

use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How bad a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody should look now.
    Critical,
}

/// The verdict over everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No finding of severity warning or worse.
    Ok,
    /// At least one warning.
    Warning,
    /// At least one critical finding.
    Critical,
    /// Nothing is known: nobody sent anything, or all of it has gone stale.
    #[default]
    Unknown,
}

/// What a health rule saw, why it matters, and what would make it go away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The rule, as `domain.rule`.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// What it is about, as `kind/name` (`project/payments-api`, `host/build-02`).
    pub subject: String,
    /// One sentence a person can act on.
    pub message: String,
    /// Since when the rule has held, as far as it is known.
    pub since: Timestamp,
    /// What it costs; the score is 100 minus the sum of all points.
    pub points: u32,
    /// The figures behind it.
    pub evidence: Evidence,
    /// What would turn it green.
    pub resolve: String,
    /// Who sent what it is about, if that is one source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// The figures behind a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default, ToSchema)]
pub struct Evidence {
    /// What was measured, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it was held against, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Unit of both: `ratio`, `ms`, `percent`, `count`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Words of the source itself, such as the first error message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Page that shows more.
    pub link: String,
}

/// A part of a score: what a rule took off, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScorePart {
    /// The rule, as `domain.rule`.
    pub rule: String,
    /// Points taken off 100.
    pub points: u32,
    /// The finding's message.
    pub why: String,
}

/// The verdict: worst severity, score, and the findings it comes from, worst first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default, ToSchema)]
pub struct Health {
    /// Worst severity among the findings.
    pub status: Status,
    /// 100 minus the findings' points; null when nothing is known.
    pub score: Option<u32>,
    /// Worst first, then longest-standing; every finding that costs points is among them.
    pub findings: Vec<Finding>,
    /// How many findings there are in all; more than listed when many cost nothing.
    pub findings_total: u32,
}

/// Cuts the points of `findings` (in their order) so that their sum never exceeds 100, and
/// returns the score that is left. So the parts of a score always sum to what is missing from it.
pub fn settle(findings: &mut [Finding]) -> u32 {
    let mut left = 100_u32;
    for finding in findings {
        finding.points = finding.points.min(left);
        left -= finding.points;
    }
    left
}

impl Severity {
    /// Every severity, mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}
