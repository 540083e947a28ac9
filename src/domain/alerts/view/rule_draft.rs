//! A rule that is begun by a link: the address says which metric it is about.

use crate::domain::alerts::rule::{Aggregation, AlertRule, Labels, On, OnMetric, Op};
use crate::ui::address::pairs;

/// What the window is when nobody has said so, in seconds.
const WINDOW_S: f64 = 300.0;

/// The rule as far as the address tells of it: `metric`, its labels as `label.<name>`, and
/// `aggregation`. None if no metric is told.
pub fn draft(search: &str) -> Option<AlertRule> {
    let asked = pairs(search);
    let get = |name: &str| asked.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let metric = get("metric").filter(|metric| !metric.is_empty())?.clone();
    let label = |(name, value): &(String, String)| {
        Some((name.strip_prefix("label.")?.into(), value.as_str().into()))
    };
    let labels: Labels = asked.iter().filter_map(label).collect();
    let way = get("aggregation");
    let aggregation = Aggregation::ALL.into_iter().find(|one| way.is_some_and(|w| w == one.name()));
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
    Some(AlertRule::plain("", &metric, On::Metric(on)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(search: &str, expect: Option<(&str, &str, usize)>) {
        let found = draft(search).map(|rule| match rule.on {
            On::Metric(on) => (on.metric.to_string(), on.aggregation.name(), on.labels.len()),
            _ => panic!("of a metric"),
        });
        let found = found.as_ref().map(|(metric, way, labels)| (metric.as_str(), *way, *labels));
        assert_eq!(found, expect);
    }

    #[test]
    fn a_link_says_what_the_rule_is_about() {
        check("", None);
        check("metric=", None);
        check("metric=cpu", Some(("cpu", "avg", 0)));
        check("metric=a%20b&label.host=a&aggregation=p95&q=x", Some(("a b", "p95", 1)));
        check("metric=cpu&aggregation=mode", Some(("cpu", "avg", 0)));
    }
}
