//! Who may see and do what: users, roles, tokens, sessions, and the log of what they did.
//!
//! Permissions are checked, never roles; a role is a named set of permissions. All of it is in the
//! journal, with secrets as hashes alone, so that it is replayed, backed up and audited like the
//! rest.

pub mod api;
mod role;
pub mod view;
mod view_model;

#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub use events::*;

pub use crate::domain::{Permission, Permissions};
pub use role::BuiltIn;
pub use view_model::*;
