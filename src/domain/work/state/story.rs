//! Stories for the tests of this domain: events told one by one, at times of the test's choosing.

use super::{Agent, State, Task, Touched};
use crate::domain::work::{Event, WorkSettings};
use crate::wire::{Stamp, Timestamp};

/// A state, and the next position of its journal.
#[derive(Default)]
pub struct Story {
    /// The state so far.
    pub state: State,
    /// The thresholds.
    pub settings: WorkSettings,
    /// The time, in milliseconds.
    pub now: i64,
    seq: u64,
}

impl Story {
    /// An event that comes when it happens.
    pub fn tell(&mut self, ms: i64, kind: &str, data: serde_json::Value) -> Vec<Touched> {
        self.tell_late(ms, ms, kind, data)
    }

    /// An event of `time` that comes at `at`.
    pub fn tell_late(
        &mut self,
        at: i64,
        time: i64,
        kind: &str,
        data: serde_json::Value,
    ) -> Vec<Touched> {
        self.seq += 1;
        self.now = self.now.max(at);
        let (at, time) = (Timestamp::from_ms(at), Timestamp::from_ms(time));
        let (seq, source, id) = (self.seq, "test".into(), self.seq.to_string().into());
        let event = Event::decode(kind, &data.to_string()).unwrap().unwrap();
        let stamp = Stamp { seq, at, time, source, id, subject: None };
        let mut touched = Vec::new();
        self.state.advance(at, &self.settings, &mut touched);
        self.state.fold(&stamp, &event, at, &self.settings, &mut touched);
        self.state.advance(at, &self.settings, &mut touched);
        touched
    }

    /// Nothing comes until then.
    pub fn wait(&mut self, ms: i64) {
        self.now = ms;
        self.state.advance(Timestamp::from_ms(ms), &self.settings, &mut Vec::new());
    }

    /// A task that is known.
    pub fn task(&self, id: &str) -> &Task {
        self.state.tasks.get(id).unwrap()
    }

    /// An agent that is known.
    pub fn agent(&self, id: &str) -> &Agent {
        self.state.agents.get(id).unwrap()
    }
}
