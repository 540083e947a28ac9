//! What a host's figures say about its health, and its row.

#[cfg(test)]
mod tests;

use super::HostItem;
use super::state::{CPU_FULL, CPU_HIGH, DISK_HIGH, Host, LOAD_HIGH, MEMORY_HIGH};
use crate::domain::health::{
    Finding, Rule, Seen, Severity, Status, findings, minute, sent_by, span,
};
use crate::domain::window::MINUTE;
use crate::wire::Timestamp;

/// How long the CPU must be high before it is worth a warning.
const CPU_HIGH_FOR: i64 = MINUTE;
/// How long it must be full before that is critical.
const CPU_FULL_FOR: i64 = 5 * MINUTE;
/// How long the load must be high.
const LOAD_HIGH_FOR: i64 = 5 * MINUTE;

/// What is known of a host at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Its row.
    pub item: HostItem,
    /// What its rules found, worst first.
    pub findings: Vec<Finding>,
    /// The next moment at which any of it changes though nothing comes.
    pub next: Option<Timestamp>,
}

/// What the rules look at.
struct Facts<'a> {
    host: &'a Host,
    quiet: bool,
}

impl Facts<'_> {
    const RULES: [Rule<Self>; 5] = [
        Rule {
            id: "system.cpu_high",
            check: cpu_high,
            message: |f, seen| {
                let (used, since) = (seen.value, minute(seen.since));
                format!(
                    "The CPU of {} is {used:.0} % busy, without a break since {since}.",
                    f.host.name
                )
            },
            sample: nothing,
            resolve: |_, _| format!("A sample below {CPU_HIGH} %."),
        },
        Rule {
            id: "system.memory_high",
            check: |f| {
                let used = f.host.memory.filter(|_| !f.quiet)?.percent;
                level(f.host.memory_high_since?, used, MEMORY_HIGH, 97.0)
            },
            message: |f, seen| {
                format!("{:.0} % of the memory of {} is in use.", seen.value, f.host.name)
            },
            sample: nothing,
            resolve: |_, _| format!("Less than {MEMORY_HIGH} % of the memory in use."),
        },
        Rule {
            id: "system.disk_high",
            check: |f| {
                let used = f.host.disk.filter(|_| !f.quiet)?.percent;
                level(f.host.disk_high_since?, used, DISK_HIGH, 95.0)
            },
            message: |f, seen| format!("The disk of {} is {:.0} % full.", f.host.name, seen.value),
            sample: nothing,
            resolve: |_, _| format!("Less than {DISK_HIGH} % of the disk in use."),
        },
        Rule {
            id: "system.load_high",
            check: load_high,
            message: |f, seen| {
                let (load, since) = (seen.value, minute(seen.since));
                format!("The load of {} is {load:.1} a core, high since {since}.", f.host.name)
            },
            sample: nothing,
            resolve: |_, _| format!("A one-minute load below {LOAD_HIGH} a core."),
        },
        Rule {
            id: "system.host_quiet",
            check: host_quiet,
            message: |f, _| {
                let last = minute(f.host.last_seen_at);
                let usual = f.host.rhythm.usual().map(span);
                let usual = usual.map(|u| format!("; it samples every {u} as a rule"));
                format!("{} was last heard of at {last}{}.", f.host.name, usual.unwrap_or_default())
            },
            sample: nothing,
            resolve: |_, _| "A `host.sampled` of this host.".to_owned(),
        },
    ];
}

const fn nothing(_: &Facts) -> Option<String> {
    None
}

fn cpu_high(f: &Facts) -> Option<Seen> {
    let host = f.host;
    let used = host.cpu.filter(|_| !f.quiet)?.usage_percent;
    // Time is what the samples span: a host that falls silent is not known to stay busy.
    let held = |since: Option<Timestamp>, for_ms: i64| {
        since.filter(|&since| host.last_seen_at.since(since) >= for_ms)
    };
    let seen = |severity, points, since, threshold| {
        Some(Seen { severity, points, since, value: used, threshold, unit: "percent" })
    };
    if let Some(since) = held(host.cpu_full_since, CPU_FULL_FOR) {
        return seen(Severity::Critical, 30, since, CPU_FULL);
    }
    seen(Severity::Warning, 10, held(host.cpu_high_since, CPU_HIGH_FOR)?, CPU_HIGH)
}

fn level(since: Timestamp, used: f64, warning: f64, critical: f64) -> Option<Seen> {
    let (severity, points, threshold) = if used >= critical {
        (Severity::Critical, 30, critical)
    } else if used >= warning {
        (Severity::Warning, 10, warning)
    } else {
        return None;
    };
    Some(Seen { severity, points, since, value: used, threshold, unit: "percent" })
}

fn load_high(f: &Facts) -> Option<Seen> {
    let since = f.host.load_high_since.filter(|_| !f.quiet)?;
    let held = f.host.last_seen_at.since(since) >= LOAD_HIGH_FOR;
    Some(Seen {
        severity: Severity::Warning,
        points: 5,
        since,
        value: f.host.load_per_core().filter(|_| held)?,
        threshold: LOAD_HIGH,
        unit: "ratio",
    })
}

fn host_quiet(f: &Facts) -> Option<Seen> {
    let deadline = f.host.deadline();
    let allowed = deadline.since(f.host.last_seen_at) as f64;
    f.quiet.then_some(Seen {
        severity: Severity::Warning,
        points: 10,
        since: deadline,
        // What has passed at least: the exact figure would change every millisecond.
        value: allowed,
        threshold: allowed,
        unit: "ms",
    })
}

/// What is known of `host` at `now`. A host that has gone quiet is unknown, and its last figures
/// are held against no threshold: nobody knows whether they still hold.
pub fn assess(host: &Host, now: Timestamp) -> Assessment {
    let facts = Facts { host, quiet: now > host.deadline() };
    let found = findings(&Facts::RULES, &facts, &format!("host/{}", host.name), "/system");
    let found = sent_by(found, &host.source);
    let item = HostItem {
        host: host.name.clone(),
        status: match found.first().map(|f| f.severity) {
            _ if facts.quiet => Status::Unknown,
            Some(Severity::Critical) => Status::Critical,
            Some(Severity::Warning) => Status::Warning,
            Some(Severity::Info) | None => Status::Ok,
        },
        cpu: host.cpu,
        memory: host.memory,
        disk: host.disk,
        network: host.network.map(|(_, network)| network),
        load: host.load,
        cpu_trend: host.cpu_trend.iter().copied().collect(),
        memory_trend: host.memory_trend.iter().copied().collect(),
        last_seen_at: host.last_seen_at,
        interval_ms: host.rhythm.usual(),
        stale: facts.quiet,
        findings: found.clone(),
    };
    let next = (!facts.quiet).then(|| host.deadline().plus(1));
    Assessment { item, findings: found, next }
}
