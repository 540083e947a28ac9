//! What is kept of the past of work: every task with its steps, and what each queue did.
//!
//! A task's row is the task as the fold left it, so an event finds here what it would find in
//! memory: also a late one, and one about a task that left memory long ago. Where a completion
//! counts is known only from the task, whose producer named the queue when it was queued: so tasks
//! come first, and what their events add to the queues follows from them.

mod rollup;
mod tasks;

pub use tasks::{Found, Known, find, list};

use super::state::subject;
use super::{Event, QueuePoint};
use crate::domain::levels::{Levels, Noted};
use crate::domain::range::Range;
use crate::domain::rollup::{Rollups, Steps, finest};
use crate::domain::window::Bucket;
use crate::wire::{Stamp, Timestamp};
use rollup::Rollup;
use rusqlite::{Connection, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The series of all queues together; no queue has such a name.
const ALL: &str = "";

const QUEUES: Rollups<Rollup> = Rollups::new("queue_rollups");
const DEPTHS: Levels = Levels::new("queue_depths");

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Pending {
    /// In the order of the journal.
    tasks: BTreeMap<Arc<str>, Vec<(Stamp, Event)>>,
    depths: Noted,
}

impl Pending {
    /// Takes in an event; one that is about no task is left out.
    pub fn add(&mut self, stamp: Stamp, event: Event) {
        if let Some(task) = subject(&event) {
            self.tasks.entry(task.clone()).or_default().push((stamp, event));
        }
    }

    /// Takes in how many tasks wait from `at` on; no queue means all of them.
    pub fn depth(&mut self, queue: Option<&Arc<str>>, at: Timestamp, tasks: f64) {
        let series = queue.cloned().unwrap_or_else(|| ALL.into());
        self.depths.insert((series, finest(at)), tasks);
    }

    /// Whether it changes anything.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.depths.is_empty()
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        let mut steps = Steps::new();
        for (id, events) in &self.tasks {
            tasks::take(tx, id, events, |queue, at, rollup| {
                for series in [queue.clone(), ALL.into()] {
                    steps
                        .entry((series, finest(at)))
                        .or_insert_with(Rollup::default)
                        .merge(&rollup);
                }
            })?;
        }
        QUEUES.write(tx, &steps)?;
        DEPTHS.write(tx, &self.depths)
    }
}

/// SQL that makes the tables.
pub fn schema() -> String {
    format!("{}{}{}", QUEUES.schema(), DEPTHS.schema(), tasks::SCHEMA)
}

/// Forgets what is old of the next `count` queues after `after`, and of tasks that ended more than
/// `keep_ms` milliseconds ago; returns the last queue it looked at, none at the end.
///
/// # Errors
/// The database cannot be written.
pub fn prune(
    tx: &Connection,
    after: Option<&str>,
    count: usize,
    now: Timestamp,
    keep_ms: i64,
) -> Result<Option<String>> {
    tasks::prune(tx, now.plus(-keep_ms))?;
    let mut seen = QUEUES.prune(tx, after, count, now)?;
    seen.iter().try_for_each(|series| DEPTHS.prune(tx, series, now))?;
    Ok(seen.pop())
}

/// A queue's history, that of all of them when none is named: a point for every step of the range.
///
/// # Errors
/// The database cannot be read.
pub fn queue(db: &Connection, name: Option<&str>, range: &Range) -> Result<Vec<QueuePoint>> {
    let series = name.unwrap_or(ALL);
    let mut steps = QUEUES.read(db, series, range)?.into_iter().peekable();
    let point = |(at, depth)| {
        let (_, step) = steps.next_if(|(t, _)| *t == at).unwrap_or_default();
        step.point(at, depth)
    };
    Ok(DEPTHS.read(db, series, range)?.into_iter().map(point).collect())
}
