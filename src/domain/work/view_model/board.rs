//! The work page: queues, throughput, dead letters, what has just completed.

use super::{CommandItem, JobItem};
use crate::domain::health::Finding;
use crate::domain::percentiles::Percentiles;
use crate::domain::range::Range;
use crate::domain::summary::{AgentCounts, TaskCounts};
use crate::wire::{Cursor, Timestamp, both};
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;

/// A queue. Windowed figures are over the last hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueItem {
    /// Its name.
    pub queue: Arc<str>,
    /// Tasks that wait.
    pub queued: u64,
    /// Tasks given to an agent.
    pub assigned: u64,
    /// Tasks that run.
    pub working: u64,
    /// Tasks given up.
    pub dead_letter: u64,
    /// Since when the longest-waiting task waits: the queue's latency is the time since then.
    pub oldest_queued_at: Option<Timestamp>,
    /// What the latency is held against, in seconds; null if nothing.
    pub latency_target_s: Option<u32>,
    /// Time from being queued to being given to an agent, in milliseconds.
    pub wait_ms: Percentiles,
    /// Run times of completed tasks, in milliseconds.
    pub run_ms: Percentiles,
    /// Completed tasks.
    pub completed: u64,
    /// Failed tries.
    pub failed: u64,
}

/// Dead letters whose errors are alike: numbers, ids and paths do not tell them apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadGroup {
    /// Names the group; the same error always has the same.
    pub fingerprint: Arc<str>,
    /// The error with what varies left out.
    pub pattern: String,
    /// The newest error as it was sent.
    pub sample: String,
    /// How many tasks.
    pub count: u64,
    /// When the oldest of them was given up.
    pub first_at: Timestamp,
    /// When the newest of them was.
    pub last_at: Timestamp,
}

/// A completed task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The task.
    pub task_id: Arc<str>,
    /// Who did it.
    pub agent_id: Option<Arc<str>>,
    /// What it was about.
    pub description: Option<String>,
    /// Where it had waited.
    pub queue: Arc<str>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// Tokens of language models that it cost.
    pub tokens_used: Option<u64>,
    /// Money that it cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// When it completed.
    pub completed_at: Timestamp,
}

/// What was done over a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Throughput {
    /// Completed tasks.
    pub completed: u64,
    /// Failed tries.
    pub failed: u64,
    /// Tokens of language models.
    pub tokens: u64,
    /// US dollars.
    pub cost_usd: f64,
    /// Mean run time of the completed tasks that told it, in milliseconds.
    pub avg_ms: Option<f64>,
}

/// What was done in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HourItem {
    /// Start of the hour.
    pub hour: Timestamp,
    /// What was done in it.
    #[serde(flatten)]
    pub done: Throughput,
}

impl<'de> Deserialize<'de> for HourItem {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Rest {
            hour: Timestamp,
        }
        let (done, Rest { hour }) = both(from)?;
        Ok(Self { hour, done })
    }
}

macro_rules! sections {
    ($($(#[$doc:meta])* $field:ident: $type:ty),+ $(,)?) => {
        /// The work page.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct WorkPage {
            /// When this was known to be so.
            pub as_of: Timestamp,
            /// Position it was read at.
            pub cursor: Cursor,
            $($(#[$doc])* pub $field: $type,)+
        }

        /// Which sections of the work page changed; those left out are as they were.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        pub struct WorkDelta {
            $(#[doc = concat!("`", stringify!($field), "`, if it changed.")]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,)+
        }

        impl WorkPage {
            /// Brings the page up to date.
            pub fn apply(&mut self, delta: WorkDelta) {
                $(if let Some($field) = delta.$field { self.$field = $field; })+
            }

            /// What leads from `self` to `new`.
            pub fn diff(&self, new: &Self) -> WorkDelta {
                WorkDelta { $($field: (self.$field != new.$field).then(|| new.$field.clone()),)+ }
            }
        }
    };
}

sections! {
    /// Agents by state.
    agents: AgentCounts,
    /// Tasks by status.
    tasks: TaskCounts,
    /// Waiting tasks by priority, 0 (urgent) to 3.
    by_priority: [u64; 4],
    /// Tasks that failed and are not tried again by themselves; dead letters are not among them.
    failed: u64,
    /// The queues, by name, at most [`WorkPage::MAX_QUEUES`].
    queues: Vec<QueueItem>,
    /// Groups of dead letters, largest first, at most [`WorkPage::MAX_GROUPS`].
    dead: Vec<DeadGroup>,
    /// What was done in the last hour.
    last_hour: Throughput,
    /// Each of the last 24 hours, oldest first, the last one still running.
    hourly: Vec<HourItem>,
    /// What has completed, newest first, at most [`WorkPage::MAX_COMPLETIONS`].
    completions: Vec<Completion>,
    /// What the rules find, worst first, at most [`WorkPage::MAX_FINDINGS`].
    findings: Vec<Finding>,
    /// How many findings there are in all.
    findings_total: u64,
    /// Jobs, newest first, at most [`WorkPage::MAX_JOBS`].
    jobs: Vec<JobItem>,
    /// Commands, newest first, at most [`WorkPage::MAX_COMMANDS`].
    commands: Vec<CommandItem>,
}

impl WorkPage {
    /// Queues that are listed.
    pub const MAX_QUEUES: usize = 200;
    /// Groups of dead letters that are listed.
    pub const MAX_GROUPS: usize = 50;
    /// Completions that are listed.
    pub const MAX_COMPLETIONS: usize = 20;
    /// Findings that are listed.
    pub const MAX_FINDINGS: usize = 20;
    /// Jobs that are listed.
    pub const MAX_JOBS: usize = 10;
    /// Commands that are listed.
    pub const MAX_COMMANDS: usize = 20;
}

/// A queue, or all of them, over a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueHistory {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Which queue; null for all of them.
    pub queue: Option<Arc<str>>,
    /// What the points span, and in which steps.
    pub range: Range,
    /// Oldest first, a point for every step.
    pub points: Vec<QueuePoint>,
}

/// A queue in one step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct QueuePoint {
    /// Start of the step.
    pub at: Timestamp,
    /// Waiting tasks at the end of the step; null before any was noted. Noted as it changes while
    /// the server runs.
    pub depth: Option<f64>,
    /// Completed tasks.
    pub completed: u64,
    /// Failed tries.
    pub failed: u64,
    /// Median time from being queued to being given to an agent, in milliseconds.
    pub wait_p50_ms: Option<f64>,
    /// 95th percentile of the same.
    pub wait_p95_ms: Option<f64>,
    /// 95th percentile of run times, in milliseconds.
    pub run_p95_ms: Option<f64>,
    /// Tokens of language models.
    pub tokens: u64,
    /// US dollars.
    pub cost_usd: f64,
}
