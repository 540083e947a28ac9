//! A host: its tile, and its charts.

use crate::domain::health::Status;
use crate::domain::system::api::host_history;
use crate::domain::system::{HostHistory, HostItem, HostPoint};
use crate::ui::chart::{Kind, Series, Sparkline, TimeChart};
use crate::ui::format::{self, Unit};
use crate::ui::range::{RangePicker, use_fresh, use_range, use_zoom};
use crate::ui::widgets::{Badge, Card, Verdict, since};
use crate::wire::{Timestamp, encoded};
use leptos::prelude::*;
use std::sync::Arc;

/// A host at a glance; a link to its charts.
#[component]
pub fn HostCard(
    item: Memo<Option<HostItem>>,
    chosen: Signal<bool>,
    local: Memo<Arc<str>>,
) -> impl IntoView {
    let live = crate::ui::live::Live::expect();
    let pick = move |pick: fn(&HostItem) -> Option<f64>| {
        move || item.with(|item| item.as_ref().and_then(pick))
    };
    let name = Memo::new(move |_| {
        item.with(|item| item.as_ref().map(|item| item.host.to_string())).unwrap_or_default()
    });
    let verdict = Memo::new(move |_| {
        let status = item.with(|item| item.as_ref().map_or(Status::Unknown, |item| item.status));
        match status {
            Status::Ok => Verdict { word: "ok", ..Verdict::from(status) },
            Status::Unknown => Verdict { word: "quiet", ..Verdict::from(status) },
            _ => Verdict::from(status),
        }
    });
    let stale = move || live.is_down() || item.with(|item| item.as_ref().is_some_and(|i| i.stale));
    let trend = Signal::derive(move || {
        item.with(|item| {
            let trend = item.iter().flat_map(|item| &item.cpu_trend);
            trend.map(|&v| Some(f64::from(v))).collect::<Vec<_>>()
        })
    });
    let seen = Memo::new(move |_| {
        item.with(|item| item.as_ref().map(|item| (item.last_seen_at, item.interval_ms)))
    });
    let foot = Memo::new(move |_| {
        let Some((at, interval)) = seen.get() else { return String::new() };
        let usual = interval.map(|ms| format!(", usually every {}", format::ago(ms)));
        let words = if stale() { "quiet for" } else { "sampled" };
        let ago = if stale() { "" } else { " ago" };
        format!("{words} {}{ago}{}", since(live, at), usual.unwrap_or_default())
    });
    let here = move || local.with(|local| **local == *name.get());
    let why = move || {
        item.with(|item| {
            let found = item.iter().flat_map(|item| &item.findings);
            found.map(|finding| finding.message.clone()).collect::<Vec<_>>().join("\n")
        })
    };
    view! {
        <a
            class="card host"
            class:stale=stale
            href=move || format!("/system?host={}", encoded(&name.get()))
            data-noscroll=""
            data-row-link=""
            aria-current=move || chosen.get().then_some("true")
            title=why
        >
            <span class="row">
                <strong>{name}</strong>
                {move || here().then(|| view! { <span class="tag">"this machine"</span> })}
                <span class="grow"></span>
                <Badge verdict=verdict />
            </span>
            <Meter word="CPU" percent=pick(|i| i.cpu.map(|cpu| cpu.usage_percent)) high=90.0 />
            <Meter word="Memory" percent=pick(|i| i.memory.map(|m| m.percent)) high=90.0 />
            <Meter word="Disk" percent=pick(|i| i.disk.map(|d| d.percent)) high=85.0 />
            <Sparkline points=trend label="CPU use of the last samples".to_owned() class="accent" height=32 zero=true />
            <span class="foot"><span class="dot"></span>{foot}</span>
        </a>
    }
}

#[component]
fn Meter<F>(word: &'static str, percent: F, high: f64) -> impl IntoView
where
    F: Fn() -> Option<f64> + Send + Sync + 'static,
{
    let value = Memo::new(move |_| percent());
    let class = move || if value.get().is_some_and(|v| v >= high) { "warn" } else { "accent" };
    view! {
        <span class="meter">
            <span>{word}</span>
            <span class="bar" aria-hidden="true">
                <i class=class style:width=move || format!("{}%", value.get().unwrap_or(0.0))></i>
            </span>
            <span class="num">
                {move || value.get().map_or_else(|| "—".to_owned(), |v| format!("{} %", format::decimal(v, 0)))}
            </span>
        </span>
    }
}

/// What hosts show when no range is asked for.
pub const USUAL: &str = "1h";

/// Charts of one host over a range.
#[component]
pub fn HostCharts(
    /// As the server rendered them.
    first: HostHistory,
    /// The host that is chosen.
    #[prop(into)]
    host: Signal<String>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let range = use_range(USUAL);
    let history = use_fresh(
        first,
        move || (host.get(), range.get()),
        || None,
        move |(host, range)| host_history(host, range.window, range.from, range.to, range.step),
    );
    let title =
        Signal::derive(move || history.with(|history| format!("History of {}", history.host)));
    let (from, to) = (
        Signal::derive(move || history.with(|history| history.range.from)),
        Signal::derive(move || history.with(|history| history.range.to)),
    );
    let one = move |name: &'static str, class, pick: fn(&HostPoint) -> Option<f64>| {
        let points = history.with(|h| h.points.iter().map(|p| (p.at, pick(p))).collect());
        Series { name: name.to_owned(), class, points, kind: Kind::Line }
    };
    let cpu = Signal::derive(move || {
        vec![one("mean", "accent", |p| p.cpu), one("greatest", "muted", |p| p.cpu_max)]
    });
    let memory = Signal::derive(move || {
        vec![one("memory", "accent", |p| p.memory), one("disk", "muted", |p| p.disk)]
    });
    let load = Signal::derive(move || vec![one("load", "accent", |p| p.load1)]);
    let network = Signal::derive(move || {
        vec![
            one("received", "accent", |p| p.rx_bytes_per_s),
            one("sent", "muted", |p| p.tx_bytes_per_s),
        ]
    });
    let zoom = use_zoom();
    view! {
        <div class="grid"><Card title=title as_of=as_of class="c12">
            <RangePicker usual=USUAL />
            <div class="charts">
                <TimeChart title="CPU".to_owned() series=cpu from=from to=to unit=Unit::Percent zero=true max=100.0 threshold=90.0 on_zoom=zoom />
                <TimeChart title="Memory and disk".to_owned() series=memory from=from to=to unit=Unit::Percent zero=true max=100.0 on_zoom=zoom />
                <TimeChart title="Load, 1 min".to_owned() series=load from=from to=to unit=Unit::Number zero=true on_zoom=zoom />
                <TimeChart title="Network".to_owned() series=network from=from to=to unit=Unit::BytesPerS zero=true on_zoom=zoom />
            </div>
        </Card></div>
    }
}
