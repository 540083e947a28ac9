//! Sequences of events as they might come: of every type, in and out of order, late, and with
//! the clock ticking between them.

use bellwether::domain::{Envelope, Event, State, alerts};
use bellwether::pipeline::journal::Draft;
use bellwether::wire::{Stamp, Timestamp};
use proptest::prelude::*;

/// Epoch of the stories, in milliseconds; a day turns within them.
pub const START: i64 = 20_000 * 86_400_000;

/// An event before it has a place in the journal.
#[derive(Debug, Clone)]
pub struct Told {
    event: Event,
    /// How long before its arrival it happened, in milliseconds.
    ago: i64,
}

impl Told {
    pub fn draft(&self, source: &str, id: &str) -> Draft {
        let time = Some(Timestamp::from_ms(START - self.ago));
        Draft::new(time, source.into(), id.into(), true, None, self.event.clone())
    }
}

fn decode(kind: &str, data: &str) -> Event {
    match Event::decode(kind, data) {
        Some(Ok(event)) => event,
        refused => panic!("{kind} {data}: {refused:?}"),
    }
}

fn validated() -> impl Strategy<Value = (&'static str, String)> {
    let status = prop::sample::select(vec!["passed", "passed", "failed", "error", "skipped"]);
    (0..5_u8, status, 1..9_000_u32, 0..4_u8).prop_map(|(p, status, ms, errors)| {
        let errors: Vec<_> = (0..errors)
            .map(|i| format!(r#"{{"type":"E{i}","message":"m{ms}","count":{}}}"#, i + 1))
            .collect();
        let data = format!(
            r#"{{"project":"p{p}","status":"{status}","duration_ms":{ms},"errors":[{}]}}"#,
            errors.join(",")
        );
        ("validation.completed", data)
    })
}

fn of_projects() -> impl Strategy<Value = (&'static str, String)> {
    let registered = (0..5_u8, any::<bool>(), 0..4_u8).prop_map(|(p, archived, owner)| {
        let data = format!(
            r#"{{"project":"p{p}","owner":"o{owner}","tags":["t{owner}"],"archived":{archived}}}"#
        );
        ("project.registered", data)
    });
    let requested = (0..5_u8, 1..900_u32).prop_map(|(p, ms)| {
        ("request.observed", format!(r#"{{"project":"p{p}","duration_ms":{ms}}}"#))
    });
    let job = (0..5_u8, 0..3_u8, 0..3_u8).prop_map(|(p, ping, what)| match what {
        0 => {
            let data = format!(
                r#"{{"project":"p{p}","ping":"i{p}{ping}","hash":"h","every_s":60,"grace_s":{ping},"actor":"a"}}"#
            );
            ("job.scheduled", data)
        }
        1 => {
            let data = format!(r#"{{"project":"p{p}","ping":"i{p}{ping}","actor":"a"}}"#);
            ("job.unscheduled", data)
        }
        _ => ("job.started", format!(r#"{{"project":"p{p}"}}"#)),
    });
    prop_oneof![5 => validated(), 1 => registered, 2 => requested, 2 => job]
}

fn of_system() -> impl Strategy<Value = (&'static str, String)> {
    (0..4_u8, 0..=100_u8, 0..=100_u8, 0..1_000_u32).prop_map(|(h, cpu, memory, bytes)| {
        let data = format!(
            r#"{{"host":"h{h}","cpu":{{"usage_percent":{cpu},"cores":2}},"memory":{{"total_mb":100,"used_mb":{memory},"percent":{memory}}},"disk":{{"percent":{cpu}}},"network":{{"rx_bytes":{bytes},"tx_bytes":0}},"load":[{cpu},2,3]}}"#
        );
        ("host.sampled", data)
    })
}

fn of_others() -> impl Strategy<Value = (&'static str, String)> {
    let kinds: Vec<&str> = Event::types()
        .filter(|kind| ["agent.", "task."].iter().any(|of| kind.starts_with(of)))
        .chain(alerts::Event::OF_OTHERS)
        .collect();
    let state = prop::sample::select(vec!["idle", "assigned", "working", "blocked", "offline"]);
    let severity = prop::sample::select(vec!["info", "warning", "critical"]);
    let named = (prop::sample::select(kinds), 0..5_u8, state, severity, any::<bool>()).prop_map(
        |(kind, n, state, severity, again)| {
            let data = format!(
                r#"{{"task":"t{n}","agent":"a{n}","alert":"x{n}","state":"{state}","severity":"{severity}","title":"T{n}","will_retry":{again}}}"#
            );
            (kind, data)
        },
    );
    let metric = Just(("metric.observed", r#"{"name":"m","value":1.5,"labels":{"k":"v"}}"#.into()));
    let own = prop::sample::select(vec![
        ("metrics.sampled", r#"{"values":[{"name":"m","value":2.0},{"name":"n","value":-1.0}]}"#),
        ("chart.pinned", r#"{"id":"p","user":"u","chart":{"metric":"m"}}"#),
        ("chart.unpinned", r#"{"id":"p","user":"u"}"#),
    ]);
    let own = own.prop_map(|(kind, data)| (kind, data.to_owned()));
    prop_oneof![12 => named, 1 => metric, 1 => own]
}

/// Few quantities and symbols, so that positions are closed and opened again; some in euros, with
/// and without a rate.
fn of_trading() -> impl Strategy<Value = (&'static str, String)> {
    let side = prop::sample::select(vec!["buy", "sell"]);
    let currency = prop::sample::select(vec!["USD", "USD", "EUR", "JPY"]);
    let place = (0..3_u8, currency, 0..2_u8);
    let traded = (place.clone(), side, 1..4_u8, 1..40_u8).prop_map(
        |((symbol, currency, account), side, quantity, price)| {
            let data = format!(
                r#"{{"symbol":"S{symbol}","side":"{side}","quantity":{quantity},"price":{price}.25,"fees":0.1,"account":"a{account}","currency":"{currency}"}}"#
            );
            ("trade.executed", data)
        },
    );
    let symbol = prop::sample::select(vec!["S0", "S1", "S2", "EUR-USD", "USD/JPY", "none"]);
    let priced = (symbol, 1..40_u8).prop_map(|(symbol, price)| {
        ("price.updated", format!(r#"{{"symbol":"{symbol}","price":{price}.5}}"#))
    });
    let moved = (place, -90..90_i8).prop_map(|((_, currency, account), amount)| {
        let data =
            format!(r#"{{"amount":{amount},"currency":"{currency}","account":"a{account}"}}"#);
        ("cash.moved", data)
    });
    prop_oneof![6 => traded, 3 => priced, 1 => moved]
}

/// What the server itself says of alerts.
fn of_alerts() -> impl Strategy<Value = (&'static str, String)> {
    let moves = vec!["fired", "holds", "clearing", "unknown", "changed", "resolved", "dropped"];
    let severity = prop::sample::select(vec!["info", "warning", "critical"]);
    let what = (0..4_u8, severity).prop_map(|(n, severity)| {
        format!(
            r#"{{"title":"T{n}","message":"M","severity":"{severity}","source":"s{n}","labels":{{"l":"{n}"}}}}"#
        )
    });
    let begins = prop::sample::select(vec!["pending", "fired"]);
    let opened = (0..6_u8, begins, what.clone(), any::<bool>()).prop_map(|(n, to, what, built)| {
        let finding = if built { "system.cpu_high" } else { "" };
        let data = format!(
            r#"{{"alert":"x{n}","key":{{"rule":"r","finding":"{finding}","subject":"host/h{n}"}},"to":"{to}","what":{what}}}"#
        );
        ("alert.opened", data)
    });
    let moved =
        (0..6_u8, prop::sample::select(moves), prop::option::of(what)).prop_map(|(n, to, what)| {
            let what = what.map(|what| format!(r#","what":{what}"#)).unwrap_or_default();
            ("alert.moved", format!(r#"{{"alert":"x{n}","to":"{to}"{what}}}"#))
        });
    let seen = (0..6_u8)
        .prop_map(|n| ("alert.acknowledged", format!(r#"{{"alerts":["x{n}"],"actor":"me"}}"#)));
    let covered = (0..6_u8, 0..6_u8)
        .prop_map(|(n, by)| ("alert.covered", format!(r#"{{"alert":"x{n}","by":"x{by}"}}"#)));
    let silenced = (0..3_u8, 0..4_u8, 0..200_000_000_i64).prop_map(|(id, n, ms)| {
        let until = Timestamp::from_ms(START + ms);
        let data = format!(
            r#"{{"silence":"s{id}","match":{{"l":"{n}"}},"until":"{until}","actor":"me"}}"#
        );
        ("silence.created", data)
    });
    let ended = (0..3_u8)
        .prop_map(|id| ("silence.ended", format!(r#"{{"silence":"s{id}","actor":"me"}}"#)));
    prop_oneof![4 => opened, 6 => moved, 1 => seen, 1 => covered, 1 => silenced, 1 => ended]
}

fn event() -> impl Strategy<Value = Event> {
    let ticked = Just(("clock.ticked", "{}".to_owned()));
    prop_oneof![
        6 => of_projects(), 3 => of_system(), 5 => of_others(), 4 => of_alerts(), 4 => of_trading(),
        2 => ticked,
    ]
    .prop_map(|(kind, data)| decode(kind, &data))
}

/// Mostly as it happened; else late, by seconds or by days.
fn late() -> impl Strategy<Value = i64> {
    prop_oneof![5 => Just(0_i64), 2 => 0..90_000_i64, 1 => 0..9 * 86_400_000_i64]
}

/// Events to be sent, at least one.
pub fn events(max: usize) -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec((event(), late()).prop_map(|(event, ago)| Told { event, ago }), 1..max)
}

/// A journal: `at` never decreases, and passes in steps of seconds, minutes, hours or days.
pub fn journal(max: usize) -> impl Strategy<Value = Vec<Envelope>> {
    let passed = prop_oneof![
        4 => 0..3_000_i64, 3 => 0..120_000_i64, 2 => 0..7_200_000_i64, 1 => 0..3 * 86_400_000_i64,
    ];
    prop::collection::vec((passed, late(), event()), 0..max).prop_map(|steps| {
        let mut at = START;
        let stamped = steps.into_iter().enumerate().map(|(i, (passed, ago, event))| {
            at += passed;
            envelope(i + 1, at, ago, event)
        });
        stamped.collect()
    })
}

fn envelope(seq: usize, at: i64, ago: i64, event: Event) -> Envelope {
    let at = Timestamp::from_ms(at);
    let (seq, source, id) = (seq as u64, "test".into(), seq.to_string().into());
    Envelope { stamp: Stamp { seq, at, time: at.plus(-ago), source, id, subject: None }, event }
}

/// One event, received when it happened.
pub fn one(seq: usize, kind: &str, data: &str) -> Envelope {
    envelope(seq, START + seq as i64, 0, decode(kind, data))
}

/// `n` events that the ticker has a line for.
pub fn spoken(n: usize) -> Vec<Envelope> {
    let of = |i: usize| decode("price.updated", &format!(r#"{{"symbol":"S","price":{i}}}"#));
    (1..=n).map(|i| envelope(i, START + i as i64, 0, of(i))).collect()
}

/// The state at the end of a journal.
pub fn fold(journal: &[Envelope]) -> State {
    let mut state = State::default();
    journal.iter().for_each(|envelope| state.replay(envelope));
    state
}
