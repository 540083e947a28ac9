//! What the server renders, to the letter.

use super::{Bars, Kind, Series, Sparkline, TimeChart};
use crate::ui::format::Unit;
use crate::wire::Timestamp;
use leptos::prelude::*;

/// Renders as the server does; no-break spaces become visible and every tag gets its line.
fn html<V: IntoView>(view: impl FnOnce() -> V) -> String {
    let html = Owner::new().with(|| view().into_view().to_html());
    html.replace('\u{a0}', "&nbsp;").replace("><", ">\n<")
}

fn t(minute: i64) -> Timestamp {
    "2026-11-24T14:00:00Z".parse::<Timestamp>().unwrap().plus(minute * 60_000)
}

fn series(name: &str, class: &'static str, kind: Kind, values: &[Option<f64>]) -> Series {
    let points = values.iter().enumerate().map(|(i, v)| (t(i as i64 * 10), *v)).collect();
    Series { name: name.to_owned(), class, points, kind }
}

fn chart(series: Vec<Series>, from: Timestamp, to: Timestamp) -> String {
    html(move || {
        let (series, from, to) = (Signal::stored(series), Signal::stored(from), Signal::stored(to));
        view! { <TimeChart title="Duration" series from to unit=Unit::Ms threshold=1500.0 zero=true/> }
    })
}

#[test]
fn sparkline_with_gaps() {
    let values =
        vec![Some(1.0), Some(3.0), None, Some(2.0), None, Some(f64::NAN), Some(2.0), Some(0.0)];
    insta::assert_snapshot!(html(move || {
        view! { <Sparkline points=Signal::stored(values) label="Queue, last hour" class="warn" zero=true/> }
    }));
}

#[test]
fn columns() {
    let values = vec![Some(0.0), Some(4.0), None, Some(2.0)];
    insta::assert_snapshot!(html(move || {
        view! { <Bars points=Signal::stored(values) label="Errors an hour" class="muted" height=20/> }
    }));
}

#[test]
fn two_series_with_a_threshold() {
    let all = vec![
        series("p50", "", Kind::Area, &[Some(210.0), Some(240.0), None, Some(230.0)]),
        series("p95", "warn", Kind::Line, &[Some(900.0), Some(1_900.0), None, Some(1_200.0)]),
    ];
    insta::assert_snapshot!(chart(all, t(0), t(30)));
}

#[test]
fn nothing_in_range() {
    insta::assert_snapshot!(chart(Vec::new(), t(0), t(30)));
}

#[test]
fn stretches_are_shaded_within_the_range() {
    let stretches = [(t(-5), t(1)), (t(10), t(15)), (t(20), t(20)), (t(40), t(50))];
    let html = html(move || {
        let series = Signal::stored(vec![series("p50", "", Kind::Line, &[Some(1.0), Some(2.0)])]);
        let (from, to) = (Signal::stored(t(0)), Signal::stored(t(30)));
        let shaded = Signal::stored(stretches.to_vec());
        view! { <TimeChart title="Duration" series from to unit=Unit::Ms shaded/> }
    });
    let drawn = "M0 0H24V180H0ZM240 0H360V180H240ZM480 0H481V180H480Z";
    assert!(html.contains(&format!("<path d=\"{drawn}\" class=\"ch-shade\">")), "{html}");
}

/// Renders and looks for what only broken arithmetic writes.
#[track_caller]
fn check(all: Vec<Series>, from: i64, to: i64) {
    let html = chart(all, t(from), t(to));
    assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
}

#[test]
fn odd_input_is_drawn_or_left_out() {
    let odd = [Some(f64::NAN), Some(f64::INFINITY), Some(1e308), Some(-1e308), None, Some(0.0)];
    for kind in [Kind::Line, Kind::Area, Kind::Step, Kind::Bars] {
        check(vec![series("odd", "", kind, &odd)], 0, 60);
        check(vec![series("odd", "", kind, &odd)], 60, 0);
        check(vec![series("one", "", kind, &[Some(5.0)])], 0, 0);
        check(vec![series("none", "", kind, &[])], -100, 100);
    }
}

#[test]
fn long_tables_are_thinned_and_say_so() {
    let values: Vec<_> = (0..500).map(|i| Some(f64::from(i))).collect();
    let html = chart(vec![series("many", "", Kind::Line, &values)], t(0), t(5_000));
    assert!(html.contains("120 of 500 times, evenly spaced"), "{html}");
    assert_eq!(html.matches("scope=\"row\"").count(), 120);
    assert!(html.contains("499&nbsp;ms"), "the last one is there");
}
