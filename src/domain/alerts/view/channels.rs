//! The page at `/alerts/channels`: whom alerts reach, and what did not get through.

use super::channel_form::{editing, kind_name, removal, turned};
use super::matching::said;
use super::rules::{switch, switched};
use super::words::tabs;
use crate::domain::alerts::api::{
    channels, notifications, requeue_notification, save_channel, test_channel,
};
use crate::domain::alerts::{ChannelItem, ChannelTest, NotificationItem};
use crate::ui::address::use_asked;
use crate::ui::format;
use crate::ui::widgets::{
    Ask, Icon, IconName, List, Watched, act, ago, ask_list, dynamic, loaded, new_button, read_list,
    rows,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use std::sync::Arc;

const PATH: &str = "/alerts/channels";
const COLUMNS: &[(&str, &str)] = &[
    ("Channel", "lead"),
    ("Is told of", "wrap"),
    ("Last got through", "wrap"),
    ("Waits", "num"),
    ("Given up", "num"),
    ("", ""),
];
const LETTERS: &[(&str, &str)] = &[
    ("Notification", "lead wrap"),
    ("Channel", "name"),
    ("Since", ""),
    ("Tries", "num"),
    ("What went wrong last", "wrap"),
    ("", ""),
];

/// How trying a channel out went, with its name; none while it is being tried.
type Tried = RwSignal<Option<(String, Option<ChannelTest>)>>;

/// The page at `/alerts/channels`.
#[component]
pub fn Channels() -> impl IntoView {
    let asked = use_asked(&[]);
    let (ask_all, ask_letters) = (ask_list(|_| channels()), ask_list(|_| notifications()));
    let (all, letters) = (read_list(asked, &ask_all), read_list(asked, &ask_letters));
    view! {
        <Title text="Channels · Bellwether" />
        {tabs()}
        {loaded(all, move |first| {
            let page = Watched::new(first, asked, ask_all.clone());
            let (ask, tried) = (Ask::new(Callback::new(move |()| page.again())), Tried::new(None));
            let new = Callback::new(move |()| ask.with(editing(None)));
            let list = List {
                label: "Channels",
                path: PATH,
                word: "channel",
                columns: COLUMNS,
                rows: rows(move |item: &ChannelItem| row(item, page, ask, tried)),
                empty: |_| nothing(),
                beside: Some(new_button("New channel", new)),
            };
            view! {
                {dynamic(move || tried.get().map(|(name, test)| outcome(&name, test)))}
                {list.view(page, asked)}
                {ask.view("Channel")}
            }
            .into_any()
        })}
        {loaded(letters, move |first| {
            let page = Watched::new(first, asked, ask_letters.clone());
            let list = List {
                label: "What waits, and what was given up",
                path: PATH,
                word: "notification",
                columns: LETTERS,
                rows: rows(move |item: &NotificationItem| letter(item, page)),
                empty: |_| view! { <p class="calm">"Nothing waits, and nothing was given up."</p> }.into_any(),
                beside: None,
            };
            list.view(page, asked)
        })}
    }
}

fn nothing() -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-title">"Alerts reach nobody yet"</p>
            <p>"A channel tells people who do not look at this board: by mail, in a chat, on a phone, or another program by a signed webhook."</p>
        </div>
    }
    .into_any()
}

/// How trying a channel out went.
fn outcome(name: &str, test: Option<ChannelTest>) -> AnyView {
    let (class, icon, text) = match test {
        None => ("unk", IconName::Waiting, format!("{name} is being tried…")),
        Some(ChannelTest { success: true, detail, took_ms }) => {
            let took = format::duration(took_ms as f64);
            ("ok", IconName::Ok, format!("{name} took it in {took}: {detail}"))
        }
        Some(ChannelTest { detail, .. }) => {
            ("crit", IconName::Critical, format!("{name} did not take it: {detail}"))
        }
    };
    view! {
        <p class=format!("told {class}") role="status"><Icon name=icon /><span>{text}</span></p>
    }
    .into_any()
}

fn row(item: &ChannelItem, page: Watched, ask: Ask, tried: Tried) -> Vec<AnyView> {
    let name = item.name.clone();
    let off = (!item.enabled).then(|| view! { <span class="tag">"off"</span> });
    let to = match item.to.is_empty() {
        true => item.url.clone(),
        false => item.to.join(", "),
    };
    let error = item.last_error.clone();
    let error = error.map(|error| view! { <span class="about bad">{error}</span> });
    let sent = match item.last_sent_at {
        Some(at) => ago(at),
        None => view! { <span class="muted">"never"</span> }.into_any(),
    };
    let count = |n: u32, class: &'static str| match n {
        0 => ().into_any(),
        n => view! { <span class=class>{n}</span> }.into_any(),
    };
    let test = {
        let (id, name) = (item.id.clone(), name.clone());
        Callback::new(move |()| try_out(id.clone(), name.clone(), page, tried))
    };
    let turn = {
        let (id, spec) = (item.id.clone(), turned(item, !item.enabled));
        Callback::new(move |()| {
            switch(page, Box::pin(save_channel(Some(id.clone()), spec.clone())));
        })
    };
    let edit = {
        let item = item.clone();
        Callback::new(move |()| ask.with(editing(Some(&item))))
    };
    let remove = {
        let (id, name) = (item.id.clone(), name.clone());
        Callback::new(move |()| ask.with(removal(id.clone(), &name)))
    };
    let (icon, word) = switched(item.enabled);
    vec![
        view! { <b>{name.clone()}</b> <span class="tag">{kind_name(item.kind)}</span> {off} <span class="about" title=to.clone()>{to.clone()}</span> }
            .into_any(),
        said(&item.matcher).into_any(),
        view! { {sent} {error} }.into_any(),
        count(item.waiting, "num"),
        count(item.dead, "num bad"),
        view! {
            <span class="row">
                {act(IconName::Send, "Test", format!("Test {name}"), test)}
                {act(icon, word, format!("{word} {name}"), turn)}
                {act(IconName::Edit, "Edit", format!("Edit {name}"), edit)}
                {act(IconName::Cross, "Remove", format!("Remove {name}"), remove)}
            </span>
        }
        .into_any(),
    ]
}

/// Tries a channel out, and shows what it said.
fn try_out(id: Arc<str>, name: String, page: Watched, tried: Tried) {
    tried.set(Some((name.clone(), None)));
    spawn_local(async move {
        let test = test_channel(id).await.unwrap_or_else(|error| ChannelTest {
            success: false,
            detail: error.to_string(),
            took_ms: 0,
        });
        tried.try_set(Some((name, Some(test))));
        page.again();
    });
}

fn letter(item: &NotificationItem, page: Watched) -> Vec<AnyView> {
    let title = item.titles.first().cloned().unwrap_or_default();
    let more = item.titles.len().saturating_sub(1);
    let more = (more > 0).then(|| view! { <span class="tag">{format!("and {more} more")}</span> });
    let state = match (item.dead, item.next_at) {
        (true, _) => view! { <span class="about bad">"given up"</span> }.into_any(),
        (false, _) if item.attempts == 0 => {
            view! { <span class="about">"waits for its turn"</span> }.into_any()
        }
        (false, Some(at)) => {
            view! { <span class="about">{format!("next try at {}", format::clock(at))}</span> }
                .into_any()
        }
        (false, None) => view! { <span class="about">"is being sent"</span> }.into_any(),
    };
    let again = item.dead.then(|| {
        let (id, label) = (item.id.clone(), format!("Try {title} again"));
        let on = Callback::new(move |()| switch(page, Box::pin(requeue_notification(id.clone()))));
        act(IconName::Retry, "Try again", label, on)
    });
    vec![
        view! { <b>{title.clone()}</b> {more} {state} }.into_any(),
        item.channel.to_string().into_any(),
        ago(item.created_at),
        item.attempts.into_any(),
        item.last_error.clone().into_any(),
        view! { <span class="row">{again}</span> }.into_any(),
    ]
}
