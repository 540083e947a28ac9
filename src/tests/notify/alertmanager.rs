//! A real Alertmanager: it takes what is posted to it, and its own webhook is of the same shape as
//! ours.

use super::{Board, Process, Receiver};
use crate::harness::PATIENCE;
use bellwether::domain::alerts::Why;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Alertmanager {
    _process: Process,
    _dir: TempDir,
    url: String,
}

impl Alertmanager {
    /// One that tells all it hears to `receiver` at once.
    fn start(receiver: &str) -> Self {
        let binary = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(".tools/alertmanager/usr/bin/prometheus-alertmanager");
        assert!(binary.exists(), "Alertmanager is missing: run `tools/setup.sh test` once");
        let dir = tempfile::tempdir().unwrap();
        let config = format!(
            "route: {{ receiver: hook, group_wait: 0s, group_interval: 1s, group_by: [alertname] }}\n\
             receivers: [{{ name: hook, webhook_configs: [{{ url: '{receiver}' }}] }}]\n"
        );
        let file = dir.path().join("alertmanager.yml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(binary);
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.path={}", dir.path().join("data").display()));
        command.args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let said = BufReader::new(child.stderr.take().expect("piped"));
        let process = Process(child);
        let mut lines = said.lines().map(|line| line.expect("readable"));
        let place = lines.by_ref().find_map(|line| {
            let (_, rest) = line.split_once("msg=\"Listening on\" address=")?;
            Some(rest.trim().to_owned())
        });
        let url = format!("http://{}", place.expect("it listens"));
        // Read on, so that a log longer than the pipe does not hold it back.
        std::thread::spawn(move || lines.for_each(drop));
        Self { _process: process, _dir: dir, url }
    }

    /// The alerts that stand in it, until they are as wanted.
    async fn until(&self, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let url = format!("{}/api/v2/alerts", self.url);
            let asked = tokio::task::spawn_blocking(move || {
                crate::process::ask(&crate::process::agent(), &url, None)
            });
            let alerts = asked.await.unwrap().map(|answer| answer.json());
            let alerts = alerts.and_then(|it| it.as_array().cloned()).unwrap_or_default();
            if wanted(&alerts) {
                return alerts;
            }
            assert!(begun.elapsed() < PATIENCE, "in vain: {alerts:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_one_takes_alerts_and_tells_of_them_as_we_do() {
    let receiver = Receiver::start("receiver.py", &[], "200");
    let real = Alertmanager::start(&format!("{}/theirs", receiver.url()));
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    for (name, url) in [
        ("real", format!("{}/api/v2/alerts", real.url)),
        ("ours", format!("{}/ours", receiver.url())),
    ] {
        board.save(json!({ "name": name, "kind": "alertmanager", "url": url })).await;
    }
    for channel in ["real", "ours"] {
        board.queue(&format!("fired-{channel}"), channel, Why::Fired).await;
    }
    board.until_delivered().await;
    let alerts = real.until(|alerts| alerts.len() == 1).await;
    let alert = &alerts[0];
    assert_eq!(alert["labels"]["alertname"], "Disk is full");
    assert_eq!(alert["labels"]["team"], "pay");
    assert_eq!(alert["status"]["state"], "active");
    assert_eq!(alert["annotations"]["summary"], "Disk of build-02 is full");
    assert_eq!(alert["generatorURL"], "https://board.example/alerts/alert-fired-real");
    let of = |came: &[Value], whose: &str| -> Vec<Value> {
        let whose = came.iter().filter(|one| one["path"] == format!("/hook/{whose}"));
        whose.map(|one| serde_json::from_str(one["body"].as_str().unwrap()).unwrap()).collect()
    };
    let came = receiver.until_came(2).await;
    let (theirs, ours) = (of(&came, "theirs"), of(&came, "ours"));
    assert_eq!(members(&theirs[0]), members(&ours[0]));
    assert_eq!(members(&theirs[0]["alerts"][0]), members(&ours[0]["alerts"][0]));
    for member in ["version", "status", "truncatedAlerts", "groupLabels", "commonLabels"] {
        assert_eq!(theirs[0][member], ours[0][member], "{member}");
    }
    let labels = |payload: &Value| payload["alerts"][0]["labels"].clone();
    assert_eq!(labels(&theirs[0]), labels(&ours[0]));
    // It is over, here and there.
    for channel in ["real", "ours"] {
        board.queue(&format!("over-{channel}"), channel, Why::Resolved).await;
    }
    board.until_delivered().await;
    real.until(<[Value]>::is_empty).await;
    let came = receiver.until_came(4).await;
    let (theirs, ours) = (of(&came, "theirs"), of(&came, "ours"));
    assert_eq!(
        (&theirs[1]["status"], &ours[1]["status"]),
        (&json!("resolved"), &json!("resolved"))
    );
    board.stop().await;
}
