//! Hosts, and the server's own insides.

pub mod api;
mod past;
pub mod view;
mod view_model;
pub use past::*;
pub use view_model::*;

#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub mod health;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub use events::*;
