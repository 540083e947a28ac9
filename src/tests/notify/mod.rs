//! Channels against real receivers: programs that verify signatures, keep mail, or are an
//! Alertmanager; that fail and recover in between.

mod alertmanager;
mod crash;
mod mail;
mod rest;
mod told;
mod webhook;

use crate::harness::PATIENCE;
use bellwether::domain::Event;
use bellwether::domain::alerts::state::State as Alerts;
use bellwether::domain::alerts::{
    AlertItem, AlertState, ChannelItem, ChannelSpec, Event as AlertEvent, Queued, Told, Why,
};
use bellwether::domain::health::Severity;
use bellwether::notify::Tuning;
use bellwether::pipeline::clock::Clock;
use bellwether::pipeline::journal::Draft;
use bellwether::pipeline::{self, Running};
use bellwether::server::App;
use bellwether::server::access::Caller;
use bellwether::server::alerts::channels;
use bellwether::server::config::{self, Settings};
use bellwether::wire::Timestamp;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What webhooks are signed with here.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Patient enough for a busy machine, and quick to try again.
pub fn quick() -> Tuning {
    Tuning {
        first: Duration::from_millis(50),
        most: Duration::from_millis(200),
        attempts: 1_000,
        ..Tuning::default()
    }
}

/// The server without its door: what is queued is appended to the journal itself.
pub struct Board {
    pub app: App,
    running: Running,
}

impl Board {
    pub async fn start(dir: &Path) -> Self {
        Self::changed(dir, |_| {}).await
    }

    /// One that is started with other settings.
    pub async fn changed(dir: &Path, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            data_dir: dir.to_owned(),
            sampler: false,
            notify_allow_private: true,
            public_url: Some("https://board.example".to_owned()),
            tuning: config::Tuning { delivery: quick(), ..config::Tuning::default() },
            ..Settings::default()
        };
        change(&mut settings);
        let running = pipeline::start(&settings, Clock::default()).await.unwrap();
        Self { app: running.app.clone(), running }
    }

    /// Ends it as SIGTERM does.
    pub async fn stop(self) {
        let Self { app, running } = self;
        drop(app);
        running.stop().await;
    }

    pub async fn save(&self, spec: Value) -> ChannelItem {
        let spec: ChannelSpec = serde_json::from_value(spec).unwrap();
        channels::save(&self.app, &Caller::command_line(), None, spec).await.unwrap()
    }

    pub async fn change(&self, id: &str, spec: Value) -> ChannelItem {
        let spec: ChannelSpec = serde_json::from_value(spec).unwrap();
        channels::save(&self.app, &Caller::command_line(), Some(id), spec).await.unwrap()
    }

    /// Queues what is told of one alert, and waits until that is shown.
    pub async fn queue(&self, notification: &str, channel: &str, why: Why) {
        self.queue_alert(notification, channel, why, alert(notification, why)).await;
    }

    /// The same of an alert whose texts are `said`.
    pub async fn queue_said(&self, notification: &str, channel: &str, said: &str) {
        let alert = AlertItem {
            title: said.to_owned(),
            message: said.to_owned(),
            resolve: said.to_owned(),
            subject: said.into(),
            ..alert(notification, Why::Fired)
        };
        self.queue_alert(notification, channel, Why::Fired, alert).await;
    }

    async fn queue_alert(&self, notification: &str, channel: &str, why: Why, alert: AlertItem) {
        let told = Told { why, alert, covers: 0 };
        let queued = Queued {
            notification: notification.into(),
            channel: channel.into(),
            group: "disk".into(),
            alerts: vec![told],
        };
        let draft = Draft::own(Event::Alerts(AlertEvent::Queued(queued)));
        let cursor = self.app.ingest.keep(vec![draft]).await.unwrap();
        assert!(self.app.ingest.shows(cursor.seq).await, "it is shown");
    }

    /// Waits until what is known of alerts is as wanted.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Alerts) -> bool) {
        let begun = Instant::now();
        while !wanted(&self.app.hub.published().state.alerts) {
            let outbox = &self.app.hub.published().state.alerts.outbox;
            assert!(begun.elapsed() < PATIENCE, "in vain: {what}: {:?}", outbox.items());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until nothing waits to be delivered.
    pub async fn until_delivered(&self) {
        self.until("all is delivered", |alerts| {
            alerts.outbox.waiting.is_empty() && alerts.outbox.dead.is_empty()
        })
        .await;
    }
}

/// An alert of its own for each notification.
pub fn alert(name: &str, why: Why) -> AlertItem {
    let at = Timestamp::from_ms(1_790_000_000_000);
    let over = why == Why::Resolved;
    let labels = [
        ("alertname", "Disk is full"),
        ("rule", "disk"),
        ("severity", "critical"),
        ("subject", "host/build-02"),
        ("source", "agent"),
        ("team", "pay"),
    ];
    AlertItem {
        id: format!("alert-{name}").into(),
        title: "Disk of build-02 is full".to_owned(),
        message: "97 % of the disk of build-02 are used.".to_owned(),
        severity: Severity::Critical,
        source: "agent".into(),
        state: if over { AlertState::Resolved } else { AlertState::Firing },
        created_at: at,
        fired_at: Some(at.plus(1_000)),
        resolved_at: over.then(|| at.plus(61_000)),
        acknowledged: false,
        acknowledged_by: None,
        acknowledged_at: None,
        acknowledged_comment: None,
        silenced_until: None,
        tags: vec!["team=pay".to_owned()],
        rule: "disk".into(),
        rule_name: "Disk is full".to_owned(),
        finding: None,
        subject: "host/build-02".into(),
        labels: labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        value: Some(97.0),
        threshold: Some(90.0),
        unit: Some("%".to_owned()),
        resolve: "Free some of it".to_owned(),
        link: "/system/hosts/build-02".to_owned(),
        runbook: Some("https://wiki.example/disk".to_owned()),
        owner: Some("ops".to_owned()),
        flap_score: 0.0,
        flapping: false,
        covered_by: None,
        seq: 7,
    }
}

/// A program of ours, gone with the test.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A receiver: a program that listens, and writes down what comes.
pub struct Receiver {
    dir: TempDir,
    script: &'static str,
    more: Vec<String>,
    pub port: u16,
    process: Option<Process>,
}

impl Receiver {
    /// One that answers with `behave`.
    pub fn start(script: &'static str, more: &[&str], behave: &str) -> Self {
        let mut receiver = Self {
            dir: tempfile::tempdir().unwrap(),
            script,
            more: more.iter().map(|&one| one.to_owned()).collect(),
            port: 0,
            process: None,
        };
        receiver.behaves(behave);
        receiver.up();
        receiver
    }

    /// One of webhooks.
    pub fn webhook(behave: &str) -> Self {
        Self::start("receiver.py", &["--secret", SECRET], behave)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// From now on it answers so.
    pub fn behaves(&self, how: &str) {
        let fresh = self.dir.path().join("behave.new");
        std::fs::write(&fresh, how).unwrap();
        std::fs::rename(fresh, self.dir.path().join("behave")).unwrap();
    }

    /// Starts it, on the port it had before.
    pub fn up(&mut self) {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv/bin/python");
        assert!(python.exists(), "its packages are missing: run `tools/setup.sh test` once");
        let mut command = Command::new(python);
        command.arg(self.scripts().join(self.script)).args(&self.more);
        command.args(["--port", &self.port.to_string()]);
        command.arg("--log").arg(self.dir.path().join("log"));
        command.arg("--behave").arg(self.dir.path().join("behave"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut first = String::new();
        let said = child.stdout.take().expect("piped");
        self.process = Some(Process(child));
        BufReader::new(said).read_line(&mut first).expect("readable");
        self.port = first.trim().parse().expect("a port");
    }

    fn scripts(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/notify")
    }

    /// Ends it as a crash does; its port is free.
    pub fn down(&mut self) {
        self.process = None;
    }

    /// What came, in order.
    pub fn came(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        // The last line may not be whole yet.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until so many came.
    pub async fn until_came(&self, n: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let came = self.came();
            if came.len() >= n {
                return came;
            }
            assert!(begun.elapsed() < PATIENCE, "in vain: {n} come, but {came:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The ids of webhooks that came.
pub fn ids(came: &[Value]) -> Vec<&str> {
    came.iter().map(|one| one["headers"]["webhook-id"].as_str().unwrap()).collect()
}
