//! How long to wait before another try.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Doubling waits with jitter, so that senders that failed together do not come back together.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait: half to all of a span that doubles up to 30 s, and never less than the board
    /// asked for.
    pub fn next(&mut self, retry_after: Option<Duration>) -> Duration {
        let span = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        // Every `RandomState` is keyed anew; that is random enough to spread senders.
        let fraction = RandomState::new().hash_one(self.tries) as f64 / u64::MAX as f64;
        let own = span.mul_f64(0.5 + 0.5 * fraction);
        retry_after.map_or(own, |asked| asked + own.min(Duration::from_secs(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut backoff = Backoff::default();
        let mut span = FIRST;
        for _ in 0..40 {
            let wait = backoff.next(None);
            assert!(span / 2 <= wait && wait <= span, "{wait:?} of {span:?}");
            span = (span * 2).min(LONGEST);
        }
    }

    #[test]
    fn what_the_board_asks_for_is_the_least() {
        let asked = Duration::from_secs(7);
        let wait = Backoff::default().next(Some(asked));
        assert!(asked <= wait && wait <= asked + Duration::from_secs(1), "{wait:?}");
    }
}
