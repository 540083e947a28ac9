//! Who is still to be told: notifications that wait, those that were given up, and how each
//! channel does.

use super::super::{Failed, NotificationItem, Outcome, Queued, Settled, Told, Why};
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// Notifications that are not settled, and dead letters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Outbox {
    /// Those that wait to be delivered, by id.
    #[serde(default)]
    pub waiting: OrdMap<Arc<str>, Arc<Notification>>,
    /// Those that were given up; of more than [`Outbox::MAX_DEAD`], the newest.
    #[serde(default)]
    pub dead: OrdMap<Arc<str>, Arc<Notification>>,
    /// How each channel does.
    #[serde(default)]
    pub channels: OrdMap<Arc<str>, ChannelLog>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// What is to be told, and by which channel.
    pub queued: Queued,
    /// When it was to be sent first.
    pub at: Timestamp,
    /// Position of that.
    pub seq: u64,
    /// Attempts that went wrong.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// What last went wrong.
    pub error: Option<String>,
    /// Whether what it tells was over before its channel was switched on again: nobody is to be
    /// told any more.
    #[serde(default)]
    pub stale: bool,
}

/// How a channel does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChannelLog {
    /// When something was last queued for it.
    pub queued_at: Option<Timestamp>,
    /// When something last got through.
    pub sent_at: Option<Timestamp>,
    /// What last went wrong, unless something got through to all since.
    pub error: Option<String>,
}

impl Outbox {
    /// Most notifications that wait.
    pub const MAX_WAITING: usize = 5_000;
    /// Most dead letters that are kept.
    pub const MAX_DEAD: usize = 500;

    pub(super) fn queue(&mut self, stamp: &Stamp, queued: &Queued) {
        self.channels.entry(queued.channel.clone()).or_default().queued_at = Some(stamp.at);
        let notification = Notification {
            queued: queued.clone(),
            at: stamp.at,
            seq: stamp.seq,
            attempts: 0,
            next_at: stamp.at,
            error: None,
            stale: false,
        };
        if self.waiting.len() >= Self::MAX_WAITING {
            let error = Some(format!("{} notifications wait already", Self::MAX_WAITING));
            self.bury(Notification { error, ..notification });
            return;
        }
        self.waiting.insert(queued.notification.clone(), Arc::new(notification));
    }

    fn bury(&mut self, notification: Notification) {
        if self.dead.len() >= Self::MAX_DEAD {
            let oldest =
                self.dead.iter().min_by_key(|(_, dead)| dead.seq).map(|(id, _)| id.clone());
            oldest.map(|id| self.dead.remove(&id));
        }
        self.dead.insert(notification.queued.notification.clone(), Arc::new(notification));
    }

    pub(super) fn fail(&mut self, failed: &Failed) {
        let Some(waiting) = self.waiting.get_mut(&failed.notification) else { return };
        let waiting = Arc::make_mut(waiting);
        waiting.attempts = waiting.attempts.saturating_add(1);
        waiting.next_at = failed.retry_at;
        waiting.error = Some(failed.error.clone());
        let channel = waiting.queued.channel.clone();
        self.channels.entry(channel).or_default().error = Some(failed.error.clone());
    }

    pub(super) fn settle(&mut self, stamp: &Stamp, settled: &Settled) {
        let Some(waiting) = self.waiting.remove(&settled.notification) else { return };
        let log = self.channels.entry(waiting.queued.channel.clone()).or_default();
        match settled.outcome {
            Outcome::Sent => {
                log.sent_at = Some(stamp.at);
                // Some of those it is for may not have got it.
                log.error.clone_from(&settled.error);
            }
            Outcome::Dead => {
                log.error.clone_from(&settled.error);
                let mut dead = Arc::unwrap_or_clone(waiting);
                dead.attempts = dead.attempts.saturating_add(1);
                dead.error = settled.error.clone().or(dead.error);
                self.bury(dead);
            }
            Outcome::Dropped => {}
        }
    }

    pub(super) fn requeue(&mut self, stamp: &Stamp, id: &Arc<str>) {
        let Some(dead) = self.dead.remove(id) else { return };
        let dead = Arc::unwrap_or_clone(dead);
        let again = Notification { attempts: 0, next_at: stamp.at, ..dead };
        self.waiting.insert(id.clone(), Arc::new(again));
    }

    /// A channel was saved: it may work now, so what failed in it is tried again at once.
    pub(super) fn hurry(&mut self, at: Timestamp, channel: &Arc<str>) {
        let waits = |it: &Notification| it.queued.channel == *channel && it.next_at > at;
        for id in self.ids(waits) {
            if let Some(waiting) = self.waiting.get_mut(&id) {
                Arc::make_mut(waiting).next_at = at;
            }
        }
    }

    /// A channel was switched on: what waited in it and is over, as `is_open` has it, is stale, and
    /// so is the end of what nobody was told the beginning of.
    pub(super) fn switched_on(&mut self, channel: &Arc<str>, is_open: impl Fn(&str) -> bool) {
        let over = |told: &Told| told.why != Why::Resolved && !is_open(&told.alert.id);
        let begun =
            |it: &Notification| it.queued.channel == *channel && it.queued.alerts.iter().all(over);
        let mut stale = self.ids(begun);
        let untold: HashSet<Arc<str>> = stale
            .iter()
            .filter_map(|id| self.waiting.get(id))
            .flat_map(|it| it.queued.alerts.iter().filter(|told| told.why == Why::Fired))
            .map(|told| told.alert.id.clone())
            .collect();
        let nobody_knows =
            |told: &Told| told.why == Why::Resolved && untold.contains(&told.alert.id);
        let ends = |it: &Notification| {
            it.queued.channel == *channel && it.queued.alerts.iter().all(nobody_knows)
        };
        stale.extend(self.ids(ends));
        for id in stale {
            if let Some(waiting) = self.waiting.get_mut(&id) {
                Arc::make_mut(waiting).stale = true;
            }
        }
    }

    /// Those that wait and are so.
    fn ids(&self, so: impl Fn(&Notification) -> bool) -> Vec<Arc<str>> {
        let such = self.waiting.iter().filter(|(_, it)| so(it));
        such.map(|(id, _)| id.clone()).collect()
    }

    pub(super) fn drop_channel(&mut self, channel: &Arc<str>) {
        let of_others = |all: &OrdMap<Arc<str>, Arc<Notification>>| {
            let kept = all.iter().filter(|(_, it)| it.queued.channel != *channel);
            kept.map(|(id, it)| (id.clone(), it.clone())).collect()
        };
        self.waiting = of_others(&self.waiting);
        self.dead = of_others(&self.dead);
        self.channels.remove(channel);
    }

    /// Those that wait and those that were given up, newest first.
    pub fn items(&self) -> Vec<NotificationItem> {
        let waiting = self.waiting.values().map(|it| (it, false));
        let dead = self.dead.values().map(|it| (it, true));
        let mut all: Vec<_> = waiting.chain(dead).collect();
        all.sort_by_key(|(it, _)| std::cmp::Reverse(it.seq));
        all.into_iter().map(|(it, dead)| it.item(dead)).collect()
    }
}

impl Notification {
    fn item(&self, dead: bool) -> NotificationItem {
        NotificationItem {
            id: self.queued.notification.clone(),
            channel: self.queued.channel.clone(),
            created_at: self.at,
            titles: self.queued.alerts.iter().map(|told| told.alert.title.clone()).collect(),
            attempts: self.attempts,
            next_at: (!dead).then_some(self.next_at),
            last_error: self.error.clone(),
            dead,
        }
    }
}
