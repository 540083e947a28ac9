//! Taking in a file of trades: chosen, its columns matched, and what became of each line.

use crate::domain::trading::api::import_trades;
use crate::domain::trading::{BadLine, Imported};
use crate::ui::format;
use crate::ui::me::{is_known, leave_if_signed_out};
use crate::ui::widgets::{Answers, dynamic, table, trouble_line};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{FileReader, HtmlFormElement, HtmlInputElement};

/// What the server takes at most, in bytes.
const MOST_BYTES: f64 = 16.0 * 1_048_576.0;
/// Lines that are listed.
const LISTED: usize = 50;
/// Members of a trade, those that must be there first.
const MEMBERS: [&str; 11] = [
    "symbol",
    "side",
    "quantity",
    "price",
    "time",
    "trade",
    "account",
    "fees",
    "currency",
    "order_type",
    "strategy",
];
/// How many of them must be there.
const REQUIRED: usize = 4;

/// A file that was chosen.
#[derive(Clone, PartialEq)]
struct Chosen {
    name: String,
    columns: Vec<String>,
    text: Arc<str>,
}

/// The section that takes a file in.
pub fn import() -> AnyView {
    let chosen = RwSignal::new(None::<Chosen>);
    let (busy, trouble) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let done = RwSignal::new(None::<Imported>);
    let known = is_known();
    let choose = move |event: leptos::ev::Event| {
        chosen.set(None);
        done.set(None);
        trouble.set(None);
        let input = event_target::<HtmlInputElement>(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        if file.size() > MOST_BYTES {
            trouble.set(Some("The file is larger than 16 MiB: send it in parts.".to_owned()));
            return;
        }
        let name = file.name();
        let Ok(reader) = FileReader::new() else { return };
        let from = reader.clone();
        let read = Closure::once_into_js(move || {
            let text = from.result().ok().and_then(|text| text.as_string());
            let Some(text) = text else {
                trouble.try_set(Some("The file cannot be read.".to_owned()));
                return;
            };
            chosen.try_set(Some(Chosen { name, columns: columns(&text), text: text.into() }));
        });
        reader.set_onloadend(Some(read.unchecked_ref()));
        if reader.read_as_text(&file).is_err() {
            trouble.set(Some("The file cannot be read.".to_owned()));
        }
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(Chosen { text, .. }) = chosen.get_untracked() else { return };
        let answers = Answers::of(&event_target::<HtmlFormElement>(&event));
        let mapping = MEMBERS.iter().filter_map(|name| Some((*name, answers.some(name)?)));
        let mapping: std::collections::BTreeMap<_, _> = mapping.collect();
        let mapping = serde_json::to_string(&mapping).unwrap_or_default();
        busy.set(true);
        trouble.set(None);
        done.set(None);
        spawn_local(async move {
            match import_trades(text.to_string(), mapping).await {
                Ok(imported) => _ = done.try_set(Some(imported)),
                Err(error) => {
                    leave_if_signed_out(&error, known);
                    trouble.try_set(Some(error.to_string()));
                }
            }
            busy.try_set(false);
        });
    };
    let asks = move || chosen.with(|chosen| Some(mapping(chosen.as_ref()?, busy)));
    view! {
        <details class="card import js">
            <summary>"Import trades from a CSV file"</summary>
            <form on:submit=submit>
                <label class="field">
                    <span>"File, with a line of column names first"</span>
                    <input type="file" accept=".csv,text/csv" on:change=choose />
                </label>
                {dynamic(asks)}
            </form>
            <div role="alert">{trouble_line(trouble)}</div>
            <div role="status">{dynamic(move || done.with(|done| Some(result(done.as_ref()?))))}</div>
        </details>
    }
    .into_any()
}

/// The names in the first line.
fn columns(text: &str) -> Vec<String> {
    let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    let (mut names, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match (letter, names.last_mut()) {
            ('"', _) => quoted = !quoted,
            (',' | ';' | '\t', _) if !quoted => names.push(String::new()),
            (letter, Some(name)) => name.push(letter),
            (_, None) => {}
        }
    }
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// What is asked of a file: which column is what, where the names do not say so.
fn mapping(chosen: &Chosen, busy: RwSignal<bool>) -> AnyView {
    let Chosen { name, columns, .. } = chosen;
    let named = |member: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(member));
    let fields =
        MEMBERS.iter().enumerate().filter(|(_, member)| !named(member)).map(|(i, member)| {
            let options = columns.iter().map(|column| {
                view! { <option value=column.clone()>{column.clone()}</option> }.into_any()
            });
            let options: Vec<AnyView> = options.collect();
            let none = if i < REQUIRED { "as it is named" } else { "as it is named, or none" };
            view! {
                <label class="field">
                    <span>{*member}</span>
                    <select name=*member aria-label=*member><option value="">{none}</option>{options}</select>
                </label>
            }
            .into_any()
        });
    let fields: Vec<AnyView> = fields.collect();
    let said = format!("{name} has the columns {}.", columns.join(", "));
    let more =
        (!fields.is_empty()).then_some(" Which of them holds what has no column of its name?");
    view! {
        <p class="sub">{said}{more}</p>
        <div class="mapping">{fields}</div>
        <button type="submit" class="button primary" disabled=busy>"Import"</button>
    }
    .into_any()
}

/// What became of the lines.
fn result(done: &Imported) -> AnyView {
    let Imported { accepted, duplicates, refused, rejected } = done;
    let count = |n: u64| format::count(n);
    let said = format!(
        "{} accepted, {} there already, {} rejected",
        count(*accepted),
        count(*duplicates),
        count(*refused)
    );
    let row = |line: &BadLine| {
        let BadLine { line, column, detail } = line;
        vec![count(*line).into_any(), column.clone().into_any(), detail.clone().into_any()]
    };
    let columns: &[(&str, &str)] =
        &[("Line", "num lead"), ("Column", "name"), ("What is wrong", "wrap")];
    let rows = (!rejected.is_empty())
        .then(|| table("Rejected lines", columns, rejected.iter().take(LISTED).map(row)));
    let more = refused.checked_sub(LISTED as u64).filter(|more| *more > 0);
    let more = more.map(|more| format!("and {} more", count(more)));
    view! { <p class="calm">{said}</p>{rows}<p class="hint">{more}</p> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        assert_eq!(columns(text), expect);
    }

    #[test]
    fn columns_are_named_in_the_first_line() {
        check("symbol,side\nX,buy", &["symbol", "side"]);
        check("\u{feff}\"Ticker, long\"; Side ;\r\n", &["Ticker, long", "Side"]);
        check("", &[]);
    }
}
