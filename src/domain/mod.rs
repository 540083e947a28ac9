//! The one registry of what the board knows about: every event, topic and domain.
//!
//! A domain is a folder of one shape: `mod.rs` its vocabulary, `state.rs` the fold, `health.rs`
//! the rules, `history.rs` its tables, `api.rs` its endpoints, `view.rs` its pages. No domain
//! knows another; whoever needs two of them is not a domain.

pub mod health;
pub mod percentiles;
pub mod range;
pub mod settings;
pub mod summary;
pub mod summary_api;

#[cfg(feature = "ssr")]
pub mod levels;
#[cfg(feature = "ssr")]
pub mod rollup;
#[cfg(feature = "ssr")]
pub mod sketch;
#[cfg(feature = "ssr")]
pub mod window;

pub mod access;
pub mod alerts;
pub mod metrics;
pub mod projects;
pub mod system;
pub mod trading;
pub mod work;

mod permission;
mod schemas;
mod topic;
pub use permission::{Permission, Permissions};
pub use topic::Topic;

#[cfg(feature = "ssr")]
mod event;
#[cfg(feature = "ssr")]
pub use event::{Envelope, Event};
#[cfg(feature = "ssr")]
pub use state::{State, Touched};
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub mod vocabulary;
#[cfg(feature = "ssr")]
pub use vocabulary::{DataError, Validate, check};
