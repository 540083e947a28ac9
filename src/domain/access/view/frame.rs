//! What the pages of access share: their tabs, the head and foot of a list.

use crate::ui::address::{Asked, pager};
use crate::ui::shell::{ACCESS, seen};
use crate::ui::widgets::{Icon, IconName, Watched, mark, read_at, text, trouble_line};
use crate::wire::Timestamp;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Links to the pages of access that one may see.
pub fn tabs() -> AnyView {
    let path = use_location().pathname;
    let tab = |page: &'static crate::ui::shell::PageLink| {
        let here = mark("page", move || path.with(|path| path == page.path));
        view! { <a href=page.path aria-current=here>{page.name}</a> }.into_any()
    };
    let tabs: Vec<AnyView> = seen(&ACCESS).into_iter().map(tab).collect();
    view! { <nav class="segments tabs" aria-label="Access">{tabs}</nav> }.into_any()
}

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

/// A list with its count and its age, and with links to other pages of it.
pub struct List {
    /// Its name.
    pub label: &'static str,
    /// Its page's address.
    pub path: &'static str,
    /// What the address asks for.
    pub asked: Memo<Asked>,
    /// How many there are, in words.
    pub count: Memo<String>,
    /// As of when it holds.
    pub as_of: Memo<Timestamp>,
    /// Where the next page begins.
    pub next: Memo<Option<String>>,
    /// What makes something new.
    pub new: Option<AnyView>,
}

impl List {
    /// The list around its `rows`.
    pub fn view<T: Send + Sync>(self, watched: Watched<T>, rows: AnyView) -> AnyView {
        self.around(watched.trouble, rows)
    }

    fn around(self, trouble: RwSignal<Option<String>>, rows: AnyView) -> AnyView {
        let Self { label, path, asked, count, as_of, next, new } = self;
        view! {
            <section class="card flush" aria-label=label>
                <div class="row list-head">
                    <p class="count" role="status">{text(move || count.get())}</p>
                    <span class="grow"></span>
                    {new}
                </div>
                <div role="alert">{trouble_line(trouble)}</div>
                {rows}
                {pager(path, asked, next)}
                {read_at(as_of)}
            </section>
        }
        .into_any()
    }
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
