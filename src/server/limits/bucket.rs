//! Rates.

use tokio::time::Instant;

/// A token bucket: a burst, and a rate after it.
#[derive(Debug)]
pub struct TokenBucket {
    tokens: f64,
    burst: f64,
    per_second: f64,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket of `burst`, refilled by `per_second`.
    pub fn full(burst: impl Into<f64>, per_second: impl Into<f64>) -> Self {
        Self::full_at(burst, per_second, Instant::now())
    }

    /// As [`Self::full`], as of `now`.
    pub fn full_at(burst: impl Into<f64>, per_second: impl Into<f64>, now: Instant) -> Self {
        let (burst, per_second) = (burst.into(), per_second.into());
        Self { tokens: burst, burst, per_second, filled: now }
    }

    /// Takes one token, if there is one.
    pub fn take(&mut self) -> bool {
        self.take_at(Instant::now())
    }

    /// As [`Self::take`], as of `now`.
    pub fn take_at(&mut self, now: Instant) -> bool {
        self.fill(now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Whether it is as full as a new one.
    pub fn is_full_at(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.tokens >= self.burst
    }

    fn fill(&mut self, now: Instant) {
        let earned = now.duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + earned).min(self.burst);
        self.filled = self.filled.max(now);
    }
}
