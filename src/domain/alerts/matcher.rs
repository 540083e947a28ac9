//! Matchers: which alerts a silence, a maintenance window or a channel is about.

use super::rule::Labels;
use crate::domain::health::Severity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Label by label what an alert must have; an empty one takes every alert.
///
/// Every alert has the labels `alertname` (its rule's name), `rule` (its rule's id), `severity`,
/// `subject`, `source`, and those of its rule and its series. `min_severity` is no label, but the
/// least severity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Matcher(pub BTreeMap<Arc<str>, Wanted>);

/// What a label must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Wanted {
    /// This; `*` stands for any text.
    One(Arc<str>),
    /// One of these.
    Any(Vec<Arc<str>>),
}

/// The member of a [`Matcher`] that is the least severity.
pub const MIN_SEVERITY: &str = "min_severity";

impl Matcher {
    /// Whether an alert of these labels is meant.
    pub fn matches(&self, severity: Severity, labels: &Labels) -> bool {
        self.0.iter().all(|(label, wanted)| {
            if **label == *MIN_SEVERITY {
                return wanted
                    .list()
                    .iter()
                    .any(|least| Severity::named(least).is_some_and(|least| severity >= least));
            }
            let value = if **label == *"severity" {
                severity.name()
            } else {
                labels.get(label).map_or("", |value| &**value)
            };
            wanted.list().iter().any(|wanted| glob(wanted, value))
        })
    }

    /// Whether it says how bad alerts must be.
    pub fn is_of_severity(&self) -> bool {
        self.0.keys().any(|label| matches!(&**label, MIN_SEVERITY | "severity"))
    }

    /// Whether it takes every alert.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Wanted {
    /// What it may be.
    pub fn list(&self) -> &[Arc<str>] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Any(any) => any,
        }
    }
}

/// Whether `text` is what `pattern` says, in which `*` stands for any text. Takes time in
/// proportion to the product of their lengths at worst.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            match rest.find(before) {
                Some(at) => rest = rest.get(at + before.len()..).unwrap_or_default(),
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(last) => rest.ends_with(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expect: bool) {
        assert_eq!(glob(pattern, text), expect, "{pattern} {text}");
    }

    #[test]
    fn a_star_stands_for_any_text() {
        check("a", "a", true);
        check("a", "ab", false);
        check("*", "", true);
        check("a*", "abc", true);
        check("*c", "abc", true);
        check("a*c", "abc", true);
        check("a*b*c", "axxbyyc", true);
        check("a*b*c", "acb", false);
        check("a*a", "a", false);
        check("ab*ba", "aba", false);
        check("**", "x", true);
    }

    #[test]
    fn every_label_must_match() {
        let labels: Labels = [("team".into(), "pay".into())].into();
        let check = |json: &str, severity, expect| {
            let matcher: Matcher = serde_json::from_str(json).unwrap();
            assert_eq!(matcher.matches(severity, &labels), expect, "{json}");
        };
        check("{}", Severity::Info, true);
        check(r#"{"team":"pay"}"#, Severity::Info, true);
        check(r#"{"team":"p*"}"#, Severity::Info, true);
        check(r#"{"team":["x","pay"]}"#, Severity::Info, true);
        check(r#"{"other":"x"}"#, Severity::Info, false);
        check(r#"{"severity":"critical"}"#, Severity::Warning, false);
        check(r#"{"min_severity":"warning"}"#, Severity::Critical, true);
        check(r#"{"min_severity":"warning"}"#, Severity::Info, false);
    }
}
