//! The views that are always shown, made of what is known now.

use super::super::board::Board;
use super::super::local::Local;
use crate::domain::state::State;
use crate::domain::summary::{Connections, Summary};
use crate::domain::system::SystemPage;
use crate::domain::{projects, work};
use crate::wire::Cursor;

/// The overview.
pub(super) fn summary(state: &State, board: &Board, local: &Local, cursor: Cursor) -> Summary {
    let (validations, errors) = projects::brief::brief(&state.projects.totals, state.now);
    let (agents, tasks) = work::state::counts(&state.work, state.now);
    Summary {
        as_of: state.now,
        cursor,
        health: board.health(),
        projects: board.counts(),
        validations,
        errors,
        agents,
        tasks,
        alerts: board.alerts(),
        connections: Connections { websocket: local.internals.hub.clients },
        hosts: board.hosts_brief(),
        attention: board.attention(),
        events_per_s: local.internals.ingest.events_per_s,
    }
}

/// Hosts and the server's insides.
pub(super) fn system_page(
    state: &State,
    board: &Board,
    local: &Local,
    cursor: Cursor,
) -> SystemPage {
    let host = board.hosts.get(&local.host);
    SystemPage {
        as_of: state.now,
        cursor,
        cpu: host.and_then(|host| host.cpu),
        memory: host.and_then(|host| host.memory),
        disk: host.and_then(|host| host.disk),
        process: local.process,
        local_host: local.host.clone(),
        hosts: board.hosts.values().cloned().collect(),
        internals: local.internals,
    }
}
