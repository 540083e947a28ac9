//! The list of projects: every row there is, of which only those in sight are drawn.

use super::row::ProjectRow;
use super::rows::Rows;
use super::toolbar::{SortHead, Toolbar, href, use_params};
use crate::domain::Topic;
use crate::domain::projects::api::dashboard_projects;
use crate::domain::projects::{ProjectId, ProjectsPage, ProjectsParams, ProjectsQuery};
use crate::ui::format;
use crate::ui::live::follow;
use crate::ui::me::{Permission, may};
use crate::ui::shell::{PROJECTS, page_tabs};
use crate::ui::widgets::{AsOf, Empty, loaded, reading, use_window};
use leptos::prelude::*;
use leptos_meta::Title;

const FIRST_REPORT: &str =
    "curl '{origin}/api/v1/import/junit?project=my-project' --data-binary @report.xml";

/// The page at `/projects`.
#[component]
pub fn ProjectsList() -> impl IntoView {
    let params = use_params();
    // Read once: what the address asks for after that is answered from the rows that are here.
    let asked = params.get_untracked();
    let page = reading(move || {
        let ProjectsParams { status, kind, tag, q, sort, after, .. } = asked.clone();
        dashboard_projects(status, tag, q, sort, None, after, kind)
    });
    view! {
        <Title text="Projects · Bellwether" />
        // Who may not make pings has nowhere else to go.
        {may(Permission::WriteEvents).then(|| page_tabs("Projects", &PROJECTS))}
        {loaded(page, move |first| view! { <List params=params first=first /> }.into_any())}
    }
}

#[component]
fn List(params: Memo<ProjectsParams>, first: ProjectsPage) -> impl IntoView {
    let (as_of, matching, next) = (first.as_of, first.total, first.next.clone());
    let rows = Rows::rendered(first);
    follow(Topic::Projects, None, move |part| rows.receive(part));
    let query = Memo::new(move |_| ProjectsQuery::parse(&params.get()).unwrap_or_default());
    let ids = Memo::new(move |_| rows.select(&query.get()));
    let tags = Memo::new(move |_| rows.tags());
    let count = move || match rows.total() {
        Some(all) => (ids.with(Vec::len), Some(all)),
        None => (matching, None),
    };
    let said = move || {
        let (here, all) = count();
        let of =
            all.filter(|all| *all != here).map(|all| format!(" of {}", format::count(all as u64)));
        let word = if here == 1 && of.is_none() { "project" } else { "projects" };
        format!("{}{} {word}", format::count(here as u64), of.unwrap_or_default())
    };
    let nothing = move || ids.with(Vec::is_empty);
    let filtered = move || {
        params.with(|p| p.q.is_some() || p.status.is_some() || p.kind.is_some() || p.tag.is_some())
    };
    view! {
        <Toolbar params=params tags=tags />
        <section class="card flush" aria-label="Projects">
            <p class="count" role="status">{said}</p>
            <Show when=move || !nothing() fallback=move || nothing_here(filtered())>
                <Table params=params ids=ids rows=rows />
            </Show>
            {next.map(|after| {
                let more = move || href(&ProjectsParams { after: Some(after.clone()), ..params.get() });
                view! {
                    <noscript>
                        <a class="button more-rows" href=more>"Next page"</a>
                    </noscript>
                }
            })}
            <AsOf at=as_of />
        </section>
    }
}

fn nothing_here(filtered: bool) -> AnyView {
    if filtered {
        return view! {
            <div class="empty">
                <p class="empty-title">"No project is like that"</p>
                <p class="row"><a class="button" href="/projects">"Show all"</a></p>
            </div>
        }
        .into_any();
    }
    view! {
        <Empty
            title="No project has reported yet"
            why="Import the report of a test run as your runner writes it (JUnit XML):"
            line=FIRST_REPORT
        />
    }
    .into_any()
}

#[component]
fn Table(params: Memo<ProjectsParams>, ids: Memo<Vec<ProjectId>>, rows: Rows) -> impl IntoView {
    let (body, window) = use_window(Signal::derive(move || ids.with(Vec::len)));
    let shown = move || {
        let (from, to) = window.get().range();
        ids.with(|ids| ids.get(from..to.min(ids.len())).map(<[ProjectId]>::to_vec))
            .unwrap_or_default()
    };
    let row = move |id: ProjectId| {
        let item = rows.row(&id);
        view! { <ProjectRow item=item /> }
    };
    let before = move || window.get().before();
    let after = move || window.get().after();
    view! {
        <table class="rows list" aria-rowcount=move || ids.with(Vec::len).to_string()>
            <thead>
                <tr>
                    <SortHead params=params key="name" word="Project" />
                    <SortHead params=params key="status" word="Status" />
                    <SortHead params=params key="score" word="Score" />
                    <SortHead params=params key="success" word="Success" class="num wide" />
                    <SortHead params=params key="p95" word="p95" class="num wide" />
                    <SortHead params=params key="errors" word="Errors, 24 h" class="wide" />
                    <SortHead params=params key="last_run" word="Last run" class="num" />
                </tr>
            </thead>
            <tbody class="spacer" aria-hidden="true"><tr style:height=move || format!("{}px", before())></tr></tbody>
            <tbody node_ref=body>
                <For each=shown key=|id| id.clone() children=row />
            </tbody>
            <tbody class="spacer" aria-hidden="true"><tr style:height=move || format!("{}px", after())></tr></tbody>
        </table>
    }
}
