//! Any cut of the journal's tail, and any damage to it, reopens with a prefix of whole records.

use super::*;
use crate::domain::{Envelope, Event};
use crate::pipeline::journal::{Draft, Journal as _};
use proptest::prelude::*;

const START: i64 = 1_700_000_000_000;

fn options(dir: &Path) -> Options {
    Options { dir: dir.to_owned(), max_bytes: None }
}

/// An event with `size` bytes that compression makes little of.
fn draft(n: usize, size: usize) -> Draft {
    let mut noise = n as u64 + 1;
    let mut text = String::new();
    while text.len() < size {
        noise =
            noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{noise:016x}"));
    }
    let data = format!(
        r#"{{"project":"p","status":"failed","errors":[{{"type":"E","message":"{text}"}}]}}"#
    );
    let event = Event::decode("validation.completed", &data).unwrap().unwrap();
    Draft::new(None, "test".into(), n.to_string().into(), true, None, event)
}

/// A journal as it lay on disk when the power went, and what was in it.
struct Written {
    dir: tempfile::TempDir,
    events: Vec<Envelope>,
    epoch: String,
    /// Lengths of the log at which a commit ends.
    boundaries: Vec<u64>,
}

/// Appends a record a size; the log is folded into the file after `settled` of them.
fn write(sizes: &[(usize, usize)], settled: usize) -> Written {
    let (open, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = Store::open(&options(open.path())).unwrap();
    let path = file(open.path());
    store.settle().unwrap();
    let (mut n, mut boundaries) = (0, vec![0]);
    for (i, (events, size)) in sizes.iter().enumerate() {
        let drafts: Vec<Draft> = (n..n + events).map(|n| draft(n, *size)).collect();
        n += events;
        let at = Timestamp::from_ms(START + i as i64);
        store.append(at, &drafts.iter().collect::<Vec<_>>()).unwrap();
        if i + 1 == settled {
            store.settle().unwrap();
            boundaries = vec![0];
        } else {
            boundaries.push(std::fs::metadata(beside(&path, "-wal")).unwrap().len());
        }
    }
    for suffix in ["", "-wal"] {
        let from = beside(&path, suffix);
        if from.exists() {
            std::fs::copy(from, beside(&file(dir.path()), suffix)).unwrap();
        }
    }
    let events = all(open.path());
    Written { dir, events, epoch: store.head().epoch.to_string(), boundaries }
}

fn all(dir: &Path) -> Vec<Envelope> {
    let (reader, mut events) = (Reader::open(dir).unwrap(), Vec::<Envelope>::new());
    loop {
        let more = reader.read(events.last().map_or(0, |last| last.stamp.seq)).unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

/// Opens it, and finds a prefix of what was there, told and under a new epoch if it is shorter
/// than that, unless it was cut exactly where a commit ends; and goes on writing.
fn check(written: &Written, unseen: bool) -> Result<(), TestCaseError> {
    let dir = written.dir.path();
    let (mut store, recovery) = open(&options(dir)).unwrap();
    let kept = all(dir);
    prop_assert_eq!(&kept[..], &written.events[..kept.len()], "not a prefix");
    prop_assert_eq!(store.head().seq, kept.len() as u64);
    if kept.len() < written.events.len() && !unseen {
        prop_assert!(
            recovery.damage.is_some(),
            "{} events lost in silence",
            written.events.len() - kept.len()
        );
    }
    let same = *store.head().epoch == written.epoch;
    prop_assert_eq!(recovery.damage.is_none(), same, "{:?}", recovery);
    // What is left is known as it was, so that a producer who sends all again doubles nothing.
    let window = store.load_window().unwrap();
    for event in &kept {
        prop_assert!(window.contains(key(&event.stamp.source, &event.stamp.id)));
    }
    let at = store.at();
    store.append(at, &[&draft(999_999, 100)]).unwrap();
    let epoch = store.head().epoch;
    drop(store);
    let (store, again) = open(&options(dir)).unwrap();
    prop_assert_eq!(again, Recovery::default());
    prop_assert_eq!(store.head(), crate::wire::Cursor { epoch, seq: kept.len() as u64 + 1 });
    prop_assert_eq!(all(dir).len(), kept.len() + 1);
    Ok(())
}

fn records() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec(
        (1..6_usize, prop_oneof![3 => 0..600_usize, 1 => 600..9_000_usize]),
        3..14,
    )
}

/// Where in a file of `len` bytes something is done to it: anywhere after its first `keep` bytes.
fn place(part: f64, keep: u64, len: u64) -> u64 {
    keep + ((len - keep) as f64 * part) as u64
}

fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let failure_persistence = None;
    ProptestConfig { failure_persistence, ..ProptestConfig::with_cases(asked.unwrap_or(default)) }
}

/// Pages that hold the tables' names, the identity and the roots of the tables: not the tail.
const ROOTS: u64 = 7 * 4096;

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_log_cut_anywhere_reopens(records in records(), settled in 0..3_usize, part in 0.0..1.0_f64) {
        let written = write(&records, settled);
        let log = beside(&file(written.dir.path()), "-wal");
        let len = place(part, 0, std::fs::metadata(&log).unwrap().len());
        std::fs::File::options().write(true).open(&log).unwrap().set_len(len).unwrap();
        check(&written, written.boundaries.contains(&len) || len == 32)?;
    }

    #[test]
    fn a_log_with_a_wrong_byte_reopens(
        records in records(), settled in 0..3_usize, part in 0.0..1.0_f64, flip in 1..=255_u8,
    ) {
        let written = write(&records, settled);
        damage(&beside(&file(written.dir.path()), "-wal"), part, 0, flip);
        check(&written, false)?;
    }

    #[test]
    fn a_file_cut_anywhere_in_its_tail_reopens(records in records(), part in 0.0..1.0_f64) {
        let written = write(&records, records.len());
        let path = file(written.dir.path());
        let had = std::fs::metadata(&path).unwrap().len();
        let len = place(part, ROOTS.min(had - 1), had);
        std::fs::File::options().write(true).open(&path).unwrap().set_len(len).unwrap();
        check(&written, false)?;
    }
}

proptest! {
    #![proptest_config(cases(24))]

    /// SQLite does not check its pages: what damage does to the ids is not always seen, so only
    /// the records are looked at.
    #[test]
    fn a_file_with_a_wrong_byte_in_its_tail_reopens(
        records in records(), part in 0.0..1.0_f64, flip in 1..=255_u8,
    ) {
        let written = write(&records, records.len());
        let path = file(written.dir.path());
        let had = std::fs::metadata(&path).unwrap().len();
        damage(&path, part, ROOTS.min(had - 1), flip);
        let (store, recovery) = open(&options(written.dir.path())).unwrap();
        let kept = all(written.dir.path());
        prop_assert_eq!(&kept[..], &written.events[..kept.len()], "not a prefix");
        prop_assert!(recovery.damage.is_some() || kept.len() == written.events.len());
        prop_assert_eq!(recovery.damage.is_none(), *store.head().epoch == written.epoch);
    }
}

fn damage(path: &Path, part: f64, keep: u64, flip: u8) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = place(part, keep, bytes.len() as u64) as usize;
    bytes[at] ^= flip;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_record_that_is_missing_is_damage() {
    let written = write(&[(1, 10), (2, 10), (1, 10), (1, 10)], 4);
    let journal = Connection::open(file(written.dir.path())).unwrap();
    journal.execute("DELETE FROM records WHERE first_seq = 2", []).unwrap();
    drop(journal);
    let (store, recovery) = open(&options(written.dir.path())).unwrap();
    assert_eq!((store.head().seq, recovery.lost), (1, 4));
    assert_eq!(recovery.damage.unwrap(), "the record at 2 is damaged: the one before is missing");
}

#[test]
fn nothing_that_can_be_read_is_an_empty_journal_and_the_file_is_kept() {
    let written = write(&[(3, 10)], 1);
    let path = file(written.dir.path());
    std::fs::write(&path, vec![0x5a; 20_000]).unwrap();
    let (store, recovery) = open(&options(written.dir.path())).unwrap();
    assert_eq!(store.head().seq, 0);
    assert!(recovery.damage.is_some());
    assert_eq!(std::fs::metadata(recovery.kept.unwrap()).unwrap().len(), 20_000);
}
