//! The ticker: what has just come in, line by line.

use crate::domain::Topic;
use crate::domain::summary::{Ticker, TickerLine};
use crate::ui::format;
use crate::ui::live::follow_doc;
use crate::ui::widgets::{Card, Icon, IconName, Reading, loaded};
use leptos::prelude::*;

/// Lines shown.
const SHOWN: usize = 14;

/// What has just come in.
#[component]
pub fn Now(
    /// As the server rendered it.
    newest: Reading<Ticker>,
    /// Events a second.
    rate: Memo<f64>,
) -> impl IntoView {
    loaded(newest, move |first| view! { <Lines first=first rate=rate /> }.into_any())
}

#[component]
fn Lines(first: Ticker, rate: Memo<f64>) -> impl IntoView {
    let as_of = first.as_of;
    let doc = follow_doc(Topic::Events, first);
    let held = RwSignal::new(None::<Vec<TickerLine>>);
    let newest = move || doc.with(|doc| doc.lines.iter().take(SHOWN).cloned().collect::<Vec<_>>());
    let lines = Memo::new(move |_| held.get().unwrap_or_else(newest));
    let pause = move |_| {
        let now = lines.get_untracked();
        held.update(|held| *held = held.is_none().then_some(now));
    };
    let paused = move || held.with(Option::is_some);
    let pace = move || format!("{} events a second", format::decimal(rate.get(), 1));
    view! {
        <Card title="Now" as_of=as_of class="c4 now">
            <button type="button" class="quiet-button pause js" on:click=pause aria-pressed=move || paused().to_string()>
                {move || {
                    let (name, word) = if paused() { (IconName::Play, "Resume") } else { (IconName::Pause, "Pause") };
                    view! { <Icon name=name /> {word} }
                }}
            </button>
            <p class="sub">{pace}{move || paused().then_some(", paused")}</p>
            <Show when=move || lines.with(Vec::is_empty)>
                <p class="calm">"Nothing has come in lately."</p>
            </Show>
            <ol class="tick" aria-label="Newest events">
                <For each=move || lines.get() key=|line| line.seq children=line />
            </ol>
        </Card>
    }
}

fn line(line: TickerLine) -> impl IntoView {
    let TickerLine { time, kind, text, link, .. } = line;
    let clock = format::clock(time);
    view! {
        <li>
            <time datetime=time.to_string() title=format::iso(time)>{clock}</time>
            <b>{kind}</b>
            " "
            {match link {
                Some(href) => view! { <a href=href>{text}</a> }.into_any(),
                None => text.into_any(),
            }}
        </li>
    }
}
