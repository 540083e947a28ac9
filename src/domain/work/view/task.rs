//! A task's page: everything that is known of it, and what happened to it.

use super::agent::use_name;
use super::commands::{Commander, command_state};
use super::task_rows::status;
use super::timeline::timeline_card;
use super::words::{agent_href, ms, usd};
use crate::domain::Topic;
use crate::domain::work::api::task;
use crate::domain::work::{TaskDetail, TaskItem};
use crate::ui::format;
use crate::ui::live::follow_doc;
use crate::ui::widgets::{Age, Card, loaded};
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
        let detail = Resource::new(|| (), move |()| task(id.clone()));
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
    view! {
        {heading(item, commander)}
        {commander.trouble()}
        <div class="grid top">
            {timeline_card(history, as_of)}
            <div class="c4 stack">
                {facts_card(item, as_of)}
                {error_card(item, as_of)}
                <Show when=move || any_result.get()>
                    <Card title="Result" as_of=as_of>
                        <pre class="sample tall" tabindex="0">{result}</pre>
                    </Card>
                </Show>
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

type Fact = fn(&TaskItem) -> Option<String>;

fn facts_card(item: Memo<Option<TaskItem>>, as_of: Timestamp) -> AnyView {
    let value =
        move |pick: Fact| Memo::new(move |_| item.with(|item| item.as_ref().and_then(pick)));
    let fact = move |word: &'static str, pick: Fact| {
        let value = value(pick);
        view! { {move || value.get().map(|text| view! { <dt>{word}</dt><dd class="cut" title=text.clone()>{text.clone()}</dd> })} }
            .into_any()
    };
    let time = move |word: &'static str, pick: fn(&TaskItem) -> Option<Timestamp>| {
        let at = Memo::new(move |_| item.with(|item| item.as_ref().and_then(pick)));
        view! { {move || at.get().map(|at| view! { <dt>{word}</dt><dd><Age at=at />" ago"</dd> })} }
            .into_any()
    };
    let link = move |word: &'static str, pick: Fact, to: fn(&str) -> String| {
        let value = value(pick);
        view! { {move || value.get().map(|text| view! { <dt>{word}</dt><dd class="cut"><a class="link" href=to(&text)>{text.clone()}</a></dd> })} }
            .into_any()
    };
    view! {
        <Card title="Known of it" as_of=as_of>
            <dl class="facts">
                {link("queue", |t| Some(t.queue.to_string()), |q| format!("/work/tasks?queue={}", encoded(q)))}
                {fact("priority, 0 is urgent", |t| Some(t.priority.get().to_string()))}
                {link("agent", |t| t.agent.as_ref().map(ToString::to_string), agent_href)}
                {fact("wanted by", |t| t.submitted_by.as_ref().map(ToString::to_string))}
                {fact("owned by", |t| Some(t.source.to_string()))}
                {fact("tries", |t| Some(times(t.attempt)))}
                {fact("tried again", |t| Some(times(t.retry_count)))}
                {fact("done", |t| t.percent.map(|percent| format!("{} %", format::decimal(percent, 0))))}
                {fact("note", |t| t.note.clone())}
                {fact("ran for", |t| t.duration_ms.map(|v| ms(Some(v))))}
                {fact("tokens", |t| t.tokens_used.map(format::count))}
                {fact("cost", |t| t.cost_usd.map(usd))}
                {time("first heard of", |t| Some(t.created_at))}
                {time("queued", |t| t.queued_at)}
                {time("given to its agent", |t| t.assigned_at)}
                {time("begun", |t| t.started_at)}
                {time("over since", |t| t.ended_at)}
                {time("last news", |t| Some(t.updated_at))}
            </dl>
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
    view! {
        {move || error.get().map(|(text, print)| {
            let alike = print.map(|print| {
                let to = format!("/work/dead-letters?group={}", encoded(&print));
                view! { <p class="hint"><a class="link" href=to>"Dead letters with an error like it"</a></p> }
            });
            view! {
                <Card title="What went wrong last" as_of=as_of>
                    <pre class="sample tall" tabindex="0">{text}</pre>
                    {alike}
                </Card>
            }
        })}
    }
    .into_any()
}
