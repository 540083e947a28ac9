use super::*;
use proptest::prelude::*;

/// The samples as `name{labels} value unit time`, a line each.
fn told(samples: &[Sample]) -> Vec<String> {
    let told = samples.iter().map(|it| {
        let labels: Vec<String> = it.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let unit = it.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let time = it.time.map(|time| format!(" @{}", time.ms())).unwrap_or_default();
        format!("{}{{{}}} {}{unit}{time}", it.name, labels.join(","), it.value)
    });
    told.collect()
}

#[track_caller]
fn check(dialect: Dialect, text: &str, expect: Result<&[&str], &str>) {
    let read = decode(text.as_bytes(), dialect).map(|samples| told(&samples));
    match (read, expect) {
        (Ok(read), Ok(expect)) => assert_eq!(read, expect, "{text}"),
        (Err(why), Err(part)) => assert!(why.contains(part), "{why}: {text}"),
        (read, expect) => panic!("{read:?}, expected {expect:?}: {text}"),
    }
}

#[test]
fn the_text_format_is_read_as_its_description_has_it() {
    let text = r#"
# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{ method = "post" , code="400", } 3 1395066363000
  # Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf -3982045
http_request_duration_seconds_bucket{le="+Inf"} 144320
rpc_duration_seconds{quantile="0.5"} NaN
empty{a=""} -1
{"with.dots and blanks","a label"="x"} 0x
"#;
    check(Dialect::Text, text, Err("line 13: `0x` is no value"));
    let text = text.replace("0x\n", "7\n");
    check(
        Dialect::Text,
        &text,
        Ok(&[
            "http_requests_total{code=200,method=post} 1027 @1395066363000",
            "http_requests_total{code=400,method=post} 3 @1395066363000",
            "msdos_file_access_time_seconds{error=Cannot find file:\n\"FILE.TXT\",path=C:\\DIR\\FILE.TXT} 1458255915",
            "metric_without_timestamp_and_labels{} 12.47",
            "something_weird{problem=division by zero} inf @-3982045",
            "http_request_duration_seconds_bucket{le=+Inf} 144320",
            "rpc_duration_seconds{quantile=0.5} NaN",
            "empty{} -1",
            "with.dots and blanks{a label=x} 7",
        ]),
    );
}

#[test]
fn open_metrics_has_units_exemplars_and_an_end() {
    let text = "# TYPE wait_seconds histogram\n# UNIT wait_seconds seconds\n\
        # HELP wait_seconds Waiting.\n\
        wait_seconds_bucket{le=\"0.1\"} 8 # {trace_id=\"a } b\"} 0.067 1520879607.789\n\
        wait_seconds_count 17 1520879607.789\nwait_seconds_sum 324789.3 1520879607.789 # {} 1\n\
        wait_seconds_created 1520430000.123\n# EOF\n";
    check(
        Dialect::OpenMetrics,
        text,
        Ok(&[
            "wait_seconds_bucket{le=0.1} 8",
            "wait_seconds_count{} 17 @1520879607789",
            "wait_seconds_sum{} 324789.3 seconds @1520879607789",
            "wait_seconds_created{} 1520430000.123",
        ]),
    );
    check(Dialect::OpenMetrics, "a 1\n", Err("# EOF"));
    check(Dialect::OpenMetrics, "a 1\n# EOF\na 2\n", Err("line 3"));
    check(Dialect::Text, "a 1\n# EOF\nb 2 # {} 3\n", Err("line 3: `#` is no time"));
}

#[test]
fn what_cannot_be_read_is_named_by_its_line() {
    for (text, why) in [
        ("a", "there is no value"),
        ("a{", "label has no name"),
        ("a{b} 1", "`b` has no value"),
        ("a{b=c} 1", "no value in quotes"),
        ("a{b=\"c} 1", "no end"),
        ("a{b=\"c\" d=\"e\"} 1", "no end"),
        ("a{b=\"c\",b=\"d\"} 1", "twice"),
        ("a{\"b\"} 1", "`b` has no value"),
        ("{} 1", "no name"),
        ("1a 1", "no name"),
        ("a 1 2 3", "`3` is too much"),
        ("a 1 2.5", "no time"),
        ("a 1 999999999999999999", "no time"),
        ("<html>", "no name"),
    ] {
        check(Dialect::Text, &format!("ok 1\n{text}\n"), Err("line 2"));
        check(Dialect::Text, text, Err(why));
    }
    assert!(decode(b"a\xff 1", Dialect::Text).unwrap_err().contains("UTF-8"));
    let many = "a 1\n".repeat(MAX_VALUES + 1);
    check(Dialect::Text, &many, Err("more than"));
}

#[test]
fn what_real_programs_expose_is_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/fixtures/prometheus/");
    for (file, dialect, least, holds) in [
        ("prometheus.txt", Dialect::Text, 300, "go_goroutines"),
        ("python.openmetrics.txt", Dialect::OpenMetrics, 14, "wait_seconds_bucket"),
    ] {
        let body = std::fs::read(format!("{folder}{file}")).unwrap();
        let samples = decode(&body, dialect).unwrap_or_else(|why| panic!("{file}: {why}"));
        assert!(samples.len() >= least, "{file}: {}", samples.len());
        assert!(samples.iter().any(|sample| &*sample.name == holds), "{file}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-c{}\"=,\\\\ #\n0-9.é+-]{0,80}", open: bool) {
        let dialect = if open { Dialect::OpenMetrics } else { Dialect::Text };
        let _ = decode(text.as_bytes(), dialect);
    }

    #[test]
    fn any_label_survives(value in "[^\0-\x09\x0b-\x1f]{1,20}") {
        let written = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        // What a line is cut at is not cut within a text.
        prop_assume!(!value.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']));
        let read = decode(format!("a{{b=\"{written}\"}} 1").as_bytes(), Dialect::Text).unwrap();
        prop_assert_eq!(&*read[0].labels["b"], value.as_str());
    }
}
