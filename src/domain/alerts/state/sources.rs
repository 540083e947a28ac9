//! When each source of events was last heard of, and how often it comes.

use crate::domain::window::Rhythm;
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Least time between two notes about a source, in milliseconds: what comes in between says no
/// more about whether it is there.
const NOTE_EVERY: i64 = 1_000;

/// Sources of events.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sources {
    /// By name.
    #[serde(default)]
    pub by_name: OrdMap<Arc<str>, Arc<Source>>,
    /// Events of sources that found no place.
    #[serde(default)]
    pub overflow: u64,
}

/// A source of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// When something of it was last received, to the second.
    pub heard_at: Timestamp,
    /// How often that is the case.
    pub rhythm: Rhythm<8>,
    /// The hosts it tells of: the one, if it is one.
    pub host: Option<Arc<str>>,
    /// Whether it tells of several.
    pub many_hosts: bool,
}

impl Sources {
    /// How many are kept.
    pub const MAX: usize = 10_000;
    /// The server itself, which is no source to be missed.
    pub const OWN: &str = "bellwether";

    /// Something was received; `host` is the host it is a sample of.
    pub fn hear(&mut self, stamp: &Stamp, host: Option<&Arc<str>>) {
        if *stamp.source == *Self::OWN {
            return;
        }
        match self.by_name.get(&stamp.source) {
            Some(known) if known.is_noted(stamp.at, host) => return,
            None if self.by_name.len() >= Self::MAX => {
                self.overflow = self.overflow.saturating_add(1);
                return;
            }
            _ => {}
        }
        let source = self.by_name.entry(stamp.source.clone()).or_insert_with(|| {
            Arc::new(Source {
                heard_at: stamp.at,
                rhythm: Rhythm::default(),
                host: None,
                many_hosts: false,
            })
        });
        let source = Arc::make_mut(source);
        source.heard_at = stamp.at;
        source.rhythm.observe(stamp.at);
        if let Some(host) = host {
            source.many_hosts |= source.host.as_ref().is_some_and(|known| known != host);
            source.host.get_or_insert_with(|| host.clone());
        }
    }

    pub(super) fn forget(&mut self, name: &Arc<str>) {
        self.by_name.remove(name);
    }
}

impl Source {
    fn is_noted(&self, at: Timestamp, host: Option<&Arc<str>>) -> bool {
        let known = host.is_none_or(|host| self.many_hosts || self.host.as_ref() == Some(host));
        known && at.since(self.heard_at) < NOTE_EVERY
    }

    /// The host it tells of, if it tells of one alone.
    pub fn only_host(&self) -> Option<&Arc<str>> {
        self.host.as_ref().filter(|_| !self.many_hosts)
    }
}
