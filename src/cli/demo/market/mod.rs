//! A market, and two desks that trade in it: prices wander by chance, and what the desks do follows
//! from prices alone.

mod desk;
mod price;

use super::rng::Rng;
use super::world::{Actor, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use desk::{Desk, Strategy};
use price::{INSTRUMENTS, Walk};
use serde_json::json;

/// Steps of the market's life before anybody looks, so that averages are of something.
const WARM_UP: (usize, f64) = (300, 2.0 * MINUTE);

/// Market and desks.
pub(super) struct Market {
    walks: Vec<Walk>,
    desks: [Desk; 2],
    turn: usize,
    /// When signals of each instrument were last told.
    told: Vec<Timestamp>,
    funded: bool,
    rng: Rng,
}

impl Market {
    pub fn new(birth: Timestamp, mut rng: Rng) -> Self {
        let mut walks: Vec<Walk> = INSTRUMENTS.iter().map(Walk::new).collect();
        let (steps, span) = WARM_UP;
        for walk in &mut walks {
            (0..steps).for_each(|_| walk.step(span, &mut rng));
            walk.begin(birth);
        }
        let mut desk = |strategy, budget| Desk::new(strategy, budget, birth, rng.fork());
        let desks = [desk(Strategy::Momentum, 24_000.0), desk(Strategy::Reversion, 16_000.0)];
        let told = vec![Timestamp::default(); walks.len()];
        Self { walks, desks, turn: 0, told, funded: false, rng }
    }
}

impl Actor for Market {
    fn source(&self) -> &'static str {
        "demo/market"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> f64 {
        if !std::mem::replace(&mut self.funded, true) {
            self.desks.iter().for_each(|desk| desk.fund(moment));
        }
        for desk in &mut self.desks {
            desk.report(moment);
        }
        self.turn += 1;
        let at = self.turn % self.walks.len().max(1);
        if let (Some(walk), Some(told)) = (self.walks.get_mut(at), self.told.get_mut(at)) {
            walk.step_to(moment.now, &mut self.rng);
            let (symbol, price) = (walk.kind.symbol, walk.told());
            moment.emit("price.updated", json!({"symbol": symbol, "price": price}));
            if walk.kind.is_traded() {
                let often = if moment.live { 30.0 * SECOND } else { 5.0 * MINUTE };
                let tells = moment.now.since(*told) as f64 >= often;
                if tells {
                    *told = moment.now;
                }
                for desk in &mut self.desks {
                    desk.look(at, walk, tells, moment);
                }
            }
        }
        self.rng.exponential(if moment.live { 2.0 } else { 20.0 } * SECOND)
    }
}

#[cfg(test)]
mod tests;
