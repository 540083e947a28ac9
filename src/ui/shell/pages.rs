//! The pages that have a name, and what one must be allowed to see each.

use crate::domain::access::{Permission, Permissions};
use crate::ui::me::may;
use crate::ui::widgets::IconName;

/// A page that the navigation leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct PageLink {
    /// Its address.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its icon.
    pub icon: IconName,
    /// The key that leads to it after `g`.
    pub key: &'static str,
    /// What one must be allowed to see it.
    pub needs: Permissions,
}

const fn page(
    path: &'static str,
    name: &'static str,
    icon: IconName,
    key: &'static str,
    needs: &[Permission],
) -> PageLink {
    PageLink { path, name, icon, key, needs: Permissions::of(needs) }
}

/// Every page of the navigation, in its order. The overview shows of everything what one may see.
pub const PAGES: [PageLink; 7] = [
    page("/", "Overview", IconName::Overview, "o", &[]),
    page("/projects", "Projects", IconName::Projects, "p", &[Permission::ViewProjects]),
    page("/work", "Work", IconName::Work, "w", &[Permission::ViewAgents]),
    page("/portfolio", "Portfolio", IconName::Purse, "f", &[Permission::ViewPortfolio]),
    page("/explore", "Metrics", IconName::Chart, "i", &[Permission::ViewMetrics]),
    page("/alerts", "Alerts", IconName::Flag, "b", &[Permission::ViewAlerts]),
    page("/system", "System", IconName::System, "s", &[Permission::ViewSystem]),
];

/// Pages below those.
pub const SUBPAGES: [PageLink; 3] = [
    page("/work/agents", "Agents", IconName::Idle, "a", &[Permission::ViewAgents]),
    page("/work/tasks", "Tasks", IconName::Waiting, "t", &[Permission::ViewAgents]),
    page("/work/dead-letters", "Dead letters", IconName::Critical, "d", &[Permission::ViewAgents]),
];

/// Pages of projects.
pub const PROJECTS: [PageLink; 2] = [
    page("/projects", "Projects", IconName::Projects, "p", &[Permission::ViewProjects]),
    page(
        "/pings",
        "Pings",
        IconName::Waiting,
        "j",
        &[Permission::ViewProjects, Permission::WriteEvents],
    ),
];

/// Pages of trading.
pub const TRADING: [PageLink; 2] = [
    page("/portfolio", "Portfolio", IconName::Purse, "f", &[Permission::ViewPortfolio]),
    page("/trades", "Trades", IconName::Log, "x", &[Permission::ViewTrades]),
];

/// Pages of metrics.
pub const METRICS: [PageLink; 2] = [
    page("/explore", "Explorer", IconName::Chart, "i", &[Permission::ViewMetrics]),
    page("/board", "My board", IconName::Overview, "y", &[Permission::ViewMetrics]),
];

/// Pages of alerts.
pub const ALERTS: [PageLink; 5] = [
    page("/alerts", "Active", IconName::Flag, "b", &[Permission::ViewAlerts]),
    page("/alerts/history", "History", IconName::Log, "h", &[Permission::ViewAlerts]),
    page("/alerts/silences", "Silences", IconName::Quiet, "q", &[Permission::ViewAlerts]),
    page("/alerts/rules", "Rules", IconName::Rules, "e", &[Permission::ManageRules]),
    page("/alerts/channels", "Channels", IconName::Send, "c", &[Permission::ManageRules]),
];

/// Where a rule is made.
pub const NEW_RULE: PageLink =
    page("/alerts/rules/new", "New rule", IconName::Plus, "n", &[Permission::ManageRules]);

/// Pages of access. The navigation leads to the first of them that one may see.
pub const ACCESS: [PageLink; 4] = [
    page("/users", "Users", IconName::People, "u", &[Permission::ManageUsers]),
    page("/users/roles", "Roles", IconName::Shield, "r", &[Permission::ManageUsers]),
    page("/tokens", "Tokens", IconName::Key, "k", &[Permission::ManageTokens]),
    page("/audit", "Audit log", IconName::Log, "l", &[Permission::ViewAuditLogs]),
];

/// Everybody's own page.
pub const ACCOUNT: PageLink = page("/account", "Account", IconName::Person, "m", &[]);

/// Every page that has a name, those of the navigation first.
pub fn named_pages() -> impl DoubleEndedIterator<Item = &'static PageLink> {
    let alerts = ALERTS.iter().skip(1).chain(std::iter::once(&NEW_RULE));
    let rest = ACCESS.iter().chain(std::iter::once(&ACCOUNT));
    let trading =
        PROJECTS.iter().skip(1).chain(TRADING.iter().skip(1)).chain(METRICS.iter().skip(1));
    PAGES.iter().chain(&SUBPAGES).chain(trading).chain(alerts).chain(rest)
}

/// Those of `pages` that whoever looks may see. To be asked as [`may`] is.
pub fn seen(pages: &'static [PageLink]) -> Vec<&'static PageLink> {
    pages.iter().filter(|page| may(page.needs)).collect()
}

/// Those of all named pages that whoever looks may see. To be asked as [`may`] is.
pub fn seen_pages() -> Vec<&'static PageLink> {
    named_pages().filter(|page| may(page.needs)).collect()
}

/// What one must be allowed to see the page at `path`, or one below it.
pub fn needs(path: &str) -> Permissions {
    let below = |page: &&PageLink| {
        path.strip_prefix(page.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = named_pages().filter(below).max_by_key(|page| page.path.len());
    found.map(|page| page.needs).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: &str) {
        assert_eq!(needs(path).names(), expect, "{path}");
    }

    #[test]
    fn a_page_needs_what_the_page_above_it_needs() {
        check("/", "");
        check("/projects/a/b", "view_projects");
        check("/work/tasks/t-1", "view_agents");
        check("/users/roles", "manage_users");
        check("/audit", "view_audit_logs");
        check("/alerts/0192", "view_alerts");
        check("/alerts/rules/mine", "manage_rules");
        check("/account", "");
        check("/projectsx", "");
    }

    #[test]
    fn no_two_pages_have_the_same_key() {
        let mut keys: Vec<_> = named_pages().map(|page| page.key).collect();
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }
}
