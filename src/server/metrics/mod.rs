//! Metrics over HTTP.

pub mod pins;
pub mod reads;
pub mod routes;
