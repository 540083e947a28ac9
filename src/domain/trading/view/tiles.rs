//! Tiles: value, profit and cash, each to the cent.

use super::words::{less, money, profit, share, signed, tone};
use crate::domain::trading::{Equity, Exact, Portfolio};
use crate::ui::format;
use crate::ui::widgets::{Card, dynamic, text};
use crate::wire::Timestamp;
use leptos::prelude::*;

const DAY_MS: i64 = 86_400_000;

/// The tiles at the top of the page.
pub fn tiles(doc: RwSignal<Portfolio>, days: RwSignal<Equity>, as_of: Timestamp) -> AnyView {
    let said = move |make: fn(&Portfolio) -> String| text(move || doc.with(make));
    let value = move || {
        doc.with(|doc| {
            let currency = format!(" {}", doc.currency);
            let full = doc.total_value.to_string();
            let text = money(&doc.total_value);
            Some(view! { <span title=full>{text}</span><small>{currency}</small> }.into_any())
        })
    };
    let figure = move |pick: fn(&Portfolio) -> &Exact| {
        dynamic(move || doc.with(|doc| Some(profit(pick(doc)))))
    };
    let cash = move || {
        doc.with(|doc| {
            let (text, full) = (money(&doc.cash), doc.cash.to_string());
            Some(view! { <span title=full>{text}</span> }.into_any())
        })
    };
    view! {
        <div class="tiles">
            {tile("Value", as_of, dynamic(value), said(worth))}
            {today(days, as_of)}
            {tile("Unrealised profit", as_of, figure(|doc| &doc.unrealized_pnl), said(|_| {
                "what closing every position now would bring, before fees".to_owned()
            }))}
            {tile("Realised profit", as_of, figure(|doc| &doc.realized_pnl), said(net))}
            {tile("Cash", as_of, dynamic(cash), said(|doc| {
                format!("net of fees; {} paid in less what was taken out", money(&doc.deposits))
            }))}
        </div>
    }
    .into_any()
}

fn tile(title: &'static str, as_of: Timestamp, big: AnyView, sub: AnyView) -> AnyView {
    view! {
        <Card title=title as_of=as_of>
            <div class="big">{big}</div>
            <div class="sub">{sub}</div>
        </Card>
    }
    .into_any()
}

fn worth(doc: &Portfolio) -> String {
    let n = doc.positions.len() as u64;
    let word = if n == 1 { "position" } else { "positions" };
    format!("{} {word} worth {}", format::count(n), money(&doc.positions_value))
}

fn net(doc: &Portfolio) -> String {
    let fees = format!("gross of {} fees", money(&doc.fees));
    match less(&doc.realized_pnl, &doc.fees) {
        Some(net) if !doc.fees.is_zero() => format!("{fees}; net {}", signed(money(&net))),
        _ => fees,
    }
}

/// Profit since the day began (UTC), money that was paid in aside.
fn today(days: RwSignal<Equity>, as_of: Timestamp) -> AnyView {
    let found = Memo::new(move |_| days.with(profit_today));
    let big = move || {
        let Some((profit, _)) = found.get() else { return Some(format::NONE.into_any()) };
        let text = money(&profit);
        let (class, full) = (tone(&text), profit.to_string());
        Some(view! { <span class=class title=full>{signed(text)}</span> }.into_any())
    };
    let sub = move || match found.get() {
        Some((_, Some(ratio))) => format!("{} since 00:00 UTC, deposits aside", share(ratio)),
        Some((_, None)) => "since 00:00 UTC, deposits aside".to_owned(),
        None => "nothing is known of today yet".to_owned(),
    };
    tile("Profit today", as_of, dynamic(big), text(sub))
}

/// Today's profit, and the same as a share of what the day began with and was paid in.
fn profit_today(days: &Equity) -> Option<(Exact, Option<f64>)> {
    let mut newest = days.points.iter().rev();
    let now = newest.next().filter(|now| now.timestamp == days.as_of.floor(DAY_MS))?;
    let nothing = Exact::default();
    let before = newest.next().map_or(&nothing, |day| &day.total_value);
    let profit = less(&less(&now.total_value, before)?, &now.deposits)?;
    let base = before.to_f64() + now.deposits.to_f64() + now.withdrawn.to_f64();
    let share = (base > 0.0).then(|| profit.to_f64() / base);
    Some((profit, share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::range::{Range, RangeParams};
    use crate::domain::trading::EquityPoint;

    /// Value and deposits of the days up to today, and what today's profit is.
    #[track_caller]
    fn check(days: &[(&str, &str)], expect: Option<(&str, Option<f64>)>) {
        let now = Timestamp::from_ms(20_000 * DAY_MS + 5_000);
        let range = Range::parse(&RangeParams::last("2d"), "2d", now).unwrap();
        let first = now.floor(DAY_MS).plus(-DAY_MS * (days.len() as i64 - 1));
        let point = |(i, (value, deposits)): (usize, &(&str, &str))| EquityPoint {
            timestamp: first.plus(i as i64 * DAY_MS),
            total_value: Exact::of(*value),
            cash: Exact::default(),
            positions_value: Exact::default(),
            deposits: Exact::of(*deposits),
            withdrawn: Exact::default(),
        };
        let points = days.iter().enumerate().map(point).collect();
        let equity = Equity { as_of: now, range, currency: "USD".into(), points, drawdown: vec![] };
        let expect = expect.map(|(profit, share)| (Exact::of(profit), share));
        assert_eq!(profit_today(&equity), expect);
    }

    #[test]
    fn what_was_paid_in_is_no_profit() {
        check(&[("100", "100"), ("160.5", "50")], Some(("10.5", Some(0.07))));
        check(&[("110", "100")], Some(("10", Some(0.1))));
        check(&[("0", "0"), ("-5", "0")], Some(("-5", None)));
        check(&[], None);
    }
}
