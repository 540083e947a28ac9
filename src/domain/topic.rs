//! What a live client can subscribe to.

use super::projects::ProjectId;
use std::fmt;
use std::str::FromStr;

/// A topic of `/dashboard/live`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// The verdict and a figure of every domain.
    Summary,
    /// Every project's row.
    Projects,
    /// One project's page (`project:NAME`).
    Project(ProjectId),
    /// Hosts, and the server's own insides.
    System,
    /// The ticker: what has just come in.
    Events,
}

impl Topic {
    /// The permission that is needed to see it.
    pub const fn permission(&self) -> &'static str {
        match self {
            Self::Summary | Self::Projects | Self::Project(_) | Self::Events => "view_projects",
            Self::System => "view_system",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Summary => f.write_str("summary"),
            Self::Projects => f.write_str("projects"),
            Self::Project(id) => write!(f, "project:{id}"),
            Self::System => f.write_str("system"),
            Self::Events => f.write_str("events"),
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
            _ => match name.strip_prefix("project:") {
                Some(id) => ProjectId::try_from(id.to_owned())
                    .map(Self::Project)
                    .map_err(|e| format!("topic {name:?}: {e}")),
                None => Err(format!(
                    "no topic {name:?}; there are summary, projects, project:NAME, system, events"
                )),
            },
        }
    }
}
