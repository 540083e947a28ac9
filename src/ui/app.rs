//! The application: every page in the frame that all of them share.

use super::live::Live;
use super::me::{me, provide_me};
use super::overview::{Overview, SummaryFeed};
use super::shell::{Shell, error_page, gated};
use crate::domain::access::view::{AccountPage, AuditLog, RolesList, TokensList, UsersList};
use crate::domain::alerts::view::{
    ActiveAlerts, AlertHistory, AlertPage, AlertRules, Channels, NewRule, RulePage, Silences,
};
use crate::domain::metrics::view::{Explorer, OwnBoard};
use crate::domain::projects::view::{PingsList, ProjectPage, ProjectsList};
use crate::domain::system::view::HostsPage;
use crate::domain::trading::view::{PortfolioPage, TradesList};
use crate::domain::work::view::{
    AgentPage, AgentsGrid, DeadLetters, TaskPage, TasksList, WorkBoard,
};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

/// A page's route: only those see it who may, by its address as the navigation has it.
macro_rules! page {
    ($path:literal, $page:ident) => {
        gated($path, || $page().into_any())
    };
}

/// The whole page body.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_me();
    if use_context::<Live>().is_none() {
        provide_context(Live::default());
    }
    Live::expect().me.set_value(Some(me()));
    provide_context(SummaryFeed::new());
    view! {
        <Router>
            <Shell>
                <Routes fallback=error_page>
                    <Route path=path!("/") view=page!("/", Overview) />
                    <Route path=path!("/projects") view=page!("/projects", ProjectsList) />
                    <Route path=path!("/projects/:project") view=page!("/projects", ProjectPage) />
                    <Route path=path!("/pings") view=page!("/pings", PingsList) />
                    <Route path=path!("/work") view=page!("/work", WorkBoard) />
                    <Route path=path!("/work/agents") view=page!("/work/agents", AgentsGrid) />
                    <Route path=path!("/work/agents/:agent") view=page!("/work/agents", AgentPage) />
                    <Route path=path!("/work/tasks") view=page!("/work/tasks", TasksList) />
                    <Route path=path!("/work/tasks/:task") view=page!("/work/tasks", TaskPage) />
                    <Route path=path!("/work/dead-letters") view=page!("/work/dead-letters", DeadLetters) />
                    <Route path=path!("/alerts") view=page!("/alerts", ActiveAlerts) />
                    <Route path=path!("/alerts/history") view=page!("/alerts/history", AlertHistory) />
                    <Route path=path!("/alerts/silences") view=page!("/alerts/silences", Silences) />
                    <Route path=path!("/alerts/rules") view=page!("/alerts/rules", AlertRules) />
                    <Route path=path!("/alerts/rules/new") view=page!("/alerts/rules/new", NewRule) />
                    <Route path=path!("/alerts/rules/:rule") view=page!("/alerts/rules", RulePage) />
                    <Route path=path!("/alerts/channels") view=page!("/alerts/channels", Channels) />
                    <Route path=path!("/alerts/:alert") view=page!("/alerts", AlertPage) />
                    <Route path=path!("/portfolio") view=page!("/portfolio", PortfolioPage) />
                    <Route path=path!("/trades") view=page!("/trades", TradesList) />
                    <Route path=path!("/explore") view=page!("/explore", Explorer) />
                    <Route path=path!("/board") view=page!("/board", OwnBoard) />
                    <Route path=path!("/system") view=page!("/system", HostsPage) />
                    <Route path=path!("/users") view=page!("/users", UsersList) />
                    <Route path=path!("/users/roles") view=page!("/users/roles", RolesList) />
                    <Route path=path!("/tokens") view=page!("/tokens", TokensList) />
                    <Route path=path!("/audit") view=page!("/audit", AuditLog) />
                    <Route path=path!("/account") view=page!("/account", AccountPage) />
                </Routes>
            </Shell>
        </Router>
    }
}
