//! Figures of the journal, kept by its writer.

use crate::domain::system::JournalInternals;
use crate::wire::Seq;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Commit times that are kept for percentiles.
const TIMES: usize = 512;

/// How the journal is, for whoever wants to know.
#[derive(Debug, Default)]
pub struct JournalStatus {
    pub(super) writable: AtomicBool,
    pub(super) head: AtomicU64,
    pub(super) checkpoint: AtomicU64,
    pub(super) size: AtomicU64,
    commits: AtomicU64,
    pub(super) queued: AtomicU64,
    times: Mutex<VecDeque<f32>>,
}

impl JournalStatus {
    /// Whether the last append went well.
    pub fn writable(&self) -> bool {
        self.writable.load(Ordering::Acquire)
    }

    /// Last durable position.
    pub fn head(&self) -> Seq {
        self.head.load(Ordering::Acquire)
    }

    /// Events that wait to be written.
    pub fn queued(&self) -> u64 {
        self.queued.load(Ordering::Relaxed)
    }

    /// All of it; lags are for others to fill in.
    pub fn internals(&self) -> JournalInternals {
        let mut times: Vec<f32> =
            self.times.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        times.sort_by(f32::total_cmp);
        let at = |q: f64| {
            let rank = (q * times.len().saturating_sub(1) as f64) as usize;
            times.get(rank).copied().map_or(0.0, f64::from)
        };
        JournalInternals {
            seq: self.head(),
            checkpoint_seq: self.checkpoint.load(Ordering::Relaxed),
            size_bytes: self.size.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            commit_p50_ms: at(0.5),
            commit_p99_ms: at(0.99),
            writable: self.writable(),
            ..JournalInternals::default()
        }
    }

    pub(super) fn committed(&self, head: Seq, size: u64, took: Duration) {
        self.head.store(head, Ordering::Release);
        self.size.store(size, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if times.len() == TIMES {
            times.pop_front();
        }
        times.push_back(took.as_secs_f32() * 1000.0);
    }
}
