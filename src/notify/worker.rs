//! The worker: takes from the outbox what is due, sends it, and notes in the journal what came of
//! it.
//!
//! A channel is told in order, one notification at a time, so that nobody hears of an end before
//! the beginning: one that failed holds back those behind it until it got through or was given up.
//! Several channels are served at once.

use super::pace::Rate;
use super::{Failure, Message, Notify};
use crate::domain::Event;
use crate::domain::alerts::state::{Notification, Outbox};
use crate::domain::alerts::{Channel, Event as AlertEvent, Failed, Outcome, Settled};
use crate::pipeline::clock::Clock;
use crate::pipeline::hub::Hub;
use crate::pipeline::journal::{AppendError, Appender, Draft};
use crate::pipeline::publish::Published;
use crate::wire::Seq;
use imbl::OrdMap;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
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
        busy: HashSet::new(),
        rates: HashMap::new(),
        attempts: JoinSet::new(),
        heads: Heads::default(),
    };
    tokio::select! {
        () = worker.work() => {}
        () = shutdown.cancelled() => {}
    }
    let ended = async { while worker.attempts.join_next().await.is_some() {} };
    // What is not at its end by then is sent again, under the same id, when the server is back.
    let _ = timeout(STOP_WITHIN, ended).await;
}

struct Worker {
    parts: Parts,
    /// Channels that are being told something.
    busy: HashSet<Arc<str>>,
    rates: HashMap<Arc<str>, Rate>,
    /// Each ends with the channel it told.
    attempts: JoinSet<Arc<str>>,
    heads: Heads,
}

/// The first notification of each channel that has any, found anew only when the outbox changed.
#[derive(Default)]
struct Heads {
    waiting: OrdMap<Arc<str>, Arc<Notification>>,
    by_channel: HashMap<Arc<str>, Arc<Notification>>,
}

impl Heads {
    fn see(&mut self, outbox: &Outbox) {
        if self.waiting.ptr_eq(&outbox.waiting) {
            return;
        }
        self.waiting = outbox.waiting.clone();
        self.by_channel.clear();
        for one in outbox.waiting.values() {
            let head = self.by_channel.entry(one.queued.channel.clone());
            let head = head.or_insert_with(|| one.clone());
            if (one.seq, &one.queued.notification) < (head.seq, &head.queued.notification) {
                *head = one.clone();
            }
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
                Some(ended) = self.attempts.join_next() => match ended {
                    Ok(channel) => {
                        self.busy.remove(&channel);
                    }
                    Err(error) => {
                        // It was a bug; the others go on, and so does this one's channel.
                        tracing::error!(%error, "a delivery broke off");
                        if self.attempts.is_empty() {
                            self.busy.clear();
                        }
                    }
                },
                () = sleep_until(wake) => {}
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
        for (id, head) in &self.heads.by_channel {
            if self.busy.contains(id) || self.attempts.len() >= AT_ONCE {
                continue;
            }
            let Some(channel) = alerts.channels.get(id) else {
                // Its channel went while it was being queued.
                self.busy.insert(id.clone());
                let (parts, id, head) = (self.parts.clone(), id.clone(), head.clone());
                self.attempts.spawn(async move {
                    parts.settle(&head, Outcome::Dropped, None).await;
                    id
                });
                continue;
            };
            if !channel.enabled {
                continue;
            }
            let wait = head.next_at.since(at);
            if wait > 0 && wait < TOO_LONG_MS {
                wake = wake.min(now + Duration::from_millis(wait.unsigned_abs()));
                continue;
            }
            let rate = self.rates.entry(id.clone()).or_default();
            if let Some(next) = rate.next(channel.rate_per_min, now) {
                wake = wake.min(next);
                continue;
            }
            rate.take(now);
            self.busy.insert(id.clone());
            let (parts, channel, head) = (self.parts.clone(), channel.clone(), head.clone());
            self.attempts.spawn(async move {
                parts.attempt(&channel, &head).await;
                channel.id.clone()
            });
        }
        wake
    }
}

impl Parts {
    /// Sends a notification, and notes what came of it.
    async fn attempt(&self, channel: &Channel, head: &Notification) {
        let message = Message {
            id: &head.queued.notification,
            channel,
            group: &head.queued.group,
            alerts: &head.queued.alerts,
            at: head.at,
            board: self.notify.public_url.as_deref(),
        };
        match self.notify.deliver(channel, &message, self.clock.now()).await {
            Ok(_) => self.settle(head, Outcome::Sent, None).await,
            Err(failure) => self.failed(head, failure).await,
        }
    }

    async fn failed(&self, head: &Notification, failure: Failure) {
        let Failure { refused, why, after } = failure;
        let now = self.clock.now();
        let (id, channel) = (&head.queued.notification, &head.queued.channel);
        let age = Duration::from_millis(now.since(head.at).unsigned_abs());
        let attempts = head.attempts.saturating_add(1);
        if self.notify.tuning.is_over(attempts, refused, age) {
            tracing::error!(%id, %channel, why, attempts, "a notification was given up");
            return self.settle(head, Outcome::Dead, Some(why)).await;
        }
        let wait = self.notify.tuning.wait(head.attempts, after, random());
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
mod tests {
    use super::*;
    use crate::domain::alerts::Queued;
    use crate::wire::Timestamp;

    fn waiting(all: &[(&str, &str, u64)]) -> Outbox {
        let each = all.iter().map(|(id, channel, seq)| {
            let queued = Queued {
                notification: (*id).into(),
                channel: (*channel).into(),
                group: "g".into(),
                alerts: Vec::new(),
            };
            let at = Timestamp::from_ms(0);
            let one = Notification { queued, at, seq: *seq, attempts: 0, next_at: at, error: None };
            (Arc::<str>::from(*id), Arc::new(one))
        });
        Outbox { waiting: each.collect(), ..Outbox::default() }
    }

    #[test]
    fn each_channel_is_told_in_order() {
        let mut heads = Heads::default();
        let mut check = |all: &[(&str, &str, u64)], expect: &[(&str, &str)]| {
            heads.see(&waiting(all));
            let mut got: Vec<_> = heads
                .by_channel
                .iter()
                .map(|(channel, head)| (channel.to_string(), head.queued.notification.to_string()))
                .collect();
            got.sort();
            let expect: Vec<_> =
                expect.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            assert_eq!(got, expect);
        };
        check(&[("a", "x", 3), ("b", "x", 1), ("c", "y", 2)], &[("x", "b"), ("y", "c")]);
        check(&[("a", "x", 3), ("c", "y", 2)], &[("x", "a"), ("y", "c")]);
        check(&[], &[]);
    }
}
