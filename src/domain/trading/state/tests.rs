use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

/// A trade, deposit or price, by its own time; `n` says which came in first.
#[derive(Debug, Clone)]
struct Happening {
    time: i64,
    event: Event,
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn amount(text: &str) -> Amount {
    decimal(text).into()
}

fn trade(time: i64, side: Side, quantity: &str, price: &str, fees: &str) -> Happening {
    let event = Event::Executed(Executed {
        symbol: "X".into(),
        side,
        quantity: decimal(quantity),
        price: decimal(price),
        trade: None,
        account: None,
        fees: Some(decimal(fees)),
        currency: None,
        order_type: None,
        strategy: None,
    });
    Happening { time, event }
}

fn fold(happenings: &[Happening]) -> State {
    let mut state = State::default();
    for (i, Happening { time, event }) in happenings.iter().enumerate() {
        let at = Timestamp::from_ms(1_000_000 + i as i64);
        let stamp = Stamp {
            seq: i as u64 + 1,
            at,
            time: Timestamp::from_ms(*time),
            source: "s".into(),
            id: i.to_string().into(),
            subject: None,
        };
        state.fold(&stamp, event, &mut Vec::new());
    }
    state
}

fn book(state: &State) -> &Book {
    state.books.values().next().unwrap()
}

/// Realised profit, what is held, and what that came to, by the rule itself.
fn brute(happenings: &[Happening]) -> (Amount, Amount, Amount) {
    let mut sorted: Vec<_> = happenings.iter().enumerate().collect();
    sorted.sort_by_key(|(i, it)| (it.time, *i));
    let mut open: VecDeque<(Amount, Amount)> = VecDeque::new();
    let mut realized = Amount::default();
    for (_, it) in sorted {
        let Event::Executed(it) = &it.event else { continue };
        let sign = |amount: Amount| if it.side == Side::Buy { amount } else { -&amount };
        let mut left = sign(it.quantity.into());
        let price = Amount::from(it.price);
        while let Some((held, at)) = open.front_mut() {
            if left.is_zero() || held.is_negative() == left.is_negative() {
                break;
            }
            let part = if held.abs() < left.abs() { held.clone() } else { -&left };
            realized += &(&part * &(&price - at));
            *held -= &part;
            left += &part;
            if held.is_zero() {
                open.pop_front();
            }
        }
        if !left.is_zero() {
            open.push_back((left, price));
        }
    }
    let quantity = open.iter().map(|(held, _)| held).sum();
    let costs: Vec<_> = open.iter().map(|(held, at)| held * at).collect();
    (realized, quantity, costs.iter().sum())
}

#[track_caller]
fn check(happenings: &[Happening], realized: &str, quantity: &str, cost: &str) {
    let state = fold(happenings);
    let book = book(&state);
    let got = (book.realized(), book.quantity(), book.cost());
    assert_eq!(got, (amount(realized), amount(quantity), amount(cost)));
    assert_eq!(got, brute(happenings), "the rule itself");
}

#[test]
fn lots_close_first_in_first_out() {
    use Side::{Buy, Sell};
    let mut all = vec![trade(1, Buy, "10", "100", "1"), trade(2, Buy, "10", "120", "1")];
    check(&all, "0", "20", "2200");
    all.push(trade(3, Sell, "15", "130", "2"));
    check(&all, "350", "5", "600");
    // Through zero, to a short position.
    all.push(trade(4, Sell, "8", "90", "0"));
    check(&all, "200", "-3", "-270");
    all.push(trade(5, Buy, "1.5", "80", "0"));
    check(&all, "215", "-1.5", "-135");
    all.push(trade(6, Buy, "1.5", "100", "0"));
    check(&all, "200", "0", "0");
}

#[test]
fn a_late_trade_takes_its_place() {
    use Side::{Buy, Sell};
    let all = [trade(2, Buy, "10", "120", "0"), trade(3, Sell, "10", "130", "0")];
    let late = [all.as_slice(), &[trade(1, Buy, "10", "100", "0")]].concat();
    check(&all, "100", "0", "0");
    check(&late, "300", "10", "1200");
    let state = fold(&late);
    assert_eq!((state.trades, state.late), (3, 1));
    let correction = state.corrections.front().unwrap();
    assert_eq!((correction.time.ms(), correction.realized.clone()), (1, amount("200")));
    let times: Vec<_> = state.recent.iter().map(|fill| (fill.at.ms(), fill.late)).collect();
    assert_eq!(times, [(3, false), (2, false), (1, true)]);
}

#[test]
fn what_is_not_kept_apart_still_adds_up() {
    use Side::{Buy, Sell};
    let mut book = Book::default();
    let mut seq = 0;
    let mut add = |book: &mut Book, at: i64, side, price: &str| {
        seq += 1;
        let lot = Lot { quantity: decimal("1"), price: decimal(price) };
        book.add((Timestamp::from_ms(at), seq), side, lot, None)
    };
    for at in 0..100 {
        add(&mut book, 10 * at, Buy, "100");
        add(&mut book, 10 * at + 5, Sell, "101");
    }
    assert_eq!(book.settle(4), 192);
    assert_eq!(book.closed(), 8);
    // As old as what was let go, and one unit is pushed into what is open.
    let booked = add(&mut book, 1, Buy, "50");
    assert!(booked.late && !book.inexact);
    assert_eq!(book.realized(), amount("150"));
    assert_eq!(book.cost(), amount("100"));
    for at in 0..4 {
        add(&mut book, at, Buy, "100");
    }
    assert!(book.inexact, "further back than what is kept");
    assert_eq!(book.quantity(), amount("5"));
    let balance = &(&book.proceeds() + &book.cost()) - &book.realized();
    assert!(balance.is_zero());
}

#[test]
fn a_pair_is_known_by_any_of_its_names() {
    let priced = |symbol: &str, price: &str| Happening {
        time: 1,
        event: Event::Priced(Priced { symbol: symbol.into(), price: decimal(price) }),
    };
    let state = fold(&[priced("EUR-USD", "1.25"), priced("USD/JPY", "160"), priced("X", "7")]);
    let rate = |from, to| state.rate(from, to).map(|(rate, _)| rate.to_string());
    assert_eq!(rate("EUR", "USD").as_deref(), Some("1.25"));
    assert_eq!(rate("USD", "EUR").as_deref(), Some("0.8"));
    assert_eq!(rate("JPY", "USD").as_deref(), Some("0.00625"));
    assert_eq!(rate("USD", "USD").as_deref(), Some("1"));
    assert_eq!(rate("EUR", "JPY"), None);
}

#[test]
fn the_newest_price_by_its_own_time_counts() {
    let priced = |time, price: &str| Happening {
        time,
        event: Event::Priced(Priced { symbol: "X".into(), price: decimal(price) }),
    };
    let mark = |all: &[Happening]| fold(all).mark(&"X".into(), &"USD".into()).unwrap().price;
    let bought = trade(9, Side::Buy, "1", "42", "0");
    assert_eq!(mark(std::slice::from_ref(&bought)), decimal("42"));
    assert_eq!(mark(&[bought.clone(), priced(3, "40"), priced(2, "39")]), decimal("40"));
}

fn happening() -> impl Strategy<Value = Happening> {
    let number = |most: u64| (1..most, 0..4_u32).prop_map(|(n, e)| format!("{n}e-{e}"));
    let sides = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let traded = (0..40_i64, sides, number(500), number(90_000), number(300), 0..2_u8).prop_map(
        |(time, side, quantity, price, fees, account)| {
            let mut it = trade(time, side, &quantity, &price, &fees);
            if let Event::Executed(it) = &mut it.event {
                it.account = Some(format!("a{account}").into());
            }
            it
        },
    );
    let moved = (0..40_i64, -9_000_i64..9_000, 0..2_u8).prop_map(|(time, n, account)| Happening {
        time,
        event: Event::Moved(Moved {
            amount: decimal(&format!("{n}e-2")),
            currency: None,
            account: Some(format!("a{account}").into()),
            reason: None,
        }),
    });
    prop_oneof![6 => traded, 1 => moved]
}

proptest! {
    #[test]
    fn the_books_balance_in_any_order(
        (all, shuffled) in prop::collection::vec(happening(), 1..60)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let state = fold(&all);
        for (purse, cash) in &state.cash {
            let books = state.books.iter().filter(|(key, _)| key.account == purse.account);
            let (mut left, mut right) = (cash.balance.clone(), cash.deposits.clone());
            for (_, book) in books {
                left += &(&book.cost() + &book.fees);
                right += &book.realized();
            }
            prop_assert_eq!(left, right, "cash + cost + fees = deposits + realised");
        }
        for (key, book) in &state.books {
            let own: Vec<_> = all
                .iter()
                .filter(|it| matches!(&it.event, Event::Executed(it) if it.book() == *key))
                .cloned()
                .collect();
            let (realized, quantity, cost) = brute(&own);
            prop_assert_eq!(book.realized(), realized);
            prop_assert_eq!(book.quantity(), quantity);
            prop_assert_eq!(book.cost(), cost);
            prop_assert!(!book.inexact);
        }
        // Trades of one moment count in the order in which they came, so only times that differ
        // are shuffled without a trace.
        let mut times: Vec<_> = all.iter().map(|it| it.time).collect();
        times.sort_unstable();
        times.dedup();
        if times.len() == all.len() {
            let other = fold(&shuffled);
            for (key, book) in &state.books {
                let there = &other.books[key];
                prop_assert_eq!(book.realized(), there.realized());
                prop_assert_eq!(book.cost(), there.cost());
                prop_assert_eq!(&book.fees, &there.fees);
            }
            prop_assert_eq!(&state.cash, &other.cash);
        }
    }

    #[test]
    fn whatever_is_let_go_the_books_balance(
        all in prop::collection::vec(happening(), 1..80), most in 0..4_u32,
    ) {
        let mut book = Book::default();
        for (i, it) in all.iter().enumerate() {
            let Event::Executed(it_) = &it.event else { continue };
            let lot = Lot { quantity: it_.quantity, price: it_.price };
            book.add((Timestamp::from_ms(it.time), i as u64), it_.side, lot, it_.fees);
            book.settle(most);
            let balance = &(&book.proceeds() + &book.cost()) - &book.realized();
            prop_assert!(balance.is_zero(), "{}", balance);
        }
    }
}
