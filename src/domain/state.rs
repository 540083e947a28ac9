//! The state of everything: a fold over the journal, and nothing but that.

#[cfg(test)]
mod tests;

use super::alerts::state::Observation;
use super::projects::ProjectId;
use super::settings::Settings;
use super::system::Event as SystemEvent;
use super::{Envelope, Event, access, alerts, metrics, projects, system, trading, work};
use crate::wire::{Seq, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// First byte of every encoding. It changes when older bytes can no longer be read; then the
/// checkpoint is thrown away and the journal is replayed.
const LAYOUT: u8 = 6;

/// Everything that is known. Cloning it shares all entities, so a snapshot costs next to nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// The newest `at` in the journal: what is shown is shown as of then.
    #[serde(default)]
    pub now: Timestamp,
    /// Position of the last event that was folded in.
    #[serde(default)]
    pub seq: Seq,
    /// How many of them counted: see [`Event::counts`].
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
    /// Alerts, and whom they reach.
    #[serde(default)]
    pub alerts: alerts::state::State,
    /// Metrics.
    #[serde(default)]
    pub metrics: metrics::state::State,
    /// Books, cash and prices.
    #[serde(default)]
    pub trading: trading::state::State,
    /// Settings that take effect while the server runs.
    #[serde(default)]
    pub settings: Settings,
    /// Who may see and do what.
    #[serde(default)]
    pub access: access::state::State,
}

/// What an event changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Touched {
    /// This project, and the totals of all of them.
    Project(ProjectId),
    /// This host.
    Host(Arc<str>),
    /// An agent, a task, a queue, or what is about all of them.
    Work(work::state::Touched),
    /// Alerts, and what is about them.
    Alerts(alerts::state::Touched),
    /// Positions, prices and cash.
    Trading(trading::state::Touched),
    /// How much room there is for metrics.
    Metrics(metrics::state::Touched),
}

impl State {
    /// Takes in the next event of the journal; adds to `touched` what it changed.
    pub fn fold(&mut self, envelope: &Envelope, touched: &mut Vec<Touched>) {
        let Envelope { stamp, event } = envelope;
        self.now = self.now.max(stamp.at);
        self.seq = stamp.seq;
        self.events += u64::from(event.counts());
        // What was due before this event happened before it.
        self.advance(self.now, touched);
        let left_out = self.alerts.overflow();
        self.alerts.sources.hear(stamp, sampled_host(event));
        let mut of_work = Vec::new();
        match event {
            Event::Projects(event) => {
                touched.extend(self.projects.fold(stamp, event).map(Touched::Project));
            }
            Event::System(event) => {
                touched.extend(self.system.fold(stamp, event).map(Touched::Host));
            }
            Event::Alerts(event) => {
                let mut of_alerts = Vec::new();
                self.alerts.fold(stamp, event, &mut of_alerts);
                touched.extend(of_alerts.into_iter().map(Touched::Alerts));
            }
            Event::Metrics(event) => self.measure(stamp, event, touched),
            Event::Work(event) => {
                self.work.fold(stamp, event, self.now, &self.settings.work, &mut of_work);
                // What was told late may be due at once.
                self.work.advance(self.now, &self.settings.work, &mut of_work);
            }
            Event::Settings(event) => {
                let before = self.settings.work;
                self.settings.fold(event);
                self.work.retune(self.now, &before, &self.settings.work, &mut of_work);
                self.work.advance(self.now, &self.settings.work, &mut of_work);
            }
            Event::Access(event) => {
                self.access.fold(stamp, event);
                // What is somebody's own goes with them.
                match event {
                    access::Event::UserRemoved(it) => self.metrics.boards.forget(&it.user),
                    access::Event::TokenRevoked(it) => {
                        self.metrics.boards.forget(&metrics::board_of_token(&it.token));
                    }
                    _ => {}
                }
            }
            Event::Trading(event) => {
                let mut of_trading = Vec::new();
                self.trading.fold(stamp, event, &mut of_trading);
                touched.extend(of_trading.into_iter().map(Touched::Trading));
            }
        }
        touched.extend(of_work.into_iter().map(Touched::Work));
        if self.alerts.overflow() != left_out {
            touched.push(Touched::Alerts(alerts::state::Touched::External));
        }
    }

    fn measure(&mut self, stamp: &Stamp, event: &metrics::Event, touched: &mut Vec<Touched>) {
        let mut changes = metrics::state::Changes::default();
        for observed in event.observed() {
            self.metrics.fold(stamp, observed, &mut changes);
            self.alerts.windows.observe(&Observation {
                name: &observed.name,
                labels: &observed.labels,
                unit: observed.unit.as_ref(),
                value: observed.value,
                time: stamp.time,
                at: stamp.at,
                source: &stamp.source,
            });
        }
        touched.extend(changes.touched.into_iter().map(Touched::Metrics));
        match event {
            metrics::Event::Pinned(pinned) => self.metrics.boards.pin(stamp, pinned),
            metrics::Event::Unpinned(unpinned) => self.metrics.boards.unpin(unpinned),
            metrics::Event::Observed(_) | metrics::Event::Sampled(_) => {}
        }
    }

    /// Brings the state to `now`, as any event received then would; adds to `touched` what changed
    /// by time alone.
    pub fn advance(&mut self, now: Timestamp, touched: &mut Vec<Touched>) {
        self.now = self.now.max(now);
        let mut of_work = Vec::new();
        self.work.advance(self.now, &self.settings.work, &mut of_work);
        touched.extend(of_work.into_iter().map(Touched::Work));
        let mut of_alerts = Vec::new();
        self.alerts.advance(self.now, &mut of_alerts);
        touched.extend(of_alerts.into_iter().map(Touched::Alerts));
        self.access.advance(self.now);
    }

    /// As [`Self::fold`], for whoever does not show anything.
    pub fn replay(&mut self, envelope: &Envelope) {
        self.fold(envelope, &mut Vec::new());
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
            Some((&LAYOUT, rest)) => {
                let mut state: Self = rmp_serde::from_slice(rest).map_err(DecodeError::Damaged)?;
                state.work.reindex(state.now, &state.settings.work);
                Ok(state)
            }
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

/// The host that an event is a sample of.
const fn sampled_host(event: &Event) -> Option<&Arc<str>> {
    match event {
        Event::System(SystemEvent::Sampled(sampled)) => Some(&sampled.host),
        _ => None,
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
