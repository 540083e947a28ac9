use super::*;
use crate::domain::alerts::{Queued, Told, Why};

/// A notification: its id, channel, group and position, and the alert it is about.
type One = (&'static str, &'static str, &'static str, u64, &'static str);

fn notification((id, channel, group, seq, alert): One) -> Arc<Notification> {
    let at = Timestamp::from_ms(0);
    let told = crate::notify::tests::told(Why::Fired, crate::domain::health::Severity::Warning);
    let mut alert_item = told.alert.clone();
    alert_item.id = alert.into();
    let queued = Queued {
        notification: id.into(),
        channel: channel.into(),
        group: group.into(),
        alerts: vec![Told { alert: alert_item, ..told }],
    };
    let (attempts, error, stale) = (0, None, false);
    Arc::new(Notification { queued, at, seq, attempts, next_at: at, error, stale })
}

#[test]
fn each_group_of_a_channel_is_told_in_order() {
    let mut heads = Heads::default();
    let mut check = |all: &[One], expect: &[(&str, &[&str])]| {
        let each = all.iter().map(|one| (Arc::<str>::from(one.0), notification(*one)));
        heads.see(&Outbox { waiting: each.collect(), ..Outbox::default() });
        let ids = |heads: &Vec<Arc<Notification>>| -> Vec<String> {
            heads.iter().map(|head| head.queued.notification.to_string()).collect()
        };
        let mut got: Vec<_> = heads
            .by_channel
            .iter()
            .map(|(channel, heads)| (channel.to_string(), ids(heads)))
            .collect();
        got.sort();
        let expect: Vec<(String, Vec<String>)> = expect
            .iter()
            .map(|(channel, ids)| {
                ((*channel).to_owned(), ids.iter().map(|&id| id.to_owned()).collect())
            })
            .collect();
        assert_eq!(got, expect);
    };
    check(
        &[("a", "x", "g", 3, "1"), ("b", "x", "g", 1, "2"), ("c", "y", "g", 2, "1")],
        &[("x", &["b"]), ("y", &["c"])],
    );
    // Other groups do not wait for it, unless they are about the same alert.
    check(
        &[("a", "x", "g", 1, "1"), ("b", "x", "h", 2, "2"), ("c", "x", "i", 3, "1")],
        &[("x", &["a", "b"])],
    );
    // What is held back holds back its own group.
    check(
        &[("a", "x", "g", 1, "1"), ("b", "x", "h", 2, "1"), ("c", "x", "h", 3, "2")],
        &[("x", &["a"])],
    );
    check(&[], &[]);
}

#[test]
fn what_has_been_due_longest_is_next() {
    let head = |id, seq, next_at: i64| {
        let head = Arc::unwrap_or_clone(notification((id, "x", id, seq, id)));
        Arc::new(Notification { next_at: Timestamp::from_ms(next_at), ..head })
    };
    let check = |heads: &[Arc<Notification>], expect: Result<&str, u64>| {
        let got = next(heads, Timestamp::from_ms(10_000));
        let got = got.map(|head| &*head.queued.notification);
        assert_eq!(got, expect.map_err(Duration::from_millis));
    };
    check(&[head("a", 1, 15_000), head("b", 2, 9_000), head("c", 3, 8_000)], Ok("c"));
    check(&[head("a", 1, 9_000), head("b", 2, 9_000)], Ok("a"));
    check(&[head("a", 1, 15_000), head("b", 2, 12_000)], Err(2_000));
    // The clock was set back.
    check(&[head("a", 1, 10_000 + TOO_LONG_MS)], Ok("a"));
}

#[tokio::test]
async fn a_delivery_that_breaks_off_frees_its_channel() {
    let job = |channel| {
        let head = notification(("a", channel, "g", 1, "1"));
        Job { head, sent_to: None }
    };
    let mut jobs = Jobs::default();
    jobs.begin(job("x"), async { panic!("a bug") });
    jobs.begin(job("y"), std::future::pending());
    assert!(!jobs.may_begin(&"x".into()) && !jobs.may_begin(&"y".into()));
    let (ended, how) = jobs.next().await.unwrap();
    assert_eq!(&*ended.head.queued.channel, "x");
    assert!(how.unwrap_err().is_panic());
    assert!(jobs.may_begin(&"x".into()) && !jobs.may_begin(&"y".into()));
}
