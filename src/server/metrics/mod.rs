//! Metrics over HTTP.

mod answers;
mod params;
pub mod pins;
pub mod reads;
pub mod routes;
