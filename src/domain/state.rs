//! The state of everything: a fold over the journal, and nothing but that.

#[cfg(test)]
mod tests;

use super::projects::ProjectId;
use super::settings::Settings;
use super::system::Event as SystemEvent;
use super::{Envelope, Event, alerts, projects, system, work};
use crate::wire::{Seq, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// First byte of every encoding. It changes when older bytes can no longer be read; then the
/// checkpoint is thrown away and the journal is replayed.
const LAYOUT: u8 = 1;

/// Everything that is known. Cloning it shares all entities, so a snapshot costs next to nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// The newest `at` in the journal: what is shown is shown as of then.
    #[serde(default)]
    pub now: Timestamp,
    /// Position of the last event that was folded in.
    #[serde(default)]
    pub seq: Seq,
    /// How many events were, not counting ticks of the clock.
    #[serde(default)]
    pub events: u64,
    /// Projects.
    #[serde(default)]
    pub projects: projects::state::State,
    /// Hosts.
    #[serde(default)]
    pub system: system::state::State,
    /// Agents and tasks.
    #[serde(default)]
    pub work: work::state::State,
    /// Alerts of other systems.
    #[serde(default)]
    pub alerts: alerts::state::State,
    /// Settings that take effect while the server runs.
    #[serde(default)]
    pub settings: Settings,
}

/// What an event changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// Nothing but the time.
    None,
    /// This project, and the totals of all of them.
    Project(ProjectId),
    /// This host.
    Host(Arc<str>),
    /// Agents or tasks.
    Work,
    /// Alerts of other systems.
    Alerts,
}

impl State {
    /// Takes in the next event of the journal.
    pub fn fold(&mut self, envelope: &Envelope) -> Touched {
        let Envelope { stamp, event } = envelope;
        self.now = self.now.max(stamp.at);
        self.seq = stamp.seq;
        let tick = matches!(event, Event::System(SystemEvent::Ticked(_)));
        self.events += u64::from(!tick);
        match event {
            Event::Projects(event) => {
                self.projects.fold(stamp, event).map_or(Touched::None, Touched::Project)
            }
            Event::System(event) => {
                self.system.fold(stamp, event).map_or(Touched::None, Touched::Host)
            }
            Event::Work(event) if self.work.fold(stamp, event) => Touched::Work,
            Event::Alerts(event) if self.alerts.fold(stamp, event) => Touched::Alerts,
            // Journaled, and not shown yet: trades and measurements have no state so far.
            Event::Settings(event) => {
                self.settings.fold(event);
                Touched::Work
            }
            Event::Work(_) | Event::Alerts(_) | Event::Trading(_) | Event::Metrics(_) => {
                Touched::None
            }
        }
    }

    /// The state as bytes; the same state is always the same bytes.
    ///
    /// # Errors
    /// Never in practice: every part of the state can be encoded.
    pub fn encode(&self) -> Result<Vec<u8>, rmp_serde::encode::Error> {
        let mut bytes = vec![LAYOUT];
        self.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map())?;
        Ok(bytes)
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// Bytes of another layout, or damaged ones.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes.split_first() {
            Some((&LAYOUT, rest)) => rmp_serde::from_slice(rest).map_err(DecodeError::Damaged),
            other => Err(DecodeError::Layout(other.map(|(&layout, _)| layout))),
        }
    }

    /// BLAKE3 of the encoding, in hexadecimal: equal if and only if the states are.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn hash(&self) -> Result<String, rmp_serde::encode::Error> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[LAYOUT]);
        self.serialize(&mut rmp_serde::Serializer::new(&mut hasher).with_struct_map())?;
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// Why bytes are not a state.
#[derive(Debug)]
pub enum DecodeError {
    /// Written by a version whose layout is not read any more (or not yet); `None` if empty.
    Layout(Option<u8>),
    /// Of the right layout, but not readable.
    Damaged(rmp_serde::decode::Error),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout(None) => f.write_str("the encoded state is empty"),
            Self::Layout(Some(layout)) => write!(f, "state of layout {layout}, expected {LAYOUT}"),
            Self::Damaged(error) => write!(f, "damaged state: {error}"),
        }
    }
}

impl std::error::Error for DecodeError {}
