//! The page at `/portfolio`: what it is worth, how it came to that, and what it is made of.

use super::equity::{USUAL, equity_card};
use super::notes::{apart, corrections};
use super::positions::positions_card;
use super::ratios::ratios_card;
use super::tiles::tiles;
use crate::domain::Topic;
use crate::domain::range::RangeParams;
use crate::domain::trading::api::{equity, portfolio};
use crate::domain::trading::{DEFAULT_CURRENCY, Equity, Portfolio};
use crate::ui::address::{Asked, use_asked};
use crate::ui::live::{follow, follow_doc};
use crate::ui::range::{use_fresh, use_fresh_every, use_range};
use crate::ui::shell::{TRADING, page_tabs};
use crate::ui::widgets::{Empty, Reading, dynamic, filter_form, loaded, reading};
use crate::wire::{ApiError, Unread};
use leptos::prelude::*;
use leptos_meta::Title;
use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

pub const PATH: &str = "/portfolio";
const NAMES: [&str; 6] = ["account", "currency", "sort", "window", "from", "to"];
/// Least time between two readings of what no topic tells of.
const REST: Duration = Duration::from_secs(1);

const FIRST_TRADE: &str = "curl {origin}/api/v1/events -H 'content-type: application/json' \\\n  \
    -d '[{\"type\":\"cash.moved\",\"data\":{\"amount\":10000,\"currency\":\"USD\"}},\n       \
    {\"type\":\"trade.executed\",\"data\":{\"symbol\":\"BTC-USD\",\"side\":\"buy\",\"quantity\":\"0.1\",\"price\":\"64000\"}}]'";

/// Whose portfolio is asked for, and in which currency.
pub type Whose = (Option<String>, Option<String>);

/// The page at `/portfolio`.
#[component]
pub fn PortfolioPage() -> impl IntoView {
    let (asked, range) = (use_asked(&NAMES), use_range(USUAL));
    let whose =
        Memo::new(move |_| asked.with(|asked| (asked.get("account"), asked.get("currency"))));
    // Another account is another page; another range of the same is not.
    let page = move || {
        let whose = whose.get();
        let (of, again) = (whose.clone(), whose.clone());
        let first = reading(move || portfolio(of.0.clone(), of.1.clone()));
        let days = reading({
            let whose = whose.clone();
            move || read(&whose, two_days())
        });
        let curve = reading(move || read(&again, range.get_untracked()));
        Some(loaded(first, move |first| board(first, whose.clone(), asked, days, curve)))
    };
    view! {
        <Title text="Portfolio · Bellwether" />
        {page_tabs("Trading", &TRADING)}
        {dynamic(page)}
    }
}

/// What tells of today and of the day before.
fn two_days() -> RangeParams {
    RangeParams { step: Some("1d".to_owned()), ..RangeParams::last("2d") }
}

/// Reads the equity over a range.
fn read(
    (account, currency): &Whose,
    range: RangeParams,
) -> impl Future<Output = Result<Unread<Equity>, ApiError>> + use<> {
    let RangeParams { window, from, to, step } = range;
    equity(account.clone(), currency.clone(), window, from, to, step)
}

/// The equity over the range that `range` says, read again when the portfolio has moved.
pub fn fresh_equity(
    first: Equity,
    whose: Whose,
    range: Box<dyn Fn() -> RangeParams + Send + Sync>,
    doc: RwSignal<Portfolio>,
) -> RwSignal<Equity> {
    let moved = move || Some(doc.with(|doc| doc.cursor.seq));
    use_fresh(first, range, moved, move |range| read(&whose, range))
}

/// The portfolio, kept up to date. A topic tells of all accounts in the usual currency; any other
/// is read again when that topic has moved, as are the ratios, which it does not tell.
fn kept(first: Portfolio, whose: &Whose) -> (RwSignal<Portfolio>, RwSignal<Portfolio>) {
    let (account, currency) = whose.clone();
    let told = account.is_none() && currency.is_none();
    let pulse = RwSignal::new(first.cursor.seq);
    if !told {
        follow(Topic::Portfolio, Some(first.cursor.clone()), move |part| {
            pulse.try_set(part.cursor.seq);
            Ok(())
        });
    }
    let doc = told.then(|| follow_doc(Topic::Portfolio, first.clone()));
    let read = use_fresh_every(
        REST,
        first,
        || (),
        move || Some(pulse.get()),
        move |()| portfolio(account.clone(), currency.clone()),
    );
    (doc.unwrap_or(read), read)
}

fn board(
    first: Portfolio,
    whose: Whose,
    asked: Memo<Asked>,
    days: Reading<Equity>,
    curve: Reading<Equity>,
) -> AnyView {
    let as_of = first.as_of;
    let (doc, read) = kept(first, &whose);
    let nothing = Memo::new(move |_| doc.with(is_empty));
    // What was read while there was nothing says nothing of what has come since.
    Effect::new(move |was: Option<bool>| {
        let is = nothing.get();
        if was == Some(true) && !is {
            days.refetch();
            curve.refetch();
        }
        is
    });
    let shown = move || {
        let (of, whose) = (whose.clone(), whose.clone());
        let today = move |first| {
            let days = fresh_equity(first, of.clone(), Box::new(two_days), doc);
            tiles(doc, days, as_of)
        };
        view! {
            {selectors(doc, asked)}
            {apart(doc)}
            {loaded(days, today)}
            <div class="grid top">
                {loaded(curve, move |first| equity_card(first, whose.clone(), doc, as_of))}
                {ratios_card(read, as_of)}
            </div>
            {positions_card(doc, asked, as_of)}
            {corrections(doc, as_of)}
        }
        .into_any()
    };
    let empty = || view! { <section class="card">{nothing_yet()}</section> }.into_any();
    dynamic(move || Some(if nothing.get() { empty() } else { shown() }))
}

/// Whether nobody has ever traded or paid anything in.
fn is_empty(doc: &Portfolio) -> bool {
    doc.trades == 0 && doc.accounts.is_empty() && doc.positions.is_empty()
}

/// What is shown where nothing has come.
pub fn nothing_yet() -> AnyView {
    view! {
        <Empty
            title="No trade has been reported yet"
            why="A trading system that sends what it buys and sells, and the cash that is paid in, appears here:"
            line=FIRST_TRADE
        />
    }
    .into_any()
}

/// Account and currency, where there is more than one.
fn selectors(doc: RwSignal<Portfolio>, asked: Memo<Asked>) -> AnyView {
    let lists = Memo::new(move |_| doc.with(|doc| (doc.accounts.clone(), currencies(doc))));
    dynamic(move || {
        let (accounts, currencies) = lists.get();
        let chosen = asked.get_untracked();
        let some = |name: &str| chosen.get(name).is_some();
        if accounts.len() < 2 && currencies.is_empty() && !some("account") && !some("currency") {
            return None;
        }
        let rest = ["sort", "window", "from", "to"].into_iter().map(|name| {
            let value = move || asked.get().get(name);
            let hidden = move || {
                let input = view! { <input type="hidden" name=name value=value()? /> };
                Some(input.into_any())
            };
            dynamic(hidden)
        });
        let fields = view! {
            {select(&chosen, "account", "Account", "All accounts", accounts.iter().map(|name| &**name))}
            {select(&chosen, "currency", "Currency", "In USD", currencies.iter().map(String::as_str))}
            {rest.collect::<Vec<_>>()}
        };
        Some(filter_form(PATH, &NAMES, fields.into_any()))
    })
}

/// Every currency that there is something in, but for the usual one.
fn currencies(doc: &Portfolio) -> Vec<String> {
    let held = doc.positions.iter().map(|item| &item.currency);
    let all = held
        .chain(doc.rates.iter().map(|rate| &rate.from))
        .chain(doc.unconverted.iter().map(|apart| &apart.currency))
        .chain(std::iter::once(&doc.currency));
    let all = all.filter(|name| ***name != *DEFAULT_CURRENCY);
    let all: BTreeSet<String> = all.map(|name| name.to_string()).collect();
    all.into_iter().collect()
}

fn select<'a>(
    chosen: &Asked,
    name: &'static str,
    label: &'static str,
    any: &'static str,
    all: impl Iterator<Item = &'a str>,
) -> AnyView {
    let here = chosen.get(name).unwrap_or_default();
    let mut all: Vec<String> = all.map(str::to_owned).collect();
    // One that is gone is still what the address asks for.
    if !here.is_empty() && !all.contains(&here) {
        all.insert(0, here.clone());
    }
    let option = |value: String| {
        let on = value == here;
        view! { <option value=value.clone() selected=on>{value.clone()}</option> }.into_any()
    };
    let options: Vec<AnyView> = all.into_iter().map(option).collect();
    view! {
        <span class="select">
            <select name=name aria-label=label>
                <option value="" selected=here.is_empty()>{any}</option>
                {options}
            </select>
        </span>
    }
    .into_any()
}
