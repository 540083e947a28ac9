//! How much one peer may ask for.

use tokio::time::Instant;

/// A token bucket: a burst, and a rate after it.
#[derive(Debug)]
pub struct TokenBucket {
    tokens: f32,
    burst: f32,
    per_second: f32,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket of `burst`, refilled by `per_second`.
    pub fn full(burst: u16, per_second: u16) -> Self {
        let (burst, per_second) = (f32::from(burst), f32::from(per_second));
        Self { tokens: burst, burst, per_second, filled: Instant::now() }
    }

    /// Takes one token, if there is one.
    pub fn take(&mut self) -> bool {
        let now = Instant::now();
        let earned = now.duration_since(self.filled).as_secs_f32() * self.per_second;
        self.tokens = (self.tokens + earned).min(self.burst);
        self.filled = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}
