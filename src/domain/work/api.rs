//! Reading and commanding work: REST for programs, typed calls for pages.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]

use super::{
    AgentDetail, AgentsPage, CommandItem, CommandKind, JobItem, QueueHistory, RetryAnswer,
    RetryRequest, Steering, TaskDetail, TasksPage, WorkPage,
};
use crate::wire::{ApiError, JsonText, JsonUnread, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};

/// `GET /api/v1/agents`: agents by id; `state` and `q` (words in id and name) choose among them.
///
/// # Errors
/// 422 naming every parameter that cannot be.
#[server(name = ReadAgents, prefix = "/api/v1", endpoint = "agents", input = GetUrl, output = JsonUnread)]
pub async fn agents(
    #[server(default)] state: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] limit: Option<String>,
    #[server(default)] after: Option<String>,
) -> Result<Unread<AgentsPage>, ApiError> {
    let params = crate::server::work::AgentsParams { state, q, limit, after };
    Unread::of(&crate::server::work::agents(
        &crate::server::allowed(crate::domain::Permission::ViewAgents)?,
        &params,
    )?)
}

/// `GET /api/ui/agent`: one agent, as `GET /api/v1/agents/{id}` answers it.
///
/// # Errors
/// 404 for an agent that is not known.
#[server(name = ReadAgent, prefix = "/api/ui", endpoint = "agent", input = GetUrl, output = JsonUnread)]
pub async fn agent(agent: String) -> Result<Unread<AgentDetail>, ApiError> {
    Unread::of(&crate::server::work::agent(
        &crate::server::allowed(crate::domain::Permission::ViewAgents)?,
        &agent,
    )?)
}

/// `GET /api/v1/tasks`: tasks, newest first; the other parameters choose among them.
///
/// # Errors
/// 422 naming every parameter that cannot be.
#[server(name = ReadTasks, prefix = "/api/v1", endpoint = "tasks", input = GetUrl, output = JsonUnread)]
pub async fn tasks(
    #[server(default)] status: Option<String>,
    #[server(default)] queue: Option<String>,
    #[server(default)] agent: Option<String>,
    #[server(default)] fingerprint: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] limit: Option<String>,
    #[server(default)] after: Option<String>,
) -> Result<Unread<TasksPage>, ApiError> {
    let params =
        crate::server::work::TasksParams { status, queue, agent, fingerprint, q, limit, after };
    Unread::of(
        &crate::server::work::tasks(
            &crate::server::allowed(crate::domain::Permission::ViewAgents)?,
            &params,
        )
        .await?,
    )
}

/// `GET /api/ui/task`: one task with its history, as `GET /api/v1/tasks/{id}` answers it.
///
/// # Errors
/// 404 for a task nobody has sent anything about.
#[server(name = ReadTask, prefix = "/api/ui", endpoint = "task", input = GetUrl, output = JsonUnread)]
pub async fn task(task: String) -> Result<Unread<TaskDetail>, ApiError> {
    Unread::of(
        &crate::server::work::task(
            &crate::server::allowed(crate::domain::Permission::ViewAgents)?,
            &task,
        )
        .await?,
    )
}

/// `GET /api/ui/work`: queues, throughput, dead letters, jobs and what has just completed.
///
/// # Errors
/// 503 while the server starts.
#[server(name = ReadWork, prefix = "/api/ui", endpoint = "work", input = GetUrl, output = JsonUnread)]
pub async fn work_page() -> Result<Unread<WorkPage>, ApiError> {
    crate::server::shown(
        crate::server::allowed(crate::domain::Permission::ViewAgents)?.hub.published().work_page(),
    )
}

/// `GET /api/ui/queue`: a queue over a range, all of them when none is named; the other parameters
/// are those of [`crate::domain::range::RangeParams`], `6h` when left out.
///
/// # Errors
/// 422 naming every parameter that cannot be.
#[server(name = ReadQueue, prefix = "/api/ui", endpoint = "queue", input = GetUrl, output = JsonUnread)]
pub async fn queue_history(
    #[server(default)] queue: Option<String>,
    #[server(default)] window: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] step: Option<String>,
) -> Result<Unread<QueueHistory>, ApiError> {
    let params = crate::domain::range::RangeParams { window, from, to, step };
    Unread::of(
        &crate::server::work::queue(
            &crate::server::allowed(crate::domain::Permission::ViewAgents)?,
            queue,
            &params,
        )
        .await?,
    )
}

/// `POST /api/ui/command`: asks the owner of a task to retry or cancel it, as
/// `POST /api/v1/tasks/{id}/retry` and `…/cancel` do.
///
/// # Errors
/// 404 for a task nobody has sent anything about, 409 for one in no state for it.
#[server(name = CommandTask, prefix = "/api/ui", endpoint = "command", input = Json, output = JsonText)]
pub async fn command(task: String, command: CommandKind) -> Result<CommandItem, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::RetryTasks)?;
    crate::server::work::command(&app, &caller, command, &task).await
}

/// `POST /api/ui/retry`: previews or begins a retry of many tasks, as `POST /api/v1/tasks/retry`
/// does.
///
/// # Errors
/// 422 naming every member that cannot be.
#[server(name = RetryTasks, prefix = "/api/ui", endpoint = "retry", input = Json, output = JsonText)]
pub async fn retry_tasks(request: RetryRequest) -> Result<RetryAnswer, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::RetryTasks)?;
    crate::server::work::retry(&app, &caller, request).await
}

/// `POST /api/ui/job`: pauses, resumes or ends a job, as `POST /api/v1/jobs/{id}/…` does.
///
/// # Errors
/// 404 for a job that is not known, 409 for one that is over.
#[server(name = SteerJob, prefix = "/api/ui", endpoint = "job", input = Json, output = JsonText)]
pub async fn steer_job(job: String, steering: Steering) -> Result<JobItem, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::RetryTasks)?;
    crate::server::work::steer(&app, &caller, &job, steering).await
}
