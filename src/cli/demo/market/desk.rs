//! A desk: one strategy, an account of its own, and a position in whatever is traded.

use super::price::{INSTRUMENTS, Walk};
use crate::cli::demo::rng::Rng;
use crate::cli::demo::world::{MINUTE, Moment};
use crate::wire::Timestamp;
use serde_json::{Value, json};

/// Share of orders that are filled in two parts.
const PARTED: f64 = 0.3;
/// Share of first parts that the venue reports late.
const LATE: f64 = 0.25;

/// How a desk decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Goes with the trend: long while the fast average is above the slow one, short while it is
    /// far below.
    Momentum,
    /// Goes against haste: short where a price is far above what is usual, long where it is far
    /// below, until it has come back.
    Reversion,
}

impl Strategy {
    /// Its name, and that of its account.
    const fn name(self) -> &'static str {
        match self {
            Self::Momentum => "momentum",
            Self::Reversion => "reversion",
        }
    }

    /// What it trades by.
    fn signal(self, walk: &Walk) -> f64 {
        match self {
            Self::Momentum => walk.crossing(),
            Self::Reversion => walk.stretch(),
        }
    }

    /// Which side it wants to be on, given the one that it is on: 1 long, -1 short, 0 neither.
    fn wants(self, signal: f64, side: i64) -> i64 {
        match self {
            Self::Momentum if signal > 0.45 => 1,
            Self::Momentum if signal < -0.8 => -1,
            Self::Momentum if signal.abs() < 0.1 || signal * side as f64 <= 0.0 => 0,
            Self::Reversion if signal > 2.1 => -1,
            Self::Reversion if signal < -1.9 => 1,
            Self::Reversion if signal * side as f64 > -0.3 => 0,
            _ => side,
        }
    }
}

/// What a desk has of an instrument, in lots; negative is short.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    held: i64,
    /// What is ordered and not filled yet.
    rest: i64,
}

/// A fill that is reported late.
struct Late {
    due: Timestamp,
    time: Timestamp,
    fill: Value,
}

pub(super) struct Desk {
    strategy: Strategy,
    /// What a position may come to, in the currency of its price.
    budget: f64,
    positions: Vec<Position>,
    late: Vec<Late>,
    trades: u64,
    /// Part of the trades' names: they are unlike those of a life that began at another time.
    birth: String,
    rng: Rng,
}

impl Desk {
    pub fn new(strategy: Strategy, budget: f64, birth: Timestamp, rng: Rng) -> Self {
        let positions = vec![Position::default(); INSTRUMENTS.len()];
        let birth = format!("{:x}", birth.ms());
        Self { strategy, budget, positions, late: Vec::new(), trades: 0, birth, rng }
    }

    /// Is given what it trades with.
    pub fn fund(&self, moment: &mut Moment<'_>) {
        for (share, currency) in [(9.0, "USD"), (1.5, "EUR")] {
            let data = json!({
                "amount": self.budget * share, "currency": currency,
                "account": self.strategy.name(), "reason": "funding",
            });
            moment.emit("cash.moved", data);
        }
    }

    /// Tells of fills that the venue has kept to itself.
    pub fn report(&mut self, moment: &mut Moment<'_>) {
        let now = moment.now;
        for late in self.late.extract_if(.., |late| late.due <= now) {
            moment.emit_late("trade.executed", late.fill, late.time);
        }
    }

    /// Looks at a price, and trades if it is time to.
    pub fn look(&mut self, at: usize, walk: &Walk, tells: bool, moment: &mut Moment<'_>) {
        let signal = self.strategy.signal(walk);
        if tells {
            let labels = json!({"strategy": self.strategy.name(), "symbol": walk.kind.symbol});
            let value = (signal * 1_000.0).round() / 1_000.0;
            let data = json!({"name": "strategy_signal", "value": value, "labels": labels});
            moment.emit("metric.observed", data);
        }
        let Some(position) = self.positions.get_mut(at) else { return };
        let Position { held, rest } = *position;
        if rest != 0 {
            *position = Position { held: held + rest, rest: 0 };
            let fill = self.fill(rest, walk);
            moment.emit("trade.executed", fill);
            return;
        }
        let side = self.strategy.wants(signal, held.signum());
        if side == held.signum() {
            return;
        }
        let most = (self.budget / walk.price() * walk.kind.lots) as i64;
        let order = side * most.max(1) - held;
        let parted = order.abs() > 3 && self.rng.chance(PARTED);
        let part = if parted { (order as f64 * self.rng.between(0.3, 0.7)) as i64 } else { order };
        *position = Position { held: held + part, rest: order - part };
        let fill = self.fill(part, walk);
        if parted && self.rng.chance(LATE) {
            let due = moment.now.plus(self.rng.between(5.0 * MINUTE, 11.0 * MINUTE) as i64);
            self.late.push(Late { due, time: moment.time(), fill });
        } else {
            moment.emit("trade.executed", fill);
        }
    }

    fn fill(&mut self, lots: i64, walk: &Walk) -> Value {
        self.trades += 1;
        let (name, kind) = (self.strategy.name(), walk.kind);
        // Who trades with a trend takes what the market asks; who trades against it waits.
        let (slip, order_type) = match self.strategy {
            Strategy::Momentum => (lots.signum() as f64 * self.rng.between(0.0, 0.0003), "market"),
            Strategy::Reversion => (0.0, "limit"),
        };
        let price = walk.price() * (1.0 + slip);
        let quantity = lots.unsigned_abs() as f64 / kind.lots;
        let digits = kind.lots.log10() as usize;
        json!({
            "symbol": kind.symbol,
            "side": if lots > 0 { "buy" } else { "sell" },
            "quantity": format!("{quantity:.digits$}"),
            "price": walk.quoted(price),
            "fees": format!("{:.2}", quantity * price * kind.fee),
            "currency": kind.currency,
            "trade": format!("{name}-{}-{}", self.birth, self.trades),
            "account": name,
            "order_type": order_type,
            "strategy": name,
        })
    }
}
