//! The fold: which alerts there are, who has seen them, what keeps them quiet, and who is still to
//! be told.
//!
//! Nothing here decides anything: what the evaluator decided is in the journal, and is only noted.
//! So a server that starts again goes on where the last one stopped. What decisions are made from
//! is here as well: when each source was last heard of, and the windows of metrics that rules watch.

mod alert;
mod external;
mod outbox;
mod sources;
mod windows;

pub use alert::{Ack, Alert, opened as item_opened};
pub use external::{External, Externals, RULE as OF_OTHERS};
pub use outbox::{ChannelLog, Notification, Outbox};
pub use sources::{Source, Sources};
pub use windows::{Observation, Window, Windows, subject as metric_subject};

use super::built_in;
use super::life::Flap;
use super::rule::AlertRule;
use super::{
    Acknowledged, Channel, Event, Key, Maintenance, Move, Moved, Opened, Silence, SilenceItem,
};
use crate::domain::health::Finding;
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Alerts, and all that is about them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Alerts of other systems.
    #[serde(default)]
    pub external: Externals,
    /// Alerts that are not over, by id.
    #[serde(default)]
    pub open: OrdMap<Arc<str>, Arc<Alert>>,
    /// The same by what they are about.
    #[serde(default)]
    pub by_key: OrdMap<Key, Arc<str>>,
    /// How often alerts have lately come and gone; those that have not are left out.
    #[serde(default)]
    pub flaps: OrdMap<Key, Flap>,
    /// Rules that somebody has saved, those that are there from the start among them.
    #[serde(default)]
    pub rules: OrdMap<Arc<str>, Arc<AlertRule>>,
    /// When each of them was first saved.
    #[serde(default)]
    pub rules_at: OrdMap<Arc<str>, Timestamp>,
    /// Silences that have not ended.
    #[serde(default)]
    pub silences: OrdMap<Arc<str>, Arc<Silence>>,
    /// Maintenance windows.
    #[serde(default)]
    pub maintenance: OrdMap<Arc<str>, Arc<Maintenance>>,
    /// Until when each of them was last open: one that somebody ended stays ended.
    #[serde(default)]
    pub maintained: OrdMap<Arc<str>, Timestamp>,
    /// Channels.
    #[serde(default)]
    pub channels: OrdMap<Arc<str>, Arc<Channel>>,
    /// Who is still to be told.
    #[serde(default)]
    pub outbox: Outbox,
    /// When each source was last heard of.
    #[serde(default)]
    pub sources: Sources,
    /// Metrics that rules watch.
    #[serde(default)]
    pub windows: Windows,
    /// Position at which rules, silences, windows or channels last changed.
    #[serde(default)]
    pub setup_seq: u64,
}

/// What an event changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// Alerts of other systems.
    External,
    /// This alert.
    Alert(Arc<str>),
    /// Silences, and so any alert.
    Silences,
    /// Rules, maintenance windows or channels, and so any alert.
    Setup,
    /// What channels are to be told.
    Outbox,
}

impl State {
    /// Most alerts that are open at a time.
    pub const MAX_OPEN: usize = 10_000;
    /// Most alerts whose coming and going is remembered.
    const MAX_FLAPS: usize = 20_000;

    /// Takes in an event; adds to `touched` what it changed.
    pub fn fold(&mut self, stamp: &Stamp, event: &Event, touched: &mut Vec<Touched>) {
        match event {
            Event::Raised(_) | Event::Cleared(_) => {
                if self.external.fold(stamp, event) {
                    touched.push(Touched::External);
                }
            }
            Event::Opened(opened) => self.open(stamp, opened, touched),
            Event::Moved(moved) => self.moved(stamp, moved, touched),
            Event::Covered(covered) => {
                if let Some(alert) = self.open.get_mut(&covered.alert) {
                    let alert = Arc::make_mut(alert);
                    alert.covered_by.clone_from(&covered.by);
                    alert.uncovered_at = covered.by.is_none().then_some(stamp.at);
                    alert.seq = stamp.seq;
                    touched.push(Touched::Alert(covered.alert.clone()));
                }
            }
            Event::Acknowledged(seen) => self.acknowledge(stamp, seen, touched),
            // One that ended before it came, or whose alert has, is none.
            Event::Silenced(silence)
                if silence.until <= stamp.at
                    || silence.alert.as_ref().is_some_and(|id| !self.open.contains_key(id)) => {}
            Event::Silenced(silence) => {
                let silence = Silence { since: stamp.at, ..silence.clone() };
                if let Some(window) = &silence.maintenance {
                    self.maintained.insert(window.clone(), silence.until);
                }
                self.silences.insert(silence.silence.clone(), Arc::new(silence));
                touched.push(Touched::Silences);
            }
            Event::SilenceEnded(ended) => {
                if self.silences.remove(&ended.silence).is_some() {
                    touched.push(Touched::Silences);
                }
            }
            Event::SourceForgotten(forgotten) => self.sources.forget(&forgotten.id),
            _ => self.set_up(stamp, event, touched),
        }
    }

    fn set_up(&mut self, stamp: &Stamp, event: &Event, touched: &mut Vec<Touched>) {
        match event {
            Event::RuleSaved(saved) => {
                self.rules.insert(saved.rule.id.clone(), Arc::new(saved.rule.clone()));
                self.rules_at.entry(saved.rule.id.clone()).or_insert(stamp.at);
                self.windows.watch(&saved.rule.id, Some(&saved.rule));
            }
            Event::RuleRemoved(removed) => {
                self.rules.remove(&removed.id);
                self.rules_at.remove(&removed.id);
                self.windows.watch(&removed.id, None);
            }
            Event::MaintenanceSaved(window) => {
                self.maintenance.insert(window.id.clone(), Arc::new(window.clone()));
                self.maintained.remove(&window.id);
            }
            Event::MaintenanceRemoved(removed) => {
                self.maintenance.remove(&removed.id);
                self.maintained.remove(&removed.id);
            }
            Event::ChannelSaved(channel) => {
                let old = self.channels.insert(channel.id.clone(), Arc::new(channel.clone()));
                self.outbox.hurry(stamp.at, &channel.id);
                if channel.enabled && old.is_some_and(|old| !old.enabled) {
                    let open = &self.open;
                    self.outbox.switched_on(&channel.id, |id| open.contains_key(id));
                }
            }
            Event::ChannelRemoved(removed) => {
                self.channels.remove(&removed.id);
                self.outbox.drop_channel(&removed.id);
            }
            Event::Queued(queued) => {
                self.outbox.queue(stamp, queued);
                for told in &queued.alerts {
                    if let Some(alert) = self.open.get_mut(&told.alert.id) {
                        let alert = Arc::make_mut(alert);
                        alert.told.insert(queued.channel.clone(), told.alert.severity);
                    }
                }
            }
            Event::Failed(failed) => self.outbox.fail(failed),
            Event::Settled(settled) => self.outbox.settle(stamp, settled),
            Event::Requeued(requeued) => self.outbox.requeue(stamp, &requeued.notification),
            _ => return,
        }
        let is_setup = !matches!(
            event,
            Event::Queued(_) | Event::Failed(_) | Event::Settled(_) | Event::Requeued(_)
        );
        if is_setup {
            self.setup_seq = stamp.seq;
        }
        touched.push(if is_setup { Touched::Setup } else { Touched::Outbox });
    }

    fn open(&mut self, stamp: &Stamp, opened: &Opened, touched: &mut Vec<Touched>) {
        if self.open.len() >= Self::MAX_OPEN || self.by_key.contains_key(&opened.key) {
            return;
        }
        let alert = Alert::begun(stamp, opened);
        if alert.life.fired {
            self.change(&alert.key, stamp.at);
        }
        self.by_key.insert(opened.key.clone(), opened.alert.clone());
        self.open.insert(opened.alert.clone(), Arc::new(alert));
        touched.push(Touched::Alert(opened.alert.clone()));
    }

    fn moved(&mut self, stamp: &Stamp, moved: &Moved, touched: &mut Vec<Touched>) {
        let Some(alert) = self.open.get_mut(&moved.alert) else { return };
        touched.push(Touched::Alert(moved.alert.clone()));
        let alert = Arc::make_mut(alert);
        let returns = moved.to == Move::Holds && alert.life.clear_since.is_some();
        alert.take(stamp, moved);
        let key = alert.key.clone();
        match moved.to {
            Move::Fired => self.change(&key, stamp.at),
            // It would have fired anew, had it not been kept firing.
            Move::Holds if returns => self.change(&key, stamp.at),
            Move::Resolved | Move::Dropped => {
                if moved.to == Move::Resolved {
                    self.change(&key, stamp.at);
                }
                self.open.remove(&moved.alert);
                self.by_key.remove(&key);
                let about = |silence: &Silence| silence.alert.as_ref() == Some(&moved.alert);
                let over: Vec<_> = self
                    .silences
                    .iter()
                    .filter(|(_, s)| about(s))
                    .map(|(id, _)| id.clone())
                    .collect();
                for id in over {
                    self.silences.remove(&id);
                    touched.push(Touched::Silences);
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, key: &Key, at: Timestamp) {
        if !self.flaps.contains_key(key) && self.flaps.len() >= Self::MAX_FLAPS {
            let kept = self.flaps.iter().filter(|(_, flap)| flap.score(at) > 0.0);
            self.flaps = kept.map(|(key, flap)| (key.clone(), *flap)).collect();
            if self.flaps.len() >= Self::MAX_FLAPS {
                return;
            }
        }
        self.flaps.entry(key.clone()).or_default().change(at);
    }

    fn acknowledge(&mut self, stamp: &Stamp, seen: &Acknowledged, touched: &mut Vec<Touched>) {
        for id in &seen.alerts {
            let Some(alert) = self.open.get_mut(id) else { continue };
            Arc::make_mut(alert).acknowledge(stamp, seen);
            touched.push(Touched::Alert(id.clone()));
        }
    }

    /// Ends what is over by `now`; adds to `touched` what that changed.
    pub fn advance(&mut self, now: Timestamp, touched: &mut Vec<Touched>) {
        let over: Vec<_> = self
            .silences
            .iter()
            .filter(|(_, silence)| silence.until <= now)
            .map(|(id, _)| id.clone())
            .collect();
        if over.is_empty() {
            return;
        }
        for id in over {
            self.silences.remove(&id);
        }
        touched.push(Touched::Silences);
    }

    /// When something next ends by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.silences.values().map(|silence| silence.until).min()
    }

    /// The rule of this id, as somebody saved it or as it is from the start.
    pub fn rule(&self, id: &str) -> Option<Arc<AlertRule>> {
        self.rules.get(id).cloned().or_else(|| built_in::rule(id))
    }

    /// Every rule: those that are there from the start, and then all others by id.
    pub fn all_rules(&self) -> Vec<Arc<AlertRule>> {
        let first = built_in::IDS.iter().filter_map(|id| self.rule(id));
        let others = self.rules.values().filter(|rule| !built_in::IDS.contains(&&*rule.id));
        first.chain(others.cloned()).collect()
    }

    /// What is found about alerts of other systems, and about what is left out.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = external::findings(&self.external);
        found.extend(external::left_out(self.overflow()));
        found
    }

    /// How much was left out for want of room.
    pub fn overflow(&self) -> u64 {
        let Self { external, sources, windows, .. } = self;
        external.overflow.saturating_add(sources.overflow).saturating_add(windows.overflow)
    }

    /// Silences that are in effect, the one that ends next first.
    pub fn silence_items(&self) -> Vec<SilenceItem> {
        let mut items: Vec<_> = self.silences.values().map(|silence| silence.item()).collect();
        items.sort_by(|a, b| (a.until, &a.id).cmp(&(b.until, &b.id)));
        items
    }

    /// Until when an alert makes no noise.
    pub fn silenced_until(&self, alert: &Alert) -> Option<Timestamp> {
        let about = |silence: &&Arc<Silence>| match &silence.alert {
            Some(id) => *id == alert.id,
            None => silence.matcher.matches(alert.what.severity, &alert.what.labels),
        };
        self.silences.values().filter(about).map(|silence| silence.until).max()
    }
}
