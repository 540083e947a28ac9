//! Channels and notifications over REST.

use super::{Receiver, SECRET};
use crate::harness::{Answer, Server};
use serde_json::{Value, json};

async fn server() -> Server {
    Server::changed(|settings| settings.notify_allow_private = true).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_are_made_read_changed_tried_and_removed() {
    let receiver = Receiver::webhook("200");
    let server = server().await;
    let spec = json!({ "name": "Ops on call", "kind": "webhook", "url": receiver.url(),
        "secret": SECRET, "match": { "min_severity": "warning", "team": ["pay", "web"] } });
    let made = server.json("POST", "/api/v1/channels", spec.clone()).await;
    assert_eq!(made.status, 201, "{}", text(&made));
    assert_eq!(made.header("location"), Some("/api/v1/channels/ops-on-call"));
    let item = made.json();
    assert_eq!(item["id"], "ops-on-call");
    assert_eq!(item["has_secret"], true);
    assert_eq!(item["match"], spec["match"]);
    assert_eq!((&item["rate_per_min"], &item["enabled"]), (&json!(30.0), &json!(true)));
    assert!(!text(&made).contains("whsec_"), "the secret is not read back");
    assert_eq!(server.get("/api/v1/channels").await.json()["items"], json!([item]));
    // A second one of the same name has an id of its own; one that is asked for is taken.
    let second = server.json("POST", "/api/v1/channels", spec.clone()).await;
    assert_eq!(second.json()["id"], "ops-on-call-2");
    let mut taken = spec.clone();
    taken["id"] = json!("ops-on-call");
    assert_eq!(server.json("POST", "/api/v1/channels", taken).await.status, 409);
    // What is left out stays.
    let change = json!({ "kind": "webhook", "rate_per_min": 5, "send_resolved": false });
    let changed = server.json("PUT", "/api/v1/channels/ops-on-call", change).await;
    assert_eq!(changed.status, 200, "{}", text(&changed));
    let changed = changed.json();
    assert_eq!((&changed["name"], &changed["url"]), (&spec["name"], &spec["url"]));
    assert_eq!((&changed["has_secret"], &changed["rate_per_min"]), (&json!(true), &json!(5.0)));
    let tried = server.post("/api/v1/channels/ops-on-call/test").await;
    assert_eq!((tried.status, &tried.json()["success"]), (200, &json!(true)), "{}", text(&tried));
    let came = receiver.came();
    assert_eq!(came[0]["verified"], true);
    let body: Value = serde_json::from_str(came[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["type"], "alert.test");
    let told = &body["data"]["alerts"][0];
    assert_eq!(told["subject"], "channel/ops-on-call");
    assert_eq!(told["labels"]["subject"], told["subject"]);
    receiver.behaves("500");
    let tried = server.post("/api/v1/channels/ops-on-call/test").await.json();
    assert_eq!(tried["success"], false);
    assert!(tried["detail"].as_str().unwrap().contains("500"), "{tried}");
    // Who did it stands in the audit log, without the secret.
    let audit = text(&server.get("/api/v1/audit").await);
    for action in ["channel.create", "channel.change", "channel.test"] {
        assert!(audit.contains(action), "{audit}");
    }
    assert!(!audit.contains("whsec_") && !audit.contains("/hook"), "{audit}");
    assert_eq!(server.request("DELETE", "/api/v1/channels/ops-on-call", &[], "").await.status, 204);
    for (method, path) in [
        ("GET", "/api/v1/channels/ops-on-call"),
        ("DELETE", "/api/v1/channels/ops-on-call"),
        ("POST", "/api/v1/channels/ops-on-call/test"),
        ("POST", "/api/v1/notifications/none/retry"),
    ] {
        assert_eq!(server.request(method, path, &[], "").await.status, 404, "{method} {path}");
    }
    let gone = server.json("PUT", "/api/v1/channels/ops-on-call", spec).await;
    assert_eq!(gone.status, 404);
    let notifications = server.get("/api/v1/notifications").await.json();
    assert_eq!((&notifications["items"], &notifications["next"]), (&json!([]), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_at_its_member() {
    let server = server().await;
    let good = json!({ "name": "n", "kind": "webhook", "url": "https://a.example/x" });
    for (member, value, pointer) in [
        ("name", json!(""), "/name"),
        ("name", json!("a\nb"), "/name"),
        ("kind", json!("pager"), "/kind"),
        ("url", json!("ftp://a.example"), "/url"),
        ("url", json!("https://ann:pw@a.example"), "/url"),
        ("secret", json!("hunter2"), "/secret"),
        ("match", json!({ "min_severity": "bad" }), "/match/min_severity"),
        ("rate_per_min", json!(0), "/rate_per_min"),
        ("rate_per_min", json!(1e9), "/rate_per_min"),
        ("to", json!(["a@b.example"]), "/to"),
        ("colour", json!("red"), "/colour"),
        ("id", json!("a/b"), "/id"),
    ] {
        let mut spec = good.clone();
        spec[member] = value;
        let refused = server.json("POST", "/api/v1/channels", spec.clone()).await;
        assert_eq!(refused.status, 422, "{spec} {}", text(&refused));
        let errors = refused.json()["errors"].clone();
        assert_eq!(errors[0]["pointer"], pointer, "{spec} {errors}");
        assert!(!errors.to_string().contains("hunter2"), "{errors}");
    }
    let strict = Server::start().await;
    let private = json!({ "name": "n", "kind": "webhook", "url": "http://10.0.0.1/x" });
    let refused = strict.json("POST", "/api/v1/channels", private).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/url")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_stays_with_the_place_it_was_given_for() {
    let server = server().await;
    let spec = json!({ "name": "n", "kind": "ntfy", "url": "https://ntfy.example/ops",
        "secret": "tk_hunter2" });
    assert_eq!(server.json("POST", "/api/v1/channels", spec).await.status, 201);
    let put = async |spec: Value| {
        let answer = server.json("PUT", "/api/v1/channels/n", spec).await;
        (answer.status, answer.json())
    };
    let same = json!({ "kind": "ntfy", "url": "https://ntfy.example/other" });
    assert_eq!(put(same).await.1["has_secret"], true);
    let elsewhere = json!({ "kind": "ntfy", "url": "https://evil.example/ops" });
    let (status, refused) = put(elsewhere.clone()).await;
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/secret")));
    let kind = json!({ "kind": "slack", "url": "https://ntfy.example/other" });
    assert_eq!(put(kind).await.0, 422);
    let mut without = elsewhere;
    without["secret"] = json!("");
    assert_eq!(put(without).await.1["has_secret"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_says_its_own() {
    let receiver = Receiver::start("receiver.py", &[], "200");
    let server = server().await;
    for (kind, more) in [
        ("webhook", json!({})),
        ("slack", json!({})),
        ("ntfy", json!({ "secret": "tk_hunter2" })),
        ("alertmanager", json!({ "username": "ann", "secret": "hunter2" })),
    ] {
        let mut spec = json!({ "name": kind, "kind": kind, "url": receiver.url() });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = server.json("POST", "/api/v1/channels", spec).await;
        assert_eq!(made.status, 201, "{}", text(&made));
        let tried = server.post(&format!("/api/v1/channels/{kind}/test")).await.json();
        assert_eq!(tried["success"], true, "{kind} {tried}");
    }
    let came = receiver.came();
    let json =
        |i: usize| -> Value { serde_json::from_str(came[i]["body"].as_str().unwrap()).unwrap() };
    assert_eq!(came[0]["headers"]["webhook-signature"], Value::Null);
    assert!(json(1)["text"].as_str().unwrap().contains("[TEST]"));
    assert_eq!(came[2]["headers"]["authorization"], "Bearer tk_hunter2");
    assert_eq!(came[2]["headers"]["title"], "[TEST] info: Test message");
    assert_eq!(came[3]["headers"]["authorization"], "Basic YW5uOmh1bnRlcjI=");
    assert_eq!(json(3)["version"], "4");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_nowhere_on_disk_in_clear() {
    let receiver = Receiver::start("receiver.py", &[], "200");
    let server = server().await;
    let spec = json!({ "name": "n", "kind": "slack", "secret": "hunter2-of-slack",
        "url": format!("{}/services/T0/B0/tell-nobody", receiver.url()) });
    assert_eq!(server.json("POST", "/api/v1/channels", spec).await.status, 201);
    server.post("/api/v1/channels/n/test").await;
    let (dir, _) = server.stop().await;
    let mut folders = vec![dir.path().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for secret in ["hunter2-of-slack", "tell-nobody"] {
                let there = bytes.windows(secret.len()).any(|some| some == secret.as_bytes());
                assert!(!there, "{secret} in {}", path.display());
            }
        }
    }
    assert!(files >= 3, "the journal, history and the key are there");
}
