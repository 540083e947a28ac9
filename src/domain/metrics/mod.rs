//! Metrics: numbers with a name and labels.

#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub use events::*;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod state;
