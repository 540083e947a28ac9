//! Looking after a journal from the command line, also while a server writes to it.

use super::sqlite::file;
use super::{Journal, JournalError, Options, Reader, Store};
use crate::domain::{Event, State, system};
use crate::wire::Seq;
use std::path::Path;

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Events, not counting ticks of the clock.
    pub events: u64,
    /// Last position.
    pub seq: Seq,
    /// Hash of the state there.
    pub state_hash: String,
    /// Position of the stored checkpoint, if there is one.
    pub checkpoint_seq: Option<Seq>,
    /// Whether the replay came to the same state there.
    pub agrees: bool,
}

/// Replays everything and compares the state with the stored checkpoint. `progress` is told the
/// position and the last one.
///
/// # Errors
/// There is no journal, or a record is damaged.
pub fn verify(dir: &Path, mut progress: impl FnMut(Seq, Seq)) -> Result<Verified, JournalError> {
    let reader = Reader::open(dir)?;
    let stored = reader.newest_mark()?;
    let mut state = base(&reader)?;
    let mut agrees = stored.is_none();
    let check = |state: &State| -> Result<bool, JournalError> {
        match &stored {
            Some((seq, kept)) if *seq == state.seq => Ok(hash(state)? == *kept),
            _ => Ok(false),
        }
    };
    agrees |= check(&state)?;
    let last = reader.span()?.map_or(state.seq, |(_, last)| last);
    loop {
        let batch = reader.read(state.seq)?;
        if batch.is_empty() {
            break;
        }
        for envelope in &batch {
            state.replay(envelope);
            agrees |= check(&state)?;
        }
        progress(state.seq, last.max(state.seq));
    }
    // A hash that is right says nothing about the state beside it.
    let whole = match reader.load_checkpoint(true) {
        Err(JournalError::Io(_)) => false,
        read => read?.is_none_or(|kept| kept.state().is_ok()),
    };
    Ok(Verified {
        events: state.events,
        seq: state.seq,
        state_hash: hash(&state)?,
        checkpoint_seq: stored.map(|(seq, _)| seq),
        agrees: agrees && whole,
    })
}

/// The state that the oldest record follows.
fn base(reader: &Reader) -> Result<State, JournalError> {
    let first = reader.span()?.map(|(first, _)| first);
    if first == Some(1) {
        return Ok(State::default());
    }
    match reader.load_checkpoint(false)? {
        Some(oldest) => State::decode(&oldest.state)
            .map_err(|error| JournalError::Refused(format!("the base checkpoint: {error}"))),
        None => Ok(State::default()),
    }
}

fn hash(state: &State) -> Result<String, JournalError> {
    state.hash().map_err(|error| JournalError::Refused(error.to_string()))
}

/// Writes a copy of the journal, as it is at this moment, into one file.
///
/// # Errors
/// There is no journal, or the file exists or cannot be written.
pub fn backup(dir: &Path, to: &Path) -> Result<u64, JournalError> {
    if to.exists() {
        return Err(JournalError::Refused(format!("{} exists already", to.display())));
    }
    let reader = Reader::open(dir)?;
    let name = to.to_str().ok_or_else(|| JournalError::Refused("not a UTF-8 path".to_owned()))?;
    reader.connection().execute("VACUUM INTO ?1", [name])?;
    std::fs::File::open(to)?.sync_all()?;
    Ok(std::fs::metadata(to)?.len())
}

/// Makes a data directory out of a backup; it gets a new epoch, since its past ends earlier.
///
/// # Errors
/// The directory is not empty, or the file is not a whole journal.
pub fn restore(
    from: &Path,
    dir: &Path,
    mut progress: impl FnMut(Seq, Seq),
) -> Result<Seq, JournalError> {
    std::fs::create_dir_all(dir)?;
    if std::fs::read_dir(dir)?.next().is_some() {
        return Err(JournalError::Refused(format!("{} is not empty", dir.display())));
    }
    check_records(&Reader::open_file(from)?, &mut progress)?;
    let to = file(dir);
    std::fs::copy(from, &to)?;
    std::fs::File::open(&to)?.sync_all()?;
    let mut store = Store::open(&Options { dir: dir.to_owned(), max_bytes: None })?;
    store.new_epoch()?;
    Ok(store.head().seq)
}

/// Reads every record and checks that it is whole and follows the one before; returns how many
/// events there are.
fn check_records(
    reader: &Reader,
    progress: &mut impl FnMut(Seq, Seq),
) -> Result<u64, JournalError> {
    let Some((first, last)) = reader.span()? else { return Ok(0) };
    let mut at = first - 1;
    let mut events = 0;
    loop {
        let begun = at;
        reader.rows(at, 1_000, |row| {
            if row.first_seq != at + 1 {
                let detail = format!("it does not follow position {at}");
                return Err(JournalError::Damaged { first_seq: row.first_seq, detail });
            }
            let mut unpacked = Vec::new();
            row.unpack(at, &mut unpacked)?;
            let tick = |event: &Event| matches!(event, Event::System(system::Event::Ticked(_)));
            events += unpacked.iter().filter(|envelope| !tick(&envelope.event)).count() as u64;
            at = row.last_seq;
            Ok(())
        })?;
        if at == begun {
            return Ok(events);
        }
        progress(at, last);
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// How it is: said, or what is wrong with it.
    pub result: Result<String, String>,
}

/// Examines a data directory.
pub fn doctor(dir: &Path, mut progress: impl FnMut(Seq, Seq)) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |what, result| findings.push(Finding { what, result });
    say("directory", writable(dir));
    let reader = match Reader::open(dir) {
        Ok(reader) => reader,
        Err(error) => {
            say("journal", Err(error.to_string()));
            return findings;
        }
    };
    say("database", integrity(&reader));
    let records = check_records(&reader, &mut progress);
    say("records", records.map(|n| format!("{n} events")).map_err(|error| error.to_string()));
    let span = reader.span().map(|span| match span {
        Some((first, last)) => format!("{first} to {last}"),
        None => "no events yet".to_owned(),
    });
    say("positions", span.map_err(|error| error.to_string()));
    let checkpoint = reader.load_checkpoint(true).map_err(|error| error.to_string());
    say(
        "checkpoint",
        checkpoint.and_then(|found| match found {
            Some(found) => State::decode(&found.state)
                .map(|_| format!("at {}, {} KiB", found.seq, found.state.len() >> 10))
                .map_err(|error| error.to_string()),
            None => Ok("none yet".to_owned()),
        }),
    );
    findings
}

fn writable(dir: &Path) -> Result<String, String> {
    let probe = dir.join(".doctor");
    std::fs::write(&probe, b"x")
        .and_then(|()| std::fs::remove_file(&probe))
        .map(|()| format!("{} is writable", dir.display()))
        .map_err(|error| format!("{} cannot be written: {error}", dir.display()))
}

fn integrity(reader: &Reader) -> Result<String, String> {
    let said: String = reader
        .connection()
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| error.to_string())?;
    if said == "ok" { Ok("whole".to_owned()) } else { Err(said) }
}
