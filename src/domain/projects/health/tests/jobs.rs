//! Jobs against their schedules: when they are late, and when they run too long.

use super::story::{NOW, Story, id, story};
use super::{CRITICAL, Failed, Passed, WARNING, check, deadlines};
use crate::domain::projects::{
    Event, JobScheduled, JobStarted, JobState, JobUnscheduled, ProjectKind, ProjectStatus,
};
use crate::domain::window::{DAY, HOUR, MINUTE};
use crate::wire::Timestamp;

impl Story {
    fn scheduled(self, ago: i64, change: impl Fn(&mut JobScheduled)) -> Self {
        let mut plan = JobScheduled {
            project: id(),
            ping: "ping".into(),
            hash: "hash".into(),
            every_s: Some(3_600),
            schedule: None,
            tz: None,
            grace_s: 600,
            actor: "ann".into(),
        };
        change(&mut plan);
        self.event(ago, &Event::JobScheduled(plan))
    }

    fn hourly(self, ago: i64) -> Self {
        self.scheduled(ago, |_| {})
    }

    fn started(self, ago: i64) -> Self {
        self.event(ago, &Event::JobStarted(JobStarted { project: id() }))
    }

    fn unscheduled(self, ago: i64, ping: &str) -> Self {
        let (project, ping, actor) = (id(), ping.into(), "ann".into());
        self.event(ago, &Event::JobUnscheduled(JobUnscheduled { project, ping, actor }))
    }
}

/// State of the job and status of the project `later` than now.
#[track_caller]
fn state(story: &Story, later: i64, expect: (JobState, ProjectStatus)) {
    let item = story.at(later).item;
    assert_eq!((item.job.unwrap().state, item.status), expect);
}

const LATE: &str = "job.late";
const OVERRUNNING: &str = "job.overrunning";

#[test]
fn a_job_that_never_reported_is_unknown_until_its_first_time_is_over() {
    let job = story().hourly(0);
    state(&job, 0, (JobState::Waiting, ProjectStatus::Unknown));
    state(&job, 70 * MINUTE, (JobState::Waiting, ProjectStatus::Unknown));
    state(&job, 70 * MINUTE + 1, (JobState::Late, ProjectStatus::Critical));
    assert_eq!(job.at(70 * MINUTE + 1).item.score, Some(40));
    assert_eq!(deadlines(&job), 1);
}

#[test]
fn late_is_what_does_not_report_by_the_end_of_its_grace() {
    let on_time = |ago| story().hourly(DAY).run(ago, Passed);
    check(&on_time(70 * MINUTE), LATE, None);
    check(&on_time(70 * MINUTE + 1), LATE, Some((CRITICAL, 60)));
    check(&on_time(70 * MINUTE + 1).run(0, Passed), LATE, None);
    check(&on_time(70 * MINUTE + 1).started(0), LATE, None);
    // Its own schedule says when it is missed, however long that is.
    let monthly = |ago| story().scheduled(ago, |plan| plan.every_s = Some(30 * 86_400));
    let seen = monthly(9 * DAY).run(9 * DAY - 1, Passed).now();
    assert!(!seen.item.stale && seen.item.status == ProjectStatus::Healthy, "{seen:#?}");
    let due = seen.item.job.unwrap().next_due.unwrap();
    assert_eq!(due, Timestamp::from_ms(NOW + 21 * DAY + 1));
    assert!(deadlines(&on_time(0)) >= 1);
}

#[test]
fn a_failed_run_is_a_report() {
    let failed = story().hourly(DAY).run(MINUTE, Failed);
    check(&failed, LATE, None);
    check(&failed, "project.validation_failed", Some((CRITICAL, 40)));
    state(&failed, 0, (JobState::Failed, ProjectStatus::Critical));
}

#[test]
fn a_run_may_last_as_long_as_its_grace() {
    let running = |ago| story().hourly(DAY).run(30 * MINUTE, Passed).started(ago);
    check(&running(10 * MINUTE), OVERRUNNING, None);
    check(&running(10 * MINUTE + 1), OVERRUNNING, Some((WARNING, 10)));
    state(&running(0), 0, (JobState::Running, ProjectStatus::Healthy));
    check(&running(20 * MINUTE).run(0, Passed), OVERRUNNING, None);
    // What began before the newest end is over, whenever it is told.
    let told_late = running(20 * MINUTE).run(MINUTE, Passed).started(2 * MINUTE);
    assert_eq!(told_late.now().item.job.unwrap().started_at, None);
    // One that never ends is late as well, in the end.
    let hung = story().hourly(DAY).started(2 * HOUR);
    check(&hung, OVERRUNNING, Some((WARNING, 10)));
    check(&hung, LATE, Some((CRITICAL, 60)));
    assert!(deadlines(&running(0)) >= 5);
}

#[test]
fn a_line_of_crontab_is_a_schedule() {
    let at_one = |zone: Option<&str>| {
        let zone = zone.map(str::to_owned);
        story().scheduled(DAY, move |plan| {
            plan.every_s = None;
            plan.schedule = Some("0 13 * * *".into());
            plan.tz = zone.as_deref().map(Into::into);
        })
    };
    // It is noon, in January of 1970; Berlin is an hour ahead.
    let due = |story: Story| story.run(2 * HOUR, Passed).now().item.job.unwrap().next_due.unwrap();
    assert_eq!(due(at_one(None)), Timestamp::from_ms(NOW + HOUR));
    assert_eq!(due(at_one(Some("Europe/Berlin"))), Timestamp::from_ms(NOW));
}

#[test]
fn another_ping_takes_the_place_of_the_first() {
    let first = story().run(HOUR, Passed).hourly(MINUTE);
    assert_eq!(first.now().item.kind, ProjectKind::Job);
    state(&first, 0, (JobState::Ok, ProjectStatus::Healthy));
    assert!(first.state.pinged("ping").is_some());
    let second = first.scheduled(0, |plan| plan.ping = "other".into());
    assert!(second.state.pinged("ping").is_none() && second.state.pinged("other").is_some());
    let kept = second.unscheduled(0, "ping");
    assert!(kept.state.pinged("other").is_some(), "it is another one's end");
    let over = kept.unscheduled(0, "other");
    assert!(over.state.pings.is_empty());
    assert_eq!((over.now().item.kind, over.now().item.job), (ProjectKind::Project, None));
    let again = over.register(0, |r| r.archived = Some(true)).hourly(0);
    assert!(again.state.get(&id()).is_some(), "whoever schedules it wants to see it");
}
