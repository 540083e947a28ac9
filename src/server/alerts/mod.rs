//! Alerts over HTTP and on sockets: what is read, what people do with them, and how rules,
//! silences, maintenance windows and channels are set.

pub mod answers;
pub mod back_test;
pub mod channels;
pub mod commands;
mod evidence;
mod feed;
pub mod ids;
pub mod maintenance;
mod many;
pub mod reads;
pub mod routes;
pub mod rules;
pub mod setup;
pub mod several;
pub mod silences;
pub mod sources;

pub use commands::{Quiet, acknowledge, silence};
pub use many::many;
