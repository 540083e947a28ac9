//! A long table, of which only the rows in sight are drawn.

use super::{Window, keyed, use_window, words};
use leptos::html::Tbody;
use leptos::prelude::*;
use std::sync::Arc;

/// The table's body and what of it is in sight.
#[derive(Clone, Copy)]
pub struct Long {
    /// How many rows there are in all.
    count: Signal<usize>,
    /// Where the rows are.
    pub body: NodeRef<Tbody>,
    /// Which of them are in sight.
    pub window: Memo<Window>,
}

impl Long {
    /// A table of so many rows.
    pub fn new(count: Signal<usize>) -> Self {
        let (body, window) = use_window(count);
        Self { count, body, window }
    }

    /// The table: its heads, and a row for each of `ids` from one row to before another. All rows
    /// are of the same height.
    pub fn view(
        self,
        label: &'static str,
        class: &'static str,
        heads: AnyView,
        ids: impl Fn(usize, usize) -> Vec<Arc<str>> + Send + Sync + 'static,
        row: impl Fn(Arc<str>) -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        let Self { count, body, window } = self;
        let shown = move || {
            let (from, to) = window.get().range();
            ids(from, to.min(count.get()))
        };
        let before = words(move || format!("height:{}px", window.get().before()));
        let after = words(move || format!("height:{}px", window.get().after()));
        let all = words(move || count.get().to_string());
        view! {
            <table class=format!("rows list {class}") aria-label=label aria-rowcount=all>
                <thead>{heads}</thead>
                <tbody class="spacer" aria-hidden="true"><tr style=before></tr></tbody>
                <tbody node_ref=body>{keyed(shown, row)}</tbody>
                <tbody class="spacer" aria-hidden="true"><tr style=after></tr></tbody>
            </table>
        }
        .into_any()
    }
}
