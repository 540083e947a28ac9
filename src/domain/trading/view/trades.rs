//! The page at `/trades`: every trade that is like what the address asks for, newest first.

use super::blotter::Blotter;
use super::import::import;
use super::portfolio::nothing_yet;
use crate::domain::trading::api::trades;
use crate::domain::trading::{Side, TradesPage};
use crate::ui::address::{Asked, use_asked};
use crate::ui::format;
use crate::ui::me::{Permission, may};
use crate::ui::shell::{TRADING, page_tabs};
use crate::ui::widgets::{
    AsOf, choice_field, dynamic, filter_form, loaded, moment_field, reading, text, trouble_line,
    utc_time, word_field, words,
};
use crate::wire::{ApiError, MAX_EXPORT, Unread};
use leptos::prelude::*;
use leptos_meta::Title;
use std::future::Future;

const PATH: &str = "/trades";
/// What the address asks for; `skip` is for browsers without JavaScript, which read page by page.
const NAMES: [&str; 7] =
    ["symbol", "side", "strategy", "account", "start_time", "end_time", "skip"];
/// Trades of a page.
pub const PAGE: usize = 100;

/// Reads the trades that are asked for, from `skip` on.
pub fn read(
    asked: &Asked,
    skip: usize,
    limit: usize,
) -> impl Future<Output = Result<Unread<TradesPage>, ApiError>> + use<> {
    let get = |name| asked.get(name);
    let (from, to) = (get("start_time").map(utc_time), get("end_time").map(utc_time));
    let (limit, skip) = (Some(limit.to_string()), Some(skip.to_string()));
    trades(get("symbol"), get("side"), get("strategy"), get("account"), from, to, limit, skip)
}

/// How many trades the address asks to pass over.
pub fn skipped(asked: &Asked) -> usize {
    asked.get("skip").and_then(|skip| skip.parse().ok()).unwrap_or(0)
}

/// The page at `/trades`.
#[component]
pub fn TradesList() -> impl IntoView {
    let asked = use_asked(&NAMES);
    let page = reading(move || {
        let asked = asked.get_untracked();
        read(&asked, skipped(&asked), PAGE)
    });
    view! {
        <Title text="Trades · Bellwether" />
        {page_tabs("Trading", &TRADING)}
        {loaded(page, move |first| list(first, asked))}
    }
}

fn list(first: TradesPage, asked: Memo<Asked>) -> AnyView {
    let as_of = first.as_of;
    let blotter = Blotter::new(first, asked);
    let (total, waiting) = (blotter.total(), blotter.waiting());
    let chooses = Memo::new(move |_| asked.with(|asked| asked.with("skip", "").chooses()));
    let said = move || match total.get() {
        1 => "1 trade".to_owned(),
        n => format!("{} trades", format::count(n as u64)),
    };
    let new = move || {
        let n = Some(waiting.get()).filter(|n| *n > 0)?;
        let words = format!("{} new", format::count(n as u64));
        let show = move |_| blotter.to_top();
        Some(view! { <button type="button" class="button small primary new" on:click=show>{words}</button> }.into_any())
    };
    let none = Memo::new(move |_| total.get() == 0);
    let shown = move || {
        let chooses = chooses.get();
        Some(match none.get() {
            true if chooses => nothing_here(),
            true => nothing_yet(),
            false => blotter.table(),
        })
    };
    let matching = move || {
        let note = "Some of these books are being matched again, since trades came late: what the \
                    later ones realised follows.";
        blotter.matching.get().then(|| view! { <p class="hint">{note}</p> }.into_any())
    };
    let most = move || {
        let total = total.get();
        if total <= MAX_EXPORT {
            return String::new();
        }
        format!("the newest {} of them", format::count(MAX_EXPORT as u64))
    };
    let import = may(Permission::WriteEvents).then(import);
    view! {
        {filter(asked)}
        {import}
        <section class="card flush" aria-label="Trades">
            <div class="row list-head">
                <p class="count" role="status">{text(said)}</p>
                <span class="grow"></span>
                <a class="more" href=words(move || asked.with(csv)) rel="external" download="trades.csv">"As CSV"</a>
                <small class="muted">{text(most)}</small>
            </div>
            <div role="status">{dynamic(matching)}</div>
            <div class="news" role="status">{dynamic(new)}</div>
            <div role="alert">{trouble_line(blotter.trouble)}</div>
            {dynamic(shown)}
            {next_page(asked, total.get_untracked())}
            <AsOf at=as_of />
        </section>
    }
    .into_any()
}

/// The address of the same trades as a file.
fn csv(asked: &Asked) -> String {
    let mut asked = asked.with("skip", "");
    for name in ["start_time", "end_time"] {
        asked = asked.with(name, &utc_time(asked.get(name).unwrap_or_default()));
    }
    asked.with("format", "csv").href("/api/v1/trades")
}

/// The link to what follows, for browsers that cannot scroll there.
fn next_page(asked: Memo<Asked>, total: usize) -> Option<AnyView> {
    let next = asked.with_untracked(skipped) + PAGE;
    let link = || {
        let href = words(move || asked.get().with("skip", &next.to_string()).href(PATH));
        view! { <noscript><a class="button more-rows" href=href>"Next page"</a></noscript> }
            .into_any()
    };
    (next < total).then(link)
}

fn nothing_here() -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-title">"No trade is like that"</p>
            <p class="row"><a class="button" href=PATH>"Show all"</a></p>
        </div>
    }
    .into_any()
}

fn filter(asked: Memo<Asked>) -> AnyView {
    let sides = [("", "Buys and sells")]
        .into_iter()
        .chain(Side::ALL.map(|side| (side.name(), side.name())));
    let plain = |name: &'static str, label: &'static str| {
        let value = words(move || asked.get().get(name).unwrap_or_default());
        view! {
            <input type="text" name=name class="filter short" placeholder=label aria-label=label autocomplete="off" value=asked.get_untracked().get(name) prop:value=value />
        }
        .into_any()
    };
    let fields = view! {
        {word_field(asked, "symbol", "Symbol")}
        {choice_field(asked, "side", "Side", sides.collect())}
        {plain("strategy", "Strategy")}
        {plain("account", "Account")}
        {moment_field(asked, "start_time", "From, UTC")}
        {moment_field(asked, "end_time", "until")}
    };
    filter_form(PATH, &NAMES, fields.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_what_is_asked_for() {
        let asked =
            Asked::default().with("symbol", "BTC-USD").with("start_time", "2026-01-02T03:04");
        let asked = asked.with("skip", "100");
        assert_eq!(skipped(&asked), 100);
        let expect = "/api/v1/trades?symbol=BTC-USD&start_time=2026-01-02T03%3A04%3A00Z&format=csv";
        assert_eq!(csv(&asked), expect);
    }
}
