//! The page at `/audit`: who did what, when, and from where.

use super::frame::{List, rows, tabs};
use super::words;
use crate::domain::access::api::audit;
use crate::domain::access::{AuditItem, Outcome};
use crate::ui::address::{Asked, use_ask, use_asked};
use crate::ui::widgets::{
    Answers, AskList, Badge, Icon, IconName, Watched, ago, ask_list, loaded, read_list,
    words as saying,
};
use leptos::prelude::*;
use leptos_meta::Title;
use web_sys::HtmlFormElement;

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
        let (from, to) = (get("start_time").map(time), get("end_time").map(time));
        let (outcome, after) = (get("outcome"), get("after"));
        audit(get("actor"), get("action"), None, outcome, from, to, after)
    })
}

/// A time as it is sent: browsers' fields give neither seconds nor a zone, and everything here is
/// UTC.
fn time(text: String) -> String {
    match text.len() {
        16 => text + ":00Z",
        19 => text + "Z",
        _ => text,
    }
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

/// What to show: a form whose answers stand in the address, so that it works without JavaScript.
fn filter(asked: Memo<Asked>) -> AnyView {
    let ask = use_ask();
    let send = move |form: HtmlFormElement| {
        let answers = Answers::of(&form);
        let mut next = Asked::default();
        for name in NAMES.iter().filter(|name| **name != "after") {
            next = next.with(name, &answers.get(name));
        }
        ask.run(next.href(PATH));
    };
    let form = |event: &leptos::ev::Event| {
        let target: Option<web_sys::Element> =
            event.target().and_then(|at| wasm_bindgen::JsCast::dyn_into(at).ok());
        let form = target.and_then(|at| at.closest("form").ok()?);
        form.and_then(|form| wasm_bindgen::JsCast::dyn_into::<HtmlFormElement>(form).ok())
    };
    let changed = move |event: leptos::ev::Event| _ = form(&event).map(send);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        form(&event).map(send);
    };
    let value = move |name: &'static str| saying(move || asked.get().get(name).unwrap_or_default());
    let moment = move |name: &'static str, label: &'static str| {
        let value = saying(move || {
            let text = asked.get().get(name).unwrap_or_default();
            text.chars().take(16).collect()
        });
        view! {
            <label class="select when">
                <span>{label}</span>
                <input type="datetime-local" class="filter" name=name value=asked.get_untracked().get(name) prop:value=value />
            </label>
        }
        .into_any()
    };
    let outcomes = [("", "Any outcome")]
        .into_iter()
        .chain([Outcome::Done, Outcome::Denied].map(|one| (one.name(), one.name())));
    let choose = move |name: &'static str,
                       label: &'static str,
                       all: Vec<(&'static str, &'static str)>| {
        let chosen = asked.get_untracked().get(name).unwrap_or_default();
        // One that is not offered is still what the address asks for.
        let other = (!all.iter().any(|(value, _)| *value == chosen)).then(|| chosen.clone());
        let other = other
            .map(|value| view! { <option value=value.clone() selected>{value.clone()}</option> });
        let option = |(value, word): (&'static str, &'static str)| {
            view! { <option value=value selected=value == chosen>{word}</option> }.into_any()
        };
        let options: Vec<AnyView> = all.into_iter().map(option).collect();
        view! {
            <span class="select"><select name=name aria-label=label>{other}{options}</select></span>
        }
        .into_any()
    };
    view! {
        <form class="toolbar" method="get" action=PATH role="search" on:change=changed on:submit=submit>
            <input
                type="search"
                name="actor"
                class="filter"
                data-filter=""
                placeholder="Who  ( / )"
                aria-label="Who"
                autocomplete="off"
                value=asked.get_untracked().get("actor")
                prop:value=value("actor")
            />
            {choose("action", "What", ABOUT.to_vec())}
            {choose("outcome", "How it went", outcomes.collect())}
            {moment("start_time", "From, UTC")}
            {moment("end_time", "until")}
            <noscript><button type="submit" class="button">"Apply"</button></noscript>
        </form>
    }
    .into_any()
}

/// Links to what is shown, all of it, as files.
fn exports(asked: Memo<Asked>) -> AnyView {
    let link = |name: &'static str, word: &'static str| {
        let to = saying(move || {
            let mut here = asked.get().with("format", name);
            for name in ["start_time", "end_time"] {
                if let Some(text) = here.get(name) {
                    here = here.with(name, &time(text));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(time(text.to_owned()), expect);
    }

    #[test]
    fn times_of_fields_are_in_utc() {
        check("2026-01-02T03:04", "2026-01-02T03:04:00Z");
        check("2026-01-02T03:04:05", "2026-01-02T03:04:05Z");
        check("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z");
    }
}
