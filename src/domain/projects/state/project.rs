//! What is known of one project.

use super::durations::Durations;
use super::job::Job;
use super::runs::{MAX_TEXT, blank, write};
use crate::domain::projects::tally::{MAX_MESSAGE, Tally, clip};
use crate::domain::projects::{Event, ProjectId, Registered, Run, Validated, ValidationStatus};
use crate::domain::sketch::Sketch;
use crate::domain::window::{HOUR, Rhythm, Ring};
use crate::wire::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Something a producer said, and when; an older word does not replace a newer one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Said<T> {
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default)]
    value: T,
}

impl<T> Said<T> {
    fn say(&mut self, at: Timestamp, value: Option<T>) {
        if let Some(value) = value.filter(|_| self.at.is_none_or(|had| had <= at)) {
            *self = Self { at: Some(at), value };
        }
    }
}

/// What a project is, by the word of whoever registered it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Profile {
    #[serde(default)]
    name: Said<Option<String>>,
    #[serde(default)]
    owner: Said<Option<String>>,
    #[serde(default)]
    url: Said<Option<String>>,
    #[serde(default)]
    tags: Said<Vec<String>>,
    #[serde(default)]
    archived: Said<bool>,
}

/// Runs that failed one after the other, the newest run being one of them. A skipped run says
/// nothing, so it does not end the streak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Streak {
    /// End of the first of them.
    pub since: Timestamp,
    /// How many.
    pub runs: u32,
    /// First error message of the newest of them.
    pub sample: Option<String>,
}

/// Sketches an hour, over a day.
pub(super) type Hourly = Ring<Arc<Sketch>, HOUR, 25>;

/// One project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Time of the oldest event about it.
    #[serde(default)]
    pub first_at: Timestamp,
    /// Time of the newest event about it.
    pub updated_at: Timestamp,
    /// Who sent that.
    #[serde(default)]
    pub source: Arc<str>,
    #[serde(default)]
    profile: Arc<Profile>,
    /// The newest runs, newest first by their own time.
    #[serde(default)]
    pub recent: VecDeque<Arc<Run>>,
    /// Failures in a row, if the last run failed.
    #[serde(default)]
    pub streak: Option<Streak>,
    /// Run results and errors.
    #[serde(default)]
    pub tally: Tally<64>,
    /// Run times.
    #[serde(default)]
    pub durations: Durations,
    /// Response times by the hour.
    #[serde(default)]
    pub responses: Hourly,
    /// How often it is validated.
    #[serde(default)]
    pub rhythm: Rhythm<16>,
    /// What is known of it as a job, if it is one.
    #[serde(default)]
    pub job: Option<Arc<Job>>,
}

impl Project {
    /// Runs kept.
    pub const MAX_RECENT: usize = 10;

    pub(super) fn new(id: ProjectId, at: Timestamp) -> Self {
        Self {
            id,
            first_at: at,
            updated_at: at,
            source: Arc::default(),
            profile: Arc::default(),
            recent: VecDeque::new(),
            streak: None,
            tally: Tally::default(),
            durations: Durations::default(),
            responses: Ring::default(),
            rhythm: Rhythm::default(),
            job: None,
        }
    }

    /// Name for people; the id if none was given.
    pub fn name(&self) -> &str {
        self.profile.name.value.as_deref().unwrap_or(self.id.as_str())
    }

    /// Who looks after it.
    pub fn owner(&self) -> Option<&str> {
        self.profile.owner.value.as_deref()
    }

    /// Where it lives.
    pub fn url(&self) -> Option<&str> {
        self.profile.url.value.as_deref()
    }

    /// Words to filter by.
    pub fn tags(&self) -> &[String] {
        &self.profile.tags.value
    }

    /// No longer watched.
    pub fn archived(&self) -> bool {
        self.profile.archived.value
    }

    pub(super) fn fold(&mut self, stamp: &Stamp, event: &Event) {
        self.first_at = self.first_at.min(stamp.time);
        // What the server itself says of a job's schedule does not make it the sender of the rest.
        let told = !Event::OWN.contains(&event.kind());
        if told && stamp.time >= self.updated_at && self.source != stamp.source {
            self.source = stamp.source.clone();
        }
        self.updated_at = self.updated_at.max(stamp.time);
        match event {
            Event::Registered(data) => self.register(stamp.time, data),
            Event::Validated(data) => self.validate(stamp, data),
            Event::Requested(data) => {
                if let Some(sketch) = self.responses.at(stamp.time) {
                    Arc::make_mut(sketch).add(data.duration_ms);
                }
            }
            Event::JobScheduled(data) => {
                let ended = self.recent.front().map(|run| run.at);
                self.job = Some(Arc::new(Job::new(data, stamp.time, ended)));
                // Whoever schedules it wants to see it.
                Arc::make_mut(&mut self.profile).archived.say(stamp.time, Some(false));
            }
            Event::JobUnscheduled(data) => {
                self.job.take_if(|job| job.plan.ping == data.ping);
            }
            Event::JobStarted(_) => {
                if let Some(job) = &mut self.job {
                    Arc::make_mut(job).start(stamp.time);
                }
            }
        }
    }

    fn register(&mut self, at: Timestamp, data: &Registered) {
        let text = |t: &Option<String>| t.as_ref().map(|t| Some(clip(t, MAX_TEXT).to_owned()));
        let profile = Arc::make_mut(&mut self.profile);
        profile.name.say(at, text(&data.name));
        profile.owner.say(at, text(&data.owner));
        profile.url.say(at, text(&data.url));
        profile
            .tags
            .say(at, data.tags.as_ref().map(|tags| tags.iter().take(50).cloned().collect()));
        profile.archived.say(at, data.archived);
    }

    fn validate(&mut self, stamp: &Stamp, data: &Validated) {
        self.tally.add(stamp.time, data);
        if let Some(job) = &mut self.job {
            Arc::make_mut(job).end(stamp.time);
        }
        if let Some(ms) = data.duration_ms.filter(|_| data.status != ValidationStatus::Skipped) {
            self.durations.add(stamp.time, ms);
        }
        let place = self.recent.partition_point(|r| (r.at, r.seq) > (stamp.time, stamp.seq));
        if place == 0 {
            self.rhythm.observe(stamp.time);
            self.judge(stamp.time, data);
        }
        if place < Self::MAX_RECENT {
            // Most runs take the place of one: its memory is used again, unless a snapshot has it.
            let full = self.recent.len() >= Self::MAX_RECENT;
            let oldest = self.recent.pop_back_if(|run| full && Arc::get_mut(run).is_some());
            self.recent.truncate(Self::MAX_RECENT - 1);
            let mut run = oldest.unwrap_or_else(|| Arc::new(blank()));
            if let Some(run) = Arc::get_mut(&mut run) {
                write(run, stamp, data);
            }
            self.recent.insert(place, run);
        }
    }

    /// Goes on with the streak of failures, or ends it.
    fn judge(&mut self, at: Timestamp, data: &Validated) {
        match data.status {
            ValidationStatus::Skipped => {}
            ValidationStatus::Passed => self.streak = None,
            ValidationStatus::Failed | ValidationStatus::Error => {
                let (since, runs) = self.streak.as_ref().map_or((at, 0), |s| (s.since, s.runs));
                let sample = data.errors.first().map(|e| clip(&e.message, MAX_MESSAGE).to_owned());
                self.streak = Some(Streak { since, runs: runs.saturating_add(1), sample });
            }
        }
    }
}
