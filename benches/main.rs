//! Floors and peers, measured side by side in one run.
//!
//! `make bench` runs all, `tools/bench.sh ingest fold` some.
//! Timings are never assertions: a figure is printed beside what it should be, and whether it is.
//! What shares the machine disturbs both sides of a ratio; so they take turns, and the ratio is
//! taken turn by turn.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot be made ends the run"
)]

mod child;
mod events;
mod fanout;
mod fold;
mod http;
mod ingest;
mod latency;
mod memory;
mod metrics;
mod past;
mod report;
mod server;
mod snapshot;
mod state;
mod trading;
mod work;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Every measurement, by the name it is asked for.
const ALL: [(&str, fn()); 11] = [
    // First, because what others gave back would be used again and not be seen to grow.
    ("memory", memory::run),
    ("ingest", ingest::run),
    ("fold", fold::run),
    ("work", work::run),
    ("past", past::run),
    ("trading", trading::run),
    ("metrics", metrics::run),
    ("state", state::run),
    ("fanout", fanout::run),
    ("snapshot", snapshot::run),
    ("latency", latency::run),
];

fn main() {
    let asked: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if asked.first().is_some_and(|word| word == child::WORD) {
        return child::main(&asked[1..]);
    }
    if let Some(word) = asked.iter().find(|word| ALL.iter().all(|(name, _)| name != word)) {
        let names = ALL.map(|(name, _)| name).join(", ");
        eprintln!("error: there is no `{word}` to measure, only {names}");
        std::process::exit(2);
    }
    report::machine();
    for (name, run) in ALL {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            run();
        }
    }
}
