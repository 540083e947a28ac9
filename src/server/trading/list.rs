//! Lists of trades, as JSON and as files.

use crate::domain::trading::Side;
use crate::domain::trading::history::TradeFilter;
use crate::domain::trading::state::Place;
use crate::domain::trading::{TradeItem, TradesPage};
use crate::pipeline::history::TradesQuery;
use crate::server::export::{Format, cell};
use crate::server::params::{given, moment, position, settle, word};
use crate::server::{App, read};
use crate::wire::{ApiError, FieldError, Timestamp};
use serde::Deserialize;
use std::sync::Arc;

/// Most trades that a page may pass over.
const MAX_SKIP: usize = 100_000_000;

/// What may follow the question mark of a list of trades.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TradesParams {
    /// Of this symbol.
    pub symbol: Option<String>,
    /// `buy` or `sell`.
    pub side: Option<String>,
    /// Of this strategy.
    pub strategy: Option<String>,
    /// Of this account.
    pub account: Option<String>,
    /// Not before then.
    pub start_time: Option<String>,
    /// Before then.
    pub end_time: Option<String>,
    /// `csv` or `ndjson` for an export.
    pub format: Option<String>,
    /// Most items of a page.
    pub limit: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// How many to pass over; for pages that show a window of a long list.
    pub skip: Option<String>,
}

impl TradesParams {
    fn read(&self) -> Result<TradesQuery, ApiError> {
        let mut errors = Vec::new();
        let name = |text: &Option<String>| given(text).map(Arc::from);
        let sides = Side::ALL.map(Side::name).into_iter();
        let filter = TradeFilter {
            symbol: name(&self.symbol),
            side: word("side", &self.side, Side::named, sides, &mut errors),
            strategy: name(&self.strategy),
            account: name(&self.account),
            from: moment("start_time", &self.start_time, &mut errors),
            to: moment("end_time", &self.end_time, &mut errors),
        };
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && to <= from
        {
            errors.push(FieldError::new("/end_time", "must be later than start_time"));
        }
        let limit = Format::read(&self.format, &mut errors).limit(&self.limit, &mut errors);
        let after = position(&self.after, place_of, &mut errors);
        let skip = skip(&self.skip, &mut errors);
        settle(TradesQuery { filter, limit, after, skip }, errors)
    }

    /// The parameters that choose, by their names, without which page.
    pub fn choice(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("symbol", &self.symbol),
            ("side", &self.side),
            ("strategy", &self.strategy),
            ("account", &self.account),
            ("start_time", &self.start_time),
            ("end_time", &self.end_time),
            ("format", &self.format),
            ("limit", &self.limit),
        ];
        all.into_iter().filter_map(|(name, text)| Some((name, given(text)?)))
    }
}

fn skip(text: &Option<String>, errors: &mut Vec<FieldError>) -> usize {
    let Some(text) = given(text) else { return 0 };
    let number = text.parse().ok().filter(|n| *n <= MAX_SKIP);
    number.unwrap_or_else(|| {
        let detail = format!("must be a whole number from 0 to {MAX_SKIP}");
        errors.push(FieldError::new("/skip", detail));
        0
    })
}

/// Names the place after a trade, for `next`.
fn after_trade(item: &TradeItem) -> String {
    format!("{}-{}", item.timestamp.ms(), item.seq)
}

fn place_of(text: &str) -> Option<Place> {
    let (ms, seq) = text.rsplit_once('-')?;
    let seq: i64 = seq.parse().ok()?;
    Some((Timestamp::from_ms(ms.parse().ok()?), u64::try_from(seq).ok()?))
}

/// Trades that match, newest first.
///
/// # Errors
/// 422 naming every parameter that cannot be, 503 when history cannot be read.
pub async fn page(app: &App, params: &TradesParams) -> Result<TradesPage, ApiError> {
    let query = params.read()?;
    let shown = app.hub.published();
    let as_of = read::settled(app, &shown).await;
    let found = app.history.trades(query).await?;
    let items = found.items.clone();
    let next = items.last().filter(|_| found.more).map(after_trade);
    let (cursor, total, matching) = (shown.cursor.clone(), found.total, found.matching);
    Ok(TradesPage { as_of, cursor, total, items, next, matching })
}

/// As a table that can be taken in again.
pub fn csv(items: &[TradeItem]) -> String {
    let mut out = String::from(
        "id,symbol,side,quantity,price,fees,status,order_type,strategy,timestamp,realized_pnl,\
         account,currency,late\r\n",
    );
    for it in items {
        // Numbers are no formulas, whatever their sign.
        let cells = [
            cell(&it.id),
            cell(&it.symbol),
            it.side.name().to_owned(),
            it.quantity.to_string(),
            it.price.to_string(),
            it.fees.to_string(),
            "filled".to_owned(),
            cell(it.order_type.as_deref().unwrap_or_default()),
            cell(it.strategy.as_deref().unwrap_or_default()),
            it.timestamp.to_string(),
            it.realized_pnl.as_ref().map(ToString::to_string).unwrap_or_default(),
            cell(&it.account),
            cell(&it.currency),
            it.late.to_string(),
        ];
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parameters that are refused.
    #[track_caller]
    fn check(query: &str, expect: &[&str]) {
        let uri: axum::http::Uri = format!("/?{query}").parse().unwrap();
        let params: TradesParams = axum::extract::Query::try_from_uri(&uri).unwrap().0;
        let refused = params.read().err().map(|error| error.errors).unwrap_or_default();
        let got: Vec<_> = refused.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(got, expect, "{query}");
    }

    #[test]
    fn each_parameter_that_cannot_be_is_named() {
        check("", &[]);
        check("symbol=&side=&after=&skip=", &[]);
        check("symbol=BTC&side=buy&strategy=s&account=a&skip=7&after=5-6", &[]);
        check("side=hold&limit=0&after=7&skip=-1", &["/side", "/limit", "/after", "/skip"]);
        check("start_time=now&end_time=then", &["/start_time", "/end_time"]);
        check("start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z", &["/end_time"]);
        check("limit=501", &["/limit"]);
        check("limit=501&format=csv", &[]);
        check("format=xml", &["/format"]);
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        assert_eq!(place_of("-5-12"), Some((Timestamp::from_ms(-5), 12)));
        assert_eq!(place_of("5--12"), None);
        assert_eq!(place_of("12"), None);
    }
}
