//! A small trading strategy: prices wander, and now and then something is bought or sold.

use super::rng::Rng;
use super::world::{Actor, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use serde_json::json;

const SYMBOLS: &[(&str, f64)] =
    &[("BTC-USD", 64_200.0), ("ETH-USD", 3_150.0), ("SPY", 548.0), ("AAPL", 226.0)];

struct Position {
    symbol: &'static str,
    price: f64,
    /// In thousandths.
    held: u64,
}

/// Market and strategy.
pub(super) struct Market {
    positions: Vec<Position>,
    turn: usize,
    trades: u64,
    /// Part of the trades' names: they are unlike those of a life that began at another time.
    birth: String,
    funded: bool,
    rng: Rng,
}

impl Market {
    pub fn new(birth: Timestamp, rng: Rng) -> Self {
        let position = |&(symbol, price)| Position { symbol, price, held: 0 };
        let positions = SYMBOLS.iter().map(position).collect();
        let birth = format!("{:x}", birth.ms());
        Self { positions, turn: 0, trades: 0, birth, funded: false, rng }
    }
}

impl Actor for Market {
    fn source(&self) -> &'static str {
        "demo/market"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> f64 {
        if !std::mem::replace(&mut self.funded, true) {
            let cash = json!({"amount": 250_000, "currency": "USD", "account": "demo", "reason": "funding"});
            moment.emit("cash.moved", cash);
        }
        self.turn += 1;
        let at = self.turn % self.positions.len().max(1);
        let Some(position) = self.positions.get_mut(at) else { return MINUTE };
        let step = if moment.live { 6.0 * SECOND } else { 30.0 * SECOND };
        position.price *= 1.0 + 0.0009 * self.rng.normal();
        let (symbol, price) = (position.symbol, format!("{:.2}", position.price));
        moment.emit("price.updated", json!({"symbol": symbol, "price": price}));
        if self.rng.chance(step / (9.0 * MINUTE)) {
            let sells = position.held > 0 && self.rng.chance(0.5);
            let worth = self.rng.between(500.0, 5_000.0);
            let thousandths = ((worth / position.price * 1_000.0) as u64).max(1);
            let quantity = if sells { thousandths.min(position.held) } else { thousandths };
            position.held = if sells { position.held - quantity } else { position.held + quantity };
            self.trades += 1;
            let fees = quantity as f64 / 1_000.0 * position.price * 0.0005;
            moment.emit(
                "trade.executed",
                json!({
                    "symbol": symbol,
                    "side": if sells { "sell" } else { "buy" },
                    "quantity": format!("{}.{:03}", quantity / 1_000, quantity % 1_000),
                    "price": price,
                    "fees": format!("{fees:.2}"),
                    "trade": format!("{}-{}", self.birth, self.trades),
                    "account": "demo",
                    "order_type": if self.rng.chance(0.7) { "limit" } else { "market" },
                    "strategy": self.rng.pick(&["momentum", "mean-reversion"]),
                }),
            );
        }
        self.rng.exponential(step)
    }
}
