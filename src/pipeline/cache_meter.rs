//! How a cache does.

use crate::domain::system::CacheInternals;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of a cache.
#[derive(Debug, Default)]
pub struct CacheMeter {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    entries: AtomicU64,
}

impl CacheMeter {
    /// An answer was found, or had to be made.
    pub fn count(&self, hit: bool) {
        let counter = if hit { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// An answer was dropped.
    pub fn evicted(&self) {
        self.evictions.fetch_add(1, Ordering::Relaxed);
    }

    /// How many answers are held.
    pub fn holds(&self, entries: u64) {
        self.entries.store(entries, Ordering::Relaxed);
    }

    /// Reads all of it.
    pub fn read(&self) -> CacheInternals {
        let (hits, misses) =
            (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed));
        CacheInternals {
            hits,
            misses,
            hit_rate: CacheInternals::rate(hits, misses),
            entries: self.entries.load(Ordering::Relaxed),
            evictions: self.evictions.load(Ordering::Relaxed),
        }
    }
}
