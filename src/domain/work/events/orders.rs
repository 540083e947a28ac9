//! What the board asks of the owners of tasks. Only the server itself appends these.

use crate::domain::Validate;
use crate::domain::work::{CommandKind, CommandStatus, Steering, TaskFilter};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Somebody wants something done with a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRequested {
    /// Its id.
    pub command: Arc<str>,
    /// What.
    pub kind: CommandKind,
    /// With which task.
    pub task: Arc<str>,
    /// Whom it is for: the source that owns the task.
    pub source: Arc<str>,
    /// Who wants it.
    pub actor: Arc<str>,
    /// When it expires if it is not answered.
    pub deadline: Timestamp,
    /// The job it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Arc<str>>,
}

/// A command was handed to its owner, for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandDelivered {
    /// Which.
    pub command: Arc<str>,
    /// About which task.
    pub task: Arc<str>,
}

/// The owner has answered a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSettled {
    /// Which.
    pub command: Arc<str>,
    /// What was asked for.
    pub kind: CommandKind,
    /// About which task.
    pub task: Arc<str>,
    /// `done` or `refused`.
    pub status: CommandStatus,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Who said it, by the credentials it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Arc<str>>,
}

/// Somebody wants something done with many tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobCreated {
    /// Its id.
    pub job: Arc<str>,
    /// What.
    pub kind: CommandKind,
    /// Who wants it.
    pub actor: Arc<str>,
    /// With which tasks; none if `tasks` names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<TaskFilter>,
    /// With exactly these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Arc<str>>,
    /// How many there are.
    pub total: u64,
    /// Commands a second.
    pub rate_per_s: f64,
    /// Whether it begins with a canary.
    #[serde(default)]
    pub canary: bool,
}

/// Somebody has paused, resumed or ended a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSteered {
    /// Which.
    pub job: Arc<str>,
    /// How.
    pub steering: Steering,
    /// Who.
    pub actor: Arc<str>,
}

/// A job has no task left to send a command about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobExhausted {
    /// Which.
    pub job: Arc<str>,
}

impl Validate for CommandRequested {}
impl Validate for CommandDelivered {}
impl Validate for CommandSettled {}
impl Validate for JobCreated {}
impl Validate for JobSteered {}
impl Validate for JobExhausted {}
