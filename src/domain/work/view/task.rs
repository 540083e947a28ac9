//! A task's page: everything that is known of it, and what happened to it.

use super::commands::{Commander, command_state};
use super::task_rows::status;
use super::timeline::timeline_card;
use super::words::{agent_href, ms, usd};
use crate::domain::Topic;
use crate::domain::work::api::task;
use crate::domain::work::{TaskDetail, TaskItem};
use crate::ui::address::use_name;
use crate::ui::format;
use crate::ui::live::follow_doc;
use crate::ui::widgets::{Age, Card, dynamic, loaded, reading, text};
use crate::wire::{Timestamp, encoded};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page at `/work/tasks/:task`.
#[component]
pub fn TaskPage() -> impl IntoView {
    let name = use_name("/work/tasks/");
    move || {
        let id = name.get();
        let title = format!("{id} · Bellwether");
        let detail = reading(move || task(id.clone()));
        view! {
            <Title text=title />
            {loaded(detail, page)}
        }
    }
}

fn page(first: TaskDetail) -> AnyView {
    let as_of = first.as_of;
    let doc = follow_doc(Topic::Task(first.item.id.clone()), first);
    let item = Memo::new(move |_| doc.with(|doc| Some(doc.item.clone())));
    let history = Memo::new(move |_| doc.with(|doc| doc.history.clone()));
    let result =
        Memo::new(move |_| doc.with(|doc| doc.result.as_ref().map(|result| format!("{result:#}"))));
    let commander = Commander::new(Callback::new(move |command| {
        doc.try_update(|doc| doc.item.command = Some(command));
    }));
    let any_result = Memo::new(move |_| result.with(Option::is_some));
    let result_card = move || {
        view! {
            <Card title="Result" as_of=as_of>
                <pre class="sample tall" tabindex="0">{text(move || result.get().unwrap_or_default())}</pre>
            </Card>
        }
        .into_any()
    };
    view! {
        {heading(item, commander)}
        {commander.trouble()}
        <div class="grid top">
            {timeline_card(history, as_of)}
            <div class="c4 stack">
                {facts_card(item, as_of)}
                {error_card(item, as_of)}
                {dynamic(move || any_result.get().then(result_card))}
            </div>
        </div>
    }
    .into_any()
}

fn heading(item: Memo<Option<TaskItem>>, commander: Commander) -> AnyView {
    let about = Memo::new(move |_| {
        item.with(|item| {
            let item = item.as_ref()?;
            Some(item.description.clone().unwrap_or_else(|| item.id.to_string()))
        })
    });
    let command =
        Signal::derive(move || item.with(|task| task.as_ref().and_then(|t| t.command.clone())));
    view! {
        <div class="heading">
            {status(item)}
            <strong>{about}</strong>
            <span class="grow"></span>
            {command_state(command)}
            {commander.buttons(item.into())}
        </div>
    }
    .into_any()
}

/// What a fact is: text, a time, or a link.
enum Fact {
    Text(Option<String>),
    At(Option<Timestamp>),
    Link(Option<String>, fn(&str) -> String),
}

/// What is known of a task, fact by fact.
fn facts(t: &TaskItem) -> [(&'static str, Fact); 18] {
    use Fact::{At, Link, Text};
    let name = |name: &std::sync::Arc<str>| name.to_string();
    [
        ("queue", Link(Some(name(&t.queue)), |q| format!("/work/tasks?queue={}", encoded(q)))),
        ("priority, 0 is urgent", Text(Some(t.priority.get().to_string()))),
        ("agent", Link(t.agent.as_ref().map(name), agent_href)),
        ("wanted by", Text(t.submitted_by.as_ref().map(name))),
        ("owned by", Text(Some(name(&t.source)))),
        ("tries", Text(Some(times(t.attempt)))),
        ("tried again", Text(Some(times(t.retry_count)))),
        ("done", Text(t.percent.map(|percent| format!("{} %", format::decimal(percent, 0))))),
        ("note", Text(t.note.clone())),
        ("ran for", Text(t.duration_ms.map(|v| ms(Some(v))))),
        ("tokens", Text(t.tokens_used.map(format::count))),
        ("cost", Text(t.cost_usd.map(usd))),
        ("first heard of", At(Some(t.created_at))),
        ("queued", At(t.queued_at)),
        ("given to its agent", At(t.assigned_at)),
        ("begun", At(t.started_at)),
        ("over since", At(t.ended_at)),
        ("last news", At(Some(t.updated_at))),
    ]
}

fn facts_card(item: Memo<Option<TaskItem>>, as_of: Timestamp) -> AnyView {
    let fact = |(word, fact): (&'static str, Fact)| {
        let value = match fact {
            Fact::Text(text) => text?.into_any(),
            Fact::At(at) => {
                let at = at?;
                view! { <Age at=at />" ago" }.into_any()
            }
            Fact::Link(text, to) => {
                let text = text?;
                view! { <a class="link" href=to(&text)>{text.clone()}</a> }.into_any()
            }
        };
        Some(view! { <dt>{word}</dt><dd class="cut">{value}</dd> }.into_any())
    };
    let all = move || {
        let facts = item.with(|item| item.as_ref().map(facts))?;
        Some(facts.into_iter().filter_map(fact).collect::<Vec<_>>().into_any())
    };
    view! {
        <Card title="Known of it" as_of=as_of>
            <dl class="facts">{dynamic(all)}</dl>
        </Card>
    }
    .into_any()
}

fn times(n: u32) -> String {
    match n {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

fn error_card(item: Memo<Option<TaskItem>>, as_of: Timestamp) -> AnyView {
    let error = Memo::new(move |_| {
        item.with(|item| {
            let item = item.as_ref()?;
            Some((item.last_error.clone()?, item.fingerprint.clone()))
        })
    });
    dynamic(move || {
        let (text, print) = error.get()?;
        let alike = print.map(|print| {
            let to = format!("/work/dead-letters?group={}", encoded(&print));
            view! { <p class="hint"><a class="link" href=to>"Dead letters with an error like it"</a></p> }
                .into_any()
        });
        let card = view! {
            <Card title="What went wrong last" as_of=as_of>
                <pre class="sample tall" tabindex="0">{text}</pre>
                {alike}
            </Card>
        };
        Some(card.into_any())
    })
}
