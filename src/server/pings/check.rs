//! What a ping is asked to be, and its schedule in words and as crontab has it.

use crate::domain::projects::schedule::{Cron, zone};
use crate::domain::projects::{JobScheduled, MAX_EVERY_S, PingItem, PingSpec, ProjectId};
use crate::wire::{ApiError, Timestamp};
use std::sync::Arc;

/// Longest line of crontab, in bytes.
const MAX_LINE: usize = 200;
/// What grace may be when nobody says how long, in seconds.
const GRACE: (i64, i64) = (60, 3_600);

/// Reads what a ping is to be; its token is still to be made.
///
/// # Errors
/// 422 at the member that cannot be.
pub fn read(spec: PingSpec, now: Timestamp) -> Result<JobScheduled, ApiError> {
    let PingSpec { project, every_s, schedule, tz, grace_s } = spec;
    let project = ProjectId::try_from(project).map_err(|why| ApiError::invalid("/project", why))?;
    let schedule = schedule.filter(|line| !line.trim().is_empty());
    let tz = tz.filter(|tz| !tz.is_empty());
    let mut plan = JobScheduled {
        project,
        ping: Arc::default(),
        hash: Arc::default(),
        every_s,
        schedule: None,
        tz: None,
        grace_s: 0,
        actor: Arc::default(),
    };
    match (every_s, schedule) {
        (None, None) => {
            let detail = "give every_s (seconds between two runs) or schedule (a line of crontab)";
            return Err(ApiError::invalid("/every_s", detail));
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("/schedule", "give every_s or schedule, not both"));
        }
        (Some(every_s), None) => {
            if !(1..=MAX_EVERY_S).contains(&every_s) {
                let detail = format!("must be from 1 to {MAX_EVERY_S} seconds");
                return Err(ApiError::invalid("/every_s", detail));
            }
            if tz.is_some() {
                return Err(ApiError::invalid("/tz", "goes with schedule, not with every_s"));
            }
        }
        (None, Some(line)) => {
            if line.len() > MAX_LINE {
                let detail = format!("must be at most {MAX_LINE} bytes long");
                return Err(ApiError::invalid("/schedule", detail));
            }
            let cron = Cron::parse(&line).map_err(|why| ApiError::invalid("/schedule", why))?;
            let zone = zone(tz.as_deref()).map_err(|why| ApiError::invalid("/tz", why))?;
            if cron.next(now, &zone).is_none() {
                return Err(ApiError::invalid("/schedule", "no day is ever like that"));
            }
            plan.schedule =
                Some(line.split_ascii_whitespace().collect::<Vec<_>>().join(" ").into());
            plan.tz = tz.map(Arc::from);
        }
    }
    plan.grace_s = match grace_s {
        Some(grace_s) if grace_s > MAX_EVERY_S => {
            let detail = format!("must be from 0 to {MAX_EVERY_S} seconds");
            return Err(ApiError::invalid("/grace_s", detail));
        }
        Some(grace_s) => grace_s,
        None => usual_grace_s(&plan, now),
    };
    Ok(plan)
}

/// A tenth of the time between two runs, within bounds.
fn usual_grace_s(plan: &JobScheduled, now: Timestamp) -> u32 {
    let apart = plan.next(now).and_then(|one| Some(plan.next(one)?.since(one)));
    let (least, most) = GRACE;
    let grace = (apart.unwrap_or_default() / 10_000).clamp(least, most);
    u32::try_from(grace).unwrap_or(u32::MAX)
}

/// The schedule, for the audit log.
pub fn words(plan: &JobScheduled) -> String {
    let JobScheduled { every_s, schedule, tz, grace_s, .. } = plan;
    let when = match (every_s, schedule) {
        (_, Some(line)) => format!("{line} {}", tz.as_deref().unwrap_or("UTC")),
        (every_s, None) => format!("every {} s", every_s.unwrap_or_default()),
    };
    format!("{when}, grace {grace_s} s")
}

/// What a line of crontab begins with that runs a job as it is expected; nothing where crontab
/// cannot say that.
pub fn crontab(item: &PingItem) -> String {
    let every = |step: u32, of: u32, rest: &str| match step {
        1 => Some(format!("* {rest}")),
        _ if of.is_multiple_of(step) => Some(format!("*/{step} {rest}")),
        _ => None,
    };
    let line = match (&item.schedule, item.every_s) {
        (Some(line), _) => Some(line.to_string()),
        (None, Some(86_400)) => Some("0 0 * * *".to_owned()),
        (None, Some(s)) if s.is_multiple_of(3_600) && s < 86_400 => {
            every(s / 3_600, 24, "* * *").map(|rest| format!("0 {rest}"))
        }
        (None, Some(s)) if s.is_multiple_of(60) && s < 3_600 => every(s / 60, 60, "* * * *"),
        (None, _) => None,
    };
    line.map(|line| format!("{line} ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::projects::JobState;

    fn spec(json: &str) -> PingSpec {
        serde_json::from_str(json).unwrap()
    }

    /// The grace in seconds, or the place and reason of the refusal.
    #[track_caller]
    fn check(json: &str, expect: Result<u32, (&str, &str)>) {
        let read = read(spec(json), Timestamp::from_ms(1_800_000_000_000));
        match (read, expect) {
            (Ok(plan), Ok(grace_s)) => assert_eq!(plan.grace_s, grace_s, "{json}"),
            (Err(error), Err((pointer, part))) => {
                assert_eq!((error.status, error.errors[0].pointer.as_str()), (422, pointer));
                assert!(error.errors[0].detail.contains(part), "{json}: {error}");
            }
            (read, _) => panic!("{json}: {read:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn a_ping_is_asked_for_with_one_schedule() {
        check(r#"{"project":"p","every_s":60}"#, Ok(60));
        check(r#"{"project":"p","every_s":3600}"#, Ok(360));
        check(r#"{"project":"p","every_s":31536000}"#, Ok(3_600));
        check(r#"{"project":"p","every_s":60,"grace_s":0}"#, Ok(0));
        check(r#"{"project":"p","schedule":"*/20 * * * *"}"#, Ok(120));
        check(r#"{"project":"p","schedule":"0 3 * * *","tz":"Europe/Paris"}"#, Ok(3_600));
        check(r#"{"project":"p"}"#, Err(("/every_s", "or schedule")));
        check(r#"{"project":" ","every_s":60}"#, Err(("/project", "white space")));
        check(r#"{"project":"p","every_s":0}"#, Err(("/every_s", "from 1 to 31536000")));
        check(r#"{"project":"p","every_s":31536001}"#, Err(("/every_s", "from 1")));
        check(r#"{"project":"p","every_s":60,"grace_s":31536001}"#, Err(("/grace_s", "from 0")));
        check(r#"{"project":"p","every_s":60,"schedule":"@daily"}"#, Err(("/schedule", "both")));
        check(r#"{"project":"p","every_s":60,"tz":"UTC"}"#, Err(("/tz", "schedule")));
        check(r#"{"project":"p","schedule":"0 25 * * *"}"#, Err(("/schedule", "hour")));
        check(r#"{"project":"p","schedule":"0 0 30 2 *"}"#, Err(("/schedule", "no day")));
        check(r#"{"project":"p","schedule":"@daily","tz":"Moon"}"#, Err(("/tz", "time zone")));
    }

    #[track_caller]
    fn line(every_s: Option<u32>, schedule: Option<&str>, expect: &str) {
        let item = PingItem {
            id: "i".into(),
            project: ProjectId::try_from("p".to_owned()).unwrap(),
            every_s,
            schedule: schedule.map(Arc::from),
            tz: None,
            grace_s: 60,
            state: JobState::Waiting,
            next_due: None,
            last_ping_at: None,
            created_at: Timestamp::from_ms(0),
            created_by: "x".into(),
        };
        assert_eq!(crontab(&item), expect);
    }

    #[test]
    fn crontab_says_what_it_can() {
        line(None, Some("@daily"), "@daily ");
        line(Some(60), None, "* * * * * ");
        line(Some(300), None, "*/5 * * * * ");
        line(Some(3_600), None, "0 * * * * ");
        line(Some(21_600), None, "0 */6 * * * ");
        line(Some(86_400), None, "0 0 * * * ");
        line(Some(420), None, "");
        line(Some(90), None, "");
        line(Some(172_800), None, "");
    }
}
