//! Who has a place, and who makes room.

use super::*;
use crate::domain::window::{DAY, HOUR, MINUTE};

/// A state with room for three series, two a name.
fn small() -> State {
    State::default().within(Limits { in_all: 3, of_name: 2 })
}

/// Folds a value and says whether it has a place.
fn value(state: &mut State, at: i64, source: &str, name: &str, label: &str) -> (bool, Changes) {
    let at = Timestamp::from_ms(at);
    let (source, id) = (source.into(), "i".into());
    let stamp = Stamp { seq: 1, at, time: at, source, id, subject: None };
    let labels = BTreeMap::from([("l".into(), label.into())]);
    let observed = Observed { name: name.into(), value: 1.0, unit: None, labels };
    let mut changes = Changes::default();
    let placed = state.fold(&stamp, &observed, &mut changes);
    (placed, changes)
}

#[track_caller]
fn check(state: &mut State, at: i64, series: &str, expect: bool) {
    let (name, label) = series.split_once('/').unwrap();
    assert_eq!(value(state, at, "s", name, label).0, expect, "{series} at {at}");
    let counted: usize = state.names.values().map(|named| named.series).sum();
    assert_eq!(counted, state.series.len());
    assert!(state.names().all(|name| state.count(name) == state.keyed(name).count()));
}

#[test]
fn each_name_and_all_of_them_have_their_limit() {
    let mut state = small();
    check(&mut state, 1, "a/1", true);
    check(&mut state, 2, "a/2", true);
    check(&mut state, 3, "a/3", false);
    check(&mut state, 4, "a/1", true);
    check(&mut state, 5, "b/1", true);
    check(&mut state, 6, "b/2", false);
    check(&mut state, 7, "c/1", false);
    assert_eq!(state.overflow, 3);
    let refused = |name: &str| state.refused.get(name).map(|refused| refused.values);
    assert_eq!((refused("a"), refused("b"), refused("c")), (Some(1), Some(1), Some(1)));
    assert_eq!(state.refused_in_all.values, 2);
}

#[test]
fn only_what_is_refused_touches() {
    let mut state = small();
    for (series, expect) in [("1", 0), ("1", 0), ("2", 0), ("3", 1), ("1", 0)] {
        let touched = value(&mut state, 1, "s", "a", series).1.touched;
        assert_eq!(touched.iter().filter(|one| one.0.is_some()).count(), expect, "{series}");
    }
}

#[test]
fn the_silent_make_room_at_most_once_an_hour() {
    let mut state = small();
    check(&mut state, 0, "a/1", true);
    check(&mut state, DAY, "a/2", true);
    check(&mut state, 2 * DAY, "a/3", false);
    // Silent for longer than two days; but the last look was not an hour ago.
    check(&mut state, 2 * DAY + MINUTE, "a/3", false);
    let later = 2 * DAY + HOUR;
    let (placed, changes) = value(&mut state, later, "s", "a", "3");
    assert!(placed);
    let gone: Vec<_> = changes.gone.iter().map(|key| key.labels["l"].to_string()).collect();
    assert_eq!(gone, ["1"]);
    assert_eq!(changes.swept, [(Some("a".into()), Timestamp::from_ms(later))]);
    // All of them together look on their own.
    check(&mut state, later, "b/1", true);
    check(&mut state, later, "c/1", false);
    check(&mut state, later + 3 * DAY, "c/1", true);
    assert_eq!(state.series.len(), 1);
}

#[test]
fn what_the_board_knows_itself_has_a_place() {
    let mut state = small();
    for (at, series) in [(1, "a/1"), (2, "a/2"), (3, "b/1")] {
        check(&mut state, at, series, true);
    }
    assert!(value(&mut state, 4, OWN, "portfolio_value", "1").0);
    assert!(value(&mut state, 5, OWN, "portfolio_value", "2").0);
    assert!(!value(&mut state, 6, OWN, "portfolio_value", "3").0, "but not without end");
    assert!(!value(&mut state, 7, OWN, "a", "3").0);
}

#[test]
fn what_was_taken_up_decides_as_before() {
    let (mut state, mut taken) = (small(), small());
    for (at, series) in [(0, "a/1"), (DAY, "a/2"), (2 * DAY, "a/3"), (2 * DAY, "b/1")] {
        let (name, label) = series.split_once('/').unwrap();
        value(&mut state, at, "s", name, label);
    }
    for (key, series) in &state.series {
        taken.take_up(key.clone(), series.heard_at);
    }
    for (name, named) in &state.names {
        taken.note_sweep(Some(name), named.swept_at);
    }
    taken.note_sweep(None, state.swept_at);
    for (at, series) in [(2, "a/3"), (3, "a/4"), (50, "c/1"), (53, "d/1"), (54, "a/3")] {
        let (name, label) = series.split_once('/').unwrap();
        let (a, b) = (
            value(&mut state, at * DAY, "s", name, label),
            value(&mut taken, at * DAY, "s", name, label),
        );
        assert_eq!((a.0, &a.1.gone), (b.0, &b.1.gone), "{series}");
    }
}
