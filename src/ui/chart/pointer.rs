//! Reading a chart with pointer and keys: the crosshair, its readout, and the brush.

use super::series::{Kind, Series};
use super::time_chart::{Chart, moment, shown};
use super::tone;
use crate::ui::format;
use crate::wire::Timestamp;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;

/// A drag shorter than this many pixels is a click.
const SHORTEST_DRAG: f64 = 6.0;

/// A drag: the shares (0 to 1) of the width where it began and is now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drag {
    start: f64,
    now: f64,
    /// Whether it has been long enough to select something.
    selects: bool,
}

/// What charts over the same range have in common: where one is read, all are, and their plots
/// begin at the same edge.
#[derive(Debug, Clone, Copy)]
pub struct Linked {
    pub(super) cursor: RwSignal<Option<Timestamp>>,
    pub(super) drag: RwSignal<Option<Drag>>,
    /// Pixels left of the plots.
    pub(super) gutter: Option<u32>,
}

impl Linked {
    /// For charts whose value labels take no more than `gutter` pixels.
    pub fn new(gutter: u32) -> Self {
        Self { gutter: Some(gutter), ..Self::default() }
    }
}

impl Default for Linked {
    fn default() -> Self {
        Self { cursor: RwSignal::new(None), drag: RwSignal::new(None), gutter: None }
    }
}

/// Where a pointer is, as a share of the plot's width, and that width in pixels.
fn place(node: NodeRef<Div>, ev: &PointerEvent) -> Option<(f64, f64)> {
    let rect = node.get_untracked()?.get_bounding_client_rect();
    let width = rect.width();
    let share = (f64::from(ev.client_x()) - rect.left()) / width;
    share.is_finite().then(|| (share.clamp(0.0, 1.0), width))
}

/// A drag may begin.
pub fn down(chart: Chart, node: NodeRef<Div>, ev: &PointerEvent) {
    if chart.on_zoom.is_none() || ev.button() != 0 || !ev.is_primary() {
        return;
    }
    let (Some((share, _)), Some(element)) = (place(node, ev), node.get_untracked()) else { return };
    // Without capture the drag merely ends at the plot's edge.
    let _ = element.set_pointer_capture(ev.pointer_id());
    chart.drag.set(Some(Drag { start: share, now: share, selects: false }));
}

/// The crosshair follows, and so does a drag.
pub fn moved(chart: Chart, node: NodeRef<Div>, ev: &PointerEvent) {
    let Some((share, width)) = place(node, ev) else { return };
    chart.cursor.set(nearest(chart, share));
    if let Some(drag) = chart.drag.get_untracked() {
        let selects = drag.selects || (share - drag.start).abs() * width >= SHORTEST_DRAG;
        chart.drag.set(Some(Drag { now: share, selects, ..drag }));
    }
}

/// A drag ends: what it selected becomes the range.
pub fn up(chart: Chart) {
    let drag = chart.drag.get_untracked();
    chart.drag.set(None);
    let (Some(drag), Some(on_zoom)) = (drag.filter(|d| d.selects), chart.on_zoom) else { return };
    let (from, to) = chart
        .frame
        .with_untracked(|f| (f.time(drag.start.min(drag.now)), f.time(drag.start.max(drag.now))));
    if from < to {
        chart.cursor.set(None);
        on_zoom.run((from, to));
    }
}

/// The pointer is gone, or the drag was taken over by a scroll.
pub fn cancel(chart: Chart) {
    chart.drag.set(None);
    chart.cursor.set(None);
}

/// Arrow keys step through the times, Home and End jump, Escape hides.
pub fn key(chart: Chart, ev: &KeyboardEvent) {
    let times = chart.times.get_untracked();
    let last = times.len().saturating_sub(1);
    let here = chart.cursor.get_untracked().map(|t| times.partition_point(|x| *x < t));
    let to = match (ev.key().as_str(), here) {
        ("ArrowLeft", Some(i)) => i.saturating_sub(1),
        ("ArrowRight", Some(i)) => i.saturating_add(1).min(last),
        ("ArrowLeft" | "ArrowRight" | "End", _) => last,
        ("Home", _) => 0,
        ("Escape", Some(_)) => {
            ev.prevent_default();
            return cancel(chart);
        }
        _ => return,
    };
    ev.prevent_default();
    chart.cursor.set(times.get(to).copied());
}

/// The time whose values are shown at a place: of columns and steps the one it lies in, else the
/// nearest.
fn nearest(chart: Chart, share: f64) -> Option<Timestamp> {
    let t = chart.frame.with_untracked(|f| f.time(share));
    let holds = chart
        .series
        .with_untracked(|s| s.iter().any(|s| matches!(s.kind, Kind::Step | Kind::Bars)));
    chart.times.with_untracked(|times| {
        let after = times.partition_point(|x| *x <= t);
        let before = after.checked_sub(1).and_then(|i| times.get(i)).copied();
        match (before, times.get(after).copied()) {
            (Some(a), Some(b)) if !holds && b.since(t) < t.since(a) => Some(b),
            (a, b) => a.or(b),
        }
    })
}

/// Crosshair, dots and readout where the cursor is.
pub fn crosshair(chart: Chart) -> impl IntoView {
    let content = move || chart.cursor.get().map(|t| at(chart, t));
    view! { <div class="ch-hover" role="status">{content}</div> }
}

fn at(chart: Chart, t: Timestamp) -> AnyView {
    let left = chart.frame.with(|f| f.percent(t));
    let (dots, values): (Vec<_>, Vec<_>) = chart.series.with(|series| {
        chart.hidden.with(|hidden| {
            let seen = series.iter().filter(|s| shown(hidden, s));
            seen.map(|s| (dot(chart, s, t, left), value(chart, s, t))).unzip()
        })
    });
    let x = format::decimal(left, 2);
    let class = if left > 50.0 { "ch-readout ch-flip" } else { "ch-readout" };
    view! {
        <div class="ch-cursor" style=format!("left:{x}%")></div>
        {dots}
        <div class=class style=format!("left:{x}%")>
            <time>{moment(t)}</time>
            {values}
        </div>
    }
    .into_any()
}

fn dot(chart: Chart, series: &Series, t: Timestamp, left: f64) -> Option<AnyView> {
    let v = series.at(t).filter(|_| series.kind != Kind::Bars)?;
    let top = chart.frame.with(|f| f.y().at(v));
    let style = format!("left:{}%;top:{}px", format::decimal(left, 2), format::decimal(top, 1));
    Some(view! { <i class=tone("ch-dot", series.class) style=style></i> }.into_any())
}

fn value(chart: Chart, series: &Series, t: Timestamp) -> AnyView {
    view! {
        <div class=tone("ch-value", series.class)>
            <i></i>
            <span>{series.name.clone()}</span>
            <b>{chart.text(series.at(t))}</b>
        </div>
    }
    .into_any()
}

/// What a drag has selected so far.
pub fn brush(chart: Chart) -> impl IntoView {
    move || {
        chart.drag.get().filter(|d| d.selects).map(|d| {
            let left = format::decimal(d.start.min(d.now) * 100.0, 2);
            let width = format::decimal((d.start - d.now).abs() * 100.0, 2);
            view! { <div class="ch-brush" style=format!("left:{left}%;width:{width}%")></div> }
        })
    }
}
