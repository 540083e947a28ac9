//! From the state to what people see of it.

use super::health::Found;
use super::state::{Agent, Outcomes, Queue, State, Task};
use super::{
    AgentItem, CommandItem, DeadGroup, HourItem, QueueItem, TaskItem, TaskStatus, Throughput,
    WorkPage, WorkSettings, fingerprint,
};
use crate::domain::window::HOUR;
use crate::wire::{Cursor, Timestamp};
use std::cmp::Reverse;
use std::sync::Arc;

/// What is shown of an agent.
pub fn agent(state: &State, agent: &Agent, now: Timestamp, settings: &WorkSettings) -> AgentItem {
    let hour = agent.hour.sum(now, HOUR);
    let task = agent.task().and_then(|id| state.tasks.get(id));
    AgentItem {
        agent_id: agent.id.clone(),
        name: agent.name.clone().unwrap_or_else(|| agent.id.to_string()),
        fsm_state: agent.state,
        current_task_id: agent.task().cloned(),
        current_task: task.and_then(|task| task.description.clone()),
        capabilities: agent.capabilities.clone(),
        source: agent.source.clone(),
        connected_at: agent.connected_at,
        last_state_change: agent.since,
        last_heard_at: agent.heard_at,
        interval_ms: agent.interval_ms(),
        offline_after_ms: agent.patience_ms(settings),
        silent: agent.silent.is_some(),
        illegal_moves: agent.illegal_moves,
        last_illegal_move: agent.last_illegal,
        utilisation: agent.utilisation(now),
        completed: hour.completed,
        failed: hour.failed,
        wait_ms: agent.waits.sum(now, HOUR).percentiles(),
        run_ms: agent.runs.sum(now, HOUR).percentiles(),
    }
}

/// What is shown of a task.
pub fn task(state: &State, task: &Task) -> TaskItem {
    let item = record(task);
    TaskItem {
        stuck: state.index.stuck.contains(&task.id),
        command: command(state, task).cloned(),
        ..item
    }
}

/// The newest command about a task, while it is open or nothing has happened to the task since it
/// was answered.
fn command<'a>(state: &'a State, task: &Task) -> Option<&'a CommandItem> {
    let command = state.command_of(task)?;
    let settled = command.settled_at.is_none_or(|at| task.updated_at <= at);
    settled.then_some(&**command)
}

/// What is shown of a task of which nothing but its record is known.
pub fn record(task: &Task) -> TaskItem {
    TaskItem {
        id: task.id.clone(),
        description: task.description.clone(),
        status: task.status,
        queue: task.queue.clone(),
        priority: task.priority,
        agent: task.agent.clone(),
        submitted_by: task.submitted_by.clone(),
        source: task.source.clone(),
        created_at: task.created_at,
        updated_at: task.updated_at,
        queued_at: task.queued_at,
        assigned_at: task.assigned_at,
        started_at: task.started_at,
        ended_at: task.ended_at,
        attempt: task.attempt,
        retry_count: task.retry_count,
        percent: task.percent,
        note: task.note.clone(),
        last_error: task.last_error.clone(),
        fingerprint: task.fingerprint.clone(),
        duration_ms: task.duration_ms,
        tokens_used: task.tokens_used,
        cost_usd: task.cost_usd,
        stuck: false,
        command: None,
    }
}

/// What is shown of a queue.
pub fn queue(
    state: &State,
    name: &Arc<str>,
    queue: &Queue,
    now: Timestamp,
    settings: &WorkSettings,
) -> QueueItem {
    let hour = queue.hour.sum(now, HOUR);
    let target_s = settings.queue_latency_target_s;
    QueueItem {
        queue: name.clone(),
        queued: queue.depth(),
        assigned: queue.count(TaskStatus::Assigned),
        working: queue.count(TaskStatus::Working),
        dead_letter: queue.count(TaskStatus::DeadLetter),
        oldest_queued_at: state.oldest_in(name),
        latency_target_s: (target_s > 0.0).then_some(target_s as u32),
        wait_ms: queue.waits.sum(now, HOUR).percentiles(),
        run_ms: queue.runs.sum(now, HOUR).percentiles(),
        completed: hour.completed,
        failed: hour.failed,
    }
}

/// What was done, from how it ended.
pub fn throughput(done: &Outcomes) -> Throughput {
    Throughput {
        completed: done.completed,
        failed: done.failed,
        tokens: done.tokens,
        cost_usd: done.cost_usd,
        avg_ms: (done.runs > 0).then(|| done.run_ms / done.runs as f64),
    }
}

/// Each of the last 24 hours, oldest first.
pub fn hourly(state: &State, now: Timestamp) -> Vec<HourItem> {
    let hours = state.hours.series(now, 24);
    let item = |(hour, done): (Timestamp, Option<&Outcomes>)| HourItem {
        hour,
        done: throughput(&done.copied().unwrap_or_default()),
    };
    hours.map(item).collect()
}

/// Groups of dead letters, largest first.
pub fn dead_groups(state: &State, limit: usize) -> Vec<DeadGroup> {
    let mut all: Vec<_> = state.index.errors.iter().collect();
    all.sort_by_key(|(print, n)| (Reverse(**n), (*print).clone()));
    all.into_iter().take(limit).filter_map(|(print, n)| dead_group(state, print, *n)).collect()
}

fn dead_group(state: &State, print: &Arc<str>, count: u64) -> Option<DeadGroup> {
    let bound = |ms: i64| (print.clone(), Timestamp::from_ms(ms), Arc::from(""));
    let mut group = state.index.by_error.range(bound(i64::MIN)..bound(i64::MAX));
    let (_, first_at, first) = group.next()?;
    let (_, last_at, last) =
        group.next_back().unwrap_or(&(print.clone(), *first_at, first.clone())).clone();
    let sample = state.tasks.get(&last).and_then(|task| task.last_error.clone())?;
    Some(DeadGroup {
        fingerprint: print.clone(),
        pattern: fingerprint::pattern(&sample),
        sample,
        count,
        first_at: *first_at,
        last_at,
    })
}

/// The work page.
pub fn page(
    state: &State,
    found: &Found,
    now: Timestamp,
    settings: &WorkSettings,
    cursor: Cursor,
) -> WorkPage {
    let (agents, tasks) = super::state::counts(state, now);
    let queues = state.queues.iter().take(WorkPage::MAX_QUEUES);
    let mut jobs: Vec<_> = state.jobs.values().map(|job| &job.item).collect();
    jobs.sort_by_key(|job| (Reverse(job.created_at), job.id.clone()));
    WorkPage {
        as_of: now,
        cursor,
        agents,
        tasks,
        by_priority: state.index.priorities,
        failed: failed(state),
        queues: queues.map(|(name, q)| queue(state, name, q, now, settings)).collect(),
        dead: dead_groups(state, WorkPage::MAX_GROUPS),
        last_hour: throughput(&state.hour.sum(now, HOUR)),
        hourly: hourly(state, now),
        completions: state
            .completions
            .iter()
            .take(WorkPage::MAX_COMPLETIONS)
            .map(|done| (**done).clone())
            .collect(),
        findings: found.findings.iter().take(WorkPage::MAX_FINDINGS).cloned().collect(),
        findings_total: found.total,
        jobs: jobs.into_iter().take(WorkPage::MAX_JOBS).cloned().collect(),
        commands: newest_commands(state),
    }
}

/// Tasks that failed and are not tried again by themselves, dead letters not among them.
pub fn failed(state: &State) -> u64 {
    let here = state.index.count(TaskStatus::Failed);
    here.saturating_add(state.failed_gone)
}

/// Open commands first, then the last that were answered; newest first.
fn newest_commands(state: &State) -> Vec<CommandItem> {
    let open = state.index.open.iter().map(|(_, at, id)| (Reverse(*at), id));
    let mut open: Vec<_> = open.collect();
    open.sort();
    let settled = state.settled.iter().rev();
    let ids = open.into_iter().map(|(_, id)| id).chain(settled).take(WorkPage::MAX_COMMANDS);
    let mut commands: Vec<CommandItem> =
        ids.filter_map(|id| state.commands.get(id)).map(|command| (**command).clone()).collect();
    commands.sort_by_key(|command| Reverse(command.created_at));
    commands
}
