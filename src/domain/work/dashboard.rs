//! `GET /api/dashboard/state`: all of work in one object, for dashboards that poll it or hold
//! `/ws/dashboard`. Its times are epoch milliseconds, and its texts are always texts: pages that
//! were written for it elsewhere show them as they come.

use super::state::{State, Task};
use super::{AgentItem, AgentState, Completion, TaskStatus, build};
use crate::domain::health::{Finding, Severity, Status};
use crate::domain::window::HOUR;
use crate::wire::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Waiting tasks and dead letters that are listed, of each.
const MAX_TASKS: usize = 1_000;

/// Everything at once.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DashboardState {
    /// How long the server has run, in milliseconds.
    pub uptime_ms: u64,
    /// When this was known to be so.
    pub timestamp: i64,
    /// What the rules about work say.
    pub health: DashboardHealth,
    /// Every agent, by id.
    pub agents: Vec<DashboardAgent>,
    /// Tasks in numbers.
    pub queue: QueueCounts,
    /// Tasks that were given up, newest first; at most 1,000.
    pub dead_letter_tasks: Vec<DeadTask>,
    /// How many there are in all.
    pub dead_letter_total: u64,
    /// Waiting tasks, the most urgent and oldest first; at most 1,000.
    pub queued_tasks: Vec<QueuedTask>,
    /// How many there are in all.
    pub queued_total: u64,
    /// What has completed, newest first; at most 100.
    pub recent_completions: Vec<RecentCompletion>,
    /// The last hour.
    pub throughput: HourFigures,
    /// Each of the last 24 hours, oldest first, the last one still running.
    pub hourly: Vec<Hour>,
    /// Alerts that fire, worst first.
    pub active_alerts: Vec<DashboardAlert>,
}

/// The verdict over agents and tasks.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DashboardHealth {
    /// Worst severity among the findings.
    pub status: Status,
    /// The findings' sentences.
    pub conditions: Vec<String>,
    /// Worst first, at most 100.
    pub findings: Arc<[Finding]>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DashboardAgent {
    /// Its id.
    pub agent_id: Arc<str>,
    /// Name for people.
    pub name: String,
    /// What it is doing.
    pub fsm_state: AgentState,
    /// The task it is on.
    pub current_task_id: Option<Arc<str>>,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// When it last came.
    pub connected_at: i64,
    /// Since when it is in its state.
    pub last_state_change: i64,
    /// When it was last heard of.
    pub last_heard_at: i64,
}

/// Tasks in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QueueCounts {
    /// By status; dead letters are not among the failed, and completed ones are counted since ever.
    pub by_status: StatusCounts,
    /// Waiting tasks by priority, 0 (urgent) to 3.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub by_priority: BTreeMap<u8, u64>,
    /// Tasks that were given up.
    pub dead_letter: u64,
}

/// Tasks by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatusCounts {
    /// Waiting.
    pub queued: u64,
    /// Given to an agent.
    pub assigned: u64,
    /// Running.
    pub working: u64,
    /// Done, ever.
    pub completed: u64,
    /// Failed, and not tried again by themselves.
    pub failed: u64,
}

/// A task that was given up.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeadTask {
    /// Its id.
    pub id: Arc<str>,
    /// What is to be done; empty if nobody said.
    pub description: String,
    /// What went wrong last; empty if nobody said.
    pub last_error: String,
    /// Times it was tried again.
    pub retry_count: u32,
    /// When it was first heard of.
    pub created_at: i64,
    /// When it was given up.
    pub dead_lettered_at: i64,
    /// Where it waited.
    pub queue: Arc<str>,
    /// Who was on it last.
    pub agent_id: Option<Arc<str>>,
}

/// A waiting task.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QueuedTask {
    /// Its id.
    pub id: Arc<str>,
    /// What is to be done; empty if nobody said.
    pub description: String,
    /// How soon it is wanted, 0 (urgent) to 3.
    pub priority: u8,
    /// Who wants it.
    pub submitted_by: Option<Arc<str>>,
    /// When it was first heard of.
    pub created_at: i64,
    /// Where it waits.
    pub queue: Arc<str>,
    /// Since when.
    pub queued_at: i64,
}

/// A completed task.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecentCompletion {
    /// The task.
    pub task_id: Arc<str>,
    /// Who did it.
    pub agent_id: Option<Arc<str>>,
    /// What it was about; empty if nobody said.
    pub description: String,
    /// How long it took.
    pub duration_ms: Option<f64>,
    /// Tokens of language models that it cost.
    pub tokens_used: Option<u64>,
    /// When it completed.
    pub completed_at: i64,
}

/// What was done in the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct HourFigures {
    /// Completed tasks.
    pub completed_last_hour: u64,
    /// Failed tries.
    pub failed_last_hour: u64,
    /// Mean run time of the completed tasks that told it, in milliseconds.
    pub avg_completion_ms: Option<f64>,
    /// Tokens of language models.
    pub total_tokens_hour: u64,
    /// US dollars.
    pub cost_usd_hour: f64,
}

/// What was done in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Hour {
    /// Its start.
    pub hour: i64,
    /// Completed tasks.
    pub completed: u64,
    /// Failed tries.
    pub failed: u64,
    /// Tokens of language models.
    pub tokens: u64,
    /// Mean run time of the completed tasks that told it, in milliseconds.
    pub avg_ms: Option<f64>,
}

/// An alert that is built on a rule about work.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DashboardAlert {
    /// Its id.
    pub id: Arc<str>,
    /// The rule of the finding it is built on.
    pub rule_id: Arc<str>,
    /// What it is about, as `kind/name`.
    pub subject: Arc<str>,
    /// How bad.
    pub severity: Severity,
    /// One sentence a person can act on.
    pub message: String,
    /// When it fired.
    pub fired_at: i64,
    /// Whether somebody has said that it was seen.
    pub acknowledged: bool,
}

impl DashboardState {
    /// All of it, as of `now`.
    pub fn of<'a>(
        state: &State,
        findings: &Arc<[Finding]>,
        agents: impl Iterator<Item = &'a AgentItem>,
        active_alerts: Vec<DashboardAlert>,
        now: Timestamp,
        uptime_ms: u64,
    ) -> Self {
        let agents: Vec<_> = agents.map(agent).collect();
        let queued = state.index.waiting.iter().filter_map(|(_, _, id)| state.tasks.get(id));
        let dead = state.index.ended.iter().rev().filter_map(|(_, id)| state.tasks.get(id));
        let dead = dead.filter(|task| task.status == TaskStatus::DeadLetter);
        let count = |status| state.index.count(status);
        Self {
            uptime_ms,
            timestamp: now.ms(),
            health: DashboardHealth {
                status: status(state, findings),
                conditions: findings.iter().map(|finding| finding.message.clone()).collect(),
                findings: findings.clone(),
            },
            agents,
            queue: counts(state),
            dead_letter_tasks: dead.take(MAX_TASKS).map(|task| dead_task(task)).collect(),
            dead_letter_total: count(TaskStatus::DeadLetter),
            queued_tasks: queued.take(MAX_TASKS).map(|task| queued_task(task)).collect(),
            queued_total: count(TaskStatus::Queued),
            recent_completions: state.completions.iter().map(|done| completion(done)).collect(),
            throughput: hour_figures(state, now),
            hourly: build::hourly(state, now).into_iter().map(hour).collect(),
            active_alerts,
        }
    }
}

/// The verdict over agents and tasks.
pub fn status(state: &State, findings: &[Finding]) -> Status {
    let known = !state.agents.is_empty() || !state.tasks.is_empty() || state.completed > 0;
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Critical) => Status::Critical,
        Some(Severity::Warning) => Status::Warning,
        _ if known => Status::Ok,
        _ => Status::Unknown,
    }
}

/// Tasks in numbers.
pub fn counts(state: &State) -> QueueCounts {
    QueueCounts {
        by_status: StatusCounts {
            queued: state.index.count(TaskStatus::Queued),
            assigned: state.index.count(TaskStatus::Assigned),
            working: state.index.count(TaskStatus::Working),
            completed: state.completed,
            failed: build::failed(state),
        },
        by_priority: (0..).zip(state.index.priorities).collect(),
        dead_letter: state.index.count(TaskStatus::DeadLetter),
    }
}

/// What was done in the last hour.
pub fn hour_figures(state: &State, now: Timestamp) -> HourFigures {
    let done = build::throughput(&state.hour.sum(now, HOUR));
    HourFigures {
        completed_last_hour: done.completed,
        failed_last_hour: done.failed,
        avg_completion_ms: done.avg_ms,
        total_tokens_hour: done.tokens,
        cost_usd_hour: done.cost_usd,
    }
}

fn agent(item: &AgentItem) -> DashboardAgent {
    DashboardAgent {
        agent_id: item.agent_id.clone(),
        name: item.name.clone(),
        fsm_state: item.fsm_state,
        current_task_id: item.current_task_id.clone(),
        capabilities: item.capabilities.clone(),
        connected_at: item.connected_at.ms(),
        last_state_change: item.last_state_change.ms(),
        last_heard_at: item.last_heard_at.ms(),
    }
}

fn dead_task(task: &Task) -> DeadTask {
    DeadTask {
        id: task.id.clone(),
        description: task.description.clone().unwrap_or_default(),
        last_error: task.last_error.clone().unwrap_or_default(),
        retry_count: task.retry_count,
        created_at: task.created_at.ms(),
        dead_lettered_at: task.ended_at.unwrap_or(task.updated_at).ms(),
        queue: task.queue.clone(),
        agent_id: task.agent.clone(),
    }
}

fn queued_task(task: &Task) -> QueuedTask {
    QueuedTask {
        id: task.id.clone(),
        description: task.description.clone().unwrap_or_default(),
        priority: task.priority.get(),
        submitted_by: task.submitted_by.clone(),
        created_at: task.created_at.ms(),
        queue: task.queue.clone(),
        queued_at: task.queued_at.unwrap_or(task.created_at).ms(),
    }
}

fn completion(done: &Completion) -> RecentCompletion {
    RecentCompletion {
        task_id: done.task_id.clone(),
        agent_id: done.agent_id.clone(),
        description: done.description.clone().unwrap_or_default(),
        duration_ms: done.duration_ms,
        tokens_used: done.tokens_used,
        completed_at: done.completed_at.ms(),
    }
}

fn hour(item: super::HourItem) -> Hour {
    let super::HourItem { hour, done } = item;
    let (completed, failed, tokens) = (done.completed, done.failed, done.tokens);
    Hour { hour: hour.ms(), completed, failed, tokens, avg_ms: done.avg_ms }
}
