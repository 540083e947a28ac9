//! The table of the audit log.

use super::{AuditFilter, AuditItem, Audited, Event, Outcome};
use crate::wire::{Seq, Stamp, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, Result, Row, params, params_from_iter};

/// Most lines that are forgotten at a time.
const FORGET: i64 = 5_000;

/// SQL that makes the table. Lines are read newest first, which is the order of their positions.
pub const SCHEMA: &str = "
    CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL,
        via TEXT, address TEXT, action TEXT NOT NULL, target TEXT, outcome TEXT NOT NULL,
        detail TEXT);
    CREATE INDEX audit_actor ON audit (actor, seq DESC);
    CREATE INDEX audit_action ON audit (action, seq DESC);
    CREATE INDEX audit_at ON audit (at);";

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Pending(Vec<(Seq, Timestamp, Audited)>);

impl Pending {
    /// Takes in an event; only lines of the log are kept.
    pub fn add(&mut self, stamp: &Stamp, event: Event) {
        if let Event::Audited(line) = event {
            self.0.push((stamp.seq, stamp.at, line));
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut insert = tx.prepare_cached(
            "INSERT OR IGNORE INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for (seq, at, line) in &self.0 {
            let Audited { actor, via, address, action, target, outcome, detail } = line;
            insert.execute(params![
                *seq as i64,
                at.ms(),
                actor,
                via,
                address,
                action,
                target,
                outcome.name(),
                detail,
            ])?;
        }
        Ok(())
    }
}

/// Forgets lines from before `before`, a bounded number of them.
///
/// # Errors
/// The database cannot be written.
pub fn prune(tx: &Connection, before: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)",
    )?
    .execute(params![before.ms(), FORGET])
    .map(drop)
}

/// Lines that match, newest first, at most `limit` of them, from before position `before`.
///
/// # Errors
/// The database cannot be read.
pub fn list(
    db: &Connection,
    filter: &AuditFilter,
    limit: usize,
    before: Option<Seq>,
) -> Result<Vec<AuditItem>> {
    let mut wanted = vec!["seq < ?"];
    let before = before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
    let mut given = vec![Value::Integer(before)];
    let texts = [
        ("actor = ?", &filter.actor),
        ("target = ?", &filter.target),
        ("address = ?", &filter.address),
    ];
    for (condition, text) in texts {
        if let Some(text) = text {
            wanted.push(condition);
            given.push(Value::Text(text.to_string()));
        }
    }
    if let Some(action) = &filter.action {
        // `user` means everything about users. A slash is what follows a full stop.
        wanted.push("(action = ? OR (action > ? AND action < ?))");
        given.extend([
            Value::Text(action.to_string()),
            Value::Text(format!("{action}.")),
            Value::Text(format!("{action}/")),
        ]);
    }
    if let Some(outcome) = filter.outcome {
        wanted.push("outcome = ?");
        given.push(Value::Text(outcome.name().to_owned()));
    }
    for (condition, at) in [("at >= ?", filter.from), ("at < ?", filter.to)] {
        if let Some(at) = at {
            wanted.push(condition);
            given.push(Value::Integer(at.ms()));
        }
    }
    given.push(Value::Integer(limit as i64));
    let wanted = wanted.join(" AND ");
    let query = format!("SELECT * FROM audit WHERE {wanted} ORDER BY seq DESC LIMIT ?");
    db.prepare_cached(&query)?.query_map(params_from_iter(given), item)?.collect()
}

fn item(row: &Row<'_>) -> Result<AuditItem> {
    let outcome: String = row.get("outcome")?;
    Ok(AuditItem {
        seq: row.get::<_, i64>("seq")?.unsigned_abs(),
        at: Timestamp::from_ms(row.get("at")?),
        actor: row.get("actor")?,
        via: row.get("via")?,
        address: row.get("address")?,
        action: row.get("action")?,
        target: row.get("target")?,
        outcome: Outcome::named(&outcome).unwrap_or(Outcome::Denied),
        detail: row.get("detail")?,
    })
}
