//! Metrics: numbers with a name and labels.

pub mod api;
pub mod view;
mod view_model;
pub use view_model::*;

#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub use events::*;
#[cfg(feature = "ssr")]
pub mod health;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod state;
