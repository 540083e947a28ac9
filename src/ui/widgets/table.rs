//! Short lists as a table, which becomes a list of cards where it is narrow.

use super::{Icon, IconName};
use leptos::prelude::*;

/// A column: its name, and classes of its cells. One without a name holds buttons.
pub type Column = (&'static str, &'static str);

/// A table of `rows`, whose cells are in the order of the columns.
pub fn table(
    label: &'static str,
    columns: &'static [Column],
    rows: impl IntoIterator<Item = Vec<AnyView>>,
) -> AnyView {
    let rows: Vec<AnyView> = rows.into_iter().map(|cells| row(columns, cells)).collect();
    whole(label, columns, rows)
}

fn whole(label: &'static str, columns: &'static [Column], rows: Vec<AnyView>) -> AnyView {
    let head = |&(name, class): &Column| {
        let class = format!("{class} {}", if name.is_empty() { "acts" } else { "" });
        let name = match name {
            "" => view! { <span class="sr">"Commands"</span> }.into_any(),
            name => name.into_any(),
        };
        view! { <th class=class role="columnheader">{name}</th> }.into_any()
    };
    let heads: Vec<AnyView> = columns.iter().map(head).collect();
    // The roles are named since they are lost with `display: block`.
    view! {
        <table class="rows cards" role="table" aria-label=label>
            <thead role="rowgroup"><tr role="row">{heads}</tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(columns: &'static [Column], cells: Vec<AnyView>) -> AnyView {
    let cell = |(cell, &(name, class)): (AnyView, &Column)| {
        let class = format!("{class} {}", if name.is_empty() { "acts" } else { "" });
        view! { <td class=class role="cell" data-label=name><div>{cell}</div></td> }.into_any()
    };
    let cells: Vec<AnyView> = cells.into_iter().zip(columns).map(cell).collect();
    view! { <tr role="row">{cells}</tr> }.into_any()
}

/// A small button of a row: an icon, its word, and what it is said to do.
pub fn act(icon: IconName, word: &'static str, label: String, on: Callback<()>) -> AnyView {
    view! {
        <button type="button" class="button small js" aria-label=label title=word on:click=move |_| on.run(())>
            <Icon name=icon />
            <span class="word-of">{word}</span>
        </button>
    }
    .into_any()
}
