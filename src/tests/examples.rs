//! The workers of `examples/`, as processes of their own, watched and commanded over HTTP.

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
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv/bin/python");
    assert!(python.exists(), "its WebSocket package is missing: run `tools/setup.sh test` once");
    let server = Server::start().await;
    let url = format!("http://{}", server.address);
    let mut command = Command::new(python);
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

#[test]
fn they_are_short_enough_to_copy_from() {
    for name in ["worker.py", "worker.sh"] {
        let lines = std::fs::read_to_string(example(name)).unwrap().lines().count();
        assert!(lines < 100, "{name} has {lines} lines");
    }
}
