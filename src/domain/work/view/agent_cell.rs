//! An agent in the grid: a tile, a cell or a mark, by how many there are.

use super::agent_rows::Row;
use super::words::agent_href;
use crate::domain::work::{AgentItem, AgentState, IllegalMove, Utilisation};
use crate::ui::format;
use crate::ui::live::Live;
use crate::ui::widgets::{
    Badge, Icon, IconName, Verdict, dynamic, part_of as part, since, text, words,
};
use leptos::prelude::*;
use std::sync::Arc;

/// How much room an agent gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Everything that matters.
    Tile,
    /// Name, state, its time, and the task.
    Cell,
    /// A mark whose shape and colour are its state.
    Mark,
}

impl Size {
    /// All of them with their names in the address.
    pub const ALL: [(&'static str, Self); 3] =
        [("tiles", Self::Tile), ("cells", Self::Cell), ("marks", Self::Mark)];

    /// What reads best for so many agents.
    pub const fn fitting(agents: usize) -> Self {
        match agents {
            0..=40 => Self::Tile,
            41..=500 => Self::Cell,
            _ => Self::Mark,
        }
    }
}

/// One agent.
pub fn agent_cell(id: Arc<str>, row: Row, size: Size) -> AnyView {
    let item = Signal::derive(move || row.get());
    match size {
        Size::Tile => tile(&id, item),
        Size::Cell => cell(&id, item),
        Size::Mark => mark(&id, item),
    }
}

fn state_of(item: Signal<Option<AgentItem>>) -> Memo<AgentState> {
    Memo::new(move |_| {
        item.with(|item| item.as_ref().map_or(AgentState::Offline, |item| item.fsm_state))
    })
}

/// How long it has been in its state.
fn time_in_state(item: Signal<Option<AgentItem>>) -> Memo<String> {
    let live = Live::expect();
    let at = part(item, |item| item.last_state_change);
    Memo::new(move |_| since(live, at.get()))
}

/// The same as part of a sentence; where no clock runs (on the server), since when.
fn lasting(item: Signal<Option<AgentItem>>) -> Memo<String> {
    let live = Live::expect();
    let time = time_in_state(item);
    Memo::new(move |_| {
        let word = if live.now.get().is_some() { "for" } else { "since" };
        format!("{word} {}", time.get())
    })
}

/// What it is on, in words.
fn task_words(item: &AgentItem) -> String {
    let id = item.current_task_id.as_deref();
    match (item.current_task.as_deref(), id) {
        (Some(text), _) => text.to_owned(),
        (None, Some(id)) => id.to_owned(),
        (None, None) => String::new(),
    }
}

/// Its newest illegal move in words; empty if there is none.
fn flagged(item: &AgentItem) -> String {
    let Some(IllegalMove { at, from, to }) = item.last_illegal_move else { return String::new() };
    let count = match item.illegal_moves {
        0 | 1 => String::new(),
        n => format!("; {n} such moves in all"),
    };
    let (from, to, at) = (from.name(), to.name(), format::iso(at));
    format!("went from {from} to {to} at {at}, which an agent should not{count}")
}

fn flag(item: Signal<Option<AgentItem>>) -> AnyView {
    let flagged = part(item, flagged);
    dynamic(move || {
        let text = Some(flagged.get()).filter(|text| !text.is_empty())?;
        let flag = view! {
            <span class="flag" title=text><Icon name=IconName::Warning /><span class="sr">"illegal move"</span></span>
        };
        Some(flag.into_any())
    })
}

fn tile(id: &str, item: Signal<Option<AgentItem>>) -> AnyView {
    let verdict = {
        let state = state_of(item);
        Memo::new(move |_| Verdict::from(state.get()))
    };
    let task = part(item, |item| match task_words(item) {
        task if task.is_empty() => "no task".to_owned(),
        task => task,
    });
    let time = lasting(item);
    let done = part(item, |item| match (item.completed, item.failed) {
        (0, 0) => "nothing done in the last hour".to_owned(),
        (done, 0) => format!("{} done in the last hour", format::count(done)),
        (done, failed) => {
            format!(
                "{} done, {} failed in the last hour",
                format::count(done),
                format::count(failed)
            )
        }
    });
    let use_of = part(item, |item| item.utilisation);
    view! {
        <a class="card agent" href=agent_href(id) data-row-link="">
            <span class="row">
                <strong class="cut grow">{part(item, |item| item.name.clone())}</strong>
                {flag(item)}
                <Badge verdict=verdict />
            </span>
            <span class="cut task">{task}</span>
            {utilisation_bar(use_of)}
            <span class="row muted small-text"><span class="cut grow">{done}</span>{time}</span>
        </a>
    }
    .into_any()
}

fn cell(id: &str, item: Signal<Option<AgentItem>>) -> AnyView {
    let state = state_of(item);
    let class = words(move || format!("cell {}", Verdict::from(state.get()).class));
    let task = part(item, task_words);
    let second = move || {
        let (word, task) = (state.get().name(), task.get());
        if task.is_empty() { word.to_owned() } else { format!("{word} · {task}") }
    };
    view! {
        <a class=class href=agent_href(id) data-row-link="">
            {dynamic(move || Some(view! { <Icon name=Verdict::from(state.get()).icon /> }.into_any()))}
            <strong class="cut">{part(item, |item| item.name.clone())}</strong>
            <span class="time">{flag(item)}{time_in_state(item)}</span>
            <span class="cut task">{text(second)}</span>
        </a>
    }
    .into_any()
}

/// One node, since there may be thousands of it: its shape is drawn by the style sheet.
fn mark(id: &str, item: Signal<Option<AgentItem>>) -> AnyView {
    let class = part(item, |item| {
        let flagged = if item.illegal_moves > 0 { " flagged" } else { "" };
        format!("mark-{}{flagged}", item.fsm_state.name())
    });
    let title = part(item, |item| {
        let task = task_words(item);
        let on = if task.is_empty() { String::new() } else { format!(", on {task}") };
        let since = format::clock(item.last_state_change);
        format!("{}: {} since {since}{on}", item.name, item.fsm_state.name())
    });
    let label = part(item, |item| format!("{} {}", item.name, item.fsm_state.name()));
    view! { <a class=class href=agent_href(id) data-row-link="" aria-label=label title=title></a> }
        .into_any()
}

/// How an agent spent the hour.
pub fn utilisation_bar(shares: Memo<Utilisation>) -> AnyView {
    let bar = move || {
        let Utilisation { working, idle, blocked, offline } = shares.get();
        let parts = [("accent", working), ("ok", idle), ("warn", blocked), ("unk", offline)];
        let part = |(class, share): (&'static str, f64)| {
            let flex = format::decimal(share * 1_000.0, 0).replace(',', "");
            view! { <i class=class style:flex=flex></i> }.into_any()
        };
        let shown = parts.into_iter().filter(|(_, share)| *share > 0.0).map(part);
        Some(shown.collect::<Vec<_>>().into_any())
    };
    view! { <span class="parts use" aria-hidden="true">{dynamic(bar)}</span> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(agents: usize, expect: Size) {
        assert_eq!(Size::fitting(agents), expect);
    }

    #[test]
    fn many_agents_get_less_room_each() {
        check(5, Size::Tile);
        check(41, Size::Cell);
        check(2_000, Size::Mark);
    }
}
