//! Portfolio and trades over HTTP.

pub mod import;
pub mod list;
pub mod reads;
pub mod routes;
