//! What a refresh of the board changed.

use super::AlertChange;
use crate::domain::projects::{ProjectId, ProjectItem};
use crate::domain::system::HostItem;
use crate::domain::trading::valuation::Revalued;
use crate::domain::work::state::Task;
use crate::domain::work::{AgentItem, AgentState};
use std::sync::Arc;

/// What a refresh changed.
#[derive(Debug, Default)]
pub struct Refreshed {
    /// Rows of projects that are new or different.
    pub projects: Vec<Arc<ProjectItem>>,
    /// Projects that are gone from the list.
    pub gone: Vec<ProjectId>,
    /// Projects whose page changed, row or not.
    pub pages: Vec<ProjectId>,
    /// Rows of hosts that are new or different.
    pub hosts: Vec<HostItem>,
    /// Projects whose score is another now.
    pub scores: Vec<(ProjectId, Option<u32>)>,
    /// Agents that are new, different or gone.
    pub agents: Vec<AgentChange>,
    /// Tasks that are new or different.
    pub tasks: Vec<Arc<str>>,
    /// Tasks that are over, as they ended.
    pub over: Vec<Arc<Task>>,
    /// Queues that are different.
    pub queues: Vec<Arc<str>>,
    /// Whether anything of work may be different.
    pub work: bool,
    /// Alerts that are new, different or over.
    pub alerts: Vec<AlertChange>,
    /// Whether silences changed.
    pub silences: bool,
    /// Positions that are new, different or closed.
    pub trading: Revalued,
}

/// An agent that is new, different or gone.
#[derive(Debug, Clone)]
pub struct AgentChange {
    /// Its id.
    pub id: Arc<str>,
    /// What it did before; none if it is new.
    pub before: Option<AgentState>,
    /// The agent now; none if it is gone.
    pub item: Option<Arc<AgentItem>>,
}
