//! `examples/celery_bridge.py` between a board and a real cluster: Redis, a Celery worker, and what
//! becomes of its tasks.

use crate::examples::{Process, example};
use crate::harness::Server;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn tool(path: &str) -> PathBuf {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools").join(path);
    assert!(tool.exists(), "{path} is missing: run `tools/setup.sh test` once");
    tool
}

/// A Redis that keeps nothing and is reached through a file in `folder`, so that it takes no port.
fn redis(folder: &Path) -> (Process, String) {
    let socket = folder.join("redis.sock");
    let mut command = Command::new(tool("redis/usr/bin/redis-server"));
    command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]).arg(&socket);
    command.current_dir(folder);
    // Debian keeps libraries in a folder that is named after the machine.
    let folders =
        std::fs::read_dir(tool("redis/usr/lib")).unwrap().map(|entry| entry.unwrap().path());
    command.env("LD_LIBRARY_PATH", std::env::join_paths(folders).unwrap());
    (Process::start(&mut command), format!("redis+socket://{}", socket.display()))
}

/// A program of the cluster's own Python, run where the tasks are defined.
fn python(redis: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(tool("venv/bin/python"));
    command.args(arguments).current_dir(example("")).env("REDIS_URL", redis);
    command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("BELLWETHER_TOKEN");
    command
}

/// Sends two tasks as an application does, and returns their ids.
fn send(redis: &str, file: &Path) -> [String; 2] {
    let program = "import sys; from celery_tasks import add, fetch; \
                   print(add.delay(2, 3).id, fetch.delay('report', sys.argv[1]).id)";
    let said = python(redis, &["-c", program]).arg(file).output().expect("Python runs");
    let ids = String::from_utf8(said.stdout).unwrap();
    let ids: Vec<&str> = ids.split_whitespace().collect();
    let [added, fetched] = ids[..] else {
        panic!("{}", String::from_utf8_lossy(&said.stderr));
    };
    [added.to_owned(), fetched.to_owned()]
}

fn is(status: &'static str) -> impl Fn(&Value) -> bool {
    move |task| task["status"] == json!(status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_celery_cluster_is_shown_and_sends_a_failed_task_again() {
    let folder = tempfile::tempdir().unwrap();
    let (_redis, redis) = redis(folder.path());
    let server = Server::start().await;
    let url = format!("http://{}", server.address);
    let bridge = ["celery_bridge.py", "-A", "celery_tasks", "--url", &url, "--source", "cluster"];
    let _bridge = Process::start(&mut python(&redis, &bridge));
    let worker =
        ["-m", "celery", "-A", "celery_tasks", "worker", "-n", "w1@test", "--pool", "solo"];
    let quick = ["--without-gossip", "--without-mingle"];
    let _worker = Process::start(python(&redis, &worker).args(quick));
    // The bridge hears of the worker only once it listens, and then of its tasks as well.
    let agents = server.until("/api/v1/agents", |page| page["total"] == json!(1)).await;
    let agent = &agents["items"][0];
    assert_eq!((&agent["agent_id"], &agent["fsm_state"]), (&json!("w1@test"), &json!("idle")));

    let file = folder.path().join("report.txt");
    let [added, fetched] = send(&redis, &file);
    let done = server.until(&format!("/api/v1/tasks/{added}"), is("completed")).await;
    assert_eq!(
        json!([done["description"], done["queue"], done["agent"], done["attempt"], done["source"]]),
        json!(["celery_tasks.add", "celery", "w1@test", 1, "cluster"])
    );
    assert!(done["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{done}");

    let path = format!("/api/v1/tasks/{fetched}");
    let dead = server.until(&path, is("dead_letter")).await;
    assert_eq!(json!([dead["attempt"], dead["retry_count"]]), json!([2, 1]), "{dead}");
    assert!(dead["last_error"].as_str().unwrap().starts_with("FileNotFoundError"), "{dead}");

    // The cause is gone; somebody asks for it on the board.
    std::fs::write(&file, "at last").unwrap();
    let asked = server.post(&format!("{path}/retry")).await;
    assert_eq!(asked.status, 202, "{}", String::from_utf8_lossy(&asked.body));
    let settled = |task: &Value| {
        let steps = task["history"].as_array().unwrap();
        task["status"] == json!("completed") && steps.iter().any(|step| step["text"] == "done")
    };
    let done = server.until(&path, settled).await;
    let steps = done["history"].as_array().unwrap();
    let at = |kind: &str| steps.iter().rposition(|step| step["type"] == json!(kind)).expect(kind);
    let order = ["task.dead_lettered", "command.requested", "task.queued", "task.completed"];
    assert!(order.map(at).is_sorted(), "{steps:?}");
}
