//! When things were last heard of, and how long each may be quiet.

use super::Scene;
use crate::domain::alerts::glob;
use crate::domain::alerts::rule::{OnAbsent, Thing};
use crate::domain::projects::ProjectId;
use crate::domain::window::{DAY, MINUTE};
use crate::wire::Timestamp;
use std::sync::Arc;

/// When something was last heard of.
pub struct Heard {
    /// The moment.
    pub at: Timestamp,
    /// How long it may be quiet, in milliseconds.
    pub allowed: i64,
    /// Who sends it.
    pub source: Option<Arc<str>>,
}

impl Heard {
    /// Quiet after which something is missed whose rhythm is not known, in milliseconds.
    pub const UNKNOWN: i64 = DAY;
    /// Shortest quiet that is missed, however often something comes, in milliseconds.
    const FLOOR: i64 = 10 * MINUTE;
}

impl Scene<'_> {
    /// When something will have been missed, by what is known of it now; none for what has a name
    /// in common with others, since all of them would have to be looked at.
    pub(super) fn missed_at(&self, on: &OnAbsent, name: &str) -> Option<Timestamp> {
        let heard = self.heard(on.of, name).filter(|_| on.of != Thing::Metric)?;
        let allowed = on.after_s.map_or(heard.allowed, |s| (s * 1_000.0) as i64);
        Some(heard.at.plus(allowed).plus(1))
    }

    /// When something was last heard of.
    pub(super) fn heard(&self, of: Thing, name: &str) -> Option<Heard> {
        let usual = |usual: Option<i64>| {
            usual.map_or(Heard::UNKNOWN, |ms| ms.saturating_mul(3).max(Heard::FLOOR))
        };
        match of {
            Thing::Source => self.state.alerts.sources.by_name.get(name).map(|source| Heard {
                at: source.heard_at,
                allowed: source.patience_ms(),
                source: Some(name.into()),
            }),
            Thing::Agent => self.state.work.agents.get(name).map(|agent| Heard {
                at: agent.heard_at,
                allowed: agent.patience_ms(&self.state.settings.work),
                source: Some(agent.source.clone()),
            }),
            Thing::Host => self.state.system.hosts.get(name).map(|host| Heard {
                at: host.last_seen_at,
                allowed: host.deadline().since(host.last_seen_at),
                source: Some(host.source.clone()),
            }),
            Thing::Project => {
                let id = ProjectId::try_from(name.to_owned()).ok()?;
                self.state.projects.get(&id).map(|project| Heard {
                    at: project.updated_at,
                    allowed: usual(project.rhythm.usual()),
                    source: Some(project.source.clone()),
                })
            }
            Thing::Metric => {
                let series = self.state.metrics.of_name(name);
                series.max_by_key(|series| series.heard_at).map(|series| Heard {
                    at: series.heard_at,
                    allowed: Heard::UNKNOWN,
                    source: Some(series.source.clone()),
                })
            }
        }
    }

    /// What of a kind is known that a pattern takes; what it names, even if it is not known.
    pub(super) fn names(&self, of: Thing, pattern: &str) -> Box<dyn Iterator<Item = String> + '_> {
        if !pattern.contains('*') {
            return Box::new(std::iter::once(pattern.to_owned()));
        }
        let state = self.state;
        let all: Box<dyn Iterator<Item = &str>> = match of {
            Thing::Source => Box::new(state.alerts.sources.by_name.keys().map(|name| &**name)),
            Thing::Agent => Box::new(state.work.agents.keys().map(|name| &**name)),
            Thing::Host => Box::new(state.system.hosts.keys().map(|name| &**name)),
            Thing::Project => Box::new(state.projects.by_id.keys().map(ProjectId::as_str)),
            Thing::Metric => Box::new(state.metrics.names()),
        };
        let pattern = pattern.to_owned();
        Box::new(all.filter(move |name| glob(&pattern, name)).map(str::to_owned))
    }
}
