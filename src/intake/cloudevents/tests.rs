use super::*;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

const PING: &str = r#"{"type":"request.observed","data":{"project":"p","duration_ms":1}}"#;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        })
        .collect()
}

fn read(content_type: &str, body: impl AsRef<[u8]>) -> Result<Decoded, ApiError> {
    decode(&headers(&[("content-type", content_type)]), body.as_ref(), &"me".into())
}

/// How many events are read, then `index:pointer` of each rejection; or the status of a refusal.
fn outcome(read: Result<Decoded, ApiError>) -> String {
    match read {
        Ok(decoded) => {
            let mut text = decoded.events.len().to_string();
            for r in decoded.rejected {
                text.push_str(&format!(" {}:{}", r.index, r.pointer));
            }
            text
        }
        Err(error) => error.status.to_string(),
    }
}

#[track_caller]
fn check(content_type: &str, body: impl AsRef<[u8]>, expected: &str) {
    let got = read(content_type, body.as_ref());
    assert_eq!(outcome(got.clone()), expected, "{got:?}");
}

/// One event made of `PING` with these members replaced or added.
#[track_caller]
fn check_event(members: &str, expected: &str) {
    let body = format!("{{\"data\":{{\"project\":\"p\",\"duration_ms\":1}},{members}}}");
    check("application/json", body, expected);
}

const OK: &str = r#""type":"request.observed""#;

#[test]
fn every_form_is_read() {
    let batch = format!("[{PING}, {PING}]");
    check("application/cloudevents+json", PING, "1");
    check("application/cloudevents+json; charset=utf-8", PING, "1");
    check("APPLICATION/JSON", PING, "1");
    check("application/json", format!("\u{feff} \n{PING}\n"), "1");
    check("application/json", format!(" {batch}"), "2");
    check("application/cloudevents-batch+json", &batch, "2");
    check("application/cloudevents-batch+json", "[]", "0");
    check("application/x-ndjson", format!("{PING}\r\n\n  \n{PING}"), "2");
    check("application/x-ndjson", "", "0");
}

#[test]
fn what_is_not_such_a_body_is_refused_as_a_whole() {
    for kind in
        ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"]
    {
        for body in [&b""[..], b"{", b"hello", b"\xff\xfe", b"[1,", b"[1] x", b"{} {}"] {
            check(kind, body, "400");
        }
    }
    check("application/x-ndjson", "hello\nworld", "400");
    check("application/x-ndjson", b"\xff\xff", "400");
    check("application/cloudevents-batch+json", PING, "422");
    check("text/plain", PING, "415");
    check("application/x-www-form-urlencoded", PING, "415");
    check("", PING, "415");
    assert_eq!(outcome(decode(&HeaderMap::new(), PING.as_bytes(), &"me".into())), "415");
}

#[test]
fn a_bad_event_leaves_the_others() {
    let bad = r#"{"type":"request.observed","data":{"project":"p"}}"#;
    check("application/json", format!("[{bad},{PING},7]"), "1 0:/data/duration_ms 2:");
    // Blank lines do not count; a line that is no JSON does.
    check(
        "application/x-ndjson",
        format!("\n{PING}\n\nhello\n{bad}\n"),
        "1 1: 2:/data/duration_ms",
    );
    check("application/x-ndjson", [PING.as_bytes(), b"\n\xff\n", PING.as_bytes()].concat(), "2 1:");
}

#[test]
fn attributes_are_checked_where_they_are() {
    check_event(OK, "1");
    check_event(&format!(r#"{OK},"specversion":"1.0","source":"s","id":"1","subject":"x","dataschema":"d","datacontenttype":"application/json","traceparent":"00"}}"#).replace("}", ""), "1");
    check_event(&format!(r#"{OK},"time":null,"id":null,"source":null"#), "1");
    check_event(&format!(r#"{OK},"specversion":"0.3""#), "0 0:/specversion");
    check_event(&format!(r#"{OK},"specversion":1"#), "0 0:/specversion");
    check_event(r#""subject":"x""#, "0 0:/type");
    check_event(r#""type":null"#, "0 0:/type");
    check_event(r#""type":7"#, "0 0:/type");
    check_event(r#""type":"no.such""#, "0 0:/type");
    check_event(r#""type":"clock.ticked""#, "0 0:/type");
    check_event(&format!(r#"{OK},"time":"yesterday""#), "0 0:/time");
    check_event(&format!(r#"{OK},"time":1700000000"#), "0 0:/time");
    check_event(&format!(r#"{OK},"time":"2026-02-30T00:00:00Z""#), "0 0:/time");
    for name in ["source", "id", "subject"] {
        check_event(&format!(r#"{OK},"{name}":"""#), &format!("0 0:/{name}"));
        check_event(&format!(r#"{OK},"{name}":7"#), &format!("0 0:/{name}"));
        check_event(&format!(r#"{OK},"{name}":"a\nb""#), &format!("0 0:/{name}"));
        check_event(&format!(r#"{OK},"{name}":"{}""#, "x".repeat(1024)), "1");
        check_event(&format!(r#"{OK},"{name}":"{}""#, "x".repeat(1025)), &format!("0 0:/{name}"));
    }
    check_event(&format!(r#"{OK},"data_base64":"e30=""#), "0 0:/data_base64");
    check_event(&format!(r#"{OK},{OK}"#), "0 0:");
}

#[test]
fn data_is_checked_where_it_is() {
    let with = |data: &str| format!(r#"{{"type":"validation.completed","data":{data}}}"#);
    let check = |data: &str, expected: &str| check("application/json", with(data), expected);
    check(r#"{"project":"p","status":"passed","later":{"a":1}}"#, "1");
    check("null", "0 0:/data");
    check("7", "0 0:/data");
    check("{}", "0 0:/data/project");
    check(r#"{"project":"","status":"passed"}"#, "0 0:/data/project");
    check(r#"{"project":"p","status":"great"}"#, "0 0:/data/status");
    check(r#"{"project":"p","status":"error","errors":[{"line":"x"}]}"#, "0 0:/data/errors/0/line");
    check(r#"{"project":"p","status":"error","checks":{"total":-1}}"#, "0 0:/data/checks/total");
    super::tests::check("application/json", r#"{"type":"agent.online"}"#, "0 0:/data");
    super::tests::check("application/json", "{}", "0 0:/type");
}

#[test]
fn clock_ticks_are_refused_with_their_own_data_too() {
    check("application/json", r#"{"type":"clock.ticked","data":{}}"#, "0 0:/type");
}

#[test]
fn deep_nesting_neither_overflows_nor_panics() {
    let deep = "[".repeat(30_000) + &"]".repeat(30_000);
    check(
        "application/json",
        format!(r#"{{"type":"request.observed","data":{deep}}}"#),
        "0 0:/data",
    );
    let inside = format!(r#"{{"type":"task.completed","data":{{"task":"t","result":{deep}}}}}"#);
    let rejected = read("application/json", inside).unwrap().rejected;
    assert!(rejected[0].pointer.starts_with("/data/result/0"), "{rejected:?}");
    check("application/json", "[".repeat(1_000_000), "400");
}

#[test]
fn an_event_may_have_64_kib() {
    let sized = |len: usize| {
        let empty = PING.replace("\"p\"", "\"p\",\"x\":\"\"");
        empty.replace("\"x\":\"\"", &format!("\"x\":\"{}\"", "y".repeat(len - empty.len())))
    };
    let (fits, large) = (sized(MAX_EVENT), sized(MAX_EVENT + 1));
    assert_eq!((fits.len(), large.len()), (MAX_EVENT, MAX_EVENT + 1));
    check("application/json", &fits, "1");
    check("application/json", format!("  {fits}  "), "1");
    check("application/json", &large, "413");
    check("application/cloudevents+json", &large, "413");
    check("application/json", format!("[{large},{fits}]"), "1 0:");
    check("application/x-ndjson", format!("{fits}\n{large}"), "1 1:");
    check("application/x-ndjson", &large, "0 0:");
}

#[test]
fn defaults_fill_what_was_left_out() {
    let given = r#"{"type":"request.observed","source":"s","id":"7","time":"2026-01-02T03:04:05Z","subject":"x","data":{"project":"p","duration_ms":1}}"#;
    let all = read("application/json", given).unwrap().events.remove(0);
    assert_eq!((&*all.source, &*all.id, all.id_given), ("s", "7", true));
    assert_eq!(all.time.unwrap().to_string(), "2026-01-02T03:04:05.000Z");
    assert_eq!(all.subject.as_deref(), Some("x"));

    let two = read("application/json", format!("[{PING},{PING}]")).unwrap().events;
    assert_eq!((&*two[0].source, two[0].time, two[0].id_given), ("me", None, false));
    assert_ne!(two[0].id, two[1].id);
}

#[test]
fn binary_mode_reads_attributes_from_headers() {
    let all = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-type", "request.observed"),
        ("ce-source", "/caf%C3%A9"),
        ("ce-id", "\"a \\\" b\""),
        ("ce-time", "2026-01-02T03:04:05Z"),
        ("ce-subject", "x"),
        ("ce-extra", "let through"),
    ];
    let data = br#" {"project":"p","duration_ms":1} "#;
    let event = decode(&headers(&all), data, &"me".into()).unwrap().events.remove(0);
    assert_eq!((&*event.source, &*event.id), ("/café", "a \" b"));
    assert_eq!(event.event.kind(), "request.observed");

    let check = |pairs: &[(&str, &str)], body: &[u8], expected: &str| {
        let got = decode(&headers(pairs), body, &"me".into());
        assert_eq!(outcome(got.clone()), expected, "{got:?}");
    };
    let kind = ("ce-type", "request.observed");
    check(&[kind], data, "1");
    check(&[kind, ("content-type", "text/plain")], data, "1");
    check(&[kind], b"", "0 0:/data");
    check(&[kind], b"{}", "0 0:/data/project");
    check(&[kind], b"hello", "400");
    check(&[("ce-id", "1")], data, "0 0:/type");
    check(&[kind, ("ce-source", "%FF")], data, "0 0:/source");
    check(&[kind, ("ce-source", "%0A")], data, "0 0:/source");
    check(&[kind, ("ce-specversion", "2.0")], data, "0 0:/specversion");
    check(&[kind], &vec![b' '; MAX_EVENT + 1], "413");
    // Structured mode wins over stray headers, as the binding has it.
    check(&[kind, ("content-type", "application/cloudevents+json")], PING.as_bytes(), "1");
}

proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..300), form in 0..4_usize) {
        let kind = ["application/json", "application/cloudevents+json",
            "application/cloudevents-batch+json", "application/x-ndjson"][form];
        let _ = read(kind, &body);
        let _ = decode(&headers(&[("ce-type", "request.observed")]), &body, &"me".into());
    }

    #[test]
    fn no_near_event_panics(text in r#"[\[\]{}:,"\\a-z0-9 \n]{0,200}"#, cut in 0..80_usize) {
        let _ = read("application/x-ndjson", &text);
        let _ = read("application/json", format!("{}{text}", &PING[..cut.min(PING.len())]));
    }

    #[test]
    fn header_values_are_read_or_refused(value in proptest::collection::vec(0x20_u8..0x7f, 0..80)) {
        let mut map = headers(&[("ce-type", "request.observed")]);
        map.insert("ce-id", HeaderValue::from_bytes(&value).unwrap());
        let _ = decode(&map, b"{}", &"me".into());
    }
}
