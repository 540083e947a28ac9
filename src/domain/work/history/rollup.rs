//! What happened to a queue in a step.

use crate::domain::sketch::Sketch;
use crate::domain::window::Bucket;
use crate::domain::work::state::Task;
use crate::domain::work::{Event, QueuePoint, TaskStatus};
use crate::wire::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};

/// Money is summed in whole billionths of a US dollar, so that a sum does not depend on its order.
const NANO: f64 = 1e9;

/// What happened to a queue in a step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rollup {
    /// Tasks that came to wait, by their producers' word.
    queued: u64,
    /// Completed tasks.
    completed: u64,
    /// Failed tries.
    failed: u64,
    /// Tokens of language models.
    tokens: u64,
    /// Billionths of a US dollar.
    cost: u64,
    /// From being queued to being given to an agent, in milliseconds.
    waits: Sketch,
    /// Run times of completed tasks, in milliseconds.
    runs: Sketch,
}

impl Bucket for Rollup {
    fn merge(&mut self, other: &Self) {
        let add = |n: &mut u64, more: u64| *n = n.saturating_add(more);
        add(&mut self.queued, other.queued);
        add(&mut self.completed, other.completed);
        add(&mut self.failed, other.failed);
        add(&mut self.tokens, other.tokens);
        add(&mut self.cost, other.cost);
        self.waits.merge(&other.waits);
        self.runs.merge(&other.runs);
    }
}

impl Rollup {
    /// What an event adds that found its task in `from` and made it `task`; none if nothing.
    ///
    /// Whatever ends counts when it ended, be it told late; a wait counts only if the task moved.
    pub fn of(stamp: &Stamp, event: &Event, from: TaskStatus, task: &Task) -> Option<Self> {
        let mut rollup = Self::default();
        match event {
            Event::Queued(_) => rollup.queued = 1,
            Event::Assigned(_) | Event::Started(_) | Event::Progressed(_) => {
                let begun = from == TaskStatus::Queued && task.status.is_running();
                let now = task.assigned_at == Some(stamp.time);
                rollup.waits.add(task.waited().filter(|_| begun && now)?);
            }
            Event::Completed(e) => {
                rollup.completed = 1;
                rollup.tokens = e.tokens_used.unwrap_or(0);
                rollup.cost = (e.cost_usd.unwrap_or(0.0) * NANO).round() as u64;
                let seen = task.duration_ms.filter(|_| task.ended_at == Some(stamp.time));
                if let Some(ms) = e.duration_ms.or(seen) {
                    rollup.runs.add(ms);
                }
            }
            Event::Failed(_) => rollup.failed = 1,
            _ => return None,
        }
        Some(rollup)
    }

    /// What readers see of it.
    pub fn point(&self, at: Timestamp, depth: Option<f64>) -> QueuePoint {
        QueuePoint {
            at,
            depth,
            completed: self.completed,
            failed: self.failed,
            wait_p50_ms: self.waits.quantile(0.5),
            wait_p95_ms: self.waits.quantile(0.95),
            run_p95_ms: self.runs.quantile(0.95),
            tokens: self.tokens,
            cost_usd: self.cost as f64 / NANO,
        }
    }
}
