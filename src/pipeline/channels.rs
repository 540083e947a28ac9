//! What `/ws/metrics`, `/ws/alerts`, `/ws/portfolio` and `/ws/trades` are told: of a flush, and when
//! somebody asks for all. Both are made once, whatever the number of clients: so of metrics, nobody
//! is told of those that take more than seeing metrics.

use super::publish::Published;
use super::series;
use crate::domain::metrics::Observed;
use crate::domain::metrics::state::{Series, SeriesKey, State as Metrics};
use crate::domain::trading::{DEFAULT_CURRENCY, Decimal, Exact, Executed, Portfolio, Side};
use crate::domain::{Envelope, Event, Topic, metrics, trading};
use crate::wire::{Seq, Stamp, Timestamp};
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Most series that are told of at once.
const MAX_SERIES: usize = 10_000;
/// Most metrics in one message.
const MAX_NAMES: usize = 500;

/// A message about one thing.
#[derive(Debug, Serialize)]
struct Message<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: &'a T,
}

/// A message of a channel; none if it cannot be written.
pub fn message<T: Serialize>(kind: &'static str, timestamp: Timestamp, data: &T) -> Option<String> {
    let message = serde_json::to_string(&Message { kind, timestamp, data });
    message.inspect_err(|error| tracing::error!(kind, %error, "a message cannot be encoded")).ok()
}

/// A message a line, since a flush makes one frame; none if there is nothing to tell.
pub fn frame(messages: impl Iterator<Item = String>) -> Option<String> {
    messages.reduce(|frame, message| frame + "\n" + &message)
}

/// What a series has come to.
#[derive(Debug, Serialize)]
struct Value<'a> {
    value: f64,
    timestamp: Timestamp,
    labels: &'a metrics::LabelSet,
}

/// A trade, as a channel tells it.
#[derive(Debug, Serialize)]
struct Trade<'a> {
    id: &'a str,
    symbol: &'a str,
    side: Side,
    quantity: Decimal,
    price: Decimal,
    executed_at: Timestamp,
}

/// What the books are worth, as a channel tells it.
#[derive(Debug, PartialEq, Serialize)]
struct Worth<'a> {
    total_value: &'a Exact,
    cash: &'a Exact,
    positions_value: &'a Exact,
}

impl<'a> Worth<'a> {
    const fn of(portfolio: &'a Portfolio) -> Self {
        let Portfolio { total_value, cash, positions_value, .. } = portfolio;
        Self { total_value, cash, positions_value }
    }
}

/// More has changed than is told of at once: whoever follows is to be told all instead.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMuch;

/// Whether everybody who sees metrics may see this one.
fn is_open(name: &str) -> bool {
    series::needs(name).is_empty()
}

/// Series that have other values since the events in `held`, each once.
///
/// # Errors
/// There are too many of them.
pub fn of_metrics(
    held: &[Envelope],
    state: &Metrics,
    now: Timestamp,
) -> Result<Option<String>, TooMuch> {
    let mut newest: BTreeMap<(&str, &metrics::LabelSet), (Timestamp, &Observed)> = BTreeMap::new();
    for Envelope { stamp, event } in held {
        let Event::Metrics(event) = event else { continue };
        for one in event.observed().iter().filter(|one| is_open(&one.name)) {
            let at = newest.entry((&one.name, &one.labels)).or_insert((stamp.time, one));
            at.0 = at.0.max(stamp.time);
        }
        if newest.len() > MAX_SERIES {
            return Err(TooMuch);
        }
    }
    let shown = newest.into_values().filter_map(|(at, one)| {
        let key = SeriesKey { name: one.name.clone(), labels: one.labels.clone() };
        let (key, series) = state.series.get_key_value(&key)?;
        // What is older than that is not what it is now.
        (series.at <= at).then_some((key, &**series))
    });
    Ok(frame(values(shown, now).into_iter()))
}

/// Messages about series that come sorted by name. A metric has one place in a message, so series
/// of one name are in as many.
fn values<'a>(
    series: impl Iterator<Item = (&'a SeriesKey, &'a Series)>,
    now: Timestamp,
) -> Vec<String> {
    let mut rounds: Vec<Vec<(&str, Value<'a>)>> = Vec::new();
    let (mut name, mut round) = ("", 0);
    for (key, Series { value, at, .. }) in series {
        round = if *key.name == *name { round + 1 } else { 0 };
        name = &key.name;
        if rounds.len() <= round {
            rounds.push(Vec::new());
        }
        let value = Value { value: *value, timestamp: *at, labels: &key.labels };
        if let Some(all) = rounds.get_mut(round) {
            all.push((name, value));
        }
    }
    let messages = rounds.iter().flat_map(|round| round.chunks(MAX_NAMES));
    let told = messages.filter_map(|some| {
        let data: BTreeMap<_, _> = some.iter().map(|(name, value)| (name, value)).collect();
        message("metrics", now, &data)
    });
    told.collect()
}

/// Trades among the events in `held`, in the order in which they came.
pub fn of_trades(held: &[Envelope], now: Timestamp) -> Option<String> {
    frame(held.iter().filter_map(|Envelope { stamp, event }| {
        let Event::Trading(trading::Event::Executed(trade)) = event else { return None };
        message("trade", now, &told(stamp, trade))
    }))
}

fn told<'a>(stamp: &'a Stamp, trade: &'a Executed) -> Trade<'a> {
    Trade {
        id: trade.trade.as_ref().unwrap_or(&stamp.id),
        symbol: &trade.symbol,
        side: trade.side,
        quantity: trade.quantity,
        price: trade.price,
        executed_at: stamp.time,
    }
}

/// What the books are worth, if it is not what it was before.
pub fn of_portfolio(before: &Portfolio, after: &Portfolio, now: Timestamp) -> Option<String> {
    let worth = Worth::of(after);
    if worth == Worth::of(before) {
        return None;
    }
    message("portfolio", now, &worth)
}

/// All that there is to tell of something.
#[derive(Debug, Default)]
pub struct All {
    /// A message each.
    pub messages: Vec<Utf8Bytes>,
    /// There is more, of which nothing is told: so many.
    pub left_out: usize,
}

impl All {
    fn of(messages: impl Iterator<Item = String>) -> Self {
        Self { messages: messages.map(Utf8Bytes::from).collect(), left_out: 0 }
    }
}

/// The same for each channel, made when first asked for.
#[derive(Debug, Default)]
pub struct Channels {
    alerts: OnceLock<Arc<All>>,
    metrics: OnceLock<Arc<All>>,
    portfolio: OnceLock<Arc<All>>,
    trades: OnceLock<Arc<All>>,
}

impl Published {
    /// All that there is to tell on the channel of this topic; nothing of one that is not a channel.
    pub fn all_of(&self, topic: &Topic) -> Arc<All> {
        let Channels { alerts, metrics, portfolio, trades } = &self.channels;
        let all = match topic {
            Topic::AlertsSocket => alerts.get_or_init(|| Arc::new(self.every_alert())),
            Topic::MetricsSocket => metrics.get_or_init(|| Arc::new(self.every_series())),
            Topic::PortfolioSocket => portfolio.get_or_init(|| Arc::new(self.worth())),
            Topic::TradesSocket => trades.get_or_init(|| Arc::new(self.newest_trades())),
            _ => return Arc::default(),
        };
        all.clone()
    }

    fn every_alert(&self) -> All {
        All::of(self.alerts.values().filter_map(|item| message("alert", self.as_of, &**item)))
    }

    fn every_series(&self) -> All {
        let series = &self.state.metrics.series;
        let open = || series.iter().filter(|(key, _)| is_open(&key.name));
        let shown = open().take(MAX_SERIES).map(|(key, series)| (key, &**series));
        let all = All::of(values(shown, self.as_of).into_iter());
        All { left_out: open().skip(MAX_SERIES).count(), ..all }
    }

    /// The newest trades of those that came after a position, as they came.
    pub fn trades_after(&self, seq: Seq) -> Vec<String> {
        let new = self.state.trading.recent.iter().rev().filter(|fill| fill.seq > seq);
        let messages = new.filter_map(|fill| {
            let trade = Trade {
                id: &fill.id,
                symbol: &fill.book.symbol,
                side: fill.side,
                quantity: fill.lot.quantity,
                price: fill.lot.price,
                executed_at: fill.at,
            };
            message("trade", self.as_of, &trade)
        });
        messages.collect()
    }

    /// Nothing as long as there are no books.
    fn worth(&self) -> All {
        let state = &self.state.trading;
        if state.books.is_empty() && state.cash.is_empty() {
            return All::default();
        }
        let currency = DEFAULT_CURRENCY.into();
        let cursor = self.cursor.clone();
        let figures = self.valuation.figures(state, &currency, self.as_of, cursor);
        All::of(message("portfolio", self.as_of, &Worth::of(&figures)).into_iter())
    }

    fn newest_trades(&self) -> All {
        let state = &self.state.trading;
        let all = All::of(self.trades_after(0).into_iter());
        let trades = usize::try_from(state.trades).unwrap_or(usize::MAX);
        All { left_out: trades.saturating_sub(all.messages.len()), ..all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(seq: u64, time: i64, name: &str, label: &str, value: f64) -> Envelope {
        let data = format!(r#"{{"name":"{name}","value":{value},"labels":{{"l":"{label}"}}}}"#);
        let event = Event::decode("metric.observed", &data).unwrap().unwrap();
        let (at, time) = (Timestamp::from_ms(1_000), Timestamp::from_ms(time));
        let id = seq.to_string().into();
        let stamp = Stamp { seq, at, time, source: "s".into(), id, subject: None };
        Envelope { stamp, event }
    }

    /// What is told of these values, of which those before `from` were shown before.
    fn told(all: &[Envelope], from: usize) -> Result<Option<String>, TooMuch> {
        let mut state = crate::domain::State::default();
        all.iter().for_each(|envelope| state.replay(envelope));
        of_metrics(&all[from..], &state.metrics, Timestamp::from_ms(1_000))
    }

    #[track_caller]
    fn check(values: &[(i64, &str, &str, f64)], from: usize, expect: &[&str]) {
        let all: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(i, (time, name, label, it))| value(i as u64, *time, name, label, *it))
            .collect();
        let frame = told(&all, from).unwrap().unwrap_or_default();
        let short = frame
            .replace(r#"{"type":"metrics","timestamp":"1970-01-01T00:00:01.000Z","data":"#, "")
            .replace("1970-01-01T00:00:00.00", "");
        assert_eq!(short.lines().collect::<Vec<_>>(), expect);
    }

    #[test]
    fn each_series_is_told_once_as_it_is_now() {
        check(&[], 0, &[]);
        check(
            &[(1, "m", "a", 1.5), (2, "m", "a", 2.5)],
            0,
            &[r#"{"m":{"value":2.5,"timestamp":"2Z","labels":{"l":"a"}}}}"#],
        );
        check(
            &[(1, "m", "a", 1.0), (1, "m", "b", 2.0), (1, "n", "", 3.0)],
            0,
            &[
                r#"{"m":{"value":1.0,"timestamp":"1Z","labels":{"l":"a"}},"n":{"value":3.0,"timestamp":"1Z","labels":{"l":""}}}}"#,
                r#"{"m":{"value":2.0,"timestamp":"1Z","labels":{"l":"b"}}}}"#,
            ],
        );
    }

    #[test]
    fn what_takes_more_than_seeing_metrics_is_not_told() {
        check(&[(1, "host_cpu_percent", "a", 1.0), (1, "portfolio_cash", "a", 1.0)], 0, &[]);
        check(
            &[(1, "host_cpu_percent", "a", 1.0), (1, "m", "a", 2.0)],
            0,
            &[r#"{"m":{"value":2.0,"timestamp":"1Z","labels":{"l":"a"}}}}"#],
        );
    }

    #[test]
    fn what_is_older_than_what_is_shown_is_not_told() {
        check(&[(5, "m", "a", 1.0), (4, "m", "a", 2.0)], 1, &[]);
        let same = r#"{"m":{"value":2.0,"timestamp":"5Z","labels":{"l":"a"}}}}"#;
        check(&[(5, "m", "a", 1.0), (5, "m", "a", 2.0)], 1, &[same]);
        // What came first is newer than what came last.
        check(&[(5, "m", "a", 2.0), (4, "m", "a", 1.0)], 0, &[same]);
    }

    #[test]
    fn of_too_many_series_nothing_is_told() {
        let all = |n: u64| -> Vec<_> {
            (0..n).map(|i| value(i, 1, &format!("m{}", i % 7), &i.to_string(), 1.0)).collect()
        };
        let most = MAX_SERIES as u64;
        let frame = told(&all(most), 0).unwrap().unwrap();
        assert_eq!(frame.lines().count(), most.div_ceil(7) as usize, "one of each name a message");
        assert_eq!(told(&all(most + 1), 0), Err(TooMuch));
    }
}
