use super::*;
use crate::domain::trading::{Decimal, Event, Executed, Moved, Priced, Side};
use crate::wire::Stamp;
use proptest::prelude::*;

/// Few quantities, so that positions are closed and opened again.
fn traded() -> impl Strategy<Value = Event> {
    let currency = prop::sample::select(vec![None, Some("EUR"), Some("JPY")]);
    (0..3_u8, any::<bool>(), 1..4_i32, -20..60_i32, currency, 0..3_u8, -5..9_i32).prop_map(
        |(symbol, buys, quantity, price, currency, account, fees)| {
            Event::Executed(Executed {
                symbol: format!("S{symbol}").into(),
                side: if buys { Side::Buy } else { Side::Sell },
                quantity: quantity.to_string().parse().unwrap(),
                price: format!("{price}e-1").parse().unwrap(),
                trade: None,
                account: Some(format!("a{account}").into()),
                fees: Some(format!("{fees}e-3").parse().unwrap()),
                currency: currency.map(Into::into),
                order_type: None,
                strategy: None,
            })
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let symbols = vec!["S0", "S1", "S2", "EUR-USD", "USDJPY", "EUR/JPY", "none"];
    let priced = (prop::sample::select(symbols), 1..300_i32).prop_map(|(symbol, price)| {
        let price: Decimal = format!("{price}e-2").parse().unwrap();
        Event::Priced(Priced { symbol: symbol.into(), price })
    });
    let currency = prop::sample::select(vec![None, Some("EUR"), Some("CHF")]);
    let moved = (currency, 0..3_u8, -500..900_i32).prop_map(|(currency, account, amount)| {
        Event::Moved(Moved {
            amount: format!("{amount}e-2").parse().unwrap(),
            currency: currency.map(Into::into),
            account: Some(format!("a{account}").into()),
            reason: None,
        })
    });
    prop_oneof![6 => traded(), 4 => priced, 2 => moved]
}

/// The sums that are not nothing: a currency may have had some before.
fn sums(valuation: &Valuation) -> Vec<(&Arc<str>, &Sums)> {
    valuation.sums.iter().filter(|(_, sums)| **sums != Sums::default()).collect()
}

proptest! {
    /// Looked at again where it was touched, it is as if all of it had been looked at; and rows and
    /// closed positions that are told lead to the same rows.
    #[test]
    fn kept_up_it_is_what_it_would_be_made_afresh(
        events in prop::collection::vec((event(), 0..50_i64), 1..80), step in 1..7_usize,
    ) {
        for account in [None, Some(Arc::from("a1"))] {
            let (mut state, mut touched, mut seq) = (State::default(), Vec::new(), 0);
            let mut kept = Valuation { account: account.clone(), ..Valuation::default() };
            let mut rows: BTreeMap<PositionKey, Arc<PositionItem>> = BTreeMap::new();
            for chunk in events.chunks(step) {
                for (event, time) in chunk {
                    seq += 1;
                    let (at, time) = (Timestamp::from_ms(seq), Timestamp::from_ms(*time));
                    let (source, id) = ("s".into(), seq.to_string().into());
                    let seq = seq as u64;
                    let stamp = Stamp { seq, at, time, source, id, subject: None };
                    state.fold(&stamp, event, &mut touched);
                }
                let told = kept.refresh(&state, &touched.drain(..).collect());
                told.remove.iter().for_each(|key| prop_assert_removed(&mut rows, key));
                for item in told.upsert {
                    rows.insert((item.symbol.clone(), item.currency.clone()), item);
                }
                let fresh = Valuation::over(&state, account.clone());
                prop_assert_eq!(&kept.positions, &fresh.positions);
                prop_assert_eq!(sums(&kept), sums(&fresh));
                prop_assert_eq!(rows.values().collect::<Vec<_>>(), fresh.positions.values().collect::<Vec<_>>());
                for currency in ["USD", "EUR", "JPY"] {
                    let told = |it: &Valuation| {
                        it.portfolio(&state, &currency.into(), Timestamp::default(), Cursor::default())
                    };
                    prop_assert_eq!(told(&kept), told(&fresh), "in {}", currency);
                }
            }
        }
    }

    /// What is converted is the sum of its parts: cash and positions at cost and fees are deposits
    /// and realised profit, in any currency for which there are rates.
    #[test]
    fn converted_books_balance(events in prop::collection::vec(event(), 1..60)) {
        let mut state = State::default();
        for (i, event) in events.iter().enumerate() {
            let at = Timestamp::from_ms(i as i64);
            let (source, id) = ("s".into(), i.to_string().into());
            let stamp = Stamp { seq: i as u64, at, time: at, source, id, subject: None };
            state.fold(&stamp, event, &mut Vec::new());
        }
        for (currency, sums) in &Valuation::over(&state, None).sums {
            let left = &(&sums.cash + &sums.cost) + &sums.fees;
            prop_assert_eq!(left, &sums.deposits + &sums.realized, "{}", currency);
        }
    }
}

#[track_caller]
fn prop_assert_removed(rows: &mut BTreeMap<PositionKey, Arc<PositionItem>>, key: &PositionKey) {
    assert!(rows.remove(key).is_some(), "{key:?} was not there");
}
