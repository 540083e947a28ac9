//! `bellwether doctor`: examine a data directory.

use super::{Bar, Outcome};
use crate::pipeline::journal::maintain;
use std::path::PathBuf;
use std::process::ExitCode;

/// Examine a data directory: files, records, checkpoint; also while the server runs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The data directory
    #[arg(long, env = "BELLWETHER_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
}

/// Examines. Exit status 1 if anything is wrong.
///
/// # Errors
/// Never: what is wrong is a finding.
pub fn run(args: &Args) -> Outcome {
    let bar = Bar::new("events");
    let findings = maintain::doctor(&args.data_dir, |done, all| bar.set(done, all));
    bar.clear();
    let mut sound = true;
    for finding in findings {
        match finding.result {
            Ok(said) => println!("ok     {:<11} {said}", finding.what),
            Err(wrong) => {
                sound = false;
                println!("wrong  {:<11} {wrong}", finding.what);
            }
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
