//! Metrics of very many series: they answer over any range, in steps that are soon read.

use super::super::super::metrics::{found, planned};
use super::*;
use crate::domain::metrics::history::{MANY, Pending, prune, schema, total};
use crate::domain::metrics::state::{Changes, Limits, State as Places};
use crate::domain::metrics::{Event as MetricEvent, Observed};
use crate::domain::range;
use crate::wire::Stamp;
use rusqlite::Connection;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// As many series as a metric may have.
const MOST: usize = Limits::ALL.of_name;

/// The step in which so many series are read over a range, or the one that would do.
#[track_caller]
fn check(
    window: &str,
    step: &str,
    series: usize,
    groups: usize,
    expect: Result<&str, Option<&str>>,
) {
    let asked = stepped(window, step);
    let planned = planned(&asked, !step.is_empty(), series, groups);
    let told = planned.map(|range| range::text(range.step_ms));
    let told = told.map_err(|step| step.map(range::text));
    let told = told.as_deref().map_err(Option::as_deref);
    assert_eq!(told, expect, "{series} series over {window} by {step}");
    if let Ok(planned) = planned {
        assert!(planned.from <= asked.from && planned.to >= asked.to, "{planned:?}");
        assert_eq!((planned.from.ms() % planned.step_ms, planned.window_ms), (0, asked.window_ms));
    }
    if let Err(Some(step)) = planned {
        check(window, &range::text(step), series, groups, Ok(&range::text(step)));
    }
}

#[test]
fn a_step_that_nobody_asked_for_grows_with_the_number_of_series() {
    for (window, usual) in
        [("15m", "10s"), ("1h", "10s"), ("6h", "1m"), ("24h", "5m"), ("7d", "30m"), ("30d", "2h")]
    {
        check(window, "", 1, 1, Ok(usual));
        check(window, "", MANY, MANY, Ok(usual));
        check(window, "", 200, 200, Ok(usual));
    }
    for (window, step) in
        [("15m", "10s"), ("1h", "10s"), ("6h", "1m"), ("24h", "1h"), ("7d", "1h"), ("30d", "2h")]
    {
        check(window, "", 3_000, 1, Ok(step));
    }
    for (window, step) in
        [("15m", "10s"), ("1h", "1m"), ("6h", "1h"), ("24h", "1h"), ("7d", "1h"), ("30d", "1d")]
    {
        check(window, "", MOST, 200, Ok(step));
    }
    check("300d", "", MOST - 100, 1, Ok("1d"));
    check("400d", "", MOST, 1, Err(None));
}

#[test]
fn a_step_that_is_too_short_is_told_which_would_do() {
    check("24h", "5m", 2_000, 1, Ok("5m"));
    check("24h", "5m", 3_000, 1, Err(Some("1h")));
    // Longer, and yet read from shorter ones than its neighbour.
    check("24h", "90s", 400, 1, Err(Some("1m")));
    check("7d", "10m", 1_000, 1, Err(Some("1h")));
    check("30d", "1h", MOST, 1, Err(Some("1d")));
    check("33h", "1m", 200, 200, Err(Some("2m")));
    check("400d", "1d", MOST, 1, Err(None));
}

fn stamp(at: i64, time: i64) -> Stamp {
    let (at, time) = (Timestamp::from_ms(at), Timestamp::from_ms(time));
    Stamp { seq: 1, at, time, source: "test".into(), id: "i".into(), subject: None }
}

fn event(labels: &[(&str, &str)], value: f64) -> MetricEvent {
    let (name, unit, labels) = ("m".into(), Some("ms".into()), super::labels(labels));
    MetricEvent::Observed(Observed { name, value, unit, labels })
}

fn tables() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&schema()).unwrap();
    db
}

/// When a value was measured, of which of four parts of the series, and what.
type Value = (Timestamp, usize, f64);

/// Values of series in the last minutes, hours, days and weeks; two of each.
fn values() -> Vec<Value> {
    let each = (0..MOST).flat_map(|i| {
        let spread = (i as i64 * 7_919) % 1_000;
        let [late, early] = if i % 3 == 0 { [500, 80_000] } else { [600_000, 2_500_000] };
        let agos = [spread * late, spread * early];
        agos.map(|ago| (ms(ago), i, (i % 977) as f64 + ago as f64 / 1e6))
    });
    each.collect()
}

#[test]
fn ten_thousand_series_answer_as_every_value_would() {
    let (db, mut had, values) = (tables(), Places::default(), values());
    for batch in values.chunks(7_000) {
        let mut pending = Pending::default();
        for &(at, i, value) in batch {
            let (part, i) = ((i % 4).to_string(), i.to_string());
            let event = event(&[("i", &i), ("part", &part)], value);
            pending.add(&mut had, &stamp(NOW, at.ms()), &event);
        }
        pending.write(&db).unwrap();
    }
    let all: &[Aggregation] = &[Aggregation::Sum, Aggregation::Avg, Aggregation::P95];
    let merged: [(&[&str], _); 2] = [(&[], all), (&["part"], &[Aggregation::P95])];
    for (window, steps) in [("24h", ["5m", "1h"]), ("7d", ["30m", "1h"]), ("30d", ["2h", "1d"])] {
        for ((by, hows), step) in merged.iter().zip(steps) {
            for &aggregation in *hows {
                let (name, labels, step_given) = ("m".into(), Labels::new(), false);
                let by = Some(by.iter().map(|label| Arc::from(*label)).collect());
                let range = stepped(window, "");
                let query = MetricQuery { name, labels, aggregation, by, range, step_given };
                let MetricFound::Series(range, told) = found(&db, &query).unwrap() else {
                    panic!("{window} is not answered")
                };
                assert_eq!(range::text(range.step_ms), step, "{window} {query:?}");
                assert!(told.iter().all(|it| it.unit.as_deref() == Some("ms")));
                same(&told, &values, aggregation, &range);
            }
        }
    }
}

/// That the answer is what reckoning over every value gives.
#[track_caller]
fn same(told: &[MetricPoints], values: &[Value], how: Aggregation, range: &Range) {
    let mut steps: BTreeMap<(Option<Arc<str>>, Timestamp), Vec<f64>> = BTreeMap::new();
    let apart = told.len() > 1;
    for &(at, i, value) in values {
        let at = at.floor(range.step_ms);
        if (range.from..range.to).contains(&at) {
            let part = apart.then(|| (i % 4).to_string().into());
            steps.entry((part, at)).or_default().push(value);
        }
    }
    let points = told.iter().flat_map(|it| {
        let part = it.labels.get("part").cloned();
        it.points.iter().map(move |(at, value)| ((part.clone(), *at), *value))
    });
    let points: BTreeMap<_, _> = points.collect();
    assert_eq!(points.keys().collect::<Vec<_>>(), steps.keys().collect::<Vec<_>>());
    for (step, mut all) in steps {
        all.sort_by(f64::total_cmp);
        let sum = all.iter().sum::<f64>();
        let (exact, error) = match how {
            Aggregation::Sum => (sum, 1e-9),
            Aggregation::Avg => (sum / all.len() as f64, 1e-9),
            _ => (all[(how.quantile().unwrap() * (all.len() - 1) as f64) as usize], 0.010_000_1),
        };
        let got = points[&step];
        assert!((got - exact).abs() <= exact.abs() * error + 1e-6, "{step:?}: {got} for {exact}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However they are batched: a total is what all series measured that the name has had since it
    /// has many, and those it had then.
    #[test]
    fn a_total_outlives_the_series_that_make_room(
        steps in prop::collection::vec((0..9 * HOUR, 0..24_u8), 1..150),
        batch in 1..60_usize,
    ) {
        let limits = Limits { in_all: 100, of_name: MANY + 4 };
        let (db, mut at) = (tables(), NOW);
        let (mut state, mut had) = (Places::default().within(limits), Places::default().within(limits));
        let mut sums: BTreeMap<Labels, f64> = BTreeMap::new();
        let mut expect: Option<f64> = None;
        for chunk in steps.chunks(batch) {
            let mut pending = Pending::default();
            for &(passed, label) in chunk {
                at += passed;
                let event = event(&[("l", &label.to_string())], 1.0);
                let (stamp, mut changes) = (stamp(at, at), Changes::default());
                let placed = state.fold(&stamp, &event.observed()[0], &mut changes);
                for gone in changes.gone {
                    sums.remove(&gone.labels);
                }
                if placed {
                    *sums.entry(event.observed()[0].labels.clone()).or_default() += 1.0;
                    expect = expect.map(|sum| sum + 1.0);
                }
                if expect.is_none() && state.count("m") > MANY {
                    expect = Some(sums.values().sum());
                }
                pending.add(&mut had, &stamp, &event);
            }
            pending.write(&db).unwrap();
        }
        prune(&db, None, 1_000, Timestamp::from_ms(at)).unwrap();
        prop_assert_eq!(total(&db, "m").unwrap().is_some(), expect.is_some());
        let to = Timestamp::from_ms(at).floor(DAY).plus(DAY);
        let from = Timestamp::from_ms(NOW).floor(DAY);
        let range = Range { from, to, step_ms: DAY, window_ms: to.since(from) };
        let (name, labels, aggregation) = ("m".into(), Labels::new(), Aggregation::Sum);
        let (by, step_given) = (Some(Vec::new()), true);
        let query = MetricQuery { name, labels, aggregation, by, range, step_given };
        let MetricFound::Series(_, all) = found(&db, &query).unwrap() else { panic!("too many") };
        let got: f64 = all.iter().flat_map(|it| &it.points).map(|(_, value)| value).sum();
        prop_assert_eq!(got, expect.unwrap_or_else(|| sums.values().sum()));
    }
}

#[test]
fn a_name_that_ended_begins_anew() {
    let limits = Limits { in_all: MANY + 1, of_name: 100 };
    let (db, mut had) = (tables(), Places::default().within(limits));
    let mut send = |name: &str, labels: &[String], at: i64| {
        let mut pending = Pending::default();
        for label in labels {
            let labels = super::labels(&[("l", label)]);
            let observed = Observed { name: name.into(), value: 1.0, unit: None, labels };
            pending.add(&mut had, &stamp(at, at), &MetricEvent::Observed(observed));
        }
        pending.write(&db).unwrap();
    };
    let many: Vec<String> = (0..=MANY).map(|i| i.to_string()).collect();
    send("m", &many, NOW);
    assert!(total(&db, "m").unwrap().is_some());
    send("n", &many[..1], NOW + 3 * DAY);
    assert_eq!(total(&db, "m").unwrap(), None);
    send("m", &many[..MANY], NOW + 3 * DAY);
    assert_eq!(total(&db, "m").unwrap(), None, "few are read one by one");
    let held = |like: &str| -> i64 {
        let count = "SELECT count(*) FROM metric_rollups WHERE series LIKE ?1";
        db.query_row(count, [like], |row| row.get(0)).unwrap()
    };
    assert!(held("t1") > 0);
    prune(&db, None, 1_000, Timestamp::from_ms(NOW + 3 * DAY)).unwrap();
    assert_eq!(held("t1"), 0, "what is over is forgotten");
}
