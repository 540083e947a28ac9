//! What readers get to see of hosts and of the server itself.

use crate::domain::health::{Finding, Status};
use crate::wire::{Cursor, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Processors of a host.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Cpu {
    /// Use of all of them together, 0 to 100.
    #[serde(default)]
    pub usage_percent: f64,
    /// How many; null if the host does not say.
    #[serde(default)]
    pub cores: Option<u32>,
}

/// Main memory of a host.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Memory {
    /// Size in MiB.
    #[serde(default)]
    pub total_mb: f64,
    /// In use, in MiB.
    #[serde(default)]
    pub used_mb: f64,
    /// In use, 0 to 100.
    #[serde(default)]
    pub percent: f64,
}

/// A disk of a host.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Disk {
    /// Size in GiB.
    #[serde(default)]
    pub total_gb: f64,
    /// In use, in GiB.
    #[serde(default)]
    pub used_gb: f64,
    /// In use, 0 to 100.
    #[serde(default)]
    pub percent: f64,
}

/// Traffic of a host: counters, and the rate between the last two samples.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Network {
    /// Received since the host started.
    pub rx_bytes: u64,
    /// Sent since the host started.
    pub tx_bytes: u64,
    /// Received per second; null before the second sample.
    pub rx_bytes_per_s: Option<f64>,
    /// Sent per second.
    pub tx_bytes_per_s: Option<f64>,
}

/// A host's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HostItem {
    /// Its name.
    pub host: Arc<str>,
    /// Worst of its findings; unknown when it has gone quiet.
    pub status: Status,
    /// Processors, as last said.
    pub cpu: Option<Cpu>,
    /// Memory, as last said.
    pub memory: Option<Memory>,
    /// Disk, as last said.
    pub disk: Option<Disk>,
    /// Traffic, as last said.
    pub network: Option<Network>,
    /// Load average over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// CPU use of the last samples, oldest first, at most 60.
    pub cpu_trend: Vec<f32>,
    /// Memory use of the last samples, oldest first, at most 60.
    pub memory_trend: Vec<f32>,
    /// Time of the newest sample.
    pub last_seen_at: Timestamp,
    /// Usual time between samples, in milliseconds; null before the third.
    pub interval_ms: Option<i64>,
    /// Quiet for longer than its usual interval allows.
    pub stale: bool,
    /// What its rules found.
    pub findings: Vec<Finding>,
}

/// The server's own process.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Resident memory in MiB.
    pub memory_mb: f64,
    /// Threads.
    pub threads: u32,
    /// Seconds since it started.
    pub uptime_seconds: u64,
}

/// The intake of events.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct IngestInternals {
    /// Events accepted per second, over the last 10 seconds.
    pub events_per_s: f64,
    /// Accepted since start.
    pub accepted: u64,
    /// Seen before.
    pub duplicates: u64,
    /// Refused as invalid.
    pub rejected: u64,
    /// Refused because the queue was full or the journal not writable.
    pub turned_away: u64,
    /// Waiting for the journal.
    pub queued: u64,
}

/// The journal.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct JournalInternals {
    /// Last durable position.
    pub seq: u64,
    /// Durable but not yet folded.
    pub lag_events: u64,
    /// Position of the newest checkpoint.
    pub checkpoint_seq: u64,
    /// Size on disk.
    pub size_bytes: u64,
    /// Commits since start.
    pub commits: u64,
    /// Median time of the last 512 commits, fsync included, in milliseconds.
    pub commit_p50_ms: f64,
    /// 99th percentile of the same.
    pub commit_p99_ms: f64,
    /// False while appends fail (disk full, broken disk).
    pub writable: bool,
    /// Events whose history tables lag behind the state.
    pub history_lag_events: u64,
}

/// The live feed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct HubInternals {
    /// Open sockets.
    pub clients: u64,
    /// Flushes since start.
    pub flushes: u64,
    /// Frames written to sockets since start.
    pub frames_sent: u64,
    /// Snapshots sent to clients that had fallen off the ring.
    pub resyncs: u64,
    /// Clients closed because they accepted nothing for 10 s.
    pub slow_closed: u64,
}

/// How a cache does.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct CacheInternals {
    /// Answers found.
    pub hits: u64,
    /// Answers made.
    pub misses: u64,
    /// hits ÷ (hits + misses); null before the first.
    pub hit_rate: Option<f64>,
    /// Answers held.
    pub entries: u64,
    /// Answers dropped.
    pub evictions: u64,
}

impl CacheInternals {
    /// hits ÷ (hits + misses); none before the first.
    pub fn rate(hits: u64, misses: u64) -> Option<f64> {
        (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64)
    }
}

/// How all caches do, together and each.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Caches {
    /// Answers found.
    pub hits: u64,
    /// Answers made.
    pub misses: u64,
    /// hits ÷ (hits + misses); null before the first.
    pub hit_rate: Option<f64>,
    /// Answers held.
    pub entries: u64,
    /// Answers dropped.
    pub evictions: u64,
    /// Views that are encoded once a flush, whoever asks: overview, system, work. One is held of
    /// each, and none is ever dropped before it is old.
    pub views: CacheInternals,
    /// Answers to reads, kept until something they are made of changes.
    pub answers: CacheInternals,
    /// Range queries over history, kept likewise.
    pub history: CacheInternals,
}

impl Caches {
    /// All of them.
    pub fn of(views: CacheInternals, answers: CacheInternals, history: CacheInternals) -> Self {
        let sum = |of: fn(&CacheInternals) -> u64| [views, answers, history].iter().map(of).sum();
        let (hits, misses) = (sum(|it| it.hits), sum(|it| it.misses));
        Self {
            hits,
            misses,
            hit_rate: CacheInternals::rate(hits, misses),
            entries: sum(|it| it.entries),
            evictions: sum(|it| it.evictions),
            views,
            answers,
            history,
        }
    }
}

/// The server's insides.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Internals {
    /// The intake of events.
    pub ingest: IngestInternals,
    /// The journal.
    pub journal: JournalInternals,
    /// The live feed.
    pub hub: HubInternals,
    /// The caches.
    pub cache: Caches,
}

/// The system page: this machine, the server, and every host that reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SystemPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// This machine's processors; null when it is not sampled.
    pub cpu: Option<Cpu>,
    /// This machine's memory.
    pub memory: Option<Memory>,
    /// This machine's disk.
    pub disk: Option<Disk>,
    /// The server's process.
    pub process: Process,
    /// Name of this machine among the hosts.
    pub local_host: Arc<str>,
    /// Every host that reports, by name.
    pub hosts: Vec<HostItem>,
    /// The server's insides.
    pub internals: Internals,
}

/// What changed on the system page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemDelta {
    /// This machine's processors.
    pub cpu: Option<Cpu>,
    /// This machine's memory.
    pub memory: Option<Memory>,
    /// This machine's disk.
    pub disk: Option<Disk>,
    /// The server's process.
    pub process: Process,
    /// The server's insides.
    pub internals: Internals,
    /// Hosts that are new or different.
    pub upsert: Vec<HostItem>,
}

impl SystemPage {
    /// Brings the page up to date.
    pub fn apply(&mut self, delta: SystemDelta) {
        let SystemDelta { cpu, memory, disk, process, internals, upsert } = delta;
        (self.cpu, self.memory, self.disk) = (cpu, memory, disk);
        (self.process, self.internals) = (process, internals);
        let hosts: BTreeMap<Arc<str>, HostItem> = std::mem::take(&mut self.hosts)
            .into_iter()
            .chain(upsert)
            .map(|host| (host.host.clone(), host))
            .collect();
        self.hosts = hosts.into_values().collect();
    }
}
