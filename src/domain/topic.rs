//! What a live client can subscribe to.

use super::projects::ProjectId;
use super::{Permission, Permissions};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A topic of `/dashboard/live`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// The verdict and a figure of every domain.
    Summary,
    /// The same for those who may not see hosts: without the figures of any. It is told under the
    /// same name.
    Outline,
    /// Every project's row.
    Projects,
    /// One project's page (`project:NAME`).
    Project(ProjectId),
    /// Hosts, and the server's own insides.
    System,
    /// The ticker: what has just come in.
    Events,
    /// Every agent.
    Agents,
    /// Every task that is not over.
    Tasks,
    /// One task's page (`task:ID`).
    Task(Arc<str>),
    /// The work page: queues, throughput, dead letters, jobs.
    Work,
    /// Every alert that is not over.
    Alerts,
    /// The portfolio.
    Portfolio,
    /// The newest trades.
    Trades,
    /// The frames of `/ws/alerts`; nobody can subscribe to it by name.
    AlertsSocket,
    /// The frames of `/ws/metrics`, likewise.
    MetricsSocket,
    /// The frames of `/ws/portfolio`, likewise.
    PortfolioSocket,
    /// The frames of `/ws/trades`, likewise.
    TradesSocket,
    /// The frames of `/ws/dashboard`; nobody can subscribe to it by name.
    DashboardSocket,
}

impl Topic {
    /// Those that are fed whether or not anybody follows them.
    pub const ALWAYS: [Self; 5] =
        [Self::Summary, Self::Outline, Self::Projects, Self::System, Self::Events];

    /// What one must be allowed to follow it. The ticker tells of everything that comes in, so it
    /// takes all of it.
    pub const fn needs(&self) -> Permissions {
        match self {
            Self::Summary | Self::Outline | Self::Projects | Self::Project(_) => {
                Permissions::of(&[Permission::ViewProjects])
            }
            Self::Events => Permissions::of(&[
                Permission::ViewProjects,
                Permission::ViewMetrics,
                Permission::ViewAlerts,
                Permission::ViewAgents,
                Permission::ViewPortfolio,
                Permission::ViewTrades,
            ]),
            Self::System => Permissions::of(&[Permission::ViewSystem]),
            Self::Alerts | Self::AlertsSocket => Permissions::of(&[Permission::ViewAlerts]),
            Self::Portfolio | Self::PortfolioSocket => {
                Permissions::of(&[Permission::ViewPortfolio])
            }
            Self::Trades | Self::TradesSocket => Permissions::of(&[Permission::ViewTrades]),
            Self::MetricsSocket => Permissions::of(&[Permission::ViewMetrics]),
            Self::Agents | Self::Tasks | Self::Task(_) | Self::Work | Self::DashboardSocket => {
                Permissions::of(&[Permission::ViewAgents])
            }
        }
    }

    /// The topic that stands in for this one for those who may do only this.
    #[must_use]
    pub fn told_to(self, may: Permissions) -> Self {
        match self {
            Self::Summary if !may.has(Permission::ViewSystem) => Self::Outline,
            other => other,
        }
    }

    /// Whether it is the frames of a socket of its own, which are of another protocol.
    pub const fn is_socket(&self) -> bool {
        matches!(
            self,
            Self::AlertsSocket
                | Self::MetricsSocket
                | Self::PortfolioSocket
                | Self::TradesSocket
                | Self::DashboardSocket
        )
    }

    /// Whether it is fed only while somebody follows it.
    pub fn is_on_demand(&self) -> bool {
        !Self::ALWAYS.contains(self)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Summary | Self::Outline => f.write_str("summary"),
            Self::Projects => f.write_str("projects"),
            Self::Project(id) => write!(f, "project:{id}"),
            Self::System => f.write_str("system"),
            Self::Events => f.write_str("events"),
            Self::Agents => f.write_str("agents"),
            Self::Tasks => f.write_str("tasks"),
            Self::Task(id) => write!(f, "task:{id}"),
            Self::Work => f.write_str("work"),
            Self::Alerts => f.write_str("alerts"),
            Self::Portfolio => f.write_str("portfolio"),
            Self::Trades => f.write_str("trades"),
            Self::MetricsSocket => f.write_str("/ws/metrics"),
            Self::PortfolioSocket => f.write_str("/ws/portfolio"),
            Self::TradesSocket => f.write_str("/ws/trades"),
            Self::AlertsSocket => f.write_str("/ws/alerts"),
            Self::DashboardSocket => f.write_str("/ws/dashboard"),
        }
    }
}

impl FromStr for Topic {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "summary" => Ok(Self::Summary),
            "projects" => Ok(Self::Projects),
            "system" => Ok(Self::System),
            "events" => Ok(Self::Events),
            "agents" => Ok(Self::Agents),
            "tasks" => Ok(Self::Tasks),
            "work" => Ok(Self::Work),
            "alerts" => Ok(Self::Alerts),
            "portfolio" => Ok(Self::Portfolio),
            "trades" => Ok(Self::Trades),
            _ => match name.split_once(':') {
                Some(("project", id)) => ProjectId::try_from(id.to_owned())
                    .map(Self::Project)
                    .map_err(|e| format!("topic {name:?}: {e}")),
                Some(("task", id)) if !id.is_empty() => Ok(Self::Task(id.into())),
                _ => Err(format!(
                    "no topic {name:?}; there are summary, projects, project:NAME, system, events, \
                     agents, tasks, task:ID, work, alerts, portfolio, trades"
                )),
            },
        }
    }
}
