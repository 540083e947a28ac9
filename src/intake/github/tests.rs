use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn run(kind: &str, body: &[u8]) -> (Incoming, Option<u64>, Validated) {
    match decode(kind, body).unwrap() {
        Heard::Run(ended) => match ended.incoming.event.clone() {
            Event::Projects(ProjectEvent::Validated(run)) => (ended.incoming, ended.suite, run),
            other => panic!("made {other:?}"),
        },
        nothing => panic!("{nothing:?}"),
    }
}

macro_rules! fixture {
    ($file:literal) => {
        include_bytes!(concat!("../../tests/fixtures/github/", $file))
    };
}

#[test]
fn real_payloads_are_read() {
    let all: [(&str, &[u8]); 4] = [
        ("check_run", fixture!("check_run.json")),
        ("check_suite", fixture!("check_suite.json")),
        ("workflow_run", fixture!("workflow_run.json")),
        ("status", fixture!("status.json")),
    ];
    let read = all.map(|(kind, body)| {
        let (incoming, suite, data) = run(kind, body);
        let (time, id) = (incoming.time.map(|t| t.to_string()), &*incoming.id);
        assert!(incoming.id_given && &*incoming.source == SOURCE && id.starts_with("github-"));
        json!({ "event": kind, "time": time, "suite": suite, "data": data })
    });
    insta::assert_json_snapshot!(read);
}

#[test]
fn the_same_body_is_the_same_event() {
    let id = |body: &[u8]| run("check_run", body).0.id;
    let check = fixture!("check_run.json");
    assert_eq!(id(check), id(check));
    let other = with("/check_run/completed_at", json!("2019-05-15T15:21:13Z"));
    assert_ne!(id(check), id(other.as_bytes()));
}

#[test]
fn what_ends_no_run_is_of_no_interest() {
    let nothing = |kind: &str, body: &[u8]| {
        let heard = decode(kind, body).unwrap();
        assert!(matches!(heard, Heard::Nothing(_)), "{kind}: {heard:?}");
    };
    nothing("check_run", fixture!("check_run.created.json"));
    nothing("ping", fixture!("ping.json"));
    nothing("push", b"{}");
    nothing("check_run", with("/check_run/conclusion", json!(null)).as_bytes());
}

/// A check whose value at a place is another.
fn with(pointer: &str, value: Value) -> String {
    let mut payload: Value = serde_json::from_slice(fixture!("check_run.json")).unwrap();
    *payload.pointer_mut(pointer).unwrap() = value;
    payload.to_string()
}

#[track_caller]
fn check(conclusion: &str, expect: Result<ValidationStatus, &str>) {
    let got = decode("check_run", with("/check_run/conclusion", json!(conclusion)).as_bytes());
    let got = got.map(|heard| match heard {
        Heard::Run(ended) => match ended.incoming.event {
            Event::Projects(ProjectEvent::Validated(run)) => {
                assert_eq!(run.errors.is_empty(), !matches!(run.status, Failed | Error));
                run.status
            }
            other => panic!("made {other:?}"),
        },
        nothing => panic!("{nothing:?}"),
    });
    let got = got.as_ref().map_err(|error| error.errors[0].pointer.as_str()).copied();
    assert_eq!(got, expect, "{conclusion}");
}

#[test]
fn conclusions_are_what_they_say_of_the_commit() {
    check("success", Ok(Passed));
    check("failure", Ok(Failed));
    check("timed_out", Ok(Failed));
    check("startup_failure", Ok(Failed));
    check("action_required", Ok(Error));
    check("neutral", Ok(Skipped));
    check("skipped", Ok(Skipped));
    check("cancelled", Ok(Skipped));
    check("stale", Ok(Skipped));
    check("great", Err("/check_run/conclusion"));
}

#[test]
fn what_is_not_as_github_sends_it_is_named() {
    let refused = |body: &str| {
        let error = decode("check_run", body.as_bytes()).unwrap_err();
        (error.status, error.errors.first().map(|field| field.pointer.clone()))
    };
    assert_eq!(refused("{"), (400, None));
    assert_eq!(refused("{}"), (422, Some("/action".to_owned())));
    let nameless = refused(&with("/repository/full_name", json!("")));
    assert_eq!(nameless, (422, Some("/repository/full_name".to_owned())));
    let number = refused(&with("/check_run/name", json!(7)));
    assert_eq!(number, (422, Some("/check_run/name".to_owned())));
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(at in 0..14_000_usize, byte: u8) {
        let mut body = fixture!("check_run.json").to_vec();
        let place = at % body.len();
        body[place] = byte;
        let _ = decode("check_run", &body);
    }
}
