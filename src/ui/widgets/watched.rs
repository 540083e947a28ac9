//! Lists that no topic tells of: read again every ten seconds, and after what was done to them.
//!
//! What is on a list is carried unread, as [`Unread`] carries answers: all that watches and shows a
//! list is in the browser's module once, and not once for every kind of thing there is a list of.

use super::load::{Asking, Reading, reading};
use super::{dynamic, since, words};
use crate::ui::address::Asked;
use crate::ui::live::Live;
use crate::ui::me::{is_known, leave_if_signed_out};
use crate::wire::{ApiError, Timestamp, Unread};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::future::Future;
use std::sync::Arc;

/// A list is read again after so many milliseconds.
const EVERY_MS: i64 = 10_000;
/// What is older says so.
const OLD_MS: i64 = 30_000;

/// A page of a list, whatever is on it.
#[derive(Debug, Clone, Deserialize)]
pub struct ListPage {
    /// As of when it holds.
    pub as_of: Timestamp,
    /// What is on it, unread.
    items: Box<RawValue>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl ListPage {
    /// What is on it.
    ///
    /// # Errors
    /// As [`Unread::read`].
    pub fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, ApiError> {
        items(self.items.get())
    }
}

/// What is on a list.
///
/// # Errors
/// As [`Unread::read`].
pub fn items<T: DeserializeOwned>(json: &str) -> Result<Vec<T>, ApiError> {
    Unread::from_json(json.to_owned()).read()
}

/// Asks for a list that depends on the address.
pub type AskList = Arc<dyn Fn(Asked) -> Asking + Send + Sync>;

/// What asks for a list with `ask`.
pub fn ask_list<T: 'static, F>(ask: impl Fn(Asked) -> F + Send + Sync + 'static) -> AskList
where
    F: Future<Output = Result<Unread<T>, ApiError>> + Send + 'static,
{
    Arc::new(move |asked| {
        let answer = ask(asked);
        Box::pin(async move { answer.await.map(Unread::into_json) })
    })
}

/// Reads a list, once for the server's page and the browser's.
pub fn read_list(asked: Memo<Asked>, ask: &AskList) -> Reading<ListPage> {
    let ask = ask.clone();
    reading(move || {
        let answer = ask(asked.get_untracked());
        async move { answer.await.map(Unread::from_json) }
    })
}

/// A list that is read again and again.
#[derive(Clone, Copy)]
pub struct Watched {
    page: RwSignal<ListPage>,
    /// What is on it, as JSON; changes only when that does.
    pub items: Memo<Arc<str>>,
    /// Where the next page begins.
    pub next: Memo<Option<String>>,
    /// As of when it holds.
    pub as_of: Memo<Timestamp>,
    /// Why it could not be read again, if so.
    pub trouble: RwSignal<Option<String>>,
    turn: RwSignal<u32>,
}

impl Watched {
    /// Watches what `ask` reads for what the address asks for, beginning with what was rendered.
    pub fn new(first: ListPage, asked: Memo<Asked>, ask: AskList) -> Self {
        let page = RwSignal::new(first);
        let watched = Self {
            page,
            items: Memo::new(move |_| page.with(|page| page.items.get().into())),
            next: Memo::new(move |_| page.with(|page| page.next.clone())),
            as_of: Memo::new(move |_| page.with(|page| page.as_of)),
            trouble: RwSignal::new(None),
            turn: RwSignal::new(0),
        };
        watched.watch(asked, ask);
        watched
    }

    /// Reads it again at once.
    pub fn again(self) {
        self.turn.try_update(|turn| *turn = turn.wrapping_add(1));
    }

    fn watch(self, asked: Memo<Asked>, ask: AskList) {
        let Self { page, trouble, turn, .. } = self;
        let (live, known) = (Live::expect(), is_known());
        let tick = Memo::new(move |_| live.now.get().map(|now| now.ms() / EVERY_MS));
        // Which question is the newest: an answer to an older one is not shown.
        let newest = StoredValue::new(0_u32);
        Effect::new(move |last: Option<(Asked, u32, Option<i64>)>| {
            let now = (asked.get(), turn.get(), tick.get());
            let Some(last) = last else { return now };
            let meant = (&last.0, last.1) != (&now.0, now.1);
            // The first turn of the clock says only that the browser half runs.
            let due = last.2.is_some() && last.2 != now.2 && !untrack(|| live.is_down());
            if !meant && !due {
                return now;
            }
            let mine = newest.get_value().wrapping_add(1);
            newest.set_value(mine);
            let answer = ask(now.0.clone());
            spawn_local(async move {
                let answer = answer.await;
                if newest.try_get_value() != Some(mine) {
                    return;
                }
                match answer.and_then(|json| Unread::from_json(json).read()) {
                    Ok(next) => {
                        page.try_set(next);
                        trouble.try_set(None);
                    }
                    Err(error) => {
                        leave_if_signed_out(&error, known);
                        trouble.try_set(Some(error.to_string()));
                    }
                }
            });
            now
        });
    }
}

/// The foot of a list: when it was read.
pub fn read_at(at: Memo<Timestamp>) -> AnyView {
    let live = Live::expect();
    let old = Memo::new(move |_| {
        let now = live.now.get();
        live.is_down() || now.is_some_and(|now| now.since(at.get()) > OLD_MS)
    });
    let said = move || {
        let ago = if live.now.get().is_some() { " ago" } else { " UTC" };
        Some(format!("as of {}{ago}", since(live, at.get())).into_any())
    };
    let class = words(move || if old.get() { "foot stale" } else { "foot" }.to_owned());
    view! {
        <footer class=class>
            <span class="dot"></span>
            <span>{dynamic(said)}</span>
        </footer>
    }
    .into_any()
}
