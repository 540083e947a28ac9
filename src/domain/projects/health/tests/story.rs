//! A project to which things happen, told in a few words.

use crate::domain::projects::health::{Assessment, assess};
use crate::domain::projects::state::State;
use crate::domain::projects::{
    Event, ProjectId, Registered, Requested, RunError, Validated, ValidationStatus,
};
use crate::domain::window::{DAY, HOUR, MINUTE};
use crate::wire::{Stamp, Timestamp};
use ValidationStatus::{Failed, Passed};

/// Noon, ten days in: windows of a week fit, and days do not turn by chance.
pub const NOW: i64 = 10 * DAY + 12 * HOUR;

/// A project to which things happen at given times before [`NOW`].
#[derive(Default)]
pub struct Story {
    pub state: State,
    seq: u64,
}

pub fn id() -> ProjectId {
    ProjectId::try_from("pay api".to_owned()).unwrap()
}

impl Story {
    pub fn event(mut self, ago: i64, event: &Event) -> Self {
        self.seq += 1;
        let at = Timestamp::from_ms(NOW - ago);
        let (source, subject) = ("test".into(), None);
        let id = self.seq.to_string().into();
        self.state.fold(&Stamp { seq: self.seq, at, time: at, source, id, subject }, event);
        self
    }

    pub fn run(self, ago: i64, status: ValidationStatus) -> Self {
        self.run_with(ago, |run| run.status = status)
    }

    pub fn runs(self, n: i64, ago: i64, step: i64, status: ValidationStatus) -> Self {
        (0..n).fold(self, |story, i| story.run(ago - i * step, status))
    }

    pub fn run_with(self, ago: i64, change: impl Fn(&mut Validated)) -> Self {
        let mut run = Validated {
            project: id(),
            status: Passed,
            duration_ms: None,
            checks: None,
            errors: Vec::new(),
            branch: None,
            commit: None,
            url: None,
        };
        change(&mut run);
        self.event(ago, &Event::Validated(run))
    }

    pub fn errors(self, ago: i64, count: u32) -> Self {
        self.run_with(ago, |run| {
            let (kind, message) = ("Timeout".into(), "took too long".to_owned());
            run.status = Failed;
            run.errors = vec![RunError { kind, message, file: None, line: None, count }];
        })
    }

    pub fn took(self, n: i64, ago: i64, ms: f64) -> Self {
        (0..n).fold(self, |story, i| {
            story.run_with(ago - i * MINUTE, |run| run.duration_ms = Some(ms))
        })
    }

    pub fn request(self, ago: i64, ms: u32) -> Self {
        let (route, status_code, duration_ms) = (None, None, f64::from(ms));
        let data = Requested { project: id(), duration_ms, route, status_code };
        self.event(ago, &Event::Requested(data))
    }

    pub fn register(self, ago: i64, change: impl Fn(&mut Registered)) -> Self {
        let (name, owner, url, tags, archived) = Default::default();
        let mut data = Registered { project: id(), name, owner, url, tags, archived };
        change(&mut data);
        self.event(ago, &Event::Registered(data))
    }

    pub fn at(&self, later: i64) -> Assessment {
        assess(&self.state.by_id[&id()], Timestamp::from_ms(NOW + later))
    }

    pub fn now(&self) -> Assessment {
        self.at(0)
    }
}

pub fn story() -> Story {
    Story::default()
}
