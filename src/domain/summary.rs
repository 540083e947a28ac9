//! The overview: the verdict, and a figure of every domain. It is made of the domains' own
//! summaries by the pipeline, since no domain knows another.

use super::health::Health;
use super::projects::{ProjectItem, WindowTotals};
use super::range::Range;
use super::system::{Cpu, Disk, Memory};
use crate::wire::{Cursor, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Projects by health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ProjectCounts {
    /// All that are not archived.
    pub total: u64,
    /// Nothing found.
    pub healthy: u64,
    /// At least a warning.
    pub warning: u64,
    /// At least a critical finding.
    pub critical: u64,
    /// Never validated, or stale.
    pub unknown: u64,
}

/// A count at the start of its step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CountAt {
    /// Start of the step.
    pub at: Timestamp,
    /// Count in the step.
    pub count: u64,
}

/// How much came in over a range, and how it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// What the points span, and in which steps.
    pub range: Range,
    /// Oldest first, a point for every step.
    pub points: Vec<RatePoint>,
}

/// All of the board in one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatePoint {
    /// Start of the step.
    pub at: Timestamp,
    /// Events received, of whatever type but ticks of the clock.
    pub events: u64,
    /// Overall score at the end of the step, or the last one known before it.
    pub score: Option<f64>,
    /// Passed runs.
    pub passed: u64,
    /// Failed and broken runs.
    pub failed: u64,
    /// Errors of runs.
    pub errors: u64,
}

/// Runs of a step, passed and not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunsAt {
    /// Start of the step.
    pub at: Timestamp,
    /// Passed runs.
    pub passed: u64,
    /// Failed and broken runs.
    pub failed: u64,
}

/// Count of a type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TypeCount {
    /// Which type.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// How often.
    pub count: u64,
}

/// Validation runs of the last 24 hours.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Validations {
    /// The counts.
    #[serde(flatten)]
    pub totals: WindowTotals,
    /// Runs an hour, oldest first, the last one still running.
    pub trend: Vec<RunsAt>,
}

/// Errors of the last 24 hours.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Errors {
    /// All of them.
    pub total: u64,
    /// The most frequent types, at most 20.
    pub by_type: Vec<TypeCount>,
    /// Errors an hour, oldest first, the last one still running.
    pub trend: Vec<CountAt>,
    /// (now − before) ÷ before, against the 24 hours before; null when there were none.
    pub change: Option<f64>,
}

/// Agents by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AgentCounts {
    /// All that were ever seen.
    pub total: u64,
    /// All but the offline ones.
    pub online: u64,
    /// Free.
    pub idle: u64,
    /// Given a task, not started.
    pub assigned: u64,
    /// At work.
    pub working: u64,
    /// Waiting for something.
    pub blocked: u64,
    /// Gone.
    pub offline: u64,
}

/// Tasks by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct TaskCounts {
    /// Waiting.
    pub queued: u64,
    /// Given to an agent.
    pub assigned: u64,
    /// Running.
    pub working: u64,
    /// Completed in the last hour.
    pub completed_last_hour: u64,
    /// Failed in the last hour.
    pub failed_last_hour: u64,
    /// Given up, and waiting for a person.
    pub dead_letter: u64,
}

/// Alerts by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AlertCounts {
    /// Firing.
    pub active: u64,
    /// Firing, and seen by a person.
    pub acknowledged: u64,
    /// Firing and critical.
    pub critical: u64,
    /// Firing warnings.
    pub warning: u64,
    /// Firing, and nobody has seen them, and nothing keeps them quiet.
    #[serde(default)]
    pub loud: u64,
    /// Those of these that are critical.
    #[serde(default)]
    pub loud_critical: u64,
}

/// Open connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Connections {
    /// WebSockets.
    pub websocket: u64,
}

/// Hosts in brief.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct HostsBrief {
    /// All that were ever seen.
    pub total: u64,
    /// Those that have gone quiet, by name.
    pub quiet: Vec<Arc<str>>,
    /// The host whose figures these are: the busiest one that still reports.
    pub host: Option<Arc<str>>,
    /// Its processors.
    pub cpu: Option<Cpu>,
    /// Its memory.
    pub memory: Option<Memory>,
    /// Its disk.
    pub disk: Option<Disk>,
    /// Its load over one minute.
    pub load1: Option<f64>,
    /// Its CPU use, oldest first.
    pub cpu_trend: Vec<f32>,
    /// Time of its newest sample.
    pub last_seen_at: Option<Timestamp>,
}

macro_rules! sections {
    ($($(#[$doc:meta])* $field:ident: $type:ty),+ $(,)?) => {
        /// The overview.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
        pub struct Summary {
            /// When this was known to be so.
            pub as_of: Timestamp,
            /// Position it was read at.
            pub cursor: Cursor,
            $($(#[$doc])* pub $field: $type,)+
        }

        /// Which sections of the overview changed; those left out are as they were.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        pub struct SummaryDelta {
            $(#[doc = concat!("`", stringify!($field), "`, if it changed.")]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,)+
        }

        impl Summary {
            /// Brings the overview up to date.
            pub fn apply(&mut self, delta: SummaryDelta) {
                $(if let Some($field) = delta.$field { self.$field = $field; })+
            }

            /// What leads from `self` to `new`.
            pub fn diff(&self, new: &Self) -> SummaryDelta {
                SummaryDelta { $($field: (self.$field != new.$field).then(|| new.$field.clone()),)+ }
            }
        }
    };
}

sections! {
    /// The verdict, with its reasons.
    health: Health,
    /// Projects by health.
    projects: ProjectCounts,
    /// Validation runs of the last 24 hours.
    validations: Validations,
    /// Errors of the last 24 hours.
    errors: Errors,
    /// Agents by state.
    agents: AgentCounts,
    /// Tasks by status.
    tasks: TaskCounts,
    /// Alerts by state.
    alerts: AlertCounts,
    /// Open connections.
    connections: Connections,
    /// Hosts in brief.
    hosts: HostsBrief,
    /// The projects that most need a look, worst first, at most 8.
    attention: Vec<ProjectItem>,
    /// Events accepted per second, over the last 10 seconds.
    events_per_s: f64,
}

impl Summary {
    /// The same without the figures of any host.
    #[must_use]
    pub fn outline(self) -> Self {
        Self { hosts: HostsBrief::default(), ..self }
    }
}

/// One line of the ticker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TickerLine {
    /// Position in the journal.
    pub seq: u64,
    /// When it happened.
    pub time: Timestamp,
    /// Event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about, and the figure that matters.
    pub text: String,
    /// Page of what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// The ticker: what came in last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticker {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// Newest first, at most [`Ticker::KEPT`].
    pub lines: Vec<TickerLine>,
}

/// Lines that have come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TickerDelta {
    /// Newest first.
    pub lines: Vec<TickerLine>,
    /// How many came in besides these.
    pub skipped: u64,
}

impl Ticker {
    /// How many lines are kept.
    pub const KEPT: usize = 50;

    /// Puts new lines on top.
    pub fn apply(&mut self, delta: TickerDelta) {
        let mut lines = delta.lines;
        lines.append(&mut self.lines);
        lines.truncate(Self::KEPT);
        self.lines = lines;
    }
}
