//! The command line: one file a command, under an enum that only dispatches.

mod access;
mod backup;
mod bar;
mod client;
mod demo;
mod directory;
mod doctor;
mod duration;
mod import;
pub mod local;
mod rebuild;
mod send;
mod serve;

use bar::Bar;
use clap::{Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

/// The operations board that never lies: gap-free, visibly fresh, explained, and replayable.
#[derive(Debug, Parser)]
#[command(name = "bellwether", version, about, max_term_width = 100)]
#[command(after_help = "Exit status: 0 done, 1 failed, 2 usage.")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Send(send::Args),
    Import(import::Args),
    Demo(demo::Args),
    Rebuild(rebuild::Args),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Doctor(doctor::Args),
    User(access::UserArgs),
    Token(access::TokenArgs),
    Key(access::KeyArgs),
}

/// How a command ended: its exit status, or what went wrong.
type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Runs the command that was asked for. Exit status: 0 done, 1 failed, 2 usage.
pub fn main() -> ExitCode {
    let command = Args::parse().command;
    // Journals, backups and keys are for the user alone who runs the command.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let result = match command {
        Command::Serve(args) => serve::run(args),
        Command::Send(args) => send::run(args),
        Command::Import(args) => import::run(&args),
        Command::Demo(args) => demo::run(args),
        Command::Rebuild(args) => rebuild::run(&args),
        Command::Backup(args) => backup::backup(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::User(args) => access::user(args),
        Command::Token(args) => access::token(args),
        Command::Key(args) => access::key(args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {}", chain(&*error));
        ExitCode::FAILURE
    })
}

/// An error with all that caused it, on one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = next.source();
    }
    text
}
