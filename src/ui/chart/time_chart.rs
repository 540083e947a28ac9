//! Values over time: axes, crosshair, brush, legend and a table.

use super::frame::{Frame, Settings};
use super::pointer::{self, Drag, Linked};
use super::scale::time_ticks;
use super::series::{Kind, Series, times};
use super::{legend, table, tone, width};
use crate::ui::format::{self, Unit};
use crate::wire::Timestamp;
use leptos::html::Div;
use leptos::prelude::*;

/// Width the server draws for; the browser measures.
const DEFAULT_WIDTH: f64 = 720.0;
/// Pixels a time label wants for itself.
const LABEL_WIDTH: f64 = 84.0;

/// All parts of a chart share this.
#[derive(Clone, Copy)]
pub struct Chart {
    /// What is drawn.
    pub series: Signal<Vec<Series>>,
    /// Names of series the reader has switched off.
    pub hidden: RwSignal<Vec<String>>,
    /// Where things lie.
    pub frame: Memo<Frame>,
    /// Times of visible values.
    pub times: Memo<Vec<Timestamp>>,
    /// Time the crosshair is at.
    pub cursor: RwSignal<Option<Timestamp>>,
    /// A drag under way.
    pub drag: RwSignal<Option<Drag>>,
    /// Stretches of time that stand out.
    pub shaded: Signal<Vec<(Timestamp, Timestamp)>>,
    /// Who wants to know of a selected range.
    pub on_zoom: Option<Callback<(Timestamp, Timestamp)>>,
    /// What does not change.
    pub settings: Settings,
}

impl Chart {
    /// A value as text.
    pub fn text(&self, v: Option<f64>) -> String {
        v.map_or_else(|| format::NONE.to_owned(), |v| self.settings.unit.text(v))
    }
}

/// Whether a series is not switched off.
pub fn shown(hidden: &[String], series: &Series) -> bool {
    !hidden.contains(&series.name)
}

/// Day and time to the second, as one word.
pub fn moment(t: Timestamp) -> String {
    format!("{} {}", format::day(t), format::clock(t))
}

/// A chart of one or more series over `from..=to`.
#[component]
pub fn TimeChart(
    /// What it shows.
    #[prop(into)]
    title: String,
    /// Series, each oldest point first.
    #[prop(into)]
    series: Signal<Vec<Series>>,
    /// Left edge.
    #[prop(into)]
    from: Signal<Timestamp>,
    /// Right edge.
    #[prop(into)]
    to: Signal<Timestamp>,
    /// What values measure.
    unit: Unit,
    /// Pixels of the plot, without its time labels.
    #[prop(default = 180)]
    height: u32,
    /// A value to mark with a dashed line.
    #[prop(optional)]
    threshold: Option<f64>,
    /// Whether the axis includes 0.
    #[prop(optional)]
    zero: bool,
    /// Where the axis ends, unless values reach higher.
    #[prop(optional, into)]
    max: Option<f64>,
    /// Stretches of time that stand out.
    #[prop(optional, into)]
    shaded: Signal<Vec<(Timestamp, Timestamp)>>,
    /// Whether its values stand elsewhere as a table.
    #[prop(optional)]
    no_table: bool,
    /// Called with the range a reader drags over.
    #[prop(optional, into)]
    on_zoom: Option<Callback<(Timestamp, Timestamp)>>,
    /// What it shares with other charts of the same range.
    #[prop(optional)]
    linked: Linked,
) -> impl IntoView {
    let node = NodeRef::<Div>::new();
    let measured = RwSignal::new(DEFAULT_WIDTH);
    width::follow(node, measured);
    let settings = Settings { unit, height: f64::from(height), threshold, zero, max };
    let hidden = RwSignal::new(Vec::<String>::new());
    let frame = Memo::new(move |_| {
        let range = (from.get(), to.get());
        series.with(|series| {
            hidden.with(|hidden| {
                let seen = series.iter().filter(|s| shown(hidden, s));
                Frame::new(seen, range, measured.get(), settings)
            })
        })
    });
    let times = Memo::new(move |_| {
        let (from, to) = frame.with(|f| (f.from, f.to));
        series.with(|series| {
            hidden.with(|hidden| times(series.iter().filter(|s| shown(hidden, s)), from, to))
        })
    });
    let Linked { cursor, drag, gutter: shared } = linked;
    let chart = Chart { series, hidden, frame, times, cursor, drag, shaded, on_zoom, settings };
    let gutter = Memo::new(move |_| shared.unwrap_or_else(|| frame.with(gutter)));
    let style = move || format!("--ch-h:{height}px;--ch-left:{}px", gutter.get());
    let hint = format!("{title}: arrow keys read values");
    view! {
        <figure class="ch">
            <figcaption class="ch-title">
                <span>{title.clone()}</span>
                {legend::legend(chart)}
            </figcaption>
            <div class="ch-frame" style=style>
                <div class="ch-y" aria-hidden="true">{move || frame.with(y_labels)}</div>
                <div
                    class="ch-plot"
                    class:ch-zooms=on_zoom.is_some()
                    node_ref=node
                    tabindex="0"
                    role="group"
                    aria-label=hint
                    on:pointerdown=move |ev| pointer::down(chart, node, &ev)
                    on:pointermove=move |ev| pointer::moved(chart, node, &ev)
                    on:pointerup=move |_| pointer::up(chart)
                    on:pointercancel=move |_| pointer::cancel(chart)
                    on:pointerleave=move |_| {
                        if drag.get_untracked().is_none() {
                            cursor.set(None);
                        }
                    }
                    on:keydown=move |ev| pointer::key(chart, &ev)
                    on:blur=move |_| pointer::cancel(chart)
                >
                    {plot(chart, title)}
                    {threshold_label(chart)}
                    {pointer::brush(chart)}
                    {pointer::crosshair(chart)}
                </div>
                <div class="ch-x" aria-hidden="true">{move || frame.with(x_labels)}</div>
            </div>
            {(!no_table).then(|| table::table(chart).into_any())}
        </figure>
    }
}

/// The drawing. Whatever changes, only path data and the view box are written.
fn plot(chart: Chart, title: String) -> AnyView {
    let frame = chart.frame;
    let view_box = Memo::new(move |_| frame.with(|f| format!("0 0 {} {}", f.width, f.height)));
    let grid = Memo::new(move |_| {
        frame.with(|f| f.across(f.axis.iter().flat_map(|a| a.ticks.iter().map(|t| t.0))))
    });
    let threshold = Memo::new(move |_| {
        let mark = chart.settings.threshold.filter(|v| v.is_finite());
        frame.with(|f| f.across(mark.filter(|_| f.axis.is_some()).into_iter()))
    });
    let bands = Memo::new(move |_| chart.shaded.with(|all| frame.with(|f| f.bands(all))));
    let some = Memo::new(move |_| !chart.shaded.with(Vec::is_empty));
    let shade = move || {
        some.get()
            .then(|| view! { <path class="ch-shade" d=move || bands.get()></path> }.into_any())
    };
    let heads = Memo::new(move |_| chart.series.with(|s| s.iter().map(head).collect::<Vec<_>>()));
    let lines = move || {
        let heads = heads.get().into_iter().enumerate();
        heads.map(|(i, (class, kind))| line(chart, i, class, kind)).collect::<Vec<_>>()
    };
    let empty = Memo::new(move |_| frame.with(|f| f.axis.is_none()));
    let none =
        move || empty.get().then(|| view! { <p class="ch-empty">"No data in this range"</p> });
    view! {
        <svg
            class="ch-svg"
            viewBox=move || view_box.get()
            preserveAspectRatio="none"
            role="img"
            aria-label=move || summary(chart, &title)
        >
            {shade}
            <path class="ch-grid" d=move || grid.get()></path>
            {lines}
            <path class="ch-threshold" d=move || threshold.get()></path>
        </svg>
        {none}
    }
    .into_any()
}

fn head(series: &Series) -> (&'static str, Kind) {
    (series.class, series.kind)
}

fn line(chart: Chart, i: usize, class: &'static str, kind: Kind) -> AnyView {
    let shape = Memo::new(move |_| {
        chart.series.with(|all| {
            let series = all.get(i).filter(|s| chart.hidden.with(|hidden| shown(hidden, s)));
            series.map(|s| chart.frame.with(|f| f.shape(s))).unwrap_or_default()
        })
    });
    let base = if kind == Kind::Bars { "ch-columns" } else { "ch-series" };
    view! {
        <g class=tone(base, class)>
            <path class="ch-area" d=move || shape.with(|s| s.area.clone())></path>
            <path class="ch-line" d=move || shape.with(|s| s.line.clone())></path>
            <path class="ch-dots" d=move || shape.with(|s| s.dots.clone())></path>
        </g>
    }
    .into_any()
}

/// Pixels left of the plot, enough for the longest label.
fn gutter(frame: &Frame) -> u32 {
    let labels = frame.axis.iter().flat_map(|a| a.ticks.iter());
    let longest = labels.map(|t| t.1.chars().count()).max().unwrap_or(0);
    (longest as u32 * 7 + 8).clamp(24, 104)
}

fn y_labels(frame: &Frame) -> Vec<AnyView> {
    let y = frame.y();
    let ticks = frame.axis.iter().flat_map(|a| a.ticks.iter());
    ticks
        .map(|(v, label)| {
            let style = format!("top:{}px", format::decimal(y.at(*v), 1));
            view! { <span style=style>{label.clone()}</span> }.into_any()
        })
        .collect()
}

fn x_labels(frame: &Frame) -> Vec<AnyView> {
    let ticks = time_ticks(frame.from, frame.to, (frame.width / LABEL_WIDTH) as usize);
    ticks
        .into_iter()
        .map(|(t, label)| {
            let left = frame.percent(t);
            let style = format!("left:{}%", format::decimal(left, 2));
            view! { <span style=style>{label}</span> }.into_any()
        })
        .collect()
}

fn threshold_label(chart: Chart) -> impl IntoView {
    move || {
        let v = chart.settings.threshold.filter(|v| v.is_finite())?;
        let top = chart.frame.with(|f| f.axis.is_some().then(|| f.y().at(v)))?;
        let style = format!("top:{}px", format::decimal(top, 1));
        let text = format!("limit {}", chart.text(Some(v)));
        Some(view! { <span class="ch-limit" class:ch-below=top < 18.0 style=style>{text}</span> })
    }
}

/// The chart in a sentence.
fn summary(chart: Chart, title: &str) -> String {
    let (from, to) = chart.frame.with(|f| (f.from, f.to));
    let mut out = title.to_owned();
    chart.series.with(|series| {
        for s in series {
            out.push_str("; ");
            if series.len() > 1 {
                out.push_str(&s.name);
                out.push(' ');
            }
            let Some((low, high)) = s.extent(from, to) else {
                out.push_str("no data");
                continue;
            };
            let figures = [
                ("latest ", s.latest(from, to)),
                (", lowest ", Some(low)),
                (", highest ", Some(high)),
            ];
            for (word, v) in figures {
                out.push_str(word);
                out.push_str(&chart.text(v));
            }
        }
        if series.is_empty() {
            out.push_str("; no data");
        }
    });
    out
}
