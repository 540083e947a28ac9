//! The life of an alert, as a machine without a clock or memory of its own: from where the alert
//! stands and what is seen of its condition now follows what happens next.
//!
//! | stands | condition holds | condition is gone | nothing is known |
//! |---|---|---|---|
//! | not there | pending, or fires at once if `for` is 0 | | |
//! | pending | fires once `for` has passed | is dropped | unknown: `for` begins anew |
//! | firing | goes on | resolves once `keep_firing_for` has passed | unknown: goes on |
//!
//! What is unknown neither fires nor resolves: it waits for what is seen next.

use super::Move;
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Whether it has fired.
    pub fired: bool,
    /// Since when the condition has been seen to hold without a break, if it does.
    pub holds_since: Option<Timestamp>,
    /// Since when it has been seen not to, if it does not.
    pub clear_since: Option<Timestamp>,
}

/// What is seen of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It holds.
    Holds,
    /// It does not.
    Clear,
    /// Nobody knows: what it is about has gone quiet.
    Missing,
}

/// How patient a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Patience {
    /// How long the condition must hold, in milliseconds.
    pub for_ms: i64,
    /// How long the alert goes on once it does not, in milliseconds.
    pub keep_ms: i64,
}

/// What happens now, and when to look again if nothing is seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Step {
    /// What happens.
    pub then: Option<Move>,
    /// When time alone makes something happen.
    pub next: Option<Timestamp>,
}

const fn happens(then: Move) -> Step {
    Step { then: Some(then), next: None }
}

const fn waits(next: Option<Timestamp>) -> Step {
    Step { then: None, next }
}

/// What follows from where an alert stands, if there is one, and what is seen at `now`.
pub fn step(life: Option<&Life>, sight: Sight, now: Timestamp, patience: Patience) -> Step {
    let Some(life) = life else {
        return match sight {
            Sight::Holds if patience.for_ms <= 0 => happens(Move::Fired),
            Sight::Holds => happens(Move::Pending),
            Sight::Clear | Sight::Missing => waits(None),
        };
    };
    let known = life.holds_since.is_some() || life.clear_since.is_some();
    match (sight, life.fired) {
        (Sight::Missing, _) if known => happens(Move::Unknown),
        (Sight::Missing, _) => waits(None),
        (Sight::Holds, true) if life.holds_since.is_none() => happens(Move::Holds),
        (Sight::Holds, true) => waits(None),
        (Sight::Holds, false) => match life.holds_since {
            None => happens(Move::Pending),
            Some(since) if now.since(since) >= patience.for_ms => happens(Move::Fired),
            Some(since) => waits(Some(since.plus(patience.for_ms))),
        },
        (Sight::Clear, false) => happens(Move::Dropped),
        (Sight::Clear, true) => match life.clear_since {
            None if patience.keep_ms <= 0 => happens(Move::Resolved),
            None => happens(Move::Clearing),
            Some(since) if now.since(since) >= patience.keep_ms => happens(Move::Resolved),
            Some(since) => waits(Some(since.plus(patience.keep_ms))),
        },
    }
}

impl Life {
    /// One that begins at `at` by this move: [`Move::Fired`] or [`Move::Pending`].
    pub fn begin(then: Move, at: Timestamp) -> Self {
        Self { fired: then == Move::Fired, holds_since: Some(at), clear_since: None }
    }

    /// Where it stands after `then` happened at `at`. One that is dropped or resolved is over.
    pub fn take(&mut self, then: Move, at: Timestamp) {
        match then {
            Move::Pending | Move::Holds => {
                self.holds_since = Some(at);
                self.clear_since = None;
            }
            Move::Fired => {
                self.fired = true;
                self.holds_since = self.holds_since.or(Some(at));
                self.clear_since = None;
            }
            Move::Clearing => {
                self.holds_since = None;
                self.clear_since = Some(at);
            }
            Move::Unknown => {
                self.holds_since = None;
                self.clear_since = None;
            }
            Move::Changed | Move::Resolved | Move::Dropped => {}
        }
    }
}

/// How often an alert has come and gone lately: a bucket that a change fills by one and that
/// leaks one every [`Flap::LEAK_MS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flap {
    /// When the bucket is empty.
    pub empty_at: Timestamp,
    /// Whether it has been full enough, and not nearly empty since.
    pub flapping: bool,
}

impl Flap {
    /// Time in which a change is forgotten, in milliseconds.
    pub const LEAK_MS: i64 = 5 * 60_000;
    /// Changes at which an alert flaps, and below which it does so no more.
    pub const BOUNDS: (f64, f64) = (4.0, 1.0);
    /// Most changes that are counted.
    const MAX: i64 = 10;

    /// Changes that are not forgotten at `now`.
    pub fn score(&self, now: Timestamp) -> f64 {
        self.empty_at.since(now).max(0) as f64 / Self::LEAK_MS as f64
    }

    /// The same as a whole number, rounded up, so that it does not differ every millisecond.
    pub fn told(&self, now: Timestamp) -> f64 {
        self.score(now).ceil()
    }

    /// When its score is next another whole number, rounded up.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let whole = self.score(now).ceil() as i64;
        (whole > 0).then(|| self.empty_at.plus(-(whole - 1) * Self::LEAK_MS))
    }

    /// It fired or was resolved.
    pub fn change(&mut self, at: Timestamp) {
        self.flapping = self.is_flapping(at);
        let full = at.plus(Self::MAX * Self::LEAK_MS);
        self.empty_at = self.empty_at.max(at).plus(Self::LEAK_MS).min(full);
        self.flapping |= self.score(at) >= Self::BOUNDS.0;
    }

    /// Whether it flaps.
    pub fn is_flapping(&self, now: Timestamp) -> bool {
        self.flapping && self.score(now) >= Self::BOUNDS.1
    }

    /// The rule's patience, or as much as a flapping alert needs to come to rest: as long as it
    /// flaps, it goes on.
    pub fn patience(&self, rule: Patience, now: Timestamp) -> Patience {
        if !self.is_flapping(now) {
            return rule;
        }
        Patience { keep_ms: rule.keep_ms.max(2 * Self::LEAK_MS), ..rule }
    }
}
