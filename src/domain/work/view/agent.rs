//! An agent's page: what it does, how it spent the hour, and its tasks.

use super::agent_cell::utilisation_bar;
use super::commands::Commander;
use super::task_rows::task_table;
use super::tasks::REST;
use super::words::{ms, task_href};
use crate::domain::Topic;
use crate::domain::percentiles::Percentiles;
use crate::domain::work::api::{agent, tasks};
use crate::domain::work::{AgentDetail, AgentItem, AgentsDelta, TasksPage};
use crate::ui::address::{Asked, use_asked, use_name};
use crate::ui::format;
use crate::ui::live::follow;
use crate::ui::range::use_fresh_every;
use crate::ui::widgets::{
    Age, AsOf, Badge, Card, Icon, IconName, Reading, Verdict, dynamic, loaded, reading, text,
};
use crate::wire::{ApiError, Unread};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

/// The page at `/work/agents/:agent`.
#[component]
pub fn AgentPage() -> impl IntoView {
    let name = use_name("/work/agents/");
    let asked = use_asked(&["after"]);
    move || {
        let id = name.get();
        let title = format!("{id} · Bellwether");
        let (first_id, list_id) = (id.clone(), id);
        let detail = reading(move || agent(first_id.clone()));
        let list = reading(move || read(&list_id, &asked.get_untracked()));
        view! {
            <Title text=title />
            {loaded(detail, move |first| page(first, list, asked))}
        }
    }
}

fn read(
    id: &str,
    asked: &Asked,
) -> impl Future<Output = Result<Unread<TasksPage>, ApiError>> + use<> {
    tasks(None, None, Some(id.to_owned()), None, None, None, asked.get("after"))
}

fn page(first: AgentDetail, list: Reading<TasksPage>, asked: Memo<Asked>) -> AnyView {
    let as_of = first.as_of;
    let id = first.item.agent_id.to_string();
    let (doc, moved) = follow_agent(first);
    let item = Memo::new(move |_| doc.with(|doc| doc.item.clone()));
    view! {
        {heading(item)}
        <div class="grid">
            {hour_card(item, as_of)}
            {figures_card(item, as_of)}
            {facts_card(item, as_of)}
        </div>
        {loaded(list, move |first| tasks_card(first, id.clone(), moved, asked))}
    }
    .into_any()
}

/// Keeps an agent up to date; the second turns whenever it changes. Only its own changes are taken
/// in: where they cannot be had, it is read again.
fn follow_agent(first: AgentDetail) -> (RwSignal<AgentDetail>, RwSignal<u64>) {
    let (id, cursor) = (first.item.agent_id.clone(), first.cursor.clone());
    let moved = RwSignal::new(cursor.seq);
    let doc = RwSignal::new(first);
    follow(Topic::Agents, Some(cursor), move |part| {
        if part.whole {
            let id = id.to_string();
            spawn_local(async move {
                if let Ok(next) = agent(id).await.and_then(|next| next.read()) {
                    moved.try_set(next.cursor.seq);
                    doc.try_set(next);
                }
            });
            return Ok(());
        }
        let delta: AgentsDelta = serde_json::from_str(part.data)?;
        if let Some(item) = delta.upsert.into_iter().find(|item| item.agent_id == id) {
            doc.try_update(|doc| (doc.item, doc.as_of) = (item, part.at));
            moved.try_set(part.cursor.seq);
        }
        Ok(())
    });
    (doc, moved)
}

fn heading(item: Memo<AgentItem>) -> AnyView {
    let verdict = Memo::new(move |_| Verdict::from(item.with(|item| item.fsm_state)));
    let name = Memo::new(move |_| item.with(|item| item.name.clone()));
    let since = Memo::new(move |_| item.with(|item| item.last_state_change));
    let silent = Memo::new(move |_| item.with(|item| item.silent));
    let task = Memo::new(move |_| {
        item.with(|item| {
            let id = item.current_task_id.clone()?;
            Some((task_href(&id), item.current_task.clone().unwrap_or_else(|| id.to_string())))
        })
    });
    let skills = Memo::new(move |_| item.with(|item| item.capabilities.clone()));
    let quiet = move || if silent.get() { ", by its silence" } else { "" }.to_owned();
    let on = move || {
        let (to, text) = task.get()?;
        let link = view! { <span class="cut">"on " <a class="link" href=to>{text}</a></span> };
        Some(link.into_any())
    };
    let tags = move || {
        let tag = |word| view! { <span class="tag">{word}</span> }.into_any();
        Some(skills.get().into_iter().map(tag).collect::<Vec<_>>().into_any())
    };
    view! {
        <div class="heading">
            <Badge verdict=verdict />
            <strong>{name}</strong>
            <span class="muted">"for " <Age at=since />{text(quiet)}</span>
            {dynamic(on)}
            <span class="grow"></span>
            {dynamic(tags)}
        </div>
    }
    .into_any()
}

fn hour_card(item: Memo<AgentItem>, as_of: crate::wire::Timestamp) -> AnyView {
    let shares = Memo::new(move |_| item.with(|item| item.utilisation));
    // The shares sum to 1 as soon as any time has been counted.
    let known = Memo::new(move |_| {
        let all = shares.get();
        all.working + all.idle + all.blocked + all.offline > 0.0
    });
    let told = move |share: f64| {
        if known.get() { format::percent(share) } else { "—".to_owned() }
    };
    let entry = move |class: &'static str, word: &'static str, share: Memo<f64>| {
        view! {
            <span><i class=format!("swatch {class}")></i><b>{text(move || told(share.get()))}</b>{format!(" {word}")}</span>
        }
    };
    let of = move |pick: fn(&crate::domain::work::Utilisation) -> f64| {
        Memo::new(move |_| pick(&shares.get()))
    };
    view! {
        <Card title="The last hour" as_of=as_of class="c4">
            <div class="big">
                {text(move || told(shares.get().working))}
                <small>" of its time on tasks"</small>
            </div>
            {utilisation_bar(shares)}
            <div class="leg">
                {entry("accent", "working", of(|u| u.working))}
                {entry("ok", "idle", of(|u| u.idle))}
                {entry("warn", "blocked", of(|u| u.blocked))}
                {entry("unk", "offline", of(|u| u.offline))}
            </div>
        </Card>
    }
    .into_any()
}

fn figures_card(item: Memo<AgentItem>, as_of: crate::wire::Timestamp) -> AnyView {
    let done = Memo::new(move |_| item.with(|item| (item.completed, item.failed)));
    let row = move |word: &'static str, pick: fn(&AgentItem) -> Percentiles| {
        let of = Memo::new(move |_| item.with(pick));
        let cell = move |pick: fn(&Percentiles) -> Option<f64>| {
            view! { <td class="num">{text(move || ms(of.with(pick)))}</td> }
        };
        view! {
            <tr>
                <th scope="row">{word}</th>
                {cell(|p| p.p50)} {cell(|p| p.p90)} {cell(|p| p.p95)} {cell(|p| p.p99)}
            </tr>
        }
    };
    view! {
        <Card title="Tasks, last hour" as_of=as_of class="c4">
            <div class="big">
                {text(move || format::count(done.get().0))}
                <small>{text(move || format!(" completed, {} failed", format::count(done.get().1)))}</small>
            </div>
            <div class="scroll-x">
                <table class="figures">
                    <thead>
                        <tr><th>"Time"</th><th class="num">"p50"</th><th class="num">"p90"</th><th class="num">"p95"</th><th class="num">"p99"</th></tr>
                    </thead>
                    <tbody>
                        {row("waited", |item| item.wait_ms)}
                        {row("ran", |item| item.run_ms)}
                    </tbody>
                </table>
            </div>
        </Card>
    }
    .into_any()
}

fn facts_card(item: Memo<AgentItem>, as_of: crate::wire::Timestamp) -> AnyView {
    let time = move |pick: fn(&AgentItem) -> crate::wire::Timestamp| {
        let at = Memo::new(move |_| item.with(pick));
        view! { <Age at=at />" ago" }
    };
    let fact = move |pick: fn(&AgentItem) -> String| Memo::new(move |_| item.with(pick));
    let expected = fact(|item| match item.interval_ms {
        Some(ms) => format!("every {}", format::duration(ms as f64)),
        None => "not known yet".to_owned(),
    });
    let moves = fact(|item| match (item.illegal_moves, item.last_illegal_move) {
        (n @ 1.., Some(last)) => format!(
            "{}; the last from {} to {} on {}",
            format::count(n),
            last.from.name(),
            last.to.name(),
            format::day_clock(last.at),
        ),
        _ => "none".to_owned(),
    });
    let flagged = Memo::new(move |_| item.with(|item| item.illegal_moves > 0));
    view! {
        <Card title="Known of it" as_of=as_of class="c4">
            <dl class="facts">
                <dt>"id"</dt><dd class="cut">{fact(|item| item.agent_id.to_string())}</dd>
                <dt>"its events come from"</dt><dd class="cut">{fact(|item| item.source.to_string())}</dd>
                <dt>"came"</dt><dd>{time(|item| item.connected_at)}</dd>
                <dt>"last heard of"</dt><dd>{time(|item| item.last_heard_at)}</dd>
                <dt>"is heard of"</dt><dd>{expected}</dd>
                <dt>"offline after a silence of"</dt><dd>{fact(|item| format::duration(item.offline_after_ms as f64))}</dd>
                <dt>"moves it should not make"</dt>
                <dd class:warned=flagged>
                    {dynamic(move || flagged.get().then(|| view! { <Icon name=IconName::Warning /> }.into_any()))}
                    {moves}
                </dd>
            </dl>
        </Card>
    }
    .into_any()
}

fn tasks_card(first: TasksPage, id: String, moved: RwSignal<u64>, asked: Memo<Asked>) -> AnyView {
    let as_of = first.as_of;
    let path = format!("/work/tasks?agent={}", crate::wire::encoded(&id));
    let page = use_fresh_every(
        REST,
        first,
        move || asked.get(),
        move || Some(moved.get()),
        move |asked| read(&id, &asked),
    );
    let items = Memo::new(move |_| page.with(|page| page.items.clone()));
    let more = Memo::new(move |_| page.with(|page| page.next.is_some()));
    let none = Memo::new(move |_| items.with(Vec::is_empty));
    let commander = Commander::new(Callback::new(move |_| {}));
    let shown = move || {
        if none.get() {
            return Some(view! { <p class="calm">"It has had no task yet."</p> }.into_any());
        }
        Some(task_table(items, commander, None))
    };
    let all = |href| {
        view! { <p class="pager"><a class="button small" href=href>"All of them"</a></p> }
            .into_any()
    };
    view! {
        <section class="card flush" aria-label="Its tasks">
            <h2>"Its tasks"<a class="more" href=path.clone()>"In the list of tasks ›"</a></h2>
            {commander.trouble()}
            {dynamic(shown)}
            {dynamic(move || more.get().then(|| all(path.clone())))}
            <AsOf at=as_of />
        </section>
    }
    .into_any()
}
