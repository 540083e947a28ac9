//! Hosts: busy by day, one of them hot at times, another silent at times.

use super::rng::Rng;
use super::world::{Actor, HOUR, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use serde_json::json;

/// What a host is like.
pub(super) struct Kind {
    name: &'static str,
    cores: u32,
    memory_mb: f64,
    disk_gb: f64,
    /// Time between samples, in seconds.
    every_s: f64,
    /// Load at night and what the day adds, as shares.
    idle: f64,
    day: f64,
    hot: bool,
    silent: bool,
}

const fn kind(name: &'static str, cores: u32, every_s: f64, idle: f64, day: f64) -> Kind {
    let memory_mb = 4_096.0 * cores as f64;
    Kind { name, cores, memory_mb, disk_gb: 480.0, every_s, idle, day, hot: false, silent: false }
}

/// The hosts of the fleet.
pub(super) const HOSTS: &[Kind] = &[
    kind("build-01", 16, 5.0, 0.10, 0.50),
    kind("build-02", 16, 5.0, 0.08, 0.45),
    Kind { hot: true, ..kind("build-03", 8, 2.0, 0.12, 0.55) },
    Kind { silent: true, ..kind("build-04", 8, 10.0, 0.05, 0.40) },
    kind("db-01", 32, 5.0, 0.25, 0.20),
];

/// One host.
pub(super) struct Host {
    kind: &'static Kind,
    /// Deviation of the load from what the time of day makes it; it wanders back to nothing.
    drift: f64,
    disk: f64,
    rx: f64,
    tx: f64,
    load: [f64; 3],
    hot_until: Timestamp,
    rng: Rng,
}

impl Host {
    pub fn new(number: usize, mut rng: Rng) -> Self {
        const SPARE: Kind = kind("build-99", 4, 5.0, 0.1, 0.3);
        let kind = HOSTS.get(number).unwrap_or(&SPARE);
        let disk = rng.between(0.35, 0.6);
        let (drift, hot_until) = (0.0, Timestamp::default());
        Self { kind, drift, disk, rx: 0.0, tx: 0.0, load: [0.5; 3], hot_until, rng }
    }

    /// Share of the processors in use now.
    fn usage(&mut self, moment: &Moment<'_>, step: f64) -> f64 {
        if self.kind.hot && self.rng.chance(step / (7.0 * HOUR)) {
            self.hot_until = moment.now.plus(self.rng.between(4.0 * MINUTE, 14.0 * MINUTE) as i64);
        }
        self.drift = 0.92 * self.drift + 0.05 * self.rng.normal();
        if moment.now < self.hot_until {
            return self.rng.between(0.93, 0.995);
        }
        (self.kind.idle + self.kind.day * moment.busy() + self.drift).clamp(0.01, 0.88)
    }
}

impl Actor for Host {
    fn source(&self) -> &'static str {
        "demo/hosts"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> f64 {
        // The past is charted by the minute: samples every few seconds would only be more to send.
        let step = if moment.live { self.kind.every_s } else { 30.0 } * SECOND;
        let cpu = self.usage(moment, step);
        self.disk += 0.0004 * step / MINUTE * cpu;
        if self.disk > 0.82 {
            self.disk = self.rng.between(0.35, 0.5);
        }
        for (load, minutes) in self.load.iter_mut().zip([1.0, 5.0, 15.0]) {
            let weight = (step / (minutes * MINUTE)).min(1.0);
            *load += (cpu * f64::from(self.kind.cores) * 1.1 - *load) * weight;
        }
        self.rx += cpu * step * self.rng.between(500.0, 3_000.0);
        self.tx += cpu * step * self.rng.between(200.0, 1_500.0);
        let memory = (0.3 + 0.4 * cpu + 0.02 * self.rng.normal()).clamp(0.1, 0.88);
        let tenth = |x: f64| (x * 10.0).round() / 10.0;
        let Kind { name, cores, memory_mb, disk_gb, .. } = self.kind;
        moment.emit(
            "host.sampled",
            json!({
                "host": name,
                "cpu": {"usage_percent": tenth(cpu * 100.0), "cores": cores},
                "memory": {
                    "total_mb": memory_mb, "used_mb": (memory_mb * memory).round(),
                    "percent": tenth(memory * 100.0),
                },
                "disk": {
                    "total_gb": disk_gb, "used_gb": tenth(disk_gb * self.disk),
                    "percent": tenth(self.disk * 100.0),
                },
                "network": {"rx_bytes": self.rx as u64, "tx_bytes": self.tx as u64},
                "load": self.load.map(|l| (l * 100.0).round() / 100.0),
            }),
        );
        if self.kind.silent && self.rng.chance(step / (9.0 * HOUR)) {
            return self.rng.between(15.0 * MINUTE, 50.0 * MINUTE);
        }
        step
    }
}
