//! Trading: fills, prices and cash, in exact decimals.

mod decimal;
pub use decimal::{Decimal, ParseDecimalError};

#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub use events::*;

use serde::{Deserialize, Serialize};

/// Which way a fill went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Into the position.
    Buy,
    /// Out of it.
    Sell,
}
