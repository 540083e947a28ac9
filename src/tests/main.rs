//! The integration tests: one target, so that it links once.

mod harness;
mod live;
