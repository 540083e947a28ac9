//! Reading the tables of alerts.

use super::super::{AlertItem, TimelineItem};
use super::rows::{load, read};
use super::{AlertFilter, Place, Record, steps};
use rusqlite::types::Value;
use rusqlite::{Connection, Result, Row, params, params_from_iter};
use std::sync::Arc;

/// Earlier alerts of the same rule and subject that are told with one.
const BEFORE: i64 = 20;
/// Alerts that are told with the one that covers them.
const COVERS: i64 = 200;

/// Alerts that match, newest first and those of one moment by id, the last first; at most `limit`
/// of them, after `after`. As far as the tables know: what keeps alerts quiet, and how they flap,
/// is not in them.
///
/// # Errors
/// The database cannot be read.
pub fn list(
    db: &Connection,
    filter: &AlertFilter,
    limit: usize,
    after: Option<&Place>,
) -> Result<Vec<AlertItem>> {
    let (mut wanted, mut given) = filter.conditions();
    if let Some((at, id)) = after {
        wanted.push("created <= ? AND (created < ? OR id < ?)".to_owned());
        let at = Value::Integer(at.ms());
        given.extend([at.clone(), at, Value::Text(id.to_string())]);
    }
    given.push(Value::Integer(limit as i64));
    let wanted = match wanted.as_slice() {
        [] => String::new(),
        all => format!("WHERE {}", all.join(" AND ")),
    };
    let query = format!("SELECT alert FROM alerts {wanted} ORDER BY created DESC, id DESC LIMIT ?");
    db.prepare_cached(&query)?.query_map(params_from_iter(given), item)?.collect()
}

fn item(row: &Row<'_>) -> Result<AlertItem> {
    read::<Record>(row.get_ref(0)?.as_str()?).map(Record::item)
}

/// An alert, and what goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The alert.
    pub item: AlertItem,
    /// What happened to it, oldest first.
    pub timeline: Vec<TimelineItem>,
    /// Alerts that it covers, or covered when they were over, newest first.
    pub covers: Vec<AlertItem>,
    /// Earlier ones of the same rule and subject, newest first.
    pub before: Vec<AlertItem>,
}

/// One alert, if it is known.
///
/// # Errors
/// The database cannot be read.
pub fn find(db: &Connection, id: &Arc<str>) -> Result<Option<Known>> {
    let Some(record) = load(db, id)? else { return Ok(None) };
    let (key, created) = (record.alert.key.clone(), record.alert.created_at);
    let covers = db
        .prepare_cached(
            "SELECT alert FROM alerts WHERE cause = ?1 ORDER BY created DESC, id DESC LIMIT ?2",
        )?
        .query_map(params![id, COVERS], item)?
        .collect::<Result<_>>()?;
    let before = db
        .prepare_cached(
            "SELECT alert FROM alerts WHERE rule = ?1 AND finding = ?2 AND subject = ?3
             AND created <= ?4 AND id <> ?5 ORDER BY created DESC, id DESC LIMIT ?6",
        )?
        .query_map(params![key.rule, key.finding, key.subject, created.ms(), id, BEFORE], item)?
        .collect::<Result<_>>()?;
    Ok(Some(Known { item: record.item(), timeline: steps::of(db, id)?, covers, before }))
}
