//! A live list of any length, of which the browser holds the part that is in sight.

use super::held::Held;
use super::trade_rows::{HEADS, trade_row, waiting_row};
use super::trades::{PAGE, read, skipped};
use crate::domain::Topic;
use crate::domain::trading::{TradeItem, TradesDelta, TradesPage};
use crate::ui::address::Asked;
use crate::ui::live::follow;
use crate::ui::me::{is_known, leave_if_signed_out};
use crate::ui::widgets::{Long, utc_time};
use crate::wire::Timestamp;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Height of the page's head, behind which rows scroll, in pixels.
const HEAD_PX: f64 = 53.0;

/// The list.
#[derive(Clone, Copy)]
pub struct Blotter {
    held: RwSignal<Held>,
    asked: Memo<Asked>,
    long: Long,
    /// Whether some of what trades closed is being looked at again.
    pub matching: RwSignal<bool>,
    /// Why trades cannot be read, if so.
    pub trouble: RwSignal<Option<String>>,
    /// Which question is the newest: an answer to an older one is not shown.
    turn: StoredValue<u32>,
    busy: StoredValue<bool>,
    /// What was asked for in vain: it is not asked for again.
    vain: StoredValue<Option<(usize, usize)>>,
    known: bool,
}

impl Blotter {
    /// The list of what the address asks for, beginning with the page that was rendered.
    pub fn new(first: TradesPage, asked: Memo<Asked>) -> Self {
        let cursor = first.cursor.clone();
        let from = asked.with_untracked(skipped);
        let held = RwSignal::new(Held::new(from, first.total, cursor.seq, first.items));
        let count = Signal::derive(move || held.with(Held::total));
        let long = Long::new(count);
        let list = Self {
            held,
            asked,
            long,
            matching: RwSignal::new(first.matching),
            trouble: RwSignal::new(None),
            turn: StoredValue::new(0),
            busy: StoredValue::new(false),
            vain: StoredValue::new(None),
            known: is_known(),
        };
        follow(Topic::Trades, Some(cursor), move |part| {
            if part.whole {
                list.read_anew();
            } else {
                list.take(serde_json::from_str(part.data)?);
            }
            Ok(())
        });
        list.watch();
        list
    }

    /// How many there are.
    pub fn total(self) -> Memo<usize> {
        Memo::new(move |_| self.held.with(Held::total))
    }

    /// How many wait to be shown.
    pub fn waiting(self) -> Memo<usize> {
        Memo::new(move |_| self.held.with(Held::waiting))
    }

    fn watch(self) {
        let Self { held, asked, long, .. } = self;
        Effect::new(move |last: Option<Asked>| {
            let now = asked.get();
            if last.is_some_and(|last| last != now) {
                self.read_anew();
            }
            now
        });
        Effect::new(move |_| {
            held.track();
            long.window.track();
            self.fill();
        });
        Effect::new(move |_| {
            let scroll = window_event_listener(ev::scroll, move |_| {
                let waits = held.try_with_untracked(|held| held.waiting() > 0);
                if waits == Some(true) && self.is_at_top() {
                    self.reveal();
                }
            });
            on_cleanup(move || scroll.remove());
        });
    }

    /// Whether the list's beginning is in sight, so that what is new moves nothing away.
    fn is_at_top(self) -> bool {
        let body = self.long.body.get_untracked();
        body.is_none_or(|body| body.get_bounding_client_rect().top() >= HEAD_PX)
            && self.long.window.try_get_untracked().is_none_or(|window| window.range().0 == 0)
    }

    /// Goes to the beginning and shows what waits there.
    pub fn to_top(self) {
        if let Some(body) = self.long.body.get_untracked() {
            let table = body.closest("section").ok().flatten();
            let top = table.map_or(0.0, |table| table.get_bounding_client_rect().top());
            let scrolled = window().scroll_y().unwrap_or(0.0);
            window().scroll_to_with_x_and_y(0.0, scrolled + top - HEAD_PX - 12.0);
        }
        self.reveal();
    }

    fn reveal(self) {
        if self.held.try_with_untracked(Held::is_lost) == Some(true) {
            self.read_anew();
        } else {
            self.held.try_update(Held::reveal);
        }
    }

    /// Takes in what has come.
    fn take(self, delta: TradesDelta) {
        let still = !self.is_at_top();
        let asked = self.asked.get_untracked();
        let mut items = delta.items;
        items.retain(|item| is_asked_for(item, &asked));
        self.held.try_update(|held| {
            if delta.skipped > 0 {
                held.lose();
            }
            if !still {
                held.reveal();
            }
            held.add(items, still);
        });
        if delta.skipped > 0 && !still {
            self.read_anew();
        }
    }

    /// Reads the list anew, from its beginning.
    fn read_anew(self) {
        let mine = self.turn.try_get_value().unwrap_or_default().wrapping_add(1);
        self.turn.try_set_value(mine);
        self.vain.try_set_value(None);
        self.read(mine, 0, PAGE, true);
    }

    /// Reads what is in sight and not held.
    fn fill(self) {
        let window = self.long.window.try_get_untracked();
        let Some(window) = window.filter(|window| window.is_measured()) else { return };
        if self.busy.try_get_value() != Some(false) {
            return;
        }
        let (from, to) = window.range();
        let missing = self.held.with_untracked(|held| held.missing(from, to));
        let Some(missing) = missing.filter(|missing| self.vain.get_value() != Some(*missing))
        else {
            return;
        };
        self.busy.set_value(true);
        self.read(self.turn.get_value(), missing.0, missing.1, false);
    }

    fn read(self, mine: u32, skip: usize, limit: usize, anew: bool) {
        let answer = read(&self.asked.get_untracked(), skip, limit);
        spawn_local(async move {
            let answer = answer.await.and_then(|page| page.read());
            if !anew {
                self.busy.try_set_value(false);
            }
            if self.turn.try_get_value() != Some(mine) {
                // What is in sight may have waited for this.
                return self.fill();
            }
            match answer {
                Ok(page) => self.show(page, skip, limit, anew),
                Err(error) => {
                    leave_if_signed_out(&error, self.known);
                    self.trouble.try_set(Some(error.to_string()));
                }
            }
        });
    }

    fn show(self, page: TradesPage, skip: usize, limit: usize, anew: bool) {
        let TradesPage { cursor, total, items, matching, .. } = page;
        self.matching.try_set(matching);
        self.trouble.try_set(None);
        let window = self.long.window.try_get_untracked();
        self.held.try_update(|held| {
            if anew {
                *held = Held::new(0, total, cursor.seq, items);
                return;
            }
            if held.put(skip, total, items) == 0 {
                self.vain.try_set_value(Some((skip, limit)));
            }
            if let Some((from, to)) = window.map(|window| window.range()) {
                held.trim(from, to);
            }
        });
    }

    /// The table.
    pub fn table(self) -> AnyView {
        let Self { held, long, asked, .. } = self;
        let ids = move |from: usize, to: usize| {
            // Before anything has been measured, that is what the server rendered.
            let start =
                if long.window.get().is_measured() { 0 } else { asked.with_untracked(skipped) };
            let id = |held: &Held, place: usize| match held.at(place) {
                Some(TradeItem { seq, realized_pnl: Some(profit), .. }) => {
                    format!("{seq} {profit}").into()
                }
                Some(TradeItem { seq, .. }) => seq.to_string().into(),
                None => format!("?{place}").into(),
            };
            held.with(|held| {
                let (from, to) = (from + start, (to + start).min(held.total()));
                (from..to).map(|place| id(held, place)).collect()
            })
        };
        let row = move |id: Arc<str>| {
            let seq = id.split(' ').next().and_then(|seq| seq.parse().ok());
            let row = seq.and_then(|seq| {
                held.with_untracked(|held| held.of(seq).map(|(item, fresh)| trade_row(item, fresh)))
            });
            row.unwrap_or_else(waiting_row)
        };
        let heads = HEADS.map(|(word, class)| view! { <th class=class>{word}</th> }.into_any());
        let heads: Vec<AnyView> = heads.into_iter().collect();
        long.view("Trades", "trades", view! { <tr>{heads}</tr> }.into_any(), ids, row)
    }
}

/// Whether a trade is among what the address asks for, as the server sees it.
fn is_asked_for(item: &TradeItem, asked: &Asked) -> bool {
    let is = |name: &str, value: Option<&str>| {
        asked.get(name).is_none_or(|wanted| value == Some(&*wanted))
    };
    let time =
        |name: &str| asked.get(name).and_then(|text| utc_time(text).parse::<Timestamp>().ok());
    is("symbol", Some(&item.symbol))
        && is("side", Some(item.side.name()))
        && is("strategy", item.strategy.as_deref())
        && is("account", Some(&item.account))
        && time("start_time").is_none_or(|from| item.timestamp >= from)
        && time("end_time").is_none_or(|to| item.timestamp < to)
}
