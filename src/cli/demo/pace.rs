//! How fast events are sent, and when to end.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most events a second.
const MAX_PER_SECOND: f64 = 5_000.0;

/// What happens within this time goes in one batch.
const GATHER: Duration = Duration::from_millis(200);

/// Longest wait: the clock may be set meanwhile.
const LONGEST: Duration = Duration::from_secs(1);

/// The wish of whoever started the demo that it end.
#[derive(Debug, Default)]
pub(super) struct Stop {
    asked: Mutex<bool>,
    told: Condvar,
}

impl Stop {
    /// Asks for the end; who sleeps wakes.
    pub fn request(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told.notify_all();
    }

    /// Whether the end was asked for.
    pub fn requested(&self) -> bool {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps, at most until the end is asked for.
    pub fn sleep(&self, span: Duration) {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.told.wait_timeout_while(asked, span, |asked| !*asked);
    }
}

/// The rate of sending.
#[derive(Debug)]
pub(super) struct Pace {
    last: Instant,
    /// Events a second, smoothed over some seconds.
    rate: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { last: Instant::now(), rate: 0.0 }
    }
}

impl Pace {
    /// Events a second of late.
    pub const fn per_second(&self) -> f64 {
        self.rate
    }

    /// How long to wait after a batch of `events`, given when the next event is due. While batches
    /// are full life is behind, and only the limit counts.
    pub fn wait(&mut self, events: usize, full: bool, due: Duration) -> Duration {
        let took = self.last.elapsed();
        let events = events as f64;
        let least = Duration::from_secs_f64(events / MAX_PER_SECOND).saturating_sub(took);
        let wait = if full { least } else { least.max(due).max(GATHER).min(LONGEST) };
        let span = (took + wait).as_secs_f64().max(0.001);
        self.rate += (events / span - self.rate) * (span / 5.0).min(1.0);
        self.last = Instant::now() + wait;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_gathered_and_bounded() {
        let mut pace = Pace::default();
        assert!(pace.wait(500, true, Duration::ZERO) <= Duration::from_millis(100));
        assert_eq!(Pace::default().wait(1, false, Duration::ZERO), GATHER);
        assert_eq!(Pace::default().wait(1, false, Duration::from_secs(60)), LONGEST);
        assert!(pace.per_second() > 0.0 && pace.per_second() < MAX_PER_SECOND * 1.1);
    }

    #[test]
    fn whoever_sleeps_wakes_when_the_end_is_asked_for() {
        let stop = Stop::default();
        std::thread::scope(|scope| {
            scope.spawn(|| stop.sleep(Duration::from_secs(60)));
            stop.request();
        });
        assert!(stop.requested());
    }
}
