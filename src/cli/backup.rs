//! `bellwether backup` and `bellwether restore`.

use super::{Bar, Outcome};
use crate::pipeline::journal::maintain;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the journal, as it is now, into one file; also while the server runs.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The data directory
    #[arg(long, env = "BELLWETHER_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
    /// The file to write; it must not exist
    file: PathBuf,
}

/// Make a data directory out of a backup.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The data directory; it must be empty or not exist
    #[arg(long, env = "BELLWETHER_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
    /// The file that `backup` wrote
    file: PathBuf,
}

/// Writes a backup.
///
/// # Errors
/// There is no journal, or the file cannot be written.
pub fn backup(args: &BackupArgs) -> Outcome {
    let spinner = Bar::new("copying the journal");
    let bytes = maintain::backup(&args.data_dir, &args.file)?;
    spinner.clear();
    eprintln!("wrote {} ({} KiB)", args.file.display(), bytes.div_ceil(1024));
    Ok(ExitCode::SUCCESS)
}

/// Restores a backup.
///
/// # Errors
/// The directory is not empty, or the file is not a whole journal.
pub fn restore(args: &RestoreArgs) -> Outcome {
    let bar = Bar::new("events");
    let seq = maintain::restore(&args.file, &args.data_dir, |done, all| bar.set(done, all))?;
    bar.clear();
    eprintln!("restored up to position {seq} into {}", args.data_dir.display());
    Ok(ExitCode::SUCCESS)
}
