//! The ticker: what came in, in a line each.

use super::super::hub::Change;
use super::super::ticker;
use super::{Aggregate, push};
use crate::domain::Topic;
use crate::domain::summary::{Ticker, TickerDelta};

impl Aggregate {
    /// Makes ticker lines of the newest events held; older ones are only counted.
    pub(super) fn take_lines(&mut self) {
        let older = std::mem::take(&mut self.lines);
        for envelope in self.held.iter().rev() {
            match ticker::line(envelope) {
                Some(line) if self.lines.len() < Ticker::KEPT => self.lines.push_back(line),
                Some(_) => self.skipped += 1,
                None => {}
            }
        }
        let room = Ticker::KEPT - self.lines.len();
        self.skipped += older.len().saturating_sub(room) as u64;
        self.lines.extend(older.into_iter().take(room));
    }

    pub(super) fn show_ticker(&mut self, changes: &mut Vec<Change>) {
        let cursor = self.cursor();
        let (shown, version) = &mut self.views.ticker;
        (shown.as_of, shown.cursor) = (self.state.now, cursor);
        if self.lines.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut self.lines).into();
        let delta = TickerDelta { lines, skipped: std::mem::take(&mut self.skipped) };
        push(changes, Topic::Events, &delta);
        shown.apply(delta);
        *version = self.state.seq;
    }
}
