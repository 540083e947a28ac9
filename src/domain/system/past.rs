//! What readers get to see of the past of hosts.

use crate::domain::range::Range;
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A host over a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostHistory {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Its name.
    pub host: Arc<str>,
    /// What the points span, and in which steps.
    pub range: Range,
    /// Oldest first, a point for every step.
    pub points: Vec<HostPoint>,
}

/// A host in one step; each figure is null when nothing was said of it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct HostPoint {
    /// Start of the step.
    pub at: Timestamp,
    /// Mean use of all processors, 0 to 100.
    pub cpu: Option<f64>,
    /// Least use of them.
    pub cpu_min: Option<f64>,
    /// Greatest use of them.
    pub cpu_max: Option<f64>,
    /// Mean use of memory, 0 to 100.
    pub memory: Option<f64>,
    /// Mean use of the disk, 0 to 100.
    pub disk: Option<f64>,
    /// Mean one-minute load.
    pub load1: Option<f64>,
    /// Bytes received a second.
    pub rx_bytes_per_s: Option<f64>,
    /// Bytes sent a second.
    pub tx_bytes_per_s: Option<f64>,
}
