//! What can be asked of the past of trading.

use super::History;
use super::cache::{Answer, Query};
use super::queries::mixed_up;
use crate::domain::range::Range;
use crate::domain::trading::EquityPoint;
use crate::domain::trading::history::{self as trading, Course, Found, TradeFilter};
use crate::domain::trading::state::Place;
use crate::wire::{ApiError, Timestamp};
use rusqlite::Connection;
use std::sync::Arc;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;
/// Most days that are looked back.
const MAX_DAYS: i64 = 3_660;

/// Which trades, and which part of their list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TradesQuery {
    /// Which.
    pub filter: TradeFilter,
    /// Most of them.
    pub limit: usize,
    /// The last one of the page before.
    pub after: Option<Place>,
    /// How many to pass over from there.
    pub skip: usize,
}

/// Whose equity, and in which currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Whose {
    /// Of this account; of all if none is named.
    pub account: Option<Arc<str>>,
    /// In this currency.
    pub currency: Arc<str>,
}

impl History {
    /// Trades that match, newest first, and how many match in all.
    ///
    /// # Errors
    /// 503 when the table cannot be read, or not in time.
    pub async fn trades(&self, query: TradesQuery) -> Result<Arc<Found>, ApiError> {
        let asked = query.clone();
        let read = move |db: &Connection| {
            let TradesQuery { filter, limit, after, skip } = asked;
            Ok(Answer::Trades(Arc::new(trading::list(db, &filter, limit, after, skip)?)))
        };
        match self.ask(Query::Trades(query), read).await? {
            Answer::Trades(found) => Ok(found),
            _ => Err(mixed_up()),
        }
    }

    /// The equity at the end of every step of a range, from the first event on.
    ///
    /// # Errors
    /// 503 when the tables cannot be read, or not in time.
    pub async fn equity(&self, whose: Whose, range: Range) -> Result<Arc<Course>, ApiError> {
        let asked = whose.clone();
        let read = move |db: &Connection| {
            let Whose { account, currency } = asked;
            let course = trading::course(db, account.as_deref(), &currency, &range)?;
            Ok(Answer::Equity(Arc::new(course)))
        };
        self.course(Query::Equity(whose, range), read).await
    }

    /// The equity at the end of every day (UTC) from the first event on, or of the last ten years,
    /// up to the day that begins at `today` and without it. It is kept until something is written
    /// into one of these days.
    ///
    /// # Errors
    /// As [`Self::equity`].
    pub async fn days(&self, whose: Whose, today: Timestamp) -> Result<Arc<Course>, ApiError> {
        self.shared.cache.asks_before(today);
        let asked = whose.clone();
        let read = move |db: &Connection| {
            let Whose { account, currency } = asked;
            let first = trading::first_day(db, account.as_deref())?.filter(|first| *first < today);
            let from = first.map_or(today, |first| first.max(today.plus(-MAX_DAYS * DAY)));
            let range = Range { from, to: today, step_ms: DAY, window_ms: today.since(from) };
            let course = trading::course(db, account.as_deref(), &currency, &range)?;
            Ok(Answer::Equity(Arc::new(course)))
        };
        self.course(Query::Days(whose, today), read).await
    }

    async fn course(
        &self,
        query: Query,
        read: impl FnOnce(&Connection) -> rusqlite::Result<Answer> + Send + 'static,
    ) -> Result<Arc<Course>, ApiError> {
        match self.ask(query, read).await? {
            Answer::Equity(course) => Ok(course),
            _ => Err(mixed_up()),
        }
    }
}

/// What a course takes in memory, about.
pub(super) fn bytes(course: &Course) -> usize {
    // Four numbers a point, each with its digits.
    course.points.len() * (size_of::<EquityPoint>() + 4 * 32)
}
