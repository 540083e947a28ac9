//! From flushes to sockets: what is shown now, and the frames that led to it.
//!
//! A frame is encoded once, whatever the number of clients. A client holds a cursor, not a queue:
//! it wakes, takes what lies between its cursor and the head, and sleeps. What a client has not
//! taken costs nothing; if it lies too far back, the client is given a snapshot instead.

use super::publish::Published;
use crate::domain::Topic;
use crate::wire::{Seq, Timestamp};
use arc_swap::ArcSwap;
use axum::extract::ws::Utf8Bytes;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// How much of the past a topic keeps for resuming clients.
#[derive(Debug, Clone, Copy)]
pub struct RingLimits {
    /// Frames a topic.
    pub frames: usize,
    /// Bytes a topic.
    pub bytes: usize,
}

impl Default for RingLimits {
    /// A minute of flushes at full rate, or 16 MiB.
    fn default() -> Self {
        Self { frames: 600, bytes: 16 << 20 }
    }
}

/// How long whoever waits for something to be shown waits before that is said.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);
/// How long the ring of a topic nobody subscribes to is kept for a client that comes back.
const LINGER: Duration = Duration::from_secs(60);

/// An encoded delta, shared by all clients.
#[derive(Debug)]
pub struct Delta {
    /// The position it follows on its topic.
    pub from: Seq,
    /// The position it leads to.
    pub seq: Seq,
    /// The whole message.
    pub text: Utf8Bytes,
    /// Where `,"seq":` begins in `text`, so that `from` can be exchanged; none if it is the same
    /// for everyone.
    rest: Option<usize>,
}

impl Delta {
    /// The message for a client that stands at `cursor`, which is the shared one unless the
    /// client joined between two frames.
    pub fn text_from(&self, cursor: Seq, topic: &Topic, epoch: &str) -> Utf8Bytes {
        let Some(rest) = self.rest.filter(|_| cursor != self.from) else {
            return self.text.clone();
        };
        let mut text = delta_head(topic, epoch, cursor);
        text.push_str(self.text.get(rest..).unwrap_or_default());
        text.into()
    }
}

fn delta_head(topic: &Topic, epoch: &str, from: Seq) -> String {
    let topic = json_string(&topic.to_string());
    format!(r#"{{"type":"delta","topic":{topic},"epoch":"{epoch}","from":{from}"#)
}

/// `text` as a JSON string, quotes included.
pub fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

struct Ring {
    frames: VecDeque<Arc<Delta>>,
    bytes: usize,
    /// Positions below this cannot be resumed from.
    floor: Seq,
    /// Where the newest frame leads.
    head: Seq,
    subscribers: usize,
    idle_since: Option<Instant>,
}

impl Ring {
    fn starting_at(seq: Seq) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            floor: seq,
            head: seq,
            subscribers: 0,
            idle_since: None,
        }
    }

    fn push(&mut self, delta: Delta, limits: RingLimits) {
        self.bytes += delta.text.len();
        self.head = delta.seq;
        self.frames.push_back(Arc::new(delta));
        while self.frames.len() > limits.frames || self.bytes > limits.bytes {
            let Some(dropped) = self.frames.pop_front() else { break };
            self.bytes -= dropped.text.len();
            self.floor = dropped.seq;
        }
    }
}

/// Counters of the feed.
#[derive(Debug, Default)]
pub struct HubMeters {
    /// Open sockets.
    pub clients: AtomicU64,
    /// Flushes since start.
    pub flushes: AtomicU64,
    /// Frames written to sockets.
    pub frames_sent: AtomicU64,
    /// Snapshots sent because a cursor had fallen off its ring.
    pub resyncs: AtomicU64,
    /// Clients closed because they took nothing for 10 s.
    pub slow_closed: AtomicU64,
}

/// One changed topic of a flush.
pub struct Change {
    /// Which topic.
    pub topic: Topic,
    /// Its delta as JSON.
    pub data: String,
}

/// The meeting point of the aggregate (one writer) and the readers (any number).
pub struct Hub {
    epoch: Arc<str>,
    limits: RingLimits,
    rings: Mutex<HashMap<Topic, Ring>>,
    published: ArcSwap<Published>,
    head: watch::Sender<Seq>,
    /// Position where what decides about access last changed, for sockets to compare.
    pub access_changed: AtomicU64,
    /// Told when something outside the journal changed that the board shows.
    pub nudge: Notify,
    /// Counters.
    pub meters: HubMeters,
}

/// A cursor that cannot be resumed from.
#[derive(Debug, PartialEq, Eq)]
pub struct Fallen;

impl Hub {
    /// A hub that shows `first`.
    pub fn new(epoch: Arc<str>, first: Published, limits: RingLimits) -> Self {
        let seq = first.seq;
        Self {
            epoch,
            limits,
            rings: Mutex::new(Topic::ALWAYS.map(|topic| (topic, Ring::starting_at(seq))).into()),
            access_changed: AtomicU64::new(first.state.access.changed),
            published: ArcSwap::from_pointee(first),
            head: watch::Sender::new(seq),
            nudge: Notify::new(),
            meters: HubMeters::default(),
        }
    }

    /// Identity of the journal's past.
    pub fn epoch(&self) -> &Arc<str> {
        &self.epoch
    }

    /// What is shown now.
    pub fn published(&self) -> Arc<Published> {
        self.published.load_full()
    }

    /// Follows the position that is shown.
    pub fn watch(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }

    /// Waits until the position `seq` is shown; says now and then that `what` is not.
    pub async fn shows(&self, seq: Seq, what: &str) {
        let mut head = self.watch();
        while timeout(SHOWN_WITHIN, head.wait_for(|at| *at >= seq)).await.is_err() {
            tracing::warn!("{what} is not shown yet");
        }
    }

    fn rings(&self) -> MutexGuard<'_, HashMap<Topic, Ring>> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The topics that exist only while somebody looks.
    pub fn on_demand(&self) -> Vec<Topic> {
        self.rings().keys().filter(|topic| topic.is_on_demand()).cloned().collect()
    }

    /// Shows `next`, which `changes` led to. `asked` are the on-demand topics that `changes`
    /// considered; any that appeared since then starts at `next`.
    pub fn publish(&self, next: Published, changes: Vec<Change>, asked: &[Topic]) {
        let (seq, at) = (next.seq, next.as_of);
        let mut rings = self.rings();
        rings.retain(|topic, ring| {
            let lingers = ring.idle_since.is_none_or(|since| since.elapsed() < LINGER);
            !topic.is_on_demand() || ring.subscribers > 0 || lingers
        });
        for Change { topic, data } in changes {
            let Some(ring) = rings.get_mut(&topic) else { continue };
            let delta = encode(&topic, &self.epoch, ring.head, seq, at, &data);
            ring.push(delta, self.limits);
        }
        for (topic, ring) in rings.iter_mut() {
            if topic.is_on_demand() && !asked.contains(topic) {
                let subscribers = ring.subscribers;
                *ring = Ring { subscribers, idle_since: ring.idle_since, ..Ring::starting_at(seq) };
            }
        }
        self.access_changed.store(next.state.access.changed, Ordering::Release);
        self.published.store(Arc::new(next));
        drop(rings);
        self.meters.flushes.fetch_add(1, Ordering::Relaxed);
        self.head.send_replace(seq);
    }

    /// Counts a subscriber in; an on-demand topic begins to be fed.
    pub fn join(&self, topic: &Topic) {
        let mut rings = self.rings();
        let shown = self.published.load().seq;
        let ring = rings.entry(topic.clone()).or_insert_with(|| Ring::starting_at(shown));
        ring.subscribers += 1;
        ring.idle_since = None;
    }

    /// Counts a subscriber out.
    pub fn leave(&self, topic: &Topic) {
        if let Some(ring) = self.rings().get_mut(topic) {
            ring.subscribers = ring.subscribers.saturating_sub(1);
            if ring.subscribers == 0 {
                ring.idle_since = Some(Instant::now());
            }
        }
    }

    /// The frames after `cursor`, oldest first.
    ///
    /// # Errors
    /// The cursor lies before the ring, or in a future that this journal has not got.
    pub fn since(&self, topic: &Topic, cursor: Seq) -> Result<Vec<Arc<Delta>>, Fallen> {
        let rings = self.rings();
        let ring = rings.get(topic).ok_or(Fallen)?;
        if ring.head <= cursor && cursor <= self.published.load().seq {
            return Ok(Vec::new());
        }
        if cursor < ring.floor || cursor > ring.head {
            return Err(Fallen);
        }
        let first = ring.frames.partition_point(|frame| frame.seq <= cursor);
        Ok(ring.frames.range(first..).cloned().collect())
    }

    /// A socket has opened.
    pub fn connected(&self) {
        self.meters.clients.fetch_add(1, Ordering::AcqRel);
        self.nudge.notify_one();
    }

    /// A socket has closed.
    pub fn disconnected(&self) {
        self.meters.clients.fetch_sub(1, Ordering::AcqRel);
        self.nudge.notify_one();
    }
}

fn encode(topic: &Topic, epoch: &str, from: Seq, seq: Seq, at: Timestamp, data: &str) -> Delta {
    if topic.is_socket() {
        // Its frames are of another protocol, and whole as they are.
        return Delta { from, seq, text: data.into(), rest: None };
    }
    let mut text = delta_head(topic, epoch, from);
    let rest = Some(text.len());
    // Writing to a string cannot fail.
    let _ = write!(text, r#","seq":{seq},"at":"{at}","data":{data}}}"#);
    Delta { from, seq, text: text.into(), rest }
}

/// The message that brings a whole topic. `reason` says why, when the client did not ask.
pub fn snapshot_text(
    topic: &Topic,
    epoch: &str,
    seq: Seq,
    at: Timestamp,
    data: &str,
    reason: Option<&str>,
) -> Utf8Bytes {
    let topic = json_string(&topic.to_string());
    let reason = reason.map(|r| format!(r#","reason":"{r}""#)).unwrap_or_default();
    format!(
        r#"{{"type":"snapshot","topic":{topic},"epoch":"{epoch}","seq":{seq},"at":"{at}"{reason},"data":{data}}}"#
    )
    .into()
}
