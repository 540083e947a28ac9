use super::*;
use crate::domain::projects::{JobItem, ProjectKind};

const NOW: i64 = 1_800_000_000_000;

fn item(status: ProjectStatus) -> ProjectItem {
    ProjectItem {
        project: ProjectId::try_from("p".to_owned()).unwrap(),
        name: "Pay".to_owned(),
        owner: None,
        url: None,
        tags: Vec::new(),
        status,
        validation_status: None,
        score: Some(92),
        score_parts: Vec::new(),
        last_validation_at: Some(Timestamp::from_ms(NOW - 3 * 3_600_000)),
        success_rate: Some(0.996),
        error_count: 0,
        error_trend: Default::default(),
        error_hours: Vec::new(),
        duration_ms: Default::default(),
        updated_at: Timestamp::from_ms(NOW),
        stale: false,
        kind: ProjectKind::Project,
        job: None,
    }
}

#[track_caller]
fn check(item: &ProjectItem, query: &str, expect: Result<(&str, &str, &str), &str>) {
    let uri: axum::http::Uri = format!("/?{query}").parse().unwrap();
    let params: BadgeParams = Query::try_from_uri(&uri).unwrap().0;
    let badge = Badge::of(item, &params, Timestamp::from_ms(NOW));
    match (&badge, expect) {
        (Ok(badge), Ok(expect)) => {
            assert_eq!((badge.label.as_str(), badge.message.as_str(), badge.color), expect);
        }
        (Err(error), Err(pointer)) => assert_eq!(error.errors[0].pointer, pointer),
        _ => panic!("{query}: {badge:?}, expected {expect:?}"),
    }
}

#[test]
fn a_badge_says_what_it_is_asked_for() {
    let healthy = item(ProjectStatus::Healthy);
    check(&healthy, "", Ok(("Pay", "healthy", GREEN)));
    check(&healthy, "metric=score", Ok(("Pay", "92/100", GREEN)));
    check(&healthy, "metric=success_rate&label=runs", Ok(("runs", "99 %", GREEN)));
    check(&item(ProjectStatus::Warning), "metric=status", Ok(("Pay", "warning", YELLOW)));
    check(&item(ProjectStatus::Critical), "", Ok(("Pay", "critical", RED)));
    let quiet = ProjectItem { success_rate: None, ..healthy.clone() };
    check(&quiet, "metric=success_rate", Ok(("Pay", "no runs", GREY)));
    check(&healthy, "metric=speed", Err("/metric"));
    check(&healthy, &format!("label={}", "x".repeat(81)), Err("/label"));
}

#[test]
fn what_is_not_known_is_grey_and_says_so() {
    let never = ProjectItem { last_validation_at: None, ..item(ProjectStatus::Unknown) };
    check(&never, "", Ok(("Pay", "unknown", GREY)));
    let stale = ProjectItem { stale: true, ..item(ProjectStatus::Unknown) };
    for metric in ["status", "score", "success_rate"] {
        check(&stale, &format!("metric={metric}"), Ok(("Pay", "stale 3 h", GREY)));
    }
}

#[test]
fn a_job_that_is_late_says_so() {
    let job = JobItem {
        every_s: Some(60),
        schedule: None,
        tz: None,
        grace_s: 60,
        state: JobState::Late,
        next_due: None,
        last_ping_at: None,
        started_at: None,
    };
    let late = ProjectItem { job: Some(job), ..item(ProjectStatus::Critical) };
    check(&late, "", Ok(("Pay", "late", RED)));
}
