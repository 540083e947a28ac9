//! What `/ws/dashboard` is told of a flush.

use super::board::{AgentChange, AlertChange, Refreshed};
use crate::domain::alerts::AlertItem;
use crate::domain::work::dashboard::DashboardAlert;
use crate::domain::work::{AgentState, Event as WorkEvent, state::subject};
use crate::domain::{Envelope, Event};
use crate::wire::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// Events of tasks that are told of one flush; of more, the newest.
const MAX_TASK_EVENTS: usize = 2_000;

/// The message about everything that has happened, if anything has. `cut` says that `held` is not
/// all of it.
pub fn frame(
    held: &[Envelope],
    cut: bool,
    refreshed: &Refreshed,
    now: Timestamp,
) -> Option<String> {
    let events = batch(held, cut, refreshed, now);
    (!events.is_empty()).then(|| json!({"type": "events", "data": events}).to_string())
}

/// Everything that has happened, oldest first, as of `now`.
fn batch(held: &[Envelope], cut: bool, refreshed: &Refreshed, now: Timestamp) -> Vec<Value> {
    let mut tasks: Vec<Value> =
        held.iter().rev().filter_map(task_event).take(MAX_TASK_EVENTS + 1).collect();
    let skipped = cut || tasks.len() > MAX_TASK_EVENTS;
    tasks.truncate(MAX_TASK_EVENTS);
    tasks.reverse();
    if skipped {
        // A client that follows tasks by their events must know that it has not seen all of them.
        tasks.insert(0, json!({"type": "events_skipped", "timestamp": now.ms()}));
    }
    let agents = refreshed.agents.iter().filter_map(|change| agent_event(change, now));
    let alerts = refreshed.alerts.iter().filter_map(|change| alert_event(change, now));
    tasks.into_iter().chain(agents).chain(alerts).collect()
}

fn task_event(envelope: &Envelope) -> Option<Value> {
    let Event::Work(event) = &envelope.event else { return None };
    let task = subject(event)?;
    let kind = event.kind();
    Some(json!({
        "type": "task_event",
        "task_id": task,
        "event": kind.strip_prefix("task.").unwrap_or(kind),
        "agent_id": agent_of(event),
        "timestamp": envelope.stamp.time.ms(),
    }))
}

fn agent_of(event: &WorkEvent) -> Option<&Arc<str>> {
    match event {
        WorkEvent::Assigned(e) | WorkEvent::Started(e) | WorkEvent::Progressed(e) => {
            e.agent.as_ref()
        }
        WorkEvent::Completed(e) => e.agent.as_ref(),
        WorkEvent::Failed(e) => e.agent.as_ref(),
        _ => None,
    }
}

fn agent_event(change: &AgentChange, now: Timestamp) -> Option<Value> {
    let state = change.item.as_ref().map(|item| item.fsm_state);
    if change.before == state {
        return None;
    }
    let there = |state: Option<AgentState>| state.is_some_and(|s| s != AgentState::Offline);
    let kind = match (there(change.before), there(state)) {
        (false, true) => "agent_joined",
        (true, false) => "agent_left",
        (true, true) => "status_changed",
        // One that was gone is forgotten, or one is first heard of when it goes.
        (false, false) => return None,
    };
    let item = change.item.as_ref();
    Some(json!({
        "type": kind,
        "agent_id": change.id,
        "name": item.map(|item| &item.name),
        "old_status": change.before,
        "new_status": state,
        "fsm_state": state,
        "current_task_id": item.and_then(|item| item.current_task_id.as_ref()),
        "capabilities": item.map(|item| &item.capabilities),
        "timestamp": item.map_or(now, |item| item.last_state_change).ms(),
    }))
}

/// Alerts that are built on rules about work and fire, in their order.
pub fn alerts<'a>(items: impl Iterator<Item = &'a AlertItem>) -> Vec<DashboardAlert> {
    items.filter_map(of_work).collect()
}

fn of_work(item: &AlertItem) -> Option<DashboardAlert> {
    let rule_id = item.finding.clone().filter(|rule| rule.starts_with("work."))?;
    Some(DashboardAlert {
        id: item.id.clone(),
        rule_id,
        subject: item.subject.clone(),
        severity: item.severity,
        message: item.message.clone(),
        fired_at: item.fired_at?.ms(),
        acknowledged: item.acknowledged,
    })
}

/// What is told of an alert that has fired, is over, or that somebody has seen.
fn alert_event(change: &AlertChange, now: Timestamp) -> Option<Value> {
    let before = change.before.as_deref().and_then(of_work);
    let after = change.item.as_deref().and_then(of_work);
    let seen = |alert: &Option<DashboardAlert>| alert.as_ref().is_some_and(|it| it.acknowledged);
    let kind = match (&before, &after) {
        (None, Some(_)) => "alert_fired",
        (Some(_), None) => "alert_cleared",
        (Some(_), Some(_)) if !seen(&before) && seen(&after) => "alert_acknowledged",
        _ => return None,
    };
    let by = change.item.as_ref().and_then(|item| item.acknowledged_by.clone());
    let alert = after.or(before)?;
    Some(json!({
        "type": kind,
        "id": alert.id,
        "rule_id": alert.rule_id,
        "subject": alert.subject,
        "severity": alert.severity,
        "message": alert.message,
        "fired_at": alert.fired_at,
        "acknowledged_by": by,
        "timestamp": now.ms(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alerts::rule::Labels;
    use crate::domain::alerts::state::item_opened;
    use crate::domain::alerts::{Key, What};
    use crate::domain::health::Severity;
    use crate::wire::Stamp;

    fn envelope(kind: &str, data: &str) -> Envelope {
        let (at, source, id) = (Timestamp::from_ms(5), "s".into(), "e".into());
        let stamp = Stamp { seq: 1, at, time: at, source, id, subject: None };
        Envelope { stamp, event: Event::decode(kind, data).unwrap().unwrap() }
    }

    fn alert(finding: &str, acknowledged: bool) -> Arc<AlertItem> {
        let key =
            Key { rule: "findings".into(), finding: finding.into(), subject: "agent/a".into() };
        let what = What {
            title: "t".to_owned(),
            message: "m".to_owned(),
            severity: Severity::Warning,
            source: "s".into(),
            labels: Labels::new(),
            tags: Vec::new(),
            value: None,
            threshold: None,
            unit: None,
            resolve: String::new(),
            link: String::new(),
        };
        let at = Timestamp::from_ms(7);
        let item = item_opened(&"id".into(), &key, &what, at);
        Arc::new(AlertItem { fired_at: Some(at), acknowledged, ..item })
    }

    fn change(before: Option<Arc<AlertItem>>, item: Option<Arc<AlertItem>>) -> AlertChange {
        AlertChange { id: "id".into(), before, item }
    }

    #[test]
    fn tasks_and_alerts_are_told() {
        let held = [
            envelope("task.started", r#"{"task":"t","agent":"a"}"#),
            envelope("request.observed", r#"{"project":"p","duration_ms":1}"#),
            envelope("agent.heartbeat", r#"{"agent":"a"}"#),
            envelope("task.dead_lettered", r#"{"task":"t"}"#),
        ];
        let refreshed = Refreshed {
            alerts: vec![
                change(Some(alert("work.task_stuck", false)), None),
                change(None, Some(alert("work.agent_offline", false))),
                change(None, Some(alert("project.stale", false))),
                change(
                    Some(alert("work.queue_latency", false)),
                    Some(alert("work.queue_latency", true)),
                ),
            ],
            ..Refreshed::default()
        };
        let told = batch(&held, false, &refreshed, Timestamp::from_ms(9));
        let brief: Vec<String> = told
            .iter()
            .map(|one| {
                let what = one.get("event").or(one.get("rule_id")).unwrap();
                format!("{} {} {}", one["type"], what, one["timestamp"]).replace('"', "")
            })
            .collect();
        assert_eq!(
            brief,
            [
                "task_event started 5",
                "task_event dead_lettered 5",
                "alert_cleared work.task_stuck 9",
                "alert_fired work.agent_offline 9",
                "alert_acknowledged work.queue_latency 9",
            ]
        );
        assert_eq!((&told[0]["task_id"], &told[0]["agent_id"]), (&json!("t"), &json!("a")));
        assert_eq!(told[1]["agent_id"], Value::Null);
    }

    #[test]
    fn too_many_are_cut_and_that_is_said() {
        let held = vec![envelope("task.queued", r#"{"task":"t"}"#); MAX_TASK_EVENTS + 3];
        let told = batch(&held, false, &Refreshed::default(), Timestamp::from_ms(9));
        assert_eq!(told.len(), MAX_TASK_EVENTS + 1);
        assert_eq!(told[0]["type"], "events_skipped");
        let just =
            batch(&held[..MAX_TASK_EVENTS], false, &Refreshed::default(), Timestamp::from_ms(9));
        assert_eq!(just[0]["type"], "task_event");
    }

    /// What is told when an agent was in a state and is not known any more.
    #[track_caller]
    fn check(before: Option<AgentState>, expect: Option<&str>) {
        let change = AgentChange { id: "a".into(), before, item: None };
        let told = agent_event(&change, Timestamp::from_ms(9));
        assert_eq!(told.as_ref().map(|told| told["type"].as_str().unwrap()), expect);
    }

    #[test]
    fn an_agent_that_is_forgotten_has_left_before() {
        check(Some(AgentState::Offline), None);
        check(Some(AgentState::Idle), Some("agent_left"));
        check(None, None);
    }
}
