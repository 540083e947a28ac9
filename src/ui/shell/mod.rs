//! The frame around every page: navigation, header, command palette and keys.

mod header;
mod help;
mod keys;
mod links;
mod nav;
mod palette;
mod theme;

use super::widgets::{IconName, PageStatus};
use crate::domain::access::{Permission, Permissions};
use header::Header;
use help::Help;
use leptos::prelude::*;
use leptos_meta::Title;
use nav::Nav;
pub use palette::Dialog;
use palette::Palette;

/// A page that the navigation leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct PageLink {
    /// Its address.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its icon.
    pub icon: IconName,
    /// The key that leads to it after `g`.
    pub key: &'static str,
    /// What one must be allowed to see it.
    pub needs: Permissions,
}

const fn may(permission: Permission) -> Permissions {
    Permissions::of(&[permission])
}

/// What one must be allowed to see the page at `path`, or one below it.
pub fn needs(path: &str) -> Permissions {
    let below = |page: &&PageLink| {
        path.strip_prefix(page.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = named_pages().filter(below).max_by_key(|page| page.path.len());
    found.map(|page| page.needs).unwrap_or_default()
}

/// Every page of the navigation, in its order.
pub const PAGES: [PageLink; 4] = [
    PageLink {
        path: "/",
        name: "Overview",
        icon: IconName::Overview,
        key: "o",
        needs: may(Permission::ViewProjects),
    },
    PageLink {
        path: "/projects",
        name: "Projects",
        icon: IconName::Projects,
        key: "p",
        needs: may(Permission::ViewProjects),
    },
    PageLink {
        path: "/work",
        name: "Work",
        icon: IconName::Work,
        key: "w",
        needs: may(Permission::ViewAgents),
    },
    PageLink {
        path: "/system",
        name: "System",
        icon: IconName::System,
        key: "s",
        needs: may(Permission::ViewSystem),
    },
];

/// Pages below those.
pub const SUBPAGES: [PageLink; 3] = [
    PageLink {
        path: "/work/agents",
        name: "Agents",
        icon: IconName::Idle,
        key: "a",
        needs: may(Permission::ViewAgents),
    },
    PageLink {
        path: "/work/tasks",
        name: "Tasks",
        icon: IconName::Waiting,
        key: "t",
        needs: may(Permission::ViewAgents),
    },
    PageLink {
        path: "/work/dead-letters",
        name: "Dead letters",
        icon: IconName::Critical,
        key: "d",
        needs: may(Permission::ViewAgents),
    },
];

/// Every page that has a name, those of the navigation first.
pub fn named_pages() -> impl DoubleEndedIterator<Item = &'static PageLink> {
    PAGES.iter().chain(&SUBPAGES)
}

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
            <p class="row">
                <a class="button" href="/">
                    "Overview"
                </a>
                <a class="button" href="/projects">
                    "Projects"
                </a>
            </p>
        </div>
    }
}
