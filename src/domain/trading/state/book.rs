//! A book: all trades of a symbol in an account and a currency, matched first in, first out.

use super::tape::{Lot, Place, Tape};
use crate::domain::trading::{Amount, Decimal, Side};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which book; those of a symbol stand together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BookKey {
    /// What is traded.
    pub symbol: Arc<str>,
    /// In which currency prices are.
    pub currency: Arc<str>,
    /// Whose it is.
    pub account: Arc<str>,
}

/// A book.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Book {
    buys: Tape,
    sells: Tape,
    /// What venues took; negative are rebates.
    pub fees: Amount,
    /// How many trades.
    pub trades: u64,
    /// How many of them came late.
    #[serde(default)]
    pub late: u64,
    /// Time of the first.
    pub first_at: Timestamp,
    /// Time of the last.
    pub last_at: Timestamp,
    /// More lots were open, or a late trade reached further back, than lots are kept apart, so that a
    /// mean price stands for theirs.
    #[serde(default)]
    pub inexact: bool,
}

/// What a trade did to its book.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    /// By how much the realised profit is more, gross of fees; none if it closed nothing.
    pub realized: Option<Amount>,
    /// It has an earlier time than trades that were there before it.
    pub late: bool,
}

/// Lots that are asked for are not kept apart any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unkept;

impl Book {
    /// Takes in a trade.
    pub fn add(&mut self, place: Place, side: Side, lot: Lot, fees: Option<Decimal>) -> Booked {
        let (had, met) = (self.realized(), self.matched());
        let (at, _) = place;
        let late = self.trades > 0 && at < self.last_at;
        self.late = self.late.saturating_add(u64::from(late));
        self.first_at = if self.trades == 0 { at } else { self.first_at.min(at) };
        self.last_at = self.last_at.max(at);
        self.trades = self.trades.saturating_add(1);
        if let Some(fees) = fees {
            self.fees += &Amount::from(fees);
        }
        let taken = match side {
            Side::Buy => self.buys.add(place, lot),
            Side::Sell => self.sells.add(place, lot),
        };
        let units = self.matched();
        let exact = [self.buys.meet(&units), self.sells.meet(&units)];
        self.inexact |= exact.contains(&false) || taken.joined;
        let closed = units != met || self.realized() != had;
        Booked { realized: closed.then(|| &self.realized() - &had), late }
    }

    /// The side of the lots that are open, and these, oldest first: from which trade, how much is
    /// left of them, and at what price.
    pub fn open(&self) -> (Side, Vec<(Place, Amount, Decimal)>) {
        let (side, tape) = match self.quantity().is_negative() {
            true => (Side::Sell, &self.sells),
            false => (Side::Buy, &self.buys),
        };
        (side, tape.open(&self.matched()).collect())
    }

    /// The profit of what a trade closed that was taken in before, gross of fees: none if it closed
    /// nothing. `Err` if that cannot be told from what is still kept apart.
    pub fn realized_by(
        &self,
        place: Place,
        side: Side,
        lot: Lot,
    ) -> Result<Option<Amount>, Unkept> {
        let (mut bought, mut sold) = (self.buys.before(place), self.sells.before(place));
        let from = (&bought).min(&sold).clone();
        match side {
            Side::Buy => bought += &Amount::from(lot.quantity),
            Side::Sell => sold += &Amount::from(lot.quantity),
        }
        let to = (&bought).min(&sold);
        if from == *to {
            return Ok(None);
        }
        let between = |tape: &Tape| Some(&tape.first(to)? - &tape.first(&from)?);
        let (paid, received) = (between(&self.buys), between(&self.sells));
        let (paid, received) = (paid.ok_or(Unkept)?, received.ok_or(Unkept)?);
        Ok(Some(&received - &paid))
    }

    /// Keeps apart no more than `most` closed lots of each side; returns how many it let go.
    pub fn settle(&mut self, most: u32) -> u32 {
        self.buys.settle(most) + self.sells.settle(most)
    }

    /// How many lots are kept apart though they are closed.
    pub const fn closed(&self) -> u32 {
        self.buys.closed() + self.sells.closed()
    }

    /// How many units have been bought and sold.
    fn matched(&self) -> Amount {
        (&self.buys.quantity).min(&self.sells.quantity).clone()
    }

    /// What is held; negative is a short position.
    pub fn quantity(&self) -> Amount {
        &self.buys.quantity - &self.sells.quantity
    }

    /// What the open lots came to; negative for a short position.
    pub fn cost(&self) -> Amount {
        &self.buys.open_notional() - &self.sells.open_notional()
    }

    /// Profit of what was bought and sold, gross of fees.
    pub fn realized(&self) -> Amount {
        &self.sells.matched - &self.buys.matched
    }

    /// What all trades brought in or took out, but for fees.
    pub fn proceeds(&self) -> Amount {
        &self.sells.notional - &self.buys.notional
    }
}
