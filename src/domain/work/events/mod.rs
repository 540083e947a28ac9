//! What agents and queues say about work, and what the board asks of them.

mod orders;
pub use orders::*;

use super::{AgentState, Priority};
use crate::domain::vocabulary::events;
use crate::domain::{DataError, Validate, check};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

events! {
    /// An event of the work domain.
    Event {
        "agent.online" => AgentOnline(AgentSeen),
        "agent.heartbeat" => AgentHeartbeat(AgentSeen),
        "agent.offline" => AgentOffline(AgentSeen),
        "agent.state_changed" => AgentMoved(AgentMoved),
        "task.queued" => Queued(Queued),
        "task.assigned" => Assigned(Worked),
        "task.started" => Started(Worked),
        "task.progress" => Progressed(Worked),
        "task.completed" => Completed(Completed),
        "task.failed" => Failed(Failed),
        "task.dead_lettered" => DeadLettered(DeadLettered),
        "task.cancelled" => Cancelled(Cancelled),
        "command.requested" => CommandRequested(CommandRequested),
        "command.delivered" => CommandDelivered(CommandDelivered),
        "command.settled" => CommandSettled(CommandSettled),
        "job.created" => JobCreated(JobCreated),
        "job.steered" => JobSteered(JobSteered),
        "job.exhausted" => JobExhausted(JobExhausted),
    }
}

/// An agent came, is still there, or left. Members left out keep what was said before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AgentData)]
pub struct AgentSeen {
    /// Its id.
    pub agent: Arc<str>,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// What it is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AgentState>,
    /// How often it will be heard of at least, in seconds; learnt from what it sends if it never
    /// says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<f64>,
}

impl AgentSeen {
    /// An agent of which nothing but its id is said.
    pub fn named(agent: Arc<str>) -> Self {
        Self { agent, name: None, capabilities: None, state: None, interval_s: None }
    }
}

/// An agent went from one state to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AgentStateChangedData)]
pub struct AgentMoved {
    /// Its id.
    pub agent: Arc<str>,
    /// What it is doing now.
    pub state: AgentState,
    /// The task that made it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Arc<str>>,
}

/// A task waits to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TaskQueuedData)]
pub struct Queued {
    /// Its id.
    pub task: Arc<str>,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Arc<str>>,
    /// How soon it is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Who wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<Arc<str>>,
}

/// An agent was given a task, began it or got on with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TaskWorkData)]
pub struct Worked {
    /// The task.
    pub task: Arc<str>,
    /// Who is on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Arc<str>>,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How much is done, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
}

/// A task is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TaskCompletedData)]
pub struct Completed {
    /// The task.
    pub task: Arc<str>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Arc<str>>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// Tokens of language models that it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_used: Option<u64>,
    /// Money that it cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What came of it; any JSON, kept as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
}

/// A task was tried and did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TaskFailedData)]
pub struct Failed {
    /// The task.
    pub task: Arc<str>,
    /// Who tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Arc<str>>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Which try it was, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Whether it will be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub will_retry: Option<bool>,
}

/// A task was given up; it waits for someone to look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TaskDeadLetteredData)]
pub struct DeadLettered {
    /// The task.
    pub task: Arc<str>,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How often it was tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<u32>,
}

/// Nobody wants the task any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TaskCancelledData)]
pub struct Cancelled {
    /// The task.
    pub task: Arc<str>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Validate for AgentSeen {
    fn validate(&self) -> Result<(), DataError> {
        check::name("agent", &self.agent)?;
        check::some_name("name", self.name.as_deref())?;
        check::names("capabilities", self.capabilities.as_deref().unwrap_or_default())?;
        check::range("interval_s", self.interval_s, 1.0, 86_400.0)
    }
}

impl Validate for AgentMoved {
    fn validate(&self) -> Result<(), DataError> {
        check::name("agent", &self.agent)?;
        check::some_name("task", self.task.as_deref())
    }
}

impl Validate for Queued {
    fn validate(&self) -> Result<(), DataError> {
        check::name("task", &self.task)?;
        check::some_name("queue", self.queue.as_deref())?;
        check::some_name("submitted_by", self.submitted_by.as_deref())
    }
}

impl Validate for Worked {
    fn validate(&self) -> Result<(), DataError> {
        check::name("task", &self.task)?;
        check::some_name("agent", self.agent.as_deref())?;
        check::range("percent", self.percent, 0.0, 100.0)
    }
}

impl Validate for Completed {
    fn validate(&self) -> Result<(), DataError> {
        check::name("task", &self.task)?;
        check::some_name("agent", self.agent.as_deref())?;
        check::range("duration_ms", self.duration_ms, 0.0, check::MAX_DURATION_MS)?;
        check::range("cost_usd", self.cost_usd, 0.0, 1e12)
    }
}

impl Validate for Failed {
    fn validate(&self) -> Result<(), DataError> {
        check::name("task", &self.task)?;
        check::some_name("agent", self.agent.as_deref())
    }
}

impl Validate for DeadLettered {
    fn validate(&self) -> Result<(), DataError> {
        check::name("task", &self.task)
    }
}

impl Validate for Cancelled {
    fn validate(&self) -> Result<(), DataError> {
        check::name("task", &self.task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pointer` is where the data is refused, or "ok".
    #[track_caller]
    fn check(kind: &str, data: &str, pointer: &str) {
        let read = Event::decode(kind, data).unwrap();
        let got = read.as_ref().map_or_else(|e| e.pointer.as_str(), |_| "ok");
        assert_eq!(got, pointer, "{kind} {data}: {read:?}");
        if let Ok(event) = read {
            let again = Event::decode(kind, &event.encode().unwrap()).unwrap();
            assert_eq!(again.as_ref(), Ok(&event), "{kind} does not survive the journal");
        }
    }

    #[test]
    fn every_member_of_every_type_is_read() {
        let agent = r#"{"agent":"a","name":"A","capabilities":["build"],"state":"idle"}"#;
        for kind in ["agent.online", "agent.heartbeat", "agent.offline"] {
            check(kind, agent, "ok");
            check(kind, r#"{"agent":"a"}"#, "ok");
            check(kind, r#"{"name":"A"}"#, "/agent");
            check(kind, r#"{"agent":"a","state":"asleep"}"#, "/state");
            check(kind, r#"{"agent":"a","capabilities":["x",""]}"#, "/capabilities/1");
        }
        check("agent.state_changed", r#"{"agent":"a","state":"blocked","task":"t"}"#, "ok");
        check("agent.state_changed", r#"{"agent":"a"}"#, "/state");
        let queued =
            r#"{"task":"t","description":"d","queue":"q","priority":0,"submitted_by":"s"}"#;
        check("task.queued", queued, "ok");
        check("task.queued", r#"{"task":"t","priority":4}"#, "/priority");
        check("task.queued", r#"{"task":"t","priority":-1}"#, "/priority");
        check("task.queued", r#"{"task":" t"}"#, "/task");
        for kind in ["task.assigned", "task.started", "task.progress"] {
            check(kind, r#"{"task":"t","agent":"a","note":"n","percent":99.5}"#, "ok");
            check(kind, r#"{"task":"t","percent":101}"#, "/percent");
            check(kind, r#"{"agent":"a"}"#, "/task");
        }
        let completed = r#"{"task":"t","agent":"a","duration_ms":1.5,"tokens_used":9,"cost_usd":0.1,"result":{"a":[1]}}"#;
        check("task.completed", completed, "ok");
        check("task.completed", r#"{"task":"t","duration_ms":-1}"#, "/duration_ms");
        check("task.completed", r#"{"task":"t","tokens_used":-1}"#, "/tokens_used");
        let failed = r#"{"task":"t","agent":"a","error":"e","attempt":2,"will_retry":true}"#;
        check("task.failed", failed, "ok");
        check("task.failed", r#"{"task":"t","agent":""}"#, "/agent");
        check("task.dead_lettered", r#"{"task":"t","error":"e","retry_count":3}"#, "ok");
        check("task.dead_lettered", r#"{"task":7}"#, "/task");
        check("task.cancelled", r#"{"task":"t","reason":"r"}"#, "ok");
        check("task.cancelled", r#"[]"#, "");
    }
}
