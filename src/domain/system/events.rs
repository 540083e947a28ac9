//! What hosts say about themselves, and the passing of time.

use super::{Cpu, Disk, Memory};
use crate::domain::vocabulary::events;
use crate::domain::{DataError, Validate, check};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

events! {
    /// An event of the system domain.
    Event {
        "host.sampled" => Sampled(Sampled),
        "clock.ticked" => Ticked(Ticked),
    }
}

/// The figures of a host at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = HostSampledData)]
pub struct Sampled {
    /// Its name.
    pub host: Arc<str>,
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Cpu>,
    /// Main memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// The disk that matters most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Disk>,
    /// Network counters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Counters>,
    /// Load average over 1, 5 and 15 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<[f64; 3]>,
}

/// Bytes since the host started; a counter that falls has been reset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = NetworkCounters)]
pub struct Counters {
    /// Received.
    #[serde(default)]
    pub rx_bytes: u64,
    /// Sent.
    #[serde(default)]
    pub tx_bytes: u64,
}

/// Time has passed without anything else to say so. The server appends it when a deadline of the
/// state is due (a project going stale, a window sliding) and no other event has moved the
/// journal's time past it; so even the passing of time is replayed the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticked {}

impl Validate for Ticked {}

impl Validate for Sampled {
    fn validate(&self) -> Result<(), DataError> {
        check::name("host", &self.host)?;
        check::range("cpu/usage_percent", self.cpu.map(|c| c.usage_percent), 0.0, 100.0)?;
        check::range("memory/percent", self.memory.map(|m| m.percent), 0.0, 100.0)?;
        check::range("memory/total_mb", self.memory.map(|m| m.total_mb), 0.0, 1e12)?;
        check::range("memory/used_mb", self.memory.map(|m| m.used_mb), 0.0, 1e12)?;
        check::range("disk/percent", self.disk.map(|d| d.percent), 0.0, 100.0)?;
        check::range("disk/total_gb", self.disk.map(|d| d.total_gb), 0.0, 1e12)?;
        check::range("disk/used_gb", self.disk.map(|d| d.used_gb), 0.0, 1e12)?;
        for (i, load) in self.load.iter().flatten().enumerate() {
            check::range(&format!("load/{i}"), Some(*load), 0.0, 1e6)?;
        }
        Ok(())
    }
}
