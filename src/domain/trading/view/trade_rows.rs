//! A trade as a row. What it closed may change when another comes late: then the row is made anew.

use super::words::{money, price, profit, quantity, times};
use crate::domain::trading::{Side, TradeItem, trades_href};
use crate::ui::format;
use crate::ui::widgets::{Icon, IconName};
use leptos::prelude::*;

/// The columns: their names and classes.
pub const HEADS: [(&str, &str); 10] = [
    ("Time, UTC", "time"),
    ("Symbol", "name"),
    ("Side", "side"),
    ("Quantity", "num wide"),
    ("Price", "num wide"),
    ("Value", "num late"),
    ("Fees", "num spare"),
    ("Realised", "num"),
    ("Strategy", "late"),
    ("Order", "spare"),
];

/// The row of a trade; lit if it has only just come.
pub fn trade_row(item: &TradeItem, fresh: bool) -> AnyView {
    let (icon, class) = match item.side {
        Side::Buy => (IconName::Down, "side buy"),
        Side::Sell => (IconName::Up, "side sell"),
    };
    let time = format!("{} {}", format::day(item.timestamp), format::clock(item.timestamp));
    let iso = format::iso(item.timestamp);
    let (amount, cost) = (quantity(&item.quantity), price(&item.price));
    let worth = times(&item.quantity, &item.price);
    let value = worth.as_ref().map_or_else(|| format::NONE.to_owned(), money);
    let full = worth.map(|worth| format!("{worth} {}", item.currency));
    let realized = match &item.realized_pnl {
        Some(realized) => profit(realized),
        None => {
            view! { <span class="muted" title="It closed nothing">{format::NONE}</span> }.into_any()
        }
    };
    let late = item.late.then(|| {
        view! { <span class="tag" title="It came after trades with later times">"late"</span> }
            .into_any()
    });
    let currency = (&*item.currency != crate::domain::trading::DEFAULT_CURRENCY)
        .then(|| format!(" {}", item.currency));
    let detail = format!("{amount} @ {cost}");
    let word = |word: &Option<std::sync::Arc<str>>| word.as_deref().unwrap_or_default().to_owned();
    let whose = format!("{}, account {}", item.id, item.account);
    view! {
        <tr class=if fresh { "hit-odd" } else { "" }>
            <td class="time"><time title=iso>{time}</time></td>
            <td class="name" title=whose>
                <a href=trades_href(&item.symbol) data-row-link="">{item.symbol.to_string()}</a>
                {late}
            </td>
            <td class=class><Icon name=icon />{item.side.name()}<small class="narrow">{detail}</small></td>
            <td class="num wide" title=item.quantity.to_string()>{amount}</td>
            <td class="num wide" title=item.price.to_string()>{cost}<small>{currency}</small></td>
            <td class="num late" title=full>{value}</td>
            <td class="num spare" title=item.fees.to_string()>{money(&item.fees)}</td>
            <td class="num">{realized}</td>
            <td class="late cut">{word(&item.strategy)}</td>
            <td class="spare cut">{word(&item.order_type)}</td>
        </tr>
    }
    .into_any()
}

/// Where a trade is that is being read.
pub fn waiting_row() -> AnyView {
    view! { <tr class="waiting" aria-hidden="true"><td colspan="10">"…"</td></tr> }.into_any()
}
