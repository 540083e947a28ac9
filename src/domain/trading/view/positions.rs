//! Positions: how much of the whole each is, and a row for each, lit when its price moves.

use super::portfolio::PATH;
use super::words::{money, price, profit, quantity, share, tone};
use crate::domain::trading::{Portfolio, PositionItem, trades_href};
use crate::ui::address::Asked;
use crate::ui::format;
use crate::ui::widgets::{AsOf, Long, dynamic, flashes, text};
use crate::wire::Timestamp;
use leptos::prelude::*;
use std::sync::Arc;

/// Positions that the bar names.
const NAMED: usize = 6;

/// Columns that sort: what the address calls them, their names, their classes.
const COLUMNS: [(&str, &str, &str); 8] = [
    ("symbol", "Symbol", ""),
    ("quantity", "Quantity", "num wide"),
    ("", "Entry", "num entry"),
    ("", "Price", "num wide"),
    ("value", "Value", "num"),
    ("pnl", "Profit", "num"),
    ("percent", "Profit, %", "num wide"),
    ("allocation", "Allocation", "num alloc"),
];
/// The order when none is asked for: greatest value first.
const USUAL: &str = "-value";

/// The positions.
pub fn positions_card(doc: RwSignal<Portfolio>, asked: Memo<Asked>, as_of: Timestamp) -> AnyView {
    let sort =
        Memo::new(move |_| asked.with(|a| a.get("sort")).unwrap_or_else(|| USUAL.to_owned()));
    let ids = Memo::new(move |_| doc.with(|doc| sorted(doc, &sort.get())));
    let count = Signal::derive(move || ids.with(Vec::len));
    let said = move || match count.get() {
        1 => "1 position".to_owned(),
        n => format!("{} positions", format::count(n as u64)),
    };
    // Of what is asked for alone: it outlives this page, and what the page has made does not.
    let heads = move || {
        let asked = asked.get();
        let sort = asked.get("sort").unwrap_or_else(|| USUAL.to_owned());
        let heads = COLUMNS.map(|(key, word, class)| head(&asked, &sort, key, word, class));
        Some(view! { <tr>{heads.into_iter().collect::<Vec<_>>()}</tr> }.into_any())
    };
    let shown = move |from, to| ids.with(|ids| ids.get(from..to).unwrap_or_default().to_vec());
    let table = move || {
        let long = Long::new(count);
        let row = move |key| position_row(doc, key);
        long.view("Positions", "positions", dynamic(heads), shown, row)
    };
    let none = Memo::new(move |_| count.get() == 0);
    let body = move || {
        let calm = || view! { <p class="calm">"No position is open."</p> }.into_any();
        Some(if none.get() { calm() } else { table() })
    };
    view! {
        <section class="card flush" aria-label="Positions">
            <p class="count" role="status">{text(said)}</p>
            {allocation(doc)}
            {dynamic(body)}
            <AsOf at=as_of />
        </section>
    }
    .into_any()
}

/// The head of a column: a link that sorts by it, and then the other way round.
fn head(asked: &Asked, sort: &str, key: &'static str, word: &'static str, class: &str) -> AnyView {
    let class = class.to_owned();
    if key.is_empty() {
        return view! { <th class=class>{word}</th> }.into_any();
    }
    let (here, down) = (sort.trim_start_matches('-') == key, sort.starts_with('-'));
    // Names begin with the first, figures with the greatest.
    let next = if here { !down } else { key != "symbol" };
    let next = if next { format!("-{key}") } else { key.to_owned() };
    let href = asked.with("sort", &next).href(PATH);
    let order = here.then_some(if down { "descending" } else { "ascending" });
    let arrow = order.map_or("", |_| if down { "↓" } else { "↑" });
    view! {
        <th class=class aria-sort=order>
            <a href=href data-noscroll="">{word}<span class="arrow" aria-hidden="true">{arrow}</span></a>
        </th>
    }
    .into_any()
}

/// What tells a position apart. No currency has a blank in it.
fn key_of(item: &PositionItem) -> Arc<str> {
    format!("{} {}", item.currency, item.symbol).into()
}

/// The position of this key: they are in the order of symbols and currencies.
fn find<'a>(doc: &'a Portfolio, key: &str) -> Option<&'a PositionItem> {
    let (currency, symbol) = key.split_once(' ')?;
    let at = doc
        .positions
        .binary_search_by(|item| (&*item.symbol, &*item.currency).cmp(&(symbol, currency)));
    doc.positions.get(at.ok()?)
}

/// Keys of all positions in the order that is asked for; equal ones by symbol.
fn sorted(doc: &Portfolio, sort: &str) -> Vec<Arc<str>> {
    let (down, by) = (sort.starts_with('-'), sort.trim_start_matches('-'));
    let unknown = f64::NEG_INFINITY;
    let number = |item: &PositionItem| match by {
        "quantity" => (item.quantity.to_f64(), 0.0),
        "pnl" => (item.pnl.to_f64(), 0.0),
        "percent" => (item.pnl_percentage.unwrap_or(unknown), 0.0),
        // Values are in currencies of their own, shares are not.
        "value" | "allocation" => (item.allocation.unwrap_or(unknown), item.value.to_f64()),
        _ => (0.0, 0.0),
    };
    let all = doc.positions.iter().map(|item| (number(item), key_of(item)));
    let mut all: Vec<((f64, f64), Arc<str>)> = all.collect();
    all.sort_by(|(a, _), (b, _)| {
        let (a, b) = if down { (b, a) } else { (a, b) };
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    if by == "symbol" && down {
        all.reverse();
    }
    all.into_iter().map(|(_, key)| key).collect()
}

fn position_row(doc: RwSignal<Portfolio>, key: Arc<str>) -> AnyView {
    // One that is closed keeps what it was: its row is about to go.
    let item = Memo::new(move |last: Option<&Option<PositionItem>>| {
        let found = doc.with(|doc| find(doc, &key).cloned());
        found.or_else(|| last.cloned().flatten())
    });
    let moved = Signal::derive(move || {
        item.with(|item| {
            item.as_ref().map(|item| (item.current_price.clone(), item.quantity.clone()))
        })
    });
    let lit = flashes(moved);
    let home = Memo::new(move |_| doc.with(|doc| doc.currency.clone()));
    let cells = move || {
        let home = home.get();
        item.with(|item| Some(cells(item.as_ref()?, &home)))
    };
    view! { <tr class=lit>{dynamic(cells)}</tr> }.into_any()
}

fn cells(item: &PositionItem, home: &str) -> AnyView {
    let short = item.quantity.is_negative();
    let short =
        short.then(|| view! { <span class="tag" title="More was sold than bought">"short"</span> });
    let foreign = (*item.currency != *home).then(|| format!(" {}", item.currency));
    let entry = item.entry_price.as_ref().map_or_else(|| format::NONE.to_owned(), price);
    let entry_title = match (&item.entry_price, item.inexact) {
        (None, _) => "Accounts hold it in both directions".to_owned(),
        (Some(full), true) => format!(
            "{full}; a late trade reached further back than lots are kept: a mean stands for some"
        ),
        (Some(full), false) => full.to_string(),
    };
    let held = format!("{} @ {}", quantity(&item.quantity), price(&item.current_price));
    let now = format!("{}, priced {} UTC", item.current_price, format::day_clock(item.priced_at));
    let percent = item.pnl_percentage.map_or_else(|| format::NONE.to_owned(), share);
    let colour = tone(&percent);
    let part = item.allocation.map_or_else(|| format::NONE.to_owned(), format::percent);
    let width = format!(
        "width:{}%",
        format::decimal(item.allocation.unwrap_or(0.0).abs().min(1.0) * 100.0, 1)
    );
    let bar = if item.quantity.is_negative() { "warn" } else { "accent" };
    view! {
        <td class="name">
            <a href=trades_href(&item.symbol) data-row-link="">{item.symbol.to_string()}</a>
            {short}
            <small class="narrow">{held}</small>
        </td>
        <td class="num wide" title=item.quantity.to_string()>{quantity(&item.quantity)}</td>
        <td class="num entry" title=entry_title>{entry}</td>
        <td class="num wide" title=now>{price(&item.current_price)}</td>
        <td class="num" title=item.value.to_string()>{money(&item.value)}<small>{foreign}</small></td>
        <td class="num">{profit(&item.pnl)}<small class=format!("narrow {colour}")>{percent.clone()}</small></td>
        <td class=format!("num wide {colour}")>{percent}</td>
        <td class="num alloc">
            <span class="score-bar" aria-hidden="true"><i class=bar style=width></i></span>
            {part}
        </td>
    }
    .into_any()
}

/// What the whole is made of: the greatest positions and cash. What is short or owed is no part of
/// it.
fn parts(doc: &Portfolio) -> Vec<(String, f64)> {
    let shares =
        doc.positions.iter().filter_map(|item| Some((item.symbol.to_string(), item.allocation?)));
    let mut all: Vec<(String, f64)> = shares.filter(|(_, share)| *share > 0.0).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rest: f64 = all.iter().skip(NAMED).map(|(_, share)| share).sum();
    let others = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    if others > 0 {
        all.push((format!("{} others", format::count(others as u64)), rest));
    }
    let cash = doc.cash.to_f64() / doc.total_value.to_f64();
    if cash.is_finite() && cash > 0.0 {
        all.push(("cash".to_owned(), cash));
    }
    all
}

fn allocation(doc: RwSignal<Portfolio>) -> AnyView {
    dynamic(move || {
        let parts = doc.with(parts);
        if parts.is_empty() {
            return None;
        }
        let piece = |(name, share): &(String, f64)| {
            let class = if name == "cash" { "cash" } else { "accent" };
            let style = format!("flex:{}", format::decimal(*share, 4));
            let title = format!("{name} {}", format::percent(*share));
            view! { <i class=class style=style title=title></i> }.into_any()
        };
        let entry = |(name, share): &(String, f64)| {
            view! { <span><b>{format::percent(*share)}</b>{format!(" {name}")}</span> }.into_any()
        };
        let pieces: Vec<AnyView> = parts.iter().map(piece).collect();
        let entries: Vec<AnyView> = parts.iter().map(entry).collect();
        let bar = view! {
            <div class="allocation">
                <div class="seg" aria-hidden="true">{pieces}</div>
                <div class="leg">{entries}</div>
            </div>
        };
        Some(bar.into_any())
    })
}
