//! What other programs take out: tables of every list, the journal as a tail, the feed of alerts,
//! and the documentation.

use crate::harness::{Answer, PATIENCE, Server};
use bellwether::server::{needs::Needs, openapi, router, tables};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

fn run(project: &str, status: &str) -> Value {
    json!({ "type": "validation.completed", "source": "ci", "data": { "project": project,
        "status": status, "duration_ms": 100 } })
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_a_table_too() {
    let server = Server::start().await;
    server
        .send(json!([
            run("p", "passed"),
            { "type": "task.queued", "data": { "task": "t", "queue": "q" } },
            { "type": "task.dead_lettered", "data": { "task": "d", "error": "=no, \"never\"" } },
            { "type": "agent.online", "data": { "agent": "a", "capabilities": ["x", "y"] } },
        ]))
        .await;
    let token = json!({ "name": "t", "role": "viewer" });
    assert_eq!(server.json("POST", "/api/v1/tokens", token).await.status, 201);
    let silence = json!({ "match": { "source": "s" }, "for_s": 60 });
    let silenced = server.json("POST", "/api/v1/silences", silence).await;
    assert!(silenced.status < 300, "{}", text(&silenced));
    let retry = server.json("POST", "/api/v1/tasks/retry", json!({ "ids": ["d"] })).await;
    assert_eq!(retry.status, 202, "{}", text(&retry));
    let routes: Vec<String> = router::table().into_iter().map(|entry| entry.path).collect();
    for list in tables::lists() {
        assert!(routes.iter().any(|path| path == list), "{list} is no route");
        let path = list.replace("{project}", "p");
        let json = server.get(&path).await;
        if json.status == 409 {
            // Nobody who is not a user has sessions.
            continue;
        }
        let items = json.json()["items"].as_array().expect(list).clone();
        let ndjson = server.get(&format!("{path}?format=ndjson")).await;
        assert_eq!(ndjson.header("content-type"), Some("application/x-ndjson"), "{list}");
        let lines: Vec<Value> =
            text(&ndjson).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), items.len(), "{list}");
        let table = server.get(&format!("{path}?format=csv")).await;
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"), "{list}");
        let mut reader = csv::Reader::from_reader(&*table.body);
        let heads = reader.headers().unwrap().clone();
        assert_eq!(reader.records().map(Result::unwrap).count(), items.len(), "{list}");
        for name in items.iter().flat_map(|item| item.as_object().unwrap().keys()) {
            let has = |head: &str| head == name || head.starts_with(&format!("{name}."));
            assert!(heads.iter().any(has), "{list}: {name} is in no column of {heads:?}");
        }
        let wrong = server.get(&format!("{path}?format=xml")).await;
        assert_eq!((wrong.status, &wrong.json()["errors"][0]["pointer"]), (422, &json!("/format")));
    }
}

/// Lists with columns of their own make their tables themselves.
#[test]
fn no_list_is_told_as_json_alone() {
    let document = openapi::document();
    let schema = |told: &Value| {
        let place = told["$ref"].as_str().map(|place| &place[1..]);
        place.map_or(told.clone(), |place| document.pointer(place).unwrap().clone())
    };
    let mut lists = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let told = &methods["get"];
        let answer = schema(&told["responses"]["200"]["content"]["application/json"]["schema"]);
        let parts = answer["allOf"].as_array().cloned().unwrap_or_default();
        let items = |part: &Value| schema(part)["properties"]["items"].is_object();
        let list = answer["type"] == "array" || items(&answer) || parts.iter().any(items);
        if !list || path.starts_with("/api/ui/") {
            continue;
        }
        lists += 1;
        let mut params = told["parameters"].as_array().unwrap().iter();
        assert!(params.any(|one| one["name"] == "format"), "{path}");
    }
    assert!(lists > 20, "{lists}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_go_on_over_pages_and_say_where_they_end() {
    let server = Server::start().await;
    server.send((0..1_203).map(|i| run(&format!("p-{i:04}"), "passed")).collect()).await;
    let all = server.get("/dashboard/projects?format=ndjson&sort=name").await;
    assert_eq!((text(&all).lines().count(), all.header("link")), (1_203, None));
    let part = server.get("/dashboard/projects?format=csv&sort=name&limit=700").await;
    assert_eq!(text(&part).lines().count(), 701);
    let link = part.header("link").expect("where it goes on");
    let next = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    let rest = server.get(&next).await;
    assert_eq!((text(&rest).lines().count(), rest.header("link")), (504, None));
    assert!(text(&rest).lines().nth(1).unwrap().starts_with("p-0700,"), "{}", text(&rest));
}

fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", text(answer));
    text(answer).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_read_from_any_position() {
    let server = Server::start().await;
    server.send(json!([run("a", "passed"), run("b", "failed")])).await;
    server
        .send(json!({ "type": "price.updated", "data": { "symbol": "X", "price": "0.10" } }))
        .await;
    let all = events(&server.get("/api/v1/events").await);
    let sent: Vec<&Value> = all.iter().filter(|it| it["source"] != "bellwether").collect();
    assert_eq!(sent.len(), 3, "{all:?}");
    assert_eq!(
        sent[0]["data"],
        json!({ "project": "a", "status": "passed", "duration_ms": 100.0 })
    );
    assert_eq!((&sent[0]["source"], &sent[0]["specversion"]), (&json!("ci"), &json!("1.0")));
    assert!(all.is_sorted_by_key(|it| it["seq"].as_u64().unwrap()));
    let from = &sent[0]["seq"];
    let rest = events(&server.get(&format!("/api/v1/events?from={from}&source=ci")).await);
    assert_eq!((rest.len(), &rest[0]["data"]["project"]), (1, &json!("b")));
    let prices = events(&server.get("/api/v1/events?type=price.*&limit=5").await);
    assert_eq!((prices.len(), &prices[0]["data"]["price"]), (1, &sent[2]["data"]["price"]));
    assert_eq!(events(&server.get("/api/v1/events?limit=1").await).len(), 1);
    // What one board tells, another takes in.
    let other = Server::start().await;
    let body = server.get("/api/v1/events?type=validation.*").await.body;
    let ndjson = [("content-type", "application/x-ndjson")];
    let taken = other.request("POST", "/api/v1/events?wait=applied", &ndjson, body).await;
    assert_eq!((taken.status, &taken.json()["accepted"]), (200, &json!(2)), "{}", text(&taken));
    let stranger = server.get("/api/v1/events?epoch=another&from=1").await;
    assert_eq!(stranger.status, 409);
    assert_eq!(server.get("/api/v1/events?from=x").await.status, 422);
}

/// Lines of an answer that has no end, as they come.
struct Following(BufReader<TcpStream>);

impl Following {
    fn open(address: SocketAddr, path: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut lines = Self(BufReader::new(stream));
        while !lines.next().unwrap().is_empty() {}
        lines
    }

    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).expect("a line in time");
        (read > 0).then(|| line.trim_end().to_owned())
    }

    fn event(&mut self) -> Value {
        serde_json::from_str(&self.next().expect("it goes on")).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_journal_and_comes_back_misses_nothing() {
    let server = Server::start().await;
    server.send(run("before", "passed")).await;
    let path = "/api/v1/events?follow=true&type=validation.completed";
    let mut following = Following::open(server.address, path);
    assert_eq!(following.event()["data"]["project"], "before");
    server.send(run("during", "passed")).await;
    let last = following.event();
    assert_eq!(last["data"]["project"], "during");
    drop(following);
    server.send(run("away", "passed")).await;
    let from = &last["seq"];
    let mut again = Following::open(server.address, &format!("{path}&from={from}"));
    assert_eq!(again.event()["data"]["project"], "away");
    server.send(run("after", "passed")).await;
    assert_eq!(again.event()["data"]["project"], "after");
    server.stop().await;
    assert_eq!(again.next(), None, "it ends with the server");
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_a_feed() {
    let server = Server::start().await;
    let empty = server.get("/api/v1/alerts.atom").await;
    assert_eq!(empty.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    assert!(!text(&empty).contains("<entry>"));
    server
        .send(
            json!({ "type": "alert.raised", "data": { "alert": "disk", "title": "Disk <full> & hot",
            "message": "98 %", "severity": "critical", "source": "nagios" } }),
        )
        .await;
    let feed = server.get("/api/v1/alerts.atom?severity=critical").await;
    let xml = text(&feed);
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut entries = 0;
    loop {
        match reader.read_event().expect("well-formed") {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "entry" => entries += 1,
            _ => {}
        }
    }
    assert_eq!(entries, 1, "{xml}");
    assert!(xml.contains("Disk &lt;full&gt; &amp; hot"), "{xml}");
    assert!(xml.contains(&format!("href=\"http://{}/alerts/", server.address)), "{xml}");
    assert!(!text(&server.get("/api/v1/alerts.atom?severity=info").await).contains("<entry>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_is_in_the_binary() {
    let server = Server::start().await;
    let index = server.get("/docs").await;
    assert_eq!(index.header("content-type"), Some("text/html; charset=utf-8"));
    let links: Vec<&str> = text(&index)
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| link.starts_with("/docs"))
        .collect();
    assert!(links.len() > 5, "{links:?}");
    for link in links {
        let page = link.split('#').next().unwrap();
        assert_eq!(server.get(page).await.status, 200, "{link}");
    }
    assert_eq!(server.get("/docs/nothing").await.status, 404);
    let open = router::table().into_iter().filter(|entry| entry.path.starts_with("/docs"));
    assert!(open.map(|entry| entry.needs).all(|needs| needs == Needs::Nothing));
}
