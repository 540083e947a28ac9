//! Agents: one after the other does its tasks; it may be blocked, leave, or crash without a word.

use super::queue::{KINDS, Queue, TRIES, Task};
use crate::cli::demo::rng::Rng;
use crate::cli::demo::world::{HOUR, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use serde_json::{Value, json};

const NAMES: &[&str] = &[
    "atlas", "beacon", "cedar", "delta", "ember", "fjord", "grove", "harbor", "iris", "juniper",
    "kestrel", "lumen", "mistral", "nimbus", "onyx", "pine", "quartz", "ridge", "sable", "tundra",
    "umber", "vale", "willow", "zephyr",
];

/// Time between two heartbeats, in milliseconds of life.
const HEARTBEAT: f64 = 20.0 * SECOND;
/// The same in the last hour of the past: just often enough to have been there.
const HEARTBEAT_TOLD: f64 = 50.0 * SECOND;

/// An agent.
pub(super) struct Agent {
    name: String,
    /// Kinds of tasks that it does; what it can do is named after their queues.
    kinds: Vec<usize>,
    doing: Doing,
    heartbeat_at: Timestamp,
}

enum Doing {
    Nothing,
    Assigned(Task),
    Working {
        task: Task,
        since: Timestamp,
        until: Timestamp,
        /// It waits for something until then.
        blocked: Option<Timestamp>,
    },
    Away {
        until: Timestamp,
    },
}

/// What an agent's step is about, besides itself.
pub(super) struct Shop<'a> {
    pub queues: &'a mut [Queue],
    /// Tasks that were given up.
    pub dead: &'a mut Vec<Task>,
    /// Tasks of agents that crashed, and when that is noticed.
    pub lost: &'a mut Vec<(Timestamp, String, Task)>,
    pub rng: &'a mut Rng,
}

impl Agent {
    /// The agent of this number.
    pub fn new(number: usize, birth: Timestamp, rng: &mut Rng) -> Self {
        let (round, of) = (number / NAMES.len(), number % NAMES.len());
        let name = NAMES.get(of).copied().unwrap_or("agent");
        let name = if round == 0 { name.to_owned() } else { format!("{name}-{}", round + 1) };
        let first = number % KINDS.len();
        let second = (first + 1 + rng.below(KINDS.len() - 1)) % KINDS.len();
        let kinds = vec![first, second];
        Self { name, kinds, doing: Doing::Away { until: birth }, heartbeat_at: birth }
    }

    fn tell(&self, kind: &'static str, task: &Task, more: Value, moment: &mut Moment<'_>) {
        let mut data = json!({"task": task.id, "agent": self.name});
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        moment.emit(kind, data);
    }

    fn says(&self, state: &str, task: Option<&Task>, moment: &mut Moment<'_>) {
        let mut data = json!({"agent": self.name, "state": state});
        if let (Some(members), Some(task)) = (data.as_object_mut(), task) {
            members.insert("task".to_owned(), task.id.clone().into());
        }
        moment.emit("agent.state_changed", data);
    }

    /// Does what comes next.
    pub fn step(&mut self, shop: &mut Shop<'_>, moment: &mut Moment<'_>) {
        let now = moment.now;
        self.doing = match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Away { until } if until <= now => self.arrive(moment),
            away @ Doing::Away { .. } => away,
            doing if shop.rng.chance(0.000_2) => self.crash(doing, shop, now),
            Doing::Nothing if shop.rng.chance(0.000_3) => {
                moment.emit("agent.offline", json!({"agent": self.name}));
                Doing::Away { until: now.plus(shop.rng.between(4.0 * MINUTE, 0.4 * HOUR) as i64) }
            }
            Doing::Nothing => self.take(shop, moment),
            Doing::Assigned(task) => {
                self.tell("task.started", &task, json!({}), moment);
                self.says("working", Some(&task), moment);
                let takes = shop.queues.get(task.kind).map_or(MINUTE, |q| q.takes(shop.rng));
                Doing::Working { task, since: now, until: now.plus(takes as i64), blocked: None }
            }
            Doing::Working { task, since, until, blocked: Some(free) } => {
                let blocked = (free > now).then_some(free);
                if blocked.is_none() {
                    self.says("working", Some(&task), moment);
                }
                Doing::Working { task, since, until, blocked }
            }
            Doing::Working { task, since, until, blocked: None } if until <= now => {
                self.finish(task, now.since(since), shop, moment);
                self.says("idle", None, moment);
                Doing::Nothing
            }
            Doing::Working { task, since, until, blocked: None } => {
                let blocked = shop.rng.chance(0.003).then(|| self.block(&task, shop.rng, moment));
                let until = blocked.map_or(until, |free| until.plus(free.since(now)));
                if shop.rng.chance(if moment.live { 0.1 } else { 0.02 }) {
                    let part = now.since(since) as f64 / until.since(since).max(1) as f64;
                    let percent = (part * 100.0).clamp(0.0, 99.0).round();
                    self.tell("task.progress", &task, json!({"percent": percent}), moment);
                }
                Doing::Working { task, since, until, blocked }
            }
        };
        self.beat(moment);
    }

    fn arrive(&self, moment: &mut Moment<'_>) -> Doing {
        let can = |kind: &usize| KINDS.get(*kind).map_or("", |kind| kind.queue);
        let capabilities: Vec<&str> = self.kinds.iter().map(can).collect();
        let mut letters = self.name.chars();
        let name: String =
            letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect();
        let data = json!({"agent": self.name, "name": name, "capabilities": capabilities,
            "state": "idle"});
        moment.emit("agent.online", data);
        Doing::Nothing
    }

    /// Is gone without a word; that its task is lost is noticed minutes later.
    fn crash(&self, doing: Doing, shop: &mut Shop<'_>, now: Timestamp) -> Doing {
        if let Doing::Assigned(task) | Doing::Working { task, .. } = doing {
            let noticed = now.plus(shop.rng.between(4.0 * MINUTE, 8.0 * MINUTE) as i64);
            shop.lost.push((noticed, self.name.clone(), task));
        }
        Doing::Away { until: now.plus(shop.rng.between(3.0 * MINUTE, 20.0 * MINUTE) as i64) }
    }

    /// Takes the next task of its kinds: of the longer queue.
    fn take(&self, shop: &mut Shop<'_>, moment: &mut Moment<'_>) -> Doing {
        let waiting = |kind: &usize| shop.queues.get(*kind).map_or(0, |queue| queue.waiting.len());
        let longest = self.kinds.iter().copied().max_by_key(waiting);
        let queue = longest.and_then(|kind| shop.queues.get_mut(kind));
        let Some(mut task) = queue.and_then(|queue| queue.waiting.pop_front()) else {
            return Doing::Nothing;
        };
        task.tries += 1;
        self.tell("task.assigned", &task, json!({}), moment);
        self.says("assigned", Some(&task), moment);
        Doing::Assigned(task)
    }

    /// Waits for something, mostly briefly; returns until when.
    fn block(&self, task: &Task, rng: &mut Rng, moment: &mut Moment<'_>) -> Timestamp {
        let on = rng.pick(&["a person's approval", "a lock on the branch", "the model provider"]);
        self.tell("task.progress", task, json!({"note": format!("waits for {on}")}), moment);
        self.says("blocked", Some(task), moment);
        moment.now.plus(rng.log_normal(70.0 * SECOND, 0.9).min(0.2 * HOUR) as i64)
    }

    fn beat(&mut self, moment: &mut Moment<'_>) {
        let there = !matches!(self.doing, Doing::Away { .. });
        // Of the past before its last hour nobody asks whether it was there.
        if moment.recent && there && self.heartbeat_at <= moment.now {
            let pause = if moment.live { HEARTBEAT } else { HEARTBEAT_TOLD };
            self.heartbeat_at = moment.now.plus(pause as i64);
            moment.emit("agent.heartbeat", json!({"agent": self.name}));
        }
    }

    fn finish(&self, task: Task, took_ms: i64, shop: &mut Shop<'_>, moment: &mut Moment<'_>) {
        let fault = shop.queues.get(task.kind).and_then(|queue| queue.fault(&task, shop.rng));
        let Some(error) = fault else {
            let tokens = shop.rng.log_normal(18_000.0, 0.7).round();
            let cost = (tokens * 0.000_4).round() / 100.0;
            let done = json!({"duration_ms": took_ms, "tokens_used": tokens as u64,
                "cost_usd": cost});
            self.tell("task.completed", &task, done, moment);
            return;
        };
        fail(&self.name, task, &error, shop, moment);
    }

    /// Whether it is on a task.
    pub fn is_on(&self, id: &str) -> bool {
        let (Doing::Assigned(task) | Doing::Working { task, .. }) = &self.doing else {
            return false;
        };
        task.id == id
    }

    /// Lets go of a task that nobody wants any more; whether it had it.
    pub fn drop_task(&mut self, id: &str, moment: &mut Moment<'_>) -> bool {
        let has = self.is_on(id);
        if has {
            self.doing = Doing::Nothing;
            moment.emit("task.cancelled", json!({"task": id, "reason": "cancelled on the board"}));
            self.says("idle", None, moment);
        }
        has
    }
}

/// A try came to nothing: the task waits for another, or is given up.
pub(super) fn fail(
    agent: &str,
    task: Task,
    error: &str,
    shop: &mut Shop<'_>,
    moment: &mut Moment<'_>,
) {
    let again = task.tries < TRIES;
    moment.emit(
        "task.failed",
        json!({"task": task.id, "agent": agent, "error": error, "attempt": task.tries,
            "will_retry": again}),
    );
    if again {
        if let Some(queue) = shop.queues.get_mut(task.kind) {
            queue.waiting.push_back(task);
        }
        return;
    }
    let retries = task.tries.saturating_sub(1);
    let given_up = json!({"task": task.id, "error": error, "retry_count": retries});
    moment.emit("task.dead_lettered", given_up);
    shop.dead.push(task);
}
