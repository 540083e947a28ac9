//! Lines, read on a thread of their own, so that a pipe that pauses does not hold up what came.

use super::line::Line;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Instant;

/// Longest line that is held; what is beyond is dropped, as no event may be so long.
const MAX_LINE: usize = 2 * crate::intake::MAX_EVENT;

/// Lines waiting to be sent: enough to keep the sender busy, few enough to fit in memory.
const QUEUE: usize = 256;

/// Lines as they come.
pub(super) type Lines = Receiver<io::Result<Line>>;

/// What came next.
pub(super) enum Next {
    /// A line, or why there is none.
    Line(io::Result<Line>),
    /// Nothing by the time that was given.
    TimedOut,
    /// There are no more.
    End,
}

/// Size of a regular file, in bytes.
pub(super) fn length(file: &Path) -> Option<u64> {
    let known = std::fs::metadata(file).ok()?;
    (known.is_file() && file != Path::new("-")).then_some(known.len())
}

/// Begins to read.
///
/// # Errors
/// The file cannot be opened.
pub(super) fn open(file: &Path) -> io::Result<Lines> {
    let reader: Box<dyn BufRead + Send> = if file == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::with_capacity(1 << 16, File::open(file)?))
    };
    let (lines, received) = sync_channel(QUEUE);
    std::thread::spawn(move || read_all(reader, &lines));
    Ok(received)
}

/// The next line, waited for until `due`, or for ever.
pub(super) fn next(lines: &Lines, due: Option<Instant>) -> Next {
    let Some(due) = due else {
        return lines.recv().map_or(Next::End, Next::Line);
    };
    match lines.recv_timeout(due.saturating_duration_since(Instant::now())) {
        Ok(line) => Next::Line(line),
        Err(RecvTimeoutError::Timeout) => Next::TimedOut,
        Err(RecvTimeoutError::Disconnected) => Next::End,
    }
}

fn read_all(mut reader: impl BufRead, lines: &SyncSender<io::Result<Line>>) {
    for number in 1.. {
        let line = match read_line(&mut reader, number) {
            Ok(None) => return,
            Ok(Some(line)) => Ok(line),
            Err(error) => Err(error),
        };
        let failed = line.is_err();
        if lines.send(line).is_err() || failed {
            return;
        }
    }
}

fn read_line(reader: &mut impl BufRead, number: u64) -> io::Result<Option<Line>> {
    let mut line = Line { number, text: Vec::new(), bytes: 0 };
    loop {
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            return Ok((line.bytes > 0).then_some(line));
        }
        let end = chunk.iter().position(|&b| b == b'\n');
        let used = end.map_or(chunk.len(), |at| at + 1);
        let room = MAX_LINE.saturating_sub(line.text.len()).min(end.unwrap_or(used));
        line.text.extend_from_slice(chunk.get(..room).unwrap_or_default());
        line.bytes += used as u64;
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &[u8], expect: &[(&[u8], u64)]) {
        let mut reader = BufReader::with_capacity(3, input);
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut reader, 1).unwrap() {
            lines.push((line.text, line.bytes));
        }
        let lines: Vec<_> = lines.iter().map(|(text, bytes)| (&**text, *bytes)).collect();
        assert_eq!(lines, expect);
    }

    #[test]
    fn lines_are_read_with_and_without_a_last_end() {
        check(b"", &[]);
        check(b"abcd\n\nef", &[(b"abcd", 5), (b"", 1), (b"ef", 2)]);
        check(b"a\r\nb\n", &[(b"a\r", 3), (b"b", 2)]);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let long = vec![b'x'; MAX_LINE + 10];
        check(&long, &[(&long[..MAX_LINE], long.len() as u64)]);
    }
}
