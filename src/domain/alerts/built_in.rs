//! The rules that are there from the start.

use super::rule::{AlertRule, On, OnAbsent, OnFinding, Thing};
use crate::domain::health::Severity;
use std::sync::Arc;

/// Every finding of severity warning or worse that no other rule is about, and of those that are
/// alerts of other systems every one.
pub const FINDINGS: &str = "findings";
/// Every source that goes quiet.
pub const DEAD_MAN: &str = "dead-man";
/// Ids of the rules that are there from the start.
pub const IDS: [&str; 2] = [FINDINGS, DEAD_MAN];

/// The rule of this id as it is from the start.
pub fn rule(id: &str) -> Option<Arc<AlertRule>> {
    let (name, on) = match id {
        FINDINGS => (
            "Findings",
            On::Finding(OnFinding { rule: "*".into(), severity: Some(Severity::Warning) }),
        ),
        DEAD_MAN => (
            "Quiet sources",
            On::Absent(OnAbsent { of: Thing::Source, name: "*".into(), after_s: None }),
        ),
        _ => return None,
    };
    Some(Arc::new(AlertRule::plain(id, name, on)))
}
