//! The page at `/work/agents`: every agent in a grid, of which only what is in sight is drawn.

use super::agent_cell::{Size, agent_cell};
use super::agent_rows::Agents;
use super::board::nothing_yet;
use super::tiles::count_of;
use super::toolbar::tabs;
use crate::domain::Topic;
use crate::domain::summary::AgentCounts;
use crate::domain::work::api::{agents, work_page};
use crate::domain::work::{AgentState, AgentsPage};
use crate::ui::address::{Asked, use_asked};
use crate::ui::format;
use crate::ui::live::follow;
use crate::ui::widgets::{
    AsOf, Icon, IconName, Verdict, choices, dynamic, loaded, reading, search, text, use_cells,
    words,
};
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;

const PATH: &str = "/work/agents";
const NAMES: [&str; 4] = ["state", "q", "view", "after"];
/// Agents that the server renders.
const RENDERED: &str = "100";

/// The page at `/work/agents`.
#[component]
pub fn AgentsGrid() -> impl IntoView {
    let asked = use_asked(&NAMES);
    // Read once: what the address asks for after that is answered from the agents that are here.
    let page = reading(move || {
        let here = asked.get_untracked();
        let get = |name| here.get(name);
        agents(get("state"), get("q"), Some(RENDERED.to_owned()), get("after"))
    });
    let board = reading(work_page);
    view! {
        <Title text="Agents · Bellwether" />
        {tabs()}
        {loaded(board, move |board| loaded(page, move |first| grid_page(first, board.agents, asked)))}
    }
}

fn grid_page(first: AgentsPage, counts: AgentCounts, asked: Memo<Asked>) -> AnyView {
    let (as_of, next) = (first.as_of, first.next.clone());
    let rows = Agents::rendered(first, counts);
    follow(Topic::Agents, None, move |part| rows.receive(part));
    let ids = Memo::new(move |_| {
        let asked = asked.get();
        let state = asked.get("state").and_then(|state| AgentState::named(&state));
        rows.select(state, &asked.get("q").unwrap_or_default())
    });
    let counts = Memo::new(move |_| rows.counts());
    let nothing = Memo::new(move |_| ids.with(Vec::is_empty));
    let more = move |after: String| {
        let href = words(move || asked.get().with("after", &after).href(PATH));
        view! { <noscript><a class="button small" href=href>"Next page"</a></noscript> }
    };
    let others = Memo::new(move |_| counts.get().total > 0);
    let shown = move || {
        let none = nothing.get();
        Some(if none { nothing_here(others.get()) } else { grid(rows, ids, counts, asked) })
    };
    view! {
        {search(PATH, asked, "Filter by name", legend(asked, counts))}
        <section class="card agents" aria-label="Agents">
            {dynamic(shown)}
            {next.map(more)}
            <AsOf at=as_of />
        </section>
    }
    .into_any()
}

fn nothing_here(others: bool) -> AnyView {
    if !others {
        return nothing_yet();
    }
    view! {
        <div class="empty">
            <p class="empty-title">"No agent is like that"</p>
            <p class="row"><a class="button" href=PATH>"Show all"</a></p>
        </div>
    }
    .into_any()
}

/// What shapes and colours mean, with how many agents are in each state; each chooses its state.
fn legend(asked: Memo<Asked>, counts: Memo<AgentCounts>) -> AnyView {
    let entry = move |icon: Option<IconName>, word: &'static str, n: Memo<u64>| {
        let class = AgentState::named(word).map_or("", |state| Verdict::from(state).class);
        view! {
            {icon.map(|name| view! { <span class=format!("key {class}")><Icon name=name /></span> })}
            {word}
            <span class="n">{text(move || format::count(n.get()))}</span>
        }
        .into_any()
    };
    let state = move |state: AgentState| {
        let n = Memo::new(move |_| count_of(&counts.get(), state));
        (state.name(), entry(Some(Verdict::from(state).icon), state.name(), n))
    };
    let order = [
        AgentState::Working,
        AgentState::Assigned,
        AgentState::Idle,
        AgentState::Blocked,
        AgentState::Offline,
    ];
    let all = ("", entry(None, "all", Memo::new(move |_| counts.get().total)));
    let states = std::iter::once(all).chain(order.map(state)).collect();
    let sizes = std::iter::once(("", "auto".into_any()))
        .chain(Size::ALL.map(|(name, _)| (name, name.into_any())))
        .collect();
    view! {
        {choices(PATH, asked, ("state", "State"), states)}
        <span class="js">{choices(PATH, asked, ("view", "Size"), sizes)}</span>
    }
    .into_any()
}

fn grid(
    rows: Agents,
    ids: Memo<Vec<Arc<str>>>,
    counts: Memo<AgentCounts>,
    asked: Memo<Asked>,
) -> AnyView {
    // By how many there are in all: a filter must not turn the grid into another one.
    let size = Memo::new(move |_| {
        let wished = asked.with(|asked| asked.get("view"));
        let wished = Size::ALL.iter().find(|(name, _)| Some(*name) == wished.as_deref());
        wished.map_or_else(|| Size::fitting(counts.get().total as usize), |(_, size)| *size)
    });
    let shape = Signal::derive(move || size.get() as u8);
    let (node, window) = use_cells(Signal::derive(move || ids.with(Vec::len)), shape);
    let shown = move || {
        let (from, to) = window.get().range();
        ids.with(|ids| ids.get(from..to.min(ids.len())).map(<[Arc<str>]>::to_vec))
            .unwrap_or_default()
    };
    let class = words(move || {
        let name = Size::ALL.iter().find(|(_, known)| *known == size.get());
        format!("agent-grid {}", name.map_or("", |(name, _)| name))
    });
    let style = words(move || {
        let window = window.get();
        let px = |value| format::decimal(value, 1).replace(',', "");
        format!("padding-top:{}px;padding-bottom:{}px", px(window.before()), px(window.after()))
    });
    // An agent is drawn anew when it is given another size.
    let keyed = move || {
        let size = size.get();
        shown().into_iter().map(|id| (id, size)).collect::<Vec<_>>()
    };
    view! {
        <div class=class node_ref=node style=style>
            <For
                each=keyed
                key=|(id, size)| (id.clone(), *size as u8)
                children=move |(id, size)| {
                    let row = rows.row(&id);
                    agent_cell(id, row, size)
                }
            />
        </div>
    }
    .into_any()
}
