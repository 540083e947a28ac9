//! The page at `/work/tasks`: every task, chosen among by the address, page by page.

use super::board::nothing_yet;
use super::commands::Commander;
use super::task_rows::task_table;
use super::toolbar::{queue_choice, tabs};
use crate::domain::Topic;
use crate::domain::work::api::{tasks, work_page};
use crate::domain::work::{CommandItem, TaskStatus, TasksPage, WorkPage};
use crate::ui::address::{Asked, pager, use_asked};
use crate::ui::format;
use crate::ui::live::{follow, follow_doc};
use crate::ui::range::use_fresh_every;
use crate::ui::widgets::{AsOf, choices, dynamic, loaded, reading, search, tallied, text};
use crate::wire::{ApiError, Unread};
use leptos::prelude::*;
use leptos_meta::Title;
use std::future::Future;
use std::time::Duration;

const PATH: &str = "/work/tasks";
const NAMES: [&str; 6] = ["status", "queue", "agent", "fingerprint", "q", "after"];
/// Least time between two readings of a list that goes on changing.
pub const REST: Duration = Duration::from_secs(1);

/// Beginnings of the types of events that may change a list of tasks.
const MOVES: [&str; 3] = ["\"task.", "\"command.", "\"job."];

/// The newest position at which a task may have changed. The board's own topic does not tell of
/// every change (of a task's progress, say), and the one that does tells of every task there is.
pub fn pulse(doc: RwSignal<WorkPage>) -> Memo<u64> {
    let heard = RwSignal::new(0);
    follow(Topic::Events, None, move |part| {
        if MOVES.iter().any(|kind| part.data.contains(kind)) {
            heard.try_set(part.cursor.seq);
        }
        Ok(())
    });
    Memo::new(move |_| doc.with(|doc| doc.cursor.seq).max(heard.get()))
}

/// Reads the page that is asked for.
fn read(asked: &Asked) -> impl Future<Output = Result<Unread<TasksPage>, ApiError>> + use<> {
    let get = |name| asked.get(name);
    let (status, queue, agent) = (get("status"), get("queue"), get("agent"));
    tasks(status, queue, agent, get("fingerprint"), get("q"), None, get("after"))
}

/// The page at `/work/tasks`.
#[component]
pub fn TasksList() -> impl IntoView {
    let asked = use_asked(&NAMES);
    let board = reading(work_page);
    let page = reading(move || read(&asked.get_untracked()));
    view! {
        <Title text="Tasks · Bellwether" />
        {tabs()}
        {loaded(board, move |board| {
            let doc = follow_doc(Topic::Work, board);
            loaded(page, move |first| list(first, doc, asked))
        })}
    }
}

fn list(first: TasksPage, doc: RwSignal<WorkPage>, asked: Memo<Asked>) -> AnyView {
    let as_of = first.as_of;
    let pulse = pulse(doc);
    let moved = move || Some(pulse.get());
    let page = use_fresh_every(REST, first, move || asked.get(), moved, |asked| read(&asked));
    let items = Memo::new(move |_| page.with(|page| page.items.clone()));
    let next = Memo::new(move |_| page.with(|page| page.next.clone()));
    let total = Memo::new(move |_| page.with(|page| page.total));
    let commander = Commander::new(Callback::new(move |command| told(page, command)));
    let said = move || match total.get() {
        1 => "1 task".to_owned(),
        n if n >= TasksPage::MAX_COUNTED => format!("{} tasks or more", format::count(n as u64)),
        n => format!("{} tasks", format::count(n as u64)),
    };
    let none = Memo::new(move |_| items.with(Vec::is_empty));
    let chooses = Memo::new(move |_| asked.with(Asked::chooses));
    let shown = move || {
        let none = none.get();
        Some(if none { nothing_here(chooses.get()) } else { task_table(items, commander, None) })
    };
    view! {
        {toolbar(doc, asked)}
        <section class="card flush" aria-label="Tasks">
            <p class="count" role="status">{text(said)}</p>
            {commander.trouble()}
            {dynamic(shown)}
            {pager(PATH, asked, next)}
            <AsOf at=as_of />
        </section>
    }
    .into_any()
}

/// Shows on its row what was just asked for, before the list is read again.
fn told(page: RwSignal<TasksPage>, command: CommandItem) {
    page.try_update(|page| {
        if let Some(item) = page.items.iter_mut().find(|item| item.id == command.task_id) {
            item.command = Some(command);
        }
    });
}

fn nothing_here(chooses: bool) -> AnyView {
    if !chooses {
        return nothing_yet();
    }
    view! {
        <div class="empty">
            <p class="empty-title">"No task is like that"</p>
            <p class="row"><a class="button" href=PATH>"Show all"</a></p>
        </div>
    }
    .into_any()
}

fn toolbar(doc: RwSignal<WorkPage>, asked: Memo<Asked>) -> AnyView {
    let statuses = [
        TaskStatus::Queued,
        TaskStatus::Assigned,
        TaskStatus::Working,
        TaskStatus::DeadLetter,
        TaskStatus::Failed,
        TaskStatus::Completed,
        TaskStatus::Cancelled,
    ];
    let count = move |status: TaskStatus| move || doc.with(|doc| count_of(doc, status));
    let all = statuses.map(|status| {
        let word = super::words::said(status);
        (status.name(), tallied(word, count(status)))
    });
    let values = std::iter::once(("", "all".into_any())).chain(all).collect();
    let names = Memo::new(move |_| {
        doc.with(|doc| doc.queues.iter().map(|item| item.queue.to_string()).collect::<Vec<_>>())
    });
    let rest = view! {
        {choices(PATH, asked, ("status", "Status"), values)}
        {queue_choice(PATH, asked, names)}
        {only(asked, "agent", "of agent")}
        {only(asked, "fingerprint", "with error")}
    };
    search(PATH, asked, "Filter by id, words or error", rest.into_any())
}

/// What else the list is narrowed to, with a way out of it.
fn only(asked: Memo<Asked>, name: &'static str, word: &'static str) -> AnyView {
    dynamic(move || {
        let here = asked.get();
        let value = here.get(name)?;
        let label = format!("No longer only {word} {value}");
        let link = view! {
            <a class="tag only" href=here.with(name, "").href(PATH) aria-label=label>
                {format!("{word} {value}")}
                <span aria-hidden="true">" ×"</span>
            </a>
        };
        Some(link.into_any())
    })
}

/// How many tasks have a status, where the board counts them.
const fn count_of(doc: &WorkPage, status: TaskStatus) -> u64 {
    match status {
        TaskStatus::Queued => doc.tasks.queued,
        TaskStatus::Assigned => doc.tasks.assigned,
        TaskStatus::Working => doc.tasks.working,
        TaskStatus::DeadLetter => doc.tasks.dead_letter,
        TaskStatus::Failed => doc.failed,
        TaskStatus::Completed | TaskStatus::Cancelled => 0,
    }
}
