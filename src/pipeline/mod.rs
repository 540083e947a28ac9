//! From bytes to browsers, in reading order: ingest, journal, aggregate, hub.
//!
//! ```text
//! ingest ──► journal writer ──► aggregate ──► hub ──► sockets, REST, pages
//!  (tasks)      (thread)         (thread)  └► history (thread)
//! ```
//!
//! Every arrow is a bounded channel, so that whatever is slow holds back what feeds it, up to the
//! producer, who is told to come back later.

pub mod aggregate;
pub mod alerts;
pub mod back_test;
pub mod board;
pub mod cache_meter;
pub mod changed;
pub mod channels;
pub mod checkpoint;
pub mod clock;
pub mod dashboard_events;
mod depths;
pub mod history;
pub mod hub;
pub mod ingest;
pub mod journal;
pub mod local;
pub mod meters;
pub mod orders;
pub mod publish;
pub mod sampler;
pub mod scrape;
pub mod series;
mod start;
pub mod ticker;

pub use start::{Running, start};
