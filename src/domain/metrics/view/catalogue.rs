//! Every metric there is, to pick one.

use super::look::{Look, PATH};
use super::picker::Names;
use crate::domain::metrics::MetricName;
use crate::ui::address::use_asked;
use crate::ui::format;
use crate::ui::widgets::{Empty, Watched, dynamic, read_at, search, table, text, trouble_line};
use leptos::prelude::*;

/// Most metrics that are listed at once.
const MOST_ROWS: usize = 200;

const COLUMNS: &[(&str, &str)] = &[
    ("Metric", "lead name"),
    ("Unit", "unit"),
    ("Series", "num"),
    ("Labels", "wrap"),
    ("Comes from", "late"),
];

const SAMPLE: &str = "curl {origin}/api/v1/events -H 'content-type: application/json' \\\n  \
    -d '{\"type\":\"metric.observed\",\"data\":{\"name\":\"orders\",\"value\":12,\"labels\":{\"shop\":\"eu\"}}}'";

/// The list, narrowed down by the words that the address asks for.
pub fn catalogue(names: Names, watched: Watched) -> AnyView {
    let asked = use_asked(&["q"]);
    let found = Memo::new(move |_| {
        let q = asked.with(|asked| asked.get("q")).unwrap_or_default().to_lowercase();
        names.with(|names| {
            names.iter().filter(|one| matches(one, &q)).cloned().collect::<Vec<MetricName>>()
        })
    });
    let none = Memo::new(move |_| names.with(|names| names.is_empty()));
    // What the board knows by itself is there from the start.
    let unsent = Memo::new(move |_| names.with(|names| names.iter().all(|one| one.built_in)));
    let how = move || {
        let empty = || {
            view! {
                <section class="card" aria-label="How to send a metric">
                    <Empty
                        title="No metric has been sent yet"
                        why="A metric is a name and a value, with labels that tell its series apart. Each that is sent can be looked at here."
                        line=SAMPLE
                    />
                </section>
            }
            .into_any()
        };
        unsent.get().then(empty)
    };
    let shown = move || {
        if none.get() {
            return None;
        }
        Some(found.with(|found| match found.is_empty() {
            true => nothing(),
            false => table("Metrics", COLUMNS, found.iter().take(MOST_ROWS).map(row)),
        }))
    };
    let count = move || match found.with(Vec::len) {
        1 => "1 metric".to_owned(),
        n if n > MOST_ROWS => format!("{MOST_ROWS} of {} metrics", format::count(n as u64)),
        n => format!("{} metrics", format::count(n as u64)),
    };
    let field = dynamic(move || {
        (!none.get()).then(|| search(PATH, asked, "Part of a metric's name", ().into_any()))
    });
    view! {
        {dynamic(how)}
        {field}
        <section class="card flush" aria-label="Metrics">
            <p class="count" role="status">{text(count)}</p>
            <div role="alert">{trouble_line(watched.trouble)}</div>
            {dynamic(shown)}
            {read_at(watched.as_of)}
        </section>
    }
    .into_any()
}

/// Whether a metric's name, unit or one of its labels holds these words.
fn matches(one: &MetricName, q: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(q);
    has(&one.name) || one.unit.as_deref().is_some_and(has) || one.labels.keys().any(|l| has(l))
}

fn nothing() -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-title">"No metric is like that"</p>
            <p>"None has these words in its name, its unit or its labels."</p>
            <p class="row"><a class="button" href=PATH>"Show all"</a></p>
        </div>
    }
    .into_any()
}

fn row(one: &MetricName) -> Vec<AnyView> {
    let href = Look::first(one).href();
    let label = |label: &std::sync::Arc<str>| {
        view! { <span class="tag">{label.to_string()}</span> " " }.into_any()
    };
    let labels: Vec<AnyView> = one.labels.keys().map(label).collect();
    let from = if one.built_in { "the board itself" } else { "what is sent" };
    vec![
        view! { <a class="link" href=href data-row-link=""><b>{one.name.to_string()}</b></a> }
            .into_any(),
        one.unit.as_ref().map(|unit| unit.to_string()).into_any(),
        format::count(one.series).into_any(),
        view! { <span class="label-names">{labels}</span> }.into_any(),
        from.into_any(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(q: &str, expect: bool) {
        let labels = [("host".into(), vec!["a".into()])].into();
        let (name, unit) = ("cpu.Usage".into(), Some("percent".into()));
        let one = MetricName { name, unit, series: 1, overflow: 0, built_in: false, labels };
        assert_eq!(matches(&one, q), expect, "{q}");
    }

    #[test]
    fn metrics_are_found_by_name_unit_and_label() {
        check("", true);
        check("usage", true);
        check("perc", true);
        check("host", true);
        check("disk", false);
    }
}
