//! What is shown where nothing has come yet: what to send, and the line that sends it.

use super::{Icon, IconName, text};
use leptos::prelude::*;
use std::time::Duration;

/// A line to copy.
#[component]
pub fn Snippet(
    /// The line; `{origin}` in it becomes the address of this board.
    #[prop(into)]
    line: String,
) -> impl IntoView {
    let origin = RwSignal::new("http://127.0.0.1:3000".to_owned());
    Effect::new(move |_| {
        if let Ok(here) = window().location().origin() {
            origin.set(here);
        }
    });
    let text = Memo::new(move |_| line.replace("{origin}", &origin.get()));
    view! {
        <div class="snippet">
            <pre tabindex="0"><code>{text}</code></pre>
            {copy_button("Copy", "copy js", Box::new(move || text.get_untracked()))}
        </div>
    }
}

/// A button that copies what `what` makes; it says so for a moment.
pub fn copy_button(
    word: &'static str,
    class: &'static str,
    what: Box<dyn Fn() -> String + Send + Sync>,
) -> AnyView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        // There is no clipboard where others may listen; what is shown can be selected all the same.
        if !window().is_secure_context() {
            return;
        }
        let _ = window().navigator().clipboard().write_text(&what());
        copied.set(true);
        set_timeout(move || _ = copied.try_set(false), Duration::from_secs(2));
    };
    let said = text(move || if copied.get() { "Copied" } else { word }.to_owned());
    view! {
        <button type="button" class=class on:click=copy>
            <Icon name=IconName::Copy />
            <span aria-live="polite">{said}</span>
        </button>
    }
    .into_any()
}

/// Nothing here yet, and how to change that.
#[component]
pub fn Empty(
    /// What is not there.
    title: &'static str,
    /// What would bring it.
    why: &'static str,
    /// A line that brings some.
    line: &'static str,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="empty-title">{title}</p>
            <p>{why}</p>
            <Snippet line=line />
            <p class="hint"><a href="/docs" rel="external">"Other ways in"</a></p>
        </div>
    }
}
