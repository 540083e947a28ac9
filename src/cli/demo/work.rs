//! Agents and the tasks they do: most come off, some fail and are tried again, a few are given up.

use super::rng::Rng;
use super::world::{Actor, HOUR, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use serde_json::json;
use std::collections::VecDeque;

const AGENTS: &[&str] = &["atlas", "beacon", "cedar", "delta", "ember", "fjord"];

const JOBS: &[(&str, &str)] = &[
    ("review", "Review pull request"),
    ("build", "Rebuild the nightly image"),
    ("triage", "Triage new error reports"),
    ("deps", "Update dependencies"),
    ("docs", "Regenerate the API reference"),
    ("data", "Backfill the order facts"),
];

const ERRORS: &[&str] = &[
    "the tool ran out of time after 300 s",
    "context window exceeded",
    "tests still fail after the change",
    "rate limited by the model provider",
];

/// Most tasks that wait; beyond, nobody submits more.
const MAX_QUEUE: usize = 40;

/// Tries of a task before it is given up.
const TRIES: u32 = 3;

struct Task {
    id: String,
    attempt: u32,
    /// It will not come off however often it is tried.
    hopeless: bool,
}

struct Agent {
    name: &'static str,
    doing: Doing,
    heartbeat_at: Timestamp,
}

enum Doing {
    Nothing,
    Assigned(Task),
    Working { task: Task, since: Timestamp, until: Timestamp },
    Away { until: Timestamp },
}

/// All agents and their queue.
pub(super) struct Team {
    agents: Vec<Agent>,
    queue: VecDeque<Task>,
    /// Part of the tasks' names: they are unlike those of a life that began at another time.
    birth: String,
    tasks: u64,
    measured_at: Timestamp,
    rng: Rng,
}

impl Team {
    pub fn new(birth: Timestamp, rng: Rng) -> Self {
        let away = |&name| Agent { name, doing: Doing::Away { until: birth }, heartbeat_at: birth };
        Self {
            agents: AGENTS.iter().map(away).collect(),
            queue: VecDeque::new(),
            birth: format!("{:x}", birth.ms()),
            tasks: 0,
            measured_at: birth,
            rng,
        }
    }

    fn submit(&mut self, moment: &mut Moment<'_>) {
        self.tasks += 1;
        let task = Task {
            id: format!("task-{}-{}", self.birth, self.tasks),
            attempt: 1,
            hopeless: self.rng.chance(0.012),
        };
        let (queue, what) = self.rng.pick(JOBS);
        let priority = if self.rng.chance(0.05) { 0 } else { 1 + self.rng.below(3) };
        moment.emit(
            "task.queued",
            json!({
                "task": task.id,
                "description": format!("{what} #{}", 1_000 + self.tasks),
                "queue": queue,
                "priority": priority,
                "submitted_by": self.rng.pick(&["scheduler", "ada", "jonas", "mei"]),
            }),
        );
        self.queue.push_back(task);
    }

    fn measure(&mut self, moment: &mut Moment<'_>) {
        if self.measured_at <= moment.now {
            self.measured_at = moment.now.plus(MINUTE as i64);
            let depth = json!({"name": "queue.depth", "value": self.queue.len(), "unit": "tasks"});
            moment.emit("metric.observed", depth);
        }
    }
}

impl Agent {
    fn says(&self, state: &str, task: Option<&str>, moment: &mut Moment<'_>) {
        let mut data = json!({"agent": self.name, "state": state});
        if let (Some(members), Some(task)) = (data.as_object_mut(), task) {
            members.insert("task".to_owned(), task.into());
        }
        moment.emit("agent.state_changed", data);
    }

    fn step(&mut self, queue: &mut VecDeque<Task>, rng: &mut Rng, moment: &mut Moment<'_>) {
        let now = moment.now;
        self.doing = match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Away { until } if until <= now => {
                let capabilities = ["code", "review", "shell"];
                let data = json!({
                    "agent": self.name, "name": format!("Agent {}", self.name),
                    "capabilities": capabilities, "state": "idle",
                });
                moment.emit("agent.online", data);
                Doing::Nothing
            }
            Doing::Nothing if rng.chance(0.000_4) => {
                moment.emit("agent.offline", json!({"agent": self.name}));
                Doing::Away { until: now.plus(rng.between(4.0 * MINUTE, 0.4 * HOUR) as i64) }
            }
            Doing::Nothing => match queue.pop_front() {
                Some(task) => {
                    moment.emit("task.assigned", json!({"task": task.id, "agent": self.name}));
                    self.says("assigned", Some(&task.id), moment);
                    Doing::Assigned(task)
                }
                None => Doing::Nothing,
            },
            Doing::Assigned(task) => {
                moment.emit("task.started", json!({"task": task.id, "agent": self.name}));
                self.says("working", Some(&task.id), moment);
                let takes = rng.log_normal(100.0 * SECOND, 0.6).min(0.5 * HOUR);
                Doing::Working { task, since: now, until: now.plus(takes as i64) }
            }
            Doing::Working { task, since, until } if until <= now => {
                self.finish(task, now.since(since), queue, rng, moment);
                self.says("idle", None, moment);
                Doing::Nothing
            }
            Doing::Working { task, since, until } => {
                if rng.chance(0.1) {
                    let part = now.since(since) as f64 / until.since(since).max(1) as f64;
                    let percent = (part * 100.0).clamp(0.0, 99.0).round();
                    let data = json!({"task": task.id, "agent": self.name, "percent": percent});
                    moment.emit("task.progress", data);
                }
                Doing::Working { task, since, until }
            }
            away @ Doing::Away { .. } => away,
        };
        self.beat(moment);
    }

    fn beat(&mut self, moment: &mut Moment<'_>) {
        if self.heartbeat_at <= moment.now && !matches!(self.doing, Doing::Away { .. }) {
            self.heartbeat_at = moment.now.plus((25.0 * SECOND) as i64);
            moment.emit("agent.heartbeat", json!({"agent": self.name}));
        }
    }

    fn finish(
        &self,
        mut task: Task,
        took_ms: i64,
        queue: &mut VecDeque<Task>,
        rng: &mut Rng,
        moment: &mut Moment<'_>,
    ) {
        if !task.hopeless && !rng.chance(0.06) {
            let tokens = rng.log_normal(18_000.0, 0.7).round();
            moment.emit(
                "task.completed",
                json!({
                    "task": task.id, "agent": self.name, "duration_ms": took_ms,
                    "tokens_used": tokens as u64, "cost_usd": (tokens * 0.000_4).round() / 100.0,
                }),
            );
            return;
        }
        let (error, again) = (rng.pick(ERRORS), task.attempt < TRIES);
        moment.emit(
            "task.failed",
            json!({
                "task": task.id, "agent": self.name, "error": error,
                "attempt": task.attempt, "will_retry": again,
            }),
        );
        if again {
            task.attempt += 1;
            queue.push_back(task);
        } else {
            let given_up = json!({"task": task.id, "error": error, "retry_count": TRIES - 1});
            moment.emit("task.dead_lettered", given_up);
        }
    }
}

impl Actor for Team {
    fn source(&self) -> &'static str {
        "demo/agents"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> f64 {
        let step = 5.0 * SECOND;
        // Six agents do about 150 tasks an hour; by day that is nearly what comes.
        if self.queue.len() < MAX_QUEUE && self.rng.chance(moment.busy() * step / (30.0 * SECOND)) {
            self.submit(moment);
        }
        for agent in &mut self.agents {
            agent.step(&mut self.queue, &mut self.rng, moment);
        }
        self.measure(moment);
        step
    }
}
