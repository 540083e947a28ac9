//! The page at `/audit`: who did what, when, and from where.

use super::frame::tabs;
use super::words;
use crate::domain::access::api::audit;
use crate::domain::access::{AuditItem, Outcome};
use crate::ui::address::{Asked, use_asked};
use crate::ui::widgets::{
    AskList, Badge, Icon, IconName, List, Watched, ago, ask_list, choice_field, filter_form,
    loaded, moment_field, read_list, rows, utc_time, word_field, words as saying,
};
use leptos::prelude::*;
use leptos_meta::Title;

const PATH: &str = "/audit";
const NAMES: [&str; 6] = ["actor", "action", "outcome", "start_time", "end_time", "after"];
const COLUMNS: &[(&str, &str)] = &[
    ("When", "lead"),
    ("Who", ""),
    ("What", ""),
    ("To", "wrap"),
    ("How it went", ""),
    ("From", ""),
];
/// What actions are about, as the filter offers them.
const ABOUT: [(&str, &str); 9] = [
    ("", "Anything"),
    ("session", "Sessions"),
    ("user", "Users"),
    ("role", "Roles"),
    ("token", "Tokens"),
    ("access", "Denials"),
    ("task", "Tasks"),
    ("job", "Jobs"),
    ("settings", "Settings"),
];

fn ask() -> AskList {
    ask_list(|asked: Asked| {
        let get = |name: &str| asked.get(name);
        let (from, to) = (get("start_time").map(utc_time), get("end_time").map(utc_time));
        let (outcome, after) = (get("outcome"), get("after"));
        audit(get("actor"), get("action"), None, outcome, from, to, after)
    })
}

/// The page at `/audit`.
#[component]
pub fn AuditLog() -> impl IntoView {
    let (asked, ask) = (use_asked(&NAMES), ask());
    let page = read_list(asked, &ask);
    view! {
        <Title text="Audit log · Bellwether" />
        {tabs()}
        {loaded(page, move |first| {
            let page = Watched::new(first, asked, ask.clone());
            let list = List {
                label: "Audit log",
                path: PATH,
                word: "entry",
                columns: COLUMNS,
                rows: rows(row),
                empty: nothing,
                beside: Some(exports(asked)),
            };
            view! { {filter(asked)} {list.view(page, asked)} }.into_any()
        })}
    }
}

fn nothing(chooses: bool) -> AnyView {
    let (title, why) = match chooses {
        true => ("Nothing is like that", "Nobody has done what the filter asks for."),
        false => (
            "Nobody has done anything yet",
            "Who signs in, who changes something and who is denied something is told here.",
        ),
    };
    let all =
        chooses.then(|| view! { <p class="row"><a class="button" href=PATH>"Show all"</a></p> });
    view! { <div class="empty"><p class="empty-title">{title}</p><p>{why}</p>{all}</div> }
        .into_any()
}

fn row(item: &AuditItem) -> Vec<AnyView> {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    let narrow = |name: &'static str, value: &str| Asked::default().with(name, value).href(PATH);
    vec![
        ago(item.at),
        view! {
            <a class="link" href=narrow("actor", &item.actor)>{item.actor.to_string()}</a>
            <span class="about">{text(&item.via).replace('_', " ")}</span>
        }
        .into_any(),
        view! { <a class="link" href=narrow("action", &item.action)><code>{item.action.to_string()}</code></a> }
            .into_any(),
        view! { <span>{text(&item.target)}</span> <span class="about">{text(&item.detail)}</span> }
            .into_any(),
        view! { <Badge verdict=words::outcome(item.outcome) /> }.into_any(),
        item.address.as_ref().map(|address| address.to_string()).into_any(),
    ]
}

fn filter(asked: Memo<Asked>) -> AnyView {
    let outcomes = [("", "Any outcome")]
        .into_iter()
        .chain([Outcome::Done, Outcome::Denied].map(|one| (one.name(), one.name())));
    let fields = view! {
        {word_field(asked, "actor", "Who")}
        {choice_field(asked, "action", "What", ABOUT.to_vec())}
        {choice_field(asked, "outcome", "How it went", outcomes.collect())}
        {moment_field(asked, "start_time", "From, UTC")}
        {moment_field(asked, "end_time", "until")}
    };
    filter_form(PATH, &NAMES, fields.into_any())
}

/// Links to what is shown, all of it, as files.
fn exports(asked: Memo<Asked>) -> AnyView {
    let link = |name: &'static str, word: &'static str| {
        let to = saying(move || {
            let mut here = asked.get().with("format", name);
            for name in ["start_time", "end_time"] {
                if let Some(text) = here.get(name) {
                    here = here.with(name, &utc_time(text));
                }
            }
            here.href("/api/v1/audit")
        });
        view! {
            <a class="button small" href=to rel="external" download="">
                <Icon name=IconName::Down />
                {word}
            </a>
        }
        .into_any()
    };
    view! { <span class="row">{link("csv", "CSV")} {link("ndjson", "NDJSON")}</span> }.into_any()
}
