//! What is kept of a run.

use crate::domain::projects::tally::{MAX_MESSAGE, clip, kind};
use crate::domain::projects::{Run, RunError, Validated, ValidationStatus};
use crate::wire::{Stamp, Timestamp};

/// Errors kept of a run.
const MAX_ERRORS: usize = 20;
/// Longest address or file name that is kept, in bytes.
pub(super) const MAX_TEXT: usize = 2_000;

/// A run about which nothing has been said.
pub(super) const fn blank() -> Run {
    Run {
        seq: 0,
        at: Timestamp::from_ms(0),
        status: ValidationStatus::Skipped,
        duration_ms: None,
        checks: None,
        errors: Vec::new(),
        branch: None,
        commit: None,
        url: None,
    }
}

/// What is kept of a run.
pub fn kept(stamp: &Stamp, data: &Validated) -> Run {
    let mut run = blank();
    write(&mut run, stamp, data);
    run
}

/// Makes `run` what is kept of `data`.
pub(super) fn write(run: &mut Run, stamp: &Stamp, data: &Validated) {
    (run.seq, run.at, run.status) = (stamp.seq, stamp.time, data.status);
    (run.duration_ms, run.checks) = (data.duration_ms, data.checks);
    run.errors.clear();
    run.errors.extend(data.errors.iter().take(MAX_ERRORS).map(|e| RunError {
        kind: kind(e),
        message: clip(&e.message, MAX_MESSAGE).to_owned(),
        file: e.file.as_ref().map(|file| clip(file, MAX_TEXT).to_owned()),
        line: e.line,
        count: e.count,
    }));
    set(&mut run.branch, data.branch.as_deref());
    set(&mut run.commit, data.commit.as_deref());
    set(&mut run.url, data.url.as_deref());
}

fn set(had: &mut Option<String>, text: Option<&str>) {
    match (had, text) {
        (Some(had), Some(text)) => clip(text, MAX_TEXT).clone_into(had),
        (had, text) => *had = text.map(|text| clip(text, MAX_TEXT).to_owned()),
    }
}
