//! The laws of the past of metrics: it is what reckoning over every single value would give, in
//! whatever order the values came, and a series has a past if and only if it has a present.

use super::super::super::metrics::found;
use super::*;
use crate::domain::metrics::history::{Pending, places, prune, schema};
use crate::domain::metrics::state::{Changes, Limits, State as Places};
use crate::domain::metrics::{Event as MetricEvent, Observed};
use crate::domain::range::RESOLUTIONS;
use crate::wire::Stamp;
use rusqlite::Connection;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A value as it comes: how long ago it was measured, in which queue on which host, and what.
type Value = (i64, u8, u8, f64);

fn stamp(at: i64, time: i64) -> Stamp {
    let (at, time) = (Timestamp::from_ms(at), Timestamp::from_ms(time));
    Stamp { seq: 1, at, time, source: "test".into(), id: "i".into(), subject: None }
}

fn tables() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&schema()).unwrap();
    db
}

fn of(queue: u8, host: u8) -> Labels {
    labels(&[("queue", &format!("q{queue}")), ("host", &format!("h{host}"))])
}

/// Tables that hold these values, written in batches of so many.
fn kept(values: &[Value], batch: usize) -> Connection {
    let (db, mut had) = (tables(), Places::default());
    for batch in values.chunks(batch.max(1)) {
        let mut pending = Pending::default();
        for &(ago, queue, host, value) in batch {
            let (name, labels) = ("m".into(), of(queue, host));
            let event = MetricEvent::Observed(Observed { name, value, unit: None, labels });
            pending.add(&mut had, &stamp(NOW, NOW - ago), &event);
        }
        pending.write(&db).unwrap();
    }
    db
}

/// What reckoning over every value gives.
fn reckoned(
    values: &[Value],
    by: Option<&[&str]>,
    how: Aggregation,
    range: &Range,
) -> BTreeMap<(Labels, Timestamp), f64> {
    let mut steps: BTreeMap<(Labels, Timestamp), Vec<f64>> = BTreeMap::new();
    for &(ago, queue, host, value) in values {
        let at = Timestamp::from_ms(NOW - ago).floor(range.step_ms);
        if (range.from..range.to).contains(&at) {
            let mut labels = of(queue, host);
            labels.retain(|label, _| by.is_none_or(|by| by.contains(&&**label)));
            steps.entry((labels, at)).or_default().push(value);
        }
    }
    let value = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        let (count, sum) = (all.len() as f64, all.iter().sum::<f64>());
        match how {
            Aggregation::Count => count,
            Aggregation::Sum => sum,
            Aggregation::Avg => sum / count,
            Aggregation::Min => all[0],
            Aggregation::Max => all[all.len() - 1],
            _ => all[(how.quantile().unwrap() * (count - 1.0)).floor() as usize],
        }
    };
    steps.into_iter().map(|(step, all)| (step, value(all))).collect()
}

fn answered(
    db: &Connection,
    by: Option<&[&str]>,
    aggregation: Aggregation,
    range: Range,
) -> BTreeMap<(Labels, Timestamp), f64> {
    let by = by.map(|by| by.iter().map(|label| Arc::from(*label)).collect());
    let (name, labels, step_given) = ("m".into(), Labels::new(), true);
    let query = MetricQuery { name, labels, aggregation, by, range, step_given };
    let MetricFound::Series(_, all) = found(db, &query).unwrap() else { panic!("too many") };
    let each = all.into_iter().flat_map(|series| {
        let labels = series.labels;
        series.points.into_iter().map(move |(at, value)| ((labels.clone(), at), value))
    });
    each.collect()
}

fn values() -> impl Strategy<Value = Vec<Value>> {
    let ago = prop_oneof![3 => 0..HOUR, 2 => 0..DAY, 2 => 0..40 * DAY];
    let value = prop_oneof![0.001..10.0, 1.0..1e6_f64, -1e4..1e4_f64, Just(0.0)];
    // As few series as are read one by one, or more.
    prop::collection::vec((ago, 0..3_u8, 0..5_u8, value), 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rollups_answer_as_every_value_would(
        values in values(),
        batch in 1..60_usize,
        how in prop::sample::select(Aggregation::ALL.to_vec()),
        by in prop::sample::select(vec![None, Some(vec![]), Some(vec!["queue"]), Some(vec!["host", "queue"])]),
        span in prop::sample::select(vec![
            ("1h", ""), ("1h", "70s"), ("6h", ""), ("24h", ""), ("24h", "7m"), ("7d", "1h"),
            ("7d", "90m"), ("30d", ""), ("30d", "1d"), ("40d", "5h"),
        ]),
    ) {
        let by = by.as_deref();
        let asked = stepped(span.0, span.1);
        let db = kept(&values, batch);
        let (got, expect) = (answered(&db, by, how, asked), reckoned(&values, by, how, &asked));
        prop_assert_eq!(got.keys().collect::<Vec<_>>(), expect.keys().collect::<Vec<_>>());
        let error = if how.quantile().is_some() { 0.010_000_001 } else { 0.0 };
        for (step, exact) in &expect {
            let off = (got[step] - exact).abs();
            prop_assert!(off <= exact.abs() * error + 1e-6, "{:?}: {} for {}", step, got[step], exact);
        }
    }

    /// Whoever has a place in the state has one in history, also after a restart in between; and
    /// whatever is refused there is refused here.
    #[test]
    fn a_series_has_a_past_if_it_has_a_present(
        steps in prop::collection::vec((0..40 * HOUR, 0..3_u8, 0..6_u8, any::<bool>()), 1..80),
        batch in 1..30_usize,
    ) {
        let limits = Limits { in_all: 7, of_name: 4 };
        let mut state = Places::default().within(limits);
        let (db, mut at) = (tables(), NOW);
        let mut sums: BTreeMap<(String, Labels), f64> = BTreeMap::new();
        for chunk in steps.chunks(batch) {
            let mut had = places(&db).unwrap().within(limits);
            let mut pending = Pending::default();
            for &(passed, name, label, late) in chunk {
                at += passed;
                let time = if late { at - 5 * DAY } else { at };
                let labels = labels(&[("l", &label.to_string())]);
                let name: Arc<str> = format!("m{name}").into();
                let observed = Observed { name, value: 1.0, unit: None, labels: labels.clone() };
                let event = MetricEvent::Observed(observed.clone());
                let mut changes = Changes::default();
                let placed = state.fold(&stamp(at, time), &observed, &mut changes);
                for gone in changes.gone {
                    sums.remove(&(gone.name.to_string(), gone.labels));
                }
                if placed {
                    *sums.entry((observed.name.to_string(), labels)).or_default() += 1.0;
                }
                pending.add(&mut had, &stamp(at, time), &event);
            }
            pending.write(&db).unwrap();
        }
        prune(&db, None, 1_000, Timestamp::from_ms(at)).unwrap();
        let present = state.series.keys().map(|key| (key.name.to_string(), key.labels.clone()));
        prop_assert_eq!(present.collect::<Vec<_>>(), sums.keys().cloned().collect::<Vec<_>>());
        let to = Timestamp::from_ms(at).floor(DAY).plus(DAY);
        let from = Timestamp::from_ms(NOW).plus(-6 * DAY).floor(DAY);
        let range = Range { from, to, step_ms: DAY, window_ms: to.since(from) };
        for ((name, labels), sum) in &sums {
            let (name, labels) = (name.as_str().into(), labels.clone());
            let aggregation = Aggregation::Sum;
            let (by, step_given) = (Some(Vec::new()), true);
            let query = MetricQuery { name, labels, aggregation, by, range, step_given };
            let MetricFound::Series(_, all) = found(&db, &query).unwrap() else { panic!("too many") };
            let got: f64 = all.iter().flat_map(|it| &it.points).map(|(_, value)| value).sum();
            prop_assert_eq!(got, *sum);
        }
        let kept: i64 = db.query_row("SELECT count(*) FROM metric_series", [], |row| row.get(0)).unwrap();
        prop_assert_eq!(kept as usize, state.series.len());
    }
}

#[test]
fn thirty_days_are_read_from_coarse_steps() {
    // A value every minute.
    let values: Vec<Value> =
        (0..30 * 24 * 60).map(|i| (i * 60_000, 0, 0, (i % 100) as f64)).collect();
    let db = kept(&values, 50_000);
    let asked = stepped("30d", "");
    assert_eq!(RESOLUTIONS[asked.resolution()].step_ms, HOUR);
    let before = answered(&db, None, Aggregation::P95, asked);
    let held = |res: usize| -> i64 {
        let count = "SELECT count(*) FROM metric_rollups WHERE res = ?1";
        db.query_row(count, [res as i64], |row| row.get(0)).unwrap()
    };
    assert!(held(0) > 43_000 && held(asked.resolution()) <= 721, "{}", held(asked.resolution()));
    // Nothing finer is looked at.
    db.execute("DELETE FROM metric_rollups WHERE res < ?1", [asked.resolution() as i64]).unwrap();
    assert_eq!(answered(&db, None, Aggregation::P95, asked), before);
    assert!(before.len() >= 360, "{}", before.len());
}

#[test]
fn too_much_is_refused_with_its_number() {
    let (db, mut had, mut pending) = (tables(), Places::default(), Pending::default());
    for i in 0..201 {
        let labels = labels(&[("i", &i.to_string()), ("even", if i % 2 == 0 { "y" } else { "n" })]);
        let event =
            MetricEvent::Observed(Observed { name: "m".into(), value: 1.0, unit: None, labels });
        pending.add(&mut had, &stamp(NOW, NOW), &event);
    }
    pending.write(&db).unwrap();
    let ask = |wanted: &[(&str, &str)], by: Option<&[&str]>, range: Range, step_given: bool| {
        let by = by.map(|by| by.iter().map(|label| Arc::from(*label)).collect());
        let (name, labels, aggregation) = ("m".into(), labels(wanted), Aggregation::Sum);
        let query = MetricQuery { name, labels, aggregation, by, range, step_given };
        match found(&db, &query).unwrap() {
            MetricFound::Series(range, all) => {
                Ok((range.step_ms, all.iter().map(|it| it.points[0].1).collect::<Vec<_>>()))
            }
            other => Err(other),
        }
    };
    let hour = stepped("1h", "");
    assert_eq!(ask(&[], None, hour, false), Err(MetricFound::Apart(201)));
    assert_eq!(ask(&[], Some(&[]), hour, false), Ok((10_000, vec![201.0])));
    assert_eq!(ask(&[], Some(&["even"]), hour, false), Ok((10_000, vec![100.0, 101.0])));
    assert_eq!(ask(&[("even", "y")], None, hour, false).map(|(_, all)| all.len()), Ok(101));
    let far = stepped("40d", "");
    assert_eq!(ask(&[], Some(&[]), far, false), Ok((far.step_ms, vec![201.0])));
    let fine = Range { step_ms: 10_000, from: far.from.floor(10_000), ..far };
    let some = [("even", "y")];
    let refused = Err(MetricFound::TooFine(101, Some(HOUR)));
    assert_eq!(ask(&some, Some(&[]), fine, true), refused);
    assert_eq!(ask(&some, Some(&[]), fine, false), Ok((HOUR, vec![101.0])));
}
