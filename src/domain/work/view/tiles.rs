//! Four tiles: agents, queue, throughput and failures.

use super::words::{ms, usd};
use crate::domain::summary::AgentCounts;
use crate::domain::work::{AgentState, HourItem, QueueItem, Throughput, WorkPage};
use crate::ui::chart::Bars;
use crate::ui::format;
use crate::ui::live::Live;
use crate::ui::widgets::{Card, dynamic, since, text, words};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// The tiles at the top of the work page.
pub fn tiles(doc: RwSignal<WorkPage>, as_of: Timestamp) -> AnyView {
    let agents = Memo::new(move |_| doc.with(|doc| doc.agents));
    let hourly = Memo::new(move |_| doc.with(|doc| doc.hourly.clone()));
    let hour = Memo::new(move |_| doc.with(|doc| doc.last_hour));
    view! {
        <div class="grid">
            {agents_tile(agents, as_of)}
            {queue_tile(doc, as_of)}
            {throughput_tile(hour, hourly, as_of)}
            {failures_tile(doc, hour, hourly, as_of)}
        </div>
    }
    .into_any()
}

/// How many agents are in a state.
pub const fn count_of(counts: &AgentCounts, state: AgentState) -> u64 {
    match state {
        AgentState::Idle => counts.idle,
        AgentState::Assigned => counts.assigned,
        AgentState::Working => counts.working,
        AgentState::Blocked => counts.blocked,
        AgentState::Offline => counts.offline,
    }
}

fn agents_tile(agents: Memo<AgentCounts>, as_of: Timestamp) -> AnyView {
    let more = Signal::derive(|| "All agents ›".to_owned());
    let share = move |state: AgentState| {
        let class = match state {
            AgentState::Working => "accent",
            AgentState::Assigned => "accent half",
            AgentState::Idle => "ok",
            AgentState::Blocked => "warn",
            AgentState::Offline => "unk",
        };
        let n = count_of(&agents.get(), state);
        (n > 0).then(|| view! { <i class=class style:flex=n.to_string()></i> }.into_any())
    };
    let entry = move |state: AgentState| {
        let n = move || format::count(count_of(&agents.get(), state));
        let href = format!("/work/agents?state={}", state.name());
        view! { <a href=href><b>{text(n)}</b>{format!(" {}", state.name())}</a> }.into_any()
    };
    let order = [
        AgentState::Working,
        AgentState::Assigned,
        AgentState::Idle,
        AgentState::Blocked,
        AgentState::Offline,
    ];
    let shares = move || Some(order.into_iter().filter_map(share).collect::<Vec<_>>().into_any());
    view! {
        <Card title="Agents" as_of=as_of class="c3" more=("/work/agents", more)>
            <div class="big">
                {text(move || format::count(agents.get().online))}
                <small>{text(move || format!(" of {} online", format::count(agents.get().total)))}</small>
            </div>
            <div class="seg" aria-hidden="true">{dynamic(shares)}</div>
            <div class="leg">{order.map(entry).into_iter().collect::<Vec<_>>()}</div>
        </Card>
    }
    .into_any()
}

fn queue_tile(doc: RwSignal<WorkPage>, as_of: Timestamp) -> AnyView {
    const PRIORITIES: [&str; 4] = ["urgent", "high", "normal", "low"];
    let live = Live::expect();
    let tasks = Memo::new(move |_| doc.with(|doc| doc.tasks));
    let by_priority = Memo::new(move |_| doc.with(|doc| doc.by_priority));
    let oldest = Memo::new(move |_| doc.with(|doc| oldest(&doc.queues)));
    let running = move || format::count(tasks.get().assigned + tasks.get().working);
    let waits = Memo::new(move |_| match oldest.get() {
        Some(at) => format!("the oldest has waited {}", waited(live, at)),
        None => "nothing waits".to_owned(),
    });
    let priority = move |(i, word): (usize, &'static str)| {
        let n = Memo::new(move |_| by_priority.with(|all| all.get(i).copied().unwrap_or(0)));
        let percent =
            move || n.get() * 100 / by_priority.with(|all| *all.iter().max().unwrap_or(&1)).max(1);
        view! {
            <span class="meter">
                <span>{word}</span>
                <span class="bar" aria-hidden="true">
                    <i class="accent" style:width=words(move || format!("{}%", percent()))></i>
                </span>
                <span class="num">{text(move || format::count(n.get()))}</span>
            </span>
        }
        .into_any()
    };
    let more = Signal::derive(|| "All tasks ›".to_owned());
    view! {
        <Card title="Queue" as_of=as_of class="c3" more=("/work/tasks", more)>
            <div class="big">
                {text(move || format::count(tasks.get().queued))}
                <small>" waiting · " {text(running)} " running"</small>
            </div>
            <div class="sub">{waits}</div>
            <div class="meters">{PRIORITIES.into_iter().enumerate().map(priority).collect::<Vec<_>>()}</div>
        </Card>
    }
    .into_any()
}

/// Since when the longest-waiting task of any queue waits.
fn oldest(queues: &[QueueItem]) -> Option<Timestamp> {
    queues.iter().filter_map(|queue| queue.oldest_queued_at).min()
}

/// How long something has waited by now; where no clock runs (on the server), since when.
pub fn waited(live: Live, at: Timestamp) -> String {
    match live.now.get() {
        Some(_) => since(live, at),
        None => format!("since {}", format::day_clock(at)),
    }
}

fn throughput_tile(
    hour: Memo<Throughput>,
    hourly: Memo<Vec<HourItem>>,
    as_of: Timestamp,
) -> AnyView {
    let sub = move || {
        let done = hour.get();
        format!("{} on average", ms(done.avg_ms))
    };
    let cost = move || {
        let done = hour.get();
        let tokens = format::compact(done.tokens as f64);
        format!("{tokens} tokens, {}", usd(done.cost_usd))
    };
    let bars = hours(hourly, |hour| hour.done.completed);
    view! {
        <Card title="Throughput" as_of=as_of class="c3">
            <div class="big">
                {text(move || format::count(hour.get().completed))}
                <small>" completed, last hour"</small>
            </div>
            <div class="sub">{text(sub)}</div>
            <div class="sub">{text(cost)}</div>
            <Bars points=bars label="Completed by the hour, last 24 h".to_owned() class="accent" />
        </Card>
    }
    .into_any()
}

fn failures_tile(
    doc: RwSignal<WorkPage>,
    hour: Memo<Throughput>,
    hourly: Memo<Vec<HourItem>>,
    as_of: Timestamp,
) -> AnyView {
    let dead = Memo::new(move |_| doc.with(|doc| doc.tasks.dead_letter));
    let failed = Memo::new(move |_| doc.with(|doc| doc.failed));
    let rate = move || {
        let Throughput { completed, failed, .. } = hour.get();
        let all = completed + failed;
        if all == 0 { format::NONE.to_owned() } else { format::percent(failed as f64 / all as f64) }
    };
    let tries = move || {
        let Throughput { completed, failed, .. } = hour.get();
        format!("{} of {} tries", format::count(failed), format::count(completed + failed))
    };
    let more = Signal::derive(|| "Dead letters ›".to_owned());
    let bars = hours(hourly, |hour| hour.done.failed);
    view! {
        <Card title="Failures" as_of=as_of class="c3" more=("/work/dead-letters", more)>
            <div class="big">{text(rate)}<small>" failed, last hour"</small></div>
            <div class="sub">{text(tries)}</div>
            <div class="leg">
                <a href="/work/dead-letters"><b>{text(move || format::count(dead.get()))}</b>" dead letters"</a>
                <a href="/work/tasks?status=failed"><b>{text(move || format::count(failed.get()))}</b>" failed, not tried again"</a>
            </div>
            <Bars points=bars label="Failed tries by the hour, last 24 h".to_owned() class="muted" />
        </Card>
    }
    .into_any()
}

fn hours(hourly: Memo<Vec<HourItem>>, pick: fn(&HourItem) -> u64) -> Signal<Vec<Option<f64>>> {
    Signal::derive(move || {
        hourly.with(|hours| hours.iter().map(|hour| Some(pick(hour) as f64)).collect())
    })
}
