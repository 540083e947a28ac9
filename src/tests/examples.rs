//! What is in `examples/`, as processes of their own, against a board.

use crate::harness::{Answer, PATIENCE, Server};
use serde_json::{Value, json};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An example with all that it has started; gone with the test.
pub struct Process(Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        Self::telling(command, Stdio::null())
    }

    /// One whose words are looked at.
    pub fn telling(command: &mut Command, words: impl Into<Stdio>) -> Self {
        let quiet = command.stdin(Stdio::null()).stdout(words).stderr(Stdio::null());
        Self(quiet.process_group(0).spawn().expect("it starts"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its children too: they are a group of their own.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// The Python that has what the examples need.
fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv/bin/python");
    assert!(python.exists(), "it is missing: run `tools/setup.sh test` once");
    python
}

/// Asks for a path again and again until its answer is as it should be.
async fn until(server: &Server, path: &str, hold: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let answer = server.get(path).await;
        if answer.status == 200 && hold(&answer.json()) {
            return answer.json();
        }
        assert!(begun.elapsed() < PATIENCE, "in vain: {path} {}", text(&answer));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Two tasks of a worker are given up; one is retried and done, the other cancelled.
async fn obeys(server: &Server, agent: &str) {
    let given_up = |page: &Value| page["total"] == json!(2);
    let dead = until(server, "/api/v1/tasks?status=dead_letter", given_up).await;
    let [retried, cancelled] = [0, 1].map(|i| dead["items"][i]["id"].as_str().unwrap().to_owned());
    assert_eq!(
        (&dead["items"][0]["agent"], &dead["items"][0]["attempt"]),
        (&json!(agent), &json!(2))
    );
    for (task, command) in [(&retried, "retry"), (&cancelled, "cancel")] {
        let path = format!("/api/v1/tasks/{task}/{command}");
        let answer = server.request("POST", &path, &[], "").await;
        assert_eq!(answer.status, 202, "{}", text(&answer));
    }
    let is = |status: &'static str| move |task: &Value| task["status"] == json!(status);
    let done = until(server, &format!("/api/v1/tasks/{retried}"), is("completed")).await;
    assert_eq!((&done["agent"], &done["retry_count"]), (&json!(agent), &json!(2)));
    let steps = done["history"].as_array().unwrap();
    let at = |kind: &str| steps.iter().rposition(|step| step["type"] == json!(kind)).expect(kind);
    assert_eq!(steps[at("command.settled")]["text"], json!("done"));
    let order =
        ["task.dead_lettered", "command.requested", "task.queued", "task.completed"].map(at);
    assert!(order.is_sorted(), "{steps:?}");
    until(server, &format!("/api/v1/tasks/{cancelled}"), is("cancelled")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_worker_obeys_over_its_socket() {
    let server = Server::start().await;
    let url = format!("http://{}", server.address);
    let mut command = Command::new(python());
    command.arg(example("worker.py")).args(["--url", &url, "--agent", "py", "--source", "py"]);
    command.args(["--tasks", "2", "--fail-rate", "1", "--tries", "2", "--seconds", "0.1"]);
    let _worker = Process::start(command.env_remove("BELLWETHER_TOKEN"));
    obeys(&server, "py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_worker_obeys_over_http() {
    let server = Server::start().await;
    let options = [("TASKS", "2"), ("FAIL_PERCENT", "100"), ("TRIES", "2"), ("PACE", "0.05")];
    let mut command = Command::new("bash");
    command.arg(example("worker.sh")).env_remove("BELLWETHER_TOKEN").envs(options);
    command.envs([("AGENT", "sh"), ("SOURCE", "sh")]);
    command.env("BELLWETHER_URL", format!("http://{}", server.address));
    let _worker = Process::start(&mut command);
    obeys(&server, "sh").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_tells_every_kind_of_event_and_asks() {
    let server = Server::start().await;
    let url = format!("http://{}", server.address);
    for said in ["\"accepted\":3,\"duplicates\":0", "\"accepted\":0,\"duplicates\":3"] {
        let mut command = Command::new("bash");
        command.arg(example("curl.sh")).env_remove("BELLWETHER_TOKEN").env("RUN", "r1");
        let done = command.env("BELLWETHER_URL", &url).output().unwrap();
        let out = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{out}{}", String::from_utf8_lossy(&done.stderr));
        assert!(out.contains(said), "{out}");
    }
    let shown = server.get("/dashboard/summary").await.json();
    let counts = json!([shown["validations"]["total"], shown["tasks"]["dead_letter"]]);
    assert_eq!(counts, json!([1, 1]), "the second time doubled something: {shown}");
    let portfolio = server.get("/api/v1/portfolio?account=example").await.json();
    assert_eq!(portfolio["total_value"], json!(10_012.15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_reported_also_when_the_board_was_away() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let report = |url: &str, command: &[&str]| {
        let mut report = Command::new(python());
        report.arg(example("report.py")).args(["--url", url, "--project", "p", "--patience", "0"]);
        report.arg("--").args(command).current_dir(folder.path()).env_remove("BELLWETHER_TOKEN");
        report.output().unwrap().status.code()
    };
    // Nobody listens at a port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fails = ["sh", "-c", "echo boom >&2; exit 3"];
    assert_eq!(report(&format!("http://{free}"), &fails), Some(3));
    assert!(folder.path().join("report.ndjson").exists());
    assert_eq!(report(&format!("http://{}", server.address), &["true"]), Some(0));
    assert!(!folder.path().join("report.ndjson").exists());
    let passed = |project: &Value| project["runs"].as_array().is_some_and(|runs| runs.len() == 2);
    let shown = until(&server, "/dashboard/projects/p", passed).await;
    assert_eq!(json!([shown["validation_status"], shown["error_count"]]), json!(["passed", 1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_follows_what_happens() {
    let server = Server::start().await;
    let run = |status: &str| json!({ "type": "validation.completed", "data": { "project": "p", "status": status } });
    server.send(run("failed")).await;
    let folder = tempfile::tempdir().unwrap();
    let words = folder.path().join("words");
    let mut node = Command::new("node");
    // Node 20 has a WebSocket only if it is asked for, later ones do without.
    node.arg("--experimental-websocket").arg(example("follow.mjs")).env_remove("BELLWETHER_TOKEN");
    node.env("BELLWETHER_URL", format!("http://{}", server.address));
    let _node = Process::telling(&mut node, std::fs::File::create(&words).unwrap());
    let begun = Instant::now();
    let mut expected = vec!["p: critical, ", "p: "];
    while !expected.is_empty() {
        let said = std::fs::read_to_string(&words).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        let next = 2 - expected.len();
        if lines.get(next).is_some_and(|line| line.contains(expected[0])) {
            expected.remove(0);
            if !expected.is_empty() {
                server.send(run("passed")).await;
            }
        }
        assert!(begun.elapsed() < PATIENCE, "in vain: {said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn they_are_short_enough_to_copy_from() {
    let most = [("worker.py", 100), ("worker.sh", 100), ("celery_bridge.py", 170)];
    for (name, most) in most.into_iter().chain([("report.py", 100), ("follow.mjs", 100)]) {
        let lines = std::fs::read_to_string(example(name)).unwrap().lines().count();
        assert!(lines < most, "{name} has {lines} lines");
    }
}
