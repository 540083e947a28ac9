//! How alerts are told of, as `alerts.*` settings.

use crate::domain::settings::{Setting, settings};

settings! {
    /// How alerts are told of.
    AlertSettings in "alerts" {
        /// How long an alert waits for others of its cause before anybody is told, in seconds.
        group_wait_s: f64 = 2.0, 0.0 => 600.0;
    }
}
