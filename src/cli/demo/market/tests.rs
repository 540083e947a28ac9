use crate::cli::demo::world::{Happening, Plan, World};
use crate::domain::Event;
use crate::domain::trading::state::State;
use crate::domain::trading::valuation::Valuation;
use crate::wire::{Stamp, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);
const DAY_MS: i64 = 86_400_000;

/// What is traded, in the order in which it is told.
fn market(seed: u64, days: i64) -> Vec<Happening> {
    let (history_ms, speed) = (days * DAY_MS, 1.0);
    let plan = Plan { seed, projects: 0, agents: 1, start: START, history_ms, speed };
    let mut events = World::new(plan).advance(START, usize::MAX);
    events.retain(|event| event.source == "demo/market");
    events
}

/// The books at the end, and what they were worth at the end of every hour, in US dollars.
fn books(events: &[Happening]) -> (State, Vec<f64>) {
    let (mut state, mut touched) = (State::default(), Vec::new());
    let mut valuation = Valuation::default();
    let (mut worth, mut hour) = (Vec::new(), None);
    for (i, event) in events.iter().enumerate() {
        let Some(Ok(Event::Trading(it))) = Event::decode(event.kind, &event.data.to_string())
        else {
            continue;
        };
        let seq = i as u64 + 1;
        let (source, id) = (event.source.into(), seq.to_string().into());
        let stamp = Stamp { seq, at: event.time, time: event.time, source, id, subject: None };
        state.fold(&stamp, &it, &mut touched);
        let now = event.time.ms() / 3_600_000;
        if hour.replace(now) != Some(now) {
            valuation.refresh(&state, &touched.drain(..).collect());
            let (as_of, cursor) = (event.time, Default::default());
            let all = valuation.portfolio(&state, &"USD".into(), as_of, cursor);
            assert!(all.unconverted.is_empty() || worth.is_empty(), "euros have a rate");
            worth.push(all.total_value.to_f64());
        }
    }
    (state, worth)
}

#[test]
fn desks_trade_both_ways_and_their_worth_moves() {
    for seed in [1, 2] {
        let events = market(seed, 3);
        let (state, worth) = books(&events);
        assert!(state.trades > 3 * 40, "{} trades in three days", state.trades);
        assert!(state.late > 0, "none came late");
        assert!(state.trades / 10 > state.late, "most are in time");
        let accounts: BTreeSet<_> = state.books.keys().map(|key| &*key.account).collect();
        assert_eq!(accounts.into_iter().collect::<Vec<_>>(), ["momentum", "reversion"]);
        let currencies: BTreeSet<_> = state.books.keys().map(|key| &*key.currency).collect();
        assert_eq!(currencies.into_iter().collect::<Vec<_>>(), ["EUR", "USD"]);
        assert_eq!(state.books.len(), 16, "each trades in all that is traded");
        let (least, most) = worth[2..]
            .iter()
            .fold((f64::MAX, f64::MIN), |(least, most), it| (least.min(*it), most.max(*it)));
        assert!(most / least > 1.002, "worth {least} to {most}");
        assert!(most / least < 1.5, "worth {least} to {most}");
    }
}

#[test]
fn each_desk_is_short_now_and_then() {
    let mut held: BTreeMap<(String, String), f64> = BTreeMap::new();
    let mut short = BTreeSet::new();
    for event in market(1, 3).iter().filter(|event| event.kind == "trade.executed") {
        let of = |member: &str| event.data[member].as_str().unwrap().to_owned();
        let quantity: f64 = of("quantity").parse().unwrap();
        let signed = if of("side") == "buy" { quantity } else { -quantity };
        let position = held.entry((of("account"), of("symbol"))).or_default();
        *position += signed;
        if *position < -1e-9 {
            short.insert(of("account"));
        }
    }
    assert_eq!(short.into_iter().collect::<Vec<_>>(), ["momentum", "reversion"]);
}

#[test]
fn what_is_reported_late_is_a_fill_and_a_few_minutes_old() {
    let (mut last, mut late) = (Timestamp::default(), 0);
    for event in market(2, 3) {
        if event.time < last {
            assert_eq!(event.kind, "trade.executed");
            assert!(last.since(event.time) < 15 * 60_000, "{} after {last}", event.time);
            late += 1;
        }
        last = last.max(event.time);
    }
    assert!(late > 1, "{late} late");
}
