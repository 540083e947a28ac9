//! Which alert is the cause of which: what is down covers what runs on it, so that people are told
//! of the cause alone.
//!
//! | cause | covers |
//! |---|---|
//! | a host that is quiet | what has its label `host`, and all that is sent by a source that tells of this host alone |
//! | a source that is quiet | that what it tells of is quiet |
//! | an agent that is offline | that its tasks are stuck |

use super::sight::{HOST_QUIET, silence};
use crate::domain::alerts::Covered;
use crate::domain::alerts::state::{Alert, State};
use std::collections::HashMap;
use std::sync::Arc;

/// Causes that fire, by what they cover.
#[derive(Debug, Default)]
struct Causes<'a> {
    hosts: HashMap<&'a str, &'a Arc<str>>,
    sources: HashMap<&'a str, &'a Arc<str>>,
    agents: HashMap<&'a str, &'a Arc<str>>,
}

/// What has another cause now than before.
pub fn changes(state: &State) -> Vec<Covered> {
    let mut causes = Causes::default();
    for alert in state.open.values().filter(|alert| alert.life.fired) {
        let (kind, name) = alert.key.subject.split_once('/').unwrap_or_default();
        let absent = alert.key.finding.is_empty() && alert.what.labels.contains_key(kind);
        match kind {
            "host" if absent || *alert.key.finding == *HOST_QUIET => {
                causes.hosts.insert(name, &alert.id);
            }
            "source" if absent => {
                causes.sources.insert(name, &alert.id);
            }
            "agent" if absent || *alert.key.finding == *"work.agent_offline" => {
                causes.agents.insert(name, &alert.id);
            }
            _ => {}
        }
    }
    let changed = state.open.values().filter_map(|alert| {
        let by = causes.of(state, alert).cloned();
        (by != alert.covered_by).then(|| Covered { alert: alert.id.clone(), by })
    });
    changed.collect()
}

impl<'a> Causes<'a> {
    fn of(&self, state: &State, alert: &Alert) -> Option<&'a Arc<str>> {
        if self.hosts.is_empty() && self.sources.is_empty() && self.agents.is_empty() {
            return None;
        }
        let label = |name: &str| alert.what.labels.get(name).map(|value| &**value);
        let (kind, _) = alert.key.subject.split_once('/').unwrap_or_default();
        let quiet = alert.key.finding.is_empty() || silence(&alert.key.finding).is_some();
        let source = &*alert.what.source;
        let alone = || state.sources.by_name.get(source)?.only_host().map(|host| &**host);
        let host = match kind {
            // A host that is down is nobody's consequence here; what else is found about it is its
            // own.
            "host" if quiet => None,
            _ => label("host").or_else(alone),
        };
        let host = host.and_then(|host| self.hosts.get(host));
        let source = || {
            let of_source = quiet && kind != "source";
            self.sources.get(source).filter(|_| of_source)
        };
        let agent = || {
            let stuck = *alert.key.finding == *"work.task_stuck";
            label("agent").filter(|_| stuck).and_then(|agent| self.agents.get(agent))
        };
        let cause = host.copied().or_else(|| source().copied()).or_else(|| agent().copied());
        cause.filter(|cause| **cause != alert.id)
    }
}
