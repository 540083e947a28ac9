//! The routes of work that take more than a query: names in the path, bodies, waiting.

use super::{
    Order, ack, agent, command, command_item, commands_for, job, jobs, retry, steer, task, tasks,
};
use crate::domain::access::{Permission, Permissions};
use crate::domain::work::{
    AgentDetail, CommandItem, CommandKind, CommandStatus, JobItem, JobsPage, RetryAnswer,
    RetryRequest, Steering, TaskDetail, TaskStatus, TasksPage,
};
use crate::server::access::Caller;
use crate::server::body::JsonBody;
use crate::server::needs::{Needs, Routes};
use crate::server::page;
use crate::server::{App, problem, server_fns};
use crate::wire::ApiError;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::time::Duration;

/// Longest answer of an owner, in bytes.
const MAX_DETAIL: usize = 4 << 10;
/// Longest wait for a command, in seconds.
const MAX_WAIT_S: f64 = 60.0;

type Name = Result<Path<String>, PathRejection>;

const VIEW: Needs = Needs::All(Permissions::of(&[Permission::ViewAgents]));
const RETRY: Needs = Needs::All(Permissions::of(&[Permission::RetryTasks]));
const WRITE: Needs = Needs::All(Permissions::of(&[Permission::WriteEvents]));

/// Reads, whose answers can be compressed and are not sent twice.
pub fn reads() -> Routes {
    Routes::default()
        .get("/api/v1/agents", VIEW, server_fns::call)
        .get("/api/v1/tasks", VIEW, server_fns::call)
        .get("/api/v1/agents/{id}", VIEW, read_agent)
        .get("/api/v1/tasks/dead-letter", VIEW, dead_letters)
        .get("/api/v1/tasks/{id}", VIEW, read_task)
        .get("/api/v1/jobs", VIEW, read_jobs)
        .get("/api/v1/jobs/{id}", VIEW, read_job)
        .get("/api/v1/commands/{id}", VIEW, read_command)
}

/// What changes something, and what waits.
pub fn writes() -> Routes {
    Routes::default()
        .post("/api/v1/tasks/retry", RETRY, retry_tasks)
        .post("/api/v1/tasks/{id}/retry", RETRY, retry_task)
        .post("/api/v1/tasks/{id}/cancel", RETRY, cancel_task)
        .post("/api/v1/jobs/{id}/pause", RETRY, pause_job)
        .post("/api/v1/jobs/{id}/resume", RETRY, resume_job)
        .post("/api/v1/jobs/{id}/cancel", RETRY, cancel_job)
        .get("/api/v1/commands", WRITE, wait_for_commands)
        .post("/api/v1/commands/{id}/ack", WRITE, ack_command)
}

/// `GET /api/v1/agents/{id}`
async fn read_agent(State(app): State<App>, id: Name) -> Result<Json<AgentDetail>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    agent(&app, &id).map(Json)
}

/// `GET /api/v1/tasks/dead-letter`: those of `GET /api/v1/tasks` that were given up.
async fn dead_letters(
    State(app): State<App>,
    params: Result<Query<super::TasksParams>, QueryRejection>,
) -> Result<Json<TasksPage>, ApiError> {
    let Query(mut params) = params.map_err(problem::malformed)?;
    params.status = Some(TaskStatus::DeadLetter.name().to_owned());
    tasks(&app, &params).await.map(Json)
}

/// `GET /api/v1/tasks/{id}`
async fn read_task(State(app): State<App>, id: Name) -> Result<Json<TaskDetail>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    task(&app, &id).await.map(Json)
}

/// `GET /api/v1/jobs`
async fn read_jobs(State(app): State<App>, asked: page::Asked) -> Result<Json<JobsPage>, ApiError> {
    let Query(params) = asked.map_err(problem::malformed)?;
    jobs(&app.hub.published(), &params).map(Json)
}

/// `GET /api/v1/jobs/{id}`
async fn read_job(State(app): State<App>, id: Name) -> Result<Json<JobItem>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    job(&app.hub.published(), &id).map(Json)
}

/// `GET /api/v1/commands/{id}`
async fn read_command(State(app): State<App>, id: Name) -> Result<Json<CommandItem>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    command_item(&app.hub.published(), &id).map(Json)
}

type Asked = Result<(StatusCode, Json<CommandItem>), ApiError>;

async fn ask(app: &App, caller: &Caller, kind: CommandKind, id: Name) -> Asked {
    let Path(id) = id.map_err(problem::malformed)?;
    command(app, caller, kind, &id).await.map(|item| (StatusCode::ACCEPTED, Json(item)))
}

/// `POST /api/v1/tasks/{id}/retry`
async fn retry_task(State(app): State<App>, caller: Caller, id: Name) -> Asked {
    ask(&app, &caller, CommandKind::Retry, id).await
}

/// `POST /api/v1/tasks/{id}/cancel`
async fn cancel_task(State(app): State<App>, caller: Caller, id: Name) -> Asked {
    ask(&app, &caller, CommandKind::Cancel, id).await
}

/// `POST /api/v1/tasks/retry`: 200 with a preview, or 202 with a job.
async fn retry_tasks(
    State(app): State<App>,
    caller: Caller,
    JsonBody(request): JsonBody<RetryRequest>,
) -> Result<Response, ApiError> {
    Ok(match retry(&app, &caller, request).await? {
        RetryAnswer::Preview(preview) => Json(preview).into_response(),
        RetryAnswer::Job(job) => (StatusCode::ACCEPTED, Json(job)).into_response(),
    })
}

type Steered = Result<Json<JobItem>, ApiError>;

async fn steer_job(app: &App, caller: &Caller, id: Name, steering: Steering) -> Steered {
    let Path(id) = id.map_err(problem::malformed)?;
    steer(app, caller, &id, steering).await.map(Json)
}

/// `POST /api/v1/jobs/{id}/pause`
async fn pause_job(State(app): State<App>, caller: Caller, id: Name) -> Steered {
    steer_job(&app, &caller, id, Steering::Pause).await
}

/// `POST /api/v1/jobs/{id}/resume`
async fn resume_job(State(app): State<App>, caller: Caller, id: Name) -> Steered {
    steer_job(&app, &caller, id, Steering::Resume).await
}

/// `POST /api/v1/jobs/{id}/cancel`
async fn cancel_job(State(app): State<App>, caller: Caller, id: Name) -> Steered {
    steer_job(&app, &caller, id, Steering::Cancel).await
}

/// Whose commands are waited for, and how long.
#[derive(Debug, Default, Deserialize)]
struct WaitParams {
    source: Option<String>,
    wait: Option<String>,
}

impl WaitParams {
    fn read(self) -> Result<(String, Duration), ApiError> {
        let source = self.source.filter(|source| !source.is_empty()).ok_or_else(|| {
            ApiError::invalid("/source", "say whose commands: ?source=, as in your events")
        })?;
        let seconds = match self.wait.as_deref() {
            None | Some("") => Some(0.0),
            Some(text) => text.parse().ok().filter(|s| (0.0..=MAX_WAIT_S).contains(s)),
        };
        let seconds = seconds.ok_or_else(|| {
            ApiError::invalid("/wait", "must be a number of seconds from 0 to 60")
        })?;
        Ok((source, Duration::from_secs_f64(seconds)))
    }
}

/// `GET /api/v1/commands?source=S&wait=30`
async fn wait_for_commands(
    State(app): State<App>,
    caller: Caller,
    params: Result<Query<WaitParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let (source, wait) = params.read()?;
    let commands = commands_for(&app, &caller, &source, wait).await?;
    let orders: Vec<Order<'_>> = commands.iter().map(|item| Order::of(item)).collect();
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((headers, Json(serde_json::json!({ "commands": orders }))).into_response())
}

/// What the owner of a task says to a command.
#[derive(Debug, Deserialize)]
pub struct Ack {
    status: String,
    #[serde(default)]
    detail: Option<String>,
}

impl Ack {
    /// # Errors
    /// 422 at the member that cannot be.
    pub fn read(self) -> Result<(CommandStatus, Option<String>), ApiError> {
        let status = match CommandStatus::named(&self.status) {
            Some(status @ (CommandStatus::Done | CommandStatus::Refused)) => status,
            _ => return Err(ApiError::invalid("/status", "must be done or refused")),
        };
        if self.detail.as_ref().is_some_and(|detail| detail.len() > MAX_DETAIL) {
            return Err(ApiError::invalid("/detail", "must be at most 4 KiB long"));
        }
        Ok((status, self.detail.filter(|detail| !detail.is_empty())))
    }
}

/// `POST /api/v1/commands/{id}/ack`
async fn ack_command(
    State(app): State<App>,
    caller: Caller,
    id: Name,
    JsonBody(body): JsonBody<Ack>,
) -> Result<Json<CommandItem>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    let (status, detail) = body.read()?;
    ack(&app, &caller, &id, status, detail).await.map(Json)
}
