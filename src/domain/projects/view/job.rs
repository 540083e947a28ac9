//! Jobs: their schedule in words, and where they stand.

use crate::domain::projects::{JobItem, JobState};
use crate::ui::format;
use crate::ui::widgets::{Icon, IconName, Snippet, ago};
use leptos::prelude::*;

/// A schedule in words: `every 5 min`, `daily at 03:00`, or the line of crontab itself.
pub fn when(every_s: Option<u32>, line: Option<&str>, tz: Option<&str>) -> String {
    let Some(line) = line else {
        return format!("every {}", span(every_s.unwrap_or_default()));
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

/// A number of seconds in words.
pub fn span(seconds: u32) -> String {
    match seconds {
        0..60 => format!("{seconds}\u{a0}s"),
        _ => format::duration(f64::from(seconds) * 1e3),
    }
}

/// The schedule of a job in words.
pub fn schedule(job: &JobItem) -> String {
    when(job.every_s, job.schedule.as_deref(), job.tz.as_deref())
}

/// A schedule with its clock, as it stands beside names.
pub fn mark(when: String) -> AnyView {
    view! {
        <span class="tag job" title="When the job is expected"><Icon name=IconName::Waiting />{when}</span>
    }
    .into_any()
}

/// How a job is doing, in a word and its colour.
pub fn badge(state: JobState) -> AnyView {
    let (word, class) = match state {
        JobState::Waiting => ("waiting for its first ping", "st unk"),
        JobState::Running => ("running", "st ok"),
        JobState::Late => ("late", "st crit"),
        JobState::Ok => ("on time", "st ok"),
        JobState::Failed => ("failed", "st crit"),
    };
    view! { <span class=class>{word}</span> }.into_any()
}

/// What a project's page says of its schedule.
pub fn facts(job: &JobItem) -> AnyView {
    let fact =
        |name: &'static str, value: AnyView| view! { <dt>{name}</dt> <dd>{value}</dd> }.into_any();
    let due = job.next_due.map(|at| format!("{} UTC", format::day_clock(at)));
    let mut all = vec![
        fact("Schedule", mark(schedule(job))),
        fact("State", badge(job.state)),
        fact("Expected", due.unwrap_or_else(|| "—".to_owned()).into_any()),
        fact("Grace", span(job.grace_s).into_any()),
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
        check(Some(1), None, None, "every 1 s");
        check(Some(90), None, None, "every 1 min 30 s");
        check(None, Some("5 3 * * *"), Some("Europe/Paris"), "daily at 03:05 Europe/Paris");
        check(None, Some("5 * * * *"), None, "hourly at :05");
        check(None, Some("*/5 * * * *"), None, "*/5 * * * * UTC");
        check(None, Some("0 3 * * 1"), None, "0 3 * * 1 UTC");
        check(None, Some("@daily"), None, "@daily UTC");
    }
}
