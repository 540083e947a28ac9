//! One side of a book: all that was ever bought, or sold, in the order of its own time.
//!
//! First in, first out has a simple form: the n-th unit ever bought meets the n-th unit ever sold,
//! whichever came first. So matching a book is to know, for each side, what its first n units came
//! to, with n the lesser of the two totals. A trade that comes late takes its place among the
//! others, and only the units that it pushes across that boundary are looked at again.

use crate::domain::trading::{Amount, Decimal};
use crate::wire::{Seq, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

/// Where a trade stands: by its own time, and where that is the same by when it came in.
pub type Place = (Timestamp, Seq);

/// A quantity that was traded at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// How much; above zero.
    pub quantity: Decimal,
    /// At what price for one.
    pub price: Decimal,
}

/// One side of a book.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tape {
    /// All that was traded.
    pub quantity: Amount,
    /// What all of it came to.
    pub notional: Amount,
    /// What the units that have met their like came to.
    pub matched: Amount,
    /// Lots that are kept apart: all open ones, and the newest of those that are closed.
    lots: OrdMap<Place, Lot>,
    /// How many of them come before the front.
    closed: u32,
    /// Place of the newest lot that is not kept apart any more.
    settled: Option<Place>,
    /// The first lot that has not been met as a whole; none if all have.
    front: Option<Place>,
    /// How much comes before the front.
    before: Amount,
    /// What that came to.
    before_notional: Amount,
}

/// What taking in a lot did besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// It has joined another lot, at their mean price.
    pub joined: bool,
}

impl Tape {
    /// Most open lots that are kept apart; further ones join the newest, at their mean price.
    const MAX_OPEN: usize = 100_000;

    /// Takes in a lot; [`Self::meet`] is to follow.
    pub fn add(&mut self, place: Place, lot: Lot) -> Taken {
        let (quantity, price) = (Amount::from(lot.quantity), Amount::from(lot.price));
        let notional = &quantity * &price;
        self.quantity += &quantity;
        self.notional += &notional;
        let newest = self.lots.get_max().map(|(place, _)| *place).or(self.settled);
        let late = newest.is_some_and(|newest| newest > place);
        if self.settled.is_some_and(|settled| place <= settled) {
            self.before += &quantity;
            self.before_notional += &notional;
            return Taken::default();
        }
        let passed = match self.front {
            Some(front) => place < front,
            None => late,
        };
        if passed {
            self.before += &quantity;
            self.before_notional += &notional;
            self.closed = self.closed.saturating_add(1);
        }
        if !late && self.join_newest(&quantity, &notional) {
            return Taken { joined: true };
        }
        self.lots.insert(place, lot);
        if !passed && self.front.is_none() {
            self.front = Some(place);
        }
        Taken::default()
    }

    /// Adds to the newest lot, if too many are open and one lot can hold both.
    fn join_newest(&mut self, quantity: &Amount, notional: &Amount) -> bool {
        if self.lots.len().saturating_sub(self.closed as usize) < Self::MAX_OPEN {
            return false;
        }
        let Some((place, newest)) = self.lots.get_max().copied() else { return false };
        let had = Amount::from(newest.quantity);
        let all = &had + quantity;
        let worth = &(&had * &Amount::from(newest.price)) + notional;
        let price = worth.over(&all).and_then(|price| price.to_decimal());
        let (Some(quantity), Some(price)) = (all.to_decimal(), price) else { return false };
        self.lots.insert(place, Lot { quantity, price });
        true
    }

    /// Moves the front to where `units` have been met. `false` if that lies among what is not kept
    /// apart any more: then the mean price of those is taken.
    pub fn meet(&mut self, units: &Amount) -> bool {
        while let Some((place, lot)) = self.front_lot() {
            let quantity = Amount::from(lot.quantity);
            let end = &self.before + &quantity;
            if end > *units {
                break;
            }
            self.before_notional += &(&quantity * &Amount::from(lot.price));
            self.before = end;
            self.closed = self.closed.saturating_add(1);
            self.front = self.after(place);
        }
        while self.before > *units {
            let Some((place, lot)) = self.last_closed() else {
                // The share of the settled units that is met, at their mean price.
                let share = self.before_notional.over(&self.before);
                self.matched = share.map(|mean| &mean * units).unwrap_or_default();
                return false;
            };
            let quantity = Amount::from(lot.quantity);
            self.before -= &quantity;
            self.before_notional -= &(&quantity * &Amount::from(lot.price));
            self.closed = self.closed.saturating_sub(1);
            self.front = Some(place);
        }
        // What lots that were joined lack or have too much by rounding is made good at the end.
        self.matched = if *units == self.quantity {
            self.notional.clone()
        } else {
            let part = units - &self.before;
            let price = self.front_lot().map(|(_, lot)| Amount::from(lot.price));
            &self.before_notional + &price.map(|price| &price * &part).unwrap_or_default()
        };
        true
    }

    fn front_lot(&self) -> Option<(Place, Lot)> {
        let place = self.front?;
        self.lots.get(&place).map(|lot| (place, *lot))
    }

    fn after(&self, place: Place) -> Option<Place> {
        let (at, seq) = place;
        self.lots.range((at, seq.saturating_add(1))..).next().map(|(place, _)| *place)
    }

    fn last_closed(&self) -> Option<(Place, Lot)> {
        let last = match self.front {
            Some(front) => self.lots.range(..front).next_back(),
            None => self.lots.get_max().map(|(place, lot)| (place, lot)),
        };
        last.map(|(place, lot)| (*place, *lot))
    }

    /// Keeps apart no more than `most` of the lots that are closed; returns how many it let go.
    pub fn settle(&mut self, most: u32) -> u32 {
        let mut gone = 0;
        while self.closed > most {
            let Some(first) = self.lots.get_min().map(|(place, _)| *place) else { break };
            self.lots.remove(&first);
            self.settled = Some(first);
            self.closed -= 1;
            gone += 1;
        }
        gone
    }

    /// How many lots are kept apart though they are closed.
    pub const fn closed(&self) -> u32 {
        self.closed
    }

    /// The lots that have not been met as a whole, oldest first; `units` have been, so that less of
    /// the first may be left than it had.
    pub fn open(&self, units: &Amount) -> impl Iterator<Item = (Place, Amount, Decimal)> + use<'_> {
        let mut met = units - &self.before;
        let lots = self.front.into_iter().flat_map(|front| self.lots.range(front..));
        lots.map(move |(place, lot)| {
            let met = std::mem::take(&mut met);
            (*place, &Amount::from(lot.quantity) - &met, lot.price)
        })
    }

    /// How many units come before a place; only of a place after all that is not kept apart.
    pub fn before(&self, place: Place) -> Amount {
        let from = self.lots.range(place..).map(|(_, lot)| Amount::from(lot.quantity));
        from.fold(self.quantity.clone(), |left, quantity| &left - &quantity)
    }

    /// What the first `units` came to; none if that takes lots that are not kept apart any more.
    pub fn first(&self, units: &Amount) -> Option<Amount> {
        let (mut sum, mut worth) = (self.before.clone(), self.before_notional.clone());
        let part = |lot: &Lot, quantity: &Amount| &Amount::from(lot.price) * quantity;
        if sum > *units {
            let newest = (Timestamp::from_ms(i64::MAX), Seq::MAX);
            for (_, lot) in self.lots.range(..self.front.unwrap_or(newest)).rev() {
                let quantity = Amount::from(lot.quantity);
                sum -= &quantity;
                worth -= &part(lot, &quantity);
                if sum <= *units {
                    return Some(&worth + &part(lot, &(units - &sum)));
                }
            }
            return None;
        }
        let open = self.front.into_iter().flat_map(|front| self.lots.range(front..));
        for (_, lot) in open {
            let quantity = Amount::from(lot.quantity);
            let end = &sum + &quantity;
            if end > *units {
                return Some(&worth + &part(lot, &(units - &sum)));
            }
            worth += &part(lot, &quantity);
            sum = end;
        }
        (sum == *units).then_some(worth)
    }

    /// What the units came to that have met nothing yet.
    pub fn open_notional(&self) -> Amount {
        &self.notional - &self.matched
    }
}
