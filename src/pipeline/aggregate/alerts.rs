//! What is shown of alerts; each topic only while somebody follows it.

use super::super::board::Refreshed;
use super::super::channels;
use super::super::hub::Change;
use super::{Aggregate, push};
use crate::domain::Topic;
use crate::domain::alerts::{AlertItem, AlertState, AlertsDelta};
use crate::wire::Timestamp;

impl Aggregate {
    pub(super) fn show_alerts(
        &self,
        refreshed: &Refreshed,
        asked: &[Topic],
        changes: &mut Vec<Change>,
    ) {
        if refreshed.alerts.is_empty() && !refreshed.silences {
            return;
        }
        if asked.contains(&Topic::Alerts) {
            let changed = refreshed.alerts.iter();
            let over = refreshed.alerts.iter().filter(|change| change.item.is_none());
            let delta = AlertsDelta {
                numbers: self.board.alert_numbers,
                upsert: changed.filter_map(|change| change.item.as_deref().cloned()).collect(),
                remove: over.map(|change| change.id.clone()).collect(),
                silences: refreshed.silences.then(|| self.state.alerts.silence_items()),
            };
            push(changes, Topic::Alerts, &delta);
        }
        if asked.contains(&Topic::AlertsSocket) {
            let timestamp = self.state.now;
            let told = refreshed.alerts.iter().filter_map(|change| {
                let data = told(change.item.as_deref(), change.before.as_deref(), timestamp)?;
                channels::message("alert", timestamp, &data)
            });
            let frame = channels::frame(told);
            changes.extend(frame.map(|data| Change { topic: Topic::AlertsSocket, data }));
        }
    }
}

/// The alert as it is now, or as it was when it was over; one that never fired is not told of.
fn told(now: Option<&AlertItem>, before: Option<&AlertItem>, at: Timestamp) -> Option<AlertItem> {
    if let Some(item) = now {
        return Some(item.clone()).filter(|item| item.fired_at.is_some());
    }
    let over = before?.clone();
    over.fired_at?;
    Some(AlertItem { state: AlertState::Resolved, resolved_at: Some(at), ..over })
}
