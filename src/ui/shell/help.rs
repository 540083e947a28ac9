//! The list of keys.

use super::keys::KEYS;
use super::pages::seen_pages;
use super::{Overlay, palette::Dialog};
use leptos::prelude::*;

/// The list of keys, when it is asked for.
#[component]
pub fn Help() -> impl IntoView {
    view! {
        <Dialog opens=Overlay::Help label="Keys">
            <h2>"Keys"</h2>
            <dl class="keys" tabindex="0">
                {KEYS
                    .iter()
                    .map(|(keys, what)| entry(keys, (*what).to_owned()))
                    .collect_view()}
                {seen_pages()
                    .into_iter()
                    .map(|page| entry(&format!("g {}", page.key), format!("Go to {}", page.name.to_ascii_lowercase())))
                    .collect_view()}
            </dl>
            <p class="hint">
                <a href="/docs" rel="external">"Documentation"</a>
                " · "
                <a href="/api/docs" rel="external">"Interface for programs"</a>
            </p>
        </Dialog>
    }
}

/// Keys, and what they do.
fn entry(keys: &str, what: String) -> AnyView {
    let keys = keys.split(' ').map(|key| view! { <kbd>{key.to_owned()}</kbd> }).collect_view();
    view! {
        <dt>{keys}</dt>
        <dd>{what}</dd>
    }
    .into_any()
}
