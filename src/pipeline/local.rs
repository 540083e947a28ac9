//! Figures of this process, which are shown but are not part of the journal's state.

use super::cache_meter::CacheMeter;
use super::history::History;
use super::ingest::Meters;
use super::journal::JournalStatus;
use super::sampler::ProcessSampler;
use crate::domain::system::{Caches, HubInternals, IngestInternals, Internals, Process};
use crate::wire::Seq;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::hub::Hub;

/// Reading the process table costs more than it changes.
const PROCESS_EVERY: Duration = Duration::from_secs(1);

/// Figures of this process at one moment.
#[derive(Debug, Clone)]
pub struct Local {
    /// Name of this machine among the hosts.
    pub host: Arc<str>,
    /// The process.
    pub process: Process,
    /// The insides.
    pub internals: Internals,
}

/// Where the figures come from.
pub struct Gauges {
    /// Name of this machine among the hosts.
    pub host: Arc<str>,
    /// Counters of the intake.
    pub meters: Arc<Meters>,
    /// How the journal is.
    pub journal: Arc<JournalStatus>,
    /// How far history has come, and its caches.
    pub history: History,
    /// How views that are made once a flush are read.
    pub views: Arc<CacheMeter>,
    /// How answers that are kept are read.
    pub answers: Arc<CacheMeter>,
    /// How far the state has come.
    pub applied: AtomicU64,
    /// The feed, once there is one.
    pub hub: OnceLock<Weak<Hub>>,
    process: Mutex<(Option<Instant>, Process, ProcessSampler)>,
}

impl Gauges {
    /// Gauges of a pipeline whose feed is still to come.
    pub fn new(
        host: Arc<str>,
        meters: Arc<Meters>,
        journal: Arc<JournalStatus>,
        history: History,
    ) -> Self {
        let process = Mutex::new((None, Process::default(), ProcessSampler::new()));
        let (applied, hub) = (AtomicU64::new(0), OnceLock::new());
        let (views, answers) = (Arc::default(), Arc::default());
        Self { host, meters, journal, history, views, answers, applied, hub, process }
    }

    /// Reads all of them.
    pub fn read(&self) -> Local {
        Local { host: self.host.clone(), process: self.process(), internals: self.internals() }
    }

    fn process(&self) -> Process {
        let mut held = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, process, sampler) = &mut *held;
        if read_at.is_none_or(|at| at.elapsed() >= PROCESS_EVERY) {
            *process = sampler.sample();
            *read_at = Some(Instant::now());
        }
        *process
    }

    /// Reads the insides alone.
    pub fn internals(&self) -> Internals {
        let applied: Seq = self.applied.load(Ordering::Acquire);
        let ingest = IngestInternals {
            events_per_s: self.meters.events_per_s(),
            accepted: self.meters.accepted.load(Ordering::Relaxed),
            duplicates: self.meters.duplicates.load(Ordering::Relaxed),
            rejected: self.meters.rejected.load(Ordering::Relaxed),
            turned_away: self.meters.turned_away.load(Ordering::Relaxed),
            queued: self.journal.queued(),
        };
        let mut journal = self.journal.internals();
        journal.lag_events = journal.seq.saturating_sub(applied);
        journal.history_lag_events = applied.saturating_sub(self.history.position());
        Internals { ingest, journal, hub: self.hub(), cache: self.caches() }
    }

    /// Reads how the caches do.
    pub fn caches(&self) -> Caches {
        Caches::of(self.views.read(), self.answers.read(), self.history.cache_internals())
    }

    fn hub(&self) -> HubInternals {
        let Some(hub) = self.hub.get().and_then(Weak::upgrade) else {
            return HubInternals::default();
        };
        HubInternals {
            clients: hub.meters.clients.load(Ordering::Acquire),
            flushes: hub.meters.flushes.load(Ordering::Relaxed),
            frames_sent: hub.meters.frames_sent.load(Ordering::Relaxed),
            resyncs: hub.meters.resyncs.load(Ordering::Relaxed),
            slow_closed: hub.meters.slow_closed.load(Ordering::Relaxed),
        }
    }
}
