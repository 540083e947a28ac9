//! Where each part of the board last changed, so that what was made of it need not be made again.

use super::board::Refreshed;
use crate::domain::{Event, system};
use crate::wire::Seq;

/// A part of what is shown and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Validation runs, response times and what follows from them.
    Projects,
    /// Agents, tasks, queues, jobs and commands.
    Work,
    /// Trades, prices and cash.
    Trading,
    /// Metrics and pinned charts.
    Metrics,
    /// Alerts, rules, silences, channels and notifications.
    Alerts,
    /// Hosts.
    System,
    /// Settings.
    Settings,
    /// Users, roles, tokens and the audit log.
    Access,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 8] = [
        Self::Projects,
        Self::Work,
        Self::Trading,
        Self::Metrics,
        Self::Alerts,
        Self::System,
        Self::Settings,
        Self::Access,
    ];

    /// What an event is about; nothing for one that only tells the time.
    pub(super) const fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Projects(_) => Self::Projects,
            Event::Work(_) => Self::Work,
            Event::Trading(_) => Self::Trading,
            Event::Metrics(_) => Self::Metrics,
            Event::Alerts(_) => Self::Alerts,
            Event::System(system::Event::Ticked(_)) => return None,
            Event::System(_) => Self::System,
            Event::Settings(_) => Self::Settings,
            Event::Access(_) => Self::Access,
        })
    }
}

/// Position of the last change of every part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed([Seq; Part::ALL.len()]);

impl Changed {
    /// Everything, at `seq`.
    pub const fn all(seq: Seq) -> Self {
        Self([seq; Part::ALL.len()])
    }

    fn note(&mut self, part: Part, seq: Seq) {
        if let Some(at) = self.0.get_mut(part as usize) {
            *at = seq;
        }
    }

    /// Notes an event, whether or not the state shows a trace of it: history does.
    pub fn event(&mut self, event: &Event, seq: Seq) {
        if let Some(part) = Part::of(event) {
            self.note(part, seq);
        }
    }

    /// Notes what is shown otherwise than before, be it by time alone.
    pub fn refreshed(&mut self, refreshed: &Refreshed, seq: Seq) {
        let Refreshed { projects, gone, pages, hosts, work, agents, alerts, silences, .. } =
            refreshed;
        let parts = [
            (Part::Projects, !(projects.is_empty() && gone.is_empty() && pages.is_empty())),
            (Part::System, !hosts.is_empty()),
            (Part::Work, *work || !agents.is_empty()),
            (Part::Alerts, *silences || !alerts.is_empty()),
            (Part::Trading, refreshed.trading.any),
        ];
        for (part, _) in parts.into_iter().filter(|(_, changed)| *changed) {
            self.note(part, seq);
        }
    }

    /// Where the last of these parts changed last.
    pub fn last(&self, parts: &[Part]) -> Seq {
        let of = |part: &Part| self.0.get(*part as usize).copied();
        parts.iter().filter_map(of).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_event_is_about_changes() {
        let mut changed = Changed::all(5);
        let event = |kind, data| Event::decode(kind, data).unwrap().unwrap();
        changed.event(&event("cash.moved", r#"{"amount":1}"#), 7);
        changed.event(&event("task.queued", r#"{"task":"t"}"#), 8);
        assert_eq!(changed.last(&[Part::Trading]), 7);
        assert_eq!(changed.last(&[Part::Work]), 8);
        assert_eq!(changed.last(&[Part::Trading, Part::Work]), 8);
        assert_eq!(changed.last(&[Part::Projects, Part::System]), 5);
    }

    #[test]
    fn every_part_has_a_place_of_its_own() {
        for (i, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, i, "{part:?}");
        }
    }
}
