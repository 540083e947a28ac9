//! The page at `/alerts`: what is active, as it happens.

use super::commander::Commander;
use super::groups::{Line, MAX_LINES, Shown, lines};
use super::keys;
use super::picked::Picked;
use super::rows::Table;
use super::words::tabs;
use crate::domain::Topic;
use crate::domain::alerts::api::alerts;
use crate::domain::alerts::{AlertItem, AlertNumbers, AlertState, AlertsPage};
use crate::domain::health::Severity;
use crate::ui::address::{Asked, use_asked};
use crate::ui::live::follow_doc;
use crate::ui::overview::SummaryFeed;
use crate::ui::widgets::{
    AsOf, Icon, IconName, choices, dynamic, loaded, reading, search, tallied, text,
};
use leptos::prelude::*;
use leptos_meta::Title;
use std::collections::BTreeSet;
use std::sync::Arc;

const PATH: &str = "/alerts";
const NAMES: [&str; 5] = ["severity", "state", "label", "rule", "q"];

/// The page at `/alerts`.
#[component]
pub fn ActiveAlerts() -> impl IntoView {
    let asked = use_asked(&NAMES);
    let page = reading(alerts);
    view! {
        <Title text="Alerts · Bellwether" />
        {tabs()}
        {loaded(page, move |first| board(first, asked))}
    }
}

fn board(first: AlertsPage, asked: Memo<Asked>) -> AnyView {
    let as_of = first.as_of;
    let doc = follow_doc(Topic::Alerts, first);
    let numbers = Memo::new(move |_| doc.with(|doc| doc.numbers));
    let items = Memo::new(move |_| {
        let asked = asked.get();
        doc.with(|doc| {
            let found = doc.items.iter().filter(|item| matches(item, &asked));
            found.cloned().collect::<Vec<_>>()
        })
    });
    let fired = part(items, |item| item.fired_at.is_some());
    let waiting = part(items, |item| item.fired_at.is_none());
    let turned = RwSignal::new(BTreeSet::new());
    let picked = Picked::new();
    let commander = Commander::new(Callback::new(move |()| picked.clear()));
    let table = |items: Memo<Vec<AlertItem>>| Table {
        items,
        lines: Memo::new(move |_| turned.with(|turned| items.with(|items| cut(items, turned)))),
        turned,
        commander,
        picked,
    };
    let (active, pending) = (table(fired), table(waiting));
    let chosen = Memo::new(move |_| {
        let shown: Vec<Arc<str>> =
            items.with(|items| items.iter().map(|item| item.id.clone()).collect());
        picked.of(&shown)
    });
    let of = move |ids: &[Arc<str>]| {
        items.with_untracked(|items| {
            items.iter().filter(|item| ids.contains(&item.id)).cloned().collect::<Vec<_>>()
        })
    };
    let meant = move |focused: Option<Arc<str>>| {
        let chosen = chosen.get_untracked();
        of(&if chosen.is_empty() { focused.into_iter().collect() } else { chosen })
    };
    if commander.allowed {
        keys::listen(move |key, focused| {
            match (key, focused) {
                ("x", Some(id)) => picked.turn(id),
                ("a", focused) => commander.acknowledge(meant(focused), None),
                ("s", focused) => commander.silence(meant(focused)),
                _ => return false,
            }
            true
        });
    }
    let none = Memo::new(move |_| fired.with(Vec::is_empty));
    let chooses = Memo::new(move |_| asked.with(Asked::chooses));
    let shown = move || {
        let none = none.get();
        Some(if none { nothing(chooses.get()) } else { active.view("Active alerts") })
    };
    let some_wait = Memo::new(move |_| !waiting.with(Vec::is_empty));
    let apart = move || {
        let section = || {
            view! {
                <section class="card flush" aria-label="Pending alerts">
                    <h2>"Pending"<span class="more">"Their conditions hold, and not yet for long enough"</span></h2>
                    {pending.view("Pending alerts")}
                </section>
            }
            .into_any()
        };
        some_wait.get().then(section)
    };
    view! {
        {toolbar(doc, asked)}
        <section class="card flush" aria-label="Alerts">
            <p class="count" role="status">{text(move || said(numbers.get()))}</p>
            {selection(chosen, commander, picked, Callback::new(move |ids: Vec<Arc<str>>| commander.acknowledge(of(&ids), None)), Callback::new(move |ids: Vec<Arc<str>>| commander.silence(of(&ids))))}
            {commander.view()}
            {dynamic(shown)}
            {dynamic(move || more(fired.with(Vec::len)))}
            <AsOf at=as_of />
        </section>
        {dynamic(apart)}
    }
    .into_any()
}

fn part(items: Memo<Vec<AlertItem>>, is: fn(&AlertItem) -> bool) -> Memo<Vec<AlertItem>> {
    Memo::new(move |_| items.with(|items| items.iter().filter(|i| is(i)).cloned().collect()))
}

fn cut(items: &[AlertItem], turned: &BTreeSet<Arc<str>>) -> Vec<Line> {
    let mut all = lines(items, turned);
    all.truncate(MAX_LINES);
    // A head without a row below it would say nothing.
    if all.len() == MAX_LINES
        && all.last().is_some_and(|line| matches!(line.what, Shown::Head { open: true, .. }))
    {
        all.pop();
    }
    all
}

fn more(count: usize) -> Option<AnyView> {
    let line = || {
        view! { <p class="hint pager">{format!("Of {count} alerts the worst are shown. Narrow the list to see others.")}</p> }
            .into_any()
    };
    (count > MAX_LINES).then(line)
}

/// How the alerts stand, in a sentence.
fn said(numbers: AlertNumbers) -> String {
    let AlertNumbers { active, acknowledged, loud, pending, .. } = numbers;
    if active == 0 && pending == 0 {
        return "No alert is active".to_owned();
    }
    let mut out = match loud {
        0 => "None needs somebody".to_owned(),
        1 => "1 needs somebody".to_owned(),
        n => format!("{n} need somebody"),
    };
    for (n, word) in [(active, "active"), (acknowledged, "acknowledged"), (pending, "pending")] {
        if n > 0 {
            out.push_str(&format!(" · {n} {word}"));
        }
    }
    out
}

/// Whether an alert is what the address asks for.
fn matches(item: &AlertItem, asked: &Asked) -> bool {
    let is = |name: &str, holds: &dyn Fn(&str) -> bool| {
        asked.get(name).is_none_or(|wanted| holds(&wanted))
    };
    let severity = |wanted: &str| item.severity.name() == wanted;
    let state = |wanted: &str| match wanted {
        "loud" => item.is_loud(),
        "acknowledged" => item.acknowledged,
        "silenced" => item.silenced_until.is_some(),
        "flapping" => item.flapping,
        wanted => item.state.name() == wanted,
    };
    let label = |wanted: &str| {
        let pair = wanted.split_once('=');
        item.tags.iter().any(|tag| tag == wanted)
            || pair.is_some_and(|(name, value)| {
                item.labels.get(name).is_some_and(|had| **had == *value)
            })
    };
    let rule = |wanted: &str| *item.rule == *wanted || item.finding.as_deref() == Some(wanted);
    let q = |wanted: &str| {
        let wanted = wanted.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        has(&item.title) || has(&item.message) || has(&item.subject) || has(&item.source)
    };
    is("severity", &severity)
        && is("state", &state)
        && is("label", &label)
        && is("rule", &rule)
        && is("q", &q)
}

fn toolbar(doc: RwSignal<AlertsPage>, asked: Memo<Asked>) -> AnyView {
    let count = move |is: fn(&AlertItem) -> bool| {
        move || doc.with(|doc| doc.items.iter().filter(|item| is(item)).count() as u64)
    };
    let severities = vec![
        ("", "all".into_any()),
        ("critical", tallied("critical", count(|i| i.severity == Severity::Critical))),
        ("warning", tallied("warning", count(|i| i.severity == Severity::Warning))),
        ("info", tallied("info", count(|i| i.severity == Severity::Info))),
    ];
    let states = vec![
        ("", "any".into_any()),
        ("loud", tallied("need somebody", count(AlertItem::is_loud))),
        ("acknowledged", tallied("acknowledged", count(|i| i.acknowledged))),
        ("silenced", tallied("silenced", count(|i| i.silenced_until.is_some()))),
        ("unknown", tallied("unknown", count(|i| i.state == AlertState::Unknown))),
        ("pending", tallied("pending", count(|i| i.state == AlertState::Pending))),
    ];
    let rest = view! {
        {choices(PATH, asked, ("severity", "Severity"), severities)}
        {choices(PATH, asked, ("state", "How they stand"), states)}
        {only(asked, "label")}
        {only(asked, "rule")}
    };
    search(PATH, asked, "Filter by words, subject or source", rest.into_any())
}

/// What else the list is narrowed to, with a way out of it.
fn only(asked: Memo<Asked>, name: &'static str) -> AnyView {
    dynamic(move || {
        let here = asked.get();
        let value = here.get(name)?;
        let label = format!("No longer only {name} {value}");
        let link = view! {
            <a class="tag only" href=here.with(name, "").href(PATH) aria-label=label>
                {format!("{name} {value}")}
                <span aria-hidden="true">" ×"</span>
            </a>
        };
        Some(link.into_any())
    })
}

/// What can be done with those that are selected.
fn selection(
    chosen: Memo<Vec<Arc<str>>>,
    commander: Commander,
    picked: Picked,
    acknowledge: Callback<Vec<Arc<str>>>,
    silence: Callback<Vec<Arc<str>>>,
) -> AnyView {
    let count = Memo::new(move |_| chosen.with(Vec::len));
    let any = Memo::new(move |_| count.get() > 0 && commander.allowed);
    dynamic(move || {
        let bar = || {
            let run = move |what: Callback<Vec<Arc<str>>>| {
                move |_| {
                    what.run(chosen.get_untracked());
                    picked.clear();
                }
            };
            view! {
                <div class="row selection">
                    <span role="status">{text(move || format!("{} selected", count.get()))}</span>
                    <button type="button" class="button small primary" on:click=run(acknowledge)>
                        <Icon name=IconName::Projects />"Acknowledge"
                    </button>
                    <button type="button" class="button small" on:click=move |_| silence.run(chosen.get_untracked())>
                        <Icon name=IconName::Quiet />"Silence"
                    </button>
                    <button type="button" class="button small" on:click=move |_| picked.clear()>"Select none"</button>
                </div>
            }
            .into_any()
        };
        any.get().then(bar)
    })
}

/// Nothing is active; what is being watched.
fn nothing(chooses: bool) -> AnyView {
    if chooses {
        return view! {
            <div class="empty">
                <p class="empty-title">"No alert is like that"</p>
                <p class="row"><a class="button" href=PATH>"Show all"</a></p>
            </div>
        }
        .into_any();
    }
    let feed = SummaryFeed::expect();
    let watched = move || {
        let counts = feed.with(|summary| {
            let count = |n: u64, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
            let all = [
                (summary.projects.total, "project"),
                (summary.agents.total, "agent"),
                (summary.hosts.total, "host"),
            ];
            let some = all.iter().filter(|(n, _)| *n > 0);
            some.map(|(n, one)| count(*n, one)).collect::<Vec<_>>().join(", ")
        });
        match counts.filter(|text| !text.is_empty()) {
            Some(counts) => format!(" Now that is {counts}."),
            None => String::new(),
        }
    };
    view! {
        <div class="empty">
            <p class="empty-title">"Nothing is wrong that is being watched"</p>
            <p>
                "Watched is what the rules say: from the start every finding of severity warning or worse, and every source of events that goes quiet."
                {text(watched)}
            </p>
            <p class="row"><a class="button" href="/alerts/history">"What there was"</a></p>
        </div>
    }
    .into_any()
}
