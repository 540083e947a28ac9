//! `POST /api/v1/import/sarif`, as linters write it.

use crate::harness::Server;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_a_run_of_its_project() {
    let server = Server::start().await;
    let log = include_bytes!("fixtures/sarif/ruff.sarif").as_slice();
    let path = "/api/v1/import/sarif?project=lint&branch=main&commit=c0ffee&wait=applied";
    let sarif = [("content-type", "application/sarif+json")];
    let answer = server.request("POST", path, &sarif, log).await;
    let json = answer.json();
    assert_eq!((answer.status, &json["accepted"]), (200, &json!(1)), "{json}");
    assert_eq!((&json["project"], &json["status"]), (&json!("lint"), &json!("failed")));
    let again = server.request("POST", path, &sarif, log).await.json();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(1)));
    let page = server.get("/dashboard/projects/lint").await.json();
    let run = &page["runs"][0];
    assert_eq!((&run["status"], &run["branch"]), (&json!("failed"), &json!("main")));
    assert_eq!(run["checks"], json["checks"]);
    assert!(run["errors"].as_array().unwrap().iter().any(|error| error["type"] == "S324"));

    let clean = include_bytes!("fixtures/sarif/ruff-clean.sarif").as_slice();
    assert_eq!(server.request("POST", path, &[], clean).await.json()["status"], "passed");

    // Of no commit and without a time, it may be tomorrow's.
    let daily = "/api/v1/import/sarif?project=daily&wait=applied";
    for _ in 0..2 {
        assert_eq!(server.request("POST", daily, &sarif, log).await.json()["accepted"], 1);
    }

    let nobody = server.request("POST", "/api/v1/import/sarif", &sarif, log).await;
    assert_eq!((nobody.status, &nobody.json()["errors"][0]["pointer"]), (422, &json!("/project")));
    let other = server.request("POST", path, &sarif, r#"{"version":"2.1.0","runs":7}"#).await;
    assert_eq!((other.status, &other.json()["errors"][0]["pointer"]), (422, &json!("/runs")));
    assert_eq!(server.request("POST", path, &sarif, "<xml/>").await.status, 400);
}
