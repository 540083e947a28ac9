//! The routes of work that take more than a query: names in the path, bodies, waiting.

use super::{
    Order, ack, agent, command, command_item, commands_for, job, jobs, retry, steer, task, tasks,
};
use crate::domain::work::{
    AgentDetail, CommandItem, CommandKind, CommandStatus, JobItem, JobsPage, RetryAnswer,
    RetryRequest, Steering, TaskDetail, TaskStatus, TasksPage,
};
use crate::server::body::JsonBody;
use crate::server::{App, problem};
use crate::wire::ApiError;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::time::Duration;

/// Longest answer of an owner, in bytes.
const MAX_DETAIL: usize = 4 << 10;
/// Longest wait for a command, in seconds.
const MAX_WAIT_S: f64 = 60.0;

type Name = Result<Path<String>, PathRejection>;

/// Reads, whose answers can be compressed and are not sent twice.
pub fn reads() -> Router<App> {
    Router::new()
        .route("/api/v1/agents/{id}", get(read_agent))
        .route("/api/v1/tasks/dead-letter", get(dead_letters))
        .route("/api/v1/tasks/{id}", get(read_task))
        .route("/api/v1/jobs", get(read_jobs))
        .route("/api/v1/jobs/{id}", get(read_job))
        .route("/api/v1/commands/{id}", get(read_command))
}

/// What changes something, and what waits.
pub fn writes() -> Router<App> {
    Router::new()
        .route("/api/v1/tasks/retry", post(retry_tasks))
        .route("/api/v1/tasks/{id}/retry", post(retry_task))
        .route("/api/v1/tasks/{id}/cancel", post(cancel_task))
        .route("/api/v1/jobs/{id}/pause", post(pause_job))
        .route("/api/v1/jobs/{id}/resume", post(resume_job))
        .route("/api/v1/jobs/{id}/cancel", post(cancel_job))
        .route("/api/v1/commands", get(wait_for_commands))
        .route("/api/v1/commands/{id}/ack", post(ack_command))
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
async fn read_jobs(State(app): State<App>) -> Json<JobsPage> {
    Json(jobs(&app.hub.published()))
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

async fn ask(app: &App, kind: CommandKind, id: Name) -> Asked {
    let Path(id) = id.map_err(problem::malformed)?;
    command(app, kind, &id).await.map(|item| (StatusCode::ACCEPTED, Json(item)))
}

/// `POST /api/v1/tasks/{id}/retry`
async fn retry_task(State(app): State<App>, id: Name) -> Asked {
    ask(&app, CommandKind::Retry, id).await
}

/// `POST /api/v1/tasks/{id}/cancel`
async fn cancel_task(State(app): State<App>, id: Name) -> Asked {
    ask(&app, CommandKind::Cancel, id).await
}

/// `POST /api/v1/tasks/retry`: 200 with a preview, or 202 with a job.
async fn retry_tasks(
    State(app): State<App>,
    JsonBody(request): JsonBody<RetryRequest>,
) -> Result<Response, ApiError> {
    Ok(match retry(&app, request).await? {
        RetryAnswer::Preview(preview) => Json(preview).into_response(),
        RetryAnswer::Job(job) => (StatusCode::ACCEPTED, Json(job)).into_response(),
    })
}

async fn steer_job(app: &App, id: Name, steering: Steering) -> Result<Json<JobItem>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    steer(app, &id, steering).await.map(Json)
}

/// `POST /api/v1/jobs/{id}/pause`
async fn pause_job(State(app): State<App>, id: Name) -> Result<Json<JobItem>, ApiError> {
    steer_job(&app, id, Steering::Pause).await
}

/// `POST /api/v1/jobs/{id}/resume`
async fn resume_job(State(app): State<App>, id: Name) -> Result<Json<JobItem>, ApiError> {
    steer_job(&app, id, Steering::Resume).await
}

/// `POST /api/v1/jobs/{id}/cancel`
async fn cancel_job(State(app): State<App>, id: Name) -> Result<Json<JobItem>, ApiError> {
    steer_job(&app, id, Steering::Cancel).await
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
    params: Result<Query<WaitParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let (source, wait) = params.read()?;
    let commands = commands_for(&app, &source, wait).await;
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
    id: Name,
    JsonBody(body): JsonBody<Ack>,
) -> Result<Json<CommandItem>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    let (status, detail) = body.read()?;
    ack(&app, &id, status, detail).await.map(Json)
}
