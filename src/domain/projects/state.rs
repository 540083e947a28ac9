//! The fold: what is known of each project, and of all of them together.
//!
//! Invariants: `by_id` holds at most [`State::MAX`] projects, archived ones included, so that
//! memory is bounded whatever is sent; nothing in here reads a clock.

mod durations;
mod job;
mod project;
mod runs;
pub use durations::Durations;
pub use job::Job;
pub use project::{Project, Streak};
pub use runs::kept;

use super::tally::Tally;
use super::{Event, ProjectId};
use crate::wire::Stamp;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Every project.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// By id, the archived ones as well: they are tombstones until they are wanted again.
    #[serde(default)]
    pub by_id: OrdMap<ProjectId, Arc<Project>>,
    /// Projects that are jobs, by what the address of their ping is found by.
    #[serde(default)]
    pub pings: OrdMap<Arc<str>, ProjectId>,
    /// All projects together. Shared, so that a snapshot of the state costs nothing.
    #[serde(default)]
    pub totals: Arc<Totals>,
}

/// Figures of all projects together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Run results and errors.
    #[serde(default)]
    pub tally: Tally<256>,
    /// Events left out because there are [`State::MAX`] projects already.
    #[serde(default)]
    pub overflow: u64,
}

impl State {
    /// How many projects there can be.
    pub const MAX: usize = 20_000;

    /// Takes in an event; returns the project it changed, unless there was no room for it.
    pub fn fold(&mut self, stamp: &Stamp, event: &Event) -> Option<ProjectId> {
        let id = event.project();
        let before = self.ping_of(id);
        if let Some(project) = self.by_id.get_mut(id) {
            Arc::make_mut(project).fold(stamp, event);
        } else if self.by_id.len() < Self::MAX {
            let mut project = Project::new(id.clone(), stamp.time);
            project.fold(stamp, event);
            self.by_id.insert(id.clone(), Arc::new(project));
        } else {
            let totals = Arc::make_mut(&mut self.totals);
            totals.overflow = totals.overflow.saturating_add(1);
            return None;
        }
        if let Event::JobScheduled(_) | Event::JobUnscheduled(_) = event {
            before.map(|ping| self.pings.remove(&ping));
            let now = self.ping_of(id);
            now.map(|ping| self.pings.insert(ping, id.clone()));
        }
        if let Event::Validated(run) = event {
            Arc::make_mut(&mut self.totals).tally.add(stamp.time, run);
        }
        Some(id.clone())
    }

    fn ping_of(&self, id: &ProjectId) -> Option<Arc<str>> {
        self.by_id.get(id)?.job.as_ref().map(|job| job.plan.ping.clone())
    }

    /// The project whose job has this ping.
    pub fn pinged(&self, ping: &str) -> Option<(&Arc<Project>, &Arc<Job>)> {
        let project = self.by_id.get(self.pings.get(ping)?)?;
        Some((project, project.job.as_ref()?))
    }

    /// The project of this id, unless it is archived.
    pub fn get(&self, id: &ProjectId) -> Option<&Arc<Project>> {
        self.by_id.get(id).filter(|p| !p.archived())
    }

    /// Every project that is not archived, by id.
    pub fn live(&self) -> impl Iterator<Item = &Arc<Project>> {
        self.by_id.values().filter(|p| !p.archived())
    }
}
