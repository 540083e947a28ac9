//! Pings: jobs that report to an address of their own, and turn red when they do not.

use crate::access::Secured;
use crate::harness::{Answer, Server};
use bellwether::pipeline::journal::Reader;
use serde_json::{Value, json};

async fn make(server: &Server, spec: Value) -> Value {
    let answer = server.json("POST", "/api/v1/pings", spec).await;
    let (status, made) = (answer.status, answer.json());
    assert_eq!(status, 201, "{made}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    made
}

async fn ping(server: &Server, token: &str, what: &str, body: &str) -> Answer {
    server.request("POST", &format!("/ping/{token}{what}"), &[], body).await
}

async fn project(server: &Server, name: &str) -> Value {
    server.get(&format!("/dashboard/projects/{name}")).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_reports_how_it_went() {
    let server = Server::start().await;
    let made = make(&server, json!({ "project": "backup", "every_s": 3600, "grace_s": 60 })).await;
    let token = made["token"].as_str().unwrap().to_owned();
    assert_eq!(made["url"], format!("http://{}/ping/{token}", server.address));
    assert_eq!((&made["every_s"], &made["grace_s"]), (&json!(3600), &json!(60)));
    let waiting = project(&server, "backup").await;
    assert_eq!((&waiting["kind"], &waiting["status"]), (&json!("job"), &json!("unknown")));
    assert_eq!(waiting["job"]["state"], "waiting");
    // To look whether there is such an address is no report.
    for what in ["", "/start", "/fail", "/3"] {
        let path = format!("/ping/{token}{what}");
        assert_eq!(server.request("HEAD", &path, &[], "").await.status, 200, "{what}");
    }
    assert_eq!(project(&server, "backup").await["job"]["state"], "waiting");

    let answer = server.get(&format!("/ping/{token}/start")).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"OK".as_slice()));
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    let running = project(&server, "backup").await;
    assert_eq!(running["job"]["state"], "running");
    assert!(running["job"]["started_at"].is_string());

    assert_eq!(ping(&server, &token, "", "").await.status, 200);
    let well = project(&server, "backup").await;
    assert_eq!((&well["job"]["state"], &well["status"]), (&json!("ok"), &json!("healthy")));
    assert_eq!((&well["validation_status"], &well["stale"]), (&json!("passed"), &json!(false)));
    assert!(well["runs"][0]["duration_ms"].as_f64().unwrap() > 0.0, "{well}");
    assert_eq!(well["job"]["started_at"], Value::Null);

    assert_eq!(ping(&server, &token, "/3", "disk full\n").await.status, 200);
    let failed = project(&server, "backup").await;
    assert_eq!(
        (&failed["job"]["state"], &failed["status"]),
        (&json!("failed"), &json!("critical"))
    );
    let error = &failed["runs"][0]["errors"][0];
    assert_eq!((&error["type"], &error["message"]), (&json!("exit 3"), &json!("disk full")));
    assert_eq!(ping(&server, &token, "/fail", "").await.status, 200);
    assert_eq!(project(&server, "backup").await["runs"][0]["errors"][0]["type"], "failure");
    assert_eq!(ping(&server, &token, "/0", "").await.status, 200);
    assert_eq!(project(&server, "backup").await["job"]["state"], "ok");

    // What cannot be.
    for (what, status) in [("/256", 422), ("/-1", 422), ("/stop", 422), ("/1/2", 404)] {
        assert_eq!(ping(&server, &token, what, "").await.status, status, "{what}");
    }
    let unknown = ping(&server, &token.replace(&token[20..], "x"), "", "").await;
    assert_eq!(unknown.status, 404);
    assert!(!String::from_utf8_lossy(&unknown.body).contains(&token[..16]));
    assert_eq!(ping(&server, &token, "", &"x".repeat(1_100_000)).await.status, 413);

    // Another takes its place, and is listed without its token.
    let again = make(
        &server,
        json!({ "project": "backup", "schedule": "0 3 * * *", "tz": "Europe/Paris" }),
    )
    .await;
    assert_eq!(ping(&server, &token, "", "").await.status, 404);
    let listed = server.get("/api/v1/pings").await;
    let all = listed.json();
    assert_eq!((all["items"].as_array().unwrap().len(), &all["next"]), (1, &Value::Null));
    assert_eq!((&all["items"][0]["id"], &all["items"][0]["state"]), (&again["id"], &json!("ok")));
    assert_eq!(
        (&all["items"][0]["schedule"], &all["items"][0]["grace_s"]),
        (&json!("0 3 * * *"), &json!(3600))
    );
    assert!(all["as_of"].is_string() && !String::from_utf8_lossy(&listed.body).contains("token"));
    let csv = server.get("/api/v1/pings?format=csv").await;
    assert!(
        String::from_utf8_lossy(&csv.body).contains(",backup,,0 3 * * *,Europe/Paris,3600,ok,")
    );
    assert_eq!(server.get("/api/v1/pings?limit=0").await.status, 422);
    let jobs = server.get("/dashboard/projects?kind=job").await.json();
    assert_eq!(jobs["total"], 1);
    assert_eq!(server.get("/dashboard/projects?kind=project").await.json()["total"], 0);

    // The journal is there again after a restart, and the address with it.
    let server = server.restart().await;
    let new = again["token"].as_str().unwrap();
    assert_eq!(ping(&server, new, "", "").await.status, 200);
    let path = format!("/api/v1/pings/{}", again["id"].as_str().unwrap());
    assert_eq!(server.request("DELETE", &path, &[], "").await.status, 204);
    assert_eq!(server.request("DELETE", &path, &[], "").await.status, 404);
    assert_eq!(ping(&server, new, "", "").await.status, 404);
    let after = project(&server, "backup").await;
    assert_eq!((&after["kind"], &after["job"]), (&json!("project"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_report_in_time_turns_red_by_time_alone() {
    let secured = Secured::start().await;
    let server = &secured.server;
    let spec = json!({ "project": "nightly", "every_s": 1, "grace_s": 0 });
    let made = secured.by_admin("POST", "/api/v1/pings", Some(spec)).await;
    let late = |page: &Value| page["job"]["state"] == "late";
    let page = server.until_by(&secured.admin, "/dashboard/projects/nightly", late).await;
    assert_eq!(page["status"], "critical");
    let finding = &page["findings"][0];
    assert_eq!((&finding["rule"], &finding["points"]), (&json!("job.late"), &json!(60)));
    assert!(finding["resolve"].as_str().unwrap().contains("ping"));
    let raised = |all: &Value| {
        all.as_array().is_some_and(|all| {
            all.iter().any(|one| {
                one["rule"] == "job.late"
                    || one["title"].as_str().is_some_and(|title| title.contains("nightly"))
            })
        })
    };
    server.until_by(&secured.admin, "/api/v1/alerts", raised).await;

    // Nobody needs to say who they are to report, and it runs longer than its grace.
    let token = made["token"].as_str().unwrap();
    assert_eq!(server.get(&format!("/ping/{token}/start")).await.status, 200);
    let overruns = |page: &Value| {
        page["findings"].as_array().unwrap().iter().any(|one| one["rule"] == "job.overrunning")
    };
    server.until_by(&secured.admin, "/dashboard/projects/nightly", overruns).await;

    // The token is in no event that is kept, and producers cannot make a schedule up. What is kept is
    // compressed, so the events are looked at as they are read.
    let reader = Reader::open(server.data_dir.path()).unwrap();
    let (mut seq, mut kinds) = (0, Vec::new());
    loop {
        let part = reader.read(seq).unwrap();
        let Some(last) = part.last() else { break };
        seq = last.stamp.seq;
        for event in part {
            assert!(!event.event.encode().unwrap().contains(&token[16..]), "{event:?}");
            kinds.push(event.event.kind());
        }
    }
    assert!(kinds.contains(&"job.started"), "{kinds:?}");
    let event = json!({ "type": "job.started", "data": { "project": "nightly" } });
    let answer = secured.ask("POST", "/api/v1/events", &secured.admin, Some(event)).await;
    assert_eq!(answer.status, 422);
}
