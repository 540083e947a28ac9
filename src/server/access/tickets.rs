//! Tickets for sockets: what a page or program that cannot set headers shows once, in the address.
//! An address is logged by proxies, so a ticket is good for one use within 30 seconds.

use super::Caller;
use super::secret;
use crate::wire::ApiError;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::time::{Duration, Instant};

/// How long a ticket is good.
pub const GOOD_FOR: Duration = Duration::from_secs(30);
/// Tickets that nobody has used yet; the oldest make room.
const MAX: u64 = 10_000;

/// The tickets that are out.
#[derive(Debug)]
pub struct Tickets {
    out: Cache<String, (Instant, Caller)>,
    good_for: Duration,
}

impl Tickets {
    /// None is out; each will be good for so long.
    pub fn new(good_for: Duration) -> Self {
        let out = Cache::builder()
            .max_capacity(MAX)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(good_for)
            .build();
        Self { out, good_for }
    }

    /// Gives one out.
    ///
    /// # Errors
    /// 500 if the system gives no random bytes.
    pub fn issue(&self, caller: &Caller) -> Result<String, ApiError> {
        let ticket = secret::text::<24>()?;
        self.out.insert(ticket.clone(), (Instant::now(), caller.clone()));
        Ok(ticket)
    }

    /// Takes one back: whose it is, if it is good.
    pub fn redeem(&self, ticket: &str) -> Option<Caller> {
        // The cache may still hold what is over.
        let (issued, caller) = self.out.remove(ticket)?;
        (issued.elapsed() < self.good_for).then_some(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_not_for_long() {
        let tickets = Tickets::new(GOOD_FOR);
        let ticket = tickets.issue(&Caller::nobody(None)).unwrap();
        assert!(tickets.redeem("other").is_none());
        assert!(tickets.redeem(&ticket).is_some());
        assert!(tickets.redeem(&ticket).is_none());
        let short = Tickets::new(Duration::from_millis(1));
        let ticket = short.issue(&Caller::nobody(None)).unwrap();
        while short.out.contains_key(&ticket) {
            std::thread::yield_now();
        }
        assert!(short.redeem(&ticket).is_none());
    }
}
