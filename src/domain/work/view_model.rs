//! What the board says of work: the shapes of its REST answers and live topics.

mod agents;
mod board;
mod jobs;
mod tasks;
pub use agents::*;
pub use board::*;
pub use jobs::*;
pub use tasks::*;

use crate::wire::encoded;

/// The page of an agent.
pub fn agent_href(id: &str) -> String {
    format!("/work/agents/{}", encoded(id))
}

/// The page of a task.
pub fn task_href(id: &str) -> String {
    format!("/work/tasks/{}", encoded(id))
}

/// The work page, of one queue.
pub fn queue_href(name: &str) -> String {
    format!("/work?queue={}", encoded(name))
}
