//! Which alerts of other systems are active.

use super::super::{Event, Notice};
use crate::domain::health::{Evidence, Finding, Severity};
use crate::domain::window::Recent;
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The rule of the findings that they are.
pub const RULE: &str = "alert.external";

/// An alert's id is unique within the source of the event that names it.
type Key = (Arc<str>, Arc<str>);

/// Alerts of other systems.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Externals {
    /// The active ones, by event source and id.
    #[serde(default)]
    pub active: OrdMap<Key, Arc<External>>,
    /// Those that were cleared lately.
    #[serde(default)]
    pub cleared: Recent<Key, 10_000>,
    /// Alerts left out because there are [`Externals::MAX`] active ones already.
    #[serde(default)]
    pub overflow: u64,
}

/// An active alert of another system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct External {
    /// When it was first raised.
    pub since: Timestamp,
    /// Time of the newest event about it.
    pub at: Timestamp,
    /// How bad.
    pub severity: Severity,
    /// What it is, in a few words.
    #[serde(default)]
    pub title: Option<String>,
    /// What it is, in a sentence.
    #[serde(default)]
    pub message: Option<String>,
    /// Which system or part raised it.
    #[serde(default)]
    pub source: Option<Arc<str>>,
    /// Words to filter by.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Externals {
    /// How many alerts can be active.
    pub const MAX: usize = 2_000;

    /// Takes in an event; returns whether it changed anything.
    pub fn fold(&mut self, stamp: &Stamp, event: &Event) -> bool {
        let (Event::Raised(notice) | Event::Cleared(notice)) = event else { return false };
        let key = (stamp.source.clone(), notice.alert.clone());
        if self.active.get(&key).is_some_and(|had| stamp.time < had.at) {
            return false;
        }
        match event {
            Event::Cleared(_) => {
                self.cleared.end(&key, stamp.time);
                self.active.remove(&key).is_some()
            }
            Event::Raised(_) if self.cleared.outlived(&key, stamp.time) => false,
            _ => self.raise(key, stamp.time, notice),
        }
    }

    fn raise(&mut self, key: Key, at: Timestamp, notice: &Notice) -> bool {
        if let Some(active) = self.active.get_mut(&key) {
            Arc::make_mut(active).say(at, notice);
        } else if self.active.len() < Self::MAX {
            let mut new = External {
                since: at,
                at,
                severity: Severity::Warning,
                title: None,
                message: None,
                source: None,
                tags: Vec::new(),
            };
            new.say(at, notice);
            self.active.insert(key, Arc::new(new));
        } else {
            self.overflow = self.overflow.saturating_add(1);
        }
        true
    }
}

impl External {
    fn say(&mut self, at: Timestamp, notice: &Notice) {
        self.at = at;
        self.severity = notice.severity.unwrap_or(self.severity);
        self.title = notice.title.clone().or_else(|| self.title.take());
        self.message = notice.message.clone().or_else(|| self.message.take());
        self.source = notice.source.clone().or_else(|| self.source.take());
        if let Some(tags) = &notice.tags {
            self.tags.clone_from(tags);
        }
    }
}

/// A finding for each active alert, worst first, then longest-standing.
pub fn findings(state: &Externals) -> Vec<Finding> {
    let mut found: Vec<_> = state.active.iter().map(|(key, alert)| finding(key, alert)).collect();
    found.sort_by_key(|f| (std::cmp::Reverse(f.severity), f.since));
    found
}

/// The finding that something about alerts is left out, if something is.
pub fn left_out(overflow: u64) -> Option<Finding> {
    (overflow > 0).then(|| Finding {
        rule: "alert.overflow".to_owned(),
        severity: Severity::Warning,
        subject: "alerts/all".to_owned(),
        message:
            "Alerts of other systems, sources or series of metrics that rules watch were left \
                  out: there are more than the board keeps."
                .to_owned(),
        since: Timestamp::default(),
        points: 5,
        evidence: Evidence {
            value: Some(overflow as f64),
            threshold: Some(0.0),
            unit: Some("count".to_owned()),
            sample: None,
            link: "/alerts".to_owned(),
        },
        source: None,
        resolve: "Fewer of them.".to_owned(),
    })
}

fn finding((source, id): &Key, alert: &External) -> Finding {
    let title = alert.title.as_deref().unwrap_or(id);
    let from = alert.source.as_ref().unwrap_or(source);
    Finding {
        rule: RULE.to_owned(),
        severity: alert.severity,
        subject: format!("alert/{source}/{id}"),
        message: format!("{from} raised an alert: {title}"),
        since: alert.since,
        points: match alert.severity {
            Severity::Critical => 20,
            Severity::Warning => 5,
            Severity::Info => 0,
        },
        evidence: Evidence {
            sample: alert.message.clone(),
            link: "/".to_owned(),
            ..Evidence::default()
        },
        resolve: format!("An `alert.cleared` of {id} from {source}."),
        source: Some(from.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(events: &[(i64, &str, &str)], expect: &[(Severity, &str)]) {
        let mut state = Externals::default();
        for (seq, (ms, kind, data)) in events.iter().enumerate() {
            let event = Event::decode(kind, data).unwrap().unwrap();
            let (at, seq, subject) = (Timestamp::from_ms(*ms), seq as u64, None);
            let (source, id) = ("test".into(), seq.to_string().into());
            state.fold(&Stamp { seq, at, time: at, source, id, subject }, &event);
        }
        let found = findings(&state);
        let seen: Vec<_> = found.iter().map(|f| (f.severity, f.message.as_str())).collect();
        assert_eq!(seen, expect);
    }

    const DISK: &str =
        r#"{"alert":"d","title":"disk full","severity":"critical","source":"nagios"}"#;
    const BARE: &str = r#"{"alert":"d"}"#;

    #[test]
    fn alerts_are_active_until_they_are_cleared() {
        let disk = (Severity::Critical, "nagios raised an alert: disk full");
        check(&[(1, "alert.raised", DISK)], &[disk]);
        check(&[(1, "alert.raised", DISK), (2, "alert.raised", BARE)], &[disk]);
        check(&[(1, "alert.raised", DISK), (2, "alert.cleared", BARE)], &[]);
        check(&[(1, "alert.raised", BARE)], &[(Severity::Warning, "test raised an alert: d")]);
    }

    #[test]
    fn an_older_word_changes_nothing() {
        let disk = (Severity::Critical, "nagios raised an alert: disk full");
        check(&[(2, "alert.cleared", BARE), (1, "alert.raised", DISK)], &[]);
        check(&[(2, "alert.raised", DISK), (1, "alert.cleared", BARE)], &[disk]);
        check(&[(2, "alert.cleared", BARE), (3, "alert.raised", DISK)], &[disk]);
    }
}
