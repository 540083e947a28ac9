//! Badges: for the pages of others, as pictures and as shields.io reads them.

use crate::access::Secured;
use crate::harness::Server;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_shows_what_is_known() {
    let server = Server::start().await;
    let run = json!({ "type": "validation.completed", "data": { "project": "a/b <ü>", "status": "passed" } });
    let registered = json!({ "type": "project.registered", "data": { "project": "new" } });
    server.send(json!([run, registered])).await;
    let path = "/badge/a%2Fb%20%3C%C3%BC%3E";
    let svg = server.get(&format!("{path}.svg")).await;
    assert_eq!(
        (svg.status, svg.header("content-type")),
        (200, Some("image/svg+xml; charset=utf-8"))
    );
    assert_eq!(svg.header("cache-control"), Some("no-cache"));
    let text = String::from_utf8(svg.body.clone()).unwrap();
    assert!(text.starts_with("<svg ") && text.contains("<title>a/b &lt;ü&gt;: healthy</title>"));
    let tag = svg.header("etag").unwrap().to_owned();
    let known = server.request("GET", &format!("{path}.svg"), &[("if-none-match", &tag)], "").await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let shields = server.get(&format!("{path}.json?metric=score&label=health")).await.json();
    assert_eq!(
        shields,
        json!({ "schemaVersion": 1, "label": "health", "message": "100/100", "color": "brightgreen", "cacheSeconds": 300 })
    );
    let unknown = server.get("/badge/new.json?metric=success_rate").await.json();
    assert_eq!((&unknown["message"], &unknown["color"]), (&json!("unknown"), &json!("lightgrey")));
    for (path, status) in
        [("/badge/none.svg", 404), ("/badge/new.png", 404), ("/badge/new.svg?metric=x", 422)]
    {
        let answer = server.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_badges_are_for_those_who_may_see_projects() {
    let secured = Secured::changed(|settings| settings.private_badges = true).await;
    let producer = secured.token(json!({ "name": "ci", "role": "producer" })).await;
    let viewer = secured.token(json!({ "name": "eye", "role": "viewer" })).await;
    for (token, status) in [("", 401), (producer.as_str(), 403), (viewer.as_str(), 404)] {
        let answer = secured.ask("GET", "/badge/p.svg", token, None).await;
        assert_eq!(answer.status, status);
    }
}
