//! Alerts as they are told, over REST, on sockets and on pages.

mod lists;
mod quiet;
mod reach;
mod rules;
pub use lists::*;
pub use quiet::*;
pub use reach::*;
pub use rules::*;

use super::Move;
use super::rule::Labels;
use crate::domain::health::Severity;
use crate::wire::{Cursor, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;

/// The stage that an alert is in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Its condition holds, and not yet for long enough.
    Pending,
    /// It fires.
    Firing,
    /// Nobody knows whether its condition still holds: what it is about has gone quiet.
    Unknown,
    /// It is over.
    Resolved,
}

impl AlertState {
    /// Every stage.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Firing, Self::Unknown, Self::Resolved];

    /// The stage of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Unknown => "unknown",
            Self::Resolved => "resolved",
        }
    }
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertItem {
    /// Its id, which no other alert ever has.
    pub id: Arc<str>,
    /// What it is, in a few words.
    pub title: String,
    /// What it is, in a sentence.
    pub message: String,
    /// How bad.
    pub severity: Severity,
    /// Who sent what it is about.
    pub source: Arc<str>,
    /// The stage it is in.
    pub state: AlertState,
    /// When its condition was first seen to hold.
    pub created_at: Timestamp,
    /// When it fired, if it has.
    pub fired_at: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// Whether somebody has seen it, and it has not become worse since.
    pub acknowledged: bool,
    /// Who.
    pub acknowledged_by: Option<Arc<str>>,
    /// When.
    pub acknowledged_at: Option<Timestamp>,
    /// What they said.
    pub acknowledged_comment: Option<String>,
    /// Until when it makes no noise.
    pub silenced_until: Option<Timestamp>,
    /// Words to filter by; its labels, as `name=value`, among them.
    pub tags: Vec<String>,
    /// The alert rule.
    pub rule: Arc<str>,
    /// What that is called.
    pub rule_name: String,
    /// The rule of the finding it is built on, if on one.
    pub finding: Option<Arc<str>>,
    /// What it is about, as `kind/name`.
    pub subject: Arc<str>,
    /// To route and silence by.
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: Labels,
    /// What was measured, in `unit`.
    pub value: Option<f64>,
    /// What it was held against, in `unit`.
    pub threshold: Option<f64>,
    /// Unit of both.
    pub unit: Option<String>,
    /// What would make it go away.
    pub resolve: String,
    /// Page of what it is about.
    pub link: String,
    /// Page that says what to do.
    pub runbook: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Times it has lately fired or been resolved; one is forgotten every 5 minutes.
    pub flap_score: f64,
    /// Whether it comes and goes too often to be told of each time.
    pub flapping: bool,
    /// The alert that is its cause, which is told of in its place.
    pub covered_by: Option<Arc<str>>,
    /// Position at which it was last changed.
    pub seq: u64,
}

impl AlertItem {
    /// Orders alerts: those that fire first, then the worst, then the longest-standing.
    pub fn worst_first(a: &Self, b: &Self) -> std::cmp::Ordering {
        let rank = |item: &Self| {
            let pending = item.fired_at.is_none();
            (pending, std::cmp::Reverse(item.severity), item.created_at)
        };
        rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id))
    }

    /// Whether it needs somebody: it fires and is no mere information, nobody has seen it, and nothing
    /// keeps it quiet.
    pub fn is_loud(&self) -> bool {
        matches!(self.state, AlertState::Firing | AlertState::Unknown)
            && self.fired_at.is_some()
            && self.severity > Severity::Info
            && !self.acknowledged
            && self.silenced_until.is_none()
            && self.covered_by.is_none()
    }
}

/// Alerts in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlertNumbers {
    /// Those that fire, known or unknown.
    pub active: u64,
    /// Those of them that somebody has seen.
    pub acknowledged: u64,
    /// Those of them that are critical.
    pub critical: u64,
    /// Those of them that are warnings.
    pub warning: u64,
    /// Those of them that need somebody.
    pub loud: u64,
    /// Those of these that are critical.
    #[serde(default)]
    pub loud_critical: u64,
    /// Those that do not fire yet.
    pub pending: u64,
}

/// Every alert that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertsPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// In numbers.
    pub numbers: AlertNumbers,
    /// The alerts, worst first.
    pub items: Vec<AlertItem>,
    /// Silences that are in effect.
    pub silences: Vec<SilenceItem>,
}

impl AlertsPage {
    /// Brings the alerts up to date.
    pub fn apply(&mut self, delta: AlertsDelta) {
        let AlertsDelta { numbers, upsert, remove, silences } = delta;
        self.numbers = numbers;
        let anew = upsert.iter().map(|item| &item.id);
        let gone: BTreeSet<_> = anew.chain(&remove).cloned().collect();
        self.items.retain(|item| !gone.contains(&item.id));
        self.items.extend(upsert);
        self.items.sort_by(AlertItem::worst_first);
        if let Some(silences) = silences {
            self.silences = silences;
        }
    }
}

/// What changed among the alerts that are not over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AlertsDelta {
    /// In numbers, now.
    pub numbers: AlertNumbers,
    /// Those that are new or different.
    pub upsert: Vec<AlertItem>,
    /// Those that are over.
    pub remove: Vec<Arc<str>>,
    /// All silences, if any of them changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silences: Option<Vec<SilenceItem>>,
}

/// Something that happened to an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineItem {
    /// Position in the journal.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What: a [`Move`], or `acknowledged`, `silenced`, `unsilenced`, `covered`, `uncovered`,
    /// `told`, `undelivered`.
    pub what: String,
    /// Who did it.
    pub actor: Option<Arc<str>>,
    /// What else is to be known.
    pub detail: Option<String>,
}

/// One alert with what has happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertDetail {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// The alert.
    pub alert: AlertItem,
    /// What has happened to it, oldest first.
    pub timeline: Vec<TimelineItem>,
    /// Alerts that it covers.
    pub covers: Vec<AlertItem>,
    /// Earlier alerts of the same rule and subject, newest first.
    pub before: Vec<AlertItem>,
    /// What was measured, and the threshold.
    pub evidence: Option<Measured>,
}

/// What was measured over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    /// What it is.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// What it is held against.
    pub threshold: Option<f64>,
    /// A point for every step, oldest first; none where nothing came.
    pub points: Vec<(Timestamp, Option<f64>)>,
}

impl Move {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Fired => "fired",
            Self::Holds => "holds",
            Self::Clearing => "clearing",
            Self::Unknown => "unknown",
            Self::Changed => "changed",
            Self::Resolved => "resolved",
            Self::Dropped => "dropped",
        }
    }
}

/// Alerts of a time, with where the next page begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertsList {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Newest first.
    pub items: Vec<AlertItem>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}
