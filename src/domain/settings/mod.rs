//! Settings that take effect while the server runs: a registry of named numbers, each with its
//! range, kept in the journal as what changed.

#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
mod patch;
#[cfg(feature = "ssr")]
pub use events::*;
#[cfg(feature = "ssr")]
pub use patch::{Changes, parse};

use super::alerts::AlertSettings;
use super::trading::TradingSettings;
use super::work::WorkSettings;
use serde::{Deserialize, Serialize};

/// One setting: its full name, what it may be, and what it is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Its name, as `domain.name`.
    pub key: &'static str,
    /// When nobody set it.
    pub default: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// What it is for.
    pub doc: &'static str,
}

/// Declares the settings of a domain: `settings! { Name in "domain" { key: f64 = default, min => max; … } }`.
///
/// Makes the struct with `ALL`, `get(key)` and `set(key, value)`.
macro_rules! settings {
    ($(#[$doc:meta])* $name:ident in $domain:literal {
        $($(#[doc = $about:literal])+ $field:ident: f64 = $default:expr, $min:expr => $max:expr;)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[doc = $about])+ pub $field: f64,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $name {
            /// Every setting there is.
            pub const ALL: &[Setting] = &[$(Setting {
                key: concat!($domain, ".", stringify!($field)),
                default: $default,
                min: $min,
                max: $max,
                doc: concat!($($about),+),
            }),+];

            /// The value of a setting, by its full name.
            pub fn get(&self, key: &str) -> Option<f64> {
                match key {
                    $(concat!($domain, ".", stringify!($field)) => Some(self.$field),)+
                    _ => None,
                }
            }

            /// Changes a setting, by its full name; returns whether there is one. The value is not
            /// looked at: whoever lets it in does that.
            pub fn set(&mut self, key: &str, value: f64) -> bool {
                match key {
                    $(concat!($domain, ".", stringify!($field)) => self.$field = value,)+
                    _ => return false,
                }
                true
            }
        }
    };
}
pub(crate) use settings;

/// Every setting of every domain.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Thresholds of the rules about work.
    pub work: WorkSettings,
    /// How alerts are told of.
    pub alerts: AlertSettings,
    /// How trading is reckoned.
    pub trading: TradingSettings,
}

impl Settings {
    /// Every setting there is.
    pub fn all() -> impl Iterator<Item = &'static Setting> {
        WorkSettings::ALL.iter().chain(AlertSettings::ALL).chain(TradingSettings::ALL)
    }

    /// The setting of this name.
    pub fn named(key: &str) -> Option<&'static Setting> {
        Self::all().find(|setting| setting.key == key)
    }

    /// The value of a setting.
    pub fn get(&self, key: &str) -> Option<f64> {
        self.work.get(key).or_else(|| self.alerts.get(key)).or_else(|| self.trading.get(key))
    }

    /// Changes a setting; returns whether there is one.
    pub fn set(&mut self, key: &str, value: f64) -> bool {
        self.work.set(key, value) || self.alerts.set(key, value) || self.trading.set(key, value)
    }
}
