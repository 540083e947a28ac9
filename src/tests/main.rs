//! The integration tests: one target, so that it links once.

mod events;
mod harness;
mod http;
mod live;
mod reads;
