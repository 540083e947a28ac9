//! Which alerts of the list are selected.

use leptos::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is selected.
#[derive(Clone, Copy)]
pub struct Picked(RwSignal<BTreeSet<Arc<str>>>);

impl Picked {
    /// Nothing.
    pub fn new() -> Self {
        Self(RwSignal::new(BTreeSet::new()))
    }

    /// Whether an alert is selected.
    pub fn has(self, id: &str) -> bool {
        self.0.with(|ids| ids.contains(id))
    }

    /// Selects or leaves these alerts.
    pub fn set(self, ids: impl IntoIterator<Item = Arc<str>>, on: bool) {
        self.0.update(|had| {
            for id in ids {
                if on { _ = had.insert(id) } else { _ = had.remove(&id) }
            }
        });
    }

    /// Selects an alert, or leaves it if it is selected.
    pub fn turn(self, id: Arc<str>) {
        let on = !self.0.with_untracked(|ids| ids.contains(&id));
        self.set([id], on);
    }

    /// Nothing again.
    pub fn clear(self) {
        self.0.update(BTreeSet::clear);
    }

    /// Those of `shown` that are selected: what is not on the list any more is not.
    pub fn of(self, shown: &[Arc<str>]) -> Vec<Arc<str>> {
        self.0.with(|ids| shown.iter().filter(|id| ids.contains(*id)).cloned().collect())
    }
}
