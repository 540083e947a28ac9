//! Metrics: what a value costs when many came before, what a question about 30 days does, and what
//! one about all series of a name does.

use super::report::{Aim, figure, note, ratio, title};
use super::{events, past, server};
use bellwether::domain::alerts::rule::Aggregation;
use bellwether::domain::range::{Range, RangeParams};
use bellwether::domain::{Envelope, State};
use bellwether::pipeline::history::MetricQuery;
use bellwether::wire::Timestamp;
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const SERIES: u64 = 10_000;
/// Values of a measured stretch: one of every series.
const STRETCH: u64 = SERIES;
const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;
const ROUNDS: usize = 5;
const DAY_MS: i64 = 86_400_000;

pub fn run() {
    fold();
    rollups();
    question();
    wide();
}

/// A value of one of the series of 100 names, `at` so many milliseconds after the first.
fn value(number: u64, series: u64, at: i64) -> Envelope {
    let labels = json!({"instance": format!("i-{}", series / 100)});
    named(&format!("metric-{}", series % 100), &labels, number, at)
}

/// A value of the series of this name with these labels.
fn named(name: &str, labels: &Value, number: u64, at: i64) -> Envelope {
    let dice = events::scatter(number);
    let value = 20.0 + (dice % 400) as f64 / 10.0;
    let data = json!({"name": name, "value": value, "labels": labels, "unit": "ms"});
    let mut envelope = events::placed(number, "metric.observed", &data);
    let at = Timestamp::from_ms(1_760_000_000_000 + at);
    (envelope.stamp.at, envelope.stamp.time) = (at, at);
    envelope
}

/// The next value of every series in turn, each a minute after the one before.
fn stretch(next: &mut u64) -> Vec<Envelope> {
    let values = (0..STRETCH).map(|i| {
        let number = *next + i;
        value(number, number % SERIES, (number / SERIES) as i64 * 60_000)
    });
    let values = values.collect();
    *next += STRETCH;
    values
}

fn micros(begun: Instant, count: u64) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6 / count as f64
}

fn fold() {
    title("metrics: a value of one of 10,000 series into the state, after 10,000 and 1,000,000");
    let run = |state: &mut State, next: &mut u64| {
        let (values, mut touched) = (stretch(next), Vec::new());
        let begun = Instant::now();
        for envelope in &values {
            touched.clear();
            state.fold(envelope, &mut touched);
            black_box(&touched);
        }
        micros(begun, STRETCH)
    };
    let with_past = |values: u64| {
        let (mut state, mut next) = (State::default(), 0);
        while next < values {
            run(&mut state, &mut next);
        }
        (state, next)
    };
    let (mut young, mut old) = (with_past(FEW), with_past(MANY));
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (a, b) = (run(&mut young.0, &mut young.1), run(&mut old.0, &mut old.1));
        if round > 0 {
            few.push(a);
            many.push(b);
        }
    }
    figure("after 10,000", &few, "µs a value", None);
    figure("after 1,000,000", &many, "µs a value", None);
    figure("ratio", &ratio(&many, &few), "", Some(Aim::AtMost(1.2)));
}

fn rollups() {
    title("metrics: a value of one of 10,000 series into rollups, after 10,000 and 1,000,000");
    let dir = server::directory();
    let with_past = |name: &str, values: u64| {
        let dir = dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        let (fed, mut next) = (past::Fed::start(&dir), 0);
        while next < values {
            fed.keep(vec![past::together(stretch(&mut next))]);
        }
        (fed, next)
    };
    let run = |(fed, next): &mut (past::Fed, u64)| {
        let batch = past::together(stretch(next));
        let begun = Instant::now();
        fed.keep(vec![batch]);
        micros(begun, STRETCH)
    };
    let (mut young, mut old) = (with_past("young", FEW), with_past("old", MANY));
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (a, b) = (run(&mut young), run(&mut old));
        if round > 0 {
            few.push(a);
            many.push(b);
        }
    }
    young.0.history.stop();
    old.0.history.stop();
    figure("after 10,000", &few, "µs a value", None);
    figure("after 1,000,000", &many, "µs a value", None);
    figure("ratio", &ratio(&many, &few), "", Some(Aim::AtMost(1.2)));
}

/// Both have values in every hour of the 30 days; one has a hundred times as many.
fn question() {
    title("metrics: p95 of a series over 30 days by the hour, of 10,000 and of 1,000,000 values");
    note(
        "A sketch of many values is of more parts than one of few, up to a bound: at first it grows.",
    );
    let dir = server::directory();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (few, many) = (asked(dir.path(), "few", FEW), asked(dir.path(), "many", MANY));
    let mut turn = 0;
    let mut ask = |fed: &past::Fed| {
        let query = asks("metric-0", "30d", 30 * DAY_MS, Aggregation::P95);
        answered(&runtime, fed, &query, &mut turn)
    };
    let (mut young, mut old) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (a, b) = (ask(&few), ask(&many));
        if round > 0 {
            young.push(a);
            old.push(b);
        }
    }
    few.history.stop();
    many.history.stop();
    figure("of 10,000", &young, "ms", None);
    figure("of 1,000,000", &old, "ms", None);
    figure("ratio", &ratio(&old, &young), "", Some(Aim::AtMost(1.2)));
}

/// Every series of a metric apart, over a range that ends so many milliseconds after the first value.
fn asks(name: &str, window: &str, end: i64, aggregation: Aggregation) -> MetricQuery {
    let end = Timestamp::from_ms(1_760_000_000_000 + end);
    let range = Range::parse(&RangeParams::last(window), window, end).unwrap();
    let labels = Default::default();
    MetricQuery { name: name.into(), labels, aggregation, by: None, range, step_given: false }
}

/// Milliseconds that the answer takes, in the middle of twenty.
fn answered(
    runtime: &tokio::runtime::Runtime,
    fed: &past::Fed,
    query: &MetricQuery,
    turn: &mut i64,
) -> f64 {
    let mut times = Vec::new();
    for _ in 0..20 {
        *turn += 1;
        let mut query = query.clone();
        // Each question is another one, so that no answer is one that was kept.
        query.range.window_ms += *turn;
        let begun = Instant::now();
        black_box(runtime.block_on(fed.history.metric(query)).unwrap());
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    super::report::quantile(&times, 0.5)
}

/// Of the one name, every series has a value an hour; of the other, the one series has one every ten
/// seconds: both have values in every minute of the day.
fn wide() {
    title("metrics: the sum of all 10,000 series of a name over 24 hours, and that of one series");
    note("One by one: chosen by a label that all of them have, so that each is read and merged.");
    let dir = server::directory();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fed = past::Fed::start(dir.path());
    let mut number = 0;
    let mut keep = |name: &str, values: Vec<(u64, i64)>| {
        for part in values.chunks(10_000) {
            let part = part.iter().map(|(series, at)| {
                number += 1;
                let labels = json!({"instance": format!("i-{series}"), "zone": "z"});
                named(name, &labels, number, *at)
            });
            fed.keep(vec![past::together(part.collect())]);
        }
    };
    let every = DAY_MS / 24 / SERIES as i64;
    let hour = |hour: i64| (0..SERIES).map(move |i| (i, hour * DAY_MS / 24 + i as i64 * every));
    keep("wide", (0..24).flat_map(hour).collect());
    keep("narrow", (0..DAY_MS / 10_000).map(|i| (0, i * 10_000)).collect());
    let asks = |name: &str| MetricQuery {
        by: Some(Vec::new()),
        ..asks(name, "24h", DAY_MS, Aggregation::Sum)
    };
    let (all, one) = (asks("wide"), asks("narrow"));
    let labels = std::iter::once(("zone".into(), "z".into())).collect();
    let chosen = MetricQuery { labels, ..all.clone() };
    let (mut whole, mut single, mut apart, mut turn) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for round in 0..=ROUNDS {
        let times = [&all, &one].map(|query| answered(&runtime, &fed, query, &mut turn));
        if round > 0 {
            whole.push(times[0]);
            single.push(times[1]);
        }
        if round == ROUNDS {
            apart.push(answered(&runtime, &fed, &chosen, &mut turn));
        }
    }
    fed.history.stop();
    figure("all of 10,000", &whole, "ms", None);
    figure("one", &single, "ms", None);
    figure("ratio", &ratio(&whole, &single), "", Some(Aim::AtMost(2.0)));
    figure("one by one", &apart, "ms", None);
}

fn asked(dir: &Path, name: &str, values: u64) -> past::Fed {
    let dir = dir.join(name);
    std::fs::create_dir(&dir).unwrap();
    let fed = past::Fed::start(&dir);
    for first in (0..values).step_by(10_000) {
        let part = first..(first + 10_000).min(values);
        let at = |number: u64| (30 * DAY_MS / values as i64) * number as i64;
        fed.keep(vec![past::together(part.map(|number| value(number, 0, at(number))).collect())]);
    }
    fed
}
