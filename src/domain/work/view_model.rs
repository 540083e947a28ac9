//! What the board says of work: the shapes of its REST answers and live topics.

mod agents;
mod board;
mod jobs;
mod tasks;
pub use agents::*;
pub use board::*;
pub use jobs::*;
pub use tasks::*;
