//! The portfolio and trades.

use crate::domain::trading::{Portfolio, Side, TradeItem};
use crate::server::openapi::op::{Op, get, paged, param, text, time, word};
use serde_json::json;

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let currency = json!({ "type": "string", "pattern": "^[A-Za-z0-9]{0,16}$", "default": "USD" });
    let skip = json!({ "type": "integer", "minimum": 0, "maximum": 100_000_000 });
    vec![
        get(
            "/api/v1/portfolio",
            "portfolio",
            "What there is, what it is worth and how it came to be.",
        )
        .query([
            text("account", "Of this account; of all if left out."),
            param("currency", "In which currency.", currency),
            word(
                "include_history",
                "The equity at the end of every day as well.",
                &["true", "false"],
            ),
        ])
        .answers::<Portfolio>(200, "As of the newest flush.")
        .fails(&[404]),
        get("/api/v1/trades", "trades", "Trades, newest first.")
            .query([
                text("symbol", "Of this symbol."),
                word("side", "Which way.", &Side::ALL.map(Side::name)),
                text("strategy", "Of this strategy."),
                text("account", "Of this account."),
                time("start_time", "Not before then."),
                time("end_time", "Before then."),
                param("skip", "How many to pass over.", skip),
            ])
            .query(paged(500, 50))
            .answers_array::<TradeItem>("A page of them; `Link` leads to the next.")
            .with(&["Link", "X-Total-Count"])
            .exports(),
    ]
}
