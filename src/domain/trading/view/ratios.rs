//! Return and risk, with the formulas they come of.

use super::words::share;
use crate::domain::trading::{Portfolio, Ratios};
use crate::ui::format;
use crate::ui::widgets::{Card, dynamic, text};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// Days that the ratios take: two returns, each from one day to the next.
const DAYS: u32 = 3;

/// A ratio: its name, its formula, and what it is.
type Ratio = (&'static str, &'static str, fn(&Ratios) -> Result<String, &'static str>);

const RATIOS: [Ratio; 6] = [
    ("Return since the start", "Π(1 + r) − 1, r the return of a day, deposits aside", |r| {
        r.return_since_inception.map(share).ok_or("not yet known: nothing was paid in")
    }),
    ("Sharpe ratio", "mean r ÷ standard deviation of r × √N; risk-free rate 0", |r| {
        let varied = "not known: the returns do not vary";
        r.sharpe_ratio.map(|v| format::decimal(v, 2)).ok_or(why(r, varied))
    }),
    ("Sortino ratio", "mean r ÷ √(mean of min(r, 0)²) × √N; target 0", |r| {
        let none = "not known: no day has lost anything";
        r.sortino_ratio.map(|v| format::decimal(v, 2)).ok_or(why(r, none))
    }),
    ("Volatility", "standard deviation of r × √N", |r| {
        r.volatility.map(format::percent).ok_or(why(r, "not known"))
    }),
    ("Maximum drawdown", "greatest of 1 − V ÷ highest V so far, V = Π(1 + r)", |r| {
        r.max_drawdown.map(format::percent).ok_or("not yet known: takes a daily return")
    }),
    ("Drawdown now", "1 − V ÷ highest V so far", |r| {
        r.drawdown.map(format::percent).ok_or("not yet known: takes a daily return")
    }),
];

/// Why a ratio is not known: `other` once there are days enough.
const fn why(ratios: &Ratios, other: &'static str) -> &'static str {
    if ratios.days < DAYS { "not yet known: takes two daily returns" } else { other }
}

/// The ratios.
pub fn ratios_card(doc: RwSignal<Portfolio>, as_of: Timestamp) -> AnyView {
    let ratios = Memo::new(move |_| doc.with(|doc| doc.metrics));
    let line = move |(name, formula, value): Ratio| {
        let value = move || {
            let shown = match value(&ratios.get()) {
                Ok(value) => view! { <b>{value}</b> }.into_any(),
                Err(why) => view! { <span class="hint">{why}</span> }.into_any(),
            };
            Some(shown)
        };
        view! { <dt title=formula>{name}</dt><dd>{dynamic(value)}</dd> }.into_any()
    };
    let formula =
        |(name, formula, _): Ratio| view! { <li><b>{name}</b>": "{formula}</li> }.into_any();
    view! {
        <Card title="Return and risk" as_of=as_of class="c4">
            <dl class="facts">{RATIOS.map(line).into_iter().collect::<Vec<_>>()}</dl>
            <p class="hint">{text(move || basis(&ratios.get()))}</p>
            <details class="formulas">
                <summary>"How they are computed"</summary>
                <ul>{RATIOS.map(formula).into_iter().collect::<Vec<_>>()}</ul>
            </details>
        </Card>
    }
    .into_any()
}

/// What the ratios come of.
fn basis(ratios: &Ratios) -> String {
    let Some(since) = ratios.since else { return "No day is over yet.".to_owned() };
    let returns = ratios.days.saturating_sub(1);
    let word = if returns == 1 { "return" } else { "returns" };
    format!(
        "From {} daily {word} since {} (UTC); N = {} periods a year.",
        format::count(returns.into()),
        format::day(since),
        format::trimmed(ratios.periods_per_year, 2)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ratios: Ratios, expect: [&str; 6]) {
        let said = RATIOS.map(|(_, _, value)| value(&ratios).unwrap_or_else(str::to_owned));
        assert_eq!(said.map(|text| text.replace('\u{a0}', " ")), expect);
    }

    #[test]
    fn what_is_not_known_says_why() {
        let soon = "not yet known: takes two daily returns";
        let first = "not yet known: takes a daily return";
        check(
            Ratios { days: 2, return_since_inception: Some(0.1), ..Ratios::default() },
            ["+10.0 %", soon, soon, soon, first, first],
        );
        check(
            Ratios {
                days: 5,
                volatility: Some(0.0),
                max_drawdown: Some(0.0),
                drawdown: Some(0.0),
                ..Ratios::default()
            },
            [
                "not yet known: nothing was paid in",
                "not known: the returns do not vary",
                "not known: no day has lost anything",
                "0 %",
                "0 %",
                "0 %",
            ],
        );
    }
}
