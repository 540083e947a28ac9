//! The fold: where every agent and every task stands that is not over, and what is asked of their
//! owners.
//!
//! Invariants: every map is bounded. What an entity is moves by its own time only; that an agent
//! has fallen silent, a task is stuck or a command has expired follows from the time alone, and is
//! so as soon as any event or tick of the clock comes after it. Counts and indexes are what
//! looking at every entity would give (see `index`), so that no reader need do that.

mod agent;
mod fold;
mod index;
mod orders;
mod queue;
#[cfg(test)]
pub mod story;
mod task;
#[cfg(test)]
mod tests;
mod time;

pub use super::brief::{counts, next_change};
pub use agent::{Agent, Times};
pub use index::{Due, Index};
pub use orders::{Job, Preview};
pub use queue::{Growth, Queue};
pub use task::{DEFAULT_QUEUE, Task, subject};

use super::{CommandItem, Completion};
use crate::domain::window::{Bucket, HOUR, MINUTE, Recent, Ring};
use crate::wire::Timestamp;
use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Agents, tasks, commands and jobs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Every agent that is known, by id.
    #[serde(default)]
    pub agents: OrdMap<Arc<str>, Arc<Agent>>,
    /// Every task that is not over, by id.
    #[serde(default)]
    pub tasks: OrdMap<Arc<str>, Arc<Task>>,
    /// Queues by name.
    #[serde(default)]
    pub queues: OrdMap<Arc<str>, Arc<Queue>>,
    /// Tasks that have left `tasks` lately.
    #[serde(default)]
    pub finished: Recent<Arc<str>, 50_000>,
    /// What has completed, newest first.
    #[serde(default = "Vector::new")]
    pub completions: Vector<Arc<Completion>>,
    /// What ended in the last hour.
    #[serde(default)]
    pub hour: Ring<Outcomes, MINUTE, 61>,
    /// What ended in each hour of the last day.
    #[serde(default)]
    pub hours: Ring<Outcomes, HOUR, 25>,
    /// Tasks that completed, ever.
    #[serde(default)]
    pub completed: u64,
    /// Failed tasks that have left `tasks` because there were too many.
    #[serde(default)]
    pub failed_gone: u64,
    /// Whether more and more waits, in all queues together.
    #[serde(default)]
    pub growth: Growth,
    /// The last check of the queues' depth, counted in intervals since the epoch.
    #[serde(default)]
    pub checked: i64,
    /// Since when tasks wait and no agent is there.
    #[serde(default)]
    pub stranded_since: Option<Timestamp>,
    /// Commands: all that are open, and the last that are not.
    #[serde(default)]
    pub commands: OrdMap<Arc<str>, Arc<CommandItem>>,
    /// Commands that are not open any more, oldest first.
    #[serde(default = "Vector::new")]
    pub settled: Vector<Arc<str>>,
    /// The last jobs.
    #[serde(default)]
    pub jobs: OrdMap<Arc<str>, Arc<Job>>,
    /// Agents, tasks and queues left out because there are too many already.
    #[serde(default)]
    pub overflow: u64,
    /// What looking at all of the above would give; made anew whenever a state is read.
    #[serde(skip)]
    pub index: Index,
}

/// What an event changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Touched {
    /// This agent.
    Agent(Arc<str>),
    /// This task.
    Task(Arc<str>),
    /// This task is over, and has left.
    Over(Arc<Task>),
    /// This queue.
    Queue(Arc<str>),
    /// What is not about one of them: counts, commands, jobs.
    Totals,
}

/// How tasks ended.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Outcomes {
    /// Completed.
    pub completed: u64,
    /// Failed tries, whether or not they are tried again.
    pub failed: u64,
    /// Tokens of language models.
    #[serde(default)]
    pub tokens: u64,
    /// US dollars.
    #[serde(default)]
    pub cost_usd: f64,
    /// Run times told of completed tasks, in milliseconds.
    #[serde(default)]
    pub run_ms: f64,
    /// How many of them.
    #[serde(default)]
    pub runs: u64,
}

impl Bucket for Outcomes {
    fn merge(&mut self, other: &Self) {
        self.completed = self.completed.saturating_add(other.completed);
        self.failed = self.failed.saturating_add(other.failed);
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.cost_usd += other.cost_usd;
        self.run_ms += other.run_ms;
        self.runs = self.runs.saturating_add(other.runs);
    }
}

fn add(outcomes: Option<&mut Outcomes>, more: &Outcomes) {
    if let Some(outcomes) = outcomes {
        outcomes.merge(more);
    }
}

impl State {
    /// How many agents there can be.
    pub const MAX_AGENTS: usize = 20_000;
    /// How many tasks there can be that are not over.
    pub const MAX_TASKS: usize = 250_000;
    /// How many of them can have failed; the oldest leave.
    pub const MAX_FAILED: usize = 10_000;
    /// How many queues there can be.
    pub const MAX_QUEUES: usize = 1_000;
    /// How many completions are kept.
    pub const MAX_COMPLETIONS: usize = 100;
    /// How many commands are kept that are not open any more.
    pub const MAX_SETTLED: usize = 1_000;
    /// How many jobs are kept.
    pub const MAX_JOBS: usize = 100;
}
