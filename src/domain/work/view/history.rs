//! Queues over a range that is chosen in the address.

use crate::domain::work::api::queue_history;
use crate::domain::work::{HourItem, QueueHistory, QueuePoint, WorkPage};
use crate::ui::chart::{Kind, Series, TimeChart};
use crate::ui::format::Unit;
use crate::ui::range::{RangePicker, use_fresh, use_range, use_zoom};
use crate::ui::widgets::{Card, dynamic};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// What queues show when no range is asked for.
pub const USUAL: &str = "6h";

const HOUR_MS: i64 = 3_600_000;

/// Depth, waiting and run times of the chosen queue, and what was done by the hour.
pub fn history_card(
    first: QueueHistory,
    doc: RwSignal<WorkPage>,
    chosen: Memo<String>,
    as_of: Timestamp,
) -> AnyView {
    let range = use_range(USUAL);
    let history = use_fresh(
        first,
        move || (chosen.get(), range.get()),
        move || Some(doc.with(|doc| doc.cursor.seq)),
        move |(queue, range)| {
            let queue = Some(queue).filter(|queue| !queue.is_empty());
            queue_history(queue, range.window, range.from, range.to, range.step)
        },
    );
    let title = Signal::derive(move || {
        history.with(|history| match &history.queue {
            Some(queue) => format!("History of {queue}"),
            None => "History of all queues".to_owned(),
        })
    });
    let target = Memo::new(move |_| {
        let queue = history.with(|history| history.queue.clone());
        doc.with(|doc| target_ms(doc, queue.as_deref()))
    });
    let all = move || {
        let link = || {
            view! { <a class="button small" href="/work" data-noscroll="">"Show all queues"</a> }
                .into_any()
        };
        (!chosen.with(String::is_empty)).then(link)
    };
    view! {
        <Card title=title as_of=as_of class="c12">
            <div class="row range-row"><RangePicker usual=USUAL />{dynamic(all)}</div>
            <div class="charts">{dynamic(move || Some(charts(history, target.get())))} {hourly_chart(doc)}</div>
        </Card>
    }
    .into_any()
}

/// What the latency of a queue is held against, of all queues the strictest, in milliseconds.
fn target_ms(doc: &WorkPage, queue: Option<&str>) -> Option<f64> {
    let queues = doc.queues.iter().filter(|item| queue.is_none_or(|queue| *item.queue == *queue));
    queues.filter_map(|item| item.latency_target_s).min().map(|s| f64::from(s) * 1_000.0)
}

fn charts(history: RwSignal<QueueHistory>, target: Option<f64>) -> AnyView {
    let from = Signal::derive(move || history.with(|history| history.range.from));
    let to = Signal::derive(move || history.with(|history| history.range.to));
    let one = move |name: &'static str, class, kind, pick: fn(&QueuePoint) -> Option<f64>| {
        let points = history.with(|h| h.points.iter().map(|p| (p.at, pick(p))).collect());
        Series { name: name.to_owned(), class, points, kind }
    };
    let depth = Signal::derive(move || vec![one("waiting", "accent", Kind::Step, |p| p.depth)]);
    let wait = Signal::derive(move || {
        vec![
            one("p95", "accent", Kind::Line, |p| p.wait_p95_ms),
            one("p50", "muted", Kind::Line, |p| p.wait_p50_ms),
        ]
    });
    let run = Signal::derive(move || vec![one("p95", "accent", Kind::Line, |p| p.run_p95_ms)]);
    let zoom = use_zoom();
    // The line of a target that is far above everything would flatten what there is to see.
    let highest = history
        .with_untracked(|h| h.points.iter().filter_map(|p| p.wait_p95_ms).fold(0.0_f64, f64::max));
    let wait_title = "Time spent waiting".to_owned();
    let waited = match target.filter(|target| *target <= highest * 4.0) {
        Some(target) => view! {
            <TimeChart title=wait_title series=wait from=from to=to unit=Unit::Ms zero=true threshold=target on_zoom=zoom />
        }
        .into_any(),
        None => view! {
            <TimeChart title=wait_title series=wait from=from to=to unit=Unit::Ms zero=true on_zoom=zoom />
        }
        .into_any(),
    };
    view! {
        <TimeChart title="Depth".to_owned() series=depth from=from to=to unit=Unit::Count zero=true on_zoom=zoom />
        {waited}
        <TimeChart title="Run time, p95".to_owned() series=run from=from to=to unit=Unit::Ms zero=true on_zoom=zoom />
    }
    .into_any()
}

/// Tasks completed and tries failed in each of the last 24 hours, over all queues.
fn hourly_chart(doc: RwSignal<WorkPage>) -> AnyView {
    let hours = Memo::new(move |_| doc.with(|doc| doc.hourly.clone()));
    let edge = move |pick: fn(&[HourItem]) -> Option<&HourItem>, plus: i64| {
        Signal::derive(move || {
            hours.with(|hours| pick(hours).map_or(Timestamp::default(), |h| h.hour.plus(plus)))
        })
    };
    let (from, to) = (edge(|hours| hours.first(), 0), edge(|hours| hours.last(), HOUR_MS));
    let one = move |name: &'static str, class, pick: fn(&HourItem) -> u64| {
        let points = hours.with(|h| h.iter().map(|h| (h.hour, Some(pick(h) as f64))).collect());
        Series { name: name.to_owned(), class, points, kind: Kind::Bars }
    };
    let series = Signal::derive(move || {
        vec![
            one("completed", "accent", |hour| hour.done.completed),
            one("failed", "crit", |hour| hour.done.failed),
        ]
    });
    view! {
        <TimeChart title="By the hour, last 24 h, all queues".to_owned() series=series from=from to=to unit=Unit::Count zero=true />
    }
    .into_any()
}
