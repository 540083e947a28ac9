//! Reads of agents, tasks and queues.

use super::params::{AgentsParams, TasksParams, after_agent, after_task};
use crate::domain::range::{Range, RangeParams};
use crate::domain::work::{
    AgentDetail, AgentItem, AgentsPage, QueueHistory, TaskDetail, TaskItem, TasksPage, WorkPage,
    build, contains,
};
use crate::pipeline::publish::Published;
use crate::server::{App, read};
use crate::wire::ApiError;
use std::sync::Arc;

/// Agents by id.
///
/// # Errors
/// 422 naming every parameter that cannot be.
pub fn agents(app: &App, params: &AgentsParams) -> Result<AgentsPage, ApiError> {
    let query = params.read()?;
    let shown = app.hub.published();
    let matches = |agent: &AgentItem| {
        query.state.is_none_or(|state| state == agent.fsm_state)
            && query.q.as_deref().is_none_or(|words| {
                contains(&agent.agent_id, words) || contains(&agent.name, words)
            })
    };
    let all: Vec<_> = shown.agents.values().filter(|agent| matches(agent)).collect();
    let passed = |agent: &&Arc<AgentItem>| {
        query.after.as_ref().is_some_and(|after| agent.agent_id <= *after)
    };
    let start = all.partition_point(passed);
    let (total, mut rest) = (all.len(), all.into_iter().skip(start));
    let items: Vec<_> = rest.by_ref().take(query.limit).map(|agent| (**agent).clone()).collect();
    let more = rest.next().is_some();
    let last = items.last().filter(|_| more);
    let next = last.map(|last| after_agent(&last.agent_id));
    Ok(AgentsPage { as_of: shown.as_of, cursor: shown.cursor.clone(), total, items, next })
}

/// One agent.
///
/// # Errors
/// 404 for an agent that is not known.
pub fn agent(app: &App, id: &str) -> Result<AgentDetail, ApiError> {
    let shown = app.hub.published();
    let unknown = || ApiError::not_found(format!("nobody has sent anything about agent {id}"));
    let item = (**shown.agents.get(id).ok_or_else(unknown)?).clone();
    Ok(AgentDetail { as_of: shown.as_of, cursor: shown.cursor.clone(), item })
}

/// Tasks, newest first.
///
/// # Errors
/// 422 naming every parameter that cannot be; 503 if history takes too long.
pub async fn tasks(app: &App, params: &TasksParams) -> Result<TasksPage, ApiError> {
    let query = params.read()?;
    let shown = app.hub.published();
    let as_of = read::settled(app, &shown).await;
    let (items, total, more) = app.history.tasks(&query.filter, query.limit, query.after).await?;
    let last = items.last().filter(|_| more);
    let next = last.map(|last| after_task(last.updated_at, &last.id));
    let items = items.into_iter().map(|item| newest(&shown, item)).collect();
    let cursor = shown.cursor.clone();
    Ok(TasksPage { as_of, cursor, total, items, next })
}

/// What is known of a task: memory knows more of it than history, if it is still there and history
/// does not know of something later.
fn newest(shown: &Published, item: TaskItem) -> TaskItem {
    let work = &shown.state.work;
    let live = work.tasks.get(&item.id).filter(|task| task.updated_at >= item.updated_at);
    live.map_or(item, |task| build::task(work, task))
}

/// One task with its history.
///
/// # Errors
/// 404 for a task nobody has sent anything about; 503 if history takes too long.
pub async fn task(app: &App, id: &str) -> Result<TaskDetail, ApiError> {
    let shown = app.hub.published();
    let as_of = read::settled(app, &shown).await;
    let known = app.history.task(id).await?;
    let cursor = shown.cursor.clone();
    if let Some((item, result, history)) = known {
        return Ok(TaskDetail { as_of, cursor, item: newest(&shown, item), result, history });
    }
    let work = &shown.state.work;
    let live = work.tasks.get(id).map(|task| build::task(work, task));
    let item = live.ok_or_else(|| unknown(id))?;
    Ok(TaskDetail { as_of, cursor, item, result: None, history: Vec::new() })
}

/// 404 for a task.
pub fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("nobody has sent anything about task {id}"))
}

/// The work page.
///
/// # Errors
/// None; it is always there.
pub fn page(app: &App) -> Result<WorkPage, ApiError> {
    Ok(app.hub.published().work_page().value.clone())
}

/// A queue over a range; all of them if none is named.
///
/// # Errors
/// 404 for a queue that is not known, 422 for a range that cannot be.
pub async fn queue(
    app: &App,
    queue: Option<String>,
    range: &RangeParams,
) -> Result<QueueHistory, ApiError> {
    let shown = app.hub.published();
    let queue: Option<Arc<str>> = queue.filter(|name| !name.is_empty()).map(Arc::from);
    if let Some(name) = queue.as_ref().filter(|name| !shown.state.work.queues.contains_key(*name)) {
        return Err(ApiError::not_found(format!("nobody has sent anything about queue {name}")));
    }
    let range = Range::parse(range, "6h", read::now(app, &shown))?;
    let as_of = read::settled(app, &shown).await;
    let points = app.history.queue(queue.clone(), range).await?;
    Ok(QueueHistory { as_of, queue, range, points })
}
