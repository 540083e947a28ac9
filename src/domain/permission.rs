//! What one may do: permissions, and sets of them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

macro_rules! permissions {
    ($($name:ident = $text:literal, $does:literal;)+) => {
        /// Something that is allowed or not. These are what is checked; roles only name sets of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $(#[doc = $does] $name,)+
        }

        impl Permission {
            /// Every permission, in the order in which they are told.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What it allows, in a few words.
            pub const fn does(self) -> &'static str {
                match self { $(Self::$name => $does,)+ }
            }
        }
    };
}

permissions! {
    ViewProjects = "view_projects", "See projects, their runs and the overview";
    ViewMetrics = "view_metrics", "See measurements";
    ViewAlerts = "view_alerts", "See alerts";
    AcknowledgeAlerts = "acknowledge_alerts", "Acknowledge and silence alerts";
    ViewAgents = "view_agents", "See agents and tasks";
    RetryTasks = "retry_tasks", "Retry and cancel tasks";
    ViewPortfolio = "view_portfolio", "See the portfolio";
    ViewTrades = "view_trades", "See trades";
    ViewSystem = "view_system", "See hosts and the server itself";
    WriteEvents = "write_events", "Send events and answer commands";
    ManageRules = "manage_rules", "Change settings, alert rules and channels";
    ManageUsers = "manage_users", "Manage users and roles";
    ManageTokens = "manage_tokens", "Manage API tokens";
    ViewAuditLogs = "view_audit_logs", "See who did what";
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Permission {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|one| one.name() == name);
        found.ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|one| one.name()).collect();
            format!("no permission {name:?}; there are {}", all.join(", "))
        })
    }
}

/// A set of permissions; in JSON, the list of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Permissions(u16);

impl Permissions {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self::of(Permission::ALL);

    /// These.
    pub const fn of(list: &[Permission]) -> Self {
        let (mut bits, mut rest) = (0, list);
        while let [first, others @ ..] = rest {
            bits |= 1 << (*first as u16);
            rest = others;
        }
        Self(bits)
    }

    /// Whether `one` is in it.
    pub const fn has(self, one: Permission) -> bool {
        self.0 & (1 << (one as u16)) != 0
    }

    /// Whether all of `others` are in it.
    pub const fn covers(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in `self` and not in `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Those in it, in the order in which they are told.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |one| self.has(*one))
    }

    /// Their names, for people.
    pub fn names(self) -> String {
        self.iter().map(Permission::name).collect::<Vec<_>>().join(", ")
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(all: I) -> Self {
        Self(all.into_iter().fold(0, |bits, one| bits | 1 << (one as u16)))
    }
}

impl From<Permission> for Permissions {
    fn from(one: Permission) -> Self {
        Self::of(&[one])
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.iter().map(Permission::name))
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(input)?;
        names.iter().map(|name| name.parse::<Permission>().map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_lists_of_names_in_json() {
        let set = Permissions::of(&[Permission::WriteEvents, Permission::ViewProjects]);
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(json, r#"["view_projects","write_events"]"#);
        assert_eq!(serde_json::from_str::<Permissions>(&json).unwrap(), set);
        let error = serde_json::from_str::<Permissions>(r#"["fly"]"#).unwrap_err().to_string();
        assert!(error.contains("no permission \"fly\""), "{error}");
    }

    #[test]
    fn sets_are_compared() {
        let both = Permissions::of(&[Permission::ViewAgents, Permission::RetryTasks]);
        assert!(both.has(Permission::RetryTasks) && !both.has(Permission::WriteEvents));
        assert!(both.covers(Permission::ViewAgents.into()) && Permissions::ALL.covers(both));
        assert!(!Permissions::NONE.covers(both) && both.covers(Permissions::NONE));
        assert_eq!(both.without(Permission::ViewAgents.into()).names(), "retry_tasks");
    }
}
