//! The table of what happened to alerts.

use super::super::{Move, TimelineItem};
use super::rows::{json, read};
use crate::wire::Stamp;
use rusqlite::{Connection, Result, params};
use std::sync::Arc;

/// Most steps of an alert that are told.
const MAX: u32 = 500;
/// Steps an alert may have beyond those, before the oldest of the lesser ones are forgotten.
const SLACK: u32 = 100;
/// Those that come again and again while an alert goes on.
const MINOR: [&str; 5] =
    [Move::Holds.name(), Move::Clearing.name(), Move::Unknown.name(), Move::Changed.name(), "told"];

/// Something that happened to an alert.
#[derive(Debug)]
pub(super) struct Step(TimelineItem);

impl Step {
    pub fn of(what: &str, stamp: &Stamp) -> Self {
        let what = what.to_owned();
        Self(TimelineItem { seq: stamp.seq, at: stamp.at, what, actor: None, detail: None })
    }

    pub fn by(mut self, actor: &Arc<str>) -> Self {
        self.0.actor = Some(actor.clone());
        self
    }

    pub fn saying(mut self, detail: Option<String>) -> Self {
        self.0.detail = detail.filter(|detail| !detail.is_empty());
        self
    }
}

/// Adds a step; `count` is how many an alert has.
pub(super) fn add(tx: &Connection, alert: &str, count: &mut u32, step: Step) -> Result<()> {
    let Step(item) = step;
    let minor = MINOR.contains(&item.what.as_str());
    tx.prepare_cached("INSERT OR REPLACE INTO alert_steps VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![alert, item.seq as i64, minor, json(&item)?])?;
    *count = count.saturating_add(1);
    if *count > MAX + SLACK {
        trim(tx, alert)?;
        *count = MAX;
    }
    Ok(())
}

/// An alert that comes and goes for months must not fill the disk; how it began, and what people
/// did, stays.
fn trim(tx: &Connection, alert: &str) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM alert_steps WHERE alert = ?1 AND minor AND seq IN
            (SELECT seq FROM alert_steps WHERE alert = ?1 AND minor ORDER BY seq LIMIT ?2)",
    )?
    .execute(params![alert, SLACK + 1])
    .map(drop)
}

/// The steps of an alert, oldest first.
pub(super) fn of(db: &Connection, alert: &str) -> Result<Vec<TimelineItem>> {
    let mut items: Vec<TimelineItem> = db
        .prepare_cached("SELECT step FROM alert_steps WHERE alert = ?1 ORDER BY seq DESC LIMIT ?2")?
        .query_map(params![alert, 2 * MAX], |row| read(row.get_ref(0)?.as_str()?))?
        .collect::<Result<_>>()?;
    items.reverse();
    Ok(items)
}
