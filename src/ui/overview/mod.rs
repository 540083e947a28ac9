//! The overview: the verdict first, then a tile of every domain, then what needs a look.

mod feed;
mod ticker;
mod verdict;
pub use feed::SummaryFeed;
pub use verdict::VerdictBanner;

use super::me::{may, me};
use super::shell::elsewhere;
use super::widgets::{Card, Empty, Icon, IconName, Reading, loaded, reading};
use crate::domain::Topic;
use crate::domain::access::Permission;
use crate::domain::projects::ProjectItem;
use crate::domain::projects::view::{ErrorsCard, ProjectRow, ProjectsCard, ProjectsHead};
use crate::domain::summary::{Summary, Ticker};
use crate::domain::summary_api::ticker;
use crate::domain::system::view::SystemCard;
use crate::domain::work::view::WorkCard;
use crate::wire::Timestamp;
use leptos::prelude::*;
use leptos_meta::Title;
use ticker::Now;

const FIRST_EVENT: &str = "curl {origin}/api/v1/events -H 'content-type: application/json' \\\n  \
    -d '{\"type\":\"validation.completed\",\"data\":{\"project\":\"hello\",\"status\":\"passed\"}}'";

/// The page at `/`.
#[component]
pub fn Overview() -> impl IntoView {
    let feed = SummaryFeed::expect();
    // Everything a page reads is asked for here: what is asked for while another answer is awaited
    // would be asked for twice when the server renders, and the two may differ.
    let newest = may(Topic::Events.needs()).then(|| reading(ticker));
    let board = match feed.first {
        Some(first) => loaded(first, move |first| {
            view! { <Board feed=feed first=first newest=newest /> }.into_any()
        }),
        None => others(),
    };
    view! {
        <Title text="Bellwether" />
        {board}
    }
}

/// What is shown to those who may not see projects, of which the overview is made.
fn others() -> AnyView {
    let may: Vec<AnyView> = me().permissions.iter().map(allowed).collect();
    view! {
        <section class="card">
            <div class="empty">
                <p class="empty-title">"What you may see and do"</p>
                <ul class="allowed">{may}</ul>
                <p>"The verdict over everything needs " <code>{Permission::ViewProjects.name()}</code> "."</p>
                {elsewhere()}
            </div>
        </section>
    }
    .into_any()
}

fn allowed(one: Permission) -> AnyView {
    view! { <li><Icon name=IconName::Projects />{one.does()}</li> }.into_any()
}

#[component]
fn Board(feed: SummaryFeed, first: Summary, newest: Option<Reading<Ticker>>) -> impl IntoView {
    let as_of = feed.section(&first, |summary| summary.as_of);
    let counts = feed.section(&first, |summary| summary.projects);
    let validations = feed.section(&first, |summary| summary.validations.clone());
    let errors = feed.section(&first, |summary| summary.errors.clone());
    let (agents, tasks) =
        (feed.section(&first, |summary| summary.agents), feed.section(&first, |s| s.tasks));
    let hosts = feed.section(&first, |summary| summary.hosts.clone());
    let attention = feed.section(&first, |summary| summary.attention.clone());
    let rate = feed.section(&first, |summary| summary.events_per_s);
    let (work, system) = (may(Permission::ViewAgents), may(Permission::ViewSystem));
    // Tiles fill their line.
    let class = match (work, system) {
        (true, true) => "grid",
        (false, false) => "grid by-two",
        _ => "grid by-three",
    };
    let work = work.then(|| view! { <WorkCard agents=agents tasks=tasks as_of=as_of /> });
    let system = system.then(|| view! { <SystemCard hosts=hosts as_of=as_of /> });
    let now = newest.map(|newest| view! { <Now newest=newest rate=rate /> });
    view! {
        <VerdictBanner health=feed.section(&first, |summary| summary.health.clone()) as_of=as_of />
        <div class=class>
            <ProjectsCard counts=counts validations=validations as_of=as_of />
            <ErrorsCard errors=errors as_of=as_of />
            {work}
            {system}
            <Attention rows=attention total=Signal::derive(move || counts.get().total) as_of=as_of />
            {now}
        </div>
    }
}

/// The rows that most need a look.
#[component]
fn Attention(
    rows: Memo<Vec<ProjectItem>>,
    total: Signal<u64>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let state = Memo::new(move |_| (total.get() == 0, rows.with(Vec::is_empty)));
    let ids =
        move || rows.with(|rows| rows.iter().map(|row| row.project.clone()).collect::<Vec<_>>());
    let row = move |id: crate::domain::projects::ProjectId| {
        let found = Memo::new(move |last: Option<&Option<ProjectItem>>| {
            let found = rows.with(|rows| rows.iter().find(|row| row.project == id).cloned());
            // A row that has just left the list is about to go: it keeps what it showed.
            found.or_else(|| last.cloned().flatten())
        });
        move || {
            found.get().map(|_| {
                let item = Signal::derive(move || found.get());
                view! { <ProjectRow item=item /> }
            })
        }
    };
    view! {
        <Card title="Needs a look" as_of=as_of class="c8" more=("/projects", Signal::derive(|| "All projects ›".to_owned()))>
            {move || match state.get() {
                (true, _) => view! {
                    <Empty
                        title="No project has reported yet"
                        why="Send the result of a validation, from a pipeline or by hand:"
                        line=FIRST_EVENT
                    />
                }
                .into_any(),
                (false, true) => view! { <p class="calm">"Nothing needs a look: every project is healthy."</p> }.into_any(),
                (false, false) => view! {
                    <div class="scroll-x">
                        <table class="rows">
                            <ProjectsHead />
                            <tbody>
                                <For each=ids key=|id| id.clone() children=row />
                            </tbody>
                        </table>
                    </div>
                }
                .into_any(),
            }}
        </Card>
    }
}
