//! Rules in words.

use super::spans;
use crate::domain::alerts::rule::{AlertRule, On, OnAbsent, OnFinding, OnMetric, RuleSpec};
use crate::ui::format;

/// What a rule watches, in a sentence.
pub fn watches(on: &On) -> String {
    match on {
        On::Finding(OnFinding { rule, severity }) => {
            let which = match &**rule {
                "*" => "every finding".to_owned(),
                rule => format!("findings of {rule}"),
            };
            match severity {
                Some(severity) => format!("{which} of severity {} or worse", severity.name()),
                None => which,
            }
        }
        On::Metric(OnMetric { metric, labels, aggregation, window_s, op, threshold, past_s }) => {
            let labels = labels.iter().map(|(name, value)| format!("{name}={value}"));
            let labels = labels.collect::<Vec<_>>().join(", ");
            let labels = if labels.is_empty() { labels } else { format!(" {{{labels}}}") };
            let (window, limit) = (spans::said(*window_s), format::trimmed(*threshold, 6));
            let against = match past_s {
                Some(past) => format!("{limit} times that of {} before", spans::said(*past)),
                None => limit,
            };
            format!("{} of {metric}{labels} over {window} {op} {against}", aggregation.name())
        }
        On::Absent(OnAbsent { of, name, after_s }) => {
            let which = match &**name {
                "*" => format!("every {}", of.name()),
                name => format!("{} {name}", of.name()),
            };
            match after_s {
                Some(s) => format!("{which}, quiet for {}", spans::said(*s)),
                None => format!("{which}, quiet for longer than it usually is"),
            }
        }
    }
}

/// A rule as somebody would have written it.
pub fn spec_of(rule: &AlertRule) -> RuleSpec {
    let AlertRule {
        id,
        name,
        severity,
        for_s,
        keep_firing_for_s,
        owner,
        runbook,
        labels,
        enabled,
        on,
    } = rule.clone();
    RuleSpec {
        id: Some(id),
        name,
        severity,
        for_s,
        keep_firing_for_s,
        owner,
        runbook,
        labels,
        enabled,
        on: on.into(),
    }
}
