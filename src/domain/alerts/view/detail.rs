//! An alert's page: what it is, what was measured, and what happened to it.

use super::commander::{Commander, can_acknowledge};
use super::evidence::{chart, value};
use super::timeline::timeline_card;
use super::words::{href, moment, notes, tabs};
use crate::domain::Topic;
use crate::domain::alerts::api::{alert, end_silence};
use crate::domain::alerts::{AlertDetail, AlertItem, SilenceItem};
use crate::ui::address::use_name;
use crate::ui::format;
use crate::ui::live::{Live, follow};
use crate::ui::range::use_fresh_every;
use crate::ui::widgets::{
    Age, Answers, Ask, Badge, Card, Form, Icon, IconName, Sending, Verdict, act, dynamic, loaded,
    reading,
};
use crate::wire::{Timestamp, encoded};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// Least time between two readings of what changes.
const REST: Duration = Duration::from_millis(300);
/// A chart of what has been measured but once begins that long before.
const AN_HOUR_MS: i64 = 3_600_000;

/// The page at `/alerts/:alert`.
#[component]
pub fn AlertPage() -> impl IntoView {
    let name = use_name("/alerts/");
    move || {
        let id = name.get();
        let again = id.clone();
        let detail = reading(move || alert(id.clone()));
        let again: Arc<str> = again.into();
        view! {
            <Title text="Alert · Bellwether" />
            {tabs()}
            {loaded(detail, move |first| page(first, again.clone()))}
        }
    }
}

/// What this page needs of what the topic of alerts tells, whole or changed.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    silences: Option<Vec<SilenceItem>>,
}

fn page(first: AlertDetail, id: Arc<str>) -> AnyView {
    let as_of = first.as_of;
    let (heard, silences) = (RwSignal::new(0_u64), RwSignal::new(Vec::<SilenceItem>::new()));
    let asked = id.to_string();
    follow(Topic::Alerts, None, move |part| {
        let told: Told = serde_json::from_str(part.data)?;
        if let Some(told) = told.silences {
            silences.try_set(told);
        }
        if part.data.contains(&*id) {
            heard.try_set(part.cursor.seq);
        }
        Ok(())
    });
    let moved = move || Some(heard.get()).filter(|seq| *seq > 0);
    let doc = use_fresh_every(REST, first, move || asked.clone(), moved, alert);
    let item = Memo::new(move |_| doc.with(|doc| Some(doc.alert.clone())));
    let steps = Memo::new(move |_| doc.with(|doc| doc.timeline.clone()));
    let commander = Commander::new(Callback::new(|()| ()));
    view! {
        {heading(item, commander)}
        {commander.view()}
        <div class="grid top">
            <div class="c8 stack">
                {evidence(doc, as_of)}
                {timeline_card(steps, as_of)}
            </div>
            <div class="c4 stack">
                {facts(item, as_of)}
                {quiet(item, silences, commander)}
                {others(doc, |doc| &doc.covers, "What it covers")}
                {others(doc, |doc| &doc.before, "Earlier")}
            </div>
        </div>
    }
    .into_any()
}

fn heading(item: Memo<Option<AlertItem>>, commander: Commander) -> AnyView {
    let live = Live::expect();
    let head = dynamic(move || {
        let item = item.get()?;
        let now = untrack(|| live.now.get()).unwrap_or(item.created_at);
        let notes: Vec<AnyView> =
            notes(&item, now).into_iter().map(super::words::Note::view).collect();
        let cause = item.covered_by.as_ref().map(|by| {
            view! { <a class="link" href=href(by)>"its cause"</a> }
        });
        let said = item.acknowledged_comment.clone().map(|said| {
            let by = item.acknowledged_by.as_deref().unwrap_or("somebody");
            view! { <p class="muted said">{format!("{by}: {said}")}</p> }
        });
        let head = view! {
            <Badge verdict=Verdict::from(item.severity) />
            <strong>{item.title}</strong>
            {notes}
            {cause}
            <p class="message">{item.message}</p>
            {said}
        };
        Some(head.into_any())
    });
    let open = Memo::new(move |_| item.with(|item| item.as_ref().is_some_and(can_acknowledge)));
    let over = Memo::new(move |_| {
        item.with(|item| item.as_ref().is_none_or(|item| item.resolved_at.is_some()))
    });
    let comment = dynamic(move || {
        let with =
            Callback::new(move |()| _ = item.get_untracked().map(|it| commander.comment(it)));
        let button =
            || act(IconName::Edit, "With a comment", "Acknowledge with a comment".to_owned(), with);
        (open.get() && commander.allowed).then(button)
    });
    let buttons = dynamic(move || (!over.get()).then(|| commander.buttons(item)));
    view! {
        <div class="heading alert-head">
            <div class="grow row wrap">{head}</div>
            <div class="row">{buttons} {comment}</div>
        </div>
    }
    .into_any()
}

/// What was measured, with what fired shaded.
fn evidence(doc: RwSignal<AlertDetail>, as_of: Timestamp) -> AnyView {
    let drawn = Memo::new(move |_| {
        doc.with(|doc| {
            let measured = doc.evidence.clone()?;
            let begin = measured.points.first().map(|point| point.0);
            let begin = begin.unwrap_or(doc.alert.created_at.plus(-AN_HOUR_MS));
            let last = measured.points.last().map_or(doc.as_of, |point| point.0);
            let end = doc.alert.resolved_at.unwrap_or(doc.as_of).max(last);
            let all = std::iter::once(&doc.alert).chain(&doc.before);
            let fired = all
                .filter_map(|item| Some((item.fired_at?, item.resolved_at.unwrap_or(doc.as_of))));
            Some((measured, (begin, end), fired.collect::<Vec<_>>()))
        })
    });
    dynamic(move || {
        let (measured, range, fired) = drawn.get()?;
        let card = view! {
            <Card title="What was measured" as_of=as_of>{chart(measured, range, fired)}</Card>
        };
        Some(card.into_any())
    })
}

fn facts(item: Memo<Option<AlertItem>>, as_of: Timestamp) -> AnyView {
    let all = move || {
        let item = item.get()?;
        let AlertItem { link, runbook, owner, unit, .. } = item.clone();
        let text = |text: String| text.into_any();
        let to = |href: String, text: String, rel: Option<&'static str>| {
            view! { <a class="link" href=href rel=rel>{text}</a> }.into_any()
        };
        let subject = match link.is_empty() || link == "/" {
            true => text(item.subject.to_string()),
            false => to(link, item.subject.to_string(), None),
        };
        let at = |at: Timestamp| view! { <Age at=at /> " ago" }.into_any();
        let lasted = item.resolved_at.zip(item.fired_at);
        let lasted = lasted.map(|(to, from)| format::duration(to.since(from) as f64));
        let rule =
            to(format!("/alerts?rule={}", encoded(&item.rule)), item.rule_name.clone(), None);
        let value = |v: Option<f64>| v.map(|v| text(value(v, unit.as_deref())));
        let flap = (item.flap_score > 0.0).then(|| text(format::trimmed(item.flap_score, 1)));
        let facts = [
            ("about", Some(subject)),
            ("measured", value(item.value)),
            ("threshold", value(item.threshold)),
            ("goes away by", Some(item.resolve).filter(|text| !text.is_empty()).map(text)),
            ("rule", Some(rule)),
            ("finding", item.finding.map(|rule| text(rule.to_string()))),
            ("sent by", Some(text(item.source.to_string()))),
            ("first seen", Some(at(item.created_at))),
            ("fired", item.fired_at.map(at)),
            ("resolved", item.resolved_at.map(at)),
            ("lasted", lasted.map(text)),
            ("flaps", flap),
            ("owner", owner.map(text)),
            (
                "runbook",
                runbook.map(|href| to(href, "What to do".to_owned(), Some("external noreferrer"))),
            ),
        ];
        let fact = |(word, value): (&'static str, Option<AnyView>)| {
            Some(view! { <dt>{word}</dt><dd>{value?}</dd> }.into_any())
        };
        let facts: Vec<AnyView> = facts.into_iter().filter_map(fact).collect();
        let tags: Vec<AnyView> = item.tags.iter().map(|tag| label(tag)).collect();
        let labels = (!tags.is_empty()).then(|| view! { <div class="labels">{tags}</div> });
        Some(view! { <dl class="facts wide-facts">{facts}</dl> {labels} }.into_any())
    };
    view! { <Card title="Known of it" as_of=as_of>{dynamic(all)}</Card> }.into_any()
}

/// A label, which leads to what is active with it.
fn label(tag: &str) -> AnyView {
    let to = format!("/alerts?label={}", encoded(tag));
    view! { <a class="tag" href=to>{tag.to_owned()}</a> }.into_any()
}

/// What keeps it quiet, and how to end that.
fn quiet(
    item: Memo<Option<AlertItem>>,
    silences: RwSignal<Vec<SilenceItem>>,
    commander: Commander,
) -> AnyView {
    let ask = Ask::new(Callback::new(|()| ()));
    let live = Live::expect();
    let mine = Memo::new(move |_| {
        let Some(item) = item.get() else { return Vec::new() };
        let about = |one: &&SilenceItem| match &one.alert {
            Some(alert) => *alert == item.id,
            None => one.matcher.matches(item.severity, &item.labels),
        };
        let open = item.resolved_at.is_none();
        silences.with(|all| all.iter().filter(|_| open).filter(about).cloned().collect::<Vec<_>>())
    });
    let row = move |one: SilenceItem| {
        let now = untrack(|| live.now.get()).unwrap_or(one.since);
        let id = one.id.clone();
        let end = Callback::new(move |()| ask.with(ending(id.clone())));
        let end = commander
            .allowed
            .then(|| act(IconName::Cross, "End", "End this silence".to_owned(), end));
        view! {
            <li>
                <Icon name=IconName::Quiet />
                <span class="grow">
                    {format!("until {} by {}", moment(one.until, now), one.actor)}
                    <span class="said">{one.comment}</span>
                </span>
                {end}
            </li>
        }
        .into_any()
    };
    let card = dynamic(move || {
        let all = mine.get();
        let some = !all.is_empty();
        let rows = move || {
            let rows: Vec<AnyView> = all.into_iter().map(row).collect();
            view! {
                <section class="card" aria-label="Kept quiet">
                    <h2>"Kept quiet"</h2>
                    <ul class="lines">{rows}</ul>
                </section>
            }
            .into_any()
        };
        some.then(rows)
    });
    view! { {card} {ask.view("Silence")} }.into_any()
}

/// The question before a silence is ended.
pub fn ending(id: Arc<str>) -> Form {
    let send = move |_: &Answers| -> Sending { Box::pin(end_silence(id.clone())) };
    Form {
        title: "End this silence?".to_owned(),
        text: "What it kept quiet is told of again at once.".to_owned(),
        fields: Vec::new(),
        verb: "End it",
        danger: false,
        send: Box::new(send),
    }
}

/// Other alerts that belong to this one, if there are any.
fn others(
    doc: RwSignal<AlertDetail>,
    pick: fn(&AlertDetail) -> &Vec<AlertItem>,
    title: &'static str,
) -> AnyView {
    let all = Memo::new(move |_| doc.with(|doc| pick(doc).clone()));
    let row = |item: &AlertItem| {
        let verdict = Verdict::from(item.severity);
        let began = item.fired_at.unwrap_or(item.created_at);
        let lasted = item.resolved_at.map(|to| format::duration(to.since(began) as f64));
        view! {
            <li>
                <span class=format!("key {}", verdict.class)><Icon name=verdict.icon /></span>
                <a class="grow cut" href=href(&item.id)>{item.title.clone()}</a>
                <span class="muted">{format::day_clock(began)}</span>
                <span class="muted when">{lasted}</span>
            </li>
        }
        .into_any()
    };
    dynamic(move || {
        let (some, rows) =
            all.with(|all| (!all.is_empty(), all.iter().map(row).collect::<Vec<_>>()));
        let card = || {
            view! {
                <section class="card" aria-label=title>
                    <h2>{title}</h2>
                    <ul class="lines">{rows}</ul>
                </section>
            }
            .into_any()
        };
        some.then(card)
    })
}
