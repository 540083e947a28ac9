//! Matching a book first in, first out, in the order of the trades' own times.
//!
//! What a book needs to go on is little: what is held, the first lot that is open, and how much of
//! it is left. The lots behind that one are whole, and are looked up as they are met.

use crate::domain::trading::state::{Lot, Place};
use crate::domain::trading::{Amount, Side};

/// A book after a trade.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standing {
    /// What is held; negative is a short position.
    pub position: Amount,
    /// The first open lot; none if nothing is held.
    pub front: Option<Front>,
}

/// The first open lot.
#[derive(Debug, Clone, PartialEq)]
pub struct Front {
    /// Where its trade stands.
    pub place: Place,
    /// At what price it was made.
    pub price: Amount,
    /// How much of it is open.
    pub left: Amount,
}

impl Standing {
    /// Takes in the trade that is next by its own time; `after` finds the lot of a side that comes
    /// next after a place. Returns the profit of what the trade closed, gross of fees; none if it
    /// closed nothing.
    ///
    /// # Errors
    /// Those of `after`.
    pub fn take<E>(
        &mut self,
        place: Place,
        side: Side,
        lot: Lot,
        mut after: impl FnMut(Side, Place) -> Result<Option<(Place, Lot)>, E>,
    ) -> Result<Option<Amount>, E> {
        let (mut open, price) = (Amount::from(lot.quantity), Amount::from(lot.price));
        let (against, signed) = match side {
            Side::Buy => (self.position.is_negative(), open.clone()),
            Side::Sell => (self.position.is_positive(), -&open),
        };
        let held = self.position.abs();
        self.position += &signed;
        if !against {
            self.front.get_or_insert(Front { place, price, left: open });
            return Ok(None);
        }
        let (mut paid, mut closed) = (Amount::default(), Amount::default());
        while let Some(front) = self.front.as_mut().filter(|_| !open.is_zero()) {
            let met = (&front.left).min(&open).clone();
            paid += &(&met * &front.price);
            closed += &met;
            open -= &met;
            front.left -= &met;
            if front.left.is_zero() {
                // Nothing is held between the last lot of one direction and the first of the other.
                let next = if closed == held { None } else { after(opposite(side), front.place)? };
                self.front = next.map(|(place, lot)| Front {
                    place,
                    price: Amount::from(lot.price),
                    left: Amount::from(lot.quantity),
                });
            }
        }
        let received = &closed * &price;
        if !open.is_zero() {
            self.front = Some(Front { place, price, left: open });
        }
        Ok(Some(match side {
            Side::Buy => &paid - &received,
            Side::Sell => &received - &paid,
        }))
    }
}

const fn opposite(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}
