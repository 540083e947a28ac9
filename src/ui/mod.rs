//! The board in the browser: the shell, the live feed, and what pages are made of. Pages live in
//! their domains; only the overview, which shows all of them, lives here.

pub mod address;
pub mod app;
pub mod chart;
pub mod format;
pub mod live;
pub mod me;
pub mod overview;
pub mod range;
pub mod shell;
pub mod widgets;

#[cfg(feature = "hydrate")]
pub mod boot;
#[cfg(feature = "ssr")]
pub mod document;
