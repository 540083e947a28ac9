//! What is counted by who asks.

use super::bucket::TokenBucket;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Parts that are locked apart from each other, so that cores need not wait for one another.
const SHARDS: usize = 16;
/// Who is remembered at the most, over all shards.
const MOST: usize = 100_000;
/// Least time between two looks for those who need not be remembered.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// An IPv4 address, or the /64 that an IPv6 client can take its addresses from.
    Address(IpAddr),
    /// A user, by name.
    User(Arc<str>),
}

impl Who {
    /// Whoever is at `address`.
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
            }
            address => address,
        })
    }

    /// The user of this name.
    pub fn user(name: &str) -> Self {
        Self::User(name.into())
    }
}

/// Maps by who asks, in shards.
#[derive(Debug)]
struct Shards<T> {
    hasher: RandomState,
    shards: [Mutex<T>; SHARDS],
}

impl<T: Default> Default for Shards<T> {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: Default::default() }
    }
}

impl<T> Shards<T> {
    fn of(&self, who: &Who) -> Option<MutexGuard<'_, T>> {
        let at = usize::try_from(self.hasher.hash_one(who) % SHARDS as u64).unwrap_or(0);
        self.shards.get(at).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A rate for each of those who ask.
///
/// A full bucket is as good as none, so those are forgotten, and what is remembered has been heard
/// in the last seconds. When even they are too many, the rest share a bucket: an attacker with a
/// hundred thousand addresses then meets one limit, not none, which a cache that evicts would give.
#[derive(Debug)]
pub struct Rates {
    per_second: u32,
    shards: Shards<Rated>,
}

#[derive(Debug, Default)]
struct Rated {
    each: HashMap<Who, TokenBucket>,
    rest: Option<TokenBucket>,
    swept: Option<Instant>,
}

impl Rates {
    /// `per_second` for each, and twice that at once; no limit if it is 0.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, shards: Shards::default() }
    }

    /// Takes one for `who`, if there is one as of `now`.
    pub fn take(&self, who: Who, now: Instant) -> bool {
        if self.per_second == 0 {
            return true;
        }
        let full = || TokenBucket::full_at(2.0 * f64::from(self.per_second), self.per_second, now);
        let Some(mut shard) = self.shards.of(&who) else { return true };
        let shard = &mut *shard;
        if let Some(bucket) = shard.each.get_mut(&who) {
            return bucket.take_at(now);
        }
        if shard.swept.is_none_or(|at| now.duration_since(at) >= SWEEP_EVERY) {
            shard.swept = Some(now);
            shard.each.retain(|_, bucket| !bucket.is_full_at(now));
        }
        if shard.each.len() < MOST / SHARDS {
            shard.each.entry(who).or_insert_with(full).take_at(now)
        } else {
            shard.rest.get_or_insert_with(full).take_at(now)
        }
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.shards.shards.iter().map(|shard| shard.lock().unwrap().each.len()).sum()
    }
}

/// Places that those who ask hold at the same time. Only who holds one is remembered.
#[derive(Debug)]
pub struct Seats {
    most: u32,
    shards: Shards<HashMap<Who, u32>>,
}

impl Seats {
    /// `most` for each; no limit if it is 0.
    pub fn new(most: u32) -> Arc<Self> {
        Arc::new(Self { most, shards: Shards::default() })
    }

    /// A place for `who`, if one is free. It is free again once what is returned is dropped.
    pub fn take(self: &Arc<Self>, who: Who) -> Option<Seat> {
        if self.most == 0 {
            return Some(Seat::default());
        }
        {
            let mut shard = self.shards.of(&who)?;
            let held = shard.entry(who.clone()).or_default();
            if *held >= self.most {
                return None;
            }
            *held += 1;
        }
        Some(Seat { held: vec![(self.clone(), who)] })
    }
}

/// Places that are held; free again once it is dropped.
#[derive(Debug, Default)]
pub struct Seat {
    held: Vec<(Arc<Seats>, Who)>,
}

impl Seat {
    /// Holds the places of both.
    #[must_use]
    pub fn and(mut self, mut other: Self) -> Self {
        self.held.append(&mut other.held);
        self
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        for (seats, who) in self.held.drain(..) {
            let Some(mut shard) = seats.shards.of(&who) else { continue };
            if let Some(held) = shard.get_mut(&who) {
                *held = held.saturating_sub(1);
                if *held == 0 {
                    shard.remove(&who);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(text: &str) -> Who {
        Who::at(text.parse().unwrap())
    }

    #[test]
    fn clients_of_ipv6_are_counted_by_their_network() {
        assert_eq!(who("2001:db8::1"), who("2001:db8::ffff:1"));
        assert_ne!(who("2001:db8::1"), who("2001:db8:0:1::1"));
        assert_eq!(who("::ffff:192.0.2.1"), who("192.0.2.1"));
        assert_ne!(who("192.0.2.1"), who("192.0.2.2"));
    }

    #[test]
    fn a_rate_is_for_each_and_comes_back() {
        let (rates, now) = (Rates::new(2), Instant::now());
        let taken = |address: &str, at| (0..10).filter(|_| rates.take(who(address), at)).count();
        assert_eq!((taken("192.0.2.1", now), taken("192.0.2.1", now)), (4, 0));
        assert_eq!(taken("192.0.2.2", now), 4);
        assert_eq!(taken("192.0.2.1", now + Duration::from_secs(1)), 2);
        let none = Rates::new(0);
        assert!((0..1000).all(|_| none.take(who("192.0.2.1"), now)));
    }

    #[test]
    fn no_more_are_remembered_than_fit_and_idle_ones_are_forgotten() {
        let (rates, now) = (Rates::new(1), Instant::now());
        let all = (0..2 * MOST as u32).map(|n| Who::Address(IpAddr::V4(n.into())));
        let let_in = all.filter(|who| rates.take(who.clone(), now)).count();
        assert!(rates.remembered() <= MOST, "{}", rates.remembered());
        // The rest share a bucket in each shard.
        assert!(let_in <= MOST + 2 * SHARDS, "{let_in}");
        for n in 0..1000 {
            rates.take(Who::user(&format!("user {n}")), now + Duration::from_secs(5));
        }
        assert!(rates.remembered() <= 1000, "{}", rates.remembered());
    }

    #[test]
    fn seats_are_freed() {
        let seats = Seats::new(2);
        let one = seats.take(who("192.0.2.1")).unwrap();
        let two = seats.take(who("192.0.2.1")).unwrap();
        assert!(seats.take(who("192.0.2.1")).is_none());
        assert!(seats.take(Who::user("ada")).is_some());
        drop(one.and(two));
        assert!(seats.take(who("192.0.2.1")).is_some());
        assert!(seats.shards.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
    }
}
