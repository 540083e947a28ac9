//! When each source of events was last heard of, and how often it comes.

use crate::domain::window::{DAY, MINUTE, Rhythm};
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Least time between two notes about a source, in milliseconds: what comes in between says no
/// more about whether it is there.
const NOTE_EVERY: i64 = 1_000;

/// Shortest quiet that is missed, however often a source comes, in milliseconds.
const QUIET_FLOOR: i64 = 10 * MINUTE;
/// How long a pause is remembered, in milliseconds.
const REMEMBERED: i64 = 8 * DAY;

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
    /// The longest pauses of the last days, in milliseconds and when each ended, longest first.
    #[serde(default)]
    pub pauses: Vec<(i64, Timestamp)>,
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
                pauses: Vec::new(),
                host: None,
                many_hosts: false,
            })
        });
        let source = Arc::make_mut(source);
        source.pause(stamp.at);
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

    /// How long it may be quiet before it is missed, in milliseconds: three times what is usual, ten
    /// minutes at least, and longer than all pauses but one of the last days. So what people drive
    /// is not missed every night, and one outage does not make the next one unseen.
    pub fn patience_ms(&self) -> i64 {
        let Some(usual) = self.rhythm.usual().filter(|_| self.rhythm.is_full()) else {
            return DAY;
        };
        let pause = self.pauses.get(1).map_or(0, |(ms, _)| ms.saturating_mul(3) / 2);
        usual.saturating_mul(3).max(QUIET_FLOOR).max(pause)
    }

    fn pause(&mut self, at: Timestamp) {
        let gap = at.since(self.heard_at);
        self.pauses.retain(|(_, ended)| at.since(*ended) < REMEMBERED);
        self.pauses.push((gap, at));
        self.pauses.sort_by_key(|(gap, _)| std::cmp::Reverse(*gap));
        self.pauses.truncate(2);
    }

    /// The host it tells of, if it tells of one alone.
    pub fn only_host(&self) -> Option<&Arc<str>> {
        self.host.as_ref().filter(|_| !self.many_hosts)
    }
}
