use super::*;
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

fn read(xml: impl AsRef<[u8]>) -> Result<(Incoming, Validated), ApiError> {
    let incoming = decode(xml.as_ref(), context())?;
    match incoming.event.clone() {
        Event::Projects(projects::Event::Validated(validated)) => Ok((incoming, validated)),
        other => panic!("made {other:?}"),
    }
}

/// `status total/passed/failed/skipped duration`, or the HTTP status of a refusal.
#[track_caller]
fn check(xml: &str, expected: &str) {
    let got = match read(xml) {
        Ok((_, v)) => {
            let Checks { total, passed, failed, skipped } = v.checks.unwrap();
            let status = serde_json::to_value(v.status).unwrap();
            let ms = v.duration_ms.map_or("-".to_owned(), |ms| ms.to_string());
            format!("{} {total}/{passed}/{failed}/{skipped} {ms}", status.as_str().unwrap())
        }
        Err(error) => format!("{} {}", error.status, error.detail),
    };
    assert!(got.starts_with(expected), "{xml}\n got: {got}\nwant: {expected}");
}

/// One suite around these cases.
fn suite(inner: &str) -> String {
    format!("<testsuite>{inner}</testsuite>")
}

macro_rules! fixtures {
    ($($test:ident: $file:literal),+ $(,)?) => {
        $(#[test]
        fn $test() {
            let bytes = include_bytes!(concat!("../../tests/fixtures/junit/", $file));
            let (incoming, validated) = read(bytes).unwrap();
            let time = incoming.time.map(|t| t.to_string());
            let shown = serde_json::json!({"time": time, "id": &*incoming.id, "data": validated});
            insta::assert_json_snapshot!($file, shown);
        })+
    };
}

fixtures! {
    reads_nextest: "nextest.xml",
    reads_pytest: "pytest.xml",
    reads_pytest_collection_errors: "pytest-collection-error.xml",
    reads_node: "node-test.xml",
    reads_jest: "jest-junit.xml",
    reads_gotestsum: "gotestsum.xml",
    reads_surefire: "surefire.xml",
    reads_gradle: "handwritten-gradle.xml",
}

#[test]
fn status_is_the_worst_there_is() {
    let pass = "<testcase/>";
    let skip = "<testcase><skipped/></testcase>";
    let fail = "<testcase><failure/></testcase>";
    let error = "<testcase><error/></testcase>";
    check(&suite(&format!("{pass}{skip}")), "passed 2/1/0/1");
    check(&suite(&format!("{pass}{fail}")), "failed 2/1/1/0");
    check(&suite(&format!("{fail}{error}")), "error 2/0/2/0");
    check(&suite(skip), "skipped 1/0/0/1");
    check(&suite(""), "skipped 0/0/0/0");
    check("<testsuites/>", "skipped 0/0/0/0");
    check(&suite("<testcase><failure/><error/><skipped/></testcase>"), "error 1/0/1/0");
    check(&suite("<testcase><flakyFailure/></testcase>"), "passed 1/1/0/0");
    check(&suite("<testcase><failure/><rerunFailure/></testcase>"), "failed 1/0/1/0");
    check(&suite("<testcase status=\"notrun\"/>"), "skipped 1/0/0/1");
    check(&suite("<testcase result=\"suppressed\"/>"), "skipped 1/0/0/1");
}

#[test]
fn suites_can_be_at_fault_themselves() {
    check(&suite("<error message='no database'/><testcase/>"), "error 1/1/0/0");
    check(&suite("<system-out>x</system-out><testcase/><system-err/>"), "passed 1/1/0/0");
    let nested = suite(&suite(&format!("{}{}", suite("<testcase/>"), suite("<testcase/>"))));
    check(&format!("<testsuites>{nested}{nested}</testsuites>"), "passed 4/4/0/0");
    // What is inside other elements is not an outcome.
    let quoted = "<testcase><properties><failure/></properties></testcase>";
    check(&suite(quoted), "passed 1/1/0/0");
}

#[test]
fn attributes_may_make_it_worse_but_never_better() {
    check("<testsuite tests='9' failures='0'><testcase/></testsuite>", "passed 1/1/0/0");
    check("<testsuite failures='0'><testcase><failure/></testcase></testsuite>", "failed 1/0/1/0");
    check("<testsuites errors='1'><testsuite><testcase/></testsuite></testsuites>", "error 1/1");
    check("<testsuites><testsuite failures='2'/></testsuites>", "failed 0/0/0/0");
    let rerun = "<testcase><failure/><rerunFailure/></testcase>";
    check(&format!("<testsuite failures='2' errors='0'>{rerun}</testsuite>"), "failed 1/0/1/0");
    let lying = format!("<testsuite failures='4000000000' errors='4000000000'>{rerun}</testsuite>");
    check(&lying, "error 1/0/1/0");
}

#[test]
fn time_is_the_best_there_is() {
    let cases = "<testcase time='0.25'/><testcase time='0,5'/>";
    check(&suite(cases), "passed 2/2/0/0 750");
    check(&format!("<testsuite time='1,234.5'>{cases}</testsuite>"), "passed 2/2/0/0 1234500");
    let suites = format!("<testsuite time='2'>{cases}</testsuite><testsuite time='3'/>");
    check(&format!("<testsuites>{suites}</testsuites>"), "passed 2/2/0/0 5000");
    check(&format!("<testsuites time='4'>{suites}</testsuites>"), "passed 2/2/0/0 4000");
    check(&format!("<testsuites time='0'>{suites}</testsuites>"), "passed 2/2/0/0 5000");
    check(&suite("<testcase/>"), "passed 1/1/0/0 -");
    check("<testsuite time='1e300'/>", "skipped 0/0/0/0 31622400000");
}

#[test]
fn junk_is_read_and_cleaned() {
    let xml = "\u{feff}<?xml version='1.0'?><!-- x --><testsuite><testcase><failure type='E' \
        message='&#x1b;[31mred&#0; &nbsp; \u{8}&amp; a &#13;&#10;b'/></testcase></testsuite>";
    let (_, validated) = read(xml).unwrap();
    assert_eq!(validated.errors[0].message, "red &nbsp; & a \nb");
    let xml = suite(
        "<testcase><failure><![CDATA[<b> & ]]]]><![CDATA[>]]> &lt;c&gt; & d</failure></testcase>",
    );
    assert_eq!(read(xml).unwrap().1.errors[0].message, "<b> & ]]> <c> & d");
}

#[test]
fn what_is_not_such_a_report_is_refused() {
    check("", "400");
    check("hello", "400");
    check("{\"type\":\"x\"}", "400");
    check("<testsuite>", "400");
    check("<testsuite><testcase></testsuite>", "400");
    check("<testsuite a=b/>", "400");
    check("<testsuite/><testsuite/>", "400");
    check(
        "<testsuite>\n  <testcase name='a'>\n  </oops>\n</testsuite>",
        "400 the report is not readable XML: ill-formed document: expected `</testcase>`, but `</oops>` was found (line 3, column 3)",
    );
    check("<coverage/>", "422");
    let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><testsuite>&b;</testsuite>";
    check(bomb, "400 the report is not readable XML: document types are not accepted");
    check(&"<testsuite>".repeat(100_000), "400 the report is not readable XML: nested too deeply");
}

#[test]
fn the_same_report_has_the_same_id() {
    let id = |xml: &str, context: Context| decode(xml.as_bytes(), context).unwrap().id;
    let other = Context { project: "other".to_owned().try_into().unwrap(), ..context() };
    let commit = Context { commit: Some("abc".to_owned()), ..context() };
    assert_eq!(id("<testsuite/>", context()), id("<testsuite/>", context()));
    assert_ne!(id("<testsuite/>", context()), id("<testsuites/>", context()));
    assert_ne!(id("<testsuite/>", context()), id("<testsuite/>", other));
    assert_ne!(id("<testsuite/>", context()), id("<testsuite/>", commit));
}

#[test]
fn the_root_dates_the_report() {
    let time = |xml: &str| read(xml).unwrap().0.time.map(|t| t.to_string());
    let inner =
        "<testsuite timestamp='2026-01-03T00:00:00'/><testsuite timestamp='2026-01-02T00:00:00'/>";
    let rooted = format!("<testsuites timestamp='2026-01-05T00:00:00+01:00'>{inner}</testsuites>");
    assert_eq!(time(&rooted).as_deref(), Some("2026-01-04T23:00:00.000Z"));
    let bare = format!("<testsuites>{inner}</testsuites>");
    assert_eq!(time(&bare).as_deref(), Some("2026-01-02T00:00:00.000Z"));
    assert_eq!(time("<testsuite timestamp='Tuesday'/>"), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&body, context());
    }

    #[test]
    fn no_near_report_panics(parts in proptest::collection::vec(0..16_usize, 0..40), cut in 0..400_usize) {
        let words = ["<testsuites>", "</testsuites>", "<testsuite time='1'>", "</testsuite>",
            "<testcase line='x'>", "</testcase>", "<failure message='a: b'>", "</failure>", "<error/>",
            "<skipped/>", "<![CDATA[", "]]>", "&#x1b;", "panicked at a:1:2", "é", "<!DOCTYPE"];
        let text: String = parts.iter().map(|&i| words[i]).collect();
        let bytes = text.as_bytes();
        let _ = decode(&bytes[..cut.min(bytes.len())], context());
    }

    #[test]
    fn whatever_is_read_fits_an_event(messages in proptest::collection::vec("[a-zé\\\\\"]{0,60}", 0..150)) {
        let cases: String = messages
            .iter()
            .map(|m| format!("<testcase><failure><![CDATA[{}]]></failure></testcase>", m.repeat(50)))
            .collect();
        let (_, validated) = read(suite(&cases)).unwrap();
        let size = serde_json::to_vec(&validated).unwrap().len();
        prop_assert!(size <= crate::intake::MAX_EVENT * 2, "{}", size);
        prop_assert_eq!(validated.checks.unwrap().failed as usize, messages.len());
    }
}
