//! The form that says what the explorer shows. It is one that works without JavaScript as well.

use super::look::{LABEL, Look, MERGED, PATH};
use crate::domain::metrics::{AGGREGATIONS, MetricName};
use crate::ui::address::use_ask;
use crate::ui::format;
use crate::ui::widgets::{Answers, Words, dynamic, form_of, keyed, words};
use crate::wire::encoded;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most labels of which every pair is offered to split by.
const PAIRED: usize = 4;

/// Names of labels with some of their values.
type LabelValues = BTreeMap<Arc<str>, Vec<Arc<str>>>;

/// Names of metrics, as they are known.
pub type Names = Memo<Arc<Vec<MetricName>>>;

/// What is known of the metric that is asked for.
pub fn known(names: Names, look: Memo<Look>) -> Memo<Option<MetricName>> {
    Memo::new(move |_| {
        let metric = look.with(|look| look.metric.clone());
        names.with(|names| names.iter().find(|one| *one.name == *metric).cloned())
    })
}

/// The form: the metric, its labels, how values become one, and which series are kept apart.
pub fn picker(names: Names, look: Memo<Look>) -> AnyView {
    let known = known(names, look);
    let values = Memo::new(move |_| {
        known.with(|known| known.as_ref().map(|known| known.labels.clone())).unwrap_or_default()
    });
    // Those it has, and those that are asked for though it has them not.
    let labels = Memo::new(move |_| {
        let mut labels: Vec<Arc<str>> = values.with(|values| values.keys().cloned().collect());
        let asked = look.with(|look| look.labels.keys().cloned().collect::<Vec<_>>());
        labels
            .extend(asked.into_iter().filter(|label| !labels.contains(label)).collect::<Vec<_>>());
        labels
    });
    let ask = use_ask();
    let send = move |event: &leptos::ev::Event| {
        let Some(form) = form_of(event) else { return };
        let (answers, now) = (Answers::of(&form), look.get_untracked());
        let mut next = Look { range: now.range, ..Look::default() };
        for name in ["metric", "aggregation", "by"] {
            next.take(name, &answers.get(name));
        }
        let other = next.metric != now.metric;
        let known = names
            .with_untracked(|names| names.iter().find(|one| *one.name == *next.metric).cloned());
        let has = |label: &str| known.as_ref().is_some_and(|one| one.labels.contains_key(label));
        for label in labels.get_untracked() {
            // What another metric does not have cannot narrow it down.
            if !other || has(&label) {
                let name = format!("{LABEL}{label}");
                next.take(&name, &answers.get(&name));
            }
        }
        if other {
            next.by = known.as_ref().and_then(|one| Look::first(one).by);
        }
        ask.run(next.complete().href());
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send(&event);
    };
    let label = move |label: Arc<str>| label_field(label, look, values);
    let options = move || {
        let of = |one: &MetricName| {
            view! { <option value=one.name.to_string()>{about(one)}</option> }.into_any()
        };
        Some(names.with(|names| names.iter().map(of).collect::<Vec<_>>()).into_any())
    };
    view! {
        <form class="toolbar picker" method="get" action=PATH role="search" aria-label="What is shown" on:change=move |event| send(&event) on:submit=submit>
            <div class="pick of-metric">
                <label for="pick-metric">"Metric"</label>
                <input type="search" id="pick-metric" name="metric" class="filter" data-filter="" list="metric-names" autocomplete="off" spellcheck="false" placeholder="Part of its name  ( / )"
                    value=look.get_untracked().metric prop:value=words(move || look.get().metric) />
            </div>
            <datalist id="metric-names">{dynamic(options)}</datalist>
            {aggregation_field(look)}
            {dynamic(move || Some(split_field(labels.get(), look)))}
            {keyed(move || labels.get(), label)}
            {range_kept(look)}
            <noscript><button type="submit" class="button">"Show"</button></noscript>
        </form>
    }
    .into_any()
}

/// A metric in a line of the list: what it counts, and how many series it has.
pub fn about(one: &MetricName) -> String {
    let count = format!("{} series", format::count(one.series));
    match &one.unit {
        Some(unit) => format!("{unit}, {count}"),
        None => count,
    }
}

/// The range is asked for beside the form; without JavaScript it would be lost.
fn range_kept(look: Memo<Look>) -> AnyView {
    dynamic(move || {
        let range = look.get().range;
        let kept = [
            ("window", range.window),
            ("from", range.from),
            ("to", range.to),
            ("step", range.step),
        ];
        let input = |(name, value): (&'static str, Option<String>)| {
            Some(view! { <input type="hidden" name=name value=value? /> }.into_any())
        };
        Some(kept.into_iter().filter_map(input).collect::<Vec<_>>().into_any())
    })
}

fn aggregation_field(look: Memo<Look>) -> AnyView {
    let chosen = look.get_untracked().aggregation;
    let option = |name: &'static str| {
        view! { <option value=name selected=name == chosen>{name}</option> }.into_any()
    };
    let options: Vec<AnyView> = AGGREGATIONS.into_iter().map(option).collect();
    let now = words(move || look.get().aggregation);
    select("Values of a step", "aggregation", now, options)
}

/// Which series are kept apart: each of them, none, or those that differ in a label or two.
fn split_field(labels: Vec<Arc<str>>, look: Memo<Look>) -> AnyView {
    let mut ways = vec![
        (String::new(), "each by itself".to_owned()),
        (MERGED.to_owned(), "all as one".to_owned()),
    ];
    ways.extend(labels.iter().map(|label| (label.to_string(), format!("by {label}"))));
    if (3..=PAIRED).contains(&labels.len()) {
        for (i, one) in labels.iter().enumerate() {
            let pairs = labels.iter().skip(i + 1);
            ways.extend(pairs.map(|two| (format!("{one},{two}"), format!("by {one} and {two}"))));
        }
    }
    let by = move || match look.get().by.as_deref() {
        None => String::new(),
        Some("") => MERGED.to_owned(),
        Some(by) => by.to_owned(),
    };
    let chosen = untrack(by);
    // One that is not offered is still what the address asks for.
    if !ways.iter().any(|(value, _)| *value == chosen) {
        ways.push((chosen.clone(), format!("by {chosen}")));
    }
    let option = |(value, word): (String, String)| {
        let here = value == chosen;
        view! { <option value=value selected=here>{word}</option> }.into_any()
    };
    let options: Vec<AnyView> = ways.into_iter().map(option).collect();
    select("Series", "by", words(by), options)
}

fn select(label: &'static str, name: &'static str, now: Words, options: Vec<AnyView>) -> AnyView {
    let id = format!("pick-{name}");
    view! {
        <div class="pick">
            <label for=id.clone()>{label}</label>
            <span class="select"><select id=id.clone() name=name prop:value=now>{options}</select></span>
        </div>
    }
    .into_any()
}

/// A field for the value that series must have of a label; some values are suggested.
fn label_field(label: Arc<str>, look: Memo<Look>, values: Memo<LabelValues>) -> AnyView {
    let (name, of) = (format!("{LABEL}{label}"), encoded(&label));
    let (id, list) = (format!("pick-label-{of}"), format!("values-of-{of}"));
    let of = label.clone();
    let now = move || {
        look.with(|look| look.labels.get(&of).map(|value| value.to_string())).unwrap_or_default()
    };
    let first = untrack(&now);
    let of = label.clone();
    let options = move || {
        let value =
            |value: &Arc<str>| view! { <option value=value.to_string()></option> }.into_any();
        let all = values.with(|values| {
            values.get(&of).map(|values| values.iter().map(value).collect::<Vec<_>>())
        });
        Some(all?.into_any())
    };
    view! {
        <div class="pick">
            <label for=id.clone()>{label.to_string()}</label>
            <input type="search" class="filter short" id=id.clone() name=name list=list.clone() placeholder="any" autocomplete="off" spellcheck="false" value=first prop:value=words(now) />
            <datalist id=list.clone()>{dynamic(options)}</datalist>
        </div>
    }
    .into_any()
}
