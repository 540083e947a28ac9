//! Alerts: what needs someone, raised here or by other systems; the rules that raise them, and
//! whom they reach.

pub mod api;
mod matcher;
pub mod rule;
mod settings;
pub mod view;
mod view_model;
pub use matcher::{MIN_SEVERITY, Matcher, Wanted, glob};
pub use settings::AlertSettings;
pub use view_model::*;

#[cfg(feature = "ssr")]
pub mod built_in;
#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod life;
#[cfg(feature = "ssr")]
mod matcher_check;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub use events::*;

use serde::{Deserialize, Serialize};

/// What can happen to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// Its condition holds; for how long is counted from now on.
    Pending,
    /// It fires.
    Fired,
    /// It fires, and its condition holds again.
    Holds,
    /// It fires, and its condition is gone; for how long is counted from now on.
    Clearing,
    /// Nobody knows whether its condition holds.
    Unknown,
    /// It says something else.
    Changed,
    /// It is over.
    Resolved,
    /// It is over without having fired.
    Dropped,
}
