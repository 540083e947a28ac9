//! What is instrumented already: OpenTelemetry's exports, Prometheus' remote write, and what is
//! scraped; with the real SDK and the real Prometheus.

use crate::harness::{Answer, PATIENCE, Server};
use crate::notify::Process;
use bellwether::pipeline::scrape::Scraping;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/fixtures")
}

fn tool(path: &str) -> Command {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools").join(path);
    assert!(tool.exists(), "{path} is missing: run `tools/setup.sh test` once");
    Command::new(tool)
}

async fn export(server: &Server, signal: &str, kind: &str) -> Answer {
    let end = if kind == JSON { "json" } else { "pb" };
    let body = std::fs::read(fixtures().join(format!("otlp/{signal}.{end}"))).unwrap();
    let path = format!("/v1/{signal}?wait=applied");
    server.request("POST", &path, &[("content-type", kind)], body).await
}

async fn write(server: &Server, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    server.request("POST", "/api/v1/write?wait=applied", headers, body).await
}

/// The one series of this name that has these labels.
#[track_caller]
fn series<'a>(all: &'a Value, label: &str, value: &str) -> &'a Value {
    let items = all["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["labels"][label] == value);
    found.unwrap_or_else(|| panic!("no {label}={value} in {all}"))
}

fn has(label: &'static str, value: &'static str) -> impl Fn(&Value) -> bool {
    move |all| all["items"].as_array().unwrap().iter().any(|it| it["labels"][label] == value)
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_are_taken_in_both_encodings_and_answered_in_the_same() {
    let server = Server::start().await;
    for signal in ["metrics", "traces", "logs"] {
        for kind in [PROTOBUF, JSON] {
            let answer = export(&server, signal, kind).await;
            let said = (answer.status, answer.header("content-type"), &*answer.body);
            let expect: &[u8] = if kind == JSON { b"{}" } else { b"" };
            assert_eq!(said, (200, Some(kind), expect), "{signal}");
        }
    }
    let value = server.get("/api/v1/metrics?name=basket.value").await.json();
    let value = series(&value, "service", "shop");
    assert_eq!((&value["value"], &value["source"]), (&json!(41.5), &json!("shop")));
    assert_eq!(value["labels"]["host"], "host");
    let shop = server.get("/dashboard/projects/shop").await.json();
    assert_eq!(shop["runs"].as_array().unwrap().len(), 2, "{shop}");

    // An exporter that heard no answer sends again.
    let seq = |answer: &Answer| answer.json()["journal"]["seq"].as_u64().unwrap();
    let before = seq(&server.get("/readyz").await);
    for signal in ["metrics", "traces", "logs"] {
        assert_eq!(export(&server, signal, PROTOBUF).await.status, 200);
    }
    assert_eq!(seq(&server.get("/readyz").await), before, "nothing new");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_of_an_export_is_told() {
    let server = Server::start().await;
    let point = |value: Value| json!({"timeUnixNano": "1790000000000000000", "asDouble": value});
    let body = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "m", "gauge": {"dataPoints": [point(json!(1)), point(json!("NaN"))]}}]}]}]});
    let answer = server.json("POST", "/v1/metrics?wait=applied", body).await;
    let partial = &answer.json()["partialSuccess"];
    assert_eq!((answer.status, &partial["rejectedDataPoints"]), (200, &json!("1")));
    assert!(partial["errorMessage"].as_str().unwrap().starts_with("m: /value"), "{partial}");
    let all = server.get("/api/v1/metrics?name=m").await.json();
    assert_eq!(all["items"][0]["value"], 1.0, "{all}");

    for (kind, body, status) in
        [("text/plain", "{}", 415), ("", "{}", 415), (JSON, "{", 400), (PROTOBUF, "{}", 400)]
    {
        for path in ["/v1/metrics", "/v1/traces", "/v1/logs"] {
            let answer = server.request("POST", path, &[("content-type", kind)], body).await;
            let said = (answer.status, answer.header("content-type"));
            assert_eq!(said, (status, Some("application/problem+json")), "{path} {kind} {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_is_understood() {
    let server = Server::start().await;
    let mut shop = tool("venv/bin/python");
    shop.arg(fixtures().join("otlp/shop.py")).arg(format!("http://{}", server.address));
    let ran = tokio::task::spawn_blocking(move || shop.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.is_empty(), "{said}");
    let bucket = server.get("/api/v1/metrics?name=checkout.duration_bucket").await.json();
    assert_eq!(series(&bucket, "le", "100")["value"], 2.0, "{bucket}");
    let answered = |all: &Value| all["response_time_ms"]["count"] == 4;
    server.until("/dashboard/metrics?project=shop", answered).await;
    let records = server.get("/api/v1/metrics?name=log_records").await.json();
    assert_eq!(series(&records, "severity", "warn")["value"], 2.0, "{records}");
    let shop = server.get("/dashboard/projects/shop").await.json();
    assert_eq!(shop["runs"][0]["status"], "passed", "{shop}");
}

const WRITE: [(&str, &str); 3] = [
    ("content-type", PROTOBUF),
    ("content-encoding", "snappy"),
    ("x-prometheus-remote-write-version", "0.1.0"),
];

#[tokio::test(flavor = "multi_thread")]
async fn remote_write_takes_what_prometheus_sends_once() {
    let server = Server::start().await;
    let body = std::fs::read(fixtures().join("prometheus/write.snappy")).unwrap();
    for _ in 0..2 {
        let answer = write(&server, &WRITE, body.clone()).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0));
    }
    let up = server.get("/api/v1/metrics?name=up").await.json();
    let gone = series(&up, "job", "gone");
    assert_eq!((&gone["value"], &gone["labels"]["instance"]), (&json!(0.0), &json!("127.0.0.1:1")));
    let kept = server.get("/metrics").await;
    let kept = String::from_utf8(kept.body).unwrap();
    let figure = |name: &str| {
        let line = kept.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let (new, old) = ("bellwether_events_accepted_total", "bellwether_events_duplicate_total");
    assert!(figure(new) == figure(old) && figure(new) > 1.0, "{kept}");

    for (headers, sent, status, place) in [
        (&WRITE[..1], b"junk".to_vec(), 400, Some("")),
        (&[("content-type", PROTOBUF), ("content-encoding", "gzip")], body.clone(), 415, None),
        (
            &[("content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")],
            body.clone(),
            415,
            None,
        ),
        (&[("content-type", JSON)], body.clone(), 415, None),
        (&WRITE, snap::raw::Encoder::new().compress_vec(b"junk").unwrap(), 400, Some("")),
        // A series without a name: its labels are `a`, which is 1, and a sample of 0 at 1 ms.
        (
            &WRITE,
            snap::raw::Encoder::new()
                .compress_vec(b"\x0a\x0e\x0a\x06\x0a\x01a\x12\x011\x12\x04\x10\x01\x10\x01")
                .unwrap(),
            400,
            Some("/timeseries/0/labels/__name__"),
        ),
    ] {
        let answer = write(&server, headers, sent).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.json());
        assert_eq!(answer.json()["errors"][0]["pointer"].as_str(), place, "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_scrapes_the_board_and_writes_to_it() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "global: {{ scrape_interval: 1s }}\n\
         scrape_configs: [{{ job_name: bellwether, static_configs: [{{ targets: ['{0}'] }}] }}]\n\
         remote_write: [{{ url: 'http://{0}/api/v1/write', queue_config: {{ batch_send_deadline: 1s }} }}]\n",
        server.address
    );
    let file = dir.path().join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    let mut command = tool("prometheus/usr/bin/prometheus");
    command.arg(format!("--config.file={}", file.display()));
    command.arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()));
    command.arg("--web.listen-address=127.0.0.1:0");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _process = Process(command.spawn().expect("it starts"));
    let all = server.until("/api/v1/metrics?name=up", has("job", "bellwether")).await;
    let up = series(&all, "job", "bellwether");
    assert_eq!((&up["value"], &up["source"]), (&json!(1.0), &json!("bellwether (prometheus)")));
    let seq = server.get("/api/v1/metrics?name=bellwether_journal_seq").await.json();
    let instance = server.address.to_string();
    assert!(series(&seq, "instance", &instance)["value"].as_f64().unwrap() >= 1.0, "{seq}");
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_finds_nothing_wrong_with_our_metrics() {
    let server = Server::start().await;
    let hook = json!({"name": "hook", "kind": "ntfy", "url": "https://ntfy.example/topic"});
    assert_eq!(server.json("POST", "/api/v1/channels", hook).await.status, 201);
    let begun = std::time::Instant::now();
    let text = loop {
        let text = String::from_utf8(server.get("/metrics").await.body).unwrap();
        if text.contains("notifications_waiting") {
            break text;
        }
        assert!(begun.elapsed() < PATIENCE, "{text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let mut promtool = tool("prometheus/usr/bin/promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = promtool.stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(ended.status.success() && said.iter().all(String::is_empty), "{said:?}");
}

/// A target that answers every request with the same, and what it was asked with.
async fn target(body: &'static str) -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 2048];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let _ = tell.send(String::from_utf8_lossy(&head[..read]).into_owned());
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/openmetrics-text; version=1.0.0\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_scraped_and_those_that_fail_are_told() {
    let other = Server::start().await;
    let text =
        "# TYPE size_bytes gauge\n# UNIT size_bytes bytes\nsize_bytes{job=\"its own\"} 7\n# EOF\n";
    let (port, mut asked) = target(text).await;
    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_at = silent.local_addr().unwrap();
    let targets = [
        format!("http://{}/metrics", other.address),
        format!("own=http://:hunter2@127.0.0.1:{port}/hunter2"),
        "broken=http://ann:hunter2@127.0.0.1:1/hunter2".to_owned(),
        format!("silent=http://{silent_at}/metrics"),
        // JSON is no metrics.
        format!("odd=http://{}/healthz", other.address),
    ];
    let every = Duration::from_secs(1);
    let scraping = Scraping { every, ..Scraping::parse(&targets, None).unwrap() };
    let server = Server::changed(|settings| settings.scrape = scraping).await;
    let instance = other.address.to_string();
    let expect =
        [(instance.as_str(), 1.0), ("own", 1.0), ("broken", 0.0), ("silent", 0.0), ("odd", 0.0)];
    let told = |all: &Value| {
        let items = all["items"].as_array().unwrap();
        expect.iter().all(|(job, value)| {
            let of_job = |item: &&Value| item["labels"]["job"] == *job && item["source"] == *job;
            items.iter().filter(of_job).any(|item| item["value"] == *value)
        })
    };
    server.until("/api/v1/metrics?name=up", told).await;
    let size = server.until("/api/v1/metrics?name=size_bytes", has("job", "own")).await;
    let size = series(&size, "job", "own");
    assert_eq!((&size["value"], &size["unit"]), (&json!(7.0), &json!("bytes")));
    assert_eq!(size["labels"]["exported_job"], "its own");
    let seq = server.get("/api/v1/metrics?name=bellwether_journal_seq").await.json();
    assert!(series(&seq, "instance", &instance)["value"].as_f64().unwrap() >= 1.0, "{seq}");

    let request = tokio::time::timeout(PATIENCE, asked.recv()).await.unwrap().unwrap();
    assert!(request.starts_with("GET /hunter2 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nauthorization: Bearer hunter2\r\n"), "{request}");
    let told = server.get("/api/v1/metrics").await;
    assert!(!String::from_utf8(told.body).unwrap().contains("hunter2"));
    // It stops in time, whatever it is just doing.
    server.stop().await;
}
