//! Ways to choose: the tabs of the work pages, a search field, links and a list of names.

use crate::ui::address::{Asked, use_ask};
use crate::ui::format;
use crate::ui::overview::SummaryFeed;
use crate::ui::shell::SUBPAGES;
use crate::ui::widgets::{dynamic, mark, text, words};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Links to the pages about work, with how many of each there are.
pub fn tabs() -> AnyView {
    let (feed, path) = (SummaryFeed::expect(), use_location().pathname);
    let count = move |to: &'static str| {
        let n = feed.with(|summary| match to {
            "/work/agents" => summary.agents.total,
            "/work/tasks" => summary.tasks.queued + summary.tasks.assigned + summary.tasks.working,
            "/work/dead-letters" => summary.tasks.dead_letter,
            _ => 0,
        });
        n.filter(|n| *n > 0).map(format::count).unwrap_or_default()
    };
    let tab = move |to: &'static str, name: &'static str| {
        let here = mark("page", move || path.with(|path| path == to));
        view! {
            <a href=to aria-current=here>{name}<span class="n">{text(move || count(to))}</span></a>
        }
        .into_any()
    };
    view! {
        <nav class="segments tabs" aria-label="Work">
            {tab("/work", "Board")}
            {SUBPAGES.iter().map(|page| tab(page.path, page.name)).collect_view()}
        </nav>
    }
    .into_any()
}

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

/// A list of queues to choose one from.
pub fn queue_choice(path: &'static str, asked: Memo<Asked>, names: Memo<Vec<String>>) -> AnyView {
    let ask = use_ask();
    let choose = move |event| {
        let queue = event_target_value(&event);
        ask.run(asked.get_untracked().with("queue", &queue).href(path));
    };
    let options = move || {
        let chosen = asked.get().get("queue");
        let mut names = names.get();
        // One that is gone is still what the address asks for.
        if let Some(name) = chosen.clone().filter(|name| !names.contains(name)) {
            names.insert(0, name);
        }
        let option = |name: String| {
            let here = chosen.as_ref() == Some(&name);
            view! { <option value=name.clone() selected=here>{name.clone()}</option> }.into_any()
        };
        Some(names.into_iter().map(option).collect::<Vec<_>>().into_any())
    };
    view! {
        <label class="select">
            <span class="sr">"Queue"</span>
            <select name="queue" on:change=choose>
                <option value="" selected=move || asked.with(|asked| asked.is("queue", ""))>"Any queue"</option>
                {dynamic(options)}
            </select>
        </label>
    }
    .into_any()
}
