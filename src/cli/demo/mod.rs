//! `bellwether demo`: a believable fleet's life, sent over the public interface only.

mod host;
mod latency;
mod market;
mod orders;
mod pace;
mod project;
mod rng;
mod traffic;
mod work;
mod world;

use super::client::{Client, Failure, Target};
use super::{Bar, Outcome, duration};
use crate::pipeline::clock::Clock;
use crate::wire::Timestamp;
use orders::{Answer as Done, Orders};
use pace::{Pace, Stop};
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use world::{Happening, Plan, World};

/// Most events of a batch.
const MAX_EVENTS: usize = 500;

/// Once the demo is told to end, how long a batch on its way may take.
const GRACE: Duration = Duration::from_millis(900);

/// Send a made-up fleet's life to a board, to see it at work.
///
/// Projects that flake, break, are mended, slow down and fall quiet; services with traffic by day
/// and night; hosts, one of them hot and one silent at times; agents and their tasks; a
/// market and two strategies that trade in it. It is sent as any producer would: nothing on the board is made up by itself.
///
/// First the past is lived (--history), as fast as the board takes it, so that charts are full.
/// From then on life goes by the clock, or --speed times as fast: then everything happens so much
/// more often. Every event carries the time of the clock at which it happens, and none a later one.
/// The same seed lives the same life; only the moment it is started at shifts it. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bellwether demo --url http://127.0.0.1:3000\n  \
    bellwether demo --url http://127.0.0.1:3000 --speed 60 --history 7d   an hour a minute")]
pub struct Args {
    #[command(flatten)]
    target: Target,
    /// Which life; the same number lives the same
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds of life a second, 1 to 600
    #[arg(long, value_name = "X", default_value = "1", value_parser = speed)]
    speed: f64,
    /// How many projects, 1 to 5000
    #[arg(long, value_name = "N", default_value_t = 24,
        value_parser = clap::value_parser!(u32).range(1..=5_000))]
    projects: u32,
    /// How many agents, 1 to 2000; of many, less of the past is sent
    #[arg(long, value_name = "N", default_value_t = 24,
        value_parser = clap::value_parser!(u32).range(1..=2_000))]
    agents: u32,
    /// How much of the past is sent first
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration::parse)]
    history: Duration,
    /// How long to go on once the past is sent [default: until Ctrl-C]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    lasts: Option<Duration>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|x: &f64| (1.0..=600.0).contains(x));
    speed.ok_or_else(|| "must be between 1 (real time) and 600".to_owned())
}

/// An event as it is sent.
#[derive(Serialize)]
struct Sent<'a> {
    id: String,
    #[serde(flatten)]
    event: &'a Happening,
}

/// What the board says to a batch.
#[derive(Deserialize)]
struct Answer {
    accepted: u64,
    rejected: Vec<serde_json::Value>,
}

struct Demo {
    client: Arc<Client>,
    orders: Orders,
    world: World,
    start: Timestamp,
    lasts: Option<Duration>,
    stop: Arc<Stop>,
    /// Before every id, so that a second run is not taken for the first one sent again.
    run: String,
    made: u64,
    sent: u64,
    bar: Bar,
}

/// Lives until it is told to end, which is no failure.
///
/// # Errors
/// The board cannot be reached or refuses.
pub fn run(args: Args) -> Outcome {
    let start = Clock::default().now();
    let history_ms = i64::try_from(args.history.as_millis())?;
    let (seed, speed) = (args.seed, args.speed);
    let (projects, agents) = (args.projects as usize, args.agents as usize);
    let stop = Arc::new(Stop::default());
    let client = Arc::new(args.target.client());
    let board = client.base();
    eprintln!(
        "living as {projects} projects and {agents} agents on {board} (seed {seed}); Ctrl-C ends it"
    );
    let mut demo = Demo {
        orders: Orders::hear(&client, work::SOURCE, &stop)?,
        client,
        world: World::new(Plan { seed, projects, agents, start, history_ms, speed }),
        start,
        lasts: args.lasts,
        stop: stop.clone(),
        run: uuid::Uuid::now_v7().simple().to_string(),
        made: 0,
        sent: 0,
        bar: Bar::spinner("reaching the board"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async move {
        let mut life = tokio::task::spawn_blocking(move || demo.live());
        tokio::select! {
            ended = &mut life => return ended,
            () = super::serve::asked_to_stop() => stop.request(),
        }
        tokio::time::timeout(GRACE, life).await.unwrap_or(Ok(Ok(())))
    });
    // A request that is still on its way is not worth the wait: it may only be sent twice.
    runtime.shutdown_background();
    outcome??;
    Ok(ExitCode::SUCCESS)
}

impl Demo {
    fn live(&mut self) -> Result<(), String> {
        let lived = self.live_on();
        self.bar.clear();
        eprintln!("sent {} events", self.sent);
        lived
    }

    fn live_on(&mut self) -> Result<(), String> {
        let mut pace = Pace::default();
        let mut caught_up: Option<Instant> = None;
        while !self.stop.requested() {
            let now = Clock::default().now();
            let mut events = self.world.advance(now, MAX_EVENTS);
            let full = events.len() >= MAX_EVENTS;
            let answers = self.obey(now, &mut events);
            self.tell(&events, pace.per_second());
            if !self.post(&events)? {
                break;
            }
            // What was done is told before it is said to be.
            answers.into_iter().for_each(|(id, done)| self.orders.answer(id, done));
            if !full && caught_up.is_none() && now >= self.start {
                caught_up = Some(Instant::now());
                self.bar.say(&format!("the past is told in {} events; now it goes on", self.sent));
            }
            if let (Some(since), Some(lasts)) = (caught_up, self.lasts)
                && since.elapsed() >= lasts
            {
                break;
            }
            let due = self.world.due().map_or(0, |due| due.since(Clock::default().now()));
            self.stop.sleep(pace.wait(events.len(), full, Duration::from_millis(due as u64)));
        }
        Ok(())
    }

    /// Does what people at the board want; adds what happens then, and returns what to answer.
    fn obey(&mut self, now: Timestamp, events: &mut Vec<Happening>) -> Vec<(String, Done)> {
        let mut answers = Vec::new();
        for order in self.orders.waiting() {
            let (more, done) = self.world.obey(work::SOURCE, &order, now);
            events.extend(more);
            answers.push((order.id, done));
        }
        answers
    }

    /// Sends a batch; false if the demo was told to end meanwhile.
    fn post(&mut self, events: &[Happening]) -> Result<bool, String> {
        if events.is_empty() {
            return Ok(true);
        }
        let mut body = Vec::with_capacity(events.len() * 256);
        for event in events {
            self.made += 1;
            let sent = Sent { id: format!("{}-{}", self.run, self.made), event };
            serde_json::to_writer(&mut body, &sent).map_err(|error| error.to_string())?;
            body.push(b'\n');
        }
        let (bar, stop, mut told) = (&self.bar, &self.stop, false);
        let path = "/api/v1/events";
        let answer: Result<Answer, Failure> =
            self.client.post_patiently(path, "application/x-ndjson", &body, |failure, wait| {
                bar.retrying(failure, &mut told);
                stop.sleep(wait);
                !stop.requested()
            });
        match answer {
            Ok(answer) => {
                self.sent += answer.accepted;
                answer.rejected.first().map_or(Ok(true), |first| {
                    Err(format!("the board is of another version; it rejects: {first}"))
                })
            }
            Err(_) if self.stop.requested() => Ok(false),
            Err(failure) => Err(failure.to_string()),
        }
    }

    fn tell(&self, events: &[Happening], per_second: f64) {
        if let Some(last) = events.last() {
            let (sent, at) = (self.sent, last.time);
            self.bar.message(format!("{sent} sent, {per_second:.0}/s, life is at {at}"));
        }
    }
}
