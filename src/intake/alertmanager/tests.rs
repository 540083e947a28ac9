use super::*;
use serde_json::{Value, json};

fn webhook(alerts: &Value) -> Value {
    json!({
        "version": "4", "groupKey": "{}:{alertname=\"A\"}", "truncatedAlerts": 0,
        "status": "firing", "receiver": "board", "groupLabels": {"alertname": "A"},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am.example:9093",
        "alerts": alerts,
    })
}

fn read_all(body: &Value) -> Result<Webhook, ApiError> {
    decode(body.to_string().as_bytes(), None, &"token".into())
}

fn alert(change: &Value) -> Value {
    let mut alert = json!({
        "status": "firing", "labels": {"alertname": "DiskFull", "severity": "page", "host": "db-1"},
        "annotations": {"summary": "Disk is full", "description": "Only 1 % is left."},
        "startsAt": "2026-01-02T03:04:05.678901234Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph", "fingerprint": "0123456789abcdef",
    });
    for (name, value) in change.as_object().unwrap() {
        alert[name] = value.clone();
    }
    alert
}

#[track_caller]
fn one(change: &Value) -> Incoming {
    let mut webhook = read_all(&webhook(&json!([alert(change)]))).unwrap();
    assert_eq!(webhook.decoded.rejected, []);
    webhook.decoded.events.remove(0)
}

#[track_caller]
fn notice(incoming: &Incoming) -> &Notice {
    match &incoming.event {
        Event::Alerts(AlertEvent::Raised(notice) | AlertEvent::Cleared(notice)) => notice,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_alert_is_an_event() {
    let raised = one(&json!({}));
    assert_eq!(raised.event.kind(), "alert.raised");
    assert_eq!(
        (&*raised.source, raised.time.map(Timestamp::ms)),
        ("am.example:9093", Some(1_767_323_045_678))
    );
    let said = notice(&raised);
    assert_eq!((&*said.alert, said.title.as_deref()), ("0123456789abcdef", Some("DiskFull")));
    assert_eq!(said.message.as_deref(), Some("Only 1 % is left."));
    assert_eq!(said.severity, Some(Severity::Critical));
    let tags = ["alertname=DiskFull", "host=db-1", "severity=page"];
    assert_eq!(said.tags.as_deref().unwrap(), tags);
    let ended = json!({"status": "resolved", "endsAt": "2026-01-02T04:00:00Z"});
    let cleared = one(&ended);
    assert_eq!(
        (cleared.event.kind(), cleared.time.unwrap().to_string().as_str()),
        ("alert.cleared", "2026-01-02T04:00:00.000Z")
    );
}

#[test]
fn what_says_nothing_new_is_the_same_event() {
    assert_eq!(one(&json!({})).id, one(&json!({"generatorURL": "http://other"})).id);
    assert_ne!(one(&json!({})).id, one(&json!({"annotations": {"summary": "worse"}})).id);
    assert_ne!(one(&json!({})).id, one(&json!({"startsAt": "2026-01-02T03:04:06Z"})).id);
}

#[test]
fn times_that_mean_nothing_are_left_out() {
    assert_eq!(one(&json!({"startsAt": "0001-01-01T00:00:00Z"})).time, None);
    assert_eq!(one(&json!({"status": "resolved"})).time, None, "it ends now");
    // An end before the beginning would leave it active for ever.
    let early = one(&json!({"status": "resolved", "endsAt": "2026-01-01T00:00:00Z"}));
    assert_eq!(early.time.unwrap().ms(), 1_767_323_045_678);
}

#[test]
fn severities_are_read_as_they_are_meant() {
    for (name, expect) in [
        ("critical", Severity::Critical),
        ("ERROR", Severity::Critical),
        ("page", Severity::Critical),
        ("warning", Severity::Warning),
        ("info", Severity::Info),
        ("none", Severity::Info),
        ("strange", Severity::Warning),
    ] {
        let labels = json!({"labels": {"alertname": "A", "severity": name}});
        assert_eq!(notice(&one(&labels)).severity, Some(expect), "{name}");
    }
    assert_eq!(notice(&one(&json!({"labels": {"alertname": "A"}}))).severity, None);
}

#[test]
fn an_alert_without_a_fingerprint_is_known_by_its_labels() {
    let bare = |labels: Value| one(&json!({"fingerprint": "", "labels": labels}));
    let first = bare(json!({"alertname": "A", "host": "a"}));
    assert_eq!(notice(&first).alert, notice(&bare(json!({"host": "a", "alertname": "A"}))).alert);
    assert_ne!(notice(&first).alert, notice(&bare(json!({"alertname": "A", "host": "b"}))).alert);
}

#[test]
fn text_is_cut_to_what_the_board_takes() {
    let long = "é".repeat(10_000);
    let many: serde_json::Map<_, _> =
        (0..100).map(|i| (format!("l{i:03}"), json!(format!("a\u{7}{long}")))).collect();
    let said =
        one(&json!({"labels": many, "annotations": {"description": long, "summary": "a\nb"}}));
    let said = notice(&said);
    assert_eq!(said.title.as_deref(), Some("a b"));
    assert!(said.message.as_ref().unwrap().len() <= MAX_MESSAGE);
    assert_eq!(said.tags.as_ref().unwrap().len(), MAX_NAMES);
}

#[test]
fn what_is_no_webhook_is_refused_by_its_place() {
    let refused = |body: Value| {
        let error = read_all(&body).unwrap_err();
        (error.status, error.errors.first().map(|e| e.pointer.clone()).unwrap_or_default())
    };
    assert_eq!(decode(b"{", None, &"t".into()).unwrap_err().status, 400);
    assert_eq!(decode(b"\xff", None, &"t".into()).unwrap_err().status, 400);
    assert_eq!(refused(json!([])), (422, String::new()));
    assert_eq!(refused(json!({"version": "4"})), (422, "/alerts".to_owned()));
    assert_eq!(refused(json!({"version": "3", "alerts": []})), (422, "/version".to_owned()));
    assert_eq!(refused(json!({"alerts": []})), (422, "/version".to_owned()));
    assert_eq!(refused(json!({"version": "4", "alerts": {}})), (422, "/alerts".to_owned()));
}

#[test]
fn one_bad_alert_does_not_hold_up_the_others() {
    let alerts = json!([
        alert(&json!({})),
        alert(&json!({"status": "lost"})),
        7,
        alert(&json!({"fingerprint": null, "labels": {}})),
        alert(&json!({"startsAt": "soon"})),
        alert(&json!({"status": "resolved", "fingerprint": "f"})),
    ]);
    let read = read_all(&webhook(&alerts)).unwrap();
    let places: Vec<_> =
        read.decoded.rejected.iter().map(|it| (it.index, it.pointer.as_str())).collect();
    assert_eq!(places, [(1, "/status"), (2, ""), (3, "/labels"), (4, "/startsAt")]);
    assert_eq!((read.raised, read.cleared, read.decoded.refused), (1, 1, 4));
}

#[test]
fn the_source_is_what_was_said_or_where_it_comes_from() {
    let source = |url: Value, said: Option<&str>| {
        let mut body = webhook(&json!([]));
        body["externalURL"] = url;
        let read = decode(body.to_string().as_bytes(), said.map(Arc::from), &"token".into());
        read.unwrap().source.to_string()
    };
    assert_eq!(source(json!("https://am/x"), Some("mine")), "mine");
    assert_eq!(source(json!("https://user:pw@am.example/x?y"), None), "am.example");
    assert_eq!(source(json!("nowhere"), None), "token");
    assert_eq!(source(Value::Null, None), "token");
}
