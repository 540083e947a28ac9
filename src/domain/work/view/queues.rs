//! The queues as a table: what waits and runs, how long, and whether that is too long.

use super::tiles::waited;
use super::words::ms;
use crate::domain::work::{QueueItem, WorkPage};
use crate::ui::format;
use crate::ui::live::Live;
use crate::ui::widgets::{Card, Icon, IconName, dynamic, keyed, mark, one_of, part_of, words};
use crate::wire::{Timestamp, encoded};
use leptos::prelude::*;
use std::sync::Arc;

/// Every queue; the chosen one is drawn below.
pub fn queues_card(doc: RwSignal<WorkPage>, chosen: Memo<String>, as_of: Timestamp) -> AnyView {
    let queues = Memo::new(move |_| doc.with(|doc| doc.queues.clone()));
    let names = move || queues.with(|all| all.iter().map(|q| q.queue.clone()).collect::<Vec<_>>());
    let row = move |name: Arc<str>| {
        queue_row(one_of(queues, move |item: &QueueItem| item.queue == name), chosen)
    };
    view! {
        <Card title="Queues" as_of=as_of class="c8">
            <div class="scroll-x">
                <table class="rows queues">
                    <thead>
                        <tr>
                            <th>"Queue"</th>
                            <th class="num">"Waiting"</th>
                            <th class="num">"Running"</th>
                            <th class="num">"Oldest waits"</th>
                            <th class="num wide">"Wait p50 / p95"</th>
                            <th class="num wide">"Run p50 / p95"</th>
                            <th class="num wide">"Done, 1 h"</th>
                            <th class="num">"Dead"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {keyed(names, row)}
                    </tbody>
                </table>
            </div>
        </Card>
    }
    .into_any()
}

fn queue_row(item: Memo<Option<QueueItem>>, chosen: Memo<String>) -> AnyView {
    let text = move |pick: fn(&QueueItem) -> String| part_of(item.into(), pick);
    let live = Live::expect();
    let name = item.with_untracked(|item| item.as_ref().map(|item| item.queue.to_string()));
    let name = name.unwrap_or_default();
    let asked = encoded(&name);
    let waiting = item.with_untracked(|_| format!("/work/tasks?status=queued&queue={asked}"));
    let dead = format!("/work/dead-letters?group=all&queue={asked}");
    let latency = Memo::new(move |_| {
        item.with(|item| {
            item.as_ref().and_then(|item| Some((item.oldest_queued_at?, item.latency_target_s)))
        })
    });
    let late =
        Memo::new(move |_| latency.get().is_some_and(|(at, target)| is_late(live, at, target)));
    let oldest = Memo::new(move |_| {
        latency.get().map_or_else(|| format::NONE.to_owned(), |(at, _)| waited(live, at))
    });
    let target = words(move || match latency.get() {
        Some((_, Some(s))) => format!("target: {}", format::duration(f64::from(s) * 1_000.0)),
        _ => String::new(),
    });
    let here = {
        let name = name.clone();
        mark("true", move || chosen.with(|chosen| *chosen == name))
    };
    let flag = move || {
        let flag = view! {
            <span class="bad" title="over its target"><Icon name=IconName::Warning /><span class="sr">"over its target: "</span></span>
        };
        late.get().then(|| flag.into_any())
    };
    view! {
        <tr class:late=late>
            <td class="name">
                <a href=format!("/work?queue={asked}") data-row-link="" data-noscroll="" aria-current=here title="Draw this queue below">{name}</a>
            </td>
            <td class="num"><a href=waiting>{text(|q| format::count(q.queued))}</a></td>
            <td class="num">{text(|q| format::count(q.assigned + q.working))}</td>
            <td class="num latency" title=target>
                {dynamic(flag)}
                {oldest}
            </td>
            <td class="num wide">{text(|q| pair(q.wait_ms.p50, q.wait_ms.p95))}</td>
            <td class="num wide">{text(|q| pair(q.run_ms.p50, q.run_ms.p95))}</td>
            <td class="num wide">{text(done)}</td>
            <td class="num"><a href=dead>{text(|q| format::count(q.dead_letter))}</a></td>
        </tr>
    }
    .into_any()
}

/// Whether the oldest has waited longer than the queue's target.
fn is_late(live: Live, oldest: Timestamp, target_s: Option<u32>) -> bool {
    let now = live.now.get();
    now.zip(target_s).is_some_and(|(now, s)| now.since(oldest) > i64::from(s) * 1_000)
}

fn pair(p50: Option<f64>, p95: Option<f64>) -> String {
    match (p50, p95) {
        (None, None) => format::NONE.to_owned(),
        _ => format!("{} / {}", ms(p50), ms(p95)),
    }
}

fn done(queue: &QueueItem) -> String {
    let failed = match queue.failed {
        0 => String::new(),
        n => format!(", {} failed", format::count(n)),
    };
    format!("{}{failed}", format::count(queue.completed))
}
