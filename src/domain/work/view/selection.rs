//! Which tasks of a list are selected: some by id, or all that match its filter.

use crate::domain::work::{RetryRequest, TaskFilter};
use leptos::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is selected.
#[derive(Clone, Copy)]
pub struct Selection {
    ids: RwSignal<BTreeSet<Arc<str>>>,
    /// All that match, whatever page they are on.
    everything: RwSignal<bool>,
}

impl Selection {
    /// Nothing.
    pub fn new() -> Self {
        Self { ids: RwSignal::new(BTreeSet::new()), everything: RwSignal::new(false) }
    }

    /// Nothing again.
    pub fn clear(self) {
        self.everything.set(false);
        self.ids.update(BTreeSet::clear);
    }

    /// Whether a task is selected.
    pub fn has(self, id: &str) -> bool {
        self.everything.get() || self.ids.with(|ids| ids.contains(id))
    }

    /// Whether all that match are selected.
    pub fn is_everything(self) -> bool {
        self.everything.get()
    }

    /// Whether all of these are selected one by one.
    pub fn has_all(self, page: &[Arc<str>]) -> bool {
        !page.is_empty() && self.ids.with(|ids| page.iter().all(|id| ids.contains(id)))
    }

    /// Selects all that match, whatever page they are on.
    pub fn everything(self) {
        self.everything.set(true);
    }

    /// Selects or leaves these tasks.
    pub fn set(self, tasks: impl IntoIterator<Item = Arc<str>>, on: bool) {
        self.everything.set(false);
        self.ids.update(|ids| {
            for id in tasks {
                if on {
                    ids.insert(id);
                } else {
                    ids.remove(&id);
                }
            }
        });
    }

    /// How many are selected, if `total` match.
    pub fn count(self, total: usize) -> usize {
        if self.everything.get() { total } else { self.ids.with(BTreeSet::len) }
    }

    /// What to retry: the ids, or the filter if all that match are selected.
    pub fn request(self, filter: TaskFilter) -> RetryRequest {
        if self.everything.get_untracked() {
            return RetryRequest { filter: Some(filter), ..RetryRequest::default() };
        }
        let ids = self.ids.with_untracked(|ids| ids.iter().cloned().collect());
        RetryRequest { ids: Some(ids), ..RetryRequest::default() }
    }
}
