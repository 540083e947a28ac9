//! Links from page to page of one subject.

use super::{PageLink, seen};
use crate::ui::widgets::mark;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Links to those of `pages` that whoever looks may see; the one that is shown is marked.
pub fn page_tabs(label: &'static str, pages: &'static [PageLink]) -> AnyView {
    let path = use_location().pathname;
    let tab = |page: &'static PageLink| {
        let here = mark("page", move || path.with(|path| path == page.path));
        view! { <a href=page.path aria-current=here>{page.name}</a> }.into_any()
    };
    let tabs: Vec<AnyView> = seen(pages).into_iter().map(tab).collect();
    view! { <nav class="segments tabs" aria-label=label>{tabs}</nav> }.into_any()
}
