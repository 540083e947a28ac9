//! Agents.

use crate::domain::percentiles::Percentiles;
use crate::domain::work::AgentState;
use crate::wire::{Cursor, Timestamp, both};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A move that an agent should not have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IllegalMove {
    /// When, by the agent's own time.
    pub at: Timestamp,
    /// What it was.
    pub from: AgentState,
    /// What it became.
    pub to: AgentState,
}

/// Shares of the last hour, 0 to 1, of the time an agent has been known in it; they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Utilisation {
    /// On a task, given or begun.
    pub working: f64,
    /// Free.
    pub idle: f64,
    /// Waiting for something.
    pub blocked: f64,
    /// Gone.
    pub offline: f64,
}

/// An agent. Windowed figures are over the last hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentItem {
    /// Its id.
    pub agent_id: Arc<str>,
    /// Name for people; the id if none was given.
    pub name: String,
    /// What it is doing.
    pub fsm_state: AgentState,
    /// The task it is on.
    pub current_task_id: Option<Arc<str>>,
    /// What that task is about.
    pub current_task: Option<String>,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Who sends its events.
    pub source: Arc<str>,
    /// When it last came.
    pub connected_at: Timestamp,
    /// Since when it is in its state.
    pub last_state_change: Timestamp,
    /// When it was last heard of.
    pub last_heard_at: Timestamp,
    /// How often it is heard of as a rule, or by its own word, in milliseconds.
    pub interval_ms: Option<i64>,
    /// Silence after which it counts as offline, in milliseconds.
    pub offline_after_ms: i64,
    /// Whether it is offline by silence rather than by its own word.
    pub silent: bool,
    /// Moves that it should not have made, since it is known.
    pub illegal_moves: u64,
    /// The newest of them.
    pub last_illegal_move: Option<IllegalMove>,
    /// How it spent the hour.
    pub utilisation: Utilisation,
    /// Tasks completed in the hour.
    pub completed: u64,
    /// Tasks failed in the hour.
    pub failed: u64,
    /// Time from being queued to being given to it, in milliseconds.
    pub wait_ms: Percentiles,
    /// Run times of its completed tasks, in milliseconds.
    pub run_ms: Percentiles,
}

/// The list of agents, as REST answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentsPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// How many agents match in all.
    pub total: usize,
    /// Those of this page, by id.
    pub items: Vec<AgentItem>,
    /// What to give as `after` for the next page; null on the last.
    pub next: Option<String>,
}

/// One agent, as REST answers it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AgentDetail {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// The agent.
    #[serde(flatten)]
    pub item: AgentItem,
}

impl<'de> Deserialize<'de> for AgentDetail {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Rest {
            as_of: Timestamp,
            cursor: Cursor,
        }
        let (item, Rest { as_of, cursor }) = both(from)?;
        Ok(Self { as_of, cursor, item })
    }
}

/// Every agent, as live readers hold it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentsView {
    /// By id.
    pub items: BTreeMap<Arc<str>, AgentItem>,
}

/// Which agents changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AgentsDelta {
    /// How many there are now.
    pub total: usize,
    /// Agents that are new or different.
    pub upsert: Vec<AgentItem>,
    /// Ids of those that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<Arc<str>>,
}

impl AgentsView {
    /// The list a snapshot brings.
    pub fn from_page(page: AgentsPage) -> Self {
        Self { items: page.items.into_iter().map(|item| (item.agent_id.clone(), item)).collect() }
    }

    /// Brings the list up to date.
    pub fn apply(&mut self, delta: AgentsDelta) {
        for id in &delta.remove {
            self.items.remove(id);
        }
        for item in delta.upsert {
            self.items.insert(item.agent_id.clone(), item);
        }
    }
}
