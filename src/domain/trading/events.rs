//! What trading systems say.

use super::{Decimal, Side};
use crate::domain::vocabulary::events;
use crate::domain::{DataError, Validate, check};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

events! {
    /// An event of the trading domain.
    Event {
        "trade.executed" => Executed(Executed),
        "price.updated" => Priced(Priced),
        "cash.moved" => Moved(Moved),
    }
}

/// An order was filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TradeExecutedData)]
pub struct Executed {
    /// What was traded.
    pub symbol: Arc<str>,
    /// Which way.
    pub side: Side,
    /// How much of it; above zero.
    pub quantity: Decimal,
    /// At what price for one, in `currency`. May be negative: power and oil have been.
    pub price: Decimal,
    /// Id of the trade; the event's own where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade: Option<Arc<str>>,
    /// In whose book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    /// What the venue took, in `currency`; negative is a rebate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<Decimal>,
    /// Currency code; US dollars where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Arc<str>>,
    /// Market, limit and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_type: Option<Arc<str>>,
    /// What decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Arc<str>>,
}

/// The market has a new price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PriceUpdatedData)]
pub struct Priced {
    /// Of what.
    pub symbol: Arc<str>,
    /// The price of one.
    pub price: Decimal,
}

/// Cash came in or went out other than by a trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CashMovedData)]
pub struct Moved {
    /// How much; negative went out.
    pub amount: Decimal,
    /// Currency code; US dollars where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Arc<str>>,
    /// In whose book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Longest currency code: ISO 4217 has three letters, tokens have more.
const MAX_CURRENCY: usize = 16;

fn currency(code: Option<&str>) -> Result<(), DataError> {
    match code {
        Some(c)
            if c.is_empty()
                || c.len() > MAX_CURRENCY
                || !c.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            Err(DataError::at("/currency", "must be a currency code such as USD"))
        }
        _ => Ok(()),
    }
}

impl Validate for Executed {
    fn validate(&self) -> Result<(), DataError> {
        check::name("symbol", &self.symbol)?;
        if self.quantity <= Decimal::ZERO {
            return Err(DataError::at(
                "/quantity",
                "must be above zero; `side` gives the direction",
            ));
        }
        check::some_name("trade", self.trade.as_deref())?;
        check::some_name("account", self.account.as_deref())?;
        check::some_name("order_type", self.order_type.as_deref())?;
        check::some_name("strategy", self.strategy.as_deref())?;
        currency(self.currency.as_deref())
    }
}

impl Validate for Priced {
    fn validate(&self) -> Result<(), DataError> {
        check::name("symbol", &self.symbol)
    }
}

impl Validate for Moved {
    fn validate(&self) -> Result<(), DataError> {
        check::some_name("account", self.account.as_deref())?;
        currency(self.currency.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `encoded` is what the journal keeps, or the pointer at which the data is refused.
    #[track_caller]
    fn check(kind: &str, data: &str, encoded: &str) {
        let got = match Event::decode(kind, data).unwrap() {
            Ok(event) => {
                let text = event.encode().unwrap();
                let again = Event::decode(kind, &text).unwrap();
                assert_eq!(again, Ok(event), "does not survive the journal");
                text
            }
            Err(error) => error.pointer,
        };
        assert_eq!(got, encoded, "{kind} {data}");
    }

    #[test]
    fn numbers_and_strings_keep_their_digits() {
        let full = r#"{"symbol":"BTC","side":"buy","quantity":0.12345678901234567890123,"price":64000.1,"trade":"t1","account":"a","fees":-0.1,"currency":"USDT","order_type":"limit","strategy":"s"}"#;
        check("trade.executed", full, full);
        check(
            "trade.executed",
            r#"{"symbol":"X","side":"sell","quantity":"1.50","price":"1e-7"}"#,
            r#"{"symbol":"X","side":"sell","quantity":1.5,"price":0.0000001}"#,
        );
        let price = r#"{"symbol":"X","price":12345678901234567890.123456789}"#;
        check("price.updated", price, price);
        let cash =
            r#"{"amount":-250.00000000000000001,"currency":"EUR","account":"a","reason":"rent"}"#;
        check("cash.moved", cash, cash);
    }

    #[test]
    fn refuses_at_the_member_at_fault() {
        let trade = |member: &str, value: serde_json::Value| {
            let mut all = serde_json::json!({"symbol":"X","side":"buy","quantity":1,"price":1});
            all[member] = value;
            all.to_string()
        };
        check("trade.executed", &trade("quantity", 0.into()), "/quantity");
        check("trade.executed", &trade("quantity", (-1).into()), "/quantity");
        check("trade.executed", &trade("quantity", "a lot".into()), "/quantity");
        check("trade.executed", &trade("price", serde_json::Value::Null), "/price");
        check("trade.executed", &trade("price", "1e99".into()), "/price");
        check("trade.executed", &trade("fees", true.into()), "/fees");
        check("trade.executed", &trade("side", "hold".into()), "/side");
        check("trade.executed", &trade("symbol", "".into()), "/symbol");
        check("trade.executed", &trade("currency", "US$".into()), "/currency");
        check("trade.executed", r#"{"symbol":"X","side":"buy","quantity":1}"#, "/price");
        check("price.updated", r#"{"price":1}"#, "/symbol");
        check("cash.moved", r#"{"amount":"ten"}"#, "/amount");
        check("cash.moved", r#"{}"#, "/amount");
    }
}
