//! Keys that work on every page.

use super::pages::{PageLink, seen_pages};
use super::{Overlay, theme};
use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use std::sync::Arc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// How long `g` waits for the key that follows it.
const CHORD: Duration = Duration::from_millis(1_500);

/// What each key does but those that lead to pages, for the list of keys.
pub const KEYS: [(&str, &str); 9] = [
    ("Ctrl K", "Search projects, agents, pages and commands"),
    ("/", "Filter the list on this page"),
    ("j k", "Next and previous row"),
    ("x", "Select the alert"),
    ("a", "Acknowledge the alert, or those selected"),
    ("s", "Silence the alert, or those selected"),
    ("t", "Light or dark"),
    ("?", "This list"),
    ("Esc", "Close, or leave a field"),
];

/// Listens for as long as the page is open. Does nothing on the server.
pub fn listen(overlay: RwSignal<Overlay>) {
    let navigate = use_navigate();
    let after_g = StoredValue::new(false);
    let pages: Arc<[&'static PageLink]> = seen_pages().into();
    Effect::new(move |_| {
        let (navigate, pages) = (navigate.clone(), pages.clone());
        let handle = window_event_listener(ev::keydown, move |event| {
            let go = |path: &str| navigate(path, NavigateOptions::default());
            if press(&event, overlay, after_g, &pages, &go) {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// Does what the key says; whether it meant anything here.
fn press(
    event: &KeyboardEvent,
    overlay: RwSignal<Overlay>,
    after_g: StoredValue<bool>,
    pages: &[&'static PageLink],
    go: &dyn Fn(&str),
) -> bool {
    let key = event.key();
    if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
        overlay.set(Overlay::Palette);
        return true;
    }
    if event.ctrl_key()
        || event.meta_key()
        || event.alt_key()
        || overlay.get_untracked() != Overlay::None
    {
        return false;
    }
    if typing(event) {
        return key == "Escape" && leave_field();
    }
    if after_g.get_value() {
        after_g.set_value(false);
        if let Some(page) = pages.iter().find(|page| page.key == key) {
            go(page.path);
            return true;
        }
    }
    match key.as_str() {
        "g" => {
            after_g.set_value(true);
            set_timeout(move || _ = after_g.try_set_value(false), CHORD);
        }
        "/" => return focus("[data-filter]"),
        "?" => overlay.set(Overlay::Help),
        "t" => theme::toggle(),
        "j" => return step(1),
        "k" => return step(-1),
        _ => return false,
    }
    true
}

/// Whether keys go into a field.
pub fn typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| {
        let ticked = element.get_attribute("type").is_some_and(|kind| kind == "checkbox");
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") && !ticked
    })
}

fn leave_field() -> bool {
    let active = document().active_element().and_then(|a| a.dyn_into::<HtmlElement>().ok());
    active.is_some_and(|field| field.blur().is_ok())
}

fn focus(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    let found = found.and_then(|element| element.dyn_into::<HtmlElement>().ok());
    found.is_some_and(|element| element.focus().is_ok())
}

/// Moves the focus to the link of the next row, or the one before; whether there is one.
pub fn step(by: i32) -> bool {
    let Ok(links) = document().query_selector_all("[data-row-link]") else { return false };
    let active = document().active_element();
    let count = i32::try_from(links.length()).unwrap_or(i32::MAX);
    let at = (0..count).find(|&i| {
        let link = u32::try_from(i).ok().and_then(|i| links.item(i));
        link.is_some() && link.as_ref() == active.as_ref().map(AsRef::as_ref)
    });
    let next = at.map_or(if by > 0 { 0 } else { count - 1 }, |at| at + by);
    let link = u32::try_from(next).ok().and_then(|next| links.item(next));
    link.and_then(|link| link.dyn_into::<HtmlElement>().ok())
        .is_some_and(|link| link.focus().is_ok())
}
