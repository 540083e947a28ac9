//! A line or columns the size of a word: no axes, no words, only the course of things.

use super::path::{self, Join, Point, Shape};
use super::scale::{Linear, extent};
use super::tone;
use leptos::prelude::*;

/// Width of the drawing in its own units; it is stretched to the width it gets.
const WIDTH: f64 = 240.0;
/// Room above and below for the stroke.
const PAD: f64 = 2.0;

/// A line over its own range of values, oldest point first; `None` is a gap.
#[component]
pub fn Sparkline(
    /// Values at even intervals.
    #[prop(into)]
    points: Signal<Vec<Option<f64>>>,
    /// What it shows, for screen readers.
    #[prop(into)]
    label: String,
    /// `accent` (as when empty), `ok`, `warn`, `crit`, `unk`, `muted` or `ink`.
    #[prop(optional)]
    class: &'static str,
    /// Pixels.
    #[prop(default = 44)]
    height: u32,
    /// Whether the axis includes 0.
    #[prop(optional)]
    zero: bool,
) -> impl IntoView {
    let shape = Memo::new(move |_| points.with(|p| line(p, f64::from(height), zero)));
    view! {
        <svg
            class=tone("ch-svg ch-spark", class)
            viewBox=view_box(height)
            height=height
            preserveAspectRatio="none"
            role="img"
            aria-label=spoken(points, label)
        >
            <path class="ch-area" d=move || shape.with(|s| s.area.clone())></path>
            <path class="ch-line" d=move || shape.with(|s| s.line.clone())></path>
            <path class="ch-dots" d=move || shape.with(|s| s.dots.clone())></path>
        </svg>
    }
}

/// Columns on a common base of 0, oldest first; `None` and 0 have none.
#[component]
pub fn Bars(
    /// Values at even intervals.
    #[prop(into)]
    points: Signal<Vec<Option<f64>>>,
    /// What it shows, for screen readers.
    #[prop(into)]
    label: String,
    /// As of [`Sparkline`].
    #[prop(optional)]
    class: &'static str,
    /// Pixels.
    #[prop(default = 44)]
    height: u32,
    /// As of [`Sparkline`], but columns stand on 0 whatever is asked: cut off, their lengths would lie.
    #[prop(optional)]
    zero: bool,
) -> impl IntoView {
    let _ = zero;
    let columns = Memo::new(move |_| points.with(|p| bars(p, f64::from(height))));
    view! {
        <svg
            class=tone("ch-svg ch-spark", class)
            viewBox=view_box(height)
            height=height
            preserveAspectRatio="none"
            role="img"
            aria-label=spoken(points, label)
        >
            <path class="ch-bars" d=move || columns.get()></path>
        </svg>
    }
}

fn view_box(height: u32) -> String {
    format!("0 0 240 {height}")
}

/// The label, which also says when there is nothing to see.
fn spoken(points: Signal<Vec<Option<f64>>>, label: String) -> impl Fn() -> String + Clone {
    let empty = Memo::new(move |_| points.with(|p| extent(p.iter().copied()).is_none()));
    move || if empty.get() { format!("{label}: no data") } else { label.clone() }
}

fn line(values: &[Option<f64>], height: f64, zero: bool) -> Shape {
    let Some((mut low, mut high)) = extent(values.iter().copied()) else { return Shape::default() };
    if zero {
        (low, high) = (low.min(0.0), high.max(0.0));
    }
    let y = if zero && low == high {
        Linear::new(0.0, 1.0, height - PAD, PAD)
    } else {
        Linear::new(low, high, height - PAD, PAD)
    };
    let step = WIDTH / values.len().saturating_sub(1).max(1) as f64;
    let shift = if values.len() == 1 { WIDTH / 2.0 } else { 0.0 };
    let points: Vec<Point> = values
        .iter()
        .enumerate()
        .map(|(i, v)| (i as f64 * step + shift, v.map(|v| y.at(v))))
        .collect();
    path::shape(&points, Join::Line, height)
}

fn bars(values: &[Option<f64>], height: f64) -> String {
    let Some((low, high)) = extent(values.iter().copied()) else { return String::new() };
    let (low, high) = (low.min(0.0), high.max(0.0));
    let high = if low == high { 1.0 } else { high };
    let y = Linear::new(low, high, height, PAD);
    let step = WIDTH / values.len().max(1) as f64;
    let points: Vec<Point> =
        values.iter().enumerate().map(|(i, v)| (i as f64 * step, v.map(|v| y.at(v)))).collect();
    path::bars(&points, step, y.at(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[Option<f64>], zero: bool, line_expected: &str, bars_expected: &str) {
        assert_eq!(line(values, 22.0, zero).line, line_expected);
        assert_eq!(bars(values, 22.0), bars_expected);
    }

    #[test]
    fn values_span_the_height() {
        check(&[], false, "", "");
        check(&[None, Some(f64::NAN)], true, "", "");
        check(&[Some(5.0), Some(5.0)], false, "M0 11L240 11", "M0 22V2H118V22ZM120 22V2H238V22Z");
        check(&[Some(0.0), Some(0.0)], true, "M0 20L240 20", "");
        check(&[Some(1.0), Some(2.0)], false, "M0 20L240 2", "M0 22V12H118V22ZM120 22V2H238V22Z");
        check(&[Some(1.0), Some(2.0)], true, "M0 11L240 2", "M0 22V12H118V22ZM120 22V2H238V22Z");
    }
}
