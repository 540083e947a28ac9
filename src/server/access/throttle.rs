//! How often one may try to sign in: per address, and per account.
//!
//! An attacker who guesses at an account from many addresses uses up what the account allows, but
//! not what it allows to addresses its user has signed in from before: those have a measure of
//! their own. So guessing is slow from everywhere, and nobody is locked out for good. A name that no
//! user has is treated alike.

use crate::wire::{ApiError, ErrorKind};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many may fail at once, and how long one more takes to become free.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// At once.
    pub burst: u32,
    /// One more.
    pub each: Duration,
}

/// The measures.
#[derive(Debug, Clone, Copy)]
pub struct Measures {
    /// Of an address, whomever it tries.
    pub address: Measure,
    /// Of an account, from addresses it has not signed in from.
    pub account: Measure,
    /// Of an account from an address it has signed in from.
    pub known: Measure,
}

impl Default for Measures {
    fn default() -> Self {
        let each = Duration::from_secs;
        Self {
            address: Measure { burst: 30, each: each(10) },
            account: Measure { burst: 10, each: each(30) },
            known: Measure { burst: 10, each: each(30) },
        }
    }
}

/// Most measures that are kept of a kind; those that nobody needs go first.
const MAX: u64 = 100_000;
/// How long an address counts as one the user signs in from.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 86_400);

/// Failures that fade: a token bucket by another name.
#[derive(Debug)]
struct Failures {
    count: f64,
    at: Instant,
}

type Counts = Cache<Arc<str>, Arc<Mutex<Failures>>>;

/// What was tried of late.
#[derive(Debug)]
pub struct Throttle {
    measures: Measures,
    addresses: Counts,
    accounts: Counts,
    /// By account and address.
    pairs: Counts,
    /// Accounts with addresses they have signed in from.
    known: Cache<Arc<str>, ()>,
}

/// An attempt that was let through. It counts as failed unless it is said to have succeeded.
#[derive(Debug)]
#[must_use]
pub struct Attempt {
    taken: [Arc<Mutex<Failures>>; 2],
    pair: Arc<str>,
    known: Cache<Arc<str>, ()>,
}

impl Throttle {
    /// One that has seen nothing.
    pub fn new(measures: Measures) -> Self {
        let counts = |measure: Measure| {
            let idle = measure.each * measure.burst.saturating_add(1);
            Cache::builder()
                .max_capacity(MAX)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(idle)
                .build()
        };
        Self {
            measures,
            addresses: counts(measures.address),
            accounts: counts(measures.account),
            pairs: counts(measures.known),
            known: Cache::builder().max_capacity(MAX).time_to_live(KNOWN_FOR).build(),
        }
    }

    /// Says that a user has signed in from an address before.
    pub fn remember(&self, account: &str, address: &str) {
        self.known.insert(pair(account, address), ());
    }

    /// Lets an attempt through, or says when the next one will be.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn attempt(&self, account: &str, address: &str) -> Result<Attempt, ApiError> {
        let pair = pair(account, address);
        let known = self.known.contains_key(&pair);
        let (counts, key, measure) = if known {
            (&self.pairs, pair.clone(), self.measures.known)
        } else {
            (&self.accounts, key_of(account), self.measures.account)
        };
        let of_address = count(&self.addresses, address.into());
        take(&of_address, self.measures.address)?;
        let of_account = count(counts, key);
        if let Err(error) = take(&of_account, measure) {
            give_back(&of_address);
            return Err(error);
        }
        Ok(Attempt { taken: [of_account, of_address], pair, known: self.known.clone() })
    }
}

impl Attempt {
    /// It has succeeded: it does not count, and the address is one the user signs in from.
    pub fn succeeded(self) {
        self.taken.iter().for_each(give_back);
        self.known.insert(self.pair, ());
    }

    /// It was not looked at.
    pub fn undecided(self) {
        self.taken.iter().for_each(give_back);
    }
}

/// What stands for an account: what somebody typed may be long, and is kept for a while.
fn key_of(account: &str) -> Arc<str> {
    blake3::hash(account.as_bytes()).to_hex().as_str().into()
}

fn pair(account: &str, address: &str) -> Arc<str> {
    format!("{}\0{address}", key_of(account)).into()
}

fn count(counts: &Counts, key: Arc<str>) -> Arc<Mutex<Failures>> {
    counts.get_with(key, || Arc::new(Mutex::new(Failures { count: 0.0, at: Instant::now() })))
}

fn take(failures: &Mutex<Failures>, measure: Measure) -> Result<(), ApiError> {
    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let faded = now.duration_since(failures.at).as_secs_f64() / measure.each.as_secs_f64();
    failures.count = (failures.count - faded).max(0.0);
    failures.at = now;
    let over = failures.count + 1.0 - f64::from(measure.burst);
    if over > 0.0 {
        let wait = (over * measure.each.as_secs_f64()).ceil() as u32;
        let detail = "too many attempts to sign in have failed; wait a while";
        let error = ApiError::new(ErrorKind::TooMany, detail);
        return Err(ApiError { retry_after_s: Some(wait.max(1)), ..error });
    }
    failures.count += 1.0;
    Ok(())
}

fn give_back(failures: &Arc<Mutex<Failures>>) {
    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
    failures.count = (failures.count - 1.0).max(0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle() -> Throttle {
        let day = Duration::from_secs(86_400);
        let measure = |burst| Measure { burst, each: day };
        Throttle::new(Measures { address: measure(4), account: measure(2), known: measure(2) })
    }

    /// How many of ten attempts are let through if all of them fail.
    fn failing(throttle: &Throttle, account: &str, address: &str) -> usize {
        (0..10).filter(|_| throttle.attempt(account, address).is_ok()).count()
    }

    #[test]
    fn guessing_at_an_account_does_not_lock_its_user_out() {
        let throttle = throttle();
        throttle.attempt("ann", "home").unwrap().succeeded();
        let guessed: usize = (0..5).map(|i| failing(&throttle, "ann", &format!("bot {i}"))).sum();
        assert_eq!(guessed, 2, "from all addresses together");
        assert_eq!(throttle.attempt("ann", "cafe").unwrap_err().status, 429);
        throttle.attempt("ann", "home").unwrap().succeeded();
        assert_eq!(failing(&throttle, "ann", "home"), 2, "but at home there is a measure too");
    }

    #[test]
    fn an_address_may_fail_only_so_often_whomever_it_tries() {
        let throttle = throttle();
        let got: usize = (0..5).map(|i| failing(&throttle, &format!("user {i}"), "bot")).sum();
        assert_eq!(got, 4);
        let error = throttle.attempt("ann", "bot").unwrap_err();
        assert_eq!((error.status, error.retry_after_s), (429, Some(86_400)));
        assert!(throttle.attempt("ann", "home").is_ok());
    }

    #[test]
    fn what_succeeds_does_not_count() {
        let throttle = throttle();
        for _ in 0..20 {
            throttle.attempt("ann", "home").unwrap().succeeded();
        }
        for _ in 0..20 {
            throttle.attempt("bob", "home").unwrap().undecided();
        }
    }

    #[test]
    fn failures_fade() {
        let quick = Measure { burst: 1, each: Duration::from_millis(1) };
        let throttle = Throttle::new(Measures { address: quick, account: quick, known: quick });
        for _ in 0..20 {
            while throttle.attempt("ann", "home").is_err() {
                std::thread::yield_now();
            }
        }
    }
}
