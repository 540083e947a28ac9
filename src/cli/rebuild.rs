//! `bellwether rebuild`: replay the journal, and check what is stored against it.

use super::{Bar, Outcome};
use crate::pipeline::journal::maintain;
use std::path::PathBuf;
use std::process::ExitCode;

/// Replay the journal from its beginning.
///
/// With --verify the state is compared with the stored checkpoint; without it, the history tables
/// are thrown away, and the server makes them anew from the journal at its next start.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Compare the replayed state with the stored checkpoint; changes nothing
    #[arg(long)]
    verify: bool,
    /// The data directory
    #[arg(long, env = "BELLWETHER_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
}

/// Replays. Exit status 0 only if the checkpoint and the replay agree.
///
/// # Errors
/// There is no journal, or it is damaged.
pub fn run(args: &Args) -> Outcome {
    if !args.verify {
        crate::pipeline::history::discard(&args.data_dir)?;
        eprintln!("history discarded; it is made anew at the next start");
    }
    let bar = Bar::new("events");
    let found = maintain::verify(&args.data_dir, |done, all| bar.set(done, all))?;
    bar.clear();
    println!("events {}", found.events);
    println!("seq {}", found.seq);
    println!("state {}", found.state_hash);
    match (found.checkpoint_seq, found.agrees) {
        (None, _) => eprintln!("no checkpoint is stored yet; the journal replays"),
        (Some(seq), true) => eprintln!("the checkpoint at {seq} and the replay agree"),
        (Some(seq), false) => {
            eprintln!("error: the checkpoint at {seq} and the replay differ");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}
