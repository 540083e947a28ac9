//! What each channel is told, as it is sent.

use super::{Message, alertmanager, message, ntfy, slack, smtp, webhook};
use crate::domain::alerts::{
    AlertItem, AlertState, Channel, ChannelKind, Matcher, Sealed, Told, Why,
};
use crate::domain::health::Severity;
use crate::wire::Timestamp;

fn channel() -> Channel {
    Channel {
        id: "ops".into(),
        name: "Ops & on-call".to_owned(),
        kind: ChannelKind::Webhook,
        target: Sealed("".into()),
        matcher: Matcher::default(),
        rate_per_min: 30.0,
        send_resolved: true,
        enabled: true,
        to: vec!["Ann Größe <ann@people.example>".to_owned()],
        from: Some("board@ops.example".to_owned()),
        username: None,
        actor: "ann".into(),
    }
}

pub(super) fn told(why: Why, severity: Severity) -> Told {
    let at = Timestamp::from_ms(1_790_000_000_000);
    let labels = [("alertname", "Disk"), ("source", "agent"), ("team.name", "pay"), ("empty", "")];
    let alert = AlertItem {
        title: "Disk <build-02> is full & *hot*".to_owned(),
        message: "97 % of it are used.\r\nSubject: no header".to_owned(),
        severity,
        source: "agent".into(),
        state: if why == Why::Resolved { AlertState::Resolved } else { AlertState::Firing },
        created_at: at,
        fired_at: Some(at.plus(1_000)),
        resolved_at: (why == Why::Resolved).then(|| at.plus(61_000)),
        rule: "disk".into(),
        rule_name: "Disk".to_owned(),
        subject: "host/build-02".into(),
        labels: labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        value: Some(97.5),
        threshold: Some(90.0),
        unit: Some("%".to_owned()),
        resolve: "Free some of it".to_owned(),
        link: "/system/hosts/build-02".to_owned(),
        runbook: Some("https://wiki.example/disk?a=1&b=<2>".to_owned()),
        owner: Some("ops".to_owned()),
        id: format!("a-{}", severity.name()).into(),
        ..message::trial(&channel(), at).alert
    };
    Told { why, alert, covers: u32::from(severity == Severity::Critical) * 3 }
}

/// What `show` makes of two alerts, one of which is over.
fn two(board: Option<&str>, show: impl FnOnce(&Message<'_>) -> String) -> String {
    let alerts = [told(Why::Worsened, Severity::Critical), told(Why::Resolved, Severity::Warning)];
    shown(&alerts, board, show)
}

fn shown(
    alerts: &[Told],
    board: Option<&str>,
    show: impl FnOnce(&Message<'_>) -> String,
) -> String {
    let at = Timestamp::from_ms(1_790_000_002_000);
    show(&Message { id: "n-1", channel: &channel(), group: "disk", alerts, at, board })
}

const BOARD: Option<&str> = Some("https://board.example");

#[test]
fn webhook_body() {
    insta::assert_snapshot!(two(BOARD, |message| {
        let body = webhook::body(message);
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    }));
}

#[test]
fn slack_body() {
    insta::assert_snapshot!(two(BOARD, |message| format!("{:#}", slack::body(message))));
}

#[test]
fn slack_body_without_a_board() {
    let one = [told(Why::Fired, Severity::Info)];
    insta::assert_snapshot!(shown(&one, None, |message| format!("{:#}", slack::body(message))));
}

#[test]
fn slack_body_of_many() {
    let many = vec![told(Why::Fired, Severity::Warning); 50];
    let body: serde_json::Value =
        serde_json::from_str(&shown(&many, None, |message| slack::body(message).to_string()))
            .unwrap();
    let attachments = body["attachments"].as_array().unwrap();
    assert_eq!(attachments.len(), 21);
    assert_eq!(attachments[20]["blocks"][0]["elements"][0]["text"], "and 30 more");
}

#[test]
fn ntfy_headers_and_body() {
    let show = |message: &Message<'_>| {
        let headers = ntfy::headers(message);
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
        format!("{}\n{}", headers.collect::<String>(), ntfy::body(message))
    };
    insta::assert_snapshot!("ntfy_of_two", two(BOARD, show));
    let one = [told(Why::Fired, Severity::Critical)];
    insta::assert_snapshot!("ntfy_of_one", shown(&one, BOARD, show));
    let many = vec![told(Why::Fired, Severity::Warning); 50];
    let long = shown(&many, None, ntfy::body);
    assert!(long.len() < 4_096 && long.ends_with("and 40 more"), "{long}");
}

#[test]
fn alertmanager_webhook() {
    insta::assert_snapshot!(two(BOARD, |message| {
        serde_json::to_string_pretty(&alertmanager::received(message)).unwrap()
    }));
}

#[test]
fn alertmanager_alerts() {
    insta::assert_snapshot!(two(BOARD, |message| {
        serde_json::to_string_pretty(&alertmanager::posted(message)).unwrap()
    }));
}

#[test]
fn an_alert_stays_the_same_to_alertmanager_whoever_it_is_heard_from() {
    let task = |source: &str, severity: Severity| {
        let labels =
            [("alertname", "stuck"), ("source", source), ("agent", source), ("queue", source)];
        let mut told = told(Why::Fired, severity);
        let labels = labels.into_iter().map(|(name, value)| (name.into(), value.into()));
        told.alert.labels = labels.collect();
        told.alert.subject = "agent/a1".into();
        told
    };
    let show = |told: Told| -> (serde_json::Value, serde_json::Value) {
        let mut posted = serde_json::Value::Null;
        let received = shown(&[told], BOARD, |message| {
            posted = serde_json::to_value(alertmanager::posted(message)).unwrap();
            serde_json::to_string(&alertmanager::received(message)).unwrap()
        });
        let received: serde_json::Value = serde_json::from_str(&received).unwrap();
        (received["alerts"][0]["fingerprint"].clone(), posted[0].clone())
    };
    let (first, one) = show(task("a2", Severity::Warning));
    let (second, other) = show(task("a3", Severity::Warning));
    assert_eq!((&first, &one["labels"]), (&second, &other["labels"]));
    assert_eq!(other["annotations"]["queue"], "a3");
    assert_eq!(one["labels"].get("agent"), None, "{one}");
    // An agent's alert is about that agent.
    let (worse, own) = show(task("a1", Severity::Critical));
    assert_eq!((&worse, &own["labels"]["agent"]), (&first, &"a1".into()));
    let mut of_another = task("a1", Severity::Warning);
    of_another.alert.subject = "agent/a9".into();
    assert_ne!(show(of_another).0, first);
}

#[test]
fn mail_as_text_and_html() {
    insta::assert_snapshot!("mail_text", two(BOARD, smtp::text));
    insta::assert_snapshot!("mail_html", two(BOARD, smtp::html));
}

#[test]
fn a_test_message_says_which_channel_works() {
    let at = Timestamp::from_ms(1_790_000_000_000);
    insta::assert_snapshot!(shown(&[message::trial(&channel(), at)], BOARD, smtp::text));
}

#[test]
fn the_most_pressing_reason_is_told() {
    let check = |alerts: &[(Why, Severity)], why: Why, severity: Severity| {
        let alerts: Vec<Told> = alerts.iter().map(|(why, how)| told(*why, *how)).collect();
        shown(&alerts, None, |message| {
            assert_eq!((message.why(), message.severity()), (why, severity));
            String::new()
        });
    };
    use Severity::{Critical, Info, Warning};
    check(&[(Why::Resolved, Critical), (Why::Fired, Info)], Why::Fired, Info);
    check(&[(Why::Worsened, Critical), (Why::Fired, Warning)], Why::Fired, Critical);
    check(&[(Why::Resolved, Critical), (Why::Resolved, Info)], Why::Resolved, Critical);
}
