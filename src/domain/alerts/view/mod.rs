//! What people see of alerts: what is active, what was, one alert, and how alerts are set.

mod active;
mod commander;
mod detail;
mod evidence;
mod groups;
mod keys;
mod picked;
mod rows;
mod timeline;
mod words;
pub use active::ActiveAlerts;
pub use detail::AlertPage;
