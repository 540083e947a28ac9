//! What went wrong, in a line.

use super::{Icon, IconName, dynamic};
use leptos::prelude::*;

/// What went wrong, while something did.
pub fn trouble_line(trouble: RwSignal<Option<String>>) -> AnyView {
    dynamic(move || {
        let text = trouble.get()?;
        let line =
            view! { <p class="trouble"><Icon name=IconName::Warning /><span>{text}</span></p> };
        Some(line.into_any())
    })
}
