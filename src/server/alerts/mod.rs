//! Alerts over HTTP and on sockets: what is read, what people do with them, and how rules,
//! silences, maintenance windows and channels are set.

pub mod commands;

pub use commands::{Quiet, acknowledge, silence};
