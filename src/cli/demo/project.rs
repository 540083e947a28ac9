//! Projects: each validated at its own rhythm; they flake, break, are mended, slow down, fall quiet.

mod names;

use super::rng::Rng;
use super::world::{Actor, HOUR, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use names::{BREAKAGES, FLAKES, Fault, NAMES, OWNERS};
use serde_json::{Value, json};

/// A break that lasts until someone mends it.
struct Breakage {
    until: Timestamp,
    faults: Vec<Value>,
    /// The run itself does not come to an end, so there are no checks.
    fatal: bool,
}

/// One project.
pub(super) struct Project {
    id: String,
    team: &'static str,
    owner: &'static str,
    language: &'static str,
    service: bool,
    registered: bool,
    /// Time between runs, and their median length, in milliseconds.
    every: f64,
    median: f64,
    checks: u32,
    flaky: f64,
    /// Mean time between two breaks, in milliseconds.
    between_breaks: f64,
    broken: Option<Breakage>,
    slow: (Timestamp, f64),
    quiet: bool,
    commit: u64,
    rng: Rng,
}

impl Project {
    pub fn new(number: usize, mut rng: Rng) -> Self {
        let (name, language, service) =
            NAMES.get(number % NAMES.len()).copied().unwrap_or(("project", "rust", false));
        let id = match number / NAMES.len() {
            0 => name.to_owned(),
            round => format!("{name}-{}", round + 1),
        };
        let (owner, team) = rng.pick(OWNERS);
        Self {
            id,
            team,
            owner,
            language,
            service,
            registered: false,
            // From 2 to 30 minutes, short ones as likely as long ones.
            every: 2.0 * MINUTE * 15_f64.powf(rng.unit()),
            median: rng.log_normal(40.0 * SECOND, 0.9).clamp(2.0 * SECOND, 600.0 * SECOND),
            checks: rng.log_normal(180.0, 1.0).clamp(12.0, 4_000.0) as u32,
            flaky: if rng.chance(0.3) { rng.between(0.02, 0.08) } else { 0.003 },
            between_breaks: rng.between(20.0, 110.0) * HOUR,
            broken: None,
            slow: (Timestamp::default(), 1.0),
            quiet: number % 12 == 7,
            commit: rng.next(),
            rng,
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it answers requests.
    pub const fn is_service(&self) -> bool {
        self.service
    }

    fn register(&mut self, moment: &mut Moment<'_>) {
        self.registered = true;
        let tier = if self.service { "tier:1" } else { "tier:2" };
        moment.emit(
            "project.registered",
            json!({
                "project": self.id,
                "name": self.id,
                "owner": self.owner,
                "url": format!("https://git.example.com/{}/{}", self.team, self.id),
                "tags": [format!("team:{}", self.team), self.language, tier],
            }),
        );
    }

    /// Breaks, is mended, slows down or recovers, each as chance has it.
    fn live(&mut self, now: Timestamp) {
        if self.broken.as_ref().is_some_and(|b| b.until <= now) {
            self.broken = None;
            self.commit = self.rng.next();
        } else if self.broken.is_none() && self.rng.chance(self.every / self.between_breaks) {
            let lasts = 2.0 * self.every + self.rng.exponential(1.2 * HOUR);
            let fault = self.rng.pick(BREAKAGES);
            let faults = (0..=self.rng.below(3)).map(|_| self.fault(fault)).collect();
            let until = now.plus(lasts as i64);
            self.broken = Some(Breakage { until, faults, fatal: self.rng.chance(0.2) });
            self.commit = self.rng.next();
        } else if self.rng.chance(0.3) {
            self.commit = self.rng.next();
        }
        if self.slow.0 <= now {
            let regresses = self.rng.chance(self.every / (48.0 * HOUR));
            self.slow = match regresses {
                true => (
                    now.plus(self.rng.between(2.0 * HOUR, 5.0 * HOUR) as i64),
                    self.rng.between(1.8, 3.0),
                ),
                false => (Timestamp::default(), 1.0),
            };
        }
    }

    fn fault(&mut self, fault: Fault) -> Value {
        let Fault { kind, message, file } = fault;
        let extension = match self.language {
            "python" => "py",
            "typescript" => "ts",
            "go" => "go",
            "java" => "java",
            _ => "rs",
        };
        json!({
            "type": kind,
            "message": message,
            "file": format!("{file}.{extension}"),
            "line": 10 + self.rng.below(400),
            "count": 1 + self.rng.below(3),
        })
    }

    fn validate(&mut self, moment: &mut Moment<'_>) {
        let flake = match self.rng.chance(self.flaky) && self.broken.is_none() {
            true => {
                let fault = self.rng.pick(FLAKES);
                Some(self.fault(fault))
            }
            false => None,
        };
        let (status, errors, fatal) = match (&self.broken, flake) {
            (Some(b), _) if b.fatal => ("error", b.faults.clone(), true),
            (Some(b), _) => ("failed", b.faults.clone(), false),
            (None, Some(flake)) => ("failed", vec![flake], false),
            (None, None) if self.rng.chance(0.008) => ("skipped", Vec::new(), true),
            (None, None) => ("passed", Vec::new(), false),
        };
        let failed = errors.iter().filter_map(|e| e.get("count")?.as_u64()).sum::<u64>();
        let failed = (failed as u32).min(self.checks);
        let skipped = self.checks / 60;
        let ms = self.rng.log_normal(self.median * self.slow.1, 0.12);
        let mut data = json!({
            "project": self.id,
            "status": status,
            "duration_ms": if fatal { ms * 0.1 } else { ms }.round(),
            "errors": errors,
            "branch": if self.rng.chance(0.85) { "main" } else { "next" },
            "commit": format!("{:010x}", self.commit >> 24),
        });
        if let Some(members) = data.as_object_mut().filter(|_| !fatal) {
            let checks = json!({
                "total": self.checks, "failed": failed, "skipped": skipped,
                "passed": self.checks.saturating_sub(failed + skipped),
            });
            members.insert("checks".to_owned(), checks);
        }
        moment.emit("validation.completed", data);
    }
}

impl Actor for Project {
    fn source(&self) -> &'static str {
        "demo/ci"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> f64 {
        if !self.registered {
            self.register(moment);
            return self.rng.between(0.0, 0.2) * self.every;
        }
        self.live(moment.now);
        self.validate(moment);
        if self.quiet && self.rng.chance(self.every / (10.0 * HOUR)) {
            return self.rng.between(4.0 * HOUR, 12.0 * HOUR);
        }
        // Whoever mends something tries more often.
        let hurry = if self.broken.is_some() { 0.6 } else { 1.0 };
        self.every * hurry * self.rng.between(0.85, 1.15)
    }
}
