//! Alerts over HTTP and on sockets: what is read, what people do with them, and how rules,
//! silences, maintenance windows and channels are set.

pub mod back_test;
pub mod channels;
pub mod commands;
pub mod maintenance;
mod many;
pub mod reads;
pub mod routes;
pub mod rules;
pub mod silences;

pub use commands::{Quiet, acknowledge, silence};
pub use many::many;
