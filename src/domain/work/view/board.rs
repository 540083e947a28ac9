//! The page at `/work`: the verdict, figures, queues, what was done and what was asked for.

use super::commands::commands;
use super::done::done_card;
use super::history::{USUAL, history_card};
use super::jobs::jobs_card;
use super::queues::queues_card;
use super::tiles::tiles;
use super::toolbar::tabs;
use crate::domain::Topic;
use crate::domain::health::{Health, Severity, Status};
use crate::domain::work::api::{queue_history, work_page};
use crate::domain::work::{QueueHistory, WorkPage};
use crate::ui::address::use_asked;
use crate::ui::live::follow_doc;
use crate::ui::overview::VerdictBanner;
use crate::ui::range::use_range;
use crate::ui::widgets::{Card, Empty, Reading, dynamic, loaded, reading};
use leptos::prelude::*;
use leptos_meta::Title;

/// What makes agents and tasks appear.
pub const SAMPLE: &str = "curl {origin}/api/v1/events -H 'content-type: application/json' \\\n  \
    -d '[{\"type\":\"agent.online\",\"data\":{\"agent\":\"worker-1\"}},\n       \
    {\"type\":\"task.queued\",\"data\":{\"task\":\"t-1\",\"description\":\"try it\",\"queue\":\"build\"}}]'";

/// Commands shown.
const COMMANDS: usize = 10;

/// The page at `/work`.
#[component]
pub fn WorkBoard() -> impl IntoView {
    let page = reading(work_page);
    let (range, asked) = (use_range(USUAL), use_asked(&["queue"]));
    let chosen = Memo::new(move |_| asked.get().get("queue").unwrap_or_default());
    let history = reading(move || {
        let (queue, range) = (asked.get_untracked().get("queue"), range.get_untracked());
        queue_history(queue, range.window, range.from, range.to, range.step)
    });
    view! {
        <Title text="Work · Bellwether" />
        {tabs()}
        {loaded(page, move |first| board(first, history, chosen))}
    }
}

fn board(first: WorkPage, history: Reading<QueueHistory>, chosen: Memo<String>) -> AnyView {
    let as_of = first.as_of;
    let doc = follow_doc(Topic::Work, first);
    let nothing = Memo::new(move |_| doc.with(is_empty));
    let health = Memo::new(move |_| doc.with(health));
    let jobs = Memo::new(move |_| doc.with(|doc| doc.jobs.clone()));
    let completions = Memo::new(move |_| doc.with(|doc| doc.completions.clone()));
    let shown = move || {
        view! {
            <VerdictBanner health=health as_of=as_of scored=false />
            {tiles(doc, as_of)}
            <div class="grid">
                {jobs_card(jobs, as_of)}
                {queues_card(doc, chosen, as_of)}
                {done_card(completions, as_of)}
            </div>
            {loaded(history, move |first| {
                view! { <div class="grid">{history_card(first, doc, chosen, as_of)}</div> }.into_any()
            })}
            {commands_card(doc, as_of)}
        }
        .into_any()
    };
    let empty = || view! { <section class="card">{nothing_yet()}</section> }.into_any();
    dynamic(move || Some(if nothing.get() { empty() } else { shown() }))
}

/// Whether nobody has ever reported an agent or a task.
fn is_empty(doc: &WorkPage) -> bool {
    let idle = doc.hourly.iter().all(|hour| hour.done.completed + hour.done.failed == 0);
    doc.agents.total == 0 && doc.queues.is_empty() && doc.completions.is_empty() && idle
}

/// The verdict over work alone.
fn health(doc: &WorkPage) -> Health {
    let worst = doc.findings.iter().map(|finding| finding.severity).max();
    let status = match worst {
        Some(Severity::Critical) => Status::Critical,
        Some(Severity::Warning) => Status::Warning,
        Some(Severity::Info) | None => Status::Ok,
    };
    let findings = doc.findings.clone();
    let findings_total = u32::try_from(doc.findings_total).unwrap_or(u32::MAX);
    Health { status, score: None, findings_total, findings }
}

/// What is shown where nothing has come.
pub fn nothing_yet() -> AnyView {
    view! {
        <Empty
            title="No agent and no task has reported yet"
            why="A worker that sends events appears here, with what it does; so do the tasks it is given:"
            line=SAMPLE
        />
    }
    .into_any()
}

fn commands_card(doc: RwSignal<WorkPage>, as_of: crate::wire::Timestamp) -> AnyView {
    let all = Memo::new(move |_| {
        doc.with(|doc| doc.commands.iter().take(COMMANDS).cloned().collect::<Vec<_>>())
    });
    let any = Memo::new(move |_| all.with(|all| !all.is_empty()));
    let card = move || {
        view! {
            <div class="grid">
                <Card title="Commands" as_of=as_of class="c12">{commands(all)}</Card>
            </div>
        }
        .into_any()
    };
    dynamic(move || any.get().then(card))
}
