//! Commands about tasks: the buttons that ask for them, and how they stand.

use super::words::{self, task_href};
use crate::domain::work::api::command;
use crate::domain::work::{CommandItem, CommandKind, TaskItem};
use crate::ui::format;
use crate::ui::me::{Permission, may};
use crate::ui::widgets::{
    Age, Icon, IconName, dynamic, keyed, one_of, part_of, trouble_line, words as saying,
};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Asks for commands on behalf of a page.
#[derive(Clone, Copy)]
pub struct Commander {
    /// The task that is being asked about.
    busy: RwSignal<Option<Arc<str>>>,
    trouble: RwSignal<Option<String>>,
    done: Callback<CommandItem>,
    /// Whether whoever looks may ask for commands.
    pub allowed: bool,
}

impl Commander {
    /// `done` is told what was asked for.
    pub fn new(done: Callback<CommandItem>) -> Self {
        let allowed = may(Permission::RetryTasks);
        Self { busy: RwSignal::new(None), trouble: RwSignal::new(None), done, allowed }
    }

    fn run(self, task: Arc<str>, kind: CommandKind) {
        self.busy.set(Some(task.clone()));
        self.trouble.set(None);
        spawn_local(async move {
            match command(task.to_string(), kind).await {
                Ok(item) => _ = self.done.try_run(item),
                Err(error) => self.fail(&error),
            }
            self.busy.try_set(None);
        });
    }

    /// Shows why something could not be asked for.
    pub fn fail(self, error: &ApiError) {
        self.trouble.try_set(Some(format!("{}: {}", error.title, error.detail)));
    }

    /// Why the last command could not be asked for, if so.
    pub fn trouble(self) -> AnyView {
        view! {
            <div role="alert">
                {trouble_line(self.trouble)}
            </div>
        }
        .into_any()
    }

    /// What can be asked for about a task now; nothing while a command about it is open.
    pub fn buttons(self, item: Signal<Option<TaskItem>>) -> AnyView {
        if !self.allowed {
            return ().into_any();
        }
        let can = part_of(item, can);
        let id = part_of(item, |item| item.id.to_string());
        let busy = Memo::new(move |_| self.busy.get().is_some_and(|at| *at == *id.get()));
        let button = move |kind: CommandKind, icon, word: &'static str| {
            let ask = move |_| {
                self.run(id.get_untracked().into(), kind);
            };
            let label = saying(move || format!("{word} {}", id.get()));
            view! {
                <button type="button" class="button small js" on:click=ask disabled=busy aria-label=label title=word>
                    <Icon name=icon />
                    <span class="wide">{word}</span>
                </button>
            }
            .into_any()
        };
        let retry =
            move || can.get().0.then(|| button(CommandKind::Retry, IconName::Retry, "Retry"));
        let cancel =
            move || can.get().1.then(|| button(CommandKind::Cancel, IconName::Cross, "Cancel"));
        view! { {dynamic(retry)} {dynamic(cancel)} }.into_any()
    }
}

/// Whether a task can be retried, and cancelled.
fn can(item: &TaskItem) -> (bool, bool) {
    let open = item.command.as_ref().is_some_and(|command| command.status.is_open());
    (!open && item.status.can_be_retried(), !open && !item.status.is_over())
}

/// How a command stands; who asked, and what was answered, are its title.
pub fn command_state(item: Signal<Option<CommandItem>>) -> AnyView {
    let item = Memo::new(move |_| item.get());
    dynamic(move || {
        let item = item.get()?;
        let verdict = words::command(item.command, item.status);
        let badge = view! {
            <span class=format!("st {}", verdict.class) title=title(&item)>
                <Icon name=verdict.icon />
                {verdict.word}
            </span>
        };
        Some(badge.into_any())
    })
}

fn title(item: &CommandItem) -> String {
    let mut text = format!("asked by {} at {}", item.actor, format::iso(item.created_at));
    if item.status.is_open() {
        text.push_str(&format!("; {} has until {}", item.source, format::iso(item.deadline)));
    }
    if let Some(detail) = &item.detail {
        text.push_str(&format!("; {} said: {detail}", item.source));
    }
    text
}

/// The newest commands, newest first.
pub fn commands(all: Memo<Vec<CommandItem>>) -> AnyView {
    let row = move |id: Arc<str>| command_row(one_of(all, move |item: &CommandItem| item.id == id));
    let ids = move || all.with(|all| all.iter().map(|item| item.id.clone()).collect::<Vec<_>>());
    view! {
        <ol class="lines" aria-label="Newest commands">
            {keyed(ids, row)}
        </ol>
    }
    .into_any()
}

fn command_row(item: Memo<Option<CommandItem>>) -> AnyView {
    let fixed = item.get_untracked();
    let Some(CommandItem { task_id, actor, source, created_at, job, .. }) = fixed else {
        return ().into_any();
    };
    let detail = part_of(item.into(), |item: &CommandItem| item.detail.clone().unwrap_or_default());
    view! {
        <li>
            {command_state(item.into())}
            <a href=task_href(&task_id) class="grow cut">{task_id.to_string()}</a>
            <span class="muted cut wide">{detail}</span>
            <span class="muted wide">{format!("{actor} to {source}")}</span>
            {job.map(|_| view! { <span class="tag wide">"job"</span> })}
            <span class="muted when"><Age at=created_at /></span>
        </li>
    }
    .into_any()
}
