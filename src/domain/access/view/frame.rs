//! What the pages of access share: their tabs.

use crate::ui::shell::{ACCESS, page_tabs};
use leptos::prelude::*;

/// Links to the pages of access that one may see.
pub fn tabs() -> AnyView {
    page_tabs("Access", &ACCESS)
}
