//! Alerts: from what the rules see to what happens to alerts, and to whom is told.
//!
//! A task looks at each state that is shown and appends what follows to the journal. All that it
//! goes by is in the state, so that a server that starts again goes on where the last one stopped:
//! no alert is lost, and none is told of anew. It decides nothing before what it decided last is
//! shown, so that nothing happens twice.

mod cover;
mod evaluate;
mod heard;
mod labels;
pub mod maintenance;
mod reach;
mod sight;
mod tell;
#[cfg(test)]
mod tests;

pub use evaluate::{Evaluator, Pass};
pub use sight::Scene;
pub use tell::resolved;

use super::clock::Clock;
use super::hub::Hub;
use super::journal::{Appender, Draft};
use crate::domain::Event;
use crate::domain::alerts::Event as AlertEvent;
use crate::wire::Seq;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long it waits when the journal takes nothing.
const RETRY: Duration = Duration::from_secs(1);

/// How far the clock may run ahead of the time that has passed, in milliseconds, before that is a
/// jump: the machine was asleep, or somebody has set the clock.
const JUMP_MS: i64 = 10_000;

/// Looks at alerts until the server stops; tells `judged` up to which position nothing more follows.
/// Should looking ever go wrong, it is said, and begun anew.
pub async fn run(
    appender: Appender,
    hub: Arc<Hub>,
    clock: Clock,
    judged: watch::Sender<Seq>,
    shutdown: CancellationToken,
) {
    let judged = Arc::new(judged);
    while !shutdown.is_cancelled() {
        let (appender, hub, clock) = (appender.clone(), hub.clone(), clock.clone());
        let looks = look(appender, hub, clock, judged.clone(), shutdown.clone());
        match tokio::spawn(looks).await {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, "looking at alerts went wrong; beginning anew"),
        }
        sleep(RETRY).await;
    }
}

async fn look(
    appender: Appender,
    hub: Arc<Hub>,
    clock: Clock,
    judged: Arc<watch::Sender<Seq>>,
    shutdown: CancellationToken,
) {
    let work = async {
        let mut head = hub.watch();
        let mut evaluator = Evaluator::new(clock.now());
        let mut awake = (Instant::now(), clock.now());
        loop {
            let shown = hub.published();
            head.borrow_and_update();
            let now = clock.now().max(shown.as_of);
            let ran = i64::try_from(awake.0.elapsed().as_millis()).unwrap_or(i64::MAX);
            if clock.now().since(awake.1).saturating_sub(ran) > JUMP_MS {
                tracing::warn!("the clock has jumped ahead; what is quiet is looked at anew");
                evaluator.listens_anew(now);
            }
            awake = (Instant::now(), clock.now());
            let pass = evaluator.pass(&shown.state, &shown.found, now);
            if !pass.events.is_empty() {
                append(&appender, &hub, pass.events).await;
                continue;
            }
            judged.send_replace(shown.seq);
            tokio::select! {
                changed = head.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = clock.until(pass.next) => {}
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}

/// Appends events and waits until they are shown. What the journal does not take is decided anew.
async fn append(appender: &Appender, hub: &Hub, events: Vec<AlertEvent>) {
    let drafts = events.into_iter().map(|event| Draft::own(Event::Alerts(event))).collect();
    match appender.append(drafts).await {
        // Deciding anew before this is folded could tell people twice; so it is waited for.
        Ok(receipt) => hub.shows(receipt.cursor.seq, "what happens to alerts").await,
        Err(error) => {
            tracing::warn!(?error, "what happens to alerts waits for the journal");
            sleep(RETRY).await;
        }
    }
}
