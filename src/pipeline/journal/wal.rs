//! SQLite's files, looked at before SQLite does: it leaves out a tail of its write-ahead log that
//! is not whole and says nothing about it (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).

use std::io::Read as _;
use std::path::Path;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// What of the log comes after its last whole commit, in words; `None` if nothing does.
///
/// A crash in the middle of a commit leaves such a tail as well; nobody was answered for it.
///
/// # Errors
/// The log is there and cannot be read.
pub(super) fn torn(log: &Path) -> std::io::Result<Option<String>> {
    let bytes = match std::fs::read(log) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    let rest = match Log::of(&bytes) {
        Some(log) => log.rest(),
        None => bytes.as_slice(),
    };
    let torn = format!("the log ends with {} bytes that are not a whole commit", rest.len());
    Ok((!rest.is_empty()).then_some(torn))
}

/// How much shorter a file is than it says, in words; `None` if it is not. SQLite fills such a
/// file up with zeros when it is next written to.
///
/// # Errors
/// The file is there and cannot be read.
pub(super) fn short(file: &Path, log: &Path) -> std::io::Result<Option<String>> {
    // Pages that are in the log need not be in the file yet.
    if !file.exists() || std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(None);
    }
    let there = std::fs::metadata(file)?.len();
    let mut header = Vec::new();
    std::fs::File::open(file)?.take(100).read_to_end(&mut header)?;
    let page = match word(&header, 16).map(|both| u64::from(both >> 16)) {
        Some(1) => 65_536,
        page => page.unwrap_or(0),
    };
    // The number of pages counts only if whoever wrote last has written it, too.
    let counted = word(&header, 24) == word(&header, 92);
    let pages = word(&header, 28).filter(|_| counted).map_or(0, u64::from);
    let expected = page * pages;
    Ok((there < expected).then(|| format!("the file has {there} bytes of {expected}")))
}

/// The running checksum of a log: over its header, then over each frame.
type Sum = (u32, u32);

struct Log<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    frame: usize,
    sum: Sum,
}

impl<'a> Log<'a> {
    /// Reads the header; `None` if it is not one.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match word(bytes, 0)? {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        let page = usize::try_from(word(bytes, 8)?).ok().filter(|page| page.is_power_of_two())?;
        let mut log = Self { bytes, big_endian, frame: FRAME_HEADER + page, sum: (0, 0) };
        log.sum = log.add(log.sum, bytes.get(..24)?);
        (log.sum == (word(bytes, 24)?, word(bytes, 28)?)).then_some(log)
    }

    fn add(&self, (mut a, mut b): Sum, bytes: &[u8]) -> Sum {
        let (pairs, _) = bytes.as_chunks::<8>();
        let read = |word: [u8; 4]| match self.big_endian {
            true => u32::from_be_bytes(word),
            false => u32::from_le_bytes(word),
        };
        for [p, q, r, s, t, u, v, w] in pairs {
            a = a.wrapping_add(read([*p, *q, *r, *s])).wrapping_add(b);
            b = b.wrapping_add(read([*t, *u, *v, *w])).wrapping_add(a);
        }
        (a, b)
    }

    /// What comes after the last whole commit. Frames of an earlier round of the log, which stay
    /// behind the newer ones, are nothing: both their salts are others.
    fn rest(&self) -> &'a [u8] {
        let rest = self.bytes.get(self.whole()..).unwrap_or_default();
        let [first, second] = [0, 4].map(|at| word(self.bytes, 16 + at));
        let ours = |frame: &[u8]| {
            frame.len() < FRAME_HEADER || word(frame, 8) == first || word(frame, 12) == second
        };
        if rest.chunks(self.frame).any(ours) { rest } else { &[] }
    }

    /// Bytes up to and with the last whole commit.
    fn whole(&self) -> usize {
        let (mut at, mut sum, mut whole) = (HEADER, self.sum, HEADER);
        while let Some(frame) = self.bytes.get(at..at + self.frame) {
            if frame.get(8..16) != self.bytes.get(16..24) {
                break;
            }
            sum = self.add(sum, frame.get(..8).unwrap_or_default());
            sum = self.add(sum, frame.get(FRAME_HEADER..).unwrap_or_default());
            if word(frame, 16).zip(word(frame, 20)) != Some(sum) {
                break;
            }
            at += self.frame;
            // A frame that ends a commit says how large the database is then.
            if word(frame, 4) != Some(0) {
                whole = at;
            }
        }
        whole
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes)
}
