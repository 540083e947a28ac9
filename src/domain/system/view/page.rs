//! The system page: every host, charts of one of them, and the server's own insides.

use super::host::{HostCard, HostCharts};
use super::insides::Insides;
use crate::domain::Topic;
use crate::domain::system::api::system_page;
use crate::domain::system::{HostItem, SystemPage};
use crate::ui::live::follow_doc;
use crate::ui::widgets::{Empty, Loaded};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use std::sync::Arc;

const SAMPLE: &str = "curl {origin}/api/v1/events -H 'content-type: application/json' \\\n  \
    -d '{\"type\":\"host.sampled\",\"data\":{\"host\":\"build-01\",\"cpu\":{\"usage_percent\":12,\"cores\":8}}}'";

/// The page at `/system`.
#[component]
pub fn HostsPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| system_page());
    view! {
        <Title text="System · Bellwether" />
        <Loaded resource=page children=move |first| view! { <Page first=first /> } />
    }
}

#[component]
fn Page(first: SystemPage) -> impl IntoView {
    let as_of = first.as_of;
    let doc = follow_doc(Topic::System, first);
    let names = Memo::new(move |_| {
        doc.with(|doc| doc.hosts.iter().map(|host| host.host.clone()).collect::<Vec<Arc<str>>>())
    });
    let query = use_query_map();
    // The host that is asked for; this machine if none is; the first one if this one is not sampled.
    let chosen = Memo::new(move |_| {
        let asked = query.with(|query| query.get("host"));
        doc.with(|doc| {
            let named = |name: &str| doc.hosts.iter().find(|host| *host.host == *name);
            let host = asked.as_deref().and_then(named).or_else(|| named(&doc.local_host));
            host.or(doc.hosts.first()).map(|host| host.host.clone())
        })
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
        <Show when=move || names.with(Vec::is_empty)>
            <section class="card">
                <Empty
                    title="No host has reported yet"
                    why="This machine is not sampled (--no-sampler). Any host can send its figures:"
                    line=SAMPLE
                />
            </section>
        </Show>
        {move || chosen.get().map(|host| view! { <HostCharts host=host as_of=as_of /> })}
        <Insides internals=internals process=process as_of=as_of />
    }
}

/// One host's row, by its name.
fn row(doc: RwSignal<SystemPage>, name: Arc<str>) -> Memo<Option<HostItem>> {
    Memo::new(move |_| doc.with(|doc| doc.hosts.iter().find(|host| host.host == name).cloned()))
}
