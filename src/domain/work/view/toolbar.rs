//! Ways to choose: the tabs of the work pages, a search field, links and a list of names.

use crate::ui::address::{Asked, use_ask};
use crate::ui::format;
use crate::ui::overview::SummaryFeed;
use crate::ui::shell::SUBPAGES;
use crate::ui::widgets::{dynamic, mark, text};
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
