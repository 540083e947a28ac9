//! The header: where one is, how the line is, and what time it is there.

use super::bell::bell;
use super::theme::ThemeButton;
use super::who::who;
use super::{Overlay, PageLink, named_pages};
use crate::ui::format;
use crate::ui::live::{Connection, Live};
use crate::ui::me::may;
use crate::ui::widgets::{Icon, IconName};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The header of every page.
#[component]
pub fn Header() -> impl IntoView {
    let overlay = expect_context::<RwSignal<Overlay>>();
    view! {
        <header class="head">
            <Crumbs />
            <span class="grow"></span>
            <button type="button" class="pill wide js" on:click=move |_| overlay.set(Overlay::Palette)>
                <Icon name=IconName::Search />
                "Search"
                <kbd>"Ctrl K"</kbd>
            </button>
            <ConnectionPill />
            <Clock />
            {bell()}
            <ThemeButton />
            <button
                type="button"
                class="icon-button wide js"
                aria-label="Keys"
                title="Keys (?)"
                on:click=move |_| overlay.set(Overlay::Help)
            >
                <Icon name=IconName::Help />
            </button>
            {who()}
        </header>
    }
}

/// Where one is. The last part is the page's heading.
#[component]
fn Crumbs() -> impl IntoView {
    let path = use_location().pathname;
    let parts = Memo::new(move |_| crumbs(&path.get()));
    view! {
        <div class="crumbs">
            {move || {
                let (parents, here) = parts.get();
                view! {
                    {parents
                        .into_iter()
                        .filter(|page| may(page.needs))
                        .map(|page| {
                            view! {
                                <a href=page.path>{page.name}</a>
                                <span aria-hidden="true">"/"</span>
                            }
                        })
                        .collect_view()}
                    <h1>{here}</h1>
                }
            }}
        </div>
    }
}

/// The pages above the one at `path`, outermost first, and its own name.
fn crumbs(path: &str) -> (Vec<&'static PageLink>, String) {
    let below = |page: &&'static PageLink| {
        page.path != "/" && path.strip_prefix(page.path).is_some_and(|rest| rest.starts_with('/'))
    };
    let parents: Vec<_> = named_pages().filter(below).collect();
    if let Some(page) = named_pages().find(|page| page.path == path) {
        return (parents, page.name.to_owned());
    }
    let rest = parents.last().and_then(|page| path.strip_prefix(page.path)?.strip_prefix('/'));
    match rest {
        // What an alert is called nobody can read.
        Some(_) if parents.last().is_some_and(|page| page.path == "/alerts") => {
            (parents, "Alert".to_owned())
        }
        Some(rest) => (parents, crate::wire::decoded(rest)),
        None => (parents, "Not found".to_owned()),
    }
}

/// How the line to the server is. A click does not wait for the next attempt.
#[component]
fn ConnectionPill() -> impl IntoView {
    let live = Live::expect();
    let said = Memo::new(move |_| said(live));
    view! {
        <button
            type="button"
            class=move || format!("pill conn {}", said.get().0)
            title="How the line to the server is; click to try again at once"
            on:click=move |_| live.retry_now()
        >
            <span class="dot"></span>
            <span role="status">{move || said.get().1}</span>
        </button>
    }
}

/// Longest outage that is called a reconnection.
const SHORT_MS: i64 = 10_000;

fn said(live: Live) -> (&'static str, String) {
    let now = live.now.get();
    match live.connection.get() {
        Connection::Waiting => ("", "As rendered".to_owned()),
        Connection::Live => ("ok", "Live".to_owned()),
        Connection::CatchingUp { events: 0 } => ("ok", "Catching up".to_owned()),
        Connection::CatchingUp { events } => {
            ("warn", format!("Catching up {} events", format::count(events)))
        }
        Connection::Down { since, retry_at } => {
            let now = now.unwrap_or(since);
            let left = (retry_at.since(now) + 999) / 1_000;
            if now.since(since) < SHORT_MS {
                ("warn", format!("Reconnecting in {left} s"))
            } else {
                let (clock, again) = (format::clock(since), format!("next try in {left} s"));
                ("crit", format!("Offline since {clock}, {again}"))
            }
        }
    }
}

/// The server's time.
#[component]
fn Clock() -> impl IntoView {
    let live = Live::expect();
    let text = move || live.now.get().map(|now| format!("{} UTC", format::clock(now)));
    view! { <span class="pill wide clock">{move || text().unwrap_or_else(|| "UTC".to_owned())}</span> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, parents: &[&str], here: &str) {
        let (found, name) = crumbs(path);
        let found: Vec<_> = found.iter().map(|page| page.name).collect();
        assert_eq!((found.as_slice(), name.as_str()), (parents, here));
    }

    #[test]
    fn crumbs_name_the_page() {
        check("/", &[], "Overview");
        check("/projects", &[], "Projects");
        check("/projects/a%2Fb%20c", &["Projects"], "a/b c");
        check("/projects/100%", &["Projects"], "100%");
        check("/work/agents", &["Work"], "Agents");
        check("/work/tasks/t-1", &["Work", "Tasks"], "t-1");
        check("/alerts/0192", &["Alerts"], "Alert");
        check("/alerts/rules/new", &["Alerts", "Rules"], "New rule");
        check("/alerts/rules/mine", &["Alerts", "Rules"], "mine");
        check("/nowhere", &[], "Not found");
        check("/projectsx", &[], "Not found");
    }
}
