//! A form that says what a list is to show. Its answers stand in the address, so that it works
//! without JavaScript.

use super::{Answers, words};
use crate::ui::address::{Asked, use_ask};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlFormElement};

/// A time as it is sent: browsers' fields give neither seconds nor a zone, and everything here is
/// UTC.
pub fn utc_time(text: String) -> String {
    match text.len() {
        16 => text + ":00Z",
        19 => text + "Z",
        _ => text,
    }
}

/// The form that a field of it was changed in, or that is sent.
pub fn form_of(event: &leptos::ev::Event) -> Option<HtmlFormElement> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest("form").ok()??.dyn_into().ok()
}

/// The form, about these names, with its fields. It answers whenever a field changes, and with a
/// button where there is no JavaScript.
pub fn filter_form(path: &'static str, names: &'static [&'static str], fields: AnyView) -> AnyView {
    let ask = use_ask();
    let send = move |event: &leptos::ev::Event| {
        let Some(form) = form_of(event) else { return };
        let answers = Answers::of(&form);
        let mut next = Asked::default();
        for name in names.iter().filter(|name| **name != "after") {
            next = next.with(name, &answers.get(name));
        }
        ask.run(next.href(path));
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send(&event);
    };
    view! {
        <form class="toolbar" method="get" action=path role="search" on:change=move |event| send(&event) on:submit=submit>
            {fields}
            <noscript><button type="submit" class="button">"Apply"</button></noscript>
        </form>
    }
    .into_any()
}

fn asked_for(asked: Memo<Asked>, name: &'static str) -> String {
    asked.get().get(name).unwrap_or_default()
}

/// A field for words, which `/` leads to.
pub fn word_field(asked: Memo<Asked>, name: &'static str, label: &'static str) -> AnyView {
    view! {
        <input
            type="search"
            name=name
            class="filter"
            data-filter=""
            placeholder=format!("{label}  ( / )")
            aria-label=label
            autocomplete="off"
            value=asked.get_untracked().get(name)
            prop:value=words(move || asked_for(asked, name))
        />
    }
    .into_any()
}

/// A field for a time, in UTC.
pub fn moment_field(asked: Memo<Asked>, name: &'static str, label: &'static str) -> AnyView {
    let value = words(move || asked_for(asked, name).chars().take(16).collect());
    view! {
        <label class="select when">
            <span>{label}</span>
            <input type="datetime-local" class="filter" name=name value=asked.get_untracked().get(name) prop:value=value />
        </label>
    }
    .into_any()
}

/// A field for one of several values, each with its word.
pub fn choice_field(
    asked: Memo<Asked>,
    name: &'static str,
    label: &'static str,
    all: Vec<(&'static str, &'static str)>,
) -> AnyView {
    let chosen = asked.get_untracked().get(name).unwrap_or_default();
    // One that is not offered is still what the address asks for.
    let other = (!all.iter().any(|(value, _)| *value == chosen)).then(|| chosen.clone());
    let other =
        other.map(|value| view! { <option value=value.clone() selected>{value.clone()}</option> });
    let option = |(value, word): (&'static str, &'static str)| {
        view! { <option value=value selected=value == chosen>{word}</option> }.into_any()
    };
    let options: Vec<AnyView> = all.into_iter().map(option).collect();
    view! { <span class="select"><select name=name aria-label=label>{other}{options}</select></span> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(utc_time(text.to_owned()), expect);
    }

    #[test]
    fn times_of_fields_are_in_utc() {
        check("2026-01-02T03:04", "2026-01-02T03:04:00Z");
        check("2026-01-02T03:04:05", "2026-01-02T03:04:05Z");
        check("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z");
    }
}
