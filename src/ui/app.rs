//! The application: every page in the frame that all of them share.

use super::live::Live;
use super::overview::{Overview, SummaryFeed};
use super::shell::{Shell, error_page};
use crate::domain::projects::view::{ProjectPage, ProjectsList};
use crate::domain::system::view::HostsPage;
use crate::domain::work::view::{
    AgentPage, AgentsGrid, DeadLetters, TaskPage, TasksList, WorkBoard,
};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

/// The whole page body.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    if use_context::<Live>().is_none() {
        provide_context(Live::default());
    }
    provide_context(SummaryFeed::new());
    view! {
        <Router>
            <Shell>
                <Routes fallback=error_page>
                    <Route path=path!("/") view=Overview />
                    <Route path=path!("/projects") view=ProjectsList />
                    <Route path=path!("/projects/:project") view=ProjectPage />
                    <Route path=path!("/work") view=WorkBoard />
                    <Route path=path!("/work/agents") view=AgentsGrid />
                    <Route path=path!("/work/agents/:agent") view=AgentPage />
                    <Route path=path!("/work/tasks") view=TasksList />
                    <Route path=path!("/work/tasks/:task") view=TaskPage />
                    <Route path=path!("/work/dead-letters") view=DeadLetters />
                    <Route path=path!("/system") view=HostsPage />
                </Routes>
            </Shell>
        </Router>
    }
}
