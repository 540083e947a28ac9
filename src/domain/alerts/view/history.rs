//! The page at `/alerts/history`: alerts of a time, those that are over among them.

use super::words::{group_name, href, moment, notes, subject_name, tabs};
use crate::domain::alerts::api::alert_history;
use crate::domain::alerts::{AlertItem, AlertState};
use crate::domain::health::Severity;
use crate::ui::address::{Asked, use_asked};
use crate::ui::format;
use crate::ui::widgets::{
    AskList, Badge, List, Verdict, Watched, ask_list, choice_field, filter_form, loaded,
    moment_field, read_list, rows, utc_time, word_field,
};
use leptos::prelude::*;
use leptos_meta::Title;

const PATH: &str = "/alerts/history";
const NAMES: [&str; 8] =
    ["start_time", "end_time", "severity", "state", "source", "rule", "q", "after"];
const COLUMNS: &[(&str, &str)] = &[
    ("Alert", "lead wrap"),
    ("How it stands", "wrap"),
    ("About", "name"),
    ("Rule", "name spare"),
    ("Began", ""),
    ("Lasted", "num"),
    ("Acknowledged", "late"),
];

fn ask() -> AskList {
    ask_list(|asked: Asked| {
        let get = |name: &str| asked.get(name);
        let (from, to) = (get("start_time").map(utc_time), get("end_time").map(utc_time));
        let (severity, state, source) = (get("severity"), get("state"), get("source"));
        alert_history(from, to, severity, state, source, get("rule"), get("q"), get("after"))
    })
}

/// The page at `/alerts/history`.
#[component]
pub fn AlertHistory() -> impl IntoView {
    let (asked, ask) = (use_asked(&NAMES), ask());
    let page = read_list(asked, &ask);
    view! {
        <Title text="Alert history · Bellwether" />
        {tabs()}
        {loaded(page, move |first| {
            let page = Watched::new(first, asked, ask.clone());
            let list = List {
                label: "Alert history",
                path: PATH,
                word: "alert",
                columns: COLUMNS,
                rows: rows(row),
                empty: nothing,
                beside: None,
            };
            view! { {filter(asked)} {list.view(page, asked)} }.into_any()
        })}
    }
}

fn filter(asked: Memo<Asked>) -> AnyView {
    let severities =
        [("", "Any severity")].into_iter().chain(Severity::ALL.map(|one| (one.name(), one.name())));
    let states =
        [("", "Any stage")].into_iter().chain(AlertState::ALL.map(|one| (one.name(), one.name())));
    let plain = |name: &'static str, label: &'static str| {
        view! {
            <input type="text" name=name class="filter short" placeholder=label aria-label=label autocomplete="off" value=asked.get_untracked().get(name) />
        }
        .into_any()
    };
    let fields = view! {
        {word_field(asked, "q", "Words or subject")}
        {choice_field(asked, "severity", "Severity", severities.collect())}
        {choice_field(asked, "state", "Stage", states.collect())}
        {plain("source", "Source")}
        {plain("rule", "Rule")}
        {moment_field(asked, "start_time", "From, UTC")}
        {moment_field(asked, "end_time", "until")}
    };
    filter_form(PATH, &NAMES, fields.into_any())
}

fn nothing(chooses: bool) -> AnyView {
    let (title, why) = match chooses {
        true => ("No alert was like that", "None of that time is what the filter asks for."),
        false => ("There has been no alert yet", "Each that fires is kept here once it is over."),
    };
    let all =
        chooses.then(|| view! { <p class="row"><a class="button" href=PATH>"Show all"</a></p> });
    view! { <div class="empty"><p class="empty-title">{title}</p><p>{why}</p>{all}</div> }
        .into_any()
}

fn row(item: &AlertItem) -> Vec<AnyView> {
    let began = item.fired_at.unwrap_or(item.created_at);
    let end = item.resolved_at;
    let lasted = match end {
        Some(to) => format::duration(to.since(began) as f64),
        None => "still".to_owned(),
    };
    let notes: Vec<AnyView> =
        notes(item, began).into_iter().map(super::words::Note::view).collect();
    let seen = item.acknowledged_by.as_ref().map(|by| {
        let at = item.acknowledged_at.map(|at| moment(at, began)).unwrap_or_default();
        view! { <span>{by.to_string()}</span> <span class="muted">{format!(" {at}")}</span> }
            .into_any()
    });
    let narrow = |name: &'static str, value: &str| Asked::default().with(name, value).href(PATH);
    vec![
        view! {
            <a class="link" href=href(&item.id)><b>{item.title.clone()}</b></a>
            <span class="about">{item.message.clone()}</span>
        }
        .into_any(),
        view! { <span class="row wrap"><Badge verdict=Verdict::from(item.severity) />{notes}</span> }
            .into_any(),
        view! { <a class="link" href=narrow("q", &item.subject)>{subject_name(&item.subject).to_owned()}</a> }
            .into_any(),
        view! { <a class="link" href=narrow("rule", item.finding.as_ref().unwrap_or(&item.rule))>{group_name(item)}</a> }
            .into_any(),
        view! { <time datetime=began.to_string() title=format::iso(began)>{format::day_clock(began)}</time> }
            .into_any(),
        view! { <span class="num">{lasted}</span> }.into_any(),
        seen.into_any(),
    ]
}
