//! The navigation: a column, a rail of icons, or a bar at the bottom, by the width there is.

use super::{ACCESS, PAGES, seen};
use crate::ui::format;
use crate::ui::overview::SummaryFeed;
use crate::ui::widgets::{Icon, IconName, mark};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

/// Links to every page, with the number that matters beside each.
#[component]
pub fn Nav() -> impl IntoView {
    view! {
        <nav class="nav" aria-label="Main">
            <a class="brand" href="/" aria-label="Bellwether, to the overview">
                <Icon name=IconName::Brand />
                <span>"Bellwether"</span>
            </a>
            {seen(&PAGES)
                .into_iter()
                .map(|page| {
                    view! {
                        <A href=page.path exact=page.path == "/" attr:title=page.name>
                            <Icon name=page.icon />
                            <span>{page.name}</span>
                            <Count path=page.path />
                        </A>
                    }
                })
                .collect_view()}
            {access()}
        </nav>
    }
}

/// The link to the first page of access that one may see, which is marked on all of them.
fn access() -> Option<AnyView> {
    let path = use_location().pathname;
    let first = seen(&ACCESS).into_iter().next()?;
    let here = mark("page", move || path.with(|path| ACCESS.iter().any(|page| page.path == *path)));
    let link = view! {
        <a href=first.path title="Access" aria-current=here>
            <Icon name=IconName::Key />
            <span>"Access"</span>
        </a>
    };
    Some(link.into_any())
}

/// How many of a page's things need a look; how many there are if none does.
#[component]
fn Count(path: &'static str) -> impl IntoView {
    let feed = SummaryFeed::expect();
    let counts = Memo::new(move |_| {
        feed.with(|summary| match path {
            "/projects" => {
                let bad = summary.projects.critical + summary.projects.warning;
                (bad, summary.projects.total)
            }
            "/work" => {
                let found = summary.health.findings.iter();
                let found = found.filter(|finding| finding.rule.starts_with("work.")).count();
                // What nobody will put right by itself counts as well.
                (summary.tasks.dead_letter.max(found as u64), summary.agents.total)
            }
            "/alerts" => (summary.alerts.loud, summary.alerts.active),
            "/system" => (summary.hosts.quiet.len() as u64, summary.hosts.total),
            _ => (0, 0),
        })
    });
    let text = move || match counts.get() {
        Some((bad @ 1.., _)) => short(bad),
        Some((_, all @ 1..)) => short(all),
        _ => String::new(),
    };
    let bad = move || counts.get().is_some_and(|(bad, _)| bad > 0);
    view! {
        <span class="n" class:c=bad>
            {text}
        </span>
    }
}

/// A count that fits beside a name.
fn short(n: u64) -> String {
    if n < 10_000 { n.to_string() } else { format::compact(n as f64) }
}
