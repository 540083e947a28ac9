//! Links whose address holds an encoded percent sign.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlAnchorElement};

/// Follows a link to exactly the address it has. The router takes clicks too, but decodes the path
/// first, so that it would lead `a%2525` to `a%25`, which is another project.
pub fn exact() -> impl Fn(MouseEvent) + 'static {
    let navigate = use_navigate();
    move |event| {
        let modified = event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        if let Some(link) = link(&event).filter(|link| link.pathname().contains("%25")) {
            event.prevent_default();
            let to = format!("{}{}{}", link.pathname(), link.search(), link.hash());
            let scroll = !link.has_attribute("data-noscroll");
            navigate(&to, NavigateOptions { scroll, ..NavigateOptions::default() });
        }
    }
}

/// The link within this site that was clicked.
fn link(event: &MouseEvent) -> Option<HtmlAnchorElement> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let link = target.closest("a[href]").ok()??.dyn_into::<HtmlAnchorElement>().ok()?;
    let ours = link.origin() == window().location().origin().ok()?;
    (ours && link.target().is_empty()).then_some(link)
}
