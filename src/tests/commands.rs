//! Commands and jobs: from a person to the owner of a task and back, over real sockets.

use crate::harness::{PATIENCE, Server};
use bellwether::server::config::Tuning;
use bellwether::server::socket::Patience;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn dead(task: &str, source: &str) -> Value {
    json!({
        "type": "task.dead_lettered", "source": source,
        "data": {"task": task, "error": "the tool broke"},
    })
}

async fn with_dead(tasks: &[&str]) -> Server {
    let server = Server::start().await;
    let events: Vec<_> = tasks.iter().map(|task| dead(task, "pool")).collect();
    server.send(json!(events)).await;
    server
}

async fn open(server: &Server, source: &str) -> Vec<Value> {
    let answer = server.get(&format!("/api/v1/commands?source={source}&wait=0")).await;
    assert_eq!(answer.status, 200);
    answer.json()["commands"].as_array().unwrap().clone()
}

async fn ack(server: &Server, id: &Value, status: &str) -> (u16, Value) {
    let path = format!("/api/v1/commands/{}/ack", id.as_str().unwrap());
    let answer = server.json("POST", &path, json!({"status": status, "detail": "as asked"})).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reaches_the_owner_and_its_answer_the_board() {
    let server = with_dead(&["t"]).await;
    let asked = server.post("/api/v1/tasks/t/retry").await;
    let command = asked.json();
    assert_eq!((asked.status, &command["status"]), (202, &json!("pending")));
    assert_eq!((&command["command"], &command["task_id"]), (&json!("retry"), &json!("t")));
    assert_eq!((&command["source"], &command["actor"]), (&json!("pool"), &json!("anonymous")));
    let shown = server.get("/api/v1/tasks/t").await.json();
    assert_eq!(
        (&shown["status"], &shown["command"]["status"]),
        (&json!("dead_letter"), &json!("pending"))
    );

    assert_eq!(open(&server, "other").await, Vec::<Value>::new());
    let told = open(&server, "pool").await;
    assert_eq!((told.len(), &told[0]["id"]), (1, &command["id"]));
    assert_eq!((&told[0]["command"], &told[0]["task_id"]), (&json!("retry"), &json!("t")));
    assert!(told[0]["deadline"].is_string());
    let id = command["id"].as_str().unwrap();
    let path = format!("/api/v1/commands/{id}");
    let delivered = server.until(&path, |command| command["status"] == "delivered").await;
    assert!(delivered["delivered_at"].is_string());
    assert_eq!(open(&server, "pool").await.len(), 1, "it is told until it is answered");

    let (status, done) = ack(&server, &command["id"], "done").await;
    assert_eq!(
        (status, &done["status"], &done["detail"]),
        (200, &json!("done"), &json!("as asked"))
    );
    assert_eq!(open(&server, "pool").await, Vec::<Value>::new());
    assert_eq!(server.get("/api/v1/tasks/t").await.json()["status"], "queued");
    assert_eq!(ack(&server, &command["id"], "done").await.0, 200, "the answer may be sent again");
    assert_eq!(ack(&server, &command["id"], "refused").await.0, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_with_the_reason() {
    let server = with_dead(&["dead", "other"]).await;
    server
        .send(json!([
            {"type": "task.queued", "data": {"task": "queued"}},
            {"type": "task.completed", "data": {"task": "done"}},
        ]))
        .await;
    for (task, command, status, word) in [
        ("nothing", "retry", 404, "task nothing"),
        ("nothing", "cancel", 404, "task nothing"),
        ("queued", "retry", 409, "is queued"),
        ("done", "retry", 409, "is completed"),
        ("done", "cancel", 409, "is completed"),
    ] {
        let answer = server.post(&format!("/api/v1/tasks/{task}/{command}")).await;
        let problem = answer.json();
        assert_eq!(answer.status, status, "{task} {command}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    let first = server.post("/api/v1/tasks/dead/retry").await.json();
    let again = server.post("/api/v1/tasks/dead/retry").await;
    assert_eq!((again.status, &again.json()["id"]), (202, &first["id"]), "asked once");
    let other = server.post("/api/v1/tasks/dead/cancel").await;
    assert_eq!(other.status, 409);
    assert_eq!(server.post("/api/v1/tasks/queued/cancel").await.status, 202);
    assert_eq!(server.post("/api/v1/tasks/other/cancel").await.status, 202);
    for (path, status) in [
        ("/api/v1/commands", 422),
        ("/api/v1/commands?source=", 422),
        ("/api/v1/commands?source=s&wait=61", 422),
        ("/api/v1/commands?source=s&wait=-1", 422),
        ("/api/v1/commands?source=s&wait=soon", 422),
        ("/api/v1/commands/nothing", 404),
        ("/api/v1/jobs/nothing", 404),
    ] {
        assert_eq!(server.get(path).await.status, status, "{path}");
    }
    let path = format!("/api/v1/commands/{}/ack", first["id"].as_str().unwrap());
    for (path, body, status) in [
        ("/api/v1/commands/nothing/ack", json!({"status": "done"}), 404),
        (&path, json!({"status": "pending"}), 422),
        (&path, json!({"detail": "x"}), 422),
        (&path, json!([]), 422),
    ] {
        assert_eq!(server.json("POST", path, body.clone()).await.status, status, "{body}");
    }
    assert_eq!(server.request("POST", &path, &[], "done").await.status, 415);
    assert_eq!(server.get("/api/v1/tasks/dead/retry").await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_ask_in_the_same_moment_make_one_command() {
    let server = with_dead(&["t"]).await;
    let ask = || server.post("/api/v1/tasks/t/retry");
    let answers = futures::join!(ask(), ask(), ask(), ask());
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let ids: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
    assert_eq!((ids.len(), answers.iter().all(|a| a.status == 202)), (1, true), "{answers:?}");
    assert_eq!(open(&server, "pool").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_at_once_and_then_not_over_and_over() {
    let server = with_dead(&["t"]).await;
    let begun = Instant::now();
    let (waited, asked) =
        futures::join!(server.get("/api/v1/commands?source=pool&wait=20"), async {
            // The poll is most likely there before; if it is not, nothing else is proven.
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.post("/api/v1/tasks/t/retry").await
        },);
    assert!(begun.elapsed() < Duration::from_secs(15), "it did not sit out its time");
    let told = waited.json()["commands"].clone();
    assert_eq!(told[0]["id"], asked.json()["id"]);
    // At least once: as long as it is not answered it comes again, but not at once.
    let (mut times, begun) = (0, Instant::now());
    while times < 2 {
        let again = server.get("/api/v1/commands?source=pool&wait=20").await.json();
        assert_eq!(again["commands"][0]["id"], told[0]["id"]);
        times += 1;
    }
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    let nothing = server.get("/api/v1/commands?source=nobody&wait=0.1").await;
    assert_eq!((nothing.status, nothing.json()), (200, json!({"commands": []})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_does_not_leave_pollers_waiting() {
    let server = Server::start().await;
    let address = server.address;
    let poll = tokio::task::spawn_blocking(move || {
        let url = format!("http://{address}/api/v1/commands?source=s&wait=60");
        let mut answer = ureq::get(&url).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    let _server = server.restart().await;
    assert!(begun.elapsed() < Duration::from_secs(15));
    let body = tokio::time::timeout(PATIENCE, poll).await.unwrap().unwrap();
    assert_eq!(body, r#"{"commands":[]}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_outlives_a_lost_ack_a_reconnect_and_a_restart() {
    let patience = Patience { repeat: Duration::from_millis(100), ..Patience::default() };
    let server = Server::tuned(Tuning { patience, ..Tuning::default() }).await;
    server.send(json!([dead("t", "pool")])).await;
    let mut socket = server.socket("/ws/agent?source=pool").await;
    socket.next_of("welcome").await;
    let command = server.post("/api/v1/tasks/t/retry").await.json();
    let told = socket.next_of("command").await;
    assert_eq!((&told["id"], &told["task_id"]), (&command["id"], &json!("t")));
    assert_eq!((&told["command"], &told["deadline"]), (&json!("retry"), &command["deadline"]));
    // The answer is lost on the way: it is told again on the same socket,
    assert_eq!(socket.next_of("command").await["id"], command["id"]);
    drop(socket);
    // on a new one,
    let mut socket = server.socket("/ws/agent?source=pool").await;
    assert_eq!(socket.next_of("command").await["id"], command["id"]);
    // and by a server that has been started anew.
    let server = server.restart().await;
    assert!(socket.closed().await.is_none_or(|code| code == 1001));
    let mut socket = server.socket("/ws/agent").await;
    socket.say(json!({"type": "hello", "source": "pool"})).await;
    assert_eq!(socket.next_of("command").await["id"], command["id"]);
    let ack = json!({"type": "ack", "id": command["id"], "status": "done"});
    socket.say(ack.clone()).await;
    assert_eq!(socket.next_of("acked").await["status"], "done");
    // The agent did not hear that it was heard, and says it again.
    socket.say(ack).await;
    assert_eq!(socket.next_of("acked").await["id"], command["id"]);
    let task = server.get("/api/v1/tasks/t").await.json();
    assert_eq!((&task["status"], &task["retry_count"]), (&json!("queued"), &json!(1)));
    let id = command["id"].as_str().unwrap();
    let server = server.restart().await;
    let kept = server.get(&format!("/api/v1/commands/{id}")).await.json();
    assert_eq!(kept["status"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_nobody_answers_expires() {
    let server = Server::set(&[("work.command_deadline_s", 1.0)]).await;
    server.send(json!([dead("t", "pool")])).await;
    let command = server.post("/api/v1/tasks/t/retry").await.json();
    let path = format!("/api/v1/commands/{}", command["id"].as_str().unwrap());
    let expired = server.until(&path, |command| command["status"] == "expired").await;
    assert_eq!(expired["settled_at"], command["deadline"]);
    assert_eq!(open(&server, "pool").await, Vec::<Value>::new());
    assert_eq!(ack(&server, &command["id"], "done").await.0, 409);
    let again = server.post("/api/v1/tasks/t/retry").await;
    assert_eq!(again.status, 202);
    assert_ne!(again.json()["id"], command["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_can_be_cancelled() {
    let server = with_dead(&["t"]).await;
    let command = server.post("/api/v1/tasks/t/cancel").await.json();
    assert_eq!(command["command"], "cancel");
    assert_eq!(ack(&server, &command["id"], "done").await.0, 200);
    assert_eq!(server.get("/api/v1/tasks/t").await.json()["status"], "cancelled");
    let refused = server.post("/api/v1/tasks/t/cancel").await;
    assert_eq!(refused.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_server_makes_commands() {
    let server = Server::start().await;
    for kind in ["command.requested", "command.settled", "job.created", "settings.changed"] {
        let event = json!({"type": kind, "data": {}});
        let answer = server.json("POST", "/api/v1/events", event).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!("/type")));
    }
}
