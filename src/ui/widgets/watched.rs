//! Lists that no topic tells of: read again every ten seconds, and after what was done to them.

use super::load::Asking;
use super::{dynamic, since, words};
use crate::ui::address::Asked;
use crate::ui::live::Live;
use crate::ui::me::{is_known, leave_if_signed_out};
use crate::wire::{ApiError, Timestamp, Unread};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::sync::Arc;

/// A list is read again after so many milliseconds.
const EVERY_MS: i64 = 10_000;
/// What is older says so.
const OLD_MS: i64 = 30_000;

/// Something that is read again and again.
pub struct Watched<T: Send + Sync + 'static> {
    /// As it was last read.
    pub shown: RwSignal<T>,
    /// Why it could not be read again, if so.
    pub trouble: RwSignal<Option<String>>,
    turn: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Watched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Watched<T> {}

impl<T: Send + Sync + 'static> Watched<T> {
    /// Reads it again at once.
    pub fn again(self) {
        self.turn.try_update(|turn| *turn = turn.wrapping_add(1));
    }
}

type Ask = Box<dyn Fn(Asked) -> Asking + Send + Sync>;
type Take = Arc<dyn Fn(String) -> Result<(), ApiError> + Send + Sync>;

/// Watches what `ask` reads for what the address asks for, beginning with what was rendered.
pub fn watched<T, F>(
    first: T,
    asked: Memo<Asked>,
    ask: impl Fn(Asked) -> F + Send + Sync + 'static,
) -> Watched<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Result<Unread<T>, ApiError>> + Send + 'static,
{
    let shown = RwSignal::new(first);
    let ask = move |asked: Asked| -> Asking {
        let answer = ask(asked);
        Box::pin(async move { answer.await.map(Unread::into_json) })
    };
    let take = move |json: String| {
        shown.try_set(Unread::<T>::from_json(json).read()?);
        Ok(())
    };
    let (turn, trouble) = (RwSignal::new(0), RwSignal::new(None));
    watch(asked, turn, trouble, Box::new(ask), Arc::new(take));
    Watched { shown, trouble, turn }
}

fn watch(
    asked: Memo<Asked>,
    turn: RwSignal<u32>,
    trouble: RwSignal<Option<String>>,
    ask: Ask,
    take: Take,
) {
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
        let (answer, take) = (ask(now.0.clone()), take.clone());
        spawn_local(async move {
            let answer = answer.await;
            if newest.try_get_value() != Some(mine) {
                return;
            }
            let read = answer.and_then(|json| take(json));
            if let Err(error) = &read {
                leave_if_signed_out(error, known);
            }
            trouble.try_set(read.err().map(|error| error.to_string()));
        });
        now
    });
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
