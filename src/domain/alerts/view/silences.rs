//! The page at `/alerts/silences`: what keeps alerts quiet, and when it does so again and again.

use super::commander::{lengths, until};
use super::detail::ending;
use super::maintenance;
use super::matching::{field, matcher, preview, said};
use super::words::{href, moment, tabs};
use crate::domain::Topic;
use crate::domain::alerts::api::{alerts, create_silence};
use crate::domain::alerts::{AlertsPage, Matcher, SilenceItem, SilenceSpec};
use crate::ui::address::use_asked;
use crate::ui::live::{Live, follow_doc};
use crate::ui::me::{Permission, may};
use crate::ui::widgets::{
    Answers, AsOf, Ask, Field, Form, IconName, Kind, Sending, act, ago, dynamic, form, loaded,
    read_list, reading, table, text,
};
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlFormElement};

const COLUMNS: &[(&str, &str)] =
    &[("Which alerts", "lead wrap"), ("Why", "wrap"), ("Until", ""), ("Made", ""), ("", "")];

/// The page at `/alerts/silences`.
#[component]
pub fn Silences() -> impl IntoView {
    let asked = use_asked(&[]);
    let page = reading(alerts);
    let ask = maintenance::ask();
    let windows = read_list(asked, &ask);
    view! {
        <Title text="Silences · Bellwether" />
        {tabs()}
        {loaded(page, board)}
        {loaded(windows, move |first| maintenance::list(first, asked, ask.clone()))}
    }
}

fn board(first: AlertsPage) -> AnyView {
    let as_of = first.as_of;
    let doc = follow_doc(Topic::Alerts, first);
    let all = Memo::new(move |_| doc.with(|doc| doc.silences.clone()));
    let allowed = may(Permission::AcknowledgeAlerts);
    let ask = Ask::new(Callback::new(|()| ()));
    let live = Live::expect();
    let title_of = move |id: &str| {
        let title = doc.with_untracked(|doc| {
            doc.items.iter().find(|item| *item.id == *id).map(|item| item.title.clone())
        });
        title.unwrap_or_else(|| "an alert that is over".to_owned())
    };
    let row = move |one: &SilenceItem| {
        let now = untrack(|| live.now.get()).unwrap_or(one.since);
        let which = match &one.alert {
            Some(id) => {
                view! { <a class="link" href=href(id)><b>{title_of(id)}</b></a> }.into_any()
            }
            None => view! { <b>{said(&one.matcher)}</b> }.into_any(),
        };
        let window =
            one.maintenance.as_ref().map(|_| view! { <span class="tag">"maintenance"</span> });
        let end = allowed.then(|| {
            let id = one.id.clone();
            let on = Callback::new(move |()| ask.with(ending(id.clone())));
            act(IconName::Cross, "End", "End this silence".to_owned(), on)
        });
        vec![
            view! { {which} {window} }.into_any(),
            one.comment.clone().into_any(),
            moment(one.until, now).into_any(),
            view! { {ago(one.since)} <span class="muted">{format!(" by {}", one.actor)}</span> }
                .into_any(),
            view! { <span class="row">{end}</span> }.into_any(),
        ]
    };
    let shown = move || {
        Some(all.with(|all| match all.is_empty() {
            true => view! { <p class="calm">"Nothing is silenced: every alert that fires is told of."</p> }
                .into_any(),
            false => table("Silences", COLUMNS, all.iter().map(row)),
        }))
    };
    let count = move || match all.with(Vec::len) {
        1 => "1 silence".to_owned(),
        n => format!("{n} silences"),
    };
    view! {
        <div class="grid top">
            <section class="card flush c8" aria-label="Silences">
                <p class="count" role="status">{text(count)}</p>
                {dynamic(shown)}
                <AsOf at=as_of />
            </section>
            {allowed.then(|| creation(doc, live))}
        </div>
        {ask.view("Silence")}
    }
    .into_any()
}

/// A form for a silence of what matches, with what it hits now.
fn creation(doc: RwSignal<AlertsPage>, live: Live) -> AnyView {
    let typed = RwSignal::new(String::new());
    let send = move |answers: &Answers| -> Sending {
        let made = matcher(&answers.exact("match")).and_then(|matcher| {
            let (until, for_s) = until(answers, live)?;
            Ok(SilenceSpec { matcher, until, for_s, comment: answers.some("comment") })
        });
        Box::pin(async move { create_silence(made?).await })
    };
    let mut fields = vec![field(&Matcher::default())];
    fields.extend(lengths());
    fields.push(
        Field::new("comment", "Comment", Kind::Text)
            .hint("Why. Whoever misses an alert reads it.")
            .optional(),
    );
    let asked = Form {
        title: String::new(),
        text: String::new(),
        fields,
        verb: "Silence",
        danger: false,
        send: Box::new(send),
    };
    let heard = move |event: leptos::ev::Event| {
        let target = event.target().and_then(|at| at.dyn_into::<Element>().ok());
        let form = target.and_then(|at| at.closest("form").ok()?);
        if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            typed.set(Answers::of(&form).exact("match"));
        }
    };
    let hits = move || {
        let matcher = matcher(&typed.get()).ok()?;
        Some(doc.with(|doc| preview(&matcher, &doc.items)))
    };
    let done = Callback::new(move |()| typed.set(String::new()));
    view! {
        <section class="card c4 js" aria-labelledby="new-silence" on:input=heard>
            <h2 id="new-silence">"Silence what matches"</h2>
            {form(Arc::new(asked), done, None)}
            <div class="hits" role="status">
                <h3>"What it keeps quiet now"</h3>
                {dynamic(hits)}
            </div>
        </section>
    }
    .into_any()
}
