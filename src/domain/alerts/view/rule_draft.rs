//! A rule that is begun by a link: the address says which metric it is about.

use crate::domain::alerts::rule::{Aggregation, AlertRule, Labels, On, OnMetric, Op};
use leptos_router::params::ParamsMap;

/// What the window is when nobody has said so, in seconds.
const WINDOW_S: f64 = 300.0;

/// The rule as far as the address tells of it: `metric`, its labels as `label.<name>`, and
/// `aggregation`. None if no metric is told.
pub fn draft(query: &ParamsMap) -> Option<AlertRule> {
    let metric = query.get("metric").filter(|metric| !metric.is_empty())?;
    let labels: Labels = query
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("label.")?.into(), value.into())))
        .collect();
    let way = query.get("aggregation");
    let aggregation = Aggregation::ALL.into_iter().find(|one| Some(one.name()) == way.as_deref());
    let on = OnMetric {
        metric: metric.as_str().into(),
        labels,
        aggregation: aggregation.unwrap_or(Aggregation::Avg),
        window_s: WINDOW_S,
        op: Op::More,
        // Whoever makes the rule says it.
        threshold: f64::NAN,
        past_s: None,
    };
    Some(AlertRule {
        id: "".into(),
        name: metric,
        severity: None,
        for_s: 0.0,
        keep_firing_for_s: 0.0,
        owner: None,
        runbook: None,
        labels: Labels::new(),
        enabled: true,
        on: On::Metric(on),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &[(&'static str, &str)], expect: Option<(&str, &str, usize)>) {
        let query: ParamsMap = query.iter().copied().collect();
        let found = draft(&query).map(|rule| match rule.on {
            On::Metric(on) => (on.metric.to_string(), on.aggregation.name(), on.labels.len()),
            _ => panic!("of a metric"),
        });
        let found = found.as_ref().map(|(metric, way, labels)| (metric.as_str(), *way, *labels));
        assert_eq!(found, expect);
    }

    #[test]
    fn a_link_says_what_the_rule_is_about() {
        check(&[], None);
        check(&[("metric", "")], None);
        check(&[("metric", "cpu")], Some(("cpu", "avg", 0)));
        check(
            &[("metric", "cpu"), ("label.host", "a"), ("aggregation", "p95"), ("q", "x")],
            Some(("cpu", "p95", 1)),
        );
        check(&[("metric", "cpu"), ("aggregation", "mode")], Some(("cpu", "avg", 0)));
    }
}
