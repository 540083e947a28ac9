//! Tasks as a table, wherever tasks are listed. One that changes redraws its own row alone.

use super::address::Asked;
use super::commands::{Commander, command_state};
use super::selection::Selection;
use super::words::{agent_href, task_href};
use crate::domain::work::{TaskItem, TaskStatus};
use crate::ui::format;
use crate::ui::live::Live;
use crate::ui::widgets::{Badge, Icon, IconName, Verdict, flashes, since};
use leptos::prelude::*;
use std::sync::Arc;

/// The table. With a selection it has boxes to select with, and is about dead letters alone.
pub fn task_table(
    tasks: Memo<Vec<TaskItem>>,
    commander: Commander,
    selection: Option<Selection>,
) -> AnyView {
    let ids =
        Memo::new(move |_| tasks.with(|all| all.iter().map(|t| t.id.clone()).collect::<Vec<_>>()));
    let row = move |id: Arc<str>| {
        let item = Memo::new(move |last: Option<&Option<TaskItem>>| {
            let found = tasks.with(|all| all.iter().find(|task| task.id == id).cloned());
            found.or_else(|| last.cloned().flatten())
        });
        task_row(item, commander, selection)
    };
    let all = selection.map(|selection| {
        let on = Memo::new(move |_| {
            selection.is_everything() || ids.with(|ids| selection.has_all(ids))
        });
        let toggle = move |event| {
            selection.set(ids.get_untracked(), event_target_checked(&event));
        };
        view! {
            <th class="box js"><input type="checkbox" aria-label="Select this page" prop:checked=on on:change=toggle /></th>
        }
    });
    let status = selection.is_none().then(|| view! { <th class="status">"Status"</th> });
    view! {
        <table class="rows tasks">
            <thead>
                <tr>
                    {all}
                    <th>"Task"</th>
                    {status}
                    <th class="wide">"Queue"</th>
                    <th class="wide">"Agent"</th>
                    <th class="num wide">"Tries"</th>
                    <th class="num wide">"Changed"</th>
                    <th class="acts"><span class="sr">"Commands"</span></th>
                </tr>
            </thead>
            <tbody>
                <For each=move || ids.get() key=|id| id.clone() children=row />
            </tbody>
        </table>
    }
    .into_any()
}

fn task_row(
    item: Memo<Option<TaskItem>>,
    commander: Commander,
    selection: Option<Selection>,
) -> AnyView {
    fn part<T: PartialEq + Clone + Default + Send + Sync + 'static>(
        item: Memo<Option<TaskItem>>,
        pick: fn(&TaskItem) -> T,
    ) -> Memo<T> {
        Memo::new(move |_| item.with(|item| item.as_ref().map(pick)).unwrap_or_default())
    }
    let live = Live::expect();
    let id = item.with_untracked(|item| item.as_ref().map(|item| item.id.clone()));
    let id = id.unwrap_or_else(|| "".into());
    let about = part(item, |task| task.description.clone());
    let error =
        part(item, |task| task.last_error.clone().filter(|_| task.status != TaskStatus::Completed));
    let queue = part(item, |task| (task.queue.to_string(), task.priority.get()));
    let agent = part(item, |task| task.agent.clone());
    let tries = part(item, |task| task.attempt.to_string());
    let changed = part(item, |task| task.updated_at);
    let age = Memo::new(move |_| since(live, changed.get()));
    let command =
        Signal::derive(move || item.with(|task| task.as_ref().and_then(|t| t.command.clone())));
    let selected = {
        let id = id.clone();
        selection.map(|selection| Memo::new(move |_| selection.has(&id)))
    };
    let select = selection.zip(selected).map(|(selection, selected)| {
        let (label, id) = (format!("Select {id}"), id.clone());
        let toggle = move |event| selection.set([id.clone()], event_target_checked(&event));
        view! {
            <td class="box js"><input type="checkbox" aria-label=label prop:checked=selected on:change=toggle /></td>
        }
    });
    let status = selection.is_none().then(|| view! { <td class="status">{status(item)}</td> });
    let flash = flashes::<TaskItem>(item.into());
    view! {
        <tr class=flash class:chosen=move || selected.is_some_and(|on| on.get())>
            {select}
            <td class="task">
                <a href=task_href(&id) data-row-link="">{id.to_string()}</a>
                <span class="about">{about}</span>
                {move || error.get().map(|error| view! { <span class="error" title=error.clone()>{error.clone()}</span> })}
            </td>
            {status}
            <td class="wide cut">
                {move || {
                    let (queue, priority) = queue.get();
                    view! { {queue} <span class="tag" title="Priority; 0 is urgent">{format!("P{priority}")}</span> }
                }}
            </td>
            <td class="wide cut">
                {move || agent.get().map(|agent| view! { <a class="link" href=agent_href(&agent)>{agent.to_string()}</a> })}
            </td>
            <td class="num wide">{tries}</td>
            <td class="num wide" title=move || format::iso(changed.get())>{age}</td>
            <td class="acts"><span class="row">{command_state(command)} {commander.buttons(item.into())}</span></td>
        </tr>
    }
    .into_any()
}

/// Where a task stands, how far it is, and whether it is stuck.
pub fn status(item: Memo<Option<TaskItem>>) -> AnyView {
    let verdict = Memo::new(move |_| {
        Verdict::from(item.with(|item| item.as_ref().map_or(TaskStatus::Queued, |t| t.status)))
    });
    let percent = Memo::new(move |_| {
        item.with(|item| {
            let percent = item.as_ref().filter(|task| task.status.is_running())?.percent?;
            Some(format!("{} %", format::decimal(percent, 0)))
        })
    });
    let stuck = Memo::new(move |_| item.with(|item| item.as_ref().is_some_and(|task| task.stuck)));
    view! {
        <Badge verdict=verdict />
        {move || percent.get().map(|text| view! { <span class="percent">{text}</span> })}
        {move || stuck.get().then(|| view! {
            <span class="st warn" title="Without news for too long"><Icon name=IconName::Warning />"stuck"</span>
        })}
    }
    .into_any()
}

/// Links to the first and the next page.
pub fn pager(path: &'static str, asked: Memo<Asked>, next: Memo<Option<String>>) -> AnyView {
    let first = move || {
        let here = asked.get();
        (!here.is("after", "")).then(|| {
            view! { <a class="button small" href=here.with("after", "").href(path)>"First page"</a> }
        })
    };
    let next = move || {
        next.get().map(|next| {
            view! { <a class="button small" href=asked.get().with("after", &next).href(path)>"Next page"</a> }
        })
    };
    view! { <p class="row pager">{first} {next}</p> }.into_any()
}
