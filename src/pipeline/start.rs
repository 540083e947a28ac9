//! Putting the pipeline together, and taking it apart.

use super::aggregate::{Aggregate, Parts};
use super::alerts;
use super::checkpoint::Checkpointer;
use super::clock::Clock;
use super::history::{self, History};
use super::hub::Hub;
use super::ingest::{IngestState, Meters, Standing};
use super::journal::{self, Appender, Draft, Reader, Recovery};
use super::local::Gauges;
use super::orders;
use super::sampler::{self, HostSampler};
use super::scrape;
use super::series;
use super::ticker;
use crate::domain::summary::{Ticker, TickerLine};
use crate::domain::{Event, State, system};
use crate::notify::{Notify, worker};
use crate::server::App;
use crate::server::access::{Access, Policy};
use crate::server::alerts::back_test::BackTests;
use crate::server::answers::Answers;
use crate::server::config::Settings;
use crate::server::hooks::Hooks;
use crate::server::limits::Limits;
use crate::server::tail::Tails;
use crate::server::trading;
use crate::wire::{Seq, Timestamp};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Batches of committed events that wait to be folded.
const COMMITTED_QUEUE: usize = 64;
/// Positions before the head that are looked through for the ticker's first lines.
const LOOK_BACK: Seq = 250;
/// How long stopping may take.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// Least time between two ticks of the clock in the journal.
const TICK_EVERY: Duration = Duration::from_millis(100);

/// Says what had to be mended.
fn report(recovery: &Recovery) {
    if let Some(damage) = &recovery.damage {
        let (lost, kept) = (recovery.lost, &recovery.kept);
        tracing::error!(%damage, lost, ?kept, "the journal was damaged and has been cut back");
    }
}

/// The state at the head of the journal: the newest checkpoint that is whole, and what followed
/// it; and what came in last. History reads what it lacks by itself, meanwhile.
fn replay(dir: &Path) -> Result<(State, Vec<TickerLine>), Box<dyn Error + Send + Sync>> {
    let reader = Reader::open(dir)?;
    let mut state = reader.newest_state()?;
    loop {
        let envelopes = reader.read(state.seq)?;
        if envelopes.is_empty() {
            break;
        }
        for envelope in &envelopes {
            state.replay(envelope);
        }
    }
    let newest = reader.read(state.seq.saturating_sub(LOOK_BACK))?;
    let lines = newest.iter().rev().filter_map(ticker::line).take(Ticker::KEPT).collect();
    Ok((state, lines))
}

/// A pipeline at work.
pub struct Running {
    /// What requests use.
    pub app: App,
    appender: Appender,
    deliveries: tokio::task::JoinHandle<()>,
    threads: [std::thread::JoinHandle<()>; 2],
}

/// Opens the journal, brings the state up to date and starts every part.
///
/// # Errors
/// The data directory cannot be used.
pub async fn start(
    settings: &Settings,
    clock: Clock,
) -> Result<Running, Box<dyn Error + Send + Sync>> {
    let (committed, folding) = sync_channel(COMMITTED_QUEUE);
    let options = journal::Options {
        dir: settings.data_dir.clone(),
        max_bytes: settings.journal_max_mb.map(|mb| mb << 20),
    };
    let opened = journal::start(options, clock.clone(), committed)?;
    report(&opened.recovery);
    let (appender, status) = (opened.appender, opened.status);
    let epoch = opened.cursor.epoch.clone();
    let history = History::start(history::Options {
        dir: settings.data_dir.clone(),
        journal: opened.cursor.clone(),
        retain_days: settings.retain_days,
    })?;
    let (state, lines) = replay(&settings.data_dir)?;
    clock.not_before(state.now);
    history.made(state.seq).await;
    let meters = Arc::new(Meters::default());
    let host = sampler::host_name();
    let gauges = Arc::new(Gauges::new(host, meters.clone(), status.clone(), history.clone()));
    let (deadline, due) = watch::channel(None);
    let parts = Parts {
        state,
        lines,
        history: history.clone(),
        gauges: gauges.clone(),
        epoch: epoch.clone(),
        deadline,
        checkpoint: Checkpointer::new(appender.clone(), history.clone(), settings.retain_days),
    };
    let (aggregate, first) = Aggregate::new(parts);
    let hub = Arc::new(Hub::new(epoch, first, settings.tuning.ring));
    let _ = gauges.hub.set(Arc::downgrade(&hub));
    let aggregate = std::thread::Builder::new().name("aggregate".to_owned()).spawn({
        let hub = hub.clone();
        move || aggregate.run(&folding, &hub)
    })?;
    let shutdown = CancellationToken::new();
    tokio::spawn(tick(appender.clone(), hub.clone(), clock.clone(), due, shutdown.clone()));
    tokio::spawn(orders::run(appender.clone(), hub.clone(), clock.clone(), shutdown.clone()));
    let (judge, judged) = watch::channel(0);
    tokio::spawn(alerts::run(
        appender.clone(),
        hub.clone(),
        clock.clone(),
        judge,
        shutdown.clone(),
    ));
    if settings.sampler {
        let sampler = HostSampler::new(&settings.data_dir);
        tokio::spawn(sample(appender.clone(), sampler, shutdown.clone()));
    }
    let policy = Policy {
        loopback: settings.listen.ip().is_loopback(),
        anonymous: settings.anonymous.as_deref().map(Arc::from),
        provider: settings.oidc.is_some(),
        provider_name: settings.oidc.as_ref().map(|oidc| oidc.name.clone()),
        oidc: settings.oidc.clone(),
        measures: settings.tuning.sign_in,
        ticket: None,
    };
    let access = Access::open(&settings.data_dir, policy, clock.now())?;
    access.remember(&hub.published());
    let access = Arc::new(access);
    let standing: Standing = {
        let (access, hub, clock) = (access.clone(), hub.clone(), clock.clone());
        Arc::new(move |caller| {
            caller.still_holds(&access, &hub.published().state.access, clock.now())
        })
    };
    let applied = hub.watch();
    let ingest = IngestState { appender: appender.clone(), applied, judged, meters, standing };
    if !settings.scrape.targets.is_empty() {
        let (ingest, clock, stop) = (ingest.clone(), clock.clone(), shutdown.clone());
        tokio::spawn(scrape::run(ingest, clock, settings.scrape.clone(), stop));
    }
    let notify = Arc::new(Notify::new(settings));
    let parts = worker::Parts {
        appender: appender.clone(),
        hub: hub.clone(),
        clock: clock.clone(),
        notify: notify.clone(),
    };
    let deliveries = tokio::spawn(worker::run(parts, shutdown.clone()));
    let answers = Answers::new(gauges.answers.clone());
    let app = App {
        hub,
        history,
        ingest,
        gauges,
        journal: status,
        clock,
        pace: settings.tuning.pace,
        patience: settings.tuning.patience,
        presence: Arc::default(),
        offers: Arc::default(),
        answers,
        back_tests: Arc::new(BackTests::new(settings.data_dir.clone())),
        tails: Arc::new(Tails::new(settings.data_dir.clone())),
        access,
        limits: Arc::new(Limits::new(settings.limits, settings.trusted.clone())),
        origins: settings.origins.clone(),
        notify,
        hooks: Arc::new(Hooks::new(settings.github_secret.as_ref())),
        private_badges: settings.private_badges,
        edge: settings.tuning.edge,
        sockets: tokio_util::task::TaskTracker::new(),
        shutdown,
    };
    let ratios = ask_ratios(&app);
    let (hub, clock, stop) = (app.hub.clone(), app.clock.clone(), app.shutdown.clone());
    tokio::spawn(series::run(appender.clone(), hub, clock, ratios, stop));
    Ok(Running { app, appender, deliveries, threads: [aggregate, opened.thread] })
}

/// What knows the ratios of the portfolio, which take history.
fn ask_ratios(app: &App) -> series::AskRatios {
    let app = app.clone();
    Arc::new(move || {
        let app = app.clone();
        Box::pin(async move {
            let portfolio = trading::reads::portfolio(&app, &Default::default()).await;
            portfolio.ok().map(|portfolio| portfolio.metrics)
        })
    })
}

impl Running {
    /// Takes no more events, and waits until those that were accepted are folded, a checkpoint is
    /// kept and every file is closed.
    pub async fn stop(self) {
        let Self { app, appender, deliveries, threads } = self;
        app.shutdown.cancel();
        // What was delivered is noted, so that it is not delivered again; it does not take long.
        let _ = deliveries.await;
        let history = app.history.clone();
        drop(app);
        let ended = tokio::task::spawn_blocking(move || {
            appender.close();
            drop(appender);
            for thread in threads {
                let _ = thread.join();
            }
            history.stop();
        });
        if tokio::time::timeout(STOP_WITHIN, ended).await.is_err() {
            tracing::warn!("ending before the last checkpoint is kept; the journal has everything");
        }
    }
}

/// Appends a tick of the clock when time alone changes what is shown, or when something outside
/// the journal did: so that whatever is shown has a position of its own.
async fn tick(
    appender: Appender,
    hub: Arc<Hub>,
    clock: Clock,
    mut due: watch::Receiver<Option<Timestamp>>,
    shutdown: CancellationToken,
) {
    loop {
        let next = *due.borrow_and_update();
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = due.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            () = clock.until(next) => {}
            () = hub.nudge.notified() => {}
        }
        let event = Event::System(system::Event::Ticked(system::Ticked {}));
        if let Err(error) = appender.append(vec![Draft::own(event)]).await {
            tracing::debug!(?error, "no tick");
        }
        tokio::time::sleep(TICK_EVERY).await;
    }
}

/// Appends a sample of this machine every two seconds; when the journal takes none, it is not
/// missed: the next one says more.
async fn sample(appender: Appender, mut sampler: HostSampler, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(sampler::INTERVAL);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        let read = tokio::task::spawn_blocking(move || (sampler.sample(), sampler)).await;
        let Ok((sampled, back)) = read else { return };
        sampler = back;
        let event = Event::System(system::Event::Sampled(sampled));
        if let Err(error) = appender.append(vec![Draft::own(event)]).await {
            tracing::debug!(?error, "no sample");
        }
    }
}
