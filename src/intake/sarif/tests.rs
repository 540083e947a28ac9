use super::*;
use crate::domain::projects::RunError;
use proptest::prelude::*;

fn context() -> Context {
    Context {
        project: "ledger".to_owned().try_into().unwrap(),
        branch: None,
        commit: None,
        url: None,
        source: "ci".into(),
    }
}

fn read(json: impl AsRef<[u8]>) -> Result<(Incoming, Validated), ApiError> {
    let incoming = decode(json.as_ref(), context())?;
    match incoming.event.clone() {
        Event::Projects(projects::Event::Validated(validated)) => Ok((incoming, validated)),
        other => panic!("made {other:?}"),
    }
}

/// `status total/passed/failed/skipped types`, or the status and place of a refusal.
#[track_caller]
fn check(json: &str, expected: &str) {
    let got = match read(json) {
        Ok((_, v)) => {
            let Checks { total, passed, failed, skipped } = v.checks.unwrap();
            let status = serde_json::to_value(v.status).unwrap();
            let one = |e: &RunError| format!("{}*{}", e.kind, e.count);
            let errors = v.errors.iter().map(one).collect::<Vec<_>>().join(" ");
            format!("{} {total}/{passed}/{failed}/{skipped} {errors}", status.as_str().unwrap())
        }
        Err(error) => {
            let at = error.errors.first().map(|field| field.pointer.as_str()).unwrap_or_default();
            format!("{} {at} {}", error.status, error.detail)
        }
    };
    assert!(got.starts_with(expected), "{json}\n got: {got}\nwant: {expected}");
}

/// A log of one run with these results, of a tool with two rules.
fn log(results: &str) -> String {
    format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"T","rules":[
            {{"id":"E","defaultConfiguration":{{"level":"error"}},"messageStrings":{{"m":{{"text":"words"}}}}}},
            {{"id":"N","defaultConfiguration":{{"level":"note"}}}}]}}}},"results":{results}}}]}}"#
    )
}

macro_rules! fixtures {
    ($($test:ident: $file:literal),+ $(,)?) => {
        $(#[test]
        fn $test() {
            let bytes = include_bytes!(concat!("../../tests/fixtures/sarif/", $file));
            let (incoming, validated) = read(bytes).unwrap();
            let time = incoming.time.map(|t| t.to_string());
            let shown = serde_json::json!({"time": time, "data": validated});
            insta::assert_json_snapshot!($file, shown);
        })+
    };
}

fixtures! {
    reads_ruff: "ruff.sarif",
    reads_ruff_without_findings: "ruff-clean.sarif",
    reads_bandit: "bandit.sarif",
    reads_eslint: "eslint.sarif",
}

#[test]
fn a_level_is_the_results_or_the_rules_or_warning() {
    check(&log(r#"[{"ruleId":"E"}]"#), "failed 1/0/1/0 E*1");
    check(&log(r#"[{"ruleId":"N"}]"#), "passed 1/1/0/0 ");
    check(&log(r#"[{"ruleId":"N","level":"warning"}]"#), "failed 1/0/1/0 N*1");
    check(&log(r#"[{"ruleIndex":1,"ruleId":"E"}]"#), "passed 1/1/0/0 ");
    check(&log(r#"[{"ruleId":"N/part"}]"#), "passed 1/1/0/0 ");
    check(&log(r#"[{"ruleId":"new"}]"#), "failed 1/0/1/0 new*1");
    check(&log(r#"[{}]"#), "failed 1/0/1/0 T*1");
    check(&log(r#"[{"ruleId":"E","kind":"pass"}]"#), "passed 1/1/0/0 ");
    check(&log(r#"[{"ruleId":"E","kind":"notApplicable"}]"#), "passed 1/0/0/1 ");
    check(&log(r#"[{"ruleId":"new"},{"ruleId":"E"},{"ruleId":"E"}]"#), "failed 3/0/3/0 E*2 new*1");
    check(&log("null"), "passed 0/0/0/0 ");
}

#[test]
fn what_is_suppressed_or_gone_is_skipped() {
    let with = |more: &str| log(&format!(r#"[{{"ruleId":"E",{more}}}]"#));
    check(&with(r#""suppressions":[{"kind":"inSource"}]"#), "passed 1/0/0/1 ");
    check(&with(r#""suppressions":[{"status":"accepted"}]"#), "passed 1/0/0/1 ");
    check(&with(r#""suppressions":[{"status":"rejected"}]"#), "failed 1/0/1/0 ");
    check(&with(r#""suppressions":[]"#), "failed 1/0/1/0 ");
    check(&with(r#""baselineState":"absent""#), "passed 1/0/0/1 ");
    check(&with(r#""baselineState":"unchanged""#), "failed 1/0/1/0 ");
}

#[test]
fn a_tool_that_did_not_succeed_is_an_error() {
    let run = |ok: bool| {
        format!(
            r#"{{"tool":{{"driver":{{"name":"T"}}}},"results":[],"invocations":[{{"executionSuccessful":{ok},
            "startTimeUtc":"2026-07-01T12:00:00Z","endTimeUtc":"2026-07-01T12:00:02.5Z",
            "toolExecutionNotifications":[{{"level":"error","message":{{"text":"out of memory"}}}}]}}],
            "versionControlProvenance":[{{"repositoryUri":"https://a.example","branch":"b","revisionId":"c"}}]}}"#
        )
    };
    let of = |runs: &[String]| format!(r#"{{"version":"2.1.0","runs":[{}]}}"#, runs.join(","));
    check(&of(&[run(true)]), "passed 0/0/0/0 ");
    check(&of(&[run(true), run(false)]), "error 0/0/0/0 T*1");
    check(&of(&[]), "skipped 0/0/0/0 ");
    let (incoming, run) = read(of(&[run(false)])).unwrap();
    assert_eq!(run.errors[0].message, "out of memory");
    assert_eq!(
        (run.duration_ms, run.branch, run.commit),
        (Some(2_500.0), Some("b".into()), Some("c".into()))
    );
    assert_eq!(incoming.time.unwrap().to_string(), "2026-07-01T12:00:02.500Z");
}

#[test]
fn a_message_may_be_the_rules() {
    let (_, run) =
        read(log(r#"[{"ruleId":"E","message":{"id":"m"},"locations":[{"physicalLocation":
        {"artifactLocation":{"uri":"a/b.py"},"region":{"startLine":7}}}]}]"#))
        .unwrap();
    let error = &run.errors[0];
    assert_eq!(
        (error.message.as_str(), error.file.as_deref(), error.line),
        ("words", Some("a/b.py"), Some(7))
    );
}

#[test]
fn what_is_no_log_is_refused_where_it_is_not() {
    check("", "400 ");
    check("{", "400 ");
    check("\u{feff}{}", "422 /version");
    check("[]", "422 ");
    check("<testsuite/>", "400 ");
    check(r#"{"version":"2.0.0","runs":[]}"#, "422 /version SARIF 2.0.0");
    check(r#"{"version":"2.1.0","runs":{}}"#, "422 /runs");
    check(r#"{"version":"2.1.0","runs":[{}]}"#, "422 /runs/0/tool");
    check(&log(r#"[{"level":"fatal"}]"#), "422 /runs/0/results/0/level");
    check(&log(r#"[7]"#), "422 /runs/0/results/0");
    check(&"[".repeat(5_000), "400 ");
}

#[test]
fn the_same_log_is_the_same_event() {
    let of_commit = |json: &str| {
        let context = Context { commit: Some("c".to_owned()), ..context() };
        let made = decode(json.as_bytes(), context).unwrap();
        assert!(made.id_given);
        made.id
    };
    assert_eq!(of_commit(&log("[]")), of_commit(&log("[]")));
    assert_ne!(of_commit(&log("[]")), of_commit(&log("[{}]")));
    // That one says when it ended.
    let dated = || read(include_bytes!("../../tests/fixtures/sarif/bandit.sarif")).unwrap().0;
    assert!(dated().id_given && dated().id == dated().id);
}

#[test]
fn a_log_that_says_not_when_it_was_is_another_run_each_time() {
    let made = || read(log("[]")).unwrap().0;
    let (first, second) = (made(), made());
    assert!(!first.id_given && first.time.is_none() && first.id != second.id);
}

proptest! {
    #[test]
    fn any_log_is_read_or_refused(cut in 0..2_000_usize, at in 0..2_000_usize, byte: u8) {
        let mut bytes = include_bytes!("../../tests/fixtures/sarif/ruff.sarif").to_vec();
        let place = at % bytes.len();
        bytes[place] = byte;
        bytes.drain(cut.min(bytes.len())..(cut + 7).min(bytes.len()));
        let _ = read(bytes);
    }
}
