//! Rows of alerts, and of what things are called.

use super::super::state::Alert;
use super::{Named, RULE, Record};
use crate::wire::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) fn load(db: &Connection, id: &str) -> Result<Option<Record>> {
    db.prepare_cached("SELECT alert FROM alerts WHERE id = ?1")?
        .query_row([id], |row| read(row.get_ref(0)?.as_str()?))
        .optional()
}

pub(super) fn save(tx: &Connection, mut record: Record) -> Result<()> {
    record.rule = named(tx, RULE, &record.alert.key.rule)?;
    let Alert { id, key, what, ack, covered_by, created_at, .. } = &record.alert;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO alerts
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        id,
        created_at.ms(),
        record.resolved_at.map(Timestamp::ms),
        what.severity as i64,
        record.state() as i64,
        ack.is_some(),
        what.source,
        key.rule,
        key.finding,
        key.subject,
        what.title,
        what.message,
        covered_by,
        json(&record)?,
    ])?;
    Ok(())
}

pub(super) fn forget(tx: &Connection, id: &str) -> Result<()> {
    for sql in [
        "DELETE FROM alert_steps WHERE alert = ?1",
        "DELETE FROM alerts WHERE id = ?1",
        "DELETE FROM alert_silences WHERE alert = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// Removes the row of `table` whose `key` is this, and returns another of its columns.
pub(super) fn taken(
    tx: &Connection,
    table: &str,
    key: &str,
    column: &str,
    is: &str,
) -> Result<Option<String>> {
    tx.prepare_cached(&format!("DELETE FROM {table} WHERE {key} = ?1 RETURNING {column}"))?
        .query_row([is], |row| row.get(0))
        .optional()
}

pub(super) fn call(
    tx: &Connection,
    kind: &str,
    id: &str,
    name: &str,
    (owner, runbook): (&Option<String>, &Option<String>),
) -> Result<()> {
    tx.prepare_cached("INSERT OR REPLACE INTO alert_names VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![kind, id, name, owner, runbook])
        .map(drop)
}

pub(super) fn named(db: &Connection, kind: &str, id: &str) -> Result<Named> {
    let found = db
        .prepare_cached("SELECT name, owner, runbook FROM alert_names WHERE kind = ?1 AND id = ?2")?
        .query_row([kind, id], |row| {
            Ok(Named { name: row.get(0)?, owner: row.get(1)?, runbook: row.get(2)? })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// What an alert says, or its id if it is not known.
pub(super) fn title(db: &Connection, id: &str) -> Result<String> {
    let found = db
        .prepare_cached("SELECT title FROM alerts WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_else(|| id.to_owned()))
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Text that is not what was written means a damaged file.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        rusqlite::Error::SqliteFailure(corrupt, Some(error.to_string()))
    })
}
