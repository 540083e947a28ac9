//! The equity over a range that is chosen in the address, and under it how far below its peak.

use super::portfolio::{Whose, fresh_equity};
use super::words::profit;
use crate::domain::trading::{Equity, EquityPoint, Portfolio};
use crate::ui::chart::{Kind, Linked, Series, TimeChart};
use crate::ui::format::{self, Unit};
use crate::ui::range::{RangePicker, use_range, use_zoom};
use crate::ui::widgets::{Card, dynamic, text};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// What is shown when no range is asked for.
pub const USUAL: &str = "30d";
/// Deposits that are listed.
const LISTED: usize = 8;

/// Equity and drawdown, and what was paid in meanwhile.
pub fn equity_card(
    first: Equity,
    whose: Whose,
    doc: RwSignal<Portfolio>,
    as_of: Timestamp,
) -> AnyView {
    let range = use_range(USUAL);
    let equity = fresh_equity(first, whose, Box::new(move || range.get()), doc);
    let from = Signal::derive(move || equity.with(|equity| equity.range.from));
    let to = Signal::derive(move || equity.with(|equity| equity.range.to));
    let value = Signal::derive(move || {
        let point = |point: &EquityPoint| (point.timestamp, Some(point.total_value.to_f64()));
        vec![one(
            "value",
            "accent",
            equity.with(|equity| equity.points.iter().map(point).collect()),
        )]
    });
    let fall = Signal::derive(move || {
        let below = equity.with(|equity| {
            let times = equity.points.iter().map(|point| point.timestamp);
            let falls = equity.drawdown.iter().map(|fall| fall.map(|fall| 0.0 - fall));
            times.zip(falls).collect()
        });
        vec![Series { kind: Kind::Area, ..one("drawdown", "crit", below) }]
    });
    let (zoom, linked) = (use_zoom(), Linked::new(72));
    let title = Signal::derive(move || format!("Equity, {}", equity.with(|e| e.currency.clone())));
    view! {
        <Card title=title as_of=as_of class="c8">
            <div class="row range-row"><RangePicker usual=USUAL /></div>
            <div class="curve">
                <TimeChart title="Value at the end of each step".to_owned() series=value from=from to=to
                    unit=Unit::Number height=200 linked=linked on_zoom=zoom />
                <TimeChart title="Drawdown from the last peak, deposits aside".to_owned() series=fall from=from to=to
                    unit=Unit::Ratio height=84 zero=true linked=linked on_zoom=zoom />
            </div>
            {deposits(equity)}
        </Card>
    }
    .into_any()
}

fn one(name: &str, class: &'static str, points: Vec<(Timestamp, Option<f64>)>) -> Series {
    Series { name: name.to_owned(), class, points, kind: Kind::Line }
}

/// Steps of the range in which money was paid in or taken out, newest first.
fn deposits(equity: RwSignal<Equity>) -> AnyView {
    let moved = Memo::new(move |_| {
        equity.with(|equity| {
            let moved = equity.points.iter().rev().filter(|point| !point.deposits.is_zero());
            moved.map(|point| (point.timestamp, point.deposits.clone())).collect::<Vec<_>>()
        })
    });
    let rest = move || match moved.with(Vec::len).saturating_sub(LISTED) {
        0 => String::new(),
        n => format!("and {} more", format::count(n as u64)),
    };
    dynamic(move || {
        let moved = moved.get();
        if moved.is_empty() {
            return None;
        }
        let line = |(at, amount): (Timestamp, _)| {
            view! { <li><time title=format::iso(at)>{format::day_clock(at)}</time>{profit(&amount)}</li> }
                .into_any()
        };
        let lines: Vec<AnyView> = moved.into_iter().take(LISTED).map(line).collect();
        let list = view! {
            <div class="moved">
                <h3>"Paid in and taken out"</h3>
                <ul>{lines}<li class="muted">{text(rest)}</li></ul>
            </div>
        };
        Some(list.into_any())
    })
}
