//! What may be asked of lists of agents and tasks, read from text.

use crate::domain::work::{AgentState, TaskFilter, TaskStatus};
use crate::server::params::{MAX_LIMIT, given, limit, position, settle, word};
use crate::server::position::{hex, unhex};
use crate::wire::{ApiError, Timestamp};
use serde::Deserialize;
use std::sync::Arc;

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

/// The same, understood.
#[derive(Debug, PartialEq, Eq)]
pub struct AgentsQuery {
    pub state: Option<AgentState>,
    pub q: Option<String>,
    pub limit: usize,
    pub after: Option<Arc<str>>,
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

/// The same, understood.
#[derive(Debug, PartialEq, Eq)]
pub struct TasksQuery {
    pub filter: TaskFilter,
    pub limit: usize,
    pub after: Option<(Timestamp, Arc<str>)>,
}

impl AgentsParams {
    /// # Errors
    /// 422 naming every parameter that cannot be.
    pub fn read(&self) -> Result<AgentsQuery, ApiError> {
        let mut errors = Vec::new();
        let states = AgentState::ALL.iter().map(|state| state.name());
        let query = AgentsQuery {
            state: word("state", &self.state, AgentState::named, states, &mut errors),
            q: given(&self.q).map(str::to_owned),
            limit: limit(&self.limit, MAX_LIMIT, &mut errors),
            after: position(&self.after, text_of, &mut errors),
        };
        settle(query, errors)
    }
}

impl TasksParams {
    /// # Errors
    /// 422 naming every parameter that cannot be.
    pub fn read(&self) -> Result<TasksQuery, ApiError> {
        let mut errors = Vec::new();
        let statuses = TaskStatus::ALL.iter().map(|status| status.name());
        let name = |text: &Option<String>| given(text).map(Arc::from);
        let query = TasksQuery {
            filter: TaskFilter {
                status: word("status", &self.status, TaskStatus::named, statuses, &mut errors),
                queue: name(&self.queue),
                agent: name(&self.agent),
                fingerprint: name(&self.fingerprint),
                q: given(&self.q).map(str::to_owned),
            },
            limit: limit(&self.limit, MAX_LIMIT, &mut errors),
            after: position(&self.after, place_of, &mut errors),
        };
        settle(query, errors)
    }
}

/// Names the place after an agent, for `next`.
pub fn after_agent(id: &str) -> String {
    hex(id.as_bytes())
}

/// Names the place after a task, for `next`.
pub fn after_task(at: Timestamp, id: &str) -> String {
    format!("{}-{}", at.ms(), hex(id.as_bytes()))
}

fn text_of(hexed: &str) -> Option<Arc<str>> {
    String::from_utf8(unhex(hexed)?).ok().map(Arc::from)
}

fn place_of(text: &str) -> Option<(Timestamp, Arc<str>)> {
    let (ms, id) = text.rsplit_once('-')?;
    Some((Timestamp::from_ms(ms.parse().ok()?), text_of(id)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The query, or the parameters that are refused.
    #[track_caller]
    fn check(params: TasksParams, expect: Result<TasksQuery, &[&str]>) {
        let read = params.read().map_err(|error| error.errors);
        match (read, expect) {
            (Ok(query), Ok(expect)) => assert_eq!(query, expect),
            (Err(errors), Err(expect)) => {
                let got: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
                assert_eq!(got, expect);
            }
            (read, _) => panic!("{read:?}"),
        }
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn parameters_are_read() {
        let none = TasksQuery { filter: TaskFilter::default(), limit: 50, after: None };
        check(TasksParams { status: some(""), ..TasksParams::default() }, Ok(none));
        let place = (Timestamp::from_ms(-7), Arc::from("a-b/é"));
        let params = TasksParams {
            status: some("dead_letter"),
            queue: some("q"),
            limit: some("500"),
            after: Some(after_task(place.0, &place.1)),
            ..TasksParams::default()
        };
        let filter = TaskFilter {
            status: Some(TaskStatus::DeadLetter),
            queue: Some("q".into()),
            ..TaskFilter::default()
        };
        check(params, Ok(TasksQuery { filter, limit: 500, after: Some(place) }));
    }

    #[test]
    fn each_that_cannot_be_is_named() {
        let params = TasksParams {
            status: some("lost"),
            limit: some("501"),
            after: some("7"),
            ..TasksParams::default()
        };
        check(params, Err(&["/status", "/limit", "/after"]));
        check(TasksParams { limit: some("0"), ..TasksParams::default() }, Err(&["/limit"]));
        check(TasksParams { after: some("1-f"), ..TasksParams::default() }, Err(&["/after"]));
        let agents = AgentsParams { state: some("asleep"), ..AgentsParams::default() };
        let error = agents.read().unwrap_err().errors.remove(0);
        assert_eq!(error.detail, "must be one of idle, assigned, working, blocked, offline");
    }
}
