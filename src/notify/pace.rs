//! How fast: how often a channel is told something, and how long a failed attempt waits.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// How patient deliveries are.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Longest wait for a connection, and for a name.
    pub connect: Duration,
    /// Longest a delivery may take.
    pub timeout: Duration,
    /// How long the first failed attempt waits; each after it waits twice as long.
    pub first: Duration,
    /// The longest that one waits.
    pub most: Duration,
    /// Attempts after which a notification is given up.
    pub attempts: u32,
    /// The same if the other side says no each time.
    pub refused: u32,
    /// Age at which it is given up, once it was tried a few times.
    pub age: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
            first: Duration::from_secs(5),
            most: Duration::from_secs(600),
            attempts: 12,
            refused: 4,
            age: Duration::from_secs(86_400),
        }
    }
}

/// The longest that the other side can ask to be left alone.
pub(super) const LONGEST_AFTER: Duration = Duration::from_secs(3_600);
/// Attempts before age counts.
const FEW: u32 = 3;

impl Tuning {
    /// How long to wait after an attempt that failed, `failed` of them before it; `random` is from
    /// 0 to 1 and keeps channels from coming back all at once.
    pub fn wait(&self, failed: u32, after: Option<Duration>, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << failed.min(20)).min(self.most);
        let jittered = doubled.mul_f64(0.8 + 0.4 * random.clamp(0.0, 1.0));
        jittered.max(after.unwrap_or_default().min(LONGEST_AFTER))
    }

    /// Whether a notification of this age is given up, after `attempts` that failed, the last one
    /// because it was refused.
    pub fn is_over(&self, attempts: u32, refused: bool, age: Duration) -> bool {
        attempts >= self.attempts
            || refused && attempts >= self.refused
            || age >= self.age && attempts >= FEW
    }
}

/// When a channel was lately told something.
#[derive(Debug, Default)]
pub struct Rate(VecDeque<Instant>);

impl Rate {
    /// When the next may go out, of at most `per_min` a minute; none if now. Over any minute there
    /// are no more than that, and with less than one a minute, one in as many minutes.
    pub fn next(&mut self, per_min: f64, now: Instant) -> Option<Instant> {
        let at_once = per_min.floor().clamp(1.0, 10_000.0);
        let span = Duration::from_secs_f64((60.0 * at_once / per_min).clamp(0.0, 86_400.0));
        while self.0.front().is_some_and(|at| *at + span <= now) {
            self.0.pop_front();
        }
        let over = self.0.len().checked_sub(at_once as usize)?;
        self.0.get(over).map(|at| *at + span)
    }

    /// Something goes out now.
    pub fn take(&mut self, now: Instant) {
        self.0.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds at which a channel that always has something to say says it.
    #[track_caller]
    fn check(per_min: f64, seconds: u64, expect: &[u64]) {
        let begun = Instant::now();
        let mut rate = Rate::default();
        let mut told = Vec::new();
        for second in 0..seconds {
            let now = begun + Duration::from_secs(second);
            while rate.next(per_min, now).is_none() {
                rate.take(now);
                told.push(second);
            }
            assert!(rate.next(per_min, now).unwrap() > now);
        }
        assert_eq!(told, expect, "{per_min} a minute");
    }

    #[test]
    fn no_minute_has_more_than_the_rate() {
        check(3.0, 130, &[0, 0, 0, 60, 60, 60, 120, 120, 120]);
        check(1.0, 130, &[0, 60, 120]);
        check(0.5, 250, &[0, 120, 240]);
        check(2.5, 100, &[0, 0, 48, 48, 96, 96]);
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        let tuning = Tuning::default();
        let check = |failed, after: Option<u64>, expect: f64| {
            let wait = tuning.wait(failed, after.map(Duration::from_secs), 0.5);
            assert!((wait.as_secs_f64() - expect).abs() < 1e-6, "{failed}: {wait:?}");
        };
        check(0, None, 5.0);
        check(1, None, 10.0);
        check(6, None, 320.0);
        check(7, None, 600.0);
        check(4_000_000_000, None, 600.0);
        check(0, Some(3), 5.0);
        check(0, Some(60), 60.0);
        check(0, Some(100_000), 3_600.0);
        assert_eq!(tuning.wait(0, None, 0.0), Duration::from_secs(4));
        assert_eq!(tuning.wait(0, None, 1.0), Duration::from_secs(6));
    }

    #[test]
    fn giving_up_takes_attempts() {
        let tuning = Tuning::default();
        let day = tuning.age;
        for (attempts, refused, age, expect) in [
            (11, false, Duration::ZERO, false),
            (12, false, Duration::ZERO, true),
            (3, true, Duration::ZERO, false),
            (4, true, Duration::ZERO, true),
            (2, false, day, false),
            (3, false, day, true),
        ] {
            assert_eq!(tuning.is_over(attempts, refused, age), expect, "{attempts} {age:?}");
        }
    }
}
