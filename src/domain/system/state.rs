//! The fold: what each host last said of itself, and for how long it has been under pressure.

use super::{Counters, Cpu, Disk, Event, Memory, Network, Sampled};
use crate::domain::window::{MINUTE, Rhythm, SECOND};
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// CPU use that is high, and that is critical, in percent.
pub const CPU_HIGH: f64 = 90.0;
/// CPU use that leaves nothing.
pub const CPU_FULL: f64 = 98.0;
/// Memory use that is high, in percent.
pub const MEMORY_HIGH: f64 = 90.0;
/// Disk use that is high, in percent.
pub const DISK_HIGH: f64 = 85.0;
/// One-minute load per core that is high: for each process that runs, another one waits.
pub const LOAD_HIGH: f64 = 2.0;

/// Every host that reports.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// By name.
    #[serde(default)]
    pub hosts: OrdMap<Arc<str>, Arc<Host>>,
    /// Samples left out because there are [`State::MAX`] hosts already.
    #[serde(default)]
    pub overflow: u64,
}

impl State {
    /// How many hosts there can be.
    pub const MAX: usize = 5_000;

    /// Takes in an event; returns the host it changed. A sample older than what the host already
    /// shows changes nothing here.
    pub fn fold(&mut self, stamp: &Stamp, event: &Event) -> Option<Arc<str>> {
        let Event::Sampled(sample) = event else { return None };
        if let Some(host) = self.hosts.get_mut(&sample.host) {
            if stamp.time < host.last_seen_at {
                return None;
            }
            let host = Arc::make_mut(host);
            host.sample(stamp.time, sample);
            host.sent_by(&stamp.source);
            return Some(host.name.clone());
        }
        if self.hosts.len() >= Self::MAX {
            self.overflow = self.overflow.saturating_add(1);
            return None;
        }
        let mut host = Host::new(sample.host.clone(), stamp.time);
        host.sample(stamp.time, sample);
        host.sent_by(&stamp.source);
        self.hosts.insert(sample.host.clone(), Arc::new(host));
        Some(sample.host.clone())
    }
}

/// One host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Its name.
    pub name: Arc<str>,
    /// Time of its newest sample.
    pub last_seen_at: Timestamp,
    /// Who sent that.
    #[serde(default)]
    pub source: Arc<str>,
    /// Processors, as last said.
    #[serde(default)]
    pub cpu: Option<Cpu>,
    /// Memory, as last said.
    #[serde(default)]
    pub memory: Option<Memory>,
    /// Disk, as last said.
    #[serde(default)]
    pub disk: Option<Disk>,
    /// Traffic, as last said, and when.
    #[serde(default)]
    pub network: Option<(Timestamp, Network)>,
    /// Load average, as last said.
    #[serde(default)]
    pub load: Option<[f64; 3]>,
    /// CPU use of the newest samples.
    #[serde(default)]
    pub cpu_trend: VecDeque<f32>,
    /// Memory use of the newest samples.
    #[serde(default)]
    pub memory_trend: VecDeque<f32>,
    /// How often it samples.
    #[serde(default)]
    pub rhythm: Rhythm<8>,
    /// First of the samples in a row with [`CPU_HIGH`] or more.
    #[serde(default)]
    pub cpu_high_since: Option<Timestamp>,
    /// First of the samples in a row with [`CPU_FULL`] or more.
    #[serde(default)]
    pub cpu_full_since: Option<Timestamp>,
    /// First of the samples in a row with [`MEMORY_HIGH`] or more.
    #[serde(default)]
    pub memory_high_since: Option<Timestamp>,
    /// First of the samples in a row with [`DISK_HIGH`] or more.
    #[serde(default)]
    pub disk_high_since: Option<Timestamp>,
    /// First of the samples in a row with [`LOAD_HIGH`] or more.
    #[serde(default)]
    pub load_high_since: Option<Timestamp>,
}

impl Host {
    /// Samples a trend keeps.
    pub const TREND: usize = 60;

    fn new(name: Arc<str>, at: Timestamp) -> Self {
        Self {
            name,
            last_seen_at: at,
            source: Arc::default(),
            cpu: None,
            memory: None,
            disk: None,
            network: None,
            load: None,
            cpu_trend: VecDeque::new(),
            memory_trend: VecDeque::new(),
            rhythm: Rhythm::default(),
            cpu_high_since: None,
            cpu_full_since: None,
            memory_high_since: None,
            disk_high_since: None,
            load_high_since: None,
        }
    }

    fn sent_by(&mut self, source: &Arc<str>) {
        if self.source != *source {
            self.source = source.clone();
        }
    }

    /// The last moment at which its newest sample is not stale yet.
    pub fn deadline(&self) -> Timestamp {
        let usual = self.rhythm.usual();
        let allowed = usual.map_or(5 * MINUTE, |ms| ms.saturating_mul(5).max(15 * SECOND));
        self.last_seen_at.plus(allowed)
    }

    /// Load over one minute for each core, if both are known.
    pub fn load_per_core(&self) -> Option<f64> {
        let ([load, ..], cores) = (self.load?, self.cpu?.cores.filter(|cores| *cores > 0)?);
        Some(load / f64::from(cores))
    }

    fn sample(&mut self, at: Timestamp, sample: &Sampled) {
        // What was high before a silence may have been low during it.
        let unbroken = at <= self.deadline();
        self.rhythm.observe(at);
        self.last_seen_at = at;
        if let Some(cpu) = sample.cpu {
            self.cpu = Some(cpu);
            push(&mut self.cpu_trend, cpu.usage_percent);
            keep(&mut self.cpu_high_since, unbroken, cpu.usage_percent >= CPU_HIGH, at);
            keep(&mut self.cpu_full_since, unbroken, cpu.usage_percent >= CPU_FULL, at);
        }
        if let Some(memory) = sample.memory {
            self.memory = Some(memory);
            push(&mut self.memory_trend, memory.percent);
            keep(&mut self.memory_high_since, unbroken, memory.percent >= MEMORY_HIGH, at);
        }
        if let Some(disk) = sample.disk {
            self.disk = Some(disk);
            keep(&mut self.disk_high_since, unbroken, disk.percent >= DISK_HIGH, at);
        }
        if let Some(counters) = sample.network {
            self.network = Some((at, traffic(self.network, at, counters)));
        }
        if sample.load.is_some() {
            self.load = sample.load;
            let high = self.load_per_core().is_some_and(|load| load >= LOAD_HIGH);
            keep(&mut self.load_high_since, unbroken, high, at);
        }
    }
}

fn push(trend: &mut VecDeque<f32>, value: f64) {
    if trend.len() == Host::TREND {
        trend.pop_front();
    }
    trend.push_back(value as f32);
}

fn keep(since: &mut Option<Timestamp>, unbroken: bool, high: bool, at: Timestamp) {
    *since = since.filter(|_| unbroken).or(Some(at)).filter(|_| high);
}

/// Counters with the rates since those before. A counter that fell has been reset, and says
/// nothing about the time in between.
fn traffic(before: Option<(Timestamp, Network)>, at: Timestamp, now: Counters) -> Network {
    let Counters { rx_bytes, tx_bytes } = now;
    let since = before
        .filter(|&(then, had)| at > then && rx_bytes >= had.rx_bytes && tx_bytes >= had.tx_bytes);
    let seconds = |then| at.since(then) as f64 / 1_000.0;
    let rate = |now: u64, had: fn(&Network) -> u64| {
        since.map(|(then, network)| (now - had(&network)) as f64 / seconds(then))
    };
    Network {
        rx_bytes,
        tx_bytes,
        rx_bytes_per_s: rate(rx_bytes, |n| n.rx_bytes),
        tx_bytes_per_s: rate(tx_bytes, |n| n.tx_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(samples: &[(i64, u64)], expect: Option<f64>) {
        let mut last = None;
        for &(ms, rx_bytes) in samples {
            let at = Timestamp::from_ms(ms);
            last = Some((at, traffic(last, at, Counters { rx_bytes, tx_bytes: 0 })));
        }
        assert_eq!(last.unwrap().1.rx_bytes_per_s, expect);
    }

    #[test]
    fn rates_come_from_two_counters_and_survive_a_reset() {
        check(&[(0, 500)], None);
        check(&[(0, 500), (2_000, 1_500)], Some(500.0));
        check(&[(0, 500), (2_000, 100)], None);
        check(&[(0, 500), (2_000, 100), (4_000, 300)], Some(100.0));
        check(&[(0, 500), (0, 600)], None);
    }
}
