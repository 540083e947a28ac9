//! What is to be known of the figures: what is kept apart, by what was converted, and what late
//! trades changed.

use super::words::{less, money, price, profit, signed};
use crate::domain::trading::{Apart, Correction, Exact, Portfolio, RateUsed, trades_href};
use crate::ui::format;
use crate::ui::widgets::{Card, Icon, IconName, ago, dynamic};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// Corrections that are listed.
const LISTED: usize = 10;

/// Money that is in none of the figures, and the rates behind them.
pub fn apart(doc: RwSignal<Portfolio>) -> AnyView {
    let found = Memo::new(move |_| {
        doc.with(|doc| {
            (doc.currency.clone(), doc.unconverted.clone(), doc.rates.clone(), doc.left_out)
        })
    });
    dynamic(move || {
        let (into, unconverted, rates, left_out) = found.get();
        if unconverted.is_empty() && rates.is_empty() && left_out == 0 {
            return None;
        }
        let kept = |apart: Apart| {
            let text = kept_apart(&apart, &into);
            view! { <li class="st warn"><Icon name=IconName::Warning />{text}</li> }.into_any()
        };
        let rate = |used: RateUsed| {
            let text = format!("1 {} = {} {into}, ", used.from, price(&used.rate));
            view! { <li class="muted">{text}{ago(used.at)}</li> }.into_any()
        };
        let left_out = (left_out > 0).then(|| {
            let text = format!(
                "{} events found no place: too many accounts or symbols",
                format::count(left_out)
            );
            view! { <li class="st warn"><Icon name=IconName::Warning />{text}</li> }.into_any()
        });
        let lines = unconverted.into_iter().map(kept).chain(rates.into_iter().map(rate));
        let lines = left_out.into_iter().chain(lines);
        let lines: Vec<AnyView> = lines.collect();
        Some(view! { <ul class="rates" aria-label="Currencies">{lines}</ul> }.into_any())
    })
}

/// "Kept apart: 1,000.00 EUR (cash 1,000.00, positions 0.00): no EUR-USD price is known".
fn kept_apart(apart: &Apart, into: &str) -> String {
    let Apart { currency, cash, positions_value, .. } = apart;
    let owed = Exact::of(match positions_value.as_str().strip_prefix('-') {
        Some(digits) => digits.to_owned(),
        None => format!("-{positions_value}"),
    });
    let whole = less(cash, &owed).map_or_else(String::new, |whole| money(&whole));
    let (cash, value) = (money(cash), money(positions_value));
    format!(
        "Kept apart: {whole} {currency} (cash {cash}, positions {value}): no {currency}-{into} price is known"
    )
}

/// What late trades changed.
pub fn corrections(doc: RwSignal<Portfolio>, as_of: Timestamp) -> AnyView {
    let found = Memo::new(move |_| doc.with(|doc| (doc.late_trades, doc.corrections.clone())));
    dynamic(move || {
        let (late, all) = found.get();
        if late == 0 {
            return None;
        }
        let said = headline(late, &all);
        let lines: Vec<AnyView> = all.iter().take(LISTED).map(line).collect();
        let card = view! {
            <div class="grid">
                <Card title="Corrections" as_of=as_of class="c12">
                    <p class="sub">{said}</p>
                    <ul class="lines corrections">{lines}</ul>
                </Card>
            </div>
        };
        Some(card.into_any())
    })
}

/// How many trades came late, and what they changed in all, where that is known.
fn headline(late: u64, all: &[Correction]) -> String {
    let trades =
        if late == 1 { "1 late trade" } else { &format!("{} late trades", format::count(late)) };
    let one = all.first().map(|first| &first.currency);
    let whole = all.len() as u64 == late && all.iter().all(|each| Some(&each.currency) == one);
    let sum = all.iter().try_fold(Exact::default(), |sum, each| {
        let other = less(&Exact::default(), &each.realized_pnl)?;
        less(&sum, &other)
    });
    match (sum.filter(|_| whole), one) {
        (Some(sum), Some(currency)) => {
            format!("{trades} moved realised profit by {} {currency}.", signed(money(&sum)))
        }
        _ => format!(
            "{trades} came after others with later times; what the newest of them changed of realised profit:"
        ),
    }
}

fn line(one: &Correction) -> AnyView {
    let Correction { at, time, trade, symbol, account, realized_pnl, currency } = one;
    let of = format!("of {}, {account}, {trade}", format::day_clock(*time));
    view! {
        <li>
            <a class="link cut" href=trades_href(symbol)>{symbol.to_string()}</a>
            <span class="muted cut of">{of}</span>
            <span>{profit(realized_pnl)}" "{currency.to_string()}</span>
            <span class="muted when">{ago(*at)}</span>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_apart_says_why() {
        let exact = |digits: &str| Exact::of(digits);
        let apart = Apart {
            currency: "EUR".into(),
            cash: exact("1000"),
            positions_value: exact("-20.5"),
            realized_pnl: exact("0"),
            unrealized_pnl: exact("0"),
            fees: exact("0"),
        };
        let expect =
            "Kept apart: 979.50 EUR (cash 1,000.00, positions -20.50): no EUR-USD price is known";
        assert_eq!(kept_apart(&apart, "USD"), expect);
    }

    /// How many came late, and by how much each that is known moved the profit.
    #[track_caller]
    fn check(late: u64, moved: &[&str], expect: &str) {
        let at = Timestamp::from_ms(0);
        let one = |digits: &&str| Correction {
            at,
            time: at,
            trade: "t".into(),
            symbol: "X".into(),
            account: "a".into(),
            realized_pnl: Exact::of(*digits),
            currency: "USD".into(),
        };
        let all: Vec<_> = moved.iter().map(one).collect();
        assert_eq!(headline(late, &all), expect);
    }

    #[test]
    fn corrections_are_summed_where_all_are_known() {
        check(2, &["10", "2"], "2 late trades moved realised profit by +12.00 USD.");
        check(1, &["-0.5"], "1 late trade moved realised profit by -0.50 USD.");
        let some = "3 late trades came after others with later times; what the newest of them changed of realised profit:";
        check(3, &["10"], some);
    }
}
