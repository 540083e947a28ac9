//! Maintenance windows: when each is open. An open one is a silence in the journal.

use crate::domain::alerts::state::State;
use crate::domain::alerts::{Event, Schedule, Silence, SilenceEnded, Weekday};
use crate::wire::Timestamp;
use jiff::civil::{Date, Time, Weekday as CivilDay};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Instant};
use std::sync::Arc;

/// Who opens and ends the silences of windows.
const ACTOR: &str = "maintenance";
/// Longest window, in seconds.
pub const MAX_DURATION_S: f64 = 7.0 * 86_400.0;

/// What is wrong with a schedule, and at which member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// JSON Pointer within it.
    pub pointer: &'static str,
    /// In a sentence.
    pub detail: String,
}

/// A stretch for which a window is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// When it opens.
    pub from: Timestamp,
    /// When it closes.
    pub to: Timestamp,
}

/// Checks a schedule.
///
/// # Errors
/// What cannot be.
pub fn check(schedule: &Schedule) -> Result<(), Wrong> {
    let wrong = |pointer, detail: String| Err(Wrong { pointer, detail });
    if !(schedule.duration_s >= 60.0 && schedule.duration_s <= MAX_DURATION_S) {
        return wrong("/duration_s", format!("must be between 60 and {MAX_DURATION_S}"));
    }
    if schedule.once.is_some() {
        return Ok(());
    }
    if time(&schedule.at).is_none() {
        return wrong("/at", "must be a time of day, as HH:MM".to_owned());
    }
    match TimeZone::get(&schedule.time_zone) {
        Ok(_) => Ok(()),
        Err(_) => wrong("/time_zone", format!("there is no time zone {}", schedule.time_zone)),
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

const fn day(day: Weekday) -> CivilDay {
    match day {
        Weekday::Mon => CivilDay::Monday,
        Weekday::Tue => CivilDay::Tuesday,
        Weekday::Wed => CivilDay::Wednesday,
        Weekday::Thu => CivilDay::Thursday,
        Weekday::Fri => CivilDay::Friday,
        Weekday::Sat => CivilDay::Saturday,
        Weekday::Sun => CivilDay::Sunday,
    }
}

/// The opening that has not closed at `now`: the one that is open, or else the next. None for one
/// that was once, or whose time zone is not known here.
pub fn opening(schedule: &Schedule, now: Timestamp) -> Option<Opening> {
    let lasts = (schedule.duration_s * 1_000.0) as i64;
    if let Some(from) = schedule.once {
        let to = from.plus(lasts);
        return (now < to).then_some(Opening { from, to });
    }
    let zone = TimeZone::get(&schedule.time_zone).ok()?;
    let at = time(&schedule.at)?;
    let today = Instant::from_millisecond(now.ms()).ok()?.to_zoned(zone.clone()).date();
    let back = i32::try_from(lasts / 86_400_000 + 1).ok()?;
    // Two weeks hold every day of the week twice, whatever a change of the clocks does.
    let openings = (-back..=14).filter_map(|days| {
        let date: Date = today.checked_add(Span::new().try_days(days).ok()?).ok()?;
        let due = schedule.days.is_empty()
            || schedule.days.iter().any(|wanted| day(*wanted) == date.weekday());
        let from = due.then(|| date.to_datetime(at).to_zoned(zone.clone()).ok())??;
        let from = Timestamp::from_ms(from.timestamp().as_millisecond());
        Some(Opening { from, to: from.plus(lasts) })
    });
    openings.filter(|opening| now < opening.to).min_by_key(|opening| opening.from)
}

/// What is to be opened or ended at `now`, and when the next window opens.
pub fn plan(state: &State, now: Timestamp) -> (Vec<Event>, Option<Timestamp>) {
    let mut events = Vec::new();
    let mut next: Option<Timestamp> = None;
    for window in state.maintenance.values().filter(|window| window.enabled) {
        let Some(Opening { from, to }) = opening(&window.schedule, now) else { continue };
        if now < from {
            next = Some(next.map_or(from, |next| next.min(from)));
            continue;
        }
        // The window opens again right where it closes, if it is always open.
        next = Some(next.map_or(to, |next| next.min(to)));
        if state.maintained.get(&window.id).is_some_and(|until| *until >= to) {
            continue;
        }
        events.push(Event::Silenced(Silence {
            silence: format!("{}-{}", window.id, from.ms()).into(),
            alert: None,
            matcher: window.matcher.clone(),
            until: to,
            comment: window.name.clone(),
            actor: ACTOR.into(),
            maintenance: Some(window.id.clone()),
            since: now,
        }));
    }
    for silence in state.silences.values() {
        let Some(id) = &silence.maintenance else { continue };
        let opening = state
            .maintenance
            .get(id)
            .filter(|window| window.enabled && window.matcher == silence.matcher)
            .and_then(|window| opening(&window.schedule, now));
        if opening.is_none_or(|opening| opening.from > now || opening.to != silence.until) {
            let ended = SilenceEnded { silence: silence.silence.clone(), actor: ACTOR.into() };
            events.insert(0, Event::SilenceEnded(ended));
        }
    }
    (events, next)
}

/// Names for the ids of windows that are open.
pub fn open_until(state: &State, id: &Arc<str>) -> Option<Timestamp> {
    let of = state.silences.values().filter(|silence| silence.maintenance.as_ref() == Some(id));
    of.map(|silence| silence.until).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check_opening(schedule: &str, now: &str, expect: Option<(&str, &str)>) {
        let schedule: Schedule = serde_json::from_str(schedule).unwrap();
        check(&schedule).unwrap();
        let expect = expect.map(|(from, to)| Opening { from: at(from), to: at(to) });
        assert_eq!(opening(&schedule, at(now)), expect, "{schedule:?} {now}");
    }

    #[test]
    fn windows_recur_in_their_time_zone() {
        let nightly = r#"{"at":"22:00","duration_s":14400,"time_zone":"Europe/Berlin"}"#;
        // In winter Berlin is one hour ahead, in summer two.
        let winter = Some(("2026-01-10T21:00:00.000Z", "2026-01-11T01:00:00.000Z"));
        check_opening(nightly, "2026-01-10T12:00:00.000Z", winter);
        check_opening(nightly, "2026-01-11T00:59:59.999Z", winter);
        let summer = Some(("2026-07-10T20:00:00.000Z", "2026-07-11T00:00:00.000Z"));
        check_opening(nightly, "2026-07-10T12:00:00.000Z", summer);
        let sunday = r#"{"at":"06:30","days":["sun"],"duration_s":3600}"#;
        let next = Some(("2026-11-29T06:30:00.000Z", "2026-11-29T07:30:00.000Z"));
        check_opening(sunday, "2026-11-25T00:00:00.000Z", next);
    }

    #[test]
    fn an_hour_that_is_skipped_begins_when_the_clocks_have_changed() {
        let daily = r#"{"at":"02:30","duration_s":600,"time_zone":"Europe/Berlin"}"#;
        let shifted = Some(("2026-03-29T01:30:00.000Z", "2026-03-29T01:40:00.000Z"));
        check_opening(daily, "2026-03-29T00:50:00.000Z", shifted);
    }

    #[test]
    fn a_window_can_be_once() {
        let once = r#"{"once":"2026-01-01T00:00:00.000Z","duration_s":60}"#;
        let open = Some(("2026-01-01T00:00:00.000Z", "2026-01-01T00:01:00.000Z"));
        check_opening(once, "2025-01-01T00:00:00.000Z", open);
        check_opening(once, "2026-01-01T00:01:00.000Z", None);
    }

    #[track_caller]
    fn check_wrong(schedule: &str, pointer: &str) {
        let schedule: Schedule = serde_json::from_str(schedule).unwrap();
        assert_eq!(check(&schedule).map_err(|wrong| wrong.pointer), Err(pointer));
    }

    #[test]
    fn what_cannot_be_is_named() {
        check_wrong(r#"{"at":"25:00","duration_s":60}"#, "/at");
        check_wrong(r#"{"at":"10:00","duration_s":1}"#, "/duration_s");
        check_wrong(r#"{"at":"10:00","duration_s":60,"time_zone":"Mars/Olympus"}"#, "/time_zone");
    }
}
