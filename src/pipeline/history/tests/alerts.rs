//! The past of alerts.

use super::*;
use crate::domain::alerts::history::{AlertFilter, Known, Place};
use crate::domain::alerts::{AlertItem, AlertState};
use crate::domain::health::Severity;

impl Kept {
    /// Appends an event of the server's own at this time, and has history take it in.
    fn happens(&mut self, at: Timestamp, kind: &str, data: serde_json::Value) {
        let before = self.journal.head().seq;
        let draft = Draft::own(event(kind, data));
        self.journal.append(at, &[&draft]).unwrap();
        let envelopes = Reader::open(self.dir.path()).unwrap().read(before).unwrap();
        let last_seq = self.journal.head().seq;
        self.history().feed(Batch { last_seq, at, envelopes, samples: Vec::new() });
        self.settle();
    }

    fn opened(&mut self, at: Timestamp, id: &str, to: &str, subject: &str) {
        let what = json!({ "title": id, "message": "m", "severity": "warning", "source": "s" });
        let key = json!({ "rule": "r", "finding": "f", "subject": subject });
        self.happens(
            at,
            "alert.opened",
            json!({ "alert": id, "key": key, "to": to, "what": what }),
        );
    }

    fn moved(&mut self, at: Timestamp, id: &str, to: &str) {
        self.happens(at, "alert.moved", json!({ "alert": id, "to": to }));
    }

    fn listed(&self, filter: &AlertFilter, limit: usize, after: Option<Place>) -> Vec<AlertItem> {
        let asked = self.history().alerts(filter.clone(), limit, after);
        self.runtime.block_on(asked).unwrap().0
    }

    fn titles(&self, filter: &AlertFilter) -> Vec<String> {
        self.listed(filter, 100, None).into_iter().map(|item| item.title).collect()
    }

    fn alert(&self, id: &str) -> Option<Known> {
        self.runtime.block_on(self.history().alert(id.into())).unwrap()
    }

    fn steps(&self, id: &str) -> Vec<String> {
        let step = |it: &crate::domain::alerts::TimelineItem| match &it.detail {
            Some(detail) => format!("{}: {detail}", it.what),
            None => it.what.clone(),
        };
        self.alert(id).unwrap().timeline.iter().map(step).collect()
    }
}

#[test]
fn an_alert_that_never_fired_was_none() {
    let mut kept = Kept::new();
    kept.opened(ms(5_000), "a", "pending", "host/a");
    kept.opened(ms(4_000), "b", "pending", "host/b");
    let pending = AlertFilter { state: vec![AlertState::Pending], ..AlertFilter::default() };
    assert_eq!(kept.titles(&pending), ["b", "a"]);
    kept.moved(ms(3_000), "a", "dropped");
    kept.moved(ms(2_000), "b", "fired");
    assert_eq!(kept.titles(&AlertFilter::default()), ["b"]);
    assert_eq!(kept.alert("a"), None);
    assert_eq!(kept.steps("b"), ["pending: m", "fired: m"]);
}

#[test]
fn a_timeline_says_who_did_what_and_whom_it_reached() {
    let mut kept = Kept::new();
    let rule =
        json!({ "id": "r", "name": "Rule", "owner": "ops", "on": { "finding": { "rule": "f" }}});
    kept.happens(ms(9_000), "alert_rule.saved", json!({ "rule": rule, "actor": "ann" }));
    let channel = json!({ "id": "c", "name": "Pager", "kind": "webhook", "target": "",
        "rate_per_min": 1.0, "send_resolved": true, "enabled": true, "actor": "ann" });
    kept.happens(ms(9_000), "channel.saved", channel);
    kept.opened(ms(8_000), "cause", "fired", "host/a");
    kept.opened(ms(7_900), "a", "fired", "host/a");
    let told = kept.alert("a").unwrap().item;
    let queued = json!({ "notification": "n", "channel": "c", "group": "g",
        "alerts": [{ "why": "fired", "alert": told }] });
    kept.happens(ms(7_000), "notification.queued", queued);
    let dead = json!({ "notification": "n", "outcome": "dead", "error": "refused" });
    kept.happens(ms(6_000), "notification.settled", dead);
    kept.happens(ms(5_000), "alert.covered", json!({ "alert": "a", "by": "cause" }));
    let seen = json!({ "alerts": ["a"], "actor": "bob", "comment": "mine" });
    kept.happens(ms(4_000), "alert.acknowledged", seen);
    let silence = json!({ "silence": "s", "alert": "a", "until": "2026-01-02T04:00:00Z",
        "comment": "", "actor": "bob" });
    kept.happens(ms(3_000), "silence.created", silence);
    let quiet = kept.alert("a").unwrap().item.silenced_until;
    assert_eq!(quiet.unwrap().to_string(), "2026-01-02T04:00:00.000Z");
    kept.happens(ms(2_900), "silence.ended", json!({ "silence": "s", "actor": "ann" }));
    kept.happens(ms(2_500), "alert.covered", json!({ "alert": "a", "by": null }));
    let worse = json!({ "title": "a", "message": "worse", "severity": "critical", "source": "s" });
    let worse = json!({ "alert": "a", "to": "changed", "what": worse });
    kept.happens(ms(2_000), "alert.moved", worse);
    let again =
        json!({ "title": "a", "message": "other words", "severity": "critical", "source": "s" });
    kept.happens(ms(1_500), "alert.moved", json!({ "alert": "a", "to": "changed", "what": again }));
    kept.happens(
        ms(1_000),
        "alert.moved",
        json!({ "alert": "a", "to": "resolved", "why": "gone" }),
    );
    assert_eq!(
        kept.steps("a"),
        [
            "fired: m",
            "told: Pager: fired",
            "undelivered: Pager: refused",
            "covered: cause",
            "acknowledged: mine",
            "silenced: until 2026-01-02T04:00:00.000Z",
            "unsilenced",
            "uncovered",
            "changed: from warning to critical",
            "resolved: gone",
        ]
    );
    let known = kept.alert("a").unwrap();
    assert_eq!(known.timeline[4].actor.as_deref(), Some("bob"));
    let item = known.item;
    assert_eq!((item.rule_name.as_str(), item.owner.as_deref()), ("Rule", Some("ops")));
    assert_eq!((item.message.as_str(), item.severity), ("other words", Severity::Critical));
    assert_eq!((item.state, item.resolved_at), (AlertState::Resolved, Some(ms(1_000))));
    assert!(!item.acknowledged, "who has seen a warning has not seen that it became critical");
    assert_eq!(item.silenced_until, None);
}

#[test]
fn pages_follow_each_other_though_alerts_begin_together() {
    let mut kept = Kept::new();
    for (i, id) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        kept.opened(ms(9_000 - (i as i64 / 2) * 1_000), id, "fired", &format!("host/{id}"));
    }
    let all = kept.titles(&AlertFilter::default());
    assert_eq!(all, ["e", "d", "c", "b", "a"]);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = kept.listed(&AlertFilter::default(), 2, after);
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.id.clone()));
        seen.extend(page.iter().map(|item| item.title.clone()));
    }
    assert_eq!(seen, all);
}

#[test]
fn what_matches_in_the_tables_matches_in_memory() {
    let mut kept = Kept::new();
    kept.opened(ms(9_000), "Full_100%", "fired", "host/a");
    kept.opened(ms(8_000), "other", "pending", "host/b");
    kept.moved(ms(7_000), "other", "unknown");
    kept.opened(ms(6_000), "third", "fired", "queue/c");
    kept.moved(ms(5_000), "third", "resolved");
    kept.happens(ms(4_000), "alert.acknowledged", json!({ "alerts": ["Full_100%"], "actor": "x" }));
    let all = kept.listed(&AlertFilter::default(), 100, None);
    assert_eq!(all.len(), 3);
    let none = AlertFilter::default;
    for (filter, expect) in [
        (AlertFilter { state: vec![AlertState::Unknown, AlertState::Resolved], ..none() }, 2),
        (AlertFilter { severity: vec![Severity::Warning], ..none() }, 3),
        (AlertFilter { severity: vec![Severity::Info], ..none() }, 0),
        (AlertFilter { acknowledged: Some(true), ..none() }, 1),
        (AlertFilter { acknowledged: Some(false), ..none() }, 2),
        (AlertFilter { source: Some("s".into()), ..none() }, 3),
        (AlertFilter { source: Some("t".into()), ..none() }, 0),
        (AlertFilter { rule: Some("f".into()), ..none() }, 3),
        (AlertFilter { subject: Some("host/b".into()), ..none() }, 1),
        (AlertFilter { q: Some("_100%".to_owned()), ..none() }, 1),
        (AlertFilter { q: Some("full".to_owned()), ..none() }, 1),
        (AlertFilter { q: Some("QUEUE/".to_owned()), ..none() }, 1),
        (AlertFilter { from: Some(ms(4_999)), ..none() }, 2),
        (AlertFilter { from: Some(ms(5_000)), ..none() }, 3),
        (AlertFilter { to: Some(ms(8_000)), ..none() }, 1),
    ] {
        let found = kept.listed(&filter, 100, None);
        let matching: Vec<_> = all.iter().filter(|it| filter.matches(it)).cloned().collect();
        assert_eq!((&found, found.len()), (&matching, expect), "{filter:?}");
    }
}

#[test]
fn an_alert_that_comes_and_goes_for_months_keeps_its_beginning() {
    let mut kept = Kept::new();
    kept.opened(ms(900_000), "a", "fired", "host/a");
    for i in 0..400 {
        kept.moved(ms(800_000 - i * 2), "a", "clearing");
        kept.moved(ms(800_000 - i * 2 - 1), "a", "holds");
    }
    kept.happens(ms(5), "alert.acknowledged", json!({ "alerts": ["a"], "actor": "x" }));
    let steps = kept.steps("a");
    assert!((400..=700).contains(&steps.len()), "{}", steps.len());
    assert_eq!(
        (steps.first().unwrap().as_str(), steps.last().unwrap().as_str()),
        ("fired: m", "acknowledged")
    );
}

#[test]
fn old_alerts_are_forgotten_and_open_ones_never() {
    let mut kept = Kept::new();
    kept.retain_days = 1;
    kept.opened(ms(9 * DAY_MS), "old", "fired", "host/a");
    kept.opened(ms(9 * DAY_MS), "open", "fired", "host/b");
    kept.moved(ms(8 * DAY_MS), "old", "resolved");
    kept.opened(ms(2 * DAY_MS), "new", "fired", "host/c");
    kept.moved(ms(1_000), "new", "resolved");
    kept.stop();
    let head = kept.journal.head();
    let mut store = store::Store::open(kept.dir.path(), &head).unwrap();
    store.prune(&mut store::Sweep::default(), 10, DAY_MS).unwrap();
    drop(store);
    kept.start();
    assert_eq!(kept.titles(&AlertFilter::default()), ["new", "open"]);
    assert_eq!(kept.alert("old"), None);
}
