//! Alerts: what needs someone, raised here or by other systems.

#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub use events::*;
