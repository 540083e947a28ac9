//! Work over HTTP: agents, tasks, commands and jobs.

mod commands;
mod jobs;
mod offers;
mod params;
mod reads;
mod routes;

pub use commands::{Order, ack, command, command_item, commands_for, deliver, open_for};
pub use jobs::{job, jobs, retry, steer};
pub use offers::Offers;
pub use params::{AgentsParams, TasksParams};
pub use reads::{agent, agents, page, queue, task, tasks};
pub use routes::{Ack, reads as read_routes, writes as write_routes};
