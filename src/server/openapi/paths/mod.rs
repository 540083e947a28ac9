//! Every operation, room by room.

mod access;
mod accounts;
mod alerts;
mod around;
mod ingest;
mod live;
mod metrics;
mod projects;
mod reach;
mod system;
mod trading;
mod work;

use super::op::Op;

/// A part of the interface.
pub struct Room {
    /// Its name.
    pub tag: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Its operations, in the order in which they are best read.
    pub operations: Vec<Op>,
}

/// Every room, in the order in which they are best read.
pub fn rooms() -> Vec<Room> {
    let room = |tag, about, operations| Room { tag, about, operations };
    vec![
        room(
            "ingest",
            "Sending events, in the formats that producers speak.",
            ingest::operations(),
        ),
        room(
            "projects",
            "The overview, projects, their runs and their health.",
            projects::operations(),
        ),
        room("work", "Agents, tasks, commands and jobs.", work::operations()),
        room("alerts", "Alerts, what raises them and what keeps them quiet.", alerts::operations()),
        room("channels", "Whom alerts reach.", reach::operations()),
        room("metrics", "Measurements over time, and charts of one's own.", metrics::operations()),
        room("trading", "The portfolio and the trades it is made of.", trading::operations()),
        room("access", "Signing in, and one's own sessions.", access::operations()),
        room("accounts", "Users, roles, tokens and the audit log.", accounts::operations()),
        room("system", "Hosts, settings and the server itself.", system::operations()),
        room("live", "Sockets: what is read, as it changes.", live::operations()),
        room(
            "around",
            "Pings of cron jobs, badges, feeds and this description.",
            around::operations(),
        ),
    ]
}
