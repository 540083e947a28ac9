//! Each rule at, just below and just above its threshold, and for how long.

use super::*;
use crate::domain::system::state::State;
use crate::domain::system::{Cpu, Disk, Event, Memory, Sampled};
use crate::domain::window::SECOND;
use crate::wire::Stamp;

fn sample(state: &mut State, s: i64, change: impl Fn(&mut Sampled)) {
    let (cpu, memory, disk, network, load) = Default::default();
    let mut sample = Sampled { host: "box".into(), cpu, memory, disk, network, load };
    change(&mut sample);
    let (at, subject) = (Timestamp::from_ms(s * SECOND), None);
    let (seq, source, id) = (s.unsigned_abs(), "test".into(), s.to_string().into());
    state.fold(&Stamp { seq, at, time: at, source, id, subject }, &Event::Sampled(sample));
}

fn cpu(usage_percent: f64) -> impl Fn(&mut Sampled) {
    move |s| s.cpu = Some(Cpu { usage_percent, cores: Some(4) })
}

fn found(state: &State, s: i64) -> Vec<(String, Severity)> {
    let host = &state.hosts["box"];
    let found = assess(host, Timestamp::from_ms(s * SECOND)).findings;
    found.into_iter().map(|f| (f.rule, f.severity)).collect()
}

/// Samples every 2 s from 0 to `last`, and what is found at the end.
#[track_caller]
fn check(last: i64, change: impl Fn(&mut Sampled), expect: &[(&str, Severity)]) {
    let mut state = State::default();
    (0..=last / 2).for_each(|i| sample(&mut state, i * 2, &change));
    let expect: Vec<_> = expect.iter().map(|&(r, s)| (r.to_owned(), s)).collect();
    assert_eq!(found(&state, last), expect);
}

const WARNING: Severity = Severity::Warning;
const CRITICAL: Severity = Severity::Critical;

#[test]
fn a_busy_cpu_must_stay_busy() {
    check(58, cpu(90.0), &[]);
    check(60, cpu(90.0), &[("system.cpu_high", WARNING)]);
    check(600, cpu(89.9), &[]);
    check(298, cpu(98.0), &[("system.cpu_high", WARNING)]);
    check(300, cpu(98.0), &[("system.cpu_high", CRITICAL)]);
    check(600, cpu(97.9), &[("system.cpu_high", WARNING)]);
}

#[test]
fn one_calm_sample_or_a_silence_begins_anew() {
    for (silence, calm) in [(2, true), (60, false)] {
        let mut state = State::default();
        (0..=40).for_each(|i| sample(&mut state, i * 2, cpu(95.0)));
        assert_eq!(found(&state, 80).len(), 1);
        let next = 80 + silence;
        sample(&mut state, next, cpu(if calm { 10.0 } else { 95.0 }));
        assert_eq!(found(&state, next), []);
        (1..=31).for_each(|i| sample(&mut state, next + i * 2, cpu(95.0)));
        assert_eq!(found(&state, next + 62).len(), 1);
    }
}

#[test]
fn memory_and_disk_at_once() {
    let memory =
        |percent| move |s: &mut Sampled| s.memory = Some(Memory { percent, ..Memory::default() });
    let disk = |percent| move |s: &mut Sampled| s.disk = Some(Disk { percent, ..Disk::default() });
    check(0, memory(89.9), &[]);
    check(0, memory(90.0), &[("system.memory_high", WARNING)]);
    check(0, memory(96.9), &[("system.memory_high", WARNING)]);
    check(0, memory(97.0), &[("system.memory_high", CRITICAL)]);
    check(0, disk(84.9), &[]);
    check(0, disk(85.0), &[("system.disk_high", WARNING)]);
    check(0, disk(94.9), &[("system.disk_high", WARNING)]);
    check(0, disk(95.0), &[("system.disk_high", CRITICAL)]);
}

#[test]
fn load_is_held_against_the_cores() {
    let load = |one| {
        move |s: &mut Sampled| {
            s.load = Some([one, 0.0, 0.0]);
            s.cpu = Some(Cpu { usage_percent: 0.0, cores: Some(4) });
        }
    };
    check(300, load(7.9), &[]);
    check(298, load(8.0), &[]);
    check(300, load(8.0), &[("system.load_high", WARNING)]);
    check(300, |s| s.load = Some([99.0, 0.0, 0.0]), &[]);
}

#[test]
fn a_quiet_host_is_unknown_and_nothing_else() {
    let mut state = State::default();
    (0..=40).for_each(|i| sample(&mut state, i * 2, cpu(95.0)));
    let host = &state.hosts["box"];
    let at = |ms| assess(host, Timestamp::from_ms(80 * SECOND + ms));
    let fresh = at(15 * SECOND);
    assert_eq!((fresh.item.status, fresh.item.stale), (Status::Warning, false));
    assert_eq!(fresh.next, Some(Timestamp::from_ms(95 * SECOND + 1)));
    let quiet = at(15 * SECOND + 1);
    assert_eq!((quiet.item.status, quiet.item.stale), (Status::Unknown, true));
    assert_eq!((quiet.findings.len(), quiet.findings[0].rule.as_str()), (1, "system.host_quiet"));
    assert_eq!(quiet.next, None);
    assert_eq!(quiet.findings[0].since, Timestamp::from_ms(95 * SECOND));
    assert_eq!(quiet, at(100 * MINUTE));
}

#[test]
fn a_slow_host_has_five_intervals_and_an_unknown_one_five_minutes() {
    let mut state = State::default();
    sample(&mut state, 0, cpu(1.0));
    assert_eq!(found(&state, 300), []);
    assert_eq!(found(&state, 301).len(), 1);
    (1..=3).for_each(|i| sample(&mut state, i * 60, cpu(1.0)));
    assert_eq!(found(&state, 180 + 300), []);
    assert_eq!(found(&state, 180 + 301).len(), 1);
}

#[test]
fn an_old_sample_changes_nothing() {
    let mut state = State::default();
    sample(&mut state, 10, cpu(1.0));
    let before = state.clone();
    sample(&mut state, 8, cpu(99.0));
    assert_eq!(state, before);
}
