//! Prices: a random walk with trends that come and go, and haste that is made good again.

use crate::cli::demo::rng::Rng;
use crate::cli::demo::world::{HOUR, MINUTE};
use crate::wire::Timestamp;

/// A year, in milliseconds.
const YEAR: f64 = 365.0 * 24.0 * HOUR;
/// How long a trend lasts.
const TREND: f64 = 6.0 * HOUR;
/// How long haste lasts.
const HASTE: f64 = 15.0 * MINUTE;
/// How long it takes to come back to where prices are by nature: years of life do not lead astray.
const HOME: f64 = 60.0 * 24.0 * HOUR;
/// Over how long the averages are taken: the fast one and the slow one of a trend, and that which a
/// price comes back to.
const FAST: f64 = 30.0 * MINUTE;
const SLOW: f64 = 180.0 * MINUTE;
const USUAL: f64 = 45.0 * MINUTE;

/// What has a price.
#[derive(Debug)]
pub(super) struct Instrument {
    pub symbol: &'static str,
    /// The currency of its price; none if it is a rate and not traded.
    pub currency: Option<&'static str>,
    home: f64,
    /// Standard deviation of a year's return.
    volatility: f64,
    /// Digits of its price after the point.
    digits: usize,
    /// How many of the least quantity are one.
    pub lots: f64,
    /// Share of a trade that the venue takes.
    pub fee: f64,
}

impl Instrument {
    /// Whether anybody trades it.
    pub const fn is_traded(&self) -> bool {
        self.currency.is_some()
    }
}

const fn coin(symbol: &'static str, home: f64, volatility: f64) -> Instrument {
    let currency = Some("USD");
    Instrument { symbol, currency, home, volatility, digits: 2, lots: 1_000.0, fee: 0.0008 }
}

const fn share(symbol: &'static str, home: f64, volatility: f64) -> Instrument {
    let currency = Some("USD");
    Instrument { symbol, currency, home, volatility, digits: 2, lots: 1.0, fee: 0.0002 }
}

/// The market.
pub(super) const INSTRUMENTS: &[Instrument] = &[
    coin("BTC-USD", 64_200.0, 0.55),
    coin("ETH-USD", 3_150.0, 0.70),
    coin("SOL-USD", 148.0, 0.90),
    share("SPY", 548.0, 0.16),
    share("AAPL", 226.0, 0.28),
    share("NVDA", 124.0, 0.50),
    share("TSLA", 251.0, 0.60),
    Instrument { currency: Some("EUR"), ..share("SAP.DE", 212.0, 0.27) },
    Instrument { currency: None, digits: 5, ..share("EUR-USD", 1.085, 0.08) },
];

/// The price of one instrument. Logarithms throughout; spans are in milliseconds.
#[derive(Debug)]
pub(super) struct Walk {
    pub kind: &'static Instrument,
    fair: f64,
    /// By how much it grows in a millisecond.
    trend: f64,
    haste: f64,
    fast: f64,
    slow: f64,
    usual: f64,
    /// Mean of the squares of how far it was from what is usual.
    spread: f64,
    at: Timestamp,
}

impl Walk {
    pub fn new(kind: &'static Instrument) -> Self {
        let fair = kind.home.ln();
        let (trend, haste, spread, at) = (0.0, 0.0, 0.0, Timestamp::default());
        Self { kind, fair, trend, haste, fast: fair, slow: fair, usual: fair, spread, at }
    }

    /// From now on its time is that of life.
    pub const fn begin(&mut self, at: Timestamp) {
        self.at = at;
    }

    /// Standard deviation of the walk over a span.
    fn noise(&self, span: f64) -> f64 {
        self.kind.volatility * (span / YEAR).sqrt()
    }

    /// Goes on by a span.
    pub fn step(&mut self, span: f64, rng: &mut Rng) {
        // Ornstein and Uhlenbeck's process: how much is left, and how much comes anew.
        let fades = |over: f64| (-span / over).exp();
        let comes = |over: f64| (1.0 - fades(over).powi(2)).sqrt();
        self.trend = self.trend * fades(TREND)
            + 0.8 * self.noise(TREND) / TREND * comes(TREND) * rng.normal();
        self.haste =
            self.haste * fades(HASTE) + 0.85 * self.noise(HASTE) * comes(HASTE) * rng.normal();
        self.fair += self.trend * span + self.noise(span) * rng.normal();
        self.fair -= (self.fair - self.kind.home.ln()) * (1.0 - fades(HOME));
        let now = self.fair + self.haste;
        self.fast += (now - self.fast) * (1.0 - fades(FAST));
        self.slow += (now - self.slow) * (1.0 - fades(SLOW));
        self.usual += (now - self.usual) * (1.0 - fades(USUAL));
        self.spread += ((now - self.usual).powi(2) - self.spread) * (1.0 - fades(USUAL));
    }

    /// Goes on to a moment of life.
    pub fn step_to(&mut self, now: Timestamp, rng: &mut Rng) {
        let span = now.since(self.at).max(1) as f64;
        self.at = now;
        self.step(span, rng);
    }

    /// What one is worth.
    pub fn price(&self) -> f64 {
        (self.fair + self.haste).exp()
    }

    /// The same with as many digits as are told.
    pub fn told(&self) -> String {
        self.quoted(self.price())
    }

    /// A price with as many digits as are told.
    pub fn quoted(&self, price: f64) -> String {
        format!("{price:.0$}", self.kind.digits)
    }

    /// By how much the fast average is above the slow one, as a share of what is usual.
    pub fn crossing(&self) -> f64 {
        (self.fast - self.slow) / self.noise(SLOW)
    }

    /// How far it is from what is usual, in standard deviations.
    pub fn stretch(&self) -> f64 {
        let spread = self.spread.sqrt();
        if spread > 0.0 { (self.fair + self.haste - self.usual) / spread } else { 0.0 }
    }
}
