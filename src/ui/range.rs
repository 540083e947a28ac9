//! The range of time that charts show. It stands in the address, so that it can be shared.

use crate::domain::range::RangeParams;
use crate::ui::live::Live;
use crate::ui::me::{is_known, leave_if_signed_out};
use crate::wire::{ApiError, Timestamp, Unread};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use serde::de::DeserializeOwned;
use std::future::Future;
use std::time::Duration;

/// What can be picked: the range, as `window` in the address.
const PICKS: [&str; 6] = ["15m", "1h", "6h", "24h", "7d", "30d"];
/// Least time between two readings of history.
const FRESH_EVERY: Duration = Duration::from_secs(5);
/// History is read again after so many seconds though nothing was announced.
const STALE_S: i64 = 30;

/// The range the address asks for, `usual` if it asks for none.
pub fn use_range(usual: &'static str) -> Memo<RangeParams> {
    let query = use_query_map();
    Memo::new(move |_| {
        query.with(|query| {
            let get = |name: &str| query.get(name).filter(|text| !text.is_empty());
            let (window, from, to) = (get("window"), get("from"), get("to"));
            let window = window.or_else(|| from.is_none().then(|| usual.to_owned()));
            RangeParams { window, from, to, step: get("step") }
        })
    })
}

/// Shows a part of the range that was drawn over a chart.
pub fn use_zoom() -> Callback<(Timestamp, Timestamp)> {
    let (navigate, address) = (use_navigate(), use_address());
    Callback::new(move |(from, to): (Timestamp, Timestamp)| {
        navigate(
            &untrack(|| address(&format!("from={from}&to={to}"))),
            NavigateOptions { scroll: false, ..NavigateOptions::default() },
        );
    })
}

/// What an address asks for about the range; all else is kept when the range changes, but for
/// which page of a list it is.
const RANGE: [&str; 5] = ["window", "from", "to", "step", "after"];

/// The address of this page with another range; what else it asks for stays.
fn use_address() -> impl Fn(&str) -> String + Copy + Send + Sync + 'static {
    let at = use_location();
    let (search, path) = (at.search, at.pathname);
    move |range: &str| {
        let kept: Vec<String> = search.with(|search| {
            let pairs = search.trim_start_matches('?').split('&');
            let kept = pairs.filter(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or_default();
                !RANGE.contains(&name) && !value.is_empty()
            });
            kept.map(str::to_owned).collect()
        });
        let range = Some(range.to_owned()).filter(|range| !range.is_empty());
        let asked = kept.into_iter().chain(range).collect::<Vec<_>>().join("&");
        let mark = if asked.is_empty() { "" } else { "?" };
        format!("{}{mark}{asked}", path.get())
    }
}

/// Links to the usual ranges.
#[component]
pub fn RangePicker(
    /// What is shown when nothing is asked for.
    usual: &'static str,
) -> impl IntoView {
    let range = use_range(usual);
    let to = use_address();
    let zoomed = move || range.with(|range| range.window.is_none());
    let pick = move |window: &'static str| {
        let here = move || range.with(|range| range.window.as_deref() == Some(window));
        view! {
            <a
                href=move || to(&format!("window={window}"))
                data-noscroll=""
                aria-current=move || here().then_some("true")
            >
                {window}
            </a>
        }
    };
    view! {
        <div class="segments range" role="group" aria-label="Range">
            {PICKS.map(pick).collect_view()}
            {move || zoomed().then(|| {
                view! {
                    <a href=move || to("") data-noscroll="" aria-current="true">
                        {format!("zoomed; show {usual}")}
                    </a>
                }
            })}
        </div>
    }
}

/// Something read from history: as rendered at first, and read again at once when `wanted` is
/// another, which is when a person asks. When merely `moved` is another, or time goes by, it is read
/// again at most once in five seconds. What cannot be read leaves what was there.
pub fn use_fresh<T, W, F>(
    rendered: T,
    wanted: impl Fn() -> W + Send + Sync + 'static,
    moved: impl Fn() -> Option<u64> + Send + Sync + 'static,
    read: impl Fn(W) -> F + Send + Sync + 'static,
) -> RwSignal<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
    W: PartialEq + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Unread<T>, ApiError>> + 'static,
{
    use_fresh_every(FRESH_EVERY, rendered, wanted, moved, read)
}

/// As [`use_fresh`], with another time of rest after each reading.
pub fn use_fresh_every<T, W, F>(
    rest: Duration,
    rendered: T,
    wanted: impl Fn() -> W + Send + Sync + 'static,
    moved: impl Fn() -> Option<u64> + Send + Sync + 'static,
    read: impl Fn(W) -> F + Send + Sync + 'static,
) -> RwSignal<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
    W: PartialEq + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Unread<T>, ApiError>> + 'static,
{
    let shown = RwSignal::new(rendered);
    let (live, known) = (Live::expect(), is_known());
    let wanted = Memo::new(move |_| wanted());
    // Counts up when it is time to read though nothing was announced.
    let turns = Memo::new(move |_| live.now.get().map(|now| now.ms() / (STALE_S * 1_000)));
    let moved = Memo::new(move |_| moved());
    let read = StoredValue::new(read);
    let resting = StoredValue::new(false);
    let again = RwSignal::new(());
    let read_now = move || {
        resting.set_value(true);
        set_timeout(
            move || {
                // Wakes the effect below if something has changed meanwhile.
                resting.try_set_value(false);
                again.try_set(());
            },
            rest,
        );
        let asked = wanted.get_untracked();
        let Some(answer) = read.try_with_value(|read| read(asked.clone())) else { return };
        spawn_local(async move {
            let answer = answer.await.inspect_err(|error| leave_if_signed_out(error, known));
            // An answer to a question that is no longer asked is not shown.
            if let Ok(next) = answer.and_then(|next| next.read())
                && wanted.try_get_untracked() == Some(asked)
            {
                shown.try_set(next);
            }
        });
    };
    Effect::new(move |last: Option<(W, Option<i64>, Option<u64>)>| {
        again.track();
        let now = (wanted.get(), turns.get(), moved.get());
        let Some(last) = last else { return now };
        // The first turn of the clock says only that the browser half runs.
        let same = last.2 == now.2 && (last.1 == now.1 || last.1.is_none());
        match last.0 == now.0 {
            true if same => now,
            true if resting.get_value() => last,
            _ => {
                read_now();
                now
            }
        }
    });
    shown
}
