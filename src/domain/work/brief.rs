//! What the overview shows of agents and tasks.

use super::state::State;
use crate::domain::summary::{AgentCounts, TaskCounts};
use crate::domain::window::HOUR;
use crate::wire::Timestamp;

/// Agents by state, tasks by status.
pub fn counts(state: &State, now: Timestamp) -> (AgentCounts, TaskCounts) {
    let [idle, assigned, working, blocked, offline] = state.index.agents;
    let online = idle + assigned + working + blocked;
    let total = online + offline;
    let agents = AgentCounts { total, online, idle, assigned, working, blocked, offline };
    let [queued, assigned, working, dead_letter, ..] = state.index.tasks;
    let hour = state.hour.sum(now, HOUR);
    let (completed_last_hour, failed_last_hour) = (hour.completed, hour.failed);
    let tasks = TaskCounts {
        queued,
        assigned,
        working,
        completed_last_hour,
        failed_last_hour,
        dead_letter,
    };
    (agents, tasks)
}

/// The next moment at which [`counts`] or the hours of the last day are different though nothing
/// comes.
pub fn next_change(state: &State, now: Timestamp) -> Option<Timestamp> {
    let hours = state.hours.newest().map(|_| now.floor(HOUR).plus(HOUR));
    state.hour.expires(now, HOUR).into_iter().chain(hours).min()
}
