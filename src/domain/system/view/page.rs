//! The system page: every host, charts of one of them, and the server's own insides.

use super::host::{HostCard, HostCharts, USUAL};
use super::insides::Insides;
use crate::domain::Topic;
use crate::domain::system::api::{host_history, system_page};
use crate::domain::system::{HostHistory, HostItem, SystemPage};
use crate::ui::live::follow_doc;
use crate::ui::overview::SummaryFeed;
use crate::ui::range::use_range;
use crate::ui::widgets::{Empty, Reading, loaded, reading};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use std::sync::Arc;

const SAMPLE: &str = "curl {origin}/api/v1/events -H 'content-type: application/json' \\\n  \
    -d '{\"type\":\"host.sampled\",\"data\":{\"host\":\"build-01\",\"cpu\":{\"usage_percent\":12,\"cores\":8}}}'";

/// The page at `/system`.
#[component]
pub fn HostsPage() -> impl IntoView {
    let page = reading(system_page);
    let (range, asked) = (use_range(USUAL), use_asked());
    let (feed, reported) = (SummaryFeed::expect(), StoredValue::new(false));
    let history = reading(move || {
        // Where no host is, there is nothing to ask about.
        let none = untrack(|| feed.with(|summary| summary.hosts.total)) == Some(0);
        let ask = !none || reported.get_value();
        let (host, range) = (asked.get_untracked(), range.get_untracked());
        async move {
            if !ask {
                return Err(ApiError::not_found("no host has reported"));
            }
            host_history(host, range.window, range.from, range.to, range.step).await
        }
    });
    let ask_again = Callback::new(move |()| {
        reported.set_value(true);
        history.refetch();
    });
    view! {
        <Title text="System · Bellwether" />
        {loaded(page, move |first| {
            view! { <Page first=first history=history asked=asked ask_again=ask_again /> }.into_any()
        })}
    }
}

/// The host that the address asks for; empty for this machine.
fn use_asked() -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get("host")).unwrap_or_default())
}

#[component]
fn Page(
    first: SystemPage,
    history: Reading<HostHistory>,
    asked: Memo<String>,
    ask_again: Callback<()>,
) -> impl IntoView {
    let as_of = first.as_of;
    let doc = follow_doc(Topic::System, first);
    let names = Memo::new(move |_| {
        doc.with(|doc| doc.hosts.iter().map(|host| host.host.clone()).collect::<Vec<Arc<str>>>())
    });
    let none = Memo::new(move |_| names.with(Vec::is_empty));
    // This machine if none is asked for; the first one if this one is not sampled.
    let chosen = Memo::new(move |_| {
        let asked = asked.get();
        doc.with(|doc| {
            let named = |name: &str| doc.hosts.iter().find(|host| *host.host == *name);
            let host = named(&asked).or_else(|| named(&doc.local_host)).or(doc.hosts.first());
            host.map(|host| host.host.clone())
        })
    });
    // There may have been no host to read about when the page was rendered.
    Effect::new(move |was_none: Option<bool>| {
        let now_none = none.get();
        if was_none == Some(true) && !now_none {
            ask_again.run(());
        }
        now_none
    });
    let internals = Memo::new(move |_| doc.with(|doc| doc.internals));
    let process = Memo::new(move |_| doc.with(|doc| doc.process));
    let local = Memo::new(move |_| doc.with(|doc| doc.local_host.clone()));
    let host = move |name: Arc<str>| {
        let item = row(doc, name.clone());
        let here = Signal::derive(move || chosen.with(|chosen| chosen.as_ref() == Some(&name)));
        view! { <HostCard item=item chosen=here local=local /> }
    };
    view! {
        <div class="hosts">
            <For each=move || names.get() key=|name| name.clone() children=host />
        </div>
        <Show when=move || none.get()>
            <section class="card">
                <Empty
                    title="No host has reported yet"
                    why="This machine is not sampled (--no-sampler). Any host can send its figures:"
                    line=SAMPLE
                />
            </section>
        </Show>
        <Show when=move || !none.get()>
            {loaded(history, move |first| {
                view! { <HostCharts first=first host=asked as_of=as_of /> }.into_any()
            })}
        </Show>
        <Insides internals=internals process=process as_of=as_of />
    }
}

/// One host's row, by its name.
fn row(doc: RwSignal<SystemPage>, name: Arc<str>) -> Memo<Option<HostItem>> {
    Memo::new(move |_| doc.with(|doc| doc.hosts.iter().find(|host| host.host == name).cloned()))
}
