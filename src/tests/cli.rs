//! The commands that talk to a board: the real binary against a real server.

use crate::harness::{PATIENCE, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::{Duration, Instant, timeout};

fn bellwether(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bellwether"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("BELLWETHER_URL").env_remove("BELLWETHER_TOKEN").kill_on_drop(true);
    command
}

async fn ended(child: Child) -> Output {
    timeout(PATIENCE, child.wait_with_output()).await.expect("ends in time").unwrap()
}

/// Runs to the end; the exit status and what it said.
async fn said(args: &[&str]) -> (i32, String) {
    let output = ended(bellwether(args).spawn().unwrap()).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "messages are for standard error");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn url(server: &Server) -> String {
    format!("http://{}", server.address)
}

fn run(project: &str) -> Value {
    json!({"type": "validation.completed", "data": {"project": project, "status": "passed"}})
}

fn write(dir: &Path, lines: &[String]) -> String {
    let file = dir.join("events.ndjson");
    std::fs::write(&file, lines.join("\n")).unwrap();
    file.to_str().unwrap().to_owned()
}

fn fixture(name: &str) -> String {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/tests/fixtures/junit");
    dir.join(name).to_str().unwrap().to_owned()
}

async fn projects(server: &Server) -> Vec<String> {
    let items = server.get("/dashboard/projects").await.json()["items"].clone();
    let name = |item: &Value| item["project"].as_str().unwrap().to_owned();
    items.as_array().unwrap().iter().map(name).collect()
}

/// Waits until the board shows a project.
async fn shown(server: &Server, project: &str) {
    let until = Instant::now() + PATIENCE;
    while !projects(server).await.iter().any(|p| p == project) {
        assert!(Instant::now() < until, "{project} does not appear");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_named_and_the_others_are_sent() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let bad = json!({"type": "validation.completed", "data": {"project": "b", "status": "great"}});
    let lines = [
        run("a").to_string(),
        String::new(),
        bad.to_string(),
        "{oops".to_owned(),
        run("c").to_string(),
    ];
    let file = write(dir.path(), &lines);
    let (code, told) = said(&["send", "--url", &url(&server), &file]).await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("line 3: /data/status: "), "{told}");
    assert!(told.contains("line 4: the line is not JSON: "), "{told}");
    assert!(told.ends_with("accepted 2, duplicates 0, rejected 2\n"), "{told}");
    shown(&server, "a").await;
    shown(&server, "c").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_a_valid_line_is_told_line_by_line() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let lines: Vec<_> = (0..30).map(|_| json!({"type": "x", "data": {}}).to_string()).collect();
    let (code, told) = said(&["send", "--url", &url(&server), &write(dir.path(), &lines)]).await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("line 20: /type: ") && !told.contains("line 21:"), "{told}");
    assert!(told.ends_with("and 10 more\naccepted 0, duplicates 0, rejected 30\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_sent_again_counts_once() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let timed = |minute: usize| {
        let mut event = run("again");
        event["time"] = format!("2026-01-01T00:{:02}:00Z", minute % 60).into();
        event.to_string()
    };
    let mut lines: Vec<_> = (0..1_200).map(timed).collect();
    let mut named = run("again");
    named["id"] = "mine".into();
    lines.push(named.to_string());
    let file = write(dir.path(), &lines);
    let (code, told) = said(&["send", "--url", &url(&server), &file]).await;
    assert_eq!((code, &*told), (0, "accepted 1201, duplicates 0, rejected 0\n"));
    let (code, told) = said(&["send", "--url", &url(&server), &file]).await;
    assert_eq!((code, &*told), (0, "accepted 0, duplicates 1201, rejected 0\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_is_sent_while_it_is_open() {
    let server = Server::start().await;
    let mut child =
        bellwether(&["send", "--url", &url(&server)]).stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(format!("{}\n", run("piped")).as_bytes()).await.unwrap();
    pipe.flush().await.unwrap();
    shown(&server, "piped").await;
    pipe.write_all(run("last").to_string().as_bytes()).await.unwrap();
    drop(pipe);
    let output = ended(child).await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.ends_with("accepted 2, duplicates 0, rejected 0\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_wait_for_a_board_that_starts_late() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), &[run("late").to_string()]);
    let url = format!("http://{address}");
    let args = ["send", "--url", &url, "--retry-for", "20s", &file];
    let mut child = bellwether(&args).spawn().unwrap();
    // It has met nobody once it says so; only then somebody is there to be met.
    let mut told = tokio::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    let reading = tokio::io::AsyncBufReadExt::read_line(&mut told, &mut line);
    timeout(PATIENCE, reading).await.expect("a word in time").unwrap();
    assert!(line.contains("trying again"), "{line}");
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let answer = r#"{"accepted":1,"duplicates":0,"rejected":[],"cursor":{"epoch":"e","seq":1}}"#;
    let app = axum::Router::new().fallback(move || async move { answer });
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    assert_eq!(ended(child).await.status.code(), Some(0));
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_sent_and_a_board_that_has_no_room_is_asked_again() {
    let tried = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let answer = |status: u16, body: &'static str| {
        (http::StatusCode::from_u16(status).unwrap(), [("retry-after", "0")], body)
    };
    let app = axum::Router::new().fallback(move |headers: http::HeaderMap| async move {
        if headers.get("authorization").is_none_or(|value| value != "Bearer s3cret") {
            return answer(401, r#"{"detail":"no credentials"}"#);
        }
        if tried.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
            return answer(503, r#"{"detail":"disk full"}"#);
        }
        answer(200, r#"{"accepted":1,"duplicates":0,"rejected":[]}"#)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), &[run("a").to_string()]);
    let (code, told) = said(&["send", "--url", &url, &file]).await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("answered 401: no credentials (give a token with"), "{told}");
    let mut child = bellwether(&["send", &file]);
    child.env("BELLWETHER_URL", &url).env("BELLWETHER_TOKEN", "s3cret");
    let output = ended(child.spawn().unwrap()).await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("answered 503: disk full (trying again)"), "{told}");
    assert!(told.ends_with("accepted 1, duplicates 0, rejected 0\n"), "{told}");
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_said_plainly() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), &[run("a").to_string()]);
    // Port 1 is reserved, and nothing listens there.
    let here = ["--url", "http://127.0.0.1:1", "--retry-for", "0"];
    let expect = "cannot reach http://127.0.0.1:1: connection refused — is the board running?";
    for args in [&["send", &file][..], &["demo"], &["import", "junit", "--project", "p", &file]] {
        let (code, told) = said(&[args, &here].concat()).await;
        assert_eq!(code, 1, "{args:?}: {told}");
        assert!(told.contains(expect), "{args:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_told_with_status_2_and_no_token() {
    let here = ["--url", "http://127.0.0.1:1"];
    for args in [
        &["send"][..],
        &["send", "--url", "127.0.0.1:1"],
        &["send", here[0], here[1], "--nonsense"],
        &["import", "junit", here[0], here[1], "report.xml"],
        &["import", "junit", here[0], here[1], "--project", "p"],
        &["import", "tap", here[0], here[1]],
        &["demo", here[0], here[1], "--speed", "0"],
        &["demo", here[0], here[1], "--history", "long"],
    ] {
        let args = [args, &["--token", "s3cret"]].concat();
        let (code, told) = said(&args).await;
        assert_eq!(code, 2, "{args:?}: {told}");
        assert!(told.contains("Usage:") || told.contains("--help"), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_imported_and_the_one_that_cannot_be_is_named() {
    let server = Server::start().await;
    let url = url(&server);
    let import = ["import", "junit", "--url", &url, "--project", "shop", "--branch", "main"];
    let report = fixture("pytest.xml");
    let (code, told) = said(&[&import[..], &[&report]].concat()).await;
    assert_eq!(code, 0, "{told}");
    assert!(told.starts_with("shop: ") && told.contains(" passed, "), "{told}");
    shown(&server, "shop").await;

    let readme = fixture("README.md");
    let missing = fixture("missing.xml");
    let more = [&*fixture("nextest.xml"), &readme, &missing, &fixture("surefire.xml")];
    let (code, told) = said(&[&import[..], &more].concat()).await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains(&format!("error: {readme}: {url} answered 4")), "{told}");
    assert!(told.contains(&format!("error: {missing}: No such file")), "{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("shop: ")).count(), 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_brings_projects_hosts_and_work_to_the_board() {
    let server = Server::start().await;
    let url = url(&server);
    let args = ["demo", "--url", &url, "--projects", "3", "--history", "1h", "--for", "1s"];
    let (code, told) = said(&args).await;
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("the past is told in "), "{told}");
    for project in ["checkout", "payments-api", "search-index"] {
        shown(&server, project).await;
    }
    let summary = server.get("/dashboard/summary").await.json();
    assert_eq!(summary["projects"]["total"], 3);
    assert!(summary["validations"]["total"].as_u64() > Some(0), "{summary}");
    let hosts = server.get("/api/v1/system").await.json()["hosts"].clone();
    assert!(hosts.as_array().unwrap().iter().any(|h| h["host"] == "build-01"), "{hosts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_ends_at_once_and_cleanly_when_told_to() {
    let server = Server::start().await;
    let url = url(&server);
    let child = bellwether(&["demo", "--url", &url, "--history", "0", "--projects", "2"]);
    let child = { child }.spawn().unwrap();
    shown(&server, "checkout").await;
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    let told = Instant::now();
    let killed = Command::new("kill").args(["-INT", &pid.to_string()]).status().await.unwrap();
    assert!(killed.success());
    let output = ended(child).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
}

/// Also those about tasks that an earlier demo has left behind.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_does_what_is_asked_of_its_tasks() {
    let server = Server::start().await;
    let given_up = |task: &str| {
        json!({ "type": "task.dead_lettered", "source": "demo/agents",
            "data": { "task": task, "error": "it ended before me" } })
    };
    server.send(json!([given_up("old-1"), given_up("old-2")])).await;
    for path in ["/api/v1/tasks/old-1/retry", "/api/v1/tasks/old-2/cancel"] {
        assert_eq!(server.request("POST", path, &[], "").await.status, 202, "{path}");
    }
    let url = url(&server);
    let args = ["demo", "--url", &url, "--history", "0", "--projects", "1", "--agents", "2"];
    let demo = bellwether(&args).spawn().unwrap();
    let begun = Instant::now();
    for (task, told) in [("old-1", "task.queued"), ("old-2", "task.cancelled")] {
        loop {
            let task = server.get(&format!("/api/v1/tasks/{task}")).await.json();
            let steps: Vec<_> = task["history"].as_array().into_iter().flatten().collect();
            let is = |kind: &str, of: &str| {
                steps.iter().any(|step| step["type"] == kind && step["source"] == of)
            };
            let answer = steps.iter().find(|step| step["type"] == "command.settled");
            if let Some(answer) = answer {
                assert_eq!(answer["text"], "done", "{task}");
                assert!(is(told, "demo/agents"), "{task}");
                assert_ne!(task["status"], "dead_letter");
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "in vain: {task}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    drop(demo);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_meanwhile_is_the_board_again_and_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start().await;
    server.send(json!([run("kept"), run("too")])).await;
    let dir = server.data_dir.path().to_str().unwrap();
    let to = tempfile::tempdir().unwrap();
    let file = to.path().join("board.db");
    let name = file.to_str().unwrap();
    let (status, words) = said(&["backup", "--data-dir", dir, name]).await;
    assert_eq!(status, 0, "{words}");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    let (status, words) = said(&["backup", "--data-dir", dir, name]).await;
    assert_eq!(status, 1, "a file that is there is not touched: {words}");
    server.send(run("later")).await;

    let restored = tempfile::tempdir().unwrap();
    let into = restored.path().to_str().unwrap();
    let (status, words) = said(&["restore", "--data-dir", into, name]).await;
    assert_eq!(status, 0, "{words}");
    let (status, _) = said(&["restore", "--data-dir", into, name]).await;
    assert_eq!(status, 1, "into an empty directory alone");
    let again = Server::started_over(restored, Default::default()).await;
    assert_eq!(projects(&again).await, ["kept", "too"]);
}
