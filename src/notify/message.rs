//! What is told, before it has the form of a channel.

use crate::domain::alerts::{AlertItem, AlertState, Channel, Told, Why};
use crate::domain::health::Severity;
use crate::wire::{Timestamp, encoded};
use std::sync::Arc;

/// Alerts for a channel.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Id of the notification, the same at every attempt.
    pub id: &'a str,
    /// Whom it is for.
    pub channel: &'a Channel,
    /// What the alerts have in common.
    pub group: &'a str,
    /// The alerts, as they were when it was to be told.
    pub alerts: &'a [Told],
    /// When it was to be told first.
    pub at: Timestamp,
    /// Where people find the board (`https://board.example`), if it is known.
    pub board: Option<&'a str>,
}

impl Message<'_> {
    /// Why it is told: for the most pressing reason of its alerts.
    pub fn why(&self) -> Why {
        let any = |why: Why| self.alerts.iter().any(|told| told.why == why);
        [Why::Fired, Why::Worsened, Why::Test]
            .into_iter()
            .find(|why| any(*why))
            .unwrap_or(Why::Resolved)
    }

    /// The worst severity of what fires, or of what is over if nothing does.
    pub fn severity(&self) -> Severity {
        let worst = |over: bool| {
            let which = self.alerts.iter().filter(move |told| is_over(told) == over);
            which.map(|told| told.alert.severity).max()
        };
        worst(false).or_else(|| worst(true)).unwrap_or(Severity::Info)
    }

    /// All of it in one line, which may be long.
    pub fn headline(&self) -> String {
        let Some(first) = self.alerts.first() else { return "Nothing".to_owned() };
        let said = headline(first);
        let others = self.alerts.len() - 1;
        if others == 0 { said } else { format!("{said} (and {others} more)") }
    }

    /// The page of an alert, if it is known where the board is.
    pub fn page(&self, told: &Told) -> Option<String> {
        if told.why == Why::Test {
            return self.absolute("/alerts/channels");
        }
        self.absolute(&format!("/alerts/{}", encoded(&told.alert.id)))
    }

    /// A page of the board, if it is known where that is; other addresses as they are.
    pub fn absolute(&self, link: &str) -> Option<String> {
        if link.starts_with("https://") || link.starts_with("http://") {
            return Some(link.to_owned());
        }
        let board = self.board?;
        link.starts_with('/').then(|| format!("{board}{link}"))
    }

    /// How many alerts are left out if `shown` are shown, in words; nothing if none is.
    pub fn left_out(&self, shown: usize) -> Option<String> {
        let more = self.alerts.len().saturating_sub(shown);
        (more > 0).then(|| format!("and {more} more"))
    }
}

/// Whether what is told is that it is over.
pub fn is_over(told: &Told) -> bool {
    told.why == Why::Resolved
}

/// An alert in one line: `[FIRING] critical: title`.
pub fn headline(told: &Told) -> String {
    let word = match told.why {
        Why::Fired => "FIRING",
        Why::Worsened => "WORSE",
        Why::Resolved => "RESOLVED",
        Why::Test => "TEST",
    };
    format!("[{word}] {}: {}", told.alert.severity.name(), one_line(&told.alert.title))
}

/// What else there is to say about an alert, as names and values that are not empty.
pub fn facts(told: &Told) -> Vec<(&'static str, String)> {
    let alert = &told.alert;
    let unit = alert.unit.as_deref().unwrap_or_default();
    let measured = |value: f64| format!("{value} {unit}").trim_end().to_owned();
    let mut facts = vec![
        ("Subject", alert.subject.to_string()),
        ("Rule", alert.rule_name.clone()),
        ("Value", alert.value.map(measured).unwrap_or_default()),
        ("Threshold", alert.threshold.map(measured).unwrap_or_default()),
        ("Source", alert.source.to_string()),
        ("Owner", alert.owner.clone().unwrap_or_default()),
        ("Since", alert.fired_at.unwrap_or(alert.created_at).to_string()),
        ("Until", alert.resolved_at.map(|at| at.to_string()).unwrap_or_default()),
    ];
    if told.covers > 0 {
        let plural = if told.covers == 1 { "" } else { "s" };
        let covered = format!("{} other alert{plural} it is the cause of", told.covers);
        facts.push(("Covers", covered));
    }
    if !is_over(told) {
        facts.push(("To resolve", one_line(&alert.resolve)));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// Text without anything that would begin another line.
pub fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character is not to be shown, or begins another line somewhere.
fn breaks(c: char) -> bool {
    // What turns the direction of text around could make it read as something else.
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// At most `max` bytes of a text, with a sign that there was more.
pub fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max.saturating_sub('…'.len_utf8()));
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// The alert of a test message.
pub fn trial(channel: &Channel, now: Timestamp) -> Told {
    let subject: Arc<str> = format!("channel/{}", channel.id).into();
    let labels = [
        ("alertname", "Test message"),
        ("rule", "test"),
        ("severity", "info"),
        ("subject", &*subject),
        ("source", "bellwether"),
    ];
    let alert = AlertItem {
        id: "test".into(),
        title: "Test message".to_owned(),
        message: format!("The channel {} works if you can read this.", channel.name),
        severity: Severity::Info,
        source: "bellwether".into(),
        state: AlertState::Firing,
        created_at: now,
        fired_at: Some(now),
        resolved_at: None,
        acknowledged: false,
        acknowledged_by: None,
        acknowledged_at: None,
        acknowledged_comment: None,
        silenced_until: None,
        tags: Vec::new(),
        rule: "test".into(),
        rule_name: "Test message".to_owned(),
        finding: None,
        labels: labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        subject,
        value: None,
        threshold: None,
        unit: None,
        resolve: "Nothing is to be done".to_owned(),
        link: "/alerts/channels".to_owned(),
        runbook: None,
        owner: None,
        flap_score: 0.0,
        flapping: false,
        covered_by: None,
        seq: 0,
    };
    Told { why: Why::Test, alert, covers: 0 }
}
