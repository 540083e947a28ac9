//! Tasks as a table, wherever tasks are listed. One that changes redraws its own row alone.

use super::commands::{Commander, command_state};
use super::selection::Selection;
use super::words::{agent_href, task_href};
use crate::domain::work::{TaskItem, TaskStatus};
use crate::ui::format;
use crate::ui::live::Live;
use crate::ui::widgets::{
    Badge, Icon, IconName, Verdict, dynamic, flashes, keyed, one_of, part_of, since, words,
};
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
        task_row(one_of(tasks, move |task: &TaskItem| task.id == id), commander, selection)
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
                {keyed(move || ids.get(), row)}
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
    let shown: Signal<Option<TaskItem>> = item.into();
    let live = Live::expect();
    let id = item.with_untracked(|item| item.as_ref().map(|item| item.id.clone()));
    let id = id.unwrap_or_else(|| "".into());
    let about = part_of(shown, |task| task.description.clone().unwrap_or_default());
    let error = part_of(shown, |task| match task.status {
        TaskStatus::Completed => String::new(),
        _ => task.last_error.clone().unwrap_or_default(),
    });
    let queue = part_of(shown, |task| task.queue.to_string());
    let priority = part_of(shown, |task| format!("P{}", task.priority.get()));
    let agent = part_of(shown, |task| task.agent.as_deref().unwrap_or_default().to_owned());
    let tries = part_of(shown, |task| task.attempt.to_string());
    let changed = part_of(shown, |task| task.updated_at);
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
    let flash = flashes(shown);
    let chosen = Memo::new(move |_| selected.is_some_and(|on| on.get()));
    let error_line = move || {
        let text = Some(error.get()).filter(|text| !text.is_empty())?;
        Some(view! { <span class="error" title=text.clone()>{text.clone()}</span> }.into_any())
    };
    let agent_link = move || {
        let agent = Some(agent.get()).filter(|agent| !agent.is_empty())?;
        Some(view! { <a class="link" href=agent_href(&agent)>{agent.clone()}</a> }.into_any())
    };
    view! {
        <tr class=flash class:chosen=chosen>
            {select}
            <td class="task">
                <a href=task_href(&id) data-row-link="">{id.to_string()}</a>
                <span class="about">{about}</span>
                {dynamic(error_line)}
            </td>
            {status}
            <td class="wide cut">
                {queue} <span class="tag" title="Priority; 0 is urgent">{priority}</span>
            </td>
            <td class="wide cut">{dynamic(agent_link)}</td>
            <td class="num wide">{tries}</td>
            <td class="num wide" title=words(move || format::iso(changed.get()))>{age}</td>
            <td class="acts"><span class="row">{command_state(command)} {commander.buttons(shown)}</span></td>
        </tr>
    }
    .into_any()
}

/// Where a task stands, how far it is, and whether it is stuck.
pub fn status(item: Memo<Option<TaskItem>>) -> AnyView {
    let verdict = Memo::new(move |_| {
        Verdict::from(item.with(|item| item.as_ref().map_or(TaskStatus::Queued, |t| t.status)))
    });
    let percent = part_of(item.into(), |task: &TaskItem| {
        let percent = task.percent.filter(|_| task.status.is_running());
        percent.map(|percent| format!("{} %", format::decimal(percent, 0))).unwrap_or_default()
    });
    let stuck = part_of(item.into(), |task: &TaskItem| task.stuck);
    let flag = move || {
        let flag = view! {
            <span class="st warn" title="Without news for too long"><Icon name=IconName::Warning />"stuck"</span>
        };
        stuck.get().then(|| flag.into_any())
    };
    view! {
        <Badge verdict=verdict />
        <span class="percent">{percent}</span>
        {dynamic(flag)}
    }
    .into_any()
}
