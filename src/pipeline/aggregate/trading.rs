//! What is shown of trading, and what the channels are told; each only while somebody follows it.

use super::super::board::Refreshed;
use super::super::channels::{self, TooMuch};
use super::super::hub::{Change, Hub};
use super::super::publish::Published;
use super::{Aggregate, push};
use crate::domain::Topic;
use crate::domain::trading::{DEFAULT_CURRENCY, Portfolio, PortfolioDelta, TradesDelta};

impl Aggregate {
    pub(super) fn show_trading(
        &self,
        refreshed: &Refreshed,
        asked: &[Topic],
        hub: &Hub,
        changes: &mut Vec<Change>,
    ) {
        let revalued = &refreshed.trading;
        if !revalued.any {
            return;
        }
        // What the followers have is what was published last.
        let shown = hub.published();
        if asked.contains(&Topic::Trades) && self.state.trading.trades > shown.state.trading.trades
        {
            push(changes, Topic::Trades, &self.trades_delta(&shown));
        }
        let (page, channel) =
            (asked.contains(&Topic::Portfolio), asked.contains(&Topic::PortfolioSocket));
        if !page && !channel {
            return;
        }
        let (before, after) = (figures(&shown), self.figures());
        if channel {
            let frame = channels::of_portfolio(&before, &after, self.state.now);
            changes.extend(frame.map(|data| Change { topic: Topic::PortfolioSocket, data }));
        }
        let still =
            Portfolio { as_of: before.as_of, cursor: before.cursor.clone(), ..after.clone() };
        let moved = !revalued.upsert.is_empty() || !revalued.remove.is_empty() || still != before;
        if page && moved {
            let positions = revalued.upsert.iter().map(|item| (**item).clone()).collect();
            let changed = Portfolio { positions, ..after };
            let remove = revalued.remove.clone();
            push(changes, Topic::Portfolio, &PortfolioDelta { changed, remove });
        }
    }

    /// Tells the channels of metrics and trades; takes out of `asked` those of which too much has
    /// happened to be told: then whoever follows is told all that there is instead.
    pub(super) fn tell_channels(&self, asked: &mut Vec<Topic>, changes: &mut Vec<Change>) {
        let (held, now) = (&self.held, self.state.now);
        asked.retain(|topic| {
            let told = match topic {
                Topic::MetricsSocket | Topic::TradesSocket if self.held_cut => Err(TooMuch),
                Topic::MetricsSocket => channels::of_metrics(held, &self.state.metrics, now),
                Topic::TradesSocket => Ok(channels::of_trades(held, now)),
                _ => return true,
            };
            let Ok(frame) = told else { return false };
            changes.extend(frame.map(|data| Change { topic: topic.clone(), data }));
            true
        });
    }

    /// Trades that came in since `shown` and are among the newest, and those of them that closed
    /// something else since then.
    fn trades_delta(&self, shown: &Published) -> TradesDelta {
        let state = &self.state.trading;
        let told = state.recent.iter().filter(|fill| fill.matched > shown.seq);
        let items: Vec<_> = told.map(|fill| fill.told()).collect();
        let new = items.iter().filter(|item| item.seq > shown.seq).count();
        let came = state.trades.saturating_sub(shown.state.trading.trades);
        let skipped = came.saturating_sub(u64::try_from(new).unwrap_or(u64::MAX));
        TradesDelta { total: state.trades, items, skipped }
    }

    fn figures(&self) -> Portfolio {
        let (state, now) = (&self.state.trading, self.state.now);
        self.board.valuation.figures(state, &DEFAULT_CURRENCY.into(), now, self.cursor())
    }
}

/// What was shown of the portfolio, but for positions.
fn figures(shown: &Published) -> Portfolio {
    let (state, cursor) = (&shown.state.trading, shown.cursor.clone());
    shown.valuation.figures(state, &DEFAULT_CURRENCY.into(), shown.as_of, cursor)
}
