//! Jobs: their schedule in words, and where they stand.

use crate::domain::projects::{JobItem, JobState};
use crate::ui::format;
use crate::ui::widgets::{Icon, IconName, Snippet, ago};
use leptos::prelude::*;

/// A schedule in words: `every 5 min`, `daily at 03:00`, or the line of crontab itself.
pub fn when(every_s: Option<u32>, line: Option<&str>, tz: Option<&str>) -> String {
    let Some(line) = line else {
        return format!("every {}", format::duration(f64::from(every_s.unwrap_or_default()) * 1e3));
    };
    let number = |text: &str| text.parse::<u8>().ok();
    let fields: Vec<&str> = line.split(' ').collect();
    let zone = tz.unwrap_or("UTC");
    match fields.as_slice() {
        [minute, hour, "*", "*", "*"] => match (number(minute), number(hour)) {
            (Some(minute), Some(hour)) => format!("daily at {hour:02}:{minute:02} {zone}"),
            (Some(minute), None) if *hour == "*" => format!("hourly at :{minute:02}"),
            _ => format!("{line} {zone}"),
        },
        _ => format!("{line} {zone}"),
    }
}

/// The schedule of a job in words.
pub fn schedule(job: &JobItem) -> String {
    when(job.every_s, job.schedule.as_deref(), job.tz.as_deref())
}

/// How a job is doing, in a word, with the class of its colour.
pub const fn state(state: JobState) -> (&'static str, &'static str) {
    match state {
        JobState::Waiting => ("waiting for its first ping", "unk"),
        JobState::Running => ("running", "ok"),
        JobState::Late => ("late", "crit"),
        JobState::Ok => ("on time", "ok"),
        JobState::Failed => ("failed", "crit"),
    }
}

/// What a project's page says of its schedule.
pub fn facts(job: &JobItem) -> AnyView {
    let fact =
        |name: &'static str, value: AnyView| view! { <dt>{name}</dt> <dd>{value}</dd> }.into_any();
    let (word, class) = state(job.state);
    let grace = format::duration(f64::from(job.grace_s) * 1e3);
    let due = job.next_due.map(|at| format!("{} UTC", format::day_clock(at)));
    let mut all = vec![
        fact("Schedule", view! { <Icon name=IconName::Waiting /> " " {schedule(job)} }.into_any()),
        fact("State", view! { <span class=class>{word}</span> }.into_any()),
        fact("Expected", due.unwrap_or_else(|| "—".to_owned()).into_any()),
        fact("Grace", grace.into_any()),
    ];
    all.extend(job.last_ping_at.map(|at| fact("Last ping", ago(at))));
    all.extend(job.started_at.map(|at| fact("Began", ago(at))));
    view! {
        <dl class="facts">{all}</dl>
        <p class="muted">"It reports to its own address, which was shown when it was made:"</p>
        <Snippet line="your-job; curl -fsS -m 10 --retry 3 {origin}/ping/TOKEN/$?" />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(every_s: Option<u32>, line: Option<&str>, tz: Option<&str>, expect: &str) {
        // A number and its unit do not part.
        assert_eq!(when(every_s, line, tz).replace('\u{a0}', " "), expect);
    }

    #[test]
    fn schedules_are_told_in_words() {
        check(Some(300), None, None, "every 5 min");
        check(Some(90), None, None, "every 1 min 30 s");
        check(None, Some("5 3 * * *"), Some("Europe/Paris"), "daily at 03:05 Europe/Paris");
        check(None, Some("5 * * * *"), None, "hourly at :05");
        check(None, Some("*/5 * * * *"), None, "*/5 * * * * UTC");
        check(None, Some("0 3 * * 1"), None, "0 3 * * 1 UTC");
        check(None, Some("@daily"), None, "@daily UTC");
    }
}
