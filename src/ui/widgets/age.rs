//! How old a figure is: no number without it.

use super::text;
use crate::ui::format;
use crate::ui::live::{Connection, Live};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// How long ago `at` was, in words; the time itself where no clock runs (on the server).
pub fn since(live: Live, at: Timestamp) -> String {
    match live.now.get() {
        Some(now) => format::ago(now.since(at)),
        None => format::day_clock(at),
    }
}

/// How long ago something was; the exact time is its title.
#[component]
pub fn Age(#[prop(into)] at: Signal<Timestamp>) -> impl IntoView {
    let live = Live::expect();
    let text = Memo::new(move |_| since(live, at.get()));
    view! {
        <time datetime=move || at.get().to_string() title=move || format::iso(at.get())>
            {text}
        </time>
    }
}

/// The foot of a tile: as of when its figures hold, or why they may not.
#[component]
pub fn AsOf(
    /// When they held, by the server that rendered them.
    #[prop(into)]
    at: Signal<Timestamp>,
    /// Why they are old though the line is up, if they are.
    #[prop(into, optional)]
    quiet: Signal<Option<String>>,
) -> impl IntoView {
    let live = Live::expect();
    let text = Memo::new(move |_| match quiet.get() {
        Some(quiet) => quiet,
        None => held(live, at.get()),
    });
    let stale = move || live.is_down() || quiet.with(Option::is_some);
    view! {
        <footer class="foot" class:stale=stale>
            <span class="dot"></span>
            <span>{text}</span>
        </footer>
    }
}

fn held(live: Live, at: Timestamp) -> String {
    let Some(now) = live.now.get() else {
        return format!("as of {} UTC", format::clock(at));
    };
    match live.connection.get() {
        Connection::Waiting => format!("as of {} UTC", format::clock(at)),
        Connection::Down { since, .. } => {
            let (clock, ago) = (format::clock(since), format::ago(now.since(since)));
            format!("last known {clock} UTC, {ago} ago")
        }
        Connection::Live | Connection::CatchingUp { .. } => {
            let heard = live.heard.get_untracked().unwrap_or(at);
            format!("as of {} ago", format::ago(now.since(heard)))
        }
    }
}

/// How long ago something was, as a sentence ends; the time itself where no clock runs.
pub fn ago(at: Timestamp) -> AnyView {
    let live = Live::expect();
    let said = text(move || match live.now.get() {
        Some(now) => format!("{} ago", format::ago(now.since(at))),
        None => format::day_clock(at),
    });
    view! { <time datetime=at.to_string() title=format::iso(at)>{said}</time> }.into_any()
}
