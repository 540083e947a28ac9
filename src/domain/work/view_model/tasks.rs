//! Tasks, and the commands about them.

use crate::domain::work::{CommandKind, CommandStatus, Priority, TaskStatus};
use crate::wire::{Cursor, Timestamp, both};
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskItem {
    /// Its id.
    pub id: Arc<str>,
    /// What is to be done.
    pub description: Option<String>,
    /// Where it stands.
    pub status: TaskStatus,
    /// Where it waits or waited; `default` if its producer named no queue.
    pub queue: Arc<str>,
    /// How soon it is wanted.
    pub priority: Priority,
    /// Who is or was on it last.
    pub agent: Option<Arc<str>>,
    /// Who wants it.
    pub submitted_by: Option<Arc<str>>,
    /// Who owns it: the source that queued it, which is where commands go.
    pub source: Arc<str>,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// Time of the newest event about it.
    pub updated_at: Timestamp,
    /// When it was last queued.
    pub queued_at: Option<Timestamp>,
    /// When it was last given to an agent.
    pub assigned_at: Option<Timestamp>,
    /// When it was last begun.
    pub started_at: Option<Timestamp>,
    /// When it completed, failed, was given up or cancelled; null while it is not over.
    pub ended_at: Option<Timestamp>,
    /// Times it was begun.
    pub attempt: u32,
    /// Times it was tried again.
    pub retry_count: u32,
    /// How much is done, 0 to 100.
    pub percent: Option<f64>,
    /// What was last said about its progress.
    pub note: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Names the group of errors that are alike, see [`super::DeadGroup`].
    pub fingerprint: Option<Arc<str>>,
    /// How long it ran, in milliseconds.
    pub duration_ms: Option<f64>,
    /// Tokens of language models that it cost.
    pub tokens_used: Option<u64>,
    /// Money that it cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// Assigned or working, and without news for too long.
    pub stuck: bool,
    /// The newest command about it, while that is open or the task has not moved since.
    pub command: Option<CommandItem>,
}

/// A command about a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CommandItem {
    /// Its id.
    pub id: Arc<str>,
    /// What is asked for.
    pub command: CommandKind,
    /// Of which task.
    pub task_id: Arc<str>,
    /// Where it stands.
    pub status: CommandStatus,
    /// Whom it is for: the source that owns the task.
    pub source: Arc<str>,
    /// Who asked.
    pub actor: Arc<str>,
    /// When.
    pub created_at: Timestamp,
    /// When it was first handed to the owner.
    pub delivered_at: Option<Timestamp>,
    /// When it was answered, or expired.
    pub settled_at: Option<Timestamp>,
    /// When it expires if it is not answered.
    pub deadline: Timestamp,
    /// What the owner said.
    pub detail: Option<String>,
    /// The job it is part of.
    pub job: Option<Arc<str>>,
}

/// A page of the list of tasks, as REST answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TasksPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// How many match in all, as far as they were counted: beyond [`TasksPage::MAX_COUNTED`] of
    /// finished ones nobody counts on.
    pub total: usize,
    /// Those of this page, newest first.
    pub items: Vec<TaskItem>,
    /// What to give as `after` for the next page; null on the last.
    pub next: Option<String>,
}

impl TasksPage {
    /// Finished tasks that are counted at most.
    pub const MAX_COUNTED: usize = 10_000;
}

/// What happened to a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskStep {
    /// Position in the journal.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who says so; for a command, who asked for it or answered it.
    pub source: Arc<str>,
    /// Which agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Arc<str>>,
    /// Note, error, reason or answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How much is done, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Which try it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// The command it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Arc<str>>,
}

/// One task with its history.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TaskDetail {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// The task.
    #[serde(flatten)]
    pub item: TaskItem,
    /// What came of it, if it completed; any JSON, as it was sent.
    pub result: Option<serde_json::Value>,
    /// What happened to it, oldest first; at most [`TaskDetail::MAX_STEPS`], the newest ones.
    pub history: Vec<TaskStep>,
}

impl<'de> Deserialize<'de> for TaskDetail {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Rest {
            as_of: Timestamp,
            cursor: Cursor,
            result: Option<serde_json::Value>,
            history: Vec<TaskStep>,
        }
        let (item, Rest { as_of, cursor, result, history }) = both(from)?;
        Ok(Self { as_of, cursor, item, result, history })
    }
}

/// What changed about one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskDelta {
    /// The task now.
    pub item: TaskItem,
    /// What came of it, if that has just come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// What has happened to it.
    pub history: Vec<TaskStep>,
}

impl TaskDetail {
    /// Steps of its history that are told.
    pub const MAX_STEPS: usize = 500;

    /// Brings it up to date.
    pub fn apply(&mut self, delta: TaskDelta) {
        self.item = delta.item;
        if delta.result.is_some() {
            self.result = delta.result;
        }
        for step in delta.history {
            if self.history.iter().all(|had| had.seq != step.seq) {
                self.history.push(step);
            }
        }
        self.history.sort_by_key(|step| (step.at, step.seq));
        let over = self.history.len().saturating_sub(Self::MAX_STEPS);
        self.history.drain(..over);
    }
}

/// Which tasks changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TasksDelta {
    /// How many there are now that are not over.
    pub total: usize,
    /// Tasks that are new or different; those that are over come once, as they ended.
    pub upsert: Vec<TaskItem>,
}
