//! The integration tests: one target, so that it links once.

mod cli;
mod harness;
mod live;
