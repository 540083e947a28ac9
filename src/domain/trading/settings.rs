//! How trading is reckoned, as `trading.*` settings.

use crate::domain::settings::{Setting, settings};

settings! {
    /// How trading is reckoned.
    TradingSettings in "trading" {
        /// How many periods a year ratios are annualised with: 365 calendar days, or 252 days on which markets are open.
        periods_per_year: f64 = 365.0, 1.0 => 366.0;
    }
}
