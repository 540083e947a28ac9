//! Which alerts of the past are meant: the same to those that are not over, and to the tables.

use super::super::{AlertItem, AlertState};
use crate::domain::health::Severity;
use crate::wire::Timestamp;
use rusqlite::types::Value;
use std::sync::Arc;

/// Which alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertFilter {
    /// Not over before then.
    pub from: Option<Timestamp>,
    /// Begun before then.
    pub to: Option<Timestamp>,
    /// How bad; any if none is named.
    pub severity: Vec<Severity>,
    /// The stage they are in; any if none is named.
    pub state: Vec<AlertState>,
    /// Whether somebody has seen them.
    pub acknowledged: Option<bool>,
    /// Who sent what they are about.
    pub source: Option<Arc<str>>,
    /// The alert rule, or the rule of the finding they are built on.
    pub rule: Option<Arc<str>>,
    /// What they are about.
    pub subject: Option<Arc<str>>,
    /// Words in title, message and subject, whatever their case.
    pub q: Option<String>,
}

/// Where a list goes on: after the alert that began then, and has this id.
pub type Place = (Timestamp, Arc<str>);

impl AlertFilter {
    /// Whether an alert is meant.
    pub fn matches(&self, item: &AlertItem) -> bool {
        let over = |from| item.resolved_at.is_some_and(|at| at < from);
        let holds = |words: &str| {
            let words = words.to_ascii_lowercase();
            let texts = [item.title.as_str(), item.message.as_str(), &item.subject];
            texts.iter().any(|text| text.to_ascii_lowercase().contains(&words))
        };
        let named = |rule: &Arc<str>| item.rule == *rule || item.finding.as_ref() == Some(rule);
        !self.from.is_some_and(over)
            && self.to.is_none_or(|to| item.created_at < to)
            && (self.severity.is_empty() || self.severity.contains(&item.severity))
            && (self.state.is_empty() || self.state.contains(&item.state))
            && self.acknowledged.is_none_or(|seen| item.acknowledged == seen)
            && self.source.as_ref().is_none_or(|source| item.source == *source)
            && self.rule.as_ref().is_none_or(named)
            && self.subject.as_ref().is_none_or(|subject| item.subject == *subject)
            && self.q.as_deref().is_none_or(holds)
    }

    /// The same as SQL, and what to fill in.
    pub(super) fn conditions(&self) -> (Vec<String>, Vec<Value>) {
        let mut wanted: Vec<String> = Vec::new();
        let mut given = Vec::new();
        let text = |text: &str| Value::Text(text.to_owned());
        if let Some(from) = self.from {
            wanted.push("(ended IS NULL OR ended >= ?)".to_owned());
            given.push(Value::Integer(from.ms()));
        }
        if let Some(to) = self.to {
            wanted.push("created < ?".to_owned());
            given.push(Value::Integer(to.ms()));
        }
        let words = [
            ("severity", self.severity.iter().map(|it| *it as i64).collect::<Vec<_>>()),
            ("state", self.state.iter().map(|it| *it as i64).collect()),
            ("acknowledged", self.acknowledged.map(i64::from).into_iter().collect()),
        ];
        for (column, numbers) in words.into_iter().filter(|(_, numbers)| !numbers.is_empty()) {
            let marks = vec!["?"; numbers.len()].join(", ");
            wanted.push(format!("{column} IN ({marks})"));
            given.extend(numbers.into_iter().map(Value::Integer));
        }
        for (column, name) in [("source", &self.source), ("subject", &self.subject)] {
            if let Some(name) = name {
                wanted.push(format!("{column} = ?"));
                given.push(text(name));
            }
        }
        if let Some(rule) = &self.rule {
            wanted.push("(rule = ? OR finding = ?)".to_owned());
            given.extend([text(rule), text(rule)]);
        }
        if let Some(words) = &self.q {
            let likes =
                ["title", "message", "subject"].map(|it| format!(r"{it} LIKE ? ESCAPE '\'"));
            wanted.push(format!("({})", likes.join(" OR ")));
            let pattern = holding(words);
            given.extend([text(&pattern), text(&pattern), text(&pattern)]);
        }
        (wanted, given)
    }
}

/// The pattern of every text that holds `words`.
fn holding(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in words.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
