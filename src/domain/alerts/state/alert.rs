//! One alert.

use super::super::life::Life;
use super::super::{Acknowledged, AlertItem, AlertState, Key, Move, Moved, Opened, What};
use super::State;
use crate::domain::health::Severity;
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An alert that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its id.
    pub id: Arc<str>,
    /// What it is about.
    pub key: Key,
    /// What it says.
    pub what: What,
    /// Where it stands.
    pub life: Life,
    /// When its condition was first seen to hold, here or by whoever raised it.
    pub created_at: Timestamp,
    /// When it fired here, if it has.
    pub fired_at: Option<Timestamp>,
    /// When it last said something new.
    pub said_at: Timestamp,
    /// Who has seen it.
    pub ack: Option<Ack>,
    /// The alert that is its cause.
    pub covered_by: Option<Arc<str>>,
    /// When its cause was over.
    #[serde(default)]
    pub uncovered_at: Option<Timestamp>,
    /// Which channels were told of it, and how bad it was then.
    pub told: OrdMap<Arc<str>, Severity>,
    /// Position at which it last changed.
    pub seq: u64,
}

/// Somebody has seen it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Who.
    pub by: Arc<str>,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub comment: Option<String>,
}

impl Alert {
    /// One that begins.
    pub(in crate::domain::alerts) fn begun(stamp: &Stamp, opened: &Opened) -> Self {
        let since = opened.since.map_or(stamp.at, |since| since.min(stamp.at));
        Self {
            id: opened.alert.clone(),
            key: opened.key.clone(),
            what: opened.what.clone(),
            life: Life::begin(opened.to, since),
            created_at: since,
            fired_at: (opened.to == Move::Fired).then_some(stamp.at),
            said_at: stamp.at,
            ack: None,
            covered_by: None,
            uncovered_at: None,
            told: OrdMap::new(),
            seq: stamp.seq,
        }
    }

    /// Takes in what happened to it.
    pub(in crate::domain::alerts) fn take(&mut self, stamp: &Stamp, moved: &Moved) {
        self.seq = stamp.seq;
        self.life.take(moved.to, stamp.at);
        if moved.to == Move::Fired {
            self.fired_at = Some(stamp.at);
            self.ack = None;
        }
        if let Some(what) = &moved.what {
            // Who has seen a warning has not seen that it became critical.
            if what.severity > self.what.severity {
                self.ack = None;
            }
            // Who was told that it is critical has not been told when it becomes so again.
            let told = self.told.iter();
            let told = told.map(|(channel, told)| (channel.clone(), (*told).min(what.severity)));
            self.told = told.collect();
            self.what.clone_from(what);
            self.said_at = stamp.at;
        }
    }

    /// Somebody has seen it. Of two at once, the first looks after it.
    pub(in crate::domain::alerts) fn acknowledge(&mut self, stamp: &Stamp, seen: &Acknowledged) {
        if self.ack.is_some() {
            return;
        }
        let (by, comment) = (seen.actor.clone(), seen.comment.clone());
        self.ack = Some(Ack { by, at: stamp.at, comment });
        self.seq = stamp.seq;
    }

    /// The stage it is in.
    pub const fn state(&self) -> AlertState {
        if self.life.holds_since.is_none() && self.life.clear_since.is_none() {
            AlertState::Unknown
        } else if self.life.fired {
            AlertState::Firing
        } else {
            AlertState::Pending
        }
    }

    /// As it is told by what it knows of itself: not what its rule says, what keeps it quiet, nor
    /// how it flaps.
    pub(in crate::domain::alerts) fn bare(&self) -> AlertItem {
        let mut item = opened(&self.id, &self.key, &self.what, self.created_at);
        item.state = self.state();
        item.fired_at = self.fired_at;
        item.acknowledged = self.ack.is_some();
        if let Some(Ack { by, at, comment }) = &self.ack {
            item.acknowledged_by = Some(by.clone());
            item.acknowledged_at = Some(*at);
            item.acknowledged_comment.clone_from(comment);
        }
        item.covered_by.clone_from(&self.covered_by);
        item.seq = self.seq;
        item
    }

    /// As it is told.
    pub fn item(&self, state: &State, now: Timestamp) -> AlertItem {
        let flap = state.flaps.get(&self.key).copied().unwrap_or_default();
        let rule = state.rule(&self.key.rule);
        let mut item = self.bare();
        item.silenced_until = state.silenced_until(self);
        if let Some(rule) = rule {
            item.rule_name.clone_from(&rule.name);
            item.runbook.clone_from(&rule.runbook);
            item.owner.clone_from(&rule.owner);
        }
        item.flap_score = flap.told(now);
        item.flapping = flap.is_flapping(now);
        item
    }
}

/// What is told of an alert by what opened it alone.
pub fn opened(id: &Arc<str>, key: &Key, what: &What, at: Timestamp) -> AlertItem {
    let labels = what.labels.iter().filter(|(label, _)| !matches!(&***label, "subject" | "source"));
    let tags = what.tags.iter().cloned();
    AlertItem {
        id: id.clone(),
        title: what.title.clone(),
        message: what.message.clone(),
        severity: what.severity,
        source: what.source.clone(),
        state: AlertState::Pending,
        created_at: at,
        fired_at: None,
        resolved_at: None,
        acknowledged: false,
        acknowledged_by: None,
        acknowledged_at: None,
        acknowledged_comment: None,
        silenced_until: None,
        tags: tags.chain(labels.map(|(label, value)| format!("{label}={value}"))).collect(),
        rule: key.rule.clone(),
        rule_name: key.rule.to_string(),
        finding: (!key.finding.is_empty()).then(|| key.finding.clone()),
        subject: key.subject.clone(),
        labels: what.labels.clone(),
        value: what.value,
        threshold: what.threshold,
        unit: what.unit.clone(),
        resolve: what.resolve.clone(),
        link: what.link.clone(),
        runbook: None,
        owner: None,
        flap_score: 0.0,
        flapping: false,
        covered_by: None,
        seq: 0,
    }
}
