//! The part of a long list of trades that the browser holds.

use crate::domain::trading::TradeItem;
use crate::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Rows kept around those in sight.
const AROUND: usize = 500;
/// Rows asked for at once.
const AT_ONCE: usize = 200;

/// Trades by their place on the list, newest first. The list stands still while somebody reads
/// further down: what is new waits, and places count without it.
#[derive(Debug, Clone, Default)]
pub struct Held {
    rows: BTreeMap<usize, TradeItem>,
    /// What came in meanwhile, in the order it came.
    waiting: Vec<TradeItem>,
    /// Where the newest on the list stands.
    top: Option<(Timestamp, u64)>,
    /// How many there are on the list.
    total: usize,
    /// More came in than is told of.
    lost: bool,
    /// Position up to which trades are on the list.
    upto: u64,
    /// Trades from this position on have only just come.
    fresh: u64,
}

/// Where a trade stands among others.
fn order(item: &TradeItem) -> (Timestamp, u64) {
    (item.timestamp, item.seq)
}

impl Held {
    /// A list of which a page has been read that begins at `from`.
    pub fn new(from: usize, total: u64, upto: u64, items: Vec<TradeItem>) -> Self {
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        let mut held = Self { total, upto, fresh: u64::MAX, ..Self::default() };
        held.rows = (from..).zip(items).collect();
        held.look_up();
        held
    }

    /// How many there are on the list.
    pub const fn total(&self) -> usize {
        self.total
    }

    /// How many wait to be shown.
    pub const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// More came in than is told of: the list must be read anew.
    pub const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Says that more came in than is told of.
    pub const fn lose(&mut self) {
        self.lost = true;
    }

    /// The trade at a place.
    pub fn at(&self, place: usize) -> Option<&TradeItem> {
        self.rows.get(&place)
    }

    /// The trade of this position, and whether it has only just come.
    pub fn of(&self, seq: u64) -> Option<(&TradeItem, bool)> {
        let found = self.rows.values().find(|item| item.seq == seq)?;
        Some((found, seq >= self.fresh))
    }

    /// Takes in trades that have come, later than all before them: each at its place, or to wait if
    /// it is the newest and the list stands still. One that is there already is as it is told now.
    /// What a late one may have changed and is not told of is let go, to be read again.
    pub fn add(&mut self, mut items: Vec<TradeItem>, still: bool) {
        items.sort_by_key(|item| item.seq);
        if !still {
            self.fresh = self.upto.saturating_add(1);
        }
        let late = items.iter().filter(|item| item.late && item.seq > self.upto);
        let late: Vec<TradeItem> = late.cloned().collect();
        let told: BTreeSet<u64> = items.iter().map(|item| item.seq).collect();
        self.rows.retain(|_, row| {
            let same_book = |late: &TradeItem| {
                (&late.symbol, &late.currency, &late.account)
                    == (&row.symbol, &row.currency, &row.account)
            };
            let behind = |late: &TradeItem| same_book(late) && order(late) < order(row);
            told.contains(&row.seq) || !late.iter().any(behind)
        });
        for item in items {
            let rows = self.rows.values_mut().chain(&mut self.waiting);
            if let Some(row) = rows.into_iter().find(|row| row.seq == item.seq) {
                *row = item;
                continue;
            }
            if item.seq <= self.upto {
                continue;
            }
            self.upto = item.seq;
            if still && self.top.is_none_or(|top| order(&item) > top) {
                self.waiting.push(item);
            } else {
                self.insert(item);
            }
        }
    }

    /// Puts a trade at its place: those that are older move on.
    fn insert(&mut self, item: TradeItem) {
        self.total += 1;
        self.top = self.top.max(Some(order(&item)));
        let older = self.rows.iter().find(|(_, row)| order(row) < order(&item));
        let place = match older.map(|(place, _)| *place) {
            Some(place) => place,
            // Older than all that is held: its place is known if the list ends there.
            None => match self.rows.last_key_value() {
                Some((last, _)) if last + 2 < self.total => return,
                Some((last, _)) => last + 1,
                None if self.total == 1 => 0,
                None => return,
            },
        };
        let known = place == 0 || self.rows.contains_key(&(place - 1));
        let moved = self.rows.split_off(&place);
        self.rows.extend(moved.into_iter().map(|(place, row)| (place + 1, row)));
        if known {
            self.rows.insert(place, item);
        }
    }

    /// Shows what waits.
    pub fn reveal(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.fresh = waiting.first().map_or(u64::MAX, |first| first.seq);
        for item in waiting {
            self.insert(item);
        }
    }

    /// Takes in a page that was asked for from `skip` on, of a list of `total`. What the server has
    /// in front of what is on this list moves all places. Returns how many were missing.
    pub fn put(&mut self, skip: usize, total: u64, items: Vec<TradeItem>) -> usize {
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        let first = skip + self.total;
        let come: BTreeSet<u64> = items.iter().map(|item| item.seq).collect();
        let had = self.rows.len();
        self.rows.retain(|_, row| !come.contains(&row.seq));
        let again = had - self.rows.len();
        let mut put = 0;
        for (i, item) in items.into_iter().enumerate() {
            let Some(place) = (first + i).checked_sub(total) else { continue };
            if place < self.total {
                self.rows.insert(place, item);
                put += 1;
            }
        }
        self.look_up();
        put - again.min(put)
    }

    fn look_up(&mut self) {
        self.top = self.rows.get(&0).map(order).or(self.top);
    }

    /// What to ask for so that all of `from..to` is held: how many to pass over, and how many to
    /// read.
    pub fn missing(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        let first = (from..to.min(self.total)).find(|place| !self.rows.contains_key(place))?;
        // Reading on in the direction that is scrolled in: backwards if what follows is held.
        let gap = (first..first + AT_ONCE).find(|place| self.rows.contains_key(place));
        let skip = gap.map_or(first, |end| end.saturating_sub(AT_ONCE));
        Some((skip + self.waiting.len(), AT_ONCE))
    }

    /// Lets go of what is far from `from..to`.
    pub fn trim(&mut self, from: usize, to: usize) {
        let (low, high) = (from.saturating_sub(AROUND), to + AROUND);
        self.rows.retain(|place, _| (low..high).contains(place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trading::{Exact, Side, TradeStatus};
    use proptest::prelude::*;

    fn trade(at: i64, seq: u64) -> TradeItem {
        TradeItem {
            id: seq.to_string().into(),
            symbol: "X".into(),
            side: Side::Buy,
            quantity: Exact::of("1"),
            price: Exact::of("1"),
            fees: Exact::default(),
            status: TradeStatus::Filled,
            order_type: None,
            strategy: None,
            timestamp: Timestamp::from_ms(at),
            realized_pnl: None,
            account: "a".into(),
            currency: "USD".into(),
            seq,
            late: false,
        }
    }

    /// Everything there is on a server, newest first.
    fn newest_first(mut all: Vec<TradeItem>) -> Vec<TradeItem> {
        all.sort_by_key(|item| std::cmp::Reverse(order(item)));
        all
    }

    fn page(all: &[TradeItem], skip: usize, limit: usize) -> Vec<TradeItem> {
        all.iter().skip(skip).take(limit).cloned().collect()
    }

    #[test]
    fn what_is_new_waits_while_the_list_stands_still() {
        let all = newest_first((1..=1_000).map(|i| trade(i, i as u64)).collect());
        let mut held = Held::new(0, 1_000, 1_000, page(&all, 0, 100));
        held.add(vec![trade(2_000, 2_000)], true);
        assert_eq!((held.total(), held.waiting(), held.at(0).unwrap().seq), (1_000, 1, 1_000));
        held.add(vec![trade(2_000, 2_000)], true);
        assert_eq!(held.waiting(), 1, "told twice");
        held.reveal();
        assert_eq!((held.total(), held.waiting(), held.at(0).unwrap().seq), (1_001, 0, 2_000));
        assert_eq!((held.of(2_000).unwrap().1, held.of(999).unwrap().1), (true, false));
        held.add(vec![trade(3_000, 3_000)], false);
        assert_eq!(
            (held.total(), held.at(0).unwrap().seq, held.at(1).unwrap().seq),
            (1_002, 3_000, 2_000)
        );
    }

    #[test]
    fn what_is_late_goes_to_its_place() {
        let all = newest_first((1..=3).map(|i| trade(i * 10, i as u64)).collect());
        let mut held = Held::new(0, 3, 3, all);
        held.add(vec![trade(15, 4)], true);
        let seqs: Vec<u64> = (0..4).map(|i| held.at(i).unwrap().seq).collect();
        assert_eq!(seqs, [3, 2, 4, 1]);
        held.add(vec![trade(5, 5)], true);
        assert_eq!(held.at(4).unwrap().seq, 5);
        let mut none = Held::new(0, 0, 0, Vec::new());
        none.add(vec![trade(1, 1)], false);
        assert_eq!((none.total(), none.at(0).unwrap().seq), (1, 1));
    }

    proptest! {
        /// However trades come in and the list is scrolled, every place shows what the server has
        /// there, once all of it was shown.
        #[test]
        fn places_are_those_of_the_server(
            first in 0_usize..400,
            steps in proptest::collection::vec((0_i64..2_000, any::<bool>(), 0_usize..400), 1..40),
        ) {
            let mut all: Vec<TradeItem> = (0..first).map(|i| trade(i as i64 * 3, i as u64 + 1)).collect();
            let sorted = newest_first(all.clone());
            let mut held = Held::new(0, first as u64, first as u64, page(&sorted, 0, 100));
            for (i, (at, still, scrolled)) in steps.into_iter().enumerate() {
                let item = trade(at, (first + i + 1) as u64);
                all.push(item.clone());
                let still = still && scrolled > 0;
                if !still {
                    held.reveal();
                }
                held.add(vec![item], still);
                let server = newest_first(all.clone());
                let to = (scrolled + 30).min(held.total());
                for _ in 0..3 {
                    let Some((skip, limit)) = held.missing(scrolled, to) else { break };
                    held.put(skip, server.len() as u64, page(&server, skip, limit));
                }
                held.trim(scrolled, to);
            }
            held.reveal();
            prop_assert_eq!(held.total(), all.len());
            let server = newest_first(all);
            for (place, row) in &held.rows {
                prop_assert_eq!(server.get(*place).map(|item| item.seq), Some(row.seq));
            }
        }
    }
}
