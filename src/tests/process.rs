//! The real binary as a process of its own: started, asked, killed.

use bellwether::pipeline::journal::Reader;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Nothing that a test waits for takes longer, however busy the machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

const BINARY: &str = env!("CARGO_BIN_EXE_bellwether");

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// What a client asks with; it keeps its connections.
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into()
}

/// One request; `None` if the server went away before it answered.
pub fn ask(agent: &ureq::Agent, url: &str, body: Option<(&str, String)>) -> Option<Answer> {
    let answer = match body {
        Some((kind, body)) => agent.post(url).header("content-type", kind).send(body),
        None => agent.get(url).call(),
    };
    let mut answer = answer.ok()?;
    let header = |name: &str| {
        answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let (content_type, retry_after) =
        (header("content-type").unwrap_or_default(), header("retry-after"));
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(64 << 20).read_to_vec().ok()?;
    Some(Answer { status, content_type, retry_after, body })
}

/// `bellwether serve` on a free port.
pub struct Served {
    pub child: Child,
    pub url: String,
}

impl Drop for Served {
    /// A test that ends, well or not, leaves no server behind.
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Starts it over `dir` and waits until it listens.
    pub fn start(dir: &Path, more: &[&str]) -> Self {
        Self::wait_for(command(dir, more).spawn().expect("the binary starts"))
    }

    /// Waits until a process listens.
    pub fn wait_for(mut child: Child) -> Self {
        let mut first = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("piped"));
        said.read_line(&mut first).expect("readable");
        let Some(url) = first.trim().strip_prefix("listening on ") else {
            let mut why = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut why);
            panic!("it does not listen: {first}{why}");
        };
        let url = url.to_owned();
        // Read on, so that a log longer than the pipe does not hold the server back.
        if let Some(mut log) = child.stderr.take() {
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        }
        Self { child, url }
    }

    pub fn get(&self, path: &str) -> Answer {
        ask(&agent(), &format!("{}{path}", self.url), None).expect("an answer")
    }

    pub fn post(&self, events: &Value) -> Answer {
        let body = ("application/json", events.to_string());
        ask(&agent(), &format!("{}/api/v1/events", self.url), Some(body)).expect("an answer")
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }

    /// Sends a signal, and says how it ended and after how long.
    pub fn signal(mut self, name: &str) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().expect("kill is there");
        assert!(sent.success());
        (wait(&mut self.child), begun.elapsed())
    }
}

/// `serve` over `dir`, its output piped.
pub fn command(dir: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--no-sampler", "--data-dir"])
        .arg(dir)
        .args(more)
        .env_remove("BELLWETHER_CONFIG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits until a process has ended.
pub fn wait(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Asks again and again until `hold` says that it holds.
#[track_caller]
pub fn until(what: &str, mut hold: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !hold() {
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What `rebuild --verify` said: its exit status, and its figures by name.
pub fn verify(dir: &Path) -> (Option<i32>, HashMap<String, String>) {
    let mut command = Command::new(BINARY);
    let run = command.args(["rebuild", "--verify", "--data-dir"]).arg(dir).output();
    let run = run.expect("the binary starts");
    let said = String::from_utf8(run.stdout).expect("text");
    let figures = said.lines().filter_map(|line| line.split_once(' '));
    (run.status.code(), figures.map(|(name, v)| (name.to_owned(), v.to_owned())).collect())
}

/// How often each event stands in the journal, by source and id.
pub fn journaled(dir: &Path) -> HashMap<(String, String), u32> {
    let reader = Reader::open(dir).expect("a journal");
    let mut counts = HashMap::new();
    let mut at = 0;
    loop {
        let events = reader.read(at).expect("whole records");
        let Some(last) = events.last() else { return counts };
        at = last.stamp.seq;
        for event in events.iter().filter(|event| event.event.counts()) {
            let id = (event.stamp.source.to_string(), event.stamp.id.to_string());
            *counts.entry(id).or_default() += 1;
        }
    }
}
