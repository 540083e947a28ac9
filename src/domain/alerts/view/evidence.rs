//! What was measured, with the threshold drawn in and what fired shaded.

use crate::domain::alerts::{Measured, Stretch};
use crate::ui::chart::{Kind, Series, TimeChart};
use crate::ui::format::{self, Unit};
use crate::ui::widgets::{Icon, Verdict};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// Most subjects that are drawn as lines of a strip.
const MAX_STRIPS: usize = 12;

/// A value as text, with a unit that is not known written behind it.
pub fn value(v: f64, name: Option<&str>) -> String {
    let known = Unit::named(name);
    match name.filter(|_| known == Unit::Number) {
        Some(name) => format!("{}\u{a0}{name}", known.text(v)),
        None => known.text(v),
    }
}

/// The chart, from `from` to `to`.
pub fn chart(
    measured: Measured,
    (from, to): (Timestamp, Timestamp),
    shaded: Vec<(Timestamp, Timestamp)>,
) -> AnyView {
    let Measured { name, unit: of, threshold, points } = measured;
    let unit = Unit::named(of.as_deref());
    let title = match of.filter(|_| unit == Unit::Number) {
        Some(of) => format!("{name}, {of}"),
        None => name.clone(),
    };
    let series = vec![Series { name, class: "accent", points, kind: Kind::Line }];
    view! {
        <TimeChart
            title=title
            series=Signal::derive(move || series.clone())
            from=from
            to=to
            unit=unit
            height=200
            threshold=threshold.unwrap_or(f64::NAN)
            shaded=Signal::derive(move || shaded.clone())
        />
    }
    .into_any()
}

/// When something fired, as a line of stretches for each thing it was about.
pub fn strips(stretches: &[Stretch], (from, to): (Timestamp, Timestamp)) -> AnyView {
    let mut subjects: Vec<&str> = Vec::new();
    for stretch in stretches {
        if !subjects.contains(&&*stretch.subject) {
            subjects.push(&stretch.subject);
        }
    }
    let rest = subjects.len().saturating_sub(MAX_STRIPS);
    let span = to.since(from).max(1) as f64;
    let part = |stretch: &Stretch| {
        let end = stretch.to.unwrap_or(to);
        let left = (stretch.from.since(from) as f64 / span * 100.0).clamp(0.0, 100.0);
        let width =
            (end.since(stretch.from) as f64 / span * 100.0).clamp(0.3, 100.0 - left.min(99.7));
        let style =
            format!("left:{}%;width:{}%", format::decimal(left, 2), format::decimal(width, 2));
        let class = Verdict::from(stretch.severity).class;
        view! { <i class=class style=style title=when(stretch)></i> }.into_any()
    };
    let line = |subject: &str| {
        let mine: Vec<&Stretch> = stretches.iter().filter(|s| *s.subject == *subject).collect();
        let parts: Vec<AnyView> = mine.iter().map(|stretch| part(stretch)).collect();
        let said = format!("{subject}: {}", times(mine.len()));
        view! {
            <li>
                <span class="cut">{subject.to_owned()}</span>
                <span class="strip" role="img" aria-label=said>{parts}</span>
                <span class="num muted">{mine.len()}</span>
            </li>
        }
        .into_any()
    };
    let lines: Vec<AnyView> = subjects.iter().take(MAX_STRIPS).map(|one| line(one)).collect();
    let rest = (rest > 0).then(|| format!("and {rest} more"));
    view! {
        <ul class="strips" aria-label="When it would have fired">{lines}</ul>
        <p class="hint row"><span>{format::day_clock(from)}</span><span class="grow">{rest}</span><span>{format::day_clock(to)}</span></p>
    }
    .into_any()
}

fn times(n: usize) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

/// When a stretch was, in words.
pub fn when(stretch: &Stretch) -> String {
    let from = format::day_clock(stretch.from);
    match stretch.to {
        Some(to) => format!("{from}, for {}", format::duration(to.since(stretch.from) as f64)),
        None => format!("{from}, and still"),
    }
}

/// Stretches in words, for those who do not see them.
pub fn listed(stretches: &[Stretch]) -> AnyView {
    let line = |stretch: &Stretch| {
        let verdict = Verdict::from(stretch.severity);
        view! {
            <li>
                <span class=format!("key {}", verdict.class)><Icon name=verdict.icon /></span>
                <span class="grow cut">{stretch.subject.to_string()}</span>
                <span class="muted">{when(stretch)}</span>
            </li>
        }
        .into_any()
    };
    let lines: Vec<AnyView> = stretches.iter().rev().take(200).map(line).collect();
    view! {
        <details class="others">
            <summary>"Each time, newest first"</summary>
            <ol class="lines">{lines}</ol>
        </details>
    }
    .into_any()
}
