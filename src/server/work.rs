//! Work over HTTP: reads, commands and jobs.

use super::App;
use crate::domain::range::RangeParams;
use crate::domain::work::{
    AgentDetail, AgentsPage, CommandItem, CommandKind, JobItem, QueueHistory, RetryAnswer,
    RetryRequest, Steering, TaskDetail, TasksPage, WorkPage,
};
use crate::wire::ApiError;
use serde::Deserialize;

/// Which page of the agents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AgentsParams {
    /// What they are doing.
    pub state: Option<String>,
    /// Words in id and name.
    pub q: Option<String>,
    /// Agents a page, 1 to 500, default 50.
    pub limit: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Which page of the tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TasksParams {
    /// Where they stand.
    pub status: Option<String>,
    /// Where they wait or waited.
    pub queue: Option<String>,
    /// Who is or was on them last.
    pub agent: Option<String>,
    /// Which error they share.
    pub fingerprint: Option<String>,
    /// Words in id, description and error.
    pub q: Option<String>,
    /// Tasks a page, 1 to 500, default 50.
    pub limit: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Agents by id.
///
/// # Errors
/// See the endpoint.
pub fn agents(app: &App, params: &AgentsParams) -> Result<AgentsPage, ApiError> {
    let _ = (app, params);
    Err(ApiError::unavailable("not yet", 1))
}

/// One agent.
///
/// # Errors
/// See the endpoint.
pub fn agent(app: &App, id: &str) -> Result<AgentDetail, ApiError> {
    let _ = (app, id);
    Err(ApiError::unavailable("not yet", 1))
}

/// Tasks, newest first.
///
/// # Errors
/// See the endpoint.
pub async fn tasks(app: &App, params: &TasksParams) -> Result<TasksPage, ApiError> {
    let _ = (app, params);
    Err(ApiError::unavailable("not yet", 1))
}

/// One task with its history.
///
/// # Errors
/// See the endpoint.
pub async fn task(app: &App, id: &str) -> Result<TaskDetail, ApiError> {
    let _ = (app, id);
    Err(ApiError::unavailable("not yet", 1))
}

/// The work page.
///
/// # Errors
/// See the endpoint.
pub fn page(app: &App) -> Result<WorkPage, ApiError> {
    let _ = app;
    Err(ApiError::unavailable("not yet", 1))
}

/// A queue over a range.
///
/// # Errors
/// See the endpoint.
pub async fn queue(
    app: &App,
    queue: Option<String>,
    range: &RangeParams,
) -> Result<QueueHistory, ApiError> {
    let _ = (app, queue, range);
    Err(ApiError::unavailable("not yet", 1))
}

/// Asks the owner of a task to do something with it.
///
/// # Errors
/// See the endpoint.
pub async fn command(app: &App, kind: CommandKind, task: &str) -> Result<CommandItem, ApiError> {
    let _ = (app, kind, task);
    Err(ApiError::unavailable("not yet", 1))
}

/// Previews or begins a retry of many tasks.
///
/// # Errors
/// See the endpoint.
pub async fn retry(app: &App, request: RetryRequest) -> Result<RetryAnswer, ApiError> {
    let _ = (app, request);
    Err(ApiError::unavailable("not yet", 1))
}

/// Pauses, resumes or ends a job.
///
/// # Errors
/// See the endpoint.
pub async fn steer(app: &App, job: &str, steering: Steering) -> Result<JobItem, ApiError> {
    let _ = (app, job, steering);
    Err(ApiError::unavailable("not yet", 1))
}
