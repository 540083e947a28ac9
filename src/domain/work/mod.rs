//! Work: agents, their tasks, and what becomes of them.

pub mod api;
mod filter;
mod settings;
pub mod view;
mod view_model;
mod vocabulary;
pub use filter::*;
pub use settings::WorkSettings;
pub use view_model::*;
pub use vocabulary::*;

#[cfg(feature = "ssr")]
mod brief;
#[cfg(feature = "ssr")]
pub mod build;
#[cfg(feature = "ssr")]
pub mod dashboard;
#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
mod fingerprint;
#[cfg(feature = "ssr")]
pub mod health;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
mod step;
#[cfg(feature = "ssr")]
pub use events::*;
#[cfg(feature = "ssr")]
pub use step::{outcome, step};
