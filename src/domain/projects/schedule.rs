//! When a job is expected: lines as crontab has them, in any time zone.
//!
//! Five fields (minute, hour, day of month, month, day of week) with `*`, lists, ranges, steps and
//! English names, or one of `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly` and
//! `@annually`. As in Vixie cron, a day fits if either of its two fields does, unless one of them
//! begins with `*`: then both must. What falls into an hour that the clock skips is expected when
//! the clock goes on; of an hour that comes twice, the first counts.

use crate::wire::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Moment};

/// How far ahead a fitting day is looked for: a 29 February may be eight years away.
const DAYS_AHEAD: u32 = 8 * 366 + 1;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A line of crontab, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// Sunday is 0.
    weekdays: u64,
    /// Whether a day must fit both of its fields.
    both: bool,
}

/// A field: its name, its bounds, and the names that its values have.
struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", first: 0, last: 59, names: &[] },
    Field { name: "hour", first: 0, last: 23, names: &[] },
    Field { name: "day of month", first: 1, last: 31, names: &[] },
    Field { name: "month", first: 1, last: 12, names: &MONTHS },
    // 7 is Sunday too.
    Field { name: "day of week", first: 0, last: 7, names: &WEEKDAYS },
];

impl Cron {
    /// Reads a line.
    ///
    /// # Errors
    /// Which field cannot be, and what it may hold.
    pub fn parse(line: &str) -> Result<Self, String> {
        let line = match line.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            line => line,
        };
        let parts: Vec<&str> = line.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err("must have five fields: minute, hour, day of month, month, day of week \
                (0 3 * * *)"
                .to_owned());
        };
        let [of_minute, of_hour, of_day, of_month, of_weekday] = &FIELDS;
        let weekdays = of_weekday.read(weekday)?;
        Ok(Self {
            minutes: of_minute.read(minute)?,
            hours: of_hour.read(hour)?,
            days: of_day.read(day)?,
            months: of_month.read(month)?,
            weekdays: (weekdays | (weekdays >> 7)) & 0x7f,
            both: day.starts_with('*') || weekday.starts_with('*'),
        })
    }

    /// The first moment after `after` that fits; none if there is none within eight years.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let here = Moment::from_millisecond(after.ms()).ok()?.to_zoned(zone.clone());
        let (mut date, begun) = (here.date(), here.date());
        let now = (here.hour(), here.minute());
        for _ in 0..DAYS_AHEAD {
            if self.on(date) {
                for (hour, minute) in self.times().filter(|time| date != begun || *time >= now) {
                    let there = date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?;
                    let at = Timestamp::from_ms(there.timestamp().as_millisecond());
                    if at > after {
                        return Some(at);
                    }
                }
            }
            date = date.checked_add(Span::new().days(1)).ok()?;
        }
        None
    }

    fn on(&self, date: Date) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let fits = if self.both { day && weekday } else { day || weekday };
        fits && has(self.months, date.month())
    }

    fn times(&self) -> impl Iterator<Item = (i8, i8)> {
        let hours = (0..24).filter(|hour| has(self.hours, *hour));
        hours.flat_map(|hour| {
            (0..60).filter(|minute| has(self.minutes, *minute)).map(move |minute| (hour, minute))
        })
    }
}

fn has(set: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| set >> value & 1 == 1)
}

impl Field {
    /// The values that a field holds, a bit each.
    fn read(&self, text: &str) -> Result<u64, String> {
        text.split(',').try_fold(0, |set, part| Ok(set | self.part(part)?))
    }

    fn part(&self, part: &str) -> Result<u64, String> {
        let (range, step) = match part.split_once('/') {
            None => (part, None),
            Some((range, step)) => {
                let step = step.parse::<usize>().ok().filter(|step| (1..=60).contains(step));
                (range, Some(step.ok_or_else(|| self.wrong(part))?))
            }
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.first, self.last),
            Some((from, to)) => (self.value(from, part)?, self.value(to, part)?),
            None => {
                let from = self.value(range, part)?;
                // `5/15` goes on from 5.
                (from, if step.is_some() { self.last } else { from })
            }
        };
        if from > to {
            return Err(self.wrong(part));
        }
        Ok((from..=to).step_by(step.unwrap_or(1)).fold(0, |set, value| set | 1 << value))
    }

    fn value(&self, text: &str, part: &str) -> Result<u32, String> {
        let named = self.names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let named = named.and_then(|place| u32::try_from(place).ok()).map(|n| n + self.first);
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let value = named.or_else(|| text.parse().ok().filter(|_| digits));
        value.filter(|n| (self.first..=self.last).contains(n)).ok_or_else(|| self.wrong(part))
    }

    fn wrong(&self, part: &str) -> String {
        let Self { name, first, last, .. } = self;
        let part: String = part.chars().take(40).collect();
        format!("`{part}` is no {name}: values are {first} to {last}, with `*`, `,`, `-` and `/`")
    }
}

/// The time zone of this name (`Europe/Paris`); UTC if none is named.
///
/// # Errors
/// There is none.
pub fn zone(name: Option<&str>) -> Result<TimeZone, String> {
    let Some(name) = name else { return Ok(TimeZone::UTC) };
    TimeZone::get(name).map_err(|_| "must be a time zone such as Europe/Paris".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes after `after`, in a zone; or part of what is wrong with the line.
    #[track_caller]
    fn check(line: &str, tz: &str, after: &str, expect: &str) {
        let after: Timestamp = after.parse().unwrap();
        let next = Cron::parse(line).map(|cron| cron.next(after, &zone(Some(tz)).unwrap()));
        let got = match next {
            Ok(Some(at)) => at.to_string().replace(":00.000Z", "Z"),
            Ok(None) => "never".to_owned(),
            Err(why) => why,
        };
        assert!(got.contains(expect), "{line} after {after} in {tz}: {got}, not {expect}");
    }

    #[track_caller]
    fn utc(line: &str, after: &str, expect: &str) {
        check(line, "UTC", after, expect);
    }

    // A Wednesday.
    const NOON: &str = "2026-07-01T12:00:00Z";

    #[test]
    fn fields_are_read_as_cron_reads_them() {
        utc("*/5 * * * *", NOON, "2026-07-01T12:05Z");
        utc("* * * * *", "2026-07-01T12:00:00.001Z", "2026-07-01T12:01Z");
        utc("* * * * *", "2026-07-01T11:59:59.999Z", "2026-07-01T12:00Z");
        utc("0 3 * * *", NOON, "2026-07-02T03:00Z");
        utc("7/20 * * * *", NOON, "2026-07-01T12:07Z");
        utc("30 8-10/2,23 * * *", NOON, "2026-07-01T23:30Z");
        utc("0 0 1 * *", NOON, "2026-08-01T00:00Z");
        utc("0 0 * * 7", NOON, "2026-07-05T00:00Z");
        utc("0 0 * * MON-fri", "2026-07-03T12:00:00Z", "2026-07-06T00:00Z");
        utc("0 0 * feb *", NOON, "2027-02-01T00:00Z");
        utc("@weekly", NOON, "2026-07-05T00:00Z");
        utc("@hourly", NOON, "2026-07-01T13:00Z");
    }

    #[test]
    fn a_day_fits_by_either_field_or_by_both() {
        utc("0 0 13 * 5", NOON, "2026-07-03T00:00Z");
        utc("0 0 4 * 1", NOON, "2026-07-04T00:00Z");
        utc("0 0 */2 * 1", NOON, "2026-07-13T00:00Z");
        utc("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00Z");
        utc("0 0 30 2 *", NOON, "never");
    }

    #[test]
    fn the_clock_of_the_zone_counts() {
        check("0 3 * * *", "Europe/Paris", NOON, "2026-07-02T01:00Z");
        check("0 3 * * *", "Europe/Paris", "2026-12-01T12:00:00Z", "2026-12-02T02:00Z");
        // Half past two does not exist on that day, and comes twice on the other.
        check("30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z", "2026-03-29T01:30Z");
        check("30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00Z", "2026-10-25T00:30Z");
        check("30 2 * * *", "Europe/Paris", "2026-10-25T00:30:00Z", "2026-10-26T01:30Z");
    }

    #[test]
    fn what_cannot_be_is_named() {
        utc("", NOON, "five fields");
        utc("0 3 * *", NOON, "five fields");
        utc("60 * * * *", NOON, "`60` is no minute: values are 0 to 59");
        utc("* 5-3 * * *", NOON, "`5-3` is no hour");
        utc("* * 0 * *", NOON, "day of month");
        utc("* * * foo *", NOON, "month");
        utc("* * * * 8", NOON, "day of week");
        utc("*/0 * * * *", NOON, "minute");
        utc("+5 * * * *", NOON, "minute");
        utc("@reboot", NOON, "five fields");
        assert!(zone(Some("Mars/Olympus")).is_err());
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in "[0-9*/,a-z@ -]{0,24}", after in 0_i64..4_000_000_000_000) {
            if let Ok(cron) = Cron::parse(&line) {
                let after = Timestamp::from_ms(after);
                let next = cron.next(after, &TimeZone::UTC);
                prop_assert!(next.is_none_or(|at| at > after && at.ms() % 60_000 == 0));
            }
        }
    }
}
