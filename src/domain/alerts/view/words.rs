//! Alerts in words: how they stand, and the addresses of what is about them.

use crate::domain::alerts::{AlertItem, AlertState};
use crate::ui::format;
use crate::ui::shell::{ALERTS, page_tabs};
use crate::ui::widgets::{Icon, IconName};
use crate::wire::{Timestamp, encoded};
use leptos::prelude::*;

/// Links to the pages about alerts.
pub fn tabs() -> AnyView {
    page_tabs("Alerts", &ALERTS)
}

/// The page of an alert.
pub fn href(id: &str) -> String {
    format!("/alerts/{}", encoded(id))
}

/// The page of a rule.
pub fn rule_href(id: &str) -> String {
    format!("/alerts/rules/{}", encoded(id))
}

/// A time of today by its clock, any other with its day.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    const DAY_MS: i64 = 86_400_000;
    match at.floor(DAY_MS) == now.floor(DAY_MS) {
        true => format::minute(at),
        false => format::day_clock(at),
    }
}

/// What is to be said of how an alert stands, besides how bad it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    icon: IconName,
    class: &'static str,
    text: String,
    title: String,
}

impl Note {
    fn new(icon: IconName, class: &'static str, text: impl Into<String>, title: String) -> Self {
        Self { icon, class, text: text.into(), title }
    }

    /// As people see it.
    pub fn view(self) -> AnyView {
        let Self { icon, class, text, title } = self;
        view! { <span class=format!("st {class}") title=title><Icon name=icon />{text}</span> }
            .into_any()
    }
}

/// The stage an alert is in, if that is not simply that it fires.
pub fn stage(item: &AlertItem) -> Option<Note> {
    match item.state {
        AlertState::Firing => None,
        AlertState::Pending => {
            let title = "Its condition holds, and not yet for long enough.";
            Some(Note::new(IconName::Waiting, "unk", "pending", title.to_owned()))
        }
        AlertState::Unknown => {
            let title = "What it is about has gone quiet: nobody knows whether it still holds.";
            Some(Note::new(IconName::Unknown, "unk", "unknown", title.to_owned()))
        }
        AlertState::Resolved => {
            let title = item.resolved_at.map(format::iso).unwrap_or_default();
            Some(Note::new(IconName::Ok, "ok", "resolved", title))
        }
    }
}

/// What is to be said of how an alert stands.
pub fn notes(item: &AlertItem, now: Timestamp) -> Vec<Note> {
    let mut notes: Vec<Note> = stage(item).into_iter().collect();
    if item.acknowledged {
        let by = item.acknowledged_by.as_deref().unwrap_or("somebody");
        let at = item.acknowledged_at.map(format::iso).unwrap_or_default();
        let said = item.acknowledged_comment.as_deref().unwrap_or_default();
        let title = format!("{at} {said}").trim().to_owned();
        notes.push(Note::new(IconName::Projects, "acc", format!("acknowledged by {by}"), title));
    }
    if let Some(until) = item.silenced_until {
        let text = format!("silenced until {}", moment(until, now));
        notes.push(Note::new(IconName::Quiet, "unk", text, format::iso(until)));
    }
    if item.flapping {
        let text = format!("flapping, {}", format::trimmed(item.flap_score, 1));
        let title = "It comes and goes: so often it has fired or been resolved lately.";
        notes.push(Note::new(IconName::Retry, "warn", text, title.to_owned()));
    }
    notes
}

/// What an alert's groups are called: the rule, or what the finding's rule is.
pub fn group_name(item: &AlertItem) -> String {
    match &item.finding {
        Some(finding) => finding.replace(['.', '_'], " "),
        None => item.rule_name.clone(),
    }
}

/// What an alert is about, without its kind.
pub fn subject_name(subject: &str) -> &str {
    subject.split_once('/').map_or(subject, |(_, name)| name)
}
