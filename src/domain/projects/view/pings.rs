//! The page at `/pings`: what jobs report to.

use super::job::{badge, mark, span, when};
use crate::domain::projects::api::{create_ping, pings, remove_ping};
use crate::domain::projects::{PingItem, PingMade, PingSpec};
use crate::ui::address::{Asked, use_asked};
use crate::ui::format;
use crate::ui::shell::{PROJECTS, page_tabs};
use crate::ui::widgets::{
    Answers, Ask, Field, Form, IconName, Kind, List, Sending, Snippet, Watched, act, ago, ask_list,
    dynamic, loaded, new_button, read_list, rows,
};
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;

const PATH: &str = "/pings";
const COLUMNS: &[(&str, &str)] = &[
    ("Job", "lead"),
    ("Expected", "wrap"),
    ("State", "whole"),
    ("Next", "whole"),
    ("Last ping", ""),
    ("Made", "spare"),
    ("", ""),
];

/// The page at `/pings`.
#[component]
pub fn PingsList() -> impl IntoView {
    let asked = use_asked(&["after"]);
    let ask_all = ask_list(|asked: Asked| pings(asked.get("after")));
    let all = read_list(asked, &ask_all);
    view! {
        <Title text="Pings · Bellwether" />
        {page_tabs("Projects", &PROJECTS)}
        {loaded(all, move |first| {
            let page = Watched::new(first, asked, ask_all.clone());
            let ask = Ask::new(Callback::new(move |()| page.again()));
            let made = RwSignal::new(None::<Arc<PingMade>>);
            let list = List {
                label: "Pings",
                path: PATH,
                word: "ping",
                columns: COLUMNS,
                rows: rows(move |item: &PingItem| row(item, ask)),
                empty: |_| nothing(),
                beside: Some(new_button("New ping", Callback::new(move |()| ask.with(creation(made))))),
            };
            view! {
                {dynamic(move || made.get().map(|new| address(&new, made)))}
                {list.view(page, asked)}
                {ask.view("Ping")}
            }
            .into_any()
        })}
    }
}

fn nothing() -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-title">"There are no pings"</p>
            <p>"A ping is an address that a cron job reports to when it is done. When it does not report in time, the board turns red by itself."</p>
        </div>
    }
    .into_any()
}

/// The address of a ping that was just made; it is not told again.
fn address(new: &PingMade, made: RwSignal<Option<Arc<PingMade>>>) -> AnyView {
    view! {
        <section class="card secret" aria-labelledby="address">
            <h2 id="address" role="status">{format!("The ping of {} was made", new.project)}</h2>
            <p class="muted">"Copy its address now: it is shown this once, and kept as a hash alone."</p>
            <Snippet line=new.url.clone() />
            <p class="muted">"In crontab, with the job's exit status:"</p>
            <Snippet line=new.line.clone() />
            <p class="row">
                <button type="button" class="button" on:click=move |_| made.set(None)>"I have copied it"</button>
            </p>
        </section>
    }
    .into_any()
}

fn row(item: &PingItem, ask: Ask) -> Vec<AnyView> {
    let name = item.project.to_string();
    let grace = format!("grace {}", span(item.grace_s));
    let due = item.next_due.map_or_else(|| "—".to_owned(), format::day_clock);
    let last = match item.last_ping_at {
        Some(at) => ago(at),
        None => view! { <span class="muted">"never"</span> }.into_any(),
    };
    let (id, asked) = (item.id.clone(), name.clone());
    let remove = Callback::new(move |()| ask.with(removal(id.clone(), &asked)));
    let by = format!(" by {}", item.created_by);
    let when = when(item.every_s, item.schedule.as_deref(), item.tz.as_deref());
    vec![
        view! { <a href=item.project.href()><b>{name.clone()}</b></a> }.into_any(),
        view! { {mark(when)} <span class="about muted">{grace}</span> }.into_any(),
        badge(item.state),
        due.into_any(),
        last,
        view! { {ago(item.created_at)} <span class="muted">{by}</span> }.into_any(),
        act(IconName::Cross, "Remove", format!("Remove {name}"), remove),
    ]
}

fn creation(made: RwSignal<Option<Arc<PingMade>>>) -> Form {
    let send = move |answers: &Answers| -> Sending {
        let seconds = |name| answers.number(name).map(|n| n as u32);
        let spec = PingSpec {
            project: answers.get("project"),
            every_s: seconds("every_s"),
            schedule: answers.some("schedule"),
            tz: answers.some("tz"),
            grace_s: seconds("grace_s"),
        };
        Box::pin(async move {
            made.try_set(Some(Arc::new(create_ping(spec).await?)));
            Ok(())
        })
    };
    let optional = |name, label, kind, hint| Field::new(name, label, kind).hint(hint).optional();
    Form {
        title: "New ping".to_owned(),
        text: "A project has one ping: another takes its place.".to_owned(),
        fields: vec![
            Field::new("project", "Project", Kind::Text).hint("The job's name."),
            optional("every_s", "Every, in seconds", Kind::Number, "This or a line of crontab."),
            optional("schedule", "Line of crontab", Kind::Text, "Five fields, such as 0 3 * * *."),
            optional(
                "tz",
                "Time zone of the line",
                Kind::Text,
                "Europe/Paris; UTC if it is empty.",
            ),
            optional(
                "grace_s",
                "Grace, in seconds",
                Kind::Number,
                "How late it may be, and how long it may run.",
            ),
        ],
        verb: "Create",
        danger: false,
        send: Box::new(send),
    }
}

fn removal(id: Arc<str>, name: &str) -> Form {
    let send = move |_: &Answers| -> Sending { Box::pin(remove_ping(id.clone())) };
    Form {
        title: format!("Remove the ping of {name}?"),
        text: "Its address is known no more, and nobody misses the job. The project stays."
            .to_owned(),
        fields: Vec::new(),
        verb: "Remove",
        danger: true,
        send: Box::new(send),
    }
}
