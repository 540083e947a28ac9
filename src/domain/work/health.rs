//! What the figures of work say about its health: the rules about one agent, one task, one queue,
//! and about all of them together.

#[cfg(test)]
mod tests;

use super::state::{Agent, Growth, Queue, State, Task};
use super::{TaskStatus, WorkSettings, agent_href, queue_href, task_href};
use crate::domain::health::{Finding, Rule, Seen, Severity, findings, minute, sent_by, span};
use crate::domain::window::HOUR;
use crate::wire::Timestamp;
use std::sync::Arc;

/// What is found about one subject, and when that next changes though nothing comes; what the
/// state itself does in time is not among it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Worst first.
    pub findings: Vec<Finding>,
    /// The next moment at which they change.
    pub next: Option<Timestamp>,
}

/// What the rules find about all of work.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Worst first, as many as are shown.
    pub findings: Arc<[Finding]>,
    /// How many there are in all.
    pub total: u64,
}

const fn nothing<F>(_: &F) -> Option<String> {
    None
}

fn ms(seconds: f64) -> i64 {
    (seconds * 1_000.0) as i64
}

struct AgentFacts<'a> {
    agent: &'a Agent,
    settings: &'a WorkSettings,
}

impl AgentFacts<'_> {
    const RULES: [Rule<Self>; 1] = [Rule {
        id: "work.agent_offline",
        check: |f| {
            let patience = f.agent.patience_ms(f.settings) as f64;
            (!f.agent.is_online()).then_some(Seen {
                severity: Severity::Warning,
                points: 10,
                since: f.agent.since,
                // What has passed at least: the exact figure would change every millisecond.
                value: if f.agent.silent.is_some() { patience } else { 0.0 },
                threshold: patience,
                unit: "ms",
            })
        },
        message: |f, seen| {
            let name = f.agent.name.as_deref().unwrap_or(&f.agent.id);
            if f.agent.silent.is_none() {
                return format!("Agent {name} went offline at {}.", minute(seen.since));
            }
            let on = f.agent.task().map(|task| format!(", on task {task}")).unwrap_or_default();
            format!("Agent {name} was last heard of at {}{on}.", minute(f.agent.heard_at))
        },
        sample: nothing,
        resolve: |f, _| {
            format!(
                "An `agent.heartbeat` of {} at least every {}.",
                f.agent.id,
                span(f.agent.patience_ms(f.settings))
            )
        },
    }];
}

/// What is found about an agent.
pub fn agent(agent: &Agent, now: Timestamp, settings: &WorkSettings) -> Assessment {
    let facts = AgentFacts { agent, settings };
    let subject = format!("agent/{}", agent.id);
    let found = findings(&AgentFacts::RULES, &facts, &subject, &agent_href(&agent.id));
    let found = sent_by(found, &agent.source);
    Assessment { findings: found, next: agent.next_change(now) }
}

struct TaskFacts<'a> {
    task: &'a Task,
    stuck: bool,
    settings: &'a WorkSettings,
}

impl TaskFacts<'_> {
    const RULES: [Rule<Self>; 1] = [Rule {
        id: "work.task_stuck",
        check: |f| {
            let allowed = ms(f.settings.stuck_after_s);
            f.stuck.then_some(Seen {
                severity: Severity::Warning,
                points: 10,
                since: f.task.updated_at.plus(allowed),
                value: allowed as f64,
                threshold: allowed as f64,
                unit: "ms",
            })
        },
        message: |f, _| {
            let agent = f.task.agent.as_deref().map(|agent| format!(", with agent {agent}"));
            format!(
                "Task {} is {}{} and without news since {}.",
                f.task.id,
                f.task.status.name(),
                agent.unwrap_or_default(),
                minute(f.task.updated_at)
            )
        },
        sample: |f| f.task.note.clone(),
        resolve: |f, _| {
            format!(
                "A `task.progress` of {} at least every {}, or its end.",
                f.task.id,
                span(ms(f.settings.stuck_after_s))
            )
        },
    }];
}

/// What is found about a task.
pub fn task(state: &State, task: &Task, settings: &WorkSettings) -> Vec<Finding> {
    let facts = TaskFacts { task, stuck: state.index.stuck.contains(&task.id), settings };
    let found =
        findings(&TaskFacts::RULES, &facts, &format!("task/{}", task.id), &task_href(&task.id));
    sent_by(found, &task.source)
}

struct QueueFacts<'a> {
    name: &'a str,
    queue: &'a Queue,
    oldest: Option<Timestamp>,
    /// All queues together grow; that is said once, and not of each.
    all_grow: bool,
    now: Timestamp,
    settings: &'a WorkSettings,
}

impl QueueFacts<'_> {
    const RULES: [Rule<Self>; 2] = [
        Rule {
            id: "work.queue_latency",
            check: |f| {
                let target = ms(f.settings.queue_latency_target_s);
                let since = f.oldest.filter(|_| target > 0)?.plus(target);
                (f.now > since).then_some(Seen {
                    severity: Severity::Warning,
                    points: 10,
                    since,
                    value: target as f64,
                    threshold: target as f64,
                    unit: "ms",
                })
            },
            message: |f, seen| {
                let oldest = f.oldest.map(minute).unwrap_or_default();
                let target = span(seen.threshold as i64);
                format!(
                    "The longest-waiting task of queue {} waits since {oldest}, longer than {target}.",
                    f.name
                )
            },
            sample: nothing,
            resolve: |f, seen| {
                format!(
                    "No task of {} waiting longer than {}.",
                    f.name,
                    span(seen.threshold as i64)
                )
            },
        },
        Rule {
            id: "work.queue_growing",
            check: |f| grown(&f.queue.growth, f.settings).filter(|_| !f.all_grow),
            message: |f, seen| grows(&format!("Queue {}", f.name), &f.queue.growth, seen),
            sample: nothing,
            resolve: |f, _| {
                format!("A check that finds no more in {} than the one before.", f.name)
            },
        },
    ];
}

fn grown(growth: &Growth, settings: &WorkSettings) -> Option<Seen> {
    (f64::from(growth.checks) >= settings.queue_growth_checks).then_some(Seen {
        severity: Severity::Warning,
        points: 10,
        since: growth.since?,
        value: f64::from(growth.checks),
        threshold: settings.queue_growth_checks,
        unit: "count",
    })
}

fn grows(what: &str, growth: &Growth, seen: &Seen) -> String {
    let (from, to, checks) = (growth.from, growth.depth, seen.value);
    format!("{what} has grown in {checks} checks in a row, from {from} to {to} waiting tasks.")
}

/// What is found about a queue.
pub fn queue(
    state: &State,
    name: &Arc<str>,
    queue: &Queue,
    now: Timestamp,
    settings: &WorkSettings,
) -> Assessment {
    let all_grow = grown(&state.growth, settings).is_some();
    let oldest = state.oldest_in(name);
    let facts = QueueFacts { name, queue, oldest, all_grow, now, settings };
    let found = findings(&QueueFacts::RULES, &facts, &format!("queue/{name}"), &queue_href(name));
    let target = ms(settings.queue_latency_target_s);
    let late = oldest.filter(|_| target > 0).map(|at| at.plus(target + 1)).filter(|at| *at > now);
    let next = late.into_iter().chain(queue.next_change(now)).min();
    Assessment { findings: found, next }
}

struct Facts<'a> {
    state: &'a State,
    now: Timestamp,
    settings: &'a WorkSettings,
}

impl Facts<'_> {
    fn queued(&self) -> u64 {
        self.state.index.count(TaskStatus::Queued)
    }
}

impl Facts<'_> {
    const RULES: [Rule<Self>; 4] = [
        Rule {
            id: "work.no_agent",
            check: |f| {
                Some(Seen {
                    severity: Severity::Critical,
                    points: 30,
                    since: f.state.stranded_since?,
                    value: 0.0,
                    threshold: 1.0,
                    unit: "count",
                })
            },
            message: |f, _| {
                let (queued, offline) = (f.queued(), f.state.agents.len());
                let tasks =
                    if queued == 1 { "1 task waits" } else { &format!("{queued} tasks wait") };
                match offline {
                    0 => format!("{tasks} and no agent has reported."),
                    _ => format!("{tasks} and none of the {offline} agents is online."),
                }
            },
            sample: nothing,
            resolve: |_, _| "An agent that comes online, or no task that waits.".to_owned(),
        },
        Rule {
            id: "work.failure_rate",
            check: |f| {
                let hour = f.state.hour.sum(f.now, HOUR);
                let ended = hour.completed + hour.failed;
                let rate = hour.failed as f64 / ended.max(1) as f64;
                let mut steps = f.state.hour.range(f.now.plus(-HOUR), f.now);
                let since = steps.find(|(_, step)| step.failed > 0).map(|(at, _)| at)?;
                (rate > f.settings.failure_rate_critical).then_some(Seen {
                    severity: Severity::Critical,
                    points: 30,
                    since,
                    value: rate,
                    threshold: f.settings.failure_rate_critical,
                    unit: "ratio",
                })
            },
            message: |f, _| {
                let hour = f.state.hour.sum(f.now, HOUR);
                let ended = hour.completed + hour.failed;
                format!("{} of the {ended} tasks that ended in the last hour failed.", hour.failed)
            },
            sample: |f| {
                let newest = f.state.index.ended.iter().next_back();
                newest.and_then(|(_, id)| f.state.tasks.get(id)).and_then(|t| t.last_error.clone())
            },
            resolve: |_, seen| {
                format!("At most {:.0} % of the last hour's tasks failed.", seen.threshold * 100.0)
            },
        },
        Rule {
            id: "work.queue_growing",
            check: |f| grown(&f.state.growth, f.settings),
            message: |f, seen| {
                let all = grows("The queue", &f.state.growth, seen);
                let queues = f.state.queues.iter().filter(|(_, queue)| queue.growth.checks > 0);
                let most = queues.max_by_key(|(_, q)| q.growth.depth.saturating_sub(q.growth.from));
                match most.filter(|_| f.state.queues.len() > 1) {
                    Some((name, _)) => format!("{all} Most of it in {name}."),
                    None => all,
                }
            },
            sample: nothing,
            resolve: |_, _| "A check that finds no more waiting than the one before.".to_owned(),
        },
        Rule {
            id: "work.overflow",
            check: |f| {
                (f.state.overflow > 0).then_some(Seen {
                    severity: Severity::Warning,
                    points: 5,
                    since: Timestamp::default(),
                    value: f.state.overflow as f64,
                    threshold: 0.0,
                    unit: "count",
                })
            },
            message: |f, _| {
                let n = f.state.overflow;
                format!(
                    "{n} events about agents or tasks were left out: there are more than the board keeps."
                )
            },
            sample: nothing,
            resolve: |_, _| "Fewer agents or unfinished tasks.".to_owned(),
        },
    ];
}

/// What is found about all of work together.
pub fn all(state: &State, now: Timestamp, settings: &WorkSettings) -> Assessment {
    let facts = Facts { state, now, settings };
    let found = findings(&Facts::RULES, &facts, "work/all", "/work");
    Assessment { findings: found, next: super::state::next_change(state, now) }
}
