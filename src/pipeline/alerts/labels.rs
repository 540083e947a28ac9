//! Labels of alerts, to route and silence by.

use crate::domain::alerts::Key;
use crate::domain::alerts::rule::{AlertRule, Labels, OnMetric};
use crate::domain::state::State;

/// Labels that an alert of another system brings along: its tags that have a name and a value, and
/// what it is called.
pub fn of_tags(tags: &[String], title: Option<&str>) -> Labels {
    let named = tags.iter().filter_map(|tag| tag.split_once('='));
    let mut labels: Labels = named.map(|(name, value)| (name.into(), value.into())).collect();
    if let Some(title) = title {
        labels.entry("alertname".into()).or_insert_with(|| title.into());
    }
    labels
}

/// Whether an alert is about a series that a rule watches.
pub fn are_of(labels: &Labels, on: &OnMetric) -> bool {
    let has = |(label, value)| labels.get(label) == Some(value);
    labels.get("metric") == Some(&on.metric) && on.labels.iter().all(has)
}

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
    let (kind, name) = key.subject.split_once('/').unwrap_or_default();
    let named = kind == "alert" && labels.contains_key("alertname");
    if !named {
        labels.insert(
            "alertname".into(),
            if key.finding.is_empty() { rule.name.as_str().into() } else { key.finding.clone() },
        );
    }
    let mut say = |label: &str, value: &str| {
        labels.insert(label.into(), value.into());
    };
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
