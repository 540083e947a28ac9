//! The one place that reads the wall clock.

use crate::wire::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time: the machine's, or one that a test moves.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's wall clock, but that it never goes back.
    System(Arc<Steady>),
    /// Epoch milliseconds, moved by whoever holds the other end.
    Manual(Arc<AtomicI64>),
}

impl Default for Clock {
    fn default() -> Self {
        Self::System(Arc::default())
    }
}

impl Clock {
    /// Now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System(steady) => steady.now(SystemTime::now(), Instant::now()),
            Self::Manual(ms) => Timestamp::from_ms(ms.load(Ordering::Acquire)),
        }
    }

    /// Waits until it is `at`; for ever if that is none.
    pub async fn until(&self, at: Option<Timestamp>) {
        match at {
            Some(at) => {
                let ms = u64::try_from(at.since(self.now())).unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
            None => std::future::pending().await,
        }
    }

    /// It is at least this late: something has happened then.
    pub fn not_before(&self, at: Timestamp) {
        if let Self::System(steady) = self {
            steady.not_before(at, Instant::now());
        }
    }
}

/// A clock that follows the wall clock ahead, and waits for it when that is set back: meanwhile it
/// goes at half the speed. So time neither goes back nor stands still, and what waits for a moment
/// does not wait for as long as the wall clock was set back.
#[derive(Debug, Default)]
pub struct Steady(Mutex<Option<(Instant, i128)>>);

impl Steady {
    fn now(&self, wall: SystemTime, instant: Instant) -> Timestamp {
        let wall = wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let wall = i128::try_from(wall).unwrap_or(i128::MAX);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match *last {
            None => wall,
            Some((at, told)) => {
                let passed = instant.saturating_duration_since(at).as_nanos();
                wall.max(told + i128::try_from(passed / 2).unwrap_or(i128::MAX))
            }
        };
        *last = Some((instant, now));
        Timestamp::from_ms(i64::try_from(now / 1_000_000).unwrap_or(i64::MAX))
    }

    fn not_before(&self, at: Timestamp, instant: Instant) {
        let at = i128::from(at.ms()) * 1_000_000;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|(_, told)| told < at) {
            *last = Some((instant, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What is told when the wall clock says so, each a second after the one before.
    #[track_caller]
    fn check(not_before: Option<i64>, wall: &[u64], expect: &[i64]) {
        let (steady, begun) = (Steady::default(), Instant::now());
        if let Some(ms) = not_before {
            steady.not_before(Timestamp::from_ms(ms), begun);
        }
        let told: Vec<i64> = (0..)
            .zip(wall)
            .map(|(i, ms)| {
                let wall = UNIX_EPOCH + Duration::from_millis(*ms);
                steady.now(wall, begun + Duration::from_secs(i)).ms()
            })
            .collect();
        assert_eq!(told, expect);
    }

    #[test]
    fn it_follows_ahead_and_waits_at_half_the_speed() {
        check(None, &[1_000, 2_000, 3_000], &[1_000, 2_000, 3_000]);
        check(None, &[1_000, 90_000, 91_000], &[1_000, 90_000, 91_000]);
        check(
            None,
            &[10_000, 8_000, 9_000, 10_000, 11_000, 12_500],
            &[10_000, 10_500, 11_000, 11_500, 12_000, 12_500],
        );
        check(Some(5_000), &[1_000, 2_000], &[5_000, 5_500]);
    }

    #[test]
    fn it_moves_however_often_it_is_asked() {
        let (steady, begun) = (Steady::default(), Instant::now());
        let wall = UNIX_EPOCH + Duration::from_secs(100);
        steady.now(wall, begun);
        let back = UNIX_EPOCH + Duration::from_secs(1);
        for us in 1..=10_000 {
            steady.now(back, begun + Duration::from_micros(us));
        }
        assert_eq!(steady.now(back, begun + Duration::from_millis(10)).ms(), 100_005);
    }
}
