//! The page at `/work/dead-letters`: what was given up, by what went wrong, and its retry.

use super::commands::Commander;
use super::dead_groups::{ALL, groups};
use super::jobs::jobs_card;
use super::retry::RetryQuestion;
use super::selection::Selection;
use super::task_rows::task_table;
use super::tasks::{REST, pulse};
use super::toolbar::{queue_choice, tabs};
use super::words::counted;
use crate::domain::Topic;
use crate::domain::work::api::{tasks, work_page};
use crate::domain::work::{TaskFilter, TaskItem, TaskStatus, TasksPage, WorkPage};
use crate::ui::address::{Asked, pager, use_asked};
use crate::ui::format;
use crate::ui::live::follow_doc;
use crate::ui::range::use_fresh_every;
use crate::ui::widgets::{AsOf, Icon, IconName, dynamic, loaded, reading, search, text};
use crate::wire::{ApiError, Unread};
use leptos::prelude::*;
use leptos_meta::Title;
use std::future::Future;
use std::sync::Arc;

/// The page's address.
pub const PATH: &str = "/work/dead-letters";
const NAMES: [&str; 4] = ["group", "queue", "q", "after"];

/// What the page's parts share.
#[derive(Clone, Copy)]
pub struct Dead {
    /// The work page, live.
    pub doc: RwSignal<WorkPage>,
    /// What the address asks for.
    pub asked: Memo<Asked>,
    /// Tasks of the group that is open, if one is.
    pub page: RwSignal<Option<TasksPage>>,
    /// What of them is selected.
    pub selection: Selection,
    /// The question before a retry.
    pub question: RetryQuestion,
    /// Asks for single commands.
    pub commander: Commander,
}

/// The group that is open: [`ALL`], a fingerprint, or none. Whoever asks for words or a queue sees
/// what is like that.
pub fn open_group(asked: &Asked) -> Option<String> {
    asked.get("group").or_else(|| asked.chooses().then(|| ALL.to_owned()))
}

/// Which dead letters the open group shows.
pub fn filter(asked: &Asked) -> TaskFilter {
    TaskFilter {
        status: Some(TaskStatus::DeadLetter),
        queue: asked.get("queue").map(Into::into),
        agent: None,
        fingerprint: open_group(asked).filter(|group| group != ALL).map(Into::into),
        q: asked.get("q"),
    }
}

/// Reads the tasks of the open group.
fn read(
    asked: &Asked,
) -> impl Future<Output = Result<Unread<Option<TasksPage>>, ApiError>> + use<> {
    let open = open_group(asked).is_some();
    let TaskFilter { queue, fingerprint, q, .. } = filter(asked);
    let text = |value: Option<Arc<str>>| value.map(|value| value.to_string());
    let (queue, fingerprint, after) = (text(queue), text(fingerprint), asked.get("after"));
    let status = Some(TaskStatus::DeadLetter.name().to_owned());
    async move {
        if !open {
            return Ok(Unread::none());
        }
        tasks(status, queue, None, fingerprint, q, None, after).await.map(Unread::some)
    }
}

/// The page at `/work/dead-letters`.
#[component]
pub fn DeadLetters() -> impl IntoView {
    let asked = use_asked(&NAMES);
    let board = reading(work_page);
    let page = reading(move || read(&asked.get_untracked()));
    view! {
        <Title text="Dead letters · Bellwether" />
        {tabs()}
        {loaded(board, move |board| {
            let doc = follow_doc(Topic::Work, board);
            loaded(page, move |first| letters(first, doc, asked))
        })}
    }
}

fn letters(first: Option<TasksPage>, doc: RwSignal<WorkPage>, asked: Memo<Asked>) -> AnyView {
    let as_of = doc.with_untracked(|doc| doc.as_of);
    let pulse = pulse(doc);
    let moved = move || Some(pulse.get());
    let page = use_fresh_every(REST, first, move || asked.get(), moved, |asked| read(&asked));
    let selection = Selection::new();
    let told = Callback::new(move |command: crate::domain::work::CommandItem| {
        page.try_update(|page| {
            let items = page.iter_mut().flat_map(|page| &mut page.items);
            if let Some(item) = items.into_iter().find(|item| item.id == command.task_id) {
                item.command = Some(command);
            }
        });
    });
    let question = RetryQuestion::new(Callback::new(move |()| selection.clear()));
    let commander = Commander::new(told);
    let dead = Dead { doc, asked, page, selection, question, commander };
    // What was selected among other tasks is not meant here.
    Effect::new(move |last: Option<Asked>| {
        let now = asked.get().with("after", "");
        if last.is_some_and(|last| last != now) {
            selection.clear();
        }
        now
    });
    let jobs = Memo::new(move |_| doc.with(|doc| doc.jobs.clone()));
    let total = Memo::new(move |_| doc.with(|doc| doc.tasks.dead_letter));
    let said = move || match total.get() {
        0 => "No dead letters".to_owned(),
        n => counted(n, "dead letter"),
    };
    let names = Memo::new(move |_| {
        doc.with(|doc| doc.queues.iter().map(|item| item.queue.to_string()).collect::<Vec<_>>())
    });
    let choose = queue_choice(PATH, asked, names);
    let none = Memo::new(move |_| total.get() == 0 && open_group(&asked.get()).is_none());
    view! {
        {search(PATH, asked, "Filter by id, words or error", choose)}
        <div class="grid">{jobs_card(jobs, as_of)}</div>
        <section class="card flush" aria-label="Dead letters">
            <p class="count" role="status">{text(said)}</p>
            {commander.trouble()}
            {dynamic(move || Some(if none.get() { nothing_dead() } else { groups(dead) }))}
            <AsOf at=as_of />
        </section>
        {commander.allowed.then(|| question.view())}
    }
    .into_any()
}

fn nothing_dead() -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-title">"Nothing was given up"</p>
            <p>
                "A task that its owner no longer tries (" <code>"task.dead_lettered"</code>
                ") waits here for a person, beside those whose errors are alike."
            </p>
        </div>
    }
    .into_any()
}

/// The tasks of the open group, and what can be done with them.
pub fn panel(dead: Dead) -> AnyView {
    let Dead { page, asked, selection, commander, .. } = dead;
    let items = Memo::new(move |_| {
        page.with(|page| page.as_ref().map_or_else(Vec::new, |page| page.items.clone()))
    });
    let next = Memo::new(move |_| page.with(|page| page.as_ref().and_then(|p| p.next.clone())));
    let none = Memo::new(move |_| items.with(Vec::is_empty));
    let shown = move || {
        if none.get() {
            return Some(view! { <p class="calm">"No dead letter is like that."</p> }.into_any());
        }
        let may = commander.allowed;
        let bar = may.then(|| selection_bar(dead, items));
        let table = task_table(items, commander, may.then_some(selection));
        Some(bar.into_iter().chain([table]).collect::<Vec<_>>().into_any())
    };
    view! {
        <div class="panel">
            {dynamic(shown)}
            {pager(PATH, asked, next)}
        </div>
    }
    .into_any()
}

/// How many are selected, and what can be done with them.
fn selection_bar(dead: Dead, items: Memo<Vec<TaskItem>>) -> AnyView {
    let Dead { page, asked, selection, question, .. } = dead;
    let total = Memo::new(move |_| page.with(|page| page.as_ref().map_or(0, |page| page.total)));
    let count = Memo::new(move |_| selection.count(total.get()));
    let page_of_more = Memo::new(move |_| {
        let ids: Vec<Arc<str>> = items.with(|all| all.iter().map(|task| task.id.clone()).collect());
        !selection.is_everything() && total.get() > ids.len() && selection.has_all(&ids)
    });
    let said = move || match count.get() {
        0 => format!("{} here; select what to retry", counted(total.get() as u64, "task")),
        n if selection.is_everything() => {
            format!("All {} that match are selected", counted(n as u64, "task"))
        }
        n => format!("{} selected", counted(n as u64, "task")),
    };
    let ask = move |_| question.ask(selection.request(filter(&asked.get_untracked())));
    let everything = move || {
        let button = || {
            let word = format!("Select all {} that match", format::count(total.get() as u64));
            view! {
                <button type="button" class="button small" on:click=move |_| selection.everything()>{word}</button>
            }
            .into_any()
        };
        page_of_more.get().then(button)
    };
    let any = Memo::new(move |_| count.get() > 0);
    let act = move || {
        let buttons = || {
            view! {
                <button type="button" class="button small primary" on:click=ask>
                    <Icon name=IconName::Retry />
                    "Retry selected…"
                </button>
                <button type="button" class="button small" on:click=move |_| selection.clear()>"Clear"</button>
            }
            .into_any()
        };
        any.get().then(buttons)
    };
    view! {
        <div class="row selection js">
            <span role="status">{text(said)}</span>
            {dynamic(everything)}
            {dynamic(act)}
        </div>
    }
    .into_any()
}
