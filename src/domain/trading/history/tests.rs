//! The past must be what the fold would have been.

use super::flows::FlowKey;
use super::*;
use crate::domain::range::{RESOLUTIONS, Range};
use crate::domain::trading::state::State;
use crate::domain::trading::valuation::Valuation;
use crate::domain::trading::{Amount, Decimal, Executed, Moved, Priced, Side, TradeItem};
use crate::wire::Cursor;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;

const STEP: i64 = 10_000;

fn open() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&schema()).unwrap();
    db
}

fn stamp(i: usize, time: i64) -> Stamp {
    let (at, time) = (Timestamp::from_ms(1 << 50), Timestamp::from_ms(time));
    let id = format!("e{i}").into();
    Stamp { seq: i as u64 + 1, at, time, source: "s".into(), id, subject: None }
}

fn write(db: &Connection, events: &[(Stamp, Event)]) {
    write_some(db, events, &mut 0, CHUNK);
}

/// The same, and matches about `count` rows again.
fn write_some(db: &Connection, events: &[(Stamp, Event)], turn: &mut i64, count: usize) {
    let mut pending = Pending::default();
    for (stamp, event) in events {
        pending.add(stamp.clone(), event.clone());
    }
    let matched = pending.write(db, turn, count).unwrap();
    assert!(matched <= count + count.div_ceil(fills::TURNS), "{matched}");
}

fn folded<'a>(events: impl Iterator<Item = &'a (Stamp, Event)>) -> State {
    let mut state = State::default();
    for (stamp, event) in events {
        state.fold(stamp, event, &mut Vec::new());
    }
    state
}

fn all(db: &Connection) -> Vec<TradeItem> {
    list(db, &TradeFilter::default(), 10_000, None, 0).unwrap().items
}

fn decimal(n: i64, scale: u32) -> Decimal {
    format!("{n}e-{scale}").parse().unwrap()
}

fn traded(symbol: &str, currency: &str, account: &str, side: Side, n: i64, price: i64) -> Event {
    Event::Executed(Executed {
        symbol: symbol.into(),
        side,
        quantity: decimal(n, 2),
        price: decimal(price, 3),
        trade: None,
        account: Some(account.into()),
        fees: (n % 3 == 0).then(|| decimal(n, 4)),
        currency: Some(currency.into()),
        order_type: None,
        strategy: (n % 2 == 0).then(|| "s".into()),
    })
}

/// Any event of two symbols, two accounts and two currencies.
fn any_event() -> impl Strategy<Value = Event> {
    let trade = (0..2_usize, 0..2_usize, 0..2_usize, any::<bool>(), 1..500_i64, -50..500_i64)
        .prop_map(|(symbol, currency, account, buy, n, price)| {
            let side = if buy { Side::Buy } else { Side::Sell };
            traded(
                ["X", "Y"][symbol],
                ["USD", "EUR"][currency],
                ["a", "b"][account],
                side,
                n,
                price,
            )
        });
    let price = (0..4_usize, 1..500_i64).prop_map(|(symbol, price)| {
        let symbol = ["X", "Y", "EUR-USD", "USDEUR"][symbol].into();
        Event::Priced(Priced { symbol, price: decimal(price, 2) })
    });
    let cash =
        (0..2_usize, 0..2_usize, -9_999..99_999_i64).prop_map(|(currency, account, amount)| {
            Event::Moved(Moved {
                amount: decimal(amount, 2),
                currency: Some(["USD", "EUR"][currency].into()),
                account: Some(["a", "b"][account].into()),
                reason: None,
            })
        });
    prop_oneof![6 => trade, 1 => price, 1 => cash]
}

/// Events in the order in which they came, many of them late, and where batches end.
fn any_events() -> impl Strategy<Value = (Vec<(Stamp, Event)>, Vec<usize>)> {
    let events = proptest::collection::vec((0..400_000_i64, any_event()), 1..60);
    let cuts = proptest::collection::vec(0..60_usize, 0..8);
    (events, cuts, any::<bool>()).prop_map(|(mut events, mut cuts, sorted)| {
        if sorted {
            events.sort_by_key(|(time, _)| *time);
        }
        // Coarse times, so that some are the same.
        let stamped = events.into_iter().enumerate().map(|(i, (time, event))| {
            let time = if i % 3 == 0 { time / 50_000 * 50_000 } else { time };
            (stamp(i, time), event)
        });
        cuts.sort_unstable();
        (stamped.collect(), cuts)
    })
}

fn in_batches(db: &Connection, events: &[(Stamp, Event)], cuts: &[usize]) {
    for batch in batches(events, cuts) {
        write(db, batch);
    }
}

fn batches<'a>(events: &'a [(Stamp, Event)], cuts: &[usize]) -> Vec<&'a [(Stamp, Event)]> {
    let mut from = 0;
    let ends = cuts.iter().copied().chain([events.len()]);
    ends.map(|cut| {
        let to = cut.clamp(from, events.len());
        let batch = &events[from..to];
        from = to;
        batch
    })
    .collect()
}

/// What the rows say that each trade closed, by its position.
fn matched(db: &Connection) -> BTreeMap<u64, Option<String>> {
    let told = |row: TradeItem| (row.seq, row.realized_pnl.map(|it| it.to_string()));
    all(db).into_iter().map(told).collect()
}

/// What they should say.
fn expected(events: &[(Stamp, Event)]) -> BTreeMap<u64, Option<String>> {
    let told = |(seq, closed): (u64, Option<Amount>)| (seq, closed.map(|it| it.to_string()));
    brute(events).into_iter().map(told).collect()
}

/// What each trade closed, by its position, from the rule itself.
fn brute(events: &[(Stamp, Event)]) -> BTreeMap<u64, Option<Amount>> {
    let mut sorted: Vec<_> = events.iter().collect();
    sorted.sort_by_key(|(stamp, _)| (stamp.time, stamp.seq));
    let mut books: BTreeMap<BookKey, VecDeque<(Amount, Amount)>> = BTreeMap::new();
    let mut closed = BTreeMap::new();
    for (stamp, event) in sorted {
        let Event::Executed(it) = event else { continue };
        let open = books.entry(it.book()).or_default();
        let quantity = Amount::from(it.quantity);
        let mut left = if it.side == Side::Buy { quantity } else { -&quantity };
        let (price, mut realized) = (Amount::from(it.price), None);
        while let Some((held, at)) = open.front_mut() {
            if left.is_zero() || held.is_negative() == left.is_negative() {
                break;
            }
            let part = if held.abs() < left.abs() { held.clone() } else { -&left };
            let sum: &mut Amount = realized.get_or_insert_default();
            *sum += &(&part * &(&price - at));
            *held -= &part;
            left += &part;
            if held.is_zero() {
                open.pop_front();
            }
        }
        if !left.is_zero() {
            open.push_back((left, price));
        }
        closed.insert(stamp.seq, realized);
    }
    closed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_those_of_the_trades_own_order((events, cuts) in any_events()) {
        let db = open();
        in_batches(&db, &events, &cuts);
        let state = folded(events.iter());
        let (rows, brute) = (all(&db), brute(&events));
        prop_assert_eq!(rows.len(), brute.len());
        let mut sums: BTreeMap<BookKey, Amount> = BTreeMap::new();
        for row in &rows {
            let expect = brute[&row.seq].as_ref().map(Amount::exact);
            prop_assert_eq!(row.realized_pnl.clone(), expect, "{}", row.seq);
            let fill = state.recent.iter().find(|fill| fill.seq == row.seq).unwrap();
            prop_assert_eq!(row.late, fill.late);
            prop_assert_eq!(row, &fill.told());
            let realized: Amount =
                row.realized_pnl.as_ref().map_or("0", |it| it.as_str()).parse().unwrap();
            *sums.entry(fill.book.clone()).or_default() += &realized;
        }
        for (key, book) in &state.books {
            prop_assert_eq!(&sums[key], &book.realized());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_right_a_few_at_a_time(
        (events, cuts) in any_events(),
        count in 1..25_usize,
        idle in proptest::collection::vec((0..4_usize, any::<bool>()), 9),
    ) {
        let (db, mut turn) = (open(), 0);
        for (batch, (chunks, restart)) in batches(&events, &cuts).into_iter().zip(idle) {
            write_some(&db, batch, &mut turn, count);
            if restart {
                turn = 0;
            }
            for _ in 0..chunks {
                prop_assert!(again(&db, &mut turn, count).unwrap() <= count);
            }
        }
        // Each call takes one row at least.
        let mut calls = 0;
        while again(&db, &mut turn, count).unwrap() > 0 {
            calls += 1;
            prop_assert!(calls <= events.len());
        }
        prop_assert_eq!(matched(&db), expected(&events));
    }
}

#[test]
fn a_long_book_does_not_keep_short_ones_waiting() {
    let (db, mut turn, count) = (open(), 0, 10);
    let trade = |i: usize, time, symbol| {
        let side = if i.is_multiple_of(2) { Side::Buy } else { Side::Sell };
        (stamp(i, time), traded(symbol, "USD", "a", side, 1 + i as i64, 100 + i as i64))
    };
    let wrong = |events: &[(Stamp, Event)]| {
        let (told, expected) = (matched(&db), expected(events));
        assert_eq!(told.len(), expected.len());
        expected.into_iter().filter(|(seq, closed)| told[seq] != *closed).count()
    };
    let mut events: Vec<_> = (0..200).map(|i| trade(i, 1_000 + i as i64, "X")).collect();
    events.extend((200..204).map(|i| trade(i, 1_000 + i as i64, "Y")));
    write_some(&db, &events, &mut turn, count);
    assert_eq!(wrong(&events), 0);
    events.push(trade(204, 0, "X"));
    write_some(&db, &events[204..], &mut turn, count);
    let behind = wrong(&events);
    assert!(behind > 50, "{behind}");
    events.extend([trade(205, 1, "Y"), trade(206, 9_000, "Y"), trade(207, 9_000, "X")]);
    write_some(&db, &events[205..], &mut turn, count);
    let short = |it: &u64| [201, 202, 203, 204, 206, 207].contains(it);
    let told: Vec<_> = matched(&db).into_iter().filter(|(seq, _)| short(seq)).collect();
    let right: Vec<_> = expected(&events).into_iter().filter(|(seq, _)| short(seq)).collect();
    assert_eq!(told, right);
    assert!(wrong(&events) > 50);
    // As after a restart.
    turn = 0;
    while again(&db, &mut turn, count).unwrap() > 0 {}
    assert_eq!(wrong(&events), 0);
    events.push(trade(208, 9_001, "X"));
    write_some(&db, &events[208..], &mut turn, count);
    assert_eq!(wrong(&events), 0);
    assert_eq!(again(&db, &mut turn, count).unwrap(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_curve_is_what_the_fold_would_have_been(
        (events, cuts) in any_events(), euro in any::<bool>(), account in 0..3_usize, first in 0..40_i64,
    ) {
        let db = open();
        in_batches(&db, &events, &cuts);
        let account = [None, Some("a"), Some("b")][account];
        let currency: Arc<str> = if euro { "EUR" } else { "USD" }.into();
        let (from, to) = (Timestamp::from_ms(first * STEP), Timestamp::from_ms(41 * STEP));
        let range = Range { from, to, step_ms: STEP, window_ms: to.since(from) };
        let course = course(&db, account, &currency, &range).unwrap();
        let is_of = |event: &Event| match event {
            Event::Executed(it) => account.is_none_or(|only| it.book().account.as_ref() == only),
            Event::Moved(it) => account.is_none_or(|only| it.purse().account.as_ref() == only),
            Event::Priced(_) => false,
        };
        let begin = events.iter().filter(|(_, event)| is_of(event)).map(|(it, _)| it.time).min();
        let expected = range.steps().filter(|at| begin.is_some_and(|it| it < at.plus(STEP)));
        let mut points = course.points.into_iter();
        for at in expected {
            let end = at.plus(STEP);
            let state = folded(events.iter().filter(|(stamp, _)| stamp.time < end));
            let then = Valuation::over(&state, account.map(Arc::from))
                .figures(&state, &currency, end, Cursor::default());
            let point = points.next().unwrap();
            prop_assert_eq!(point.timestamp, at);
            prop_assert_eq!(point.cash, then.cash);
            prop_assert_eq!(point.positions_value, then.positions_value);
            prop_assert_eq!(point.total_value, then.total_value);
        }
        prop_assert_eq!(points.next(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Where only a state is left of the beginning, all that comes later is as if nothing were missing.
    #[test]
    fn begun_with_a_state_it_goes_on_as_if_all_were_known(
        (events, cuts) in any_events(), first in 1..100_usize,
    ) {
        let mut events: Vec<(Stamp, Event)> = {
            let mut all = events;
            all.sort_by_key(|(stamp, _)| stamp.time);
            all.into_iter().map(|(stamp, it)| (stamp.time.ms(), it)).enumerate()
                .map(|(i, (time, it))| (stamp(i, time), it)).collect()
        };
        let (whole, part) = (open(), open());
        in_batches(&whole, &events, &cuts);
        let rest = events.split_off(first.min(events.len()));
        let (base, _) = events.last().unwrap();
        begin(&part, &folded(events.iter()), base.seq, base.time).unwrap();
        write(&part, &rest);
        let mut known = all(&whole);
        known.retain(|row| row.seq > base.seq);
        prop_assert_eq!(all(&part), known);
        let (from, to) = (base.time.floor(STEP), Timestamp::from_ms(41 * STEP));
        let range = Range { from, to, step_ms: STEP, window_ms: to.since(from) };
        let values = |db: &Connection| -> Vec<_> {
            let course = course(db, None, &"USD".into(), &range).unwrap();
            let told = |it: crate::domain::trading::EquityPoint| (it.total_value, it.cash);
            course.points.into_iter().map(told).collect()
        };
        prop_assert_eq!(values(&part), values(&whole));
    }
}

/// The equity over four steps, as value and what came in.
#[track_caller]
fn check_course(events: &[(i64, Event)], expect: &[(&str, &str)]) {
    let db = open();
    let events = events.iter().enumerate();
    let stamped = events.map(|(i, (step, it))| (stamp(i, step * STEP), it.clone()));
    write(&db, &stamped.collect::<Vec<_>>());
    let to = Timestamp::from_ms(4 * STEP);
    let range = Range { from: Timestamp::from_ms(0), to, step_ms: STEP, window_ms: to.ms() };
    let course = course(&db, None, &"USD".into(), &range).unwrap();
    let got: Vec<_> =
        course.points.iter().map(|it| (it.total_value.as_str(), it.deposits.as_str())).collect();
    assert_eq!(got, expect);
}

fn deposited(amount: i64, currency: &str) -> Event {
    let currency = Some(currency.into());
    Event::Moved(Moved { amount: decimal(amount, 0), currency, account: None, reason: None })
}

fn told(symbol: &str, price: i64, scale: u32) -> Event {
    Event::Priced(Priced { symbol: symbol.into(), price: decimal(price, scale) })
}

#[test]
fn what_can_be_converted_at_last_has_come_in_then() {
    let begin = [(0, deposited(100, "USD")), (0, deposited(100, "EUR"))];
    let rate = [(2, told("EUR-USD", 11, 1)), (3, told("EUR-USD", 12, 1))];
    check_course(
        &[begin.as_slice(), &rate].concat(),
        &[("100", "100"), ("100", "0"), ("210", "110"), ("220", "0")],
    );
    // With what comes in at the same time, and a position.
    let bought = traded("SAP", "EUR", "default", Side::Buy, 200, 10_000);
    check_course(
        &[begin.as_slice(), &[(1, bought), (2, deposited(10, "EUR"))], &rate].concat(),
        &[("100", "100"), ("100", "0"), ("221", "121"), ("232", "0")],
    );
}

#[test]
fn a_price_counts_in_the_currency_it_was_traded_in() {
    let trade =
        |currency, price: i64| traded("SHEL", currency, "default", Side::Buy, 1_000, 1_000 * price);
    let events = [
        (0, told("GBX-USD", 1, 2)),
        (0, trade("USD", 70)),
        (1, trade("GBX", 2_500)),
        (2, trade("USD", 71)),
    ];
    check_course(&events, &[("0", "0"), ("0", "0"), ("10", "0"), ("10", "0")]);
    let all: Vec<_> = (0..).zip(events).map(|(i, (at, it))| (stamp(i, at), it)).collect();
    let state = folded(all.iter());
    let all = Valuation::over(&state, None).portfolio(
        &state,
        &"USD".into(),
        Timestamp::default(),
        Cursor::default(),
    );
    let told: Vec<_> =
        all.positions.iter().map(|it| (&*it.currency, it.current_price.as_str())).collect();
    assert_eq!(told, [("GBX", "2500"), ("USD", "71")]);
}

#[test]
fn steps_add_up_to_days_and_the_short_ones_may_go() {
    let db = open();
    let day = 86_400_000_i64;
    let deposit = |amount| {
        Event::Moved(Moved {
            amount: decimal(amount, 0),
            currency: None,
            account: None,
            reason: None,
        })
    };
    let events: Vec<_> = (0..500_i64)
        .map(|i| (stamp(i as usize, i * 7 * 3_600_000 + i * 61_000), deposit(1 + i)))
        .collect();
    write(&db, &events);
    let now = Timestamp::from_ms(10 * 365 * day);
    let mut sweep = (None, None);
    loop {
        sweep = prune(&db, &sweep, 10, now).unwrap();
        if sweep == (None, None) {
            break;
        }
    }
    let currency = "USD".into();
    let from = Timestamp::from_ms(100 * day);
    let range = Range { from, to: from.plus(day), step_ms: day, window_ms: day };
    let course = course(&db, None, &currency, &range).unwrap();
    let sum: i64 =
        (0..500).filter(|i| i * 7 * 3_600_000 + i * 61_000 < 101 * day).map(|i| 1 + i).sum();
    assert_eq!(course.points[0].total_value.as_str(), sum.to_string());
    assert_eq!(course.paid[&currency].deposits.to_string(), sum.to_string());
    assert_eq!(first_day(&db, None).unwrap(), Some(Timestamp::from_ms(0)));
    assert_eq!(first_day(&db, Some("nobody")).unwrap(), None);
}

#[test]
fn sums_are_whole_where_short_steps_begin() {
    let (db, now) = (open(), Timestamp::from_ms(500 * 86_400_000 + 19_054_000));
    let deposit = |amount| {
        Event::Moved(Moved {
            amount: decimal(amount, 0),
            currency: Some("USD".into()),
            account: Some("a".into()),
            reason: None,
        })
    };
    let short = &RESOLUTIONS[..RESOLUTIONS.len() - 1];
    let edge = |keep_ms: i64, step_ms: i64| now.plus(-keep_ms).floor(step_ms);
    let mut events = Vec::new();
    for kept in short {
        for i in -30..30 {
            let at = edge(kept.keep_ms, kept.step_ms).plus(i * kept.step_ms);
            events.push((stamp(events.len(), at.ms()), deposit(1 + events.len() as i64)));
        }
    }
    write(&db, &events);
    prune(&db, &(None, None), 10, now).unwrap();
    let key = FlowKey { account: "a".into(), currency: "USD".into(), symbol: "".into() };
    for kept in short {
        let at = edge(kept.keep_ms, kept.step_ms);
        let before = events.iter().enumerate().filter(|(_, (stamp, _))| stamp.time < at);
        let expected: i64 = before.map(|(i, _)| 1 + i as i64).sum();
        let sum = flows::sum(&db, &key, at).unwrap().unwrap();
        assert_eq!(sum.cash.to_string(), expected.to_string(), "{kept:?}");
    }
}

#[test]
fn lists_are_filtered_and_paged_in_one_order() {
    let db = open();
    let events: Vec<_> = (0..60)
        .map(|i| {
            let side = if i % 3 == 0 { Side::Sell } else { Side::Buy };
            let symbol = if i % 2 == 0 { "X" } else { "Y" };
            (stamp(i, (i as i64 / 4) * 1_000), traded(symbol, "USD", "a", side, 1 + i as i64, 100))
        })
        .collect();
    write(&db, &events);
    let filter = TradeFilter {
        symbol: Some("X".into()),
        side: Some(Side::Buy),
        to: Some(Timestamp::from_ms(14_000)),
        ..TradeFilter::default()
    };
    let whole = list(&db, &filter, 100, None, 0).unwrap();
    assert_eq!((whole.items.len() as u64, whole.more), (whole.total, false));
    assert!(whole.items.len() > 10, "{}", whole.items.len());
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = list(&db, &filter, 7, after, 0).unwrap();
        assert_eq!(page.total, whole.total);
        after = page.items.last().map(|it| (it.timestamp, it.seq));
        paged.extend(page.items);
        if !page.more {
            break;
        }
    }
    assert_eq!(paged, whole.items);
    let name = |name: &str| Some(Arc::from(name));
    for (symbol, account, strategy, side) in [
        (None, None, None, None),
        (None, None, None, Some(Side::Sell)),
        (name("Y"), None, None, None),
        (name("X"), None, None, Some(Side::Buy)),
        (None, name("a"), None, None),
        (None, None, name("s"), Some(Side::Sell)),
        (None, name("nobody"), None, None),
        (name("X"), name("a"), None, None),
    ] {
        let filter = TradeFilter { symbol, account, strategy, side, ..TradeFilter::default() };
        let found = list(&db, &filter, 100, None, 0).unwrap();
        assert_eq!(found.total, found.items.len() as u64, "{filter:?}");
    }
    let skipped = list(&db, &filter, 5, None, 3).unwrap();
    assert_eq!(skipped.items, whole.items[3..8]);
}
