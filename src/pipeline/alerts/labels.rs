//! Labels of alerts, to route and silence by.

use crate::domain::alerts::Key;
use crate::domain::alerts::rule::{AlertRule, Labels};
use crate::domain::state::State;

/// Labels of an alert: those of its series and of its rule, and what it is about.
pub fn of(
    state: &State,
    rule: &AlertRule,
    key: &Key,
    source: Option<&str>,
    series: Option<&Labels>,
) -> Labels {
    let mut labels = series.cloned().unwrap_or_default();
    labels.extend(rule.labels.iter().map(|(label, value)| (label.clone(), value.clone())));
    let mut say = |label: &str, value: &str| {
        labels.insert(label.into(), value.into());
    };
    let (kind, name) = key.subject.split_once('/').unwrap_or_default();
    say("alertname", if key.finding.is_empty() { &rule.name } else { &key.finding });
    say("rule", &rule.id);
    say("subject", &key.subject);
    if let Some(source) = source {
        say("source", source);
    }
    match kind {
        "metric" => say("metric", name.split('{').next().unwrap_or(name)),
        "alert" => {}
        kind => say(kind, name),
    }
    if kind == "task"
        && let Some(task) = state.work.tasks.get(name)
    {
        say("queue", &task.queue);
        if let Some(agent) = &task.agent {
            say("agent", agent);
        }
    }
    if let Some(owner) = &rule.owner {
        say("owner", owner);
    }
    labels
}
