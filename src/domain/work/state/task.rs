//! A task: where it stands by its own time, and what is known of it.
//!
//! Invariant: `status` is what the newest event by the task's own time made it. A late event adds
//! what was not known, but does not move the task back.

use crate::domain::work::fingerprint::{fingerprint, pattern};
use crate::domain::work::{CommandKind, CommandStatus, Event, Filtered, Priority, TaskStatus};
use crate::wire::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a task waits whose producer names no queue.
pub const DEFAULT_QUEUE: &str = "default";
/// Longest text that is kept of a task, in bytes; history has the events whole.
const MAX_TEXT: usize = 500;

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: Arc<str>,
    /// Where it stands.
    pub status: TaskStatus,
    /// What is to be done.
    #[serde(default)]
    pub description: Option<String>,
    /// Where it waits or waited.
    pub queue: Arc<str>,
    /// How soon it is wanted.
    #[serde(default)]
    pub priority: Priority,
    /// Who is or was on it last.
    #[serde(default)]
    pub agent: Option<Arc<str>>,
    /// Who wants it.
    #[serde(default)]
    pub submitted_by: Option<Arc<str>>,
    /// Who owns it: the source that queued it, or the first that spoke of it.
    pub source: Arc<str>,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// Time of the newest event about it.
    pub updated_at: Timestamp,
    /// Time of the newest event that said what it is; being tried again says nothing of that.
    #[serde(default)]
    described_at: Option<Timestamp>,
    /// When it was last queued.
    #[serde(default)]
    pub queued_at: Option<Timestamp>,
    /// When it was last given to an agent.
    #[serde(default)]
    pub assigned_at: Option<Timestamp>,
    /// When it was last begun.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When it ended, if it has.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Times it was begun.
    #[serde(default)]
    pub attempt: u32,
    /// Times it was tried again.
    #[serde(default)]
    pub retry_count: u32,
    /// How much is done, 0 to 100.
    #[serde(default)]
    pub percent: Option<f64>,
    /// What was last said about its progress.
    #[serde(default)]
    pub note: Option<String>,
    /// What went wrong last.
    #[serde(default)]
    pub last_error: Option<String>,
    /// Names the group of errors that are like the last one.
    #[serde(default)]
    pub fingerprint: Option<Arc<str>>,
    /// How long it ran, in milliseconds.
    #[serde(default)]
    pub duration_ms: Option<f64>,
    /// Tokens of language models that it cost.
    #[serde(default)]
    pub tokens_used: Option<u64>,
    /// US dollars that it cost.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// The newest command about it.
    #[serde(default)]
    pub command: Option<Arc<str>>,
    /// The job that had it tried again, until it is known what came of that.
    #[serde(default)]
    pub job: Option<Arc<str>>,
}

/// `text`, as far as it is kept.
pub(super) fn clip(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text).to_owned()
}

/// The task an event is about, if it is about one.
pub fn subject(event: &Event) -> Option<&Arc<str>> {
    Some(match event {
        Event::Queued(e) => &e.task,
        Event::Assigned(e) | Event::Started(e) | Event::Progressed(e) => &e.task,
        Event::Completed(e) => &e.task,
        Event::Failed(e) => &e.task,
        Event::DeadLettered(e) => &e.task,
        Event::Cancelled(e) => &e.task,
        Event::CommandRequested(e) => &e.task,
        Event::CommandDelivered(e) => &e.task,
        Event::CommandSettled(e) => &e.task,
        Event::AgentOnline(_)
        | Event::AgentHeartbeat(_)
        | Event::AgentOffline(_)
        | Event::AgentMoved(_)
        | Event::JobCreated(_)
        | Event::JobSteered(_)
        | Event::JobExhausted(_) => return None,
    })
}

impl Task {
    /// A task that is heard of for the first time.
    pub fn new(id: Arc<str>, stamp: &Stamp) -> Self {
        Self {
            id,
            status: TaskStatus::Queued,
            description: None,
            queue: DEFAULT_QUEUE.into(),
            priority: Priority::default(),
            agent: None,
            submitted_by: None,
            source: stamp.source.clone(),
            created_at: stamp.time,
            updated_at: stamp.time,
            described_at: None,
            queued_at: None,
            assigned_at: None,
            started_at: None,
            ended_at: None,
            attempt: 0,
            retry_count: 0,
            percent: None,
            note: None,
            last_error: None,
            fingerprint: None,
            duration_ms: None,
            tokens_used: None,
            cost_usd: None,
            command: None,
            job: None,
        }
    }

    /// Takes in an event about this task. A command moves it only once its owner has done it.
    pub fn fold(&mut self, stamp: &Stamp, event: &Event) {
        self.created_at = self.created_at.min(stamp.time);
        if let Event::Queued(queued) = event {
            self.describe(stamp, queued);
        }
        let Some(to) = self.target(event) else { return };
        if !self.takes(stamp.time, to) {
            return;
        }
        let from = self.status;
        // An answer to a command is dated by the server. The owner's clock may be behind it, and
        // what it says next must not be taken for late.
        let answered = matches!(event, Event::CommandSettled(_)) && to == TaskStatus::Queued;
        if !answered {
            self.updated_at = stamp.time;
        }
        self.status = to;
        self.note_details(stamp.time, from, event);
    }

    /// Where an event leads, by itself.
    fn target(&self, event: &Event) -> Option<TaskStatus> {
        Some(match event {
            Event::Queued(_) => TaskStatus::Queued,
            Event::Assigned(_) => TaskStatus::Assigned,
            Event::Started(_) | Event::Progressed(_) => TaskStatus::Working,
            Event::Completed(_) => TaskStatus::Completed,
            Event::Failed(e) if e.will_retry == Some(true) => TaskStatus::Queued,
            Event::Failed(_) => TaskStatus::Failed,
            Event::DeadLettered(_) => TaskStatus::DeadLetter,
            Event::Cancelled(_) => TaskStatus::Cancelled,
            Event::CommandSettled(e) if e.status == CommandStatus::Done => match e.kind {
                // The owner may have said so itself already.
                CommandKind::Retry if self.status.can_be_retried() => TaskStatus::Queued,
                CommandKind::Cancel if !self.status.is_over() => TaskStatus::Cancelled,
                CommandKind::Retry | CommandKind::Cancel => return None,
            },
            _ => return None,
        })
    }

    /// Whether an event of this time may move the task. What has ended moves only by a later
    /// event; but a last failure and the giving up often carry the same time, and then the latter
    /// stands.
    fn takes(&self, at: Timestamp, to: TaskStatus) -> bool {
        let given_up = self.status == TaskStatus::Failed && to == TaskStatus::DeadLetter;
        match self.ended_at {
            Some(ended) => at > ended || (given_up && at == ended),
            None => at >= self.updated_at,
        }
    }

    fn describe(&mut self, stamp: &Stamp, queued: &super::super::Queued) {
        let newest = self.described_at.is_none_or(|had| stamp.time >= had);
        let say = |had: bool| newest || !had;
        if let Some(text) =
            queued.description.as_deref().filter(|_| say(self.description.is_some()))
        {
            self.description = Some(clip(text));
        }
        if newest {
            if let Some(queue) = &queued.queue {
                self.queue = queue.clone();
            }
            self.priority = queued.priority.unwrap_or(self.priority);
            self.source = stamp.source.clone();
        }
        if let Some(who) = queued.submitted_by.as_ref().filter(|_| say(self.submitted_by.is_some()))
        {
            self.submitted_by = Some(who.clone());
        }
        if newest {
            self.described_at = Some(stamp.time);
        }
        self.queued_at = self.queued_at.max(Some(stamp.time));
    }

    fn note_details(&mut self, at: Timestamp, from: TaskStatus, event: &Event) {
        let ended = self.ended_at.is_some();
        self.ended_at = None;
        match event {
            Event::Assigned(e) | Event::Started(e) | Event::Progressed(e) => {
                self.begin(at, from, e);
            }
            Event::Completed(e) => {
                self.ended_at = Some(at);
                self.agent = e.agent.clone().or_else(|| self.agent.take());
                self.percent = Some(100.0);
                self.duration_ms = e.duration_ms.or_else(|| self.ran(at));
                self.tokens_used = e.tokens_used;
                self.cost_usd = e.cost_usd;
            }
            Event::Failed(e) => {
                self.agent = e.agent.clone().or_else(|| self.agent.take());
                self.attempt = e.attempt.unwrap_or(self.attempt).max(1);
                self.go_wrong(e.error.as_deref());
                if self.status == TaskStatus::Queued {
                    self.requeue(at);
                } else {
                    self.ended_at = Some(at);
                }
            }
            Event::DeadLettered(e) => {
                self.ended_at = Some(at);
                self.retry_count = e.retry_count.unwrap_or(self.retry_count);
                self.go_wrong(e.error.as_deref());
                if self.last_error.is_none() {
                    self.go_wrong(Some("no error was given"));
                }
            }
            Event::Cancelled(e) => {
                self.ended_at = Some(at);
                self.note = e.reason.as_deref().map(clip).or_else(|| self.note.take());
            }
            Event::Queued(_) if ended => self.requeue(at),
            Event::Queued(_) => self.queued_at = Some(at),
            Event::CommandSettled(_) if self.status == TaskStatus::Queued => self.requeue(at),
            _ => self.ended_at = Some(at),
        }
    }

    fn begin(&mut self, at: Timestamp, from: TaskStatus, worked: &super::super::Worked) {
        self.agent = worked.agent.clone().or_else(|| self.agent.take());
        self.note = worked.note.as_deref().map(clip).or_else(|| self.note.take());
        if self.status == TaskStatus::Assigned {
            self.assigned_at = Some(at);
            return;
        }
        if from != TaskStatus::Working {
            self.attempt = self.attempt.max(self.retry_count).saturating_add(1);
            self.started_at = Some(at);
            self.percent = None;
            // Who begins was given it, at the latest now.
            if from != TaskStatus::Assigned {
                self.assigned_at = Some(at);
            }
        }
        self.percent = worked.percent.or(self.percent);
    }

    fn requeue(&mut self, at: Timestamp) {
        self.queued_at = Some(at);
        self.retry_count = self.retry_count.saturating_add(1);
        self.percent = None;
    }

    fn go_wrong(&mut self, error: Option<&str>) {
        if let Some(error) = error {
            self.fingerprint = Some(fingerprint(&pattern(error)));
            self.last_error = Some(clip(error));
        }
    }

    /// How long it has run, if it was seen to begin.
    fn ran(&self, at: Timestamp) -> Option<f64> {
        self.started_at.map(|started| at.since(started) as f64)
    }

    /// How long it waited in its queue before it was given to an agent, in milliseconds; only
    /// while that is the last thing that happened to it.
    pub fn waited(&self) -> Option<f64> {
        let (queued, assigned) = (self.queued_at?, self.assigned_at?);
        (assigned >= queued).then(|| assigned.since(queued) as f64)
    }

    /// What a filter looks at.
    pub fn filtered(&self) -> Filtered<'_> {
        Filtered {
            id: &self.id,
            status: self.status,
            queue: &self.queue,
            agent: self.agent.as_deref(),
            fingerprint: self.fingerprint.as_deref(),
            description: self.description.as_deref(),
            error: self.last_error.as_deref(),
        }
    }
}
