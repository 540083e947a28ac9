//! Trading: fills, prices and cash, in exact decimals.

pub mod api;
mod exact;
pub use exact::Exact;
mod view_model;
pub use view_model::*;
mod settings;
pub mod view;
pub use settings::TradingSettings;

#[cfg(feature = "ssr")]
mod decimal;
#[cfg(feature = "ssr")]
pub use decimal::{Decimal, ParseDecimalError};
#[cfg(feature = "ssr")]
mod amount;
#[cfg(feature = "ssr")]
pub use amount::Amount;
#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub use events::*;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod ratios;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub mod valuation;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The currency of what names none.
pub const DEFAULT_CURRENCY: &str = "USD";
/// The account of what names none.
pub const DEFAULT_ACCOUNT: &str = "default";

/// Which way a fill went.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Into the position.
    Buy,
    /// Out of it.
    Sell,
}

impl Side {
    /// Both, buying first.
    pub const ALL: [Self; 2] = [Self::Buy, Self::Sell];

    /// As it is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// The side of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == name)
    }
}
