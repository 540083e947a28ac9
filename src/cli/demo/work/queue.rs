//! What there is to do: queues with their tasks, and how tasks fail.

use crate::cli::demo::rng::Rng;
use crate::cli::demo::world::{HOUR, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use serde_json::json;
use std::collections::VecDeque;

/// A kind of task; each has a queue of its own.
pub(super) struct Kind {
    pub queue: &'static str,
    what: &'static str,
    /// Median time of a try, in milliseconds.
    median: f64,
    /// How much of all that comes is of this kind.
    share: f64,
}

pub(super) const KINDS: &[Kind] = &[
    Kind { queue: "review", what: "Review pull request", median: 150.0 * SECOND, share: 0.25 },
    Kind { queue: "build", what: "Rebuild the image of", median: 240.0 * SECOND, share: 0.2 },
    Kind { queue: "triage", what: "Triage error report", median: 80.0 * SECOND, share: 0.25 },
    Kind { queue: "deps", what: "Update dependencies of", median: 260.0 * SECOND, share: 0.12 },
    Kind { queue: "docs", what: "Regenerate the reference of", median: 140.0 * SECOND, share: 0.1 },
    Kind { queue: "data", what: "Backfill order facts, part", median: 420.0 * SECOND, share: 0.08 },
];

/// Mean time an agent has a task, in milliseconds: what tries of all kinds take, as often as they
/// come.
pub(super) const MEAN_TRY: f64 = 240.0 * SECOND;

/// Tries of a task before it is given up.
pub(super) const TRIES: u32 = 3;

/// How many families of errors there are.
const FAMILIES: usize = 5;

/// A task that is not over.
#[derive(Debug)]
pub(super) struct Task {
    pub id: String,
    /// Place of its kind in [`KINDS`].
    pub kind: usize,
    /// Tries so far.
    pub tries: u32,
    /// It will not come off however often it is tried, for a cause of this family.
    pub hopeless: Option<usize>,
}

/// A queue.
pub(super) struct Queue {
    kind: usize,
    pub waiting: VecDeque<Task>,
    /// What half of the tries fail of, and until when.
    trouble: Option<(usize, Timestamp)>,
    /// Until when far more comes than usual.
    surge: Option<Timestamp>,
}

impl Queue {
    pub fn of(kind: usize) -> Self {
        Self { kind, waiting: VecDeque::new(), trouble: None, surge: None }
    }

    /// Lets trouble and surges come and go; called once a second of life.
    pub fn drift(&mut self, now: Timestamp, rng: &mut Rng) {
        let once_in = |ms: f64| SECOND / ms;
        let over = |until: Timestamp| until <= now;
        if self.trouble.is_none_or(|(_, until)| over(until)) {
            let begins = rng.chance(once_in(12.0 * HOUR));
            let until = now.plus(rng.between(10.0 * MINUTE, 30.0 * MINUTE) as i64);
            self.trouble = begins.then(|| (rng.below(FAMILIES), until));
        }
        if self.surge.is_none_or(over) {
            let begins = rng.chance(once_in(30.0 * HOUR));
            let until = now.plus(rng.between(6.0 * MINUTE, 12.0 * MINUTE) as i64);
            self.surge = begins.then_some(until);
        }
    }

    /// How many new tasks come in this second, if `rate` do of all kinds together.
    pub fn arrivals(&self, rate: f64, rng: &mut Rng) -> usize {
        let share = KINDS.get(self.kind).map_or(0.0, |kind| kind.share);
        let mean = rate * share * if self.surge.is_some() { 5.0 } else { 1.0 };
        mean as usize + usize::from(rng.chance(mean.fract()))
    }

    /// A new task waits.
    pub fn submit(&mut self, id: String, number: u64, rng: &mut Rng, moment: &mut Moment<'_>) {
        let Some(kind) = KINDS.get(self.kind) else { return };
        let hopeless = rng.chance(0.015).then(|| rng.below(FAMILIES));
        let urgent = rng.chance(0.05);
        let priority = if urgent { 0 } else { 1 + rng.below(3) };
        moment.emit(
            "task.queued",
            json!({
                "task": id,
                "description": format!("{} #{}", kind.what, 1_000 + number),
                "queue": kind.queue,
                "priority": priority,
                "submitted_by": rng.pick(&["scheduler", "ada", "jonas", "mei"]),
            }),
        );
        let task = Task { id, kind: self.kind, tries: 0, hopeless };
        if urgent {
            self.waiting.push_front(task);
        } else {
            self.waiting.push_back(task);
        }
    }

    /// How long a try takes, in milliseconds.
    pub fn takes(&self, rng: &mut Rng) -> f64 {
        let median = KINDS.get(self.kind).map_or(MINUTE, |kind| kind.median);
        rng.log_normal(median, 0.6).min(0.5 * HOUR)
    }

    /// What a try of `task` fails of, if it does.
    pub fn fault(&self, task: &Task, rng: &mut Rng) -> Option<String> {
        let family = match (task.hopeless, self.trouble) {
            (Some(family), _) => Some(family),
            (None, Some((family, _))) if rng.chance(0.5) => Some(family),
            _ if rng.chance(0.05) => Some(rng.below(FAMILIES)),
            _ => None,
        };
        family.map(|family| error(family, rng))
    }
}

/// An error of a family: alike but for its numbers, ids and paths.
fn error(family: usize, rng: &mut Rng) -> String {
    let id = format!("a1{:06x}", rng.next() & 0xff_ffff);
    let (few, many) = (1 + rng.below(60), 1_000 + rng.below(100_000));
    let module = rng.pick(&["parse", "login", "cart", "export"]);
    match family {
        0 => format!("timeout after {many} ms waiting for the model provider"),
        1 => format!("no such file or directory: /work/{id}/src/{module}.rs"),
        2 => format!("rate limited by the model provider: retry after {few} s (request {id})"),
        3 => format!("context window exceeded: {} tokens of 200000", 200_000 + many),
        _ => format!("tests still fail after the change: {few} in tests/{module}.rs:{few}"),
    }
}
