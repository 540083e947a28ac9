//! The roles that are there from the start.

use super::{Permission, Permissions};

/// A role that is there from the start and cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Whom it is for.
    pub description: &'static str,
    /// What it allows.
    pub permissions: Permissions,
}

impl BuiltIn {
    /// Every one of them.
    pub const ALL: &[Self] = &[
        Self { name: "admin", description: "May do everything", permissions: Permissions::ALL },
        Self {
            name: "operator",
            description: "Sees everything but the audit log, acknowledges alerts, retries tasks",
            permissions: Permissions::of(&[
                Permission::ViewProjects,
                Permission::ViewMetrics,
                Permission::ViewAlerts,
                Permission::AcknowledgeAlerts,
                Permission::ViewAgents,
                Permission::RetryTasks,
                Permission::ViewPortfolio,
                Permission::ViewTrades,
                Permission::ViewSystem,
            ]),
        },
        Self {
            name: "trader",
            description: "Sees metrics, alerts, portfolio and trades; acknowledges alerts",
            permissions: Permissions::of(&[
                Permission::ViewMetrics,
                Permission::ViewAlerts,
                Permission::AcknowledgeAlerts,
                Permission::ViewPortfolio,
                Permission::ViewTrades,
            ]),
        },
        Self {
            name: "viewer",
            description: "Sees the board and changes nothing",
            permissions: Permissions::of(&[
                Permission::ViewProjects,
                Permission::ViewMetrics,
                Permission::ViewAlerts,
                Permission::ViewAgents,
                Permission::ViewPortfolio,
                Permission::ViewTrades,
            ]),
        },
        Self {
            name: "producer",
            description: "Sends events and reads nothing",
            permissions: Permissions::of(&[Permission::WriteEvents]),
        },
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|role| role.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(role: &str, names: &str) {
        assert_eq!(BuiltIn::named(role).unwrap().permissions.names(), names);
    }

    #[test]
    fn roles_are_as_the_contract_has_them() {
        let everything = Permission::ALL.iter().map(|one| one.name()).collect::<Vec<_>>();
        check("admin", &everything.join(", "));
        check(
            "operator",
            "view_projects, view_metrics, view_alerts, acknowledge_alerts, view_agents, \
             retry_tasks, view_portfolio, view_trades, view_system",
        );
        check(
            "trader",
            "view_metrics, view_alerts, acknowledge_alerts, view_portfolio, view_trades",
        );
        check(
            "viewer",
            "view_projects, view_metrics, view_alerts, view_agents, view_portfolio, view_trades",
        );
        check("producer", "write_events");
        assert_eq!(BuiltIn::named("root"), None);
    }
}
