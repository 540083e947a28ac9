//! The past of metrics.

use super::*;
use crate::domain::alerts::rule::{Aggregation, Labels, Op};
use std::collections::BTreeMap;

mod laws;
mod wide;

fn observed(name: &str, value: f64, labels: &[(&str, &str)]) -> Event {
    let labels: BTreeMap<_, _> = labels.iter().copied().collect();
    event(
        "metric.observed",
        json!({ "name": name, "value": value, "unit": "ms", "labels": labels }),
    )
}

fn labels(all: &[(&str, &str)]) -> Labels {
    all.iter().map(|(label, value)| ((*label).into(), (*value).into())).collect()
}

impl Kept {
    fn series(&self, wanted: &[(&str, &str)], how: Aggregation, range: Range) -> Vec<MetricPoints> {
        self.merged(wanted, None, how, range)
    }

    fn merged(
        &self,
        wanted: &[(&str, &str)],
        by: Option<&[&str]>,
        aggregation: Aggregation,
        range: Range,
    ) -> Vec<MetricPoints> {
        let by = by.map(|by| by.iter().map(|label| Arc::from(*label)).collect());
        let (name, labels) = ("m".into(), labels(wanted));
        let step_given = true;
        let query = MetricQuery { name, labels, aggregation, by, range, step_given };
        match &*self.runtime.block_on(self.history().metric(query)).unwrap() {
            MetricFound::Series(_, all) => all.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn values(&self, wanted: &[(&str, &str)], how: Aggregation, range: Range) -> Vec<f64> {
        let all = self.series(wanted, how, range);
        all.into_iter().flat_map(|series| series.points).map(|(_, value)| value).collect()
    }

    fn window(&self, how: Aggregation, op: Op, points: i64) -> Vec<(i64, Option<f64>)> {
        let asked = Windowed {
            name: "m".into(),
            labels: labels(&[("h", "a")]),
            aggregation: how,
            window_ms: 60_000,
            op,
            from: ms(600_000),
            to: ms(0),
            points,
        };
        let asked = self.history().windowed(asked, ms(0));
        let found = self.runtime.block_on(asked).unwrap();
        found.into_iter().map(|(at, value)| ((NOW - at.ms()) / 1_000, value)).collect()
    }
}

#[test]
fn series_are_chosen_by_their_labels() {
    let mut kept = Kept::new();
    kept.send(&[
        (ms(50_000), observed("m", 1.0, &[("h", "a"), ("q", "x")])),
        (ms(49_000), observed("m", 3.0, &[("h", "a"), ("q", "x")])),
        (ms(48_000), observed("m", 10.0, &[("h", "b"), ("q", "x")])),
        (ms(47_000), observed("m", 7.0, &[])),
        (ms(46_000), observed("other", 9.0, &[("h", "a")])),
    ]);
    let hour = stepped("1h", "5m");
    let all = kept.series(&[], Aggregation::Sum, hour);
    let found: Vec<_> = all.iter().map(|it| (it.labels.clone(), it.points[0].1)).collect();
    let expect = [
        (labels(&[]), 7.0),
        (labels(&[("h", "a"), ("q", "x")]), 4.0),
        (labels(&[("h", "b"), ("q", "x")]), 10.0),
    ];
    assert_eq!(found, expect);
    assert!(all.iter().all(|series| series.unit.as_deref() == Some("ms")));
    assert_eq!(all[0].points[0].0.ms() % 300_000, 0, "a point stands at the start of its step");
    assert_eq!(kept.values(&[("h", "b")], Aggregation::Sum, hour), [10.0]);
    assert_eq!(kept.values(&[("q", "x")], Aggregation::Count, hour), [2.0, 1.0]);
    assert!(kept.series(&[("h", "c")], Aggregation::Sum, hour).is_empty());
    for (how, expect) in [
        (Aggregation::Avg, 2.0),
        (Aggregation::Min, 1.0),
        (Aggregation::Max, 3.0),
        (Aggregation::Count, 2.0),
        (Aggregation::P50, 1.0),
    ] {
        let value = kept.values(&[("h", "a")], how, hour)[0];
        assert!((value - expect).abs() <= 0.01 * expect, "{how:?} {value}");
    }
}

#[test]
fn a_new_value_is_in_the_next_answer_and_survives_a_restart() {
    let mut kept = Kept::new();
    let hour = stepped("1h", "10m");
    kept.send(&[(ms(500), observed("m", 1.0, &[("h", "a")]))]);
    assert_eq!(kept.values(&[], Aggregation::Sum, hour), [1.0]);
    kept.send(&[(ms(400), observed("m", 2.0, &[("h", "a")]))]);
    assert_eq!(kept.values(&[], Aggregation::Sum, hour), [3.0]);
    // One that comes late counts when it was measured.
    kept.send(&[(ms(1_800_000), observed("m", 5.0, &[("h", "a")]))]);
    assert_eq!(kept.values(&[], Aggregation::Sum, hour), [5.0, 3.0]);
    kept.stop();
    kept.start();
    assert_eq!(kept.values(&[], Aggregation::Sum, hour), [5.0, 3.0]);
    kept.stop();
    store::remove(kept.dir.path()).unwrap();
    kept.start();
    assert_eq!(kept.values(&[], Aggregation::Sum, hour), [5.0, 3.0], "made anew");
}

#[test]
fn a_window_slides_over_what_was_measured() {
    let mut kept = Kept::new();
    let value = |ago: i64, value: f64| (ms(ago * 1_000), observed("m", value, &[("h", "a")]));
    kept.send(&[value(500, 10.0), value(480, 20.0), value(200, 5.0)]);
    let near = |points: &[(i64, Option<f64>)], ago: i64| {
        points.iter().min_by_key(|(at, _)| (at - ago).abs()).unwrap().1
    };
    let max = kept.window(Aggregation::Max, Op::More, 1_000);
    assert_eq!(near(&max, 590), None);
    assert_eq!(near(&max, 490), Some(10.0));
    assert_eq!(near(&max, 455), Some(20.0));
    assert_eq!(near(&max, 380), None);
    assert_eq!(near(&max, 170), Some(5.0));
    let count = kept.window(Aggregation::Count, Op::Less, 1_000);
    assert_eq!((near(&count, 590), near(&count, 455)), (Some(0.0), Some(2.0)));
    let mean = kept.window(Aggregation::Avg, Op::More, 1_000);
    assert_eq!(near(&mean, 455), Some(15.0));
    // A few points still show how far it went.
    let few = kept.window(Aggregation::Max, Op::More, 5);
    assert!(few.len() <= 6, "{few:?}");
    assert!(few.iter().any(|(_, value)| *value == Some(20.0)), "{few:?}");
    let least = kept.window(Aggregation::Min, Op::Less, 5);
    assert!(least.iter().any(|(_, value)| *value == Some(5.0)), "{least:?}");
}

#[test]
fn sums_and_means_of_great_values_stay_finite() {
    let mut kept = Kept::new();
    let value = |ago: i64, value: f64| (ms(ago * 1_000), observed("m", value, &[("h", "a")]));
    kept.send(&[value(500, 1e308), value(499, 1.7e308), value(400, 1e308), value(380, 1.7e308)]);
    let hour = stepped("1h", "15m");
    for (how, exact) in [(Aggregation::Sum, f64::MAX), (Aggregation::Avg, 1.35e308)] {
        let all = kept.values(&[], how, hour);
        assert!((all[0] - exact).abs() <= 0.01 * exact, "{how:?} {all:?}");
        let all = kept.window(how, Op::More, 1_000);
        assert!(all.iter().all(|(_, value)| value.is_none_or(f64::is_finite)), "{all:?}");
        let near = all.iter().min_by_key(|(at, _)| (at - 375).abs()).unwrap().1.unwrap();
        assert!((near - exact).abs() <= 0.01 * exact, "{how:?} {near:e}");
    }
}
