//! Rows of alerts, and what alerts say of the whole.

use super::{Board, Refreshed, Subject};
use crate::domain::alerts::{AlertItem, AlertNumbers, AlertState};
use crate::domain::health::{Evidence, Finding, Severity};
use crate::domain::state::State;
use std::sync::Arc;

/// What the rule of the finding begins with that an alert itself is. Alerts that are built on a
/// finding make none.
pub const FIRING: &str = "alert.firing.";

/// An alert that is new, different or over.
#[derive(Debug, Clone)]
pub struct AlertChange {
    /// Its id.
    pub id: Arc<str>,
    /// The alert before; none if it is new.
    pub before: Option<Arc<AlertItem>>,
    /// The alert now; none if it is over.
    pub item: Option<Arc<AlertItem>>,
}

impl Board {
    pub(super) fn refresh_alert(
        &mut self,
        state: &State,
        id: &Arc<str>,
        subject: &Subject,
        out: &mut Refreshed,
    ) {
        let before = self.alerts.get(id).cloned();
        let alert = state.alerts.open.get(id);
        let item = alert.map(|alert| alert.item(&state.alerts, state.now));
        let flap = alert.and_then(|alert| state.alerts.flaps.get(&alert.key));
        self.set_deadline(subject, flap.and_then(|flap| flap.next_change(state.now)));
        if before.as_deref() == item.as_ref() {
            return;
        }
        if let Some(before) = &before {
            count(&mut self.alert_numbers, before, |n| n - 1);
        }
        let findings = item.as_ref().and_then(finding).into_iter().collect();
        self.set_findings(subject, findings);
        let item = item.map(Arc::new);
        match &item {
            Some(item) => {
                count(&mut self.alert_numbers, item, |n| n + 1);
                self.alerts.insert(id.clone(), item.clone());
            }
            None => {
                self.alerts.remove(id);
            }
        }
        out.alerts.push(AlertChange { id: id.clone(), before, item });
    }
}

fn count(numbers: &mut AlertNumbers, item: &AlertItem, by: impl Fn(u64) -> u64) {
    let mut add = |to: fn(&mut AlertNumbers) -> &mut u64, when: bool| {
        if when {
            let number = to(numbers);
            *number = by(*number);
        }
    };
    let active = item.fired_at.is_some() && item.state != AlertState::Resolved;
    add(|n| &mut n.active, active);
    add(|n| &mut n.pending, !active);
    add(|n| &mut n.acknowledged, active && item.acknowledged);
    add(|n| &mut n.critical, active && item.severity == Severity::Critical);
    add(|n| &mut n.warning, active && item.severity == Severity::Warning);
    add(|n| &mut n.loud, item.is_loud());
    add(|n| &mut n.loud_critical, item.is_loud() && item.severity == Severity::Critical);
}

/// An alert that is not built on a finding is one itself: a verdict that leaves it out would lie.
fn finding(item: &AlertItem) -> Option<Finding> {
    (item.finding.is_none() && item.fired_at.is_some()).then(|| Finding {
        rule: format!("{FIRING}{}", item.rule),
        severity: item.severity,
        subject: item.subject.to_string(),
        message: item.message.clone(),
        since: item.fired_at.unwrap_or(item.created_at),
        points: match item.severity {
            Severity::Critical => 20,
            Severity::Warning => 5,
            Severity::Info => 0,
        },
        evidence: Evidence {
            value: item.value,
            threshold: item.threshold,
            unit: item.unit.clone(),
            sample: Some(item.rule_name.clone()),
            link: format!("/alerts/{}", item.id),
        },
        source: Some(item.source.to_string()),
        resolve: item.resolve.clone(),
    })
}
