//! Each rule at, just below and just above its threshold; rows, scores and deadlines.

mod jobs;
mod story;

use super::*;
use crate::domain::projects::{RunError, ValidationStatus};
use ValidationStatus::{Error, Failed, Passed, Skipped};
use story::{NOW, Story, id, story};

/// What `rule` finds now: severity and points, or nothing.
#[track_caller]
fn check(story: &Story, rule: &str, expect: Option<(Severity, u32)>) {
    let assessment = story.now();
    let found = assessment.findings.iter().find(|f| f.rule == rule);
    assert_eq!(found.map(|f| (f.severity, f.points)), expect, "{assessment:#?}");
}

const WARNING: Severity = Severity::Warning;
const CRITICAL: Severity = Severity::Critical;

#[test]
fn the_last_run_that_ran_decides() {
    const RULE: &str = "project.validation_failed";
    check(&story().run(HOUR, Passed), RULE, None);
    check(&story().run(HOUR, Failed), RULE, Some((CRITICAL, 40)));
    check(&story().run(HOUR, Error), RULE, Some((CRITICAL, 40)));
    check(&story().run(HOUR, Failed).run(0, Passed), RULE, None);
    check(&story().run(HOUR, Failed).run(0, Skipped), RULE, Some((CRITICAL, 40)));
    check(&story().run(HOUR, Skipped), RULE, None);
}

#[test]
fn a_streak_of_failures_counts_from_the_first() {
    let story = story().run(3 * HOUR, Passed).run(2 * HOUR, Failed).run(HOUR, Skipped);
    let found = story.errors(MINUTE, 2).now().findings.remove(0);
    assert_eq!(found.since, Timestamp::from_ms(NOW - 2 * HOUR));
    assert_eq!(found.evidence.value, Some(2.0));
    assert_eq!(found.evidence.sample.as_deref(), Some("took too long"));
    assert_eq!(found.evidence.link, "/projects/pay%20api");
    assert_eq!(found.subject, "project/pay api");
}

#[test]
fn an_older_run_counts_but_is_not_shown() {
    let story = story().run(HOUR, Passed).errors(2 * HOUR, 3);
    let item = story.now().item;
    assert_eq!(item.validation_status, Some(Passed));
    assert_eq!((item.status, item.score), (ProjectStatus::Healthy, Some(100)));
    assert_eq!((item.error_count, item.success_rate), (3, Some(0.5)));
    let detail = detail(&story.state.by_id[&id()], Timestamp::from_ms(NOW));
    assert_eq!(detail.runs.iter().map(|r| r.status).collect::<Vec<_>>(), [Passed, Failed]);
}

#[test]
fn success_rate_against_its_thresholds() {
    const RULE: &str = "project.success_rate";
    let of = |passed, failed| {
        let start = (failed + passed) * MINUTE;
        let story = story().runs(failed, start, MINUTE, Failed);
        story.runs(passed, passed * MINUTE, MINUTE, Passed)
    };
    check(&of(9, 1), RULE, None);
    check(&of(89, 11), RULE, Some((WARNING, 1)));
    check(&of(8, 2), RULE, Some((WARNING, 5)));
    check(&of(5, 5), RULE, Some((WARNING, 20)));
    check(&of(49, 51), RULE, Some((CRITICAL, 21)));
    check(&of(0, 4), RULE, Some((CRITICAL, 45)));
    check(&of(1, 1), RULE, None);
    check(&of(1, 2), RULE, Some((CRITICAL, 28)));
    check(&of(1, 1).run(MINUTE, Skipped), RULE, None);
}

#[test]
fn success_rate_is_over_a_day() {
    const RULE: &str = "project.success_rate";
    let failed = |ago| story().runs(3, ago, 0, Failed).run(0, Passed);
    check(&failed(DAY), RULE, Some((CRITICAL, 33)));
    check(&failed(DAY + 1), RULE, None);
}

#[test]
fn errors_rise_against_the_day_before() {
    const RULE: &str = "project.errors_rising";
    let of = |before, now| story().errors(30 * HOUR, before).errors(HOUR, now);
    check(&of(4, 6), RULE, None);
    check(&of(4, 7), RULE, Some((WARNING, 10)));
    check(&of(0, 4), RULE, None);
    check(&of(0, 5), RULE, Some((WARNING, 10)));
    check(&story().errors(HOUR, 50), RULE, None);
}

#[test]
fn durations_against_the_projects_own_week() {
    const RULE: &str = "project.duration_regressed";
    let of =
        |n, usual, recent, now| story().took(n, 5 * DAY, usual).took(recent, recent * MINUTE, now);
    check(&of(10, 1_000.0, 5, 1_400.0), RULE, None);
    check(&of(10, 1_000.0, 5, 1_600.0), RULE, Some((WARNING, 10)));
    check(&of(9, 1_000.0, 5, 1_600.0), RULE, None);
    check(&of(10, 1_000.0, 4, 1_600.0), RULE, None);
    check(&of(10, 1_000.0, 5, 1_000.0), RULE, None);
}

#[test]
fn stale_after_three_intervals() {
    let story = story().run(4 * HOUR, Passed).run(2 * HOUR, Passed).run(0, Passed);
    let (fresh, stale) = (story.at(6 * HOUR), story.at(6 * HOUR + 1));
    assert_eq!((fresh.item.status, fresh.item.stale), (ProjectStatus::Healthy, false));
    assert_eq!((stale.item.status, stale.item.stale), (ProjectStatus::Unknown, true));
    assert_eq!(stale.item.score, None);
    let found = &stale.findings[0];
    assert_eq!((found.rule.as_str(), found.severity, found.points), ("project.stale", WARNING, 0));
    assert_eq!(
        found.message,
        "pay api was last validated at 1970-01-11 12:00 UTC; one comes every 2 h as a rule."
    );
    assert_eq!(found.since, Timestamp::from_ms(NOW + 6 * HOUR));
}

#[test]
fn never_stale_within_ten_minutes() {
    let story = story().run(2 * MINUTE, Passed).run(MINUTE, Passed).run(0, Passed);
    assert!(!story.at(10 * MINUTE).item.stale);
    assert!(story.at(10 * MINUTE + 1).item.stale);
}

#[test]
fn without_a_rhythm_stale_after_a_week() {
    let story = story().run(HOUR, Passed).run(0, Passed);
    assert!(!story.at(7 * DAY).item.stale);
    assert!(story.at(7 * DAY + 1).item.stale);
}

#[test]
fn a_stale_failure_stays_named_but_costs_nothing() {
    let stale = story().run(0, Failed).at(8 * DAY);
    assert_eq!(stale.item.status, ProjectStatus::Unknown);
    let seen: Vec<_> = stale.findings.iter().map(|f| (f.rule.as_str(), f.points)).collect();
    assert_eq!(seen, [("project.validation_failed", 0), ("project.stale", 0)]);
    assert!(stale.item.score_parts.is_empty());
}

#[test]
fn never_validated_is_unknown() {
    let known = story().register(HOUR, |r| r.name = Some("Payments".into())).now();
    assert_eq!((known.item.status, known.item.score), (ProjectStatus::Unknown, None));
    assert_eq!((known.item.name.as_str(), known.item.stale), ("Payments", false));
    assert_eq!(known.findings[0].rule, "project.never_validated");
    assert_eq!(known.findings[0].severity, Severity::Info);
    assert_eq!(known.next, None);
}

#[test]
fn scores_are_what_their_parts_leave() {
    let mut story = story().took(20, 5 * DAY, 100.0).errors(30 * HOUR, 1);
    for i in 0..30 {
        story = story.run_with((30 - i) * MINUTE, |run| {
            let error = |i| RunError {
                kind: format!("E{i}").into(),
                message: String::new(),
                file: None,
                line: None,
                count: 1,
            };
            run.status = Failed;
            run.duration_ms = Some(900.0);
            run.errors = (0..3).map(error).collect();
        });
        let Assessment { item, findings, .. } = story.at((i - 30) * MINUTE);
        let parts: u32 = item.score_parts.iter().map(|p| p.points).sum();
        assert_eq!(item.score.map(|score| score + parts), Some(100));
        assert_eq!(parts, findings.iter().map(|f| f.points).sum::<u32>());
    }
    // 40 + 45 + 10 + 10 is more than there is: the last part is cut.
    let item = story.now().item;
    assert_eq!(item.score, Some(0));
    assert_eq!(item.score_parts.last().map(|p| p.points), Some(5));
}

#[test]
fn archived_projects_leave_and_come_back() {
    let gone = story().run(HOUR, Failed).register(MINUTE, |r| r.archived = Some(true));
    assert!(gone.state.get(&id()).is_none());
    assert_eq!(gone.state.live().count(), 0);
    let late = gone.register(2 * MINUTE, |r| r.archived = Some(false));
    assert!(late.state.get(&id()).is_none(), "an older word does not bring it back");
    let back = late.register(0, |r| r.archived = Some(false));
    assert_eq!(back.now().item.validation_status, Some(Failed));
    assert!(back.state.get(&id()).is_some());
}

#[test]
fn a_registration_keeps_what_it_leaves_out() {
    let story = story()
        .register(HOUR, |r| (r.owner, r.name) = (Some("ann".into()), Some("new".into())))
        .register(2 * HOUR, |r| (r.name, r.url) = (Some("old".into()), Some("http://x".into())));
    let item = story.now().item;
    assert_eq!((item.name.as_str(), item.owner.as_deref()), ("new", Some("ann")));
    assert_eq!(item.url.as_deref(), Some("http://x"));
}

#[test]
fn response_times_are_on_the_page() {
    let story = (1..=100).fold(story(), |story, ms| story.request(MINUTE, ms));
    let page = detail(&story.state.by_id[&id()], Timestamp::from_ms(NOW));
    let p95 = page.response_time_ms.p95.unwrap();
    assert!((p95 - 95.0).abs() <= 0.95, "{p95}");
    assert_eq!(story.now().item.duration_ms, Percentiles::default());
}

/// The law of deadlines: nothing changes before `next`, and `next` always lies ahead. Returns how
/// often something was due until the project came to rest.
#[track_caller]
fn deadlines(story: &Story) -> usize {
    let project = &story.state.by_id[&id()];
    let seen = |at| {
        let Assessment { item, findings, next } = assess(project, at);
        ((item, findings, detail(project, at)), next)
    };
    let mut at = Timestamp::from_ms(NOW);
    let mut steps = 0;
    while let (now, Some(next)) = seen(at) {
        assert!(next > at);
        let middle = at.plus(next.since(at) / 2);
        assert_eq!(seen(middle).0, now);
        assert_eq!(seen(next.plus(-1)).0, now);
        at = next;
        steps += 1;
        assert!(steps < 500, "does not come to rest");
    }
    assert_eq!(seen(at).0, seen(at.plus(100 * DAY)).0);
    steps
}

#[test]
fn nothing_changes_before_it_says_so() {
    // The hour turns 50 times until the errors are gone; the rest is single deadlines.
    assert!(deadlines(&story().errors(23 * HOUR, 9).run(30 * MINUTE, Passed)) > 25);
    assert_eq!(deadlines(&story().register(HOUR, |_| {})), 0);
    assert_eq!(deadlines(&story().request(10 * HOUR, 80)), 1);
    // Of one run: the hour, the day, its duration, the week, and then it is stale.
    let run = story().run_with(30 * MINUTE, |run| run.duration_ms = Some(5.0));
    assert_eq!(deadlines(&run), 6);
    // The baseline leaves while the day that is held against it is still there.
    let regressed = story().took(12, 7 * DAY + 20 * HOUR, 100.0).took(6, HOUR, 300.0);
    let slow =
        |at| regressed.at(at).findings.iter().any(|f| f.rule == "project.duration_regressed");
    assert!(slow(11 * HOUR) && !slow(13 * HOUR));
    deadlines(&regressed);
}
