//! Figures: how they are taken, and how they are shown.

use std::fs::read_to_string;
use std::time::Duration;

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

/// Says where the figures come from.
pub fn machine() {
    let first = |path: &str, key: &str| {
        let text = read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map_or("?", |(_, value)| value.trim()).to_owned()
    };
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine  {cores} cores, {}", first("/proc/cpuinfo", "model name"));
    println!("memory   {}", first("/proc/meminfo", "MemTotal"));
    println!("kernel   Linux {}", kernel.trim());
    println!("sqlite   {}", rusqlite::version());
    println!("load     {} (1, 5, 15 min, before the first measurement)", load.trim());
}

/// Begins a measurement.
pub fn title(text: &str) {
    println!("\n{text}");
}

/// Says how something was measured.
pub fn note(text: &str) {
    println!("  {text}");
}

/// Shows the median of a figure, its least and its most.
pub fn figure(name: &str, values: &[f64], unit: &str, aim: Option<Aim>) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, middle, high) = (sorted[0], median(&sorted), sorted[sorted.len() - 1]);
    let verdict = match aim {
        None => String::new(),
        Some(Aim::AtLeast(least)) => format!("   aim ≥ {}: {}", short(least), met(middle >= least)),
        Some(Aim::AtMost(most)) => format!("   aim ≤ {}: {}", short(most), met(middle <= most)),
    };
    let range = match values.len() {
        1 => String::new(),
        _ => format!(" ({} – {})", short(low), short(high)),
    };
    println!("  {name:<34} {:>10} {unit}{range}{verdict}", short(middle));
}

/// `a ÷ b`, turn by turn.
pub fn ratio(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a / b).collect()
}

/// The value in the middle of sorted ones.
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

/// The value that a part `q` of them does not exceed.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

const fn met(is: bool) -> &'static str {
    if is { "met" } else { "MISSED" }
}

/// Three digits, and groups of three where there are more.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        v if v < 10.0 => format!("{value:.2}"),
        v if v < 100.0 => format!("{value:.1}"),
        _ => {
            let digits = format!("{value:.0}");
            let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(text).collect();
            groups.join(",")
        }
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// CPU time that a process has used on all its threads, in steps of 10 ms; `self` is this one.
pub fn cpu(process: &str) -> Duration {
    let stat = read_to_string(format!("/proc/{process}/stat")).expect("a process that runs");
    // The name, in parentheses, may hold anything; user and system time are fields 14 and 15.
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    let ticks = |field: usize| rest.split(' ').nth(field - 3).unwrap().parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(14) + ticks(15)))
}

/// Memory of this process that is in RAM, in bytes.
pub fn resident() -> f64 {
    let status = read_to_string("/proc/self/status").expect("proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    let kib = line.split_ascii_whitespace().nth(1).unwrap();
    1024.0 * kib.parse::<f64>().unwrap()
}
