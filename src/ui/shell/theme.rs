//! Light, dark, or as the system has it.

use crate::ui::widgets::{Icon, IconName};
use leptos::prelude::*;

/// Where the choice is kept; `theme.js` reads it before the page is painted.
const KEY: &str = "theme";

/// Goes to the other theme, and keeps the choice.
pub fn toggle() {
    let Some(root) = document().document_element() else { return };
    let dark_system = window()
        .match_media("(prefers-color-scheme: dark)")
        .ok()
        .flatten()
        .is_some_and(|query| query.matches());
    let system = if dark_system { "dark" } else { "light" };
    let now = root.get_attribute("data-theme").unwrap_or_else(|| system.to_owned());
    let next = if now == "dark" { "light" } else { "dark" };
    let storage = window().local_storage().ok().flatten();
    // A browser that keeps nothing still shows the choice until the page is closed.
    let _ = root.set_attribute("data-theme", next);
    if let Some(storage) = storage {
        let _ = storage.set_item(KEY, next);
    }
}

/// The switch between the two.
#[component]
pub fn ThemeButton() -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button js"
            aria-label="Switch between light and dark"
            title="Light or dark (t)"
            on:click=move |_| toggle()
        >
            <Icon name=IconName::Theme />
        </button>
    }
}
