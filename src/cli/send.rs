//! `bellwether send`: events from a file or a pipe, a line each.

mod line;
mod source;

use super::client::{Client, Failure, Target};
use super::{Bar, Outcome, client};
use line::Line;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Most events of a batch.
const MAX_EVENTS: usize = 500;

/// Most bytes of a batch.
const MAX_BYTES: usize = 1 << 20;

/// Longest that a line from a pipe waits for company.
const FLUSH_AFTER: Duration = Duration::from_secs(1);

/// Most rejections that are told one by one.
const MAX_TOLD: u64 = 20;

/// Send events to a board: newline-delimited JSON, from a file or a pipe.
///
/// Lines go in batches of at most 500; a pipe is flushed after a second. While the board cannot be
/// reached or has no room they are sent again, and count once: a line without an `id` is given
/// one, and one without a `source` the one of --source. The id of a line that has a `time` is made
/// of the line and its number, so that a file may be sent again after a failure without doubling.
///
/// Exit status 0 if all lines were accepted now or before, 1 if any was rejected or could not be
/// sent.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  bellwether send --url http://127.0.0.1:3000 events.ndjson\n  \
    tail -f app.ndjson | bellwether send --url http://127.0.0.1:3000"
)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    /// Who events are from that do not say so
    #[arg(long, value_name = "NAME", default_value = "bellwether-send")]
    source: String,
    /// File to send; - is standard input
    #[arg(default_value = "-", value_name = "FILE")]
    file: PathBuf,
}

/// What the board made of a batch: an answer of 200, or the body of a 422.
#[derive(Debug, Default, Deserialize)]
struct Answer {
    accepted: u64,
    duplicates: u64,
    rejected: Vec<Rejection>,
}

#[derive(Debug, Deserialize)]
struct Rejection {
    index: usize,
    pointer: String,
    detail: String,
}

/// Lines that go together.
#[derive(Default)]
struct Batch {
    body: Vec<u8>,
    numbers: Vec<u64>,
}

struct Sender {
    client: Client,
    bar: Bar,
    /// Read so far, in bytes.
    read: u64,
    accepted: u64,
    duplicates: u64,
    rejected: u64,
    /// Last line that the board has answered for.
    done: u64,
}

/// Sends. Exit status 1 if anything was rejected.
///
/// # Errors
/// The file cannot be read, or the board refuses or cannot be reached for too long.
pub fn run(args: Args) -> Outcome {
    let length = source::length(&args.file);
    let lines = source::open(&args.file)
        .map_err(|error| format!("cannot read {}: {error}", args.file.display()))?;
    let bar = match length {
        Some(bytes) => Bar::bytes("sending", bytes),
        None => Bar::spinner("waiting for lines"),
    };
    let client = args.target.client();
    let stamper = line::Stamper::new(args.source);
    let (read, accepted, duplicates, rejected, done) = (0, 0, 0, 0, 0);
    let mut sender = Sender { client, bar, read, accepted, duplicates, rejected, done };
    let sent = sender.drain(&lines, &stamper, &args.file);
    sender.bar.clear();
    sender.sum_up();
    sent?;
    Ok(if sender.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Sender {
    /// Sends all lines there are, until the end of the file or pipe.
    fn drain(
        &mut self,
        lines: &source::Lines,
        stamper: &line::Stamper,
        file: &Path,
    ) -> Result<(), String> {
        let mut batch = Batch::default();
        let mut due = Instant::now();
        loop {
            let wait = if batch.numbers.is_empty() { None } else { Some(due) };
            let line = match source::next(lines, wait) {
                source::Next::Line(Ok(line)) => line,
                source::Next::Line(Err(error)) => {
                    self.flush(&mut batch)?;
                    return Err(format!("cannot read {}: {error}", file.display()));
                }
                source::Next::TimedOut => {
                    self.flush(&mut batch)?;
                    continue;
                }
                source::Next::End => return self.flush(&mut batch),
            };
            self.read += line.bytes;
            match stamper.stamp(&line) {
                Ok(None) => {}
                Ok(Some(text)) => {
                    if batch.body.len() + text.len() >= MAX_BYTES {
                        self.flush(&mut batch)?;
                    }
                    if batch.numbers.is_empty() {
                        due = Instant::now() + FLUSH_AFTER;
                    }
                    batch.push(&line, &text);
                    if batch.numbers.len() >= MAX_EVENTS {
                        self.flush(&mut batch)?;
                    }
                }
                Err(why) => self.reject(line.number, "", &why),
            }
        }
    }

    fn flush(&mut self, batch: &mut Batch) -> Result<(), String> {
        if batch.numbers.is_empty() {
            return Ok(());
        }
        let Batch { body, numbers } = std::mem::take(batch);
        let answer = self.post(&body).map_err(|failure| {
            let from = numbers.first().unwrap_or(&1);
            format!("{failure}; nothing from line {from} on is known to have been taken")
        })?;
        self.accepted += answer.accepted;
        self.duplicates += answer.duplicates;
        for Rejection { index, pointer, detail } in answer.rejected {
            self.reject(numbers.get(index).copied().unwrap_or(0), &pointer, &detail);
        }
        self.done = numbers.last().copied().unwrap_or(self.done);
        self.bar.at(self.read);
        let (done, rejected) = (self.done, self.rejected);
        self.bar.message(format!("{done} lines sent, {rejected} rejected"));
        Ok(())
    }

    fn post(&self, body: &[u8]) -> Result<Answer, Failure> {
        let mut told = false;
        let path = "/api/v1/events";
        let answer =
            self.client.post_patiently(path, "application/x-ndjson", body, |failure, wait| {
                self.bar.retrying(failure, &mut told);
                std::thread::sleep(wait);
                true
            });
        match answer {
            // Not one line is valid; which and why is in the same members.
            Err(client::Failure::Refused { status: 422, ref body, .. }) => {
                serde_json::from_slice(body).or(answer)
            }
            other => other,
        }
    }

    fn reject(&mut self, line: u64, pointer: &str, detail: &str) {
        self.rejected += 1;
        if self.rejected <= MAX_TOLD {
            let pointer = if pointer.is_empty() { "" } else { &format!("{pointer}: ") };
            self.bar.say(&format!("line {line}: {pointer}{detail}"));
        }
    }

    fn sum_up(&self) {
        let more = self.rejected.saturating_sub(MAX_TOLD);
        if more > 0 {
            eprintln!("and {more} more");
        }
        let (accepted, duplicates, rejected) = (self.accepted, self.duplicates, self.rejected);
        eprintln!("accepted {accepted}, duplicates {duplicates}, rejected {rejected}");
    }
}

impl Batch {
    fn push(&mut self, line: &Line, text: &str) {
        self.body.extend_from_slice(text.as_bytes());
        self.body.push(b'\n');
        self.numbers.push(line.number);
    }
}
