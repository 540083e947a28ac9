//! Counters of what came in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Seconds the rate looks back.
const WINDOW_S: u64 = 10;

/// Slots of the ring; more than the window, so that a slot is never written and read at once.
const SLOTS: usize = 16;

/// What became of events since the server started.
#[derive(Debug)]
pub struct Meters {
    /// Made durable.
    pub accepted: AtomicU64,
    /// Seen before.
    pub duplicates: AtomicU64,
    /// Refused as invalid.
    pub rejected: AtomicU64,
    /// Refused for want of room, or because the journal could not be written.
    pub turned_away: AtomicU64,
    started: Instant,
    /// Accepted events by second: the second in the upper half, their number in the lower.
    ring: [AtomicU64; SLOTS],
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            accepted: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            started: Instant::now(),
            ring: [const { AtomicU64::new(0) }; SLOTS],
        }
    }
}

impl Meters {
    /// Counts events that were made durable.
    pub fn accept(&self, events: usize) {
        self.accepted.fetch_add(events as u64, Ordering::Relaxed);
        self.accept_at(self.started.elapsed().as_secs(), events as u64);
    }

    /// Accepted events a second, over the last 10 seconds and the one that is running.
    pub fn events_per_s(&self) -> f64 {
        self.rate_at(self.started.elapsed().as_secs_f64())
    }

    fn accept_at(&self, second: u64, events: u64) {
        let Some(slot) = self.ring.get((second % SLOTS as u64) as usize) else { return };
        let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            let before = if held >> 32 == second { held & 0xFFFF_FFFF } else { 0 };
            Some(second << 32 | (before + events).min(0xFFFF_FFFF))
        });
    }

    fn rate_at(&self, now: f64) -> f64 {
        let second = now as u64;
        let first = second.saturating_sub(WINDOW_S);
        let events: u64 = self
            .ring
            .iter()
            .map(|slot| slot.load(Ordering::Relaxed))
            .filter(|held| (first..=second).contains(&(held >> 32)))
            .map(|held| held & 0xFFFF_FFFF)
            .sum();
        events as f64 / (now - first as f64).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_over_the_last_ten_seconds() {
        let meters = Meters::default();
        assert_eq!(meters.rate_at(0.5), 0.0);
        meters.accept_at(0, 30);
        assert_eq!(meters.rate_at(0.5), 30.0);
        assert_eq!(meters.rate_at(3.0), 10.0);
        meters.accept_at(2, 15);
        meters.accept_at(2, 15);
        assert_eq!(meters.rate_at(10.0), 6.0);
        assert_eq!(meters.rate_at(12.0), 3.0);
        assert_eq!(meters.rate_at(13.0), 0.0);
        // A slot that comes round again forgets what it held.
        meters.accept_at(18, 20);
        assert_eq!(meters.rate_at(20.0), 2.0);
    }
}
