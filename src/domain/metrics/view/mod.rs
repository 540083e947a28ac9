//! What people see of metrics: the explorer, and a board of pinned charts.

mod board;
mod catalogue;
mod course;
mod explorer;
mod lines;
mod look;
mod picker;
mod pin;
pub use board::OwnBoard;
pub use explorer::Explorer;
