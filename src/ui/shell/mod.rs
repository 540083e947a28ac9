//! The frame around every page: navigation, header, command palette and keys.

mod bell;
mod gate;
mod header;
mod help;
mod keys;
mod links;
mod nav;
mod pages;
mod palette;
mod tabs;
mod theme;
mod who;

use super::widgets::PageStatus;
pub use bell::Loud;
pub use gate::{elsewhere, gated};
use header::Header;
use help::Help;
pub use keys::{step, typing};
use leptos::prelude::*;
use leptos_meta::Title;
use nav::Nav;
pub use pages::{
    ACCESS, ACCOUNT, ALERTS, METRICS, NEW_RULE, PAGES, PROJECTS, PageLink, SUBPAGES, TRADING,
    named_pages, needs, seen,
};
pub use palette::Dialog;
use palette::Palette;
pub use tabs::page_tabs;

/// What the frame can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The command palette.
    Palette,
    /// The list of keys.
    Help,
    /// A question that the page asks.
    Question,
    /// A form that the page asks with: which of them.
    Form(u32),
}

/// The frame.
#[component]
pub fn Shell(children: Children) -> impl IntoView {
    let overlay = RwSignal::new(Overlay::None);
    provide_context(overlay);
    keys::listen(overlay);
    view! {
        // External to the router, which would scroll there but leave the focus here.
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <div class="app" on:click=links::exact()>
            <Nav />
            <div class="page">
                <Header />
                {who::open_to_all()}
                <main id="main" tabindex="-1">
                    {children()}
                </main>
            </div>
        </div>
        <Palette />
        <Help />
    }
}

/// What is shown where no page is.
pub fn error_page() -> impl IntoView {
    PageStatus::answer(404);
    view! {
        <Title text="Not found · Bellwether" />
        <div class="empty" role="alert">
            <p class="empty-title">"Nothing is at this address"</p>
            <p>"It may have been mistyped, or what was here is no longer watched."</p>
            {elsewhere()}
        </div>
    }
}
