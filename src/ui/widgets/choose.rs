//! Ways to choose among the things of a list; what is chosen stands in the address.

use super::{dynamic, mark, words};
use crate::ui::address::{Asked, use_ask};
use crate::ui::format;
use leptos::prelude::*;

/// A form that asks for words under `q` and keeps what else the address asks for; it answers as one
/// types, and with a button where there is no JavaScript.
pub fn search(
    path: &'static str,
    asked: Memo<Asked>,
    label: &'static str,
    rest: AnyView,
) -> AnyView {
    let ask = use_ask();
    let filter = move |event| {
        let q = event_target_value(&event);
        ask.run(asked.get_untracked().with("q", &q).href(path));
    };
    let kept = move || {
        let kept = asked.get().without("q").into_iter();
        // The list of names is a member of the form itself.
        let kept = kept.filter(|(name, _)| *name != "queue");
        let input =
            |(name, value)| view! { <input type="hidden" name=name value=value /> }.into_any();
        Some(kept.map(input).collect::<Vec<_>>().into_any())
    };
    view! {
        <form class="toolbar" method="get" action=path role="search">
            <input
                type="search"
                name="q"
                class="filter"
                data-filter=""
                placeholder=format!("{label}  ( / )")
                aria-label=label
                autocomplete="off"
                value=asked.get_untracked().get("q")
                prop:value=words(move || asked.get().get("q").unwrap_or_default())
                on:input=filter
            />
            {rest}
            {dynamic(kept)}
            <noscript><button type="submit" class="button">"Apply"</button></noscript>
        </form>
    }
    .into_any()
}

/// Links that each ask for one value under `name`; the one that is asked for is marked. The first
/// is the empty value.
pub fn choices(
    path: &'static str,
    asked: Memo<Asked>,
    (name, label): (&'static str, &'static str),
    values: Vec<(&'static str, AnyView)>,
) -> AnyView {
    let links = values.into_iter().map(|(value, shown)| {
        let to = words(move || asked.get().with(name, value).href(path));
        let here = mark("true", move || asked.with(|asked| asked.is(name, value)));
        view! { <a href=to data-noscroll="" aria-current=here>{shown}</a> }.into_any()
    });
    view! {
        <div class="segments" role="group" aria-label=label>{links.collect::<Vec<_>>()}</div>
    }
    .into_any()
}

/// A word with how many there are of it, if there are any.
pub fn tallied(word: &'static str, count: impl Fn() -> u64 + Send + Sync + 'static) -> AnyView {
    let text = Memo::new(move |_| match count() {
        0 => String::new(),
        n => format::count(n),
    });
    view! { {word}<span class="n">{text}</span> }.into_any()
}
