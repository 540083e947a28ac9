//! Bellwether: the operations board that never lies.
//!
//! Modules in reading order. What both halves share comes first; `ssr` is the server, `hydrate`
//! the browser. Features are gated here and on `mod` lines of the domains, nowhere else.

#![warn(missing_docs)]
#![recursion_limit = "512"]

pub mod domain;
pub mod wire;

#[cfg(feature = "ssr")]
pub mod intake;
#[cfg(feature = "ssr")]
pub mod notify;
#[cfg(feature = "ssr")]
pub mod pipeline;
#[cfg(feature = "ssr")]
pub mod server;

pub mod ui;

#[cfg(feature = "ssr")]
pub mod cli;
