//! The worker: takes from the outbox what is due, sends it, and notes in the journal what came of
//! it.
//!
//! A channel is told one notification at a time, and of each group and each alert in order, so that
//! nobody hears of an end before the beginning: one that failed holds back those of its group until
//! it got through or was given up, and the other groups go on. Several channels are served at once.

use super::pace::{LONGEST_AFTER, Rate};
use super::{Failure, Message, Notify};
use crate::domain::Event;
use crate::domain::alerts::state::{Notification, Outbox};
use crate::domain::alerts::{Channel, Event as AlertEvent, Failed, Outcome, Settled};
use crate::pipeline::clock::Clock;
use crate::pipeline::hub::Hub;
use crate::pipeline::journal::{AppendError, Appender, Draft};
use crate::pipeline::publish::Published;
use crate::wire::{Seq, Timestamp};
use imbl::OrdMap;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Channels that are served at once.
const AT_ONCE: usize = 8;
/// How long it waits when the journal takes nothing.
const RETRY: Duration = Duration::from_secs(1);
/// How long it waits for what it noted to be shown before it says so in the log.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);
/// How long what is under way may take once the server stops.
const STOP_WITHIN: Duration = Duration::from_millis(1_500);
/// It looks again after so long, for the clock may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// A wait longer than any there is comes from a clock that was set back, in milliseconds.
const TOO_LONG_MS: i64 = 2 * 3_600_000;

/// What the worker works with.
#[derive(Clone)]
pub struct Parts {
    /// Where it notes what came of a delivery.
    pub appender: Appender,
    /// Where it sees what is to be sent.
    pub hub: Arc<Hub>,
    /// The time.
    pub clock: Clock,
    /// What it sends with.
    pub notify: Arc<Notify>,
}

/// Runs until the server stops; then what is under way is given a moment to come to its end.
pub async fn run(parts: Parts, shutdown: CancellationToken) {
    let mut worker = Worker {
        parts,
        jobs: Jobs::default(),
        rates: HashMap::new(),
        rests: HashMap::new(),
        heads: Heads::default(),
    };
    tokio::select! {
        () = worker.work() => {}
        () = shutdown.cancelled() => {}
    }
    let ended = async { while worker.jobs.next().await.is_some() {} };
    // What is not at its end by then is sent again, under the same id, when the server is back.
    let _ = timeout(STOP_WITHIN, ended).await;
}

struct Worker {
    parts: Parts,
    jobs: Jobs,
    rates: HashMap<Arc<str>, Rate>,
    /// Channels that want to be left alone as they are now, and until when.
    rests: HashMap<Arc<str>, (Arc<Channel>, Instant)>,
    heads: Heads,
}

/// How long the other side wants to be left alone, if it does.
type After = Option<Duration>;

/// What is under way: at most one job a channel.
#[derive(Default)]
struct Jobs {
    tasks: JoinSet<After>,
    of: HashMap<Id, Job>,
}

/// Something that is done about a notification.
struct Job {
    head: Arc<Notification>,
    /// Whom it is sent to, if it is.
    sent_to: Option<Arc<Channel>>,
}

impl Jobs {
    fn begin(&mut self, job: Job, task: impl Future<Output = After> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.of.insert(id, job);
    }

    /// The next that ends, and how; none if nothing is under way.
    async fn next(&mut self) -> Option<(Job, Result<After, JoinError>)> {
        loop {
            let ended = self.tasks.join_next_with_id().await?;
            let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
            if let Some(job) = self.of.remove(&id) {
                return Some((job, ended.map(|(_, after)| after)));
            }
        }
    }

    fn may_begin(&self, channel: &Arc<str>) -> bool {
        self.of.len() < AT_ONCE && self.of.values().all(|job| job.head.queued.channel != *channel)
    }
}

/// The first notification of each group of each channel, found anew only when the outbox changed.
#[derive(Default)]
struct Heads {
    waiting: OrdMap<Arc<str>, Arc<Notification>>,
    by_channel: HashMap<Arc<str>, Vec<Arc<Notification>>>,
}

impl Heads {
    fn see(&mut self, outbox: &Outbox) {
        if self.waiting.ptr_eq(&outbox.waiting) {
            return;
        }
        self.waiting = outbox.waiting.clone();
        self.by_channel.clear();
        let mut all: Vec<_> = outbox.waiting.values().collect();
        all.sort_by_key(|one| (one.seq, &one.queued.notification));
        let mut groups = HashSet::new();
        // An alert may come into another group while it goes on.
        let mut alerts = HashSet::new();
        for one in all {
            let channel = &one.queued.channel;
            let group = (channel, &one.queued.group);
            let about = || one.queued.alerts.iter().map(|told| (channel, &told.alert.id));
            if !groups.contains(&group) && about().all(|alert| !alerts.contains(&alert)) {
                self.by_channel.entry(channel.clone()).or_default().push(one.clone());
            }
            groups.insert(group);
            alerts.extend(about());
        }
    }
}

impl Worker {
    async fn work(&mut self) {
        let mut head = self.parts.hub.watch();
        loop {
            head.borrow_and_update();
            let shown = self.parts.hub.published();
            let wake = self.begin(&shown);
            tokio::select! {
                changed = head.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                Some((job, ended)) = self.jobs.next() => self.ended(job, ended),
                () = sleep_until(wake) => {}
            }
        }
    }

    fn ended(&mut self, job: Job, ended: Result<After, JoinError>) {
        let Job { head, sent_to } = job;
        match (ended, sent_to) {
            (Ok(Some(after)), Some(channel)) => {
                let until = Instant::now() + after.min(LONGEST_AFTER);
                self.rests.insert(channel.id.clone(), (channel, until));
            }
            (Ok(_), _) => {}
            (Err(error), sent_to) => {
                tracing::error!(%error, id = %head.queued.notification, "a delivery broke off");
                let Some(channel) = sent_to else { return };
                // It counts as one that failed: otherwise it would be tried again at once.
                let job = Job { head: head.clone(), sent_to: None };
                let parts = self.parts.clone();
                self.jobs.begin(job, async move {
                    parts.failed(&channel, &head, Failure::down("the delivery broke off")).await;
                    None
                });
            }
        }
    }

    /// Begins every delivery that is due; returns when to look again if nothing changes before.
    fn begin(&mut self, shown: &Published) -> Instant {
        let alerts = &shown.state.alerts;
        self.heads.see(&alerts.outbox);
        let (now, at) = (Instant::now(), self.parts.clock.now());
        let mut wake = now + LOOK_AGAIN;
        self.rates.retain(|id, _| alerts.channels.contains_key(id));
        // Whoever sets up a channel anew wants to see it tried.
        self.rests.retain(|id, (as_it_was, until)| {
            *until > now && alerts.channels.get(id).is_some_and(|channel| channel == as_it_was)
        });
        for (id, heads) in &self.heads.by_channel {
            if !self.jobs.may_begin(id) {
                continue;
            }
            let channel = alerts.channels.get(id);
            // Its channel went while it was being queued, or it is over.
            if let Some(head) = heads.iter().find(|head| channel.is_none() || head.stale) {
                let (parts, head) = (self.parts.clone(), head.clone());
                self.jobs.begin(Job { head: head.clone(), sent_to: None }, async move {
                    parts.settle(&head, Outcome::Dropped, None).await;
                    None
                });
                continue;
            }
            let Some(channel) = channel.filter(|channel| channel.enabled) else { continue };
            if let Some((_, until)) = self.rests.get(id) {
                wake = wake.min(*until);
                continue;
            }
            let head = match next(heads, at) {
                Ok(head) => head,
                Err(wait) => {
                    wake = wake.min(now + wait);
                    continue;
                }
            };
            let rate = self.rates.entry(id.clone()).or_default();
            if let Some(next) = rate.next(channel.rate_per_min, now) {
                wake = wake.min(next);
                continue;
            }
            rate.take(now);
            let (parts, channel, head) = (self.parts.clone(), channel.clone(), head.clone());
            let job = Job { head: head.clone(), sent_to: Some(channel.clone()) };
            self.jobs.begin(job, async move { parts.attempt(&channel, &head).await });
        }
        wake
    }
}

/// The one of these that has been due longest; otherwise how long until one is.
fn next(heads: &[Arc<Notification>], at: Timestamp) -> Result<&Arc<Notification>, Duration> {
    let wait = |head: &Notification| {
        let wait = head.next_at.since(at);
        if wait < TOO_LONG_MS { wait.max(0).unsigned_abs() } else { 0 }
    };
    let due = heads.iter().filter(|head| wait(head) == 0);
    due.min_by_key(|head| (head.next_at, head.seq)).ok_or_else(|| {
        let least = heads.iter().map(|head| wait(head)).min();
        least.map_or(LOOK_AGAIN, Duration::from_millis)
    })
}

impl Parts {
    /// Sends a notification, and notes what came of it.
    async fn attempt(&self, channel: &Channel, head: &Notification) -> After {
        let message = Message {
            id: &head.queued.notification,
            channel,
            group: &head.queued.group,
            alerts: &head.queued.alerts,
            at: head.at,
            board: self.notify.public_url.as_deref(),
        };
        match self.notify.deliver(channel, &message, self.clock.now()).await {
            Ok(taken) => {
                self.settle(head, Outcome::Sent, taken.but).await;
                None
            }
            Err(failure) => {
                let after = failure.after;
                self.failed(channel, head, failure).await;
                after
            }
        }
    }

    async fn failed(&self, channel: &Channel, head: &Notification, failure: Failure) {
        let Failure { refused, why, after } = failure;
        let now = self.clock.now();
        let id = &head.queued.notification;
        let age = Duration::from_millis(now.since(head.at).unsigned_abs());
        let attempts = head.attempts.saturating_add(1);
        let shown = self.hub.published();
        // What failed is not what it is now.
        let corrected =
            shown.state.alerts.channels.get(&channel.id).is_some_and(|it| **it != *channel);
        let channel = &channel.id;
        if !corrected && self.notify.tuning.is_over(attempts, refused, age) {
            tracing::error!(%id, %channel, why, attempts, "a notification was given up");
            return self.settle(head, Outcome::Dead, Some(why)).await;
        }
        let wait = match corrected {
            true => Duration::ZERO,
            false => self.notify.tuning.wait(head.attempts, after, random()),
        };
        tracing::warn!(%id, %channel, why, attempts, ?wait, "a notification did not get through");
        let retry_at = now.plus(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let failed = Failed { notification: id.clone(), error: why, retry_at };
        self.note(AlertEvent::Failed(failed)).await;
    }

    async fn settle(&self, head: &Notification, outcome: Outcome, error: Option<String>) {
        let notification = head.queued.notification.clone();
        self.note(AlertEvent::Settled(Settled { notification, outcome, error })).await;
    }

    /// Appends an event, however long that takes, and waits until it is shown: until then the
    /// outbox has the notification as it was, and it would be sent again.
    async fn note(&self, event: AlertEvent) {
        loop {
            let draft = Draft::own(Event::Alerts(event.clone()));
            match self.appender.append(vec![draft]).await {
                Ok(receipt) => return self.shows(receipt.cursor.seq).await,
                Err(AppendError::Closed) => return,
                Err(error) => {
                    tracing::warn!(?error, "what came of a delivery waits for the journal");
                    sleep(RETRY).await;
                }
            }
        }
    }

    async fn shows(&self, seq: Seq) {
        let mut head = self.hub.watch();
        loop {
            match timeout(SHOWN_WITHIN, head.wait_for(|at| *at >= seq)).await {
                Ok(_) => return,
                Err(_) => tracing::warn!("what came of a delivery is not shown yet"),
            }
        }
    }
}

/// From 0 to 1; in the middle if the system gives no random bytes.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |bits| f64::from(bits) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests;
