//! The table of tasks, and that of what happened to them.

use super::rollup::Rollup;
use crate::domain::rollup::{decode, encode};
use crate::domain::work::build::record;
use crate::domain::work::state::Task;
use crate::domain::work::{
    Event, TaskDetail, TaskFilter, TaskItem, TaskStatus, TaskStep, TasksPage, step,
};
use crate::wire::{Stamp, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Result, params, params_from_iter};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Steps a task may have beyond those that are told, before the oldest are forgotten.
const SLACK: i64 = 500;
/// Most tasks that are forgotten at a time.
const FORGET: i64 = 5_000;

/// SQL that makes the tables. `task` is the whole record; what lists choose by stands beside it,
/// each choice with an index in the order of the list.
pub const SCHEMA: &str = "
    CREATE TABLE tasks (id TEXT PRIMARY KEY, at INTEGER NOT NULL, status INTEGER NOT NULL,
        queue TEXT NOT NULL, agent TEXT, fingerprint TEXT, description TEXT, error TEXT,
        steps INTEGER NOT NULL, task BLOB NOT NULL, result TEXT);
    CREATE INDEX tasks_at ON tasks (at DESC, id);
    CREATE INDEX tasks_status ON tasks (status, at DESC, id);
    CREATE INDEX tasks_queue ON tasks (queue, at DESC, id);
    CREATE INDEX tasks_agent ON tasks (agent, at DESC, id) WHERE agent IS NOT NULL;
    CREATE INDEX tasks_fingerprint ON tasks (fingerprint, at DESC, id)
        WHERE fingerprint IS NOT NULL;
    CREATE TABLE task_events (task TEXT NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL,
        step TEXT NOT NULL, PRIMARY KEY (task, at, seq)) WITHOUT ROWID;";

/// What came of a task, as JSON: untouched by a batch, or what it is now.
type Outcome = Option<Option<String>>;

/// Takes a batch's events about one task into its row and its steps; `count` is told what each
/// adds to which queue, and when.
///
/// # Errors
/// The database cannot be read or written.
pub fn take(
    tx: &Connection,
    id: &Arc<str>,
    events: &[(Stamp, Event)],
    mut count: impl FnMut(&Arc<str>, Timestamp, Rollup),
) -> Result<()> {
    let Some((first, _)) = events.first() else { return Ok(()) };
    let (mut task, had) = load(tx, id)?.unwrap_or_else(|| (Task::new(id.clone(), first), 0));
    let mut outcome = None;
    let mut insert =
        tx.prepare_cached("INSERT OR IGNORE INTO task_events VALUES (?1, ?2, ?3, ?4)")?;
    for (stamp, event) in events {
        let (from, ended) = (task.status, task.ended_at);
        task.fold(stamp, event);
        if let Some(rollup) = Rollup::of(stamp, event, from, &task) {
            count(&task.queue, stamp.time, rollup);
        }
        if let Event::Completed(done) = event
            && (from, ended) != (task.status, task.ended_at)
        {
            outcome = Some(done.result.as_ref().map(ToString::to_string));
        }
        if let Some((_, step)) = step(stamp, event) {
            insert.execute(params![id, step.at.ms(), step.seq as i64, json(&step)?])?;
        }
    }
    let steps = had + events.len() as i64;
    save(tx, &task, trimmed(tx, id, steps)?, outcome)
}

fn load(tx: &Connection, id: &str) -> Result<Option<(Task, i64)>> {
    let mut statement = tx.prepare_cached("SELECT task, steps FROM tasks WHERE id = ?1")?;
    let found = statement.query_row([id], |row| {
        let task: Task = decode(row.get_ref(0)?.as_blob()?)?;
        Ok((task, row.get(1)?))
    });
    found.optional()
}

fn save(tx: &Connection, task: &Task, steps: i64, outcome: Outcome) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO tasks (id, at, status, queue, agent, fingerprint, description, error, steps,
            task) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (id) DO UPDATE SET at = excluded.at, status = excluded.status,
            queue = excluded.queue, agent = excluded.agent, fingerprint = excluded.fingerprint,
            description = excluded.description, error = excluded.error, steps = excluded.steps,
            task = excluded.task",
    )?
    .execute(params![
        task.id,
        task.updated_at.ms(),
        task.status as i64,
        task.queue,
        task.agent,
        task.fingerprint,
        task.description,
        task.last_error,
        steps,
        encode(task)?,
    ])?;
    if let Some(result) = outcome {
        tx.prepare_cached("UPDATE tasks SET result = ?2 WHERE id = ?1")?
            .execute(params![task.id, result])?;
    }
    Ok(())
}

/// How many steps are left once those are forgotten that are never told: a task that runs for
/// months and says so every second must not fill the disk.
fn trimmed(tx: &Connection, id: &str, steps: i64) -> Result<i64> {
    let told = TaskDetail::MAX_STEPS as i64;
    if steps <= told + SLACK {
        return Ok(steps);
    }
    tx.prepare_cached(
        "DELETE FROM task_events WHERE task = ?1 AND (at, seq) <=
            (SELECT at, seq FROM task_events WHERE task = ?1 ORDER BY at DESC, seq DESC
             LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![id, told])?;
    Ok(told)
}

/// Forgets tasks that ended before `before`, a bounded number of them, with their steps. Dead
/// letters wait for a person, however long that takes.
///
/// # Errors
/// The database cannot be written.
pub fn prune(tx: &Connection, before: Timestamp) -> Result<()> {
    for status in [TaskStatus::Completed, TaskStatus::Cancelled, TaskStatus::Failed] {
        let old: Vec<String> = tx
            .prepare_cached(
                "SELECT id FROM tasks WHERE status = ?1 AND at < ?2 ORDER BY at LIMIT ?3",
            )?
            .query_map(params![status as i64, before.ms(), FORGET], |row| row.get(0))?
            .collect::<Result<_>>()?;
        for id in &old {
            tx.prepare_cached("DELETE FROM task_events WHERE task = ?1")?.execute([id])?;
            tx.prepare_cached("DELETE FROM tasks WHERE id = ?1")?.execute([id])?;
        }
    }
    Ok(())
}

/// A page of tasks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Newest first; those of one moment by id.
    pub items: Vec<TaskItem>,
    /// How many match in all, counted up to [`TasksPage::MAX_COUNTED`].
    pub total: usize,
    /// Whether there are more after these.
    pub more: bool,
}

/// Tasks that match, newest first, at most `limit` of them, that come after the one at `after`.
///
/// # Errors
/// The database cannot be read.
pub fn list(
    db: &Connection,
    filter: &TaskFilter,
    limit: usize,
    after: Option<&(Timestamp, Arc<str>)>,
) -> Result<Found> {
    let (mut wanted, mut given) = conditions(filter);
    let counted = format!("SELECT count(*) FROM (SELECT 1 FROM tasks {wanted} LIMIT ?)");
    let most = Value::Integer(TasksPage::MAX_COUNTED as i64);
    let total: i64 = db
        .prepare_cached(&counted)?
        .query_row(params_from_iter(given.iter().chain([&most])), |row| row.get(0))?;
    if let Some((at, id)) = after {
        wanted.push_str(if given.is_empty() { "WHERE" } else { " AND" });
        wanted.push_str(" at <= ? AND (at < ? OR id > ?)");
        let at = Value::Integer(at.ms());
        given.extend([at.clone(), at, Value::Text(id.to_string())]);
    }
    // One more than asked for says whether there are more.
    given.push(Value::Integer(limit as i64 + 1));
    let page = format!("SELECT task FROM tasks {wanted} ORDER BY at DESC, id LIMIT ?");
    let mut items: Vec<TaskItem> = db
        .prepare_cached(&page)?
        .query_map(params_from_iter(given), |row| {
            let task: Task = decode(row.get_ref(0)?.as_blob()?)?;
            Ok(record(&task))
        })?
        .collect::<Result<_>>()?;
    let more = items.len() > limit;
    items.truncate(limit);
    Ok(Found { items, total: total as usize, more })
}

/// `filter` as SQL, and what to fill in.
fn conditions(filter: &TaskFilter) -> (String, Vec<Value>) {
    let mut wanted: Vec<&str> = Vec::new();
    let mut given = Vec::new();
    if let Some(status) = filter.status {
        wanted.push("status = ?");
        given.push(Value::Integer(status as i64));
    }
    // The plus keeps SQLite from going through a queue's whole past for the few of its tasks that
    // are not over.
    let live = filter.status.is_some_and(|status| !status.is_over());
    let named = [
        (if live { "+queue = ?" } else { "queue = ?" }, &filter.queue),
        ("agent = ?", &filter.agent),
        ("fingerprint = ?", &filter.fingerprint),
    ];
    for (condition, name) in named {
        if let Some(name) = name {
            wanted.push(condition);
            given.push(Value::Text(name.to_string()));
        }
    }
    if let Some(words) = filter.q.as_deref().filter(|words| !words.is_empty()) {
        wanted.push(
            r"(id LIKE ? ESCAPE '\' OR description LIKE ? ESCAPE '\' OR error LIKE ? ESCAPE '\')",
        );
        let pattern = Value::Text(holding(words));
        given.extend([pattern.clone(), pattern.clone(), pattern]);
    }
    let list = wanted.join(" AND ");
    (if list.is_empty() { list } else { format!("WHERE {list}") }, given)
}

/// The pattern of every text that holds `words`.
fn holding(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in words.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// One task, and what happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The task.
    pub item: TaskItem,
    /// What came of it, if it completed.
    pub result: Option<serde_json::Value>,
    /// The newest steps, at most [`TaskDetail::MAX_STEPS`], oldest first.
    pub history: Vec<TaskStep>,
    /// How long all of it is as text, in bytes.
    length: usize,
}

impl Known {
    /// What it takes in memory, about.
    pub const fn bytes(&self) -> usize {
        2 * self.length + size_of::<Self>() + self.history.len() * size_of::<TaskStep>()
    }
}

/// One task, if it is known.
///
/// # Errors
/// The database cannot be read.
pub fn find(db: &Connection, id: &str) -> Result<Option<Known>> {
    let mut statement = db.prepare_cached("SELECT task, result FROM tasks WHERE id = ?1")?;
    let found = statement.query_row([id], |row| {
        let blob = row.get_ref(0)?.as_blob()?;
        let task: Task = decode(blob)?;
        Ok((task, row.get::<_, Option<String>>(1)?, blob.len()))
    });
    let Some((task, result, mut length)) = found.optional()? else { return Ok(None) };
    length += result.as_ref().map_or(0, String::len);
    let result = result.as_deref().map(read).transpose()?;
    let mut history: Vec<TaskStep> = db
        .prepare_cached(
            "SELECT step FROM task_events WHERE task = ?1 ORDER BY at DESC, seq DESC LIMIT ?2",
        )?
        .query_map(params![id, TaskDetail::MAX_STEPS as i64], |row| {
            let step = row.get_ref(0)?.as_str()?;
            length += step.len();
            read(step)
        })?
        .collect::<Result<_>>()?;
    history.reverse();
    Ok(Some(Known { item: record(&task), result, history, length }))
}

fn json(step: &TaskStep) -> Result<String> {
    serde_json::to_string(step)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Text that is not what was written means a damaged file.
fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        rusqlite::Error::SqliteFailure(corrupt, Some(error.to_string()))
    })
}
