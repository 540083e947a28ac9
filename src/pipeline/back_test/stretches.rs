//! When a rule would have fired, from what would have happened to its alerts.

use crate::domain::alerts::state::State;
use crate::domain::alerts::{Event, Key, Move, Stretch};
use crate::domain::health::Severity;
use crate::wire::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// What a back-test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// When it would have fired, oldest first.
    pub fired: Vec<Stretch>,
    /// How often it would have fired again before the last time was forgotten.
    pub flaps: u64,
    /// From when the past was looked at.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How many events were looked at.
    pub events: u64,
    /// Whether there was more than could be looked at, or is told.
    pub cut: bool,
}

/// Stretches so far.
#[derive(Debug)]
pub struct Stretches {
    most: usize,
    all: Vec<Stretch>,
    /// Those that go on, by alert.
    open: HashMap<Arc<str>, usize>,
    /// When it would have fired again too soon.
    flaps: Vec<Timestamp>,
    cut: bool,
}

impl Stretches {
    /// None yet, and never more than `most`.
    pub fn new(most: usize) -> Self {
        Self { most, all: Vec::new(), open: HashMap::new(), flaps: Vec::new(), cut: false }
    }

    /// Takes in what happens at `at`; `state` does not know of it yet.
    pub fn note(&mut self, state: &State, event: &Event, at: Timestamp) {
        match event {
            Event::Opened(opened) if opened.to == Move::Fired => {
                self.begin(state, &opened.alert, &opened.key, opened.what.severity, at);
            }
            Event::Moved(moved) => {
                let Some(alert) = state.open.get(&moved.alert) else { return };
                let says = moved.what.as_ref().unwrap_or(&alert.what);
                match moved.to {
                    Move::Fired => {
                        self.begin(state, &alert.id, &alert.key, says.severity, at);
                    }
                    Move::Resolved => {
                        if let Some(stretch) = self.open.remove(&moved.alert) {
                            self.all.get_mut(stretch).into_iter().for_each(|it| it.to = Some(at));
                        }
                    }
                    _ => {
                        let stretch = self.open.get(&moved.alert);
                        if let Some(it) = stretch.and_then(|place| self.all.get_mut(*place)) {
                            it.severity = it.severity.max(says.severity);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn begin(
        &mut self,
        state: &State,
        alert: &Arc<str>,
        key: &Key,
        severity: Severity,
        at: Timestamp,
    ) {
        if state.flaps.get(key).is_some_and(|flap| flap.score(at) > 0.0) {
            self.flaps.push(at);
        }
        if self.all.len() >= self.most {
            self.cut = true;
            return;
        }
        self.open.insert(alert.clone(), self.all.len());
        self.all.push(Stretch { from: at, to: None, subject: key.subject.clone(), severity });
    }

    /// What was found since `from`.
    pub fn found(self, from: Timestamp, to: Timestamp, events: u64, cut: bool) -> Found {
        let since = |stretch: &Stretch| stretch.to.is_none_or(|to| to >= from);
        let fired = self.all.into_iter().filter(since).collect();
        let flaps = self.flaps.into_iter().filter(|at| *at >= from).count() as u64;
        Found { fired, flaps, from, to, events, cut: cut || self.cut }
    }
}
