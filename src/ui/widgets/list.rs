//! Lists that are watched: their head, their count, and their foot.

use super::{
    Column, Icon, IconName, Watched, dynamic, items, problem, read_at, table, text, trouble_line,
};
use crate::ui::address::{Asked, pager};
use crate::wire::ApiError;
use leptos::prelude::*;
use serde::de::DeserializeOwned;

/// A button above a list that makes something new.
pub fn new_button(word: &'static str, on: Callback<()>) -> AnyView {
    view! {
        <button type="button" class="button primary js" on:click=move |_| on.run(())>
            <Icon name=IconName::Plus />
            {word}
        </button>
    }
    .into_any()
}

/// What a list shows of each of its things.
pub type Rows = Box<dyn Fn(&str) -> Result<Vec<Vec<AnyView>>, ApiError> + Send + Sync>;

/// Cells of each thing on a list.
pub fn rows<T: DeserializeOwned>(row: impl Fn(&T) -> Vec<AnyView> + Send + Sync + 'static) -> Rows {
    Box::new(move |json| Ok(items::<T>(json)?.iter().map(&row).collect()))
}

/// A list with its count and its age, and with links to other pages of it.
pub struct List {
    /// Its name.
    pub label: &'static str,
    /// Its page's address.
    pub path: &'static str,
    /// What one of its things is called.
    pub word: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// What is in them.
    pub rows: Rows,
    /// What is shown where there is none, though one may have asked for some only.
    pub empty: fn(bool) -> AnyView,
    /// What stands beside its count: what makes something new, say.
    pub beside: Option<AnyView>,
}

impl List {
    /// The list, as it is watched.
    pub fn view(self, watched: Watched, asked: Memo<Asked>) -> AnyView {
        let Self { label, path, word, columns, rows, empty, beside } = self;
        let Watched { items, next, as_of, trouble, .. } = watched;
        let count = Memo::new(move |_| items.with(|json| how_many(json)));
        let shown = move || {
            Some(match items.with(|json| rows(json)) {
                Ok(rows) if rows.is_empty() => empty(untrack(|| asked.with(Asked::chooses))),
                Ok(rows) => table(label, columns, rows),
                Err(error) => problem(&error, Callback::new(move |()| watched.again())),
            })
        };
        view! {
            <section class="card flush" aria-label=label>
                <div class="row list-head">
                    <p class="count" role="status">
                        {text(move || counted(count.get(), word, next.with(Option::is_some)))}
                    </p>
                    <span class="grow"></span>
                    {beside}
                </div>
                <div role="alert">{trouble_line(trouble)}</div>
                {dynamic(shown)}
                {pager(path, asked, next)}
                {read_at(as_of)}
            </section>
        }
        .into_any()
    }
}

/// How many things are on a list, whatever they are.
fn how_many(json: &str) -> usize {
    items::<serde::de::IgnoredAny>(json).map_or(0, |all| all.len())
}

/// "1 user", "2 users", "50 users and more".
pub fn counted(n: usize, word: &str, more: bool) -> String {
    let word = match (word.strip_suffix('y'), n) {
        (_, 1) => word.to_owned(),
        (Some(stem), _) => format!("{stem}ies"),
        (None, _) => format!("{word}s"),
    };
    format!("{n} {word}{}", if more { " and more" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(n: usize, word: &str, more: bool, expect: &str) {
        assert_eq!(counted(n, word, more), expect);
    }

    #[test]
    fn lists_are_counted() {
        check(1, "user", false, "1 user");
        check(0, "entry", false, "0 entries");
        check(50, "entry", true, "50 entries and more");
    }
}
