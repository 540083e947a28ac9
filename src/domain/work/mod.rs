//! Work: agents, their tasks, and what becomes of them.

#[cfg(feature = "ssr")]
mod brief;
#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub use events::*;

pub mod view;

use serde::{Deserialize, Serialize};

/// What an agent is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Waiting for a task.
    Idle,
    /// Has a task but has not begun it.
    Assigned,
    /// On its task.
    Working,
    /// On its task, but waiting for something.
    Blocked,
    /// Gone.
    Offline,
}

/// How soon a task is wanted: 0 (urgent) to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

impl Priority {
    /// The number, 0 to 3.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    /// Of a task whose producer names none.
    fn default() -> Self {
        Self(2)
    }
}

impl TryFrom<u8> for Priority {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        if number <= 3 { Ok(Self(number)) } else { Err("must be between 0 (urgent) and 3") }
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}
