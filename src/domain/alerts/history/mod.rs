//! What is kept of the past of alerts: each with all that happened to it.
//!
//! A row is the alert as the fold left it, so an event finds here what it would find in memory.
//! One that is dropped never fired, and is forgotten: it was no alert.

mod filter;
mod reads;
mod rows;
mod steps;

pub use filter::{AlertFilter, Place};
pub use reads::{Known, find, list};

use super::state::Alert;
use super::{
    Acknowledged, AlertItem, AlertState, Event, Key, Move, Moved, Opened, Outcome, Queued, Settled,
    Silence, built_in,
};
use crate::wire::{Stamp, Timestamp};
use rows::{call, forget, json, load, named, read, save, taken, title};
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use steps::Step;

/// Most alerts that are forgotten at a time.
const FORGET: i64 = 2_000;

/// SQL that makes the tables. `alert` is the whole record; what lists choose by stands beside it.
/// Names are those of rules and channels, as they were last called.
pub const SCHEMA: &str = "
    CREATE TABLE alerts (id TEXT PRIMARY KEY, created INTEGER NOT NULL, ended INTEGER,
        severity INTEGER NOT NULL, state INTEGER NOT NULL, acknowledged INTEGER NOT NULL,
        source TEXT NOT NULL, rule TEXT NOT NULL, finding TEXT NOT NULL, subject TEXT NOT NULL,
        title TEXT NOT NULL, message TEXT NOT NULL, cause TEXT, alert TEXT NOT NULL);
    CREATE INDEX alerts_created ON alerts (created DESC, id DESC);
    CREATE INDEX alerts_key ON alerts (rule, finding, subject, created DESC);
    CREATE INDEX alerts_subject ON alerts (subject, created DESC);
    CREATE INDEX alerts_source ON alerts (source, created DESC);
    CREATE INDEX alerts_ended ON alerts (ended) WHERE ended IS NOT NULL;
    CREATE INDEX alerts_cause ON alerts (cause) WHERE cause IS NOT NULL;
    CREATE TABLE alert_steps (alert TEXT NOT NULL, seq INTEGER NOT NULL, minor INTEGER NOT NULL,
        step TEXT NOT NULL, PRIMARY KEY (alert, seq)) WITHOUT ROWID;
    CREATE TABLE alert_silences (silence TEXT PRIMARY KEY, alert TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE alert_notices (notification TEXT PRIMARY KEY, channel TEXT NOT NULL,
        alerts TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE alert_names (kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
        owner TEXT, runbook TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;";

/// Kinds of what has a name.
const RULE: &str = "rule";
const CHANNEL: &str = "channel";

/// What a batch adds, in the order of the journal.
#[derive(Debug, Default)]
pub struct Pending(Vec<(Stamp, Event)>);

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    alert: Alert,
    /// Until when it alone makes no noise.
    silenced_until: Option<Timestamp>,
    /// When it was over.
    resolved_at: Option<Timestamp>,
    /// What its rule was called when it last changed, who looks after it, and what to do.
    rule: Named,
    /// Steps that are kept of it.
    steps: u32,
}

/// What something is called.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Named {
    name: Option<String>,
    owner: Option<String>,
    runbook: Option<String>,
}

impl Pending {
    /// Takes in an event; those that say nothing of an alert of this board, nor of what things are
    /// called, are left out.
    pub fn add(&mut self, stamp: Stamp, event: Event) {
        let kept = matches!(
            event,
            Event::Opened(_)
                | Event::Moved(_)
                | Event::Covered(_)
                | Event::Acknowledged(_)
                | Event::Silenced(_)
                | Event::SilenceEnded(_)
                | Event::RuleSaved(_)
                | Event::ChannelSaved(_)
                | Event::ChannelRemoved(_)
                | Event::Queued(_)
                | Event::Settled(_)
        );
        if kept {
            self.0.push((stamp, event));
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        self.0.iter().try_for_each(|(stamp, event)| take(tx, stamp, event))
    }
}

fn take(tx: &Connection, stamp: &Stamp, event: &Event) -> Result<()> {
    match event {
        Event::Opened(opened) => open(tx, stamp, opened),
        Event::Moved(moved) => go_on(tx, stamp, moved),
        Event::Covered(covered) => change(tx, &covered.alert, |record| {
            record.alert.covered_by.clone_from(&covered.by);
            record.alert.seq = stamp.seq;
            let cause = covered.by.as_deref().map(|by| title(tx, by)).transpose()?;
            Ok(Some(
                Step::of(if cause.is_some() { "covered" } else { "uncovered" }, stamp)
                    .saying(cause),
            ))
        }),
        Event::Acknowledged(seen) => acknowledge(tx, stamp, seen),
        Event::Silenced(silence) => silenced(tx, stamp, silence),
        Event::SilenceEnded(ended) => {
            let Some(alert) = taken(tx, "alert_silences", "silence", "alert", &ended.silence)?
            else {
                return Ok(());
            };
            change(tx, &alert, |record| {
                record.silenced_until = None;
                Ok(Some(Step::of("unsilenced", stamp).by(&ended.actor)))
            })
        }
        Event::RuleSaved(saved) => {
            let rule = &saved.rule;
            call(tx, RULE, &rule.id, &rule.name, (&rule.owner, &rule.runbook))
        }
        Event::ChannelSaved(channel) => {
            call(tx, CHANNEL, &channel.id, &channel.name, (&None, &None))
        }
        Event::ChannelRemoved(removed) => tx
            .prepare_cached("DELETE FROM alert_notices WHERE channel = ?1")?
            .execute([&removed.id])
            .map(drop),
        Event::Queued(queued) => told(tx, stamp, queued),
        Event::Settled(settled) => settle(tx, stamp, settled),
        _ => Ok(()),
    }
}

fn open(tx: &Connection, stamp: &Stamp, opened: &Opened) -> Result<()> {
    let (id, alert) = (&opened.alert, Alert::begun(stamp, opened));
    let rule = Named::default();
    let mut record = Record { alert, silenced_until: None, resolved_at: None, rule, steps: 0 };
    let step = Step::of(opened.to.name(), stamp).saying(Some(opened.what.message.clone()));
    steps::add(tx, id, &mut record.steps, step)?;
    save(tx, record)
}

fn go_on(tx: &Connection, stamp: &Stamp, moved: &Moved) -> Result<()> {
    if moved.to == Move::Dropped {
        return forget(tx, &moved.alert);
    }
    change(tx, &moved.alert, |record| {
        let before = (record.alert.what.severity, record.alert.what.title.clone());
        record.alert.take(stamp, moved);
        let after = (record.alert.what.severity, record.alert.what.title.clone());
        if moved.to == Move::Resolved {
            record.resolved_at = Some(stamp.at);
            record.silenced_until = None;
        }
        // The words of an alert follow every value that is measured; that is no step of its life.
        if moved.to == Move::Changed && before == after {
            return Ok(None);
        }
        let worse = before.0 != after.0;
        let from_to = || format!("from {} to {}", before.0.name(), after.0.name());
        let said = || {
            matches!(moved.to, Move::Fired | Move::Changed)
                .then(|| record.alert.what.message.clone())
        };
        let detail = match (&moved.why, worse) {
            (Some(why), _) => Some(why.to_string()),
            (None, true) => Some(from_to()),
            (None, false) => said(),
        };
        Ok(Some(Step::of(moved.to.name(), stamp).saying(detail)))
    })
}

fn acknowledge(tx: &Connection, stamp: &Stamp, seen: &Acknowledged) -> Result<()> {
    for id in &seen.alerts {
        change(tx, id, |record| {
            record.alert.acknowledge(stamp, seen);
            let step = Step::of("acknowledged", stamp).by(&seen.actor);
            Ok(Some(step.saying(seen.comment.clone())))
        })?;
    }
    Ok(())
}

/// A silence of one alert; those that match any are told with those that are not over.
fn silenced(tx: &Connection, stamp: &Stamp, silence: &Silence) -> Result<()> {
    let Some(id) = &silence.alert else { return Ok(()) };
    tx.prepare_cached("INSERT OR REPLACE INTO alert_silences VALUES (?1, ?2)")?
        .execute(params![silence.silence, id])?;
    change(tx, id, |record| {
        record.silenced_until = record.silenced_until.max(Some(silence.until));
        let said = match silence.comment.as_str() {
            "" => format!("until {}", silence.until),
            comment => format!("until {}: {comment}", silence.until),
        };
        Ok(Some(Step::of("silenced", stamp).by(&silence.actor).saying(Some(said))))
    })
}

fn told(tx: &Connection, stamp: &Stamp, queued: &Queued) -> Result<()> {
    let name = channel(tx, &queued.channel)?;
    let mut about: Vec<&Arc<str>> = Vec::new();
    for told in &queued.alerts {
        let id = &told.alert.id;
        change(tx, id, |record| {
            record.alert.told.insert(queued.channel.clone(), told.alert.severity);
            let said = format!("{name}: {}", told.why.name());
            Ok(Some(Step::of("told", stamp).saying(Some(said))))
        })?;
        about.push(id);
    }
    if !about.is_empty() {
        tx.prepare_cached("INSERT OR REPLACE INTO alert_notices VALUES (?1, ?2, ?3)")?
            .execute(params![queued.notification, queued.channel, json(&about)?])?;
    }
    Ok(())
}

/// What a channel is called.
fn channel(tx: &Connection, id: &str) -> Result<String> {
    Ok(named(tx, CHANNEL, id)?.name.unwrap_or_else(|| id.to_owned()))
}

/// That nobody was reached is worth knowing of an alert; that somebody was is what one expects.
fn settle(tx: &Connection, stamp: &Stamp, settled: &Settled) -> Result<()> {
    let id = &settled.notification;
    let found: Option<(String, String)> = tx
        .prepare_cached("SELECT channel, alerts FROM alert_notices WHERE notification = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((to, alerts)) = found else { return Ok(()) };
    // A dead letter can be tried again.
    if settled.outcome != Outcome::Dead {
        tx.prepare_cached("DELETE FROM alert_notices WHERE notification = ?1")?.execute([id])?;
        return Ok(());
    }
    let error = settled.error.as_deref().unwrap_or("it was given up");
    let (name, alerts): (String, Vec<Arc<str>>) = (channel(tx, &to)?, read(&alerts)?);
    for alert in &alerts {
        let said = Some(format!("{name}: {error}"));
        change(tx, alert, |_| Ok(Some(Step::of("undelivered", stamp).saying(said.clone()))))?;
    }
    Ok(())
}

/// Changes a record, if it is there, and adds the step that it took.
fn change(
    tx: &Connection,
    id: &str,
    with: impl FnOnce(&mut Record) -> Result<Option<Step>>,
) -> Result<()> {
    let Some(mut record) = load(tx, id)? else { return Ok(()) };
    if let Some(step) = with(&mut record)? {
        steps::add(tx, id, &mut record.steps, step)?;
    }
    save(tx, record)
}

/// Forgets alerts that were over before `before`, a bounded number of them, with their steps.
///
/// # Errors
/// The database cannot be written.
pub fn prune(tx: &Connection, before: Timestamp) -> Result<()> {
    let old: Vec<String> = tx
        .prepare_cached("SELECT id FROM alerts WHERE ended < ?1 ORDER BY ended LIMIT ?2")?
        .query_map(params![before.ms(), FORGET], |row| row.get(0))?
        .collect::<Result<_>>()?;
    old.iter().try_for_each(|id| forget(tx, id))
}

impl Record {
    const fn state(&self) -> AlertState {
        match self.resolved_at {
            Some(_) => AlertState::Resolved,
            None => self.alert.state(),
        }
    }

    /// As it is told.
    fn item(self) -> AlertItem {
        let mut item = self.alert.bare();
        item.state = self.state();
        item.resolved_at = self.resolved_at;
        item.silenced_until = self.silenced_until;
        let Key { rule, .. } = &self.alert.key;
        let Named { name, owner, runbook } = self.rule;
        let built_in = || built_in::rule(rule).map(|rule| rule.name.clone());
        item.rule_name = name.or_else(built_in).unwrap_or(item.rule_name);
        (item.owner, item.runbook) = (owner, runbook);
        item
    }
}
