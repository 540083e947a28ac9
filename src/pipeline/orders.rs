//! Jobs at work: sends the commands of each at its rate.
//!
//! All that it goes by is in the journal's state, so that a server that starts again goes on where
//! the last one stopped; and it sends nothing before what it sent is folded, so that no task is
//! asked twice for the same job.

use super::clock::Clock;
use super::hub::Hub;
use super::journal::{Appender, Draft};
use super::publish::Published;
use crate::domain::Event;
use crate::domain::work::state::{Job, State};
use crate::domain::work::{CommandRequested, Event as WorkEvent, JobExhausted, WorkSettings};
use crate::wire::{Seq, Stamp, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Seconds of its rate that a job may catch up on at once.
const CATCH_UP_S: f64 = 0.5;
/// How long it waits when the journal takes nothing.
const RETRY: Duration = Duration::from_secs(1);
/// How long it waits for what it sent to be shown before it looks again whether the server stops.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// How many commands a job may send now: a token bucket.
#[derive(Debug, Clone, Copy)]
struct Pace {
    tokens: f64,
    at: Instant,
}

impl Pace {
    fn begin(now: Instant) -> Self {
        Self { tokens: 1.0, at: now }
    }

    fn fill(&mut self, rate: f64, now: Instant) {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * rate;
        self.tokens = (self.tokens + earned).min((rate * CATCH_UP_S).max(1.0));
        self.at = now;
    }

    fn take(&mut self) -> bool {
        let may = self.tokens >= 1.0;
        if may {
            self.tokens -= 1.0;
        }
        may
    }

    /// When there is a token again.
    fn next(&self, rate: f64) -> Instant {
        self.at + Duration::from_secs_f64(((1.0 - self.tokens) / rate).clamp(0.0, 86_400.0))
    }
}

/// Runs until the server stops.
pub async fn run(appender: Appender, hub: Arc<Hub>, clock: Clock, shutdown: CancellationToken) {
    let work = async {
        let mut head = hub.watch();
        let mut paces = HashMap::new();
        loop {
            let shown = hub.published();
            head.borrow_and_update();
            let (events, wake) = plan(&shown, &mut paces, Instant::now(), clock.now());
            if !events.is_empty() {
                send(&appender, &hub, events).await;
                continue;
            }
            let later = async {
                match wake {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = head.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = later => {}
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}

/// Appends events and waits until they are shown.
async fn send(appender: &Appender, hub: &Hub, events: Vec<WorkEvent>) {
    let drafts = events.into_iter().map(|event| Draft::own(Event::Work(event))).collect();
    match appender.append(drafts).await {
        Ok(receipt) => shows(hub, receipt.cursor.seq).await,
        Err(error) => {
            tracing::warn!(?error, "a job waits for the journal");
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn shows(hub: &Hub, seq: Seq) {
    let mut head = hub.watch();
    // Sending more before this is folded could ask a task twice; so it is waited for until it is.
    while timeout(SHOWN_WITHIN, head.wait_for(|at| *at >= seq)).await.is_err() {
        tracing::warn!("what a job has sent is not shown yet");
    }
}

/// What is to be sent now, and when to look again if nothing changes before.
fn plan(
    shown: &Published,
    paces: &mut HashMap<Arc<str>, Pace>,
    now: Instant,
    at: Timestamp,
) -> (Vec<WorkEvent>, Option<Instant>) {
    let running = |job: &Arc<Job>| job.may_send();
    paces.retain(|id, _| shown.state.work.jobs.get(id).is_some_and(running));
    let jobs = shown.state.work.jobs.values().filter(|job| running(job));
    let mut planner = Planner {
        work: None,
        settings: &shown.state.settings.work,
        at: at.max(shown.as_of),
        events: Vec::new(),
    };
    let mut wake: Option<Instant> = None;
    for job in jobs {
        let rate = job.item.rate_per_s;
        let pace = paces.entry(job.item.id.clone()).or_insert_with(|| Pace::begin(now));
        pace.fill(rate, now);
        planner.job(&shown.state.work, &job.item.id, pace);
        let next = pace.next(rate);
        wake = Some(wake.map_or(next, |wake| wake.min(next)));
    }
    (planner.events, wake)
}

/// Looks ahead by folding what it plans into a copy of the state, so that each command is planned
/// as if those before it had been sent.
struct Planner<'a> {
    /// The copy, once there is anything to plan.
    work: Option<State>,
    settings: &'a WorkSettings,
    at: Timestamp,
    events: Vec<WorkEvent>,
}

impl Planner<'_> {
    /// Plans what one job may send now.
    fn job(&mut self, shown: &State, id: &Arc<str>, pace: &mut Pace) {
        loop {
            let work = self.work.as_ref().unwrap_or(shown);
            let Some(job) = work.jobs.get(id).filter(|job| job.may_send()) else { return };
            let event = match work.next_for_job(job).and_then(|task| work.tasks.get(&task)) {
                None => WorkEvent::JobExhausted(JobExhausted { job: id.clone() }),
                Some(_) if !pace.take() => return,
                Some(task) => WorkEvent::CommandRequested(CommandRequested {
                    command: uuid::Uuid::now_v7().to_string().into(),
                    kind: job.item.command,
                    task: task.id.clone(),
                    source: task.source.clone(),
                    actor: job.item.actor.clone(),
                    deadline: self.at.plus((self.settings.command_deadline_s * 1_000.0) as i64),
                    job: Some(id.clone()),
                }),
            };
            let work = self.work.get_or_insert_with(|| shown.clone());
            let (source, name) = ("bellwether".into(), id.clone());
            let (seq, time) = (0, self.at);
            let stamp = Stamp { seq, at: time, time, source, id: name, subject: None };
            work.fold(&stamp, &event, time, self.settings, &mut Vec::new());
            self.events.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens taken in `ms` at `rate`, looking every `step` milliseconds.
    #[track_caller]
    fn check(rate: f64, ms: u64, step: u64, expect: usize) {
        let begun = Instant::now();
        let mut pace = Pace::begin(begun);
        let mut taken = 0;
        for at in (0..=ms).step_by(step as usize) {
            pace.fill(rate, begun + Duration::from_millis(at));
            while pace.take() {
                taken += 1;
            }
        }
        assert_eq!(taken, expect, "{rate} a second for {ms} ms");
    }

    #[test]
    fn commands_go_out_at_the_rate() {
        check(10.0, 1_000, 50, 11);
        check(0.5, 4_000, 100, 3);
        check(1_000.0, 1_000, 100, 1_001);
    }

    #[test]
    fn what_was_missed_is_made_up_only_so_far() {
        check(100.0, 10_000, 10_000, 51);
        check(1.0, 10_000, 10_000, 2);
    }

    #[test]
    fn the_next_token_is_waited_for() {
        let begun = Instant::now();
        let mut pace = Pace::begin(begun);
        assert!(pace.take());
        assert_eq!(pace.next(4.0), begun + Duration::from_millis(250));
    }
}
