//! Pages of access.

#[cfg(feature = "ssr")]
mod login;
#[cfg(feature = "ssr")]
pub use login::{Login, LoginPage, Purpose};
