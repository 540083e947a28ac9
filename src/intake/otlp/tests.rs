use super::proto::{
    AnyValue, ExponentialHistogram, ExponentialPoint, Histogram, HistogramPoint, KeyValue, Metric,
    Metrics, NumberPoint, Numbers, Quantile, Resource, ResourceMetrics, ScopeMetrics, Summary,
    SummaryPoint, Traces,
};
use super::*;
use crate::domain::Event;
use crate::domain::metrics::Event as MetricEvent;
use crate::domain::projects::Event as ProjectEvent;
use proptest::prelude::*;
use serde_json::{Value, json};

const SIGNALS: [Signal; 3] = [Signal::Metrics, Signal::Traces, Signal::Logs];

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/fixtures/otlp/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

fn decode(signal: Signal, body: &[u8], format: Format) -> Result<Taken, ApiError> {
    signal.decode(body, format, &"sender".into())
}

fn decode_json(signal: Signal, body: &Value) -> Result<Taken, ApiError> {
    decode(signal, body.to_string().as_bytes(), Format::Json)
}

/// What became of it: measurements as `name{labels} value unit`, requests as
/// `project route status`, all else as its type.
fn told(taken: &Taken) -> Vec<String> {
    let told = taken.events.iter().map(|it| match &it.event {
        Event::Metrics(MetricEvent::Observed(seen)) => {
            let labels: Vec<_> = seen.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let unit = seen.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
            format!("{}{{{}}} {}{unit}", seen.name, labels.join(","), seen.value)
        }
        Event::Projects(ProjectEvent::Requested(request)) => {
            let (route, status) = (request.route.as_deref(), request.status_code);
            format!("{} {} {status:?}", request.project, route.unwrap_or("-"))
        }
        other => other.kind().to_owned(),
    });
    told.collect()
}

const OF_SHOP: &str = "host=host,instance=shop-1,service=shop";

#[test]
fn metrics_of_the_python_sdk_are_read() {
    let taken = decode(Signal::Metrics, &fixture("metrics.pb"), Format::Protobuf).unwrap();
    assert_eq!((taken.refused, &*taken.why), (0, ""));
    let mut told = told(&taken);
    told.sort();
    let shop = OF_SHOP;
    let bucket = |le: &str, value: u32| {
        format!(
            "checkout.duration_bucket{{host=host,instance=shop-1,le={le},service=shop}} {value}"
        )
    };
    let expect = [
        format!("basket.value{{currency=EUR,{shop}}} 41.5 EUR"),
        bucket("+Inf", 3),
        bucket("10", 1),
        bucket("100", 2),
        format!("checkout.duration_count{{{shop}}} 3"),
        format!("checkout.duration_max{{{shop}}} 500 ms"),
        format!("checkout.duration_min{{{shop}}} 5 ms"),
        format!("checkout.duration_sum{{{shop}}} 555 ms"),
        "orders{host=host,instance=shop-1,paid=true,service=shop} 3".to_owned(),
        format!("payload_count{{{shop}}} 1"),
        format!("payload_max{{{shop}}} 1024 bytes"),
        format!("payload_min{{{shop}}} 1024 bytes"),
        format!("payload_sum{{{shop}}} 1024 bytes"),
        format!("sessions{{{shop}}} -2"),
    ];
    assert_eq!(told, expect);
    assert!(taken.events.iter().all(|it| &*it.source == "shop" && it.id_given));
    let again = decode(Signal::Metrics, &fixture("metrics.pb"), Format::Protobuf).unwrap();
    assert_eq!(again, taken, "exported again, it is the same events");
}

#[test]
fn metrics_of_the_javascript_sdk_are_read() {
    let taken = decode(Signal::Metrics, &fixture("metrics.json"), Format::Json).unwrap();
    let told = told(&taken);
    assert_eq!((taken.refused, told.len()), (0, 9), "{told:?}");
    assert_eq!(told[0], format!("basket.value{{currency=EUR,{OF_SHOP}}} 41.5 EUR"));
    assert_eq!(told[2], format!("checkout.duration_count{{{OF_SHOP}}} 1"));
    assert_eq!(taken.events[0].time.unwrap().ms(), 1_796_022_643_902);
}

#[test]
fn spans_of_requests_that_were_answered_are_read() {
    let taken = decode(Signal::Traces, &fixture("traces.pb"), Format::Protobuf).unwrap();
    // Of what a server answers, neither what it asks others nor the steps between.
    let mut expect = vec!["shop /basket/{id} Some(200)"; 2];
    expect.extend(["shop /pay Some(503)", "shop nightly Some(500)"]);
    assert_eq!(
        (told(&taken), taken.refused),
        (expect.iter().map(|it| it.to_string()).collect(), 0)
    );
    let taken = decode(Signal::Traces, &fixture("traces.json"), Format::Json).unwrap();
    assert_eq!(told(&taken), ["shop /pay Some(503)"]);
    let [one] = &taken.events[..] else { panic!("{taken:?}") };
    assert_eq!(&*one.id, "otlp-9de2a9196fd239b1f2ed860124c85373-3bf528f82abd72d2");
    let Event::Projects(ProjectEvent::Requested(request)) = &one.event else { panic!("{one:?}") };
    assert!((request.duration_ms - 4.700_296).abs() < 1e-9, "{request:?}");
    assert_eq!(one.time.unwrap().ms(), 1_796_022_643_982);
}

#[test]
fn log_records_are_events_or_are_counted() {
    let taken = decode(Signal::Logs, &fixture("logs.pb"), Format::Protobuf).unwrap();
    let expect = [
        "validation.completed",
        "log_records{service=shop,severity=info} 1",
        "log_records{service=shop,severity=warn} 2",
    ];
    assert_eq!((told(&taken), taken.refused), (expect.map(str::to_owned).to_vec(), 0));
    assert!(taken.events.iter().all(|it| it.id_given && it.time.is_some()));
    let taken = decode(Signal::Logs, &fixture("logs.json"), Format::Json).unwrap();
    let expect = ["validation.completed", "log_records{service=shop,severity=warn} 1"];
    assert_eq!(told(&taken), expect);
}

fn records(records: &Value) -> Value {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
}

#[test]
fn records_that_are_no_events_of_producers_are_counted() {
    let map = |kind: &str| json!({"kvlistValue": {"values": [{"key": "project", "value": {"stringValue": kind}}]}});
    let taken = decode_json(
        Signal::Logs,
        &records(&json!([
            {"eventName": "clock.ticked", "body": map("x")},
            {"eventName": "unheard.of", "body": map("x"), "severityText": "Critical"},
            {"eventName": "project.registered", "body": {"stringValue": "x"}},
            {"attributes": [{"key": "event.name", "value": {"stringValue": "project.registered"}}], "body": map("x")},
            {"eventName": "validation.completed", "body": map("x")},
        ])),
    )
    .unwrap();
    let expect = [
        "project.registered",
        "log_records{severity=fatal} 1",
        "log_records{severity=unspecified} 2",
    ];
    assert_eq!(told(&taken), expect);
    assert_eq!(taken.refused, 1);
    assert!(taken.why.starts_with("validation.completed: /status missing"), "{}", taken.why);
    // Without a time they may say something new each time.
    assert!(taken.events.iter().all(|it| !it.id_given && &*it.source == "sender"), "{taken:?}");
}

fn pair(key: &str, text: &str) -> KeyValue {
    let value = AnyValue { string_value: Some(text.into()), ..AnyValue::default() };
    KeyValue { key: key.into(), value: Some(value) }
}

fn sent(metric: Metric) -> Metrics {
    let resource = Resource { attributes: vec![pair("service.name", "bellwether")] };
    let scope_metrics = vec![ScopeMetrics { metrics: vec![metric] }];
    let resource_metrics = vec![ResourceMetrics { resource: Some(resource), scope_metrics }];
    Metrics { resource_metrics }
}

fn read_metric(metric: Metric) -> Taken {
    decode(Signal::Metrics, &sent(metric).encode_to_vec(), Format::Protobuf).unwrap()
}

fn gauge(points: Vec<NumberPoint>) -> Metric {
    let gauge = Some(Numbers { data_points: points });
    Metric { name: "m".into(), gauge, ..Metric::default() }
}

/// A metric whose one point is left out for this reason.
#[track_caller]
fn check(metric: Metric, why: &str) {
    let taken = read_metric(metric);
    assert_eq!((taken.events.len(), taken.refused), (0, 1), "{taken:?}");
    assert!(taken.why.contains(why), "{}", taken.why);
}

#[test]
fn points_without_a_number_are_left_out_and_counted() {
    let of = |value: f64| NumberPoint {
        time_unix_nano: 1_000_000,
        as_double: Some(value),
        ..NumberPoint::default()
    };
    check(gauge(vec![of(f64::NAN)]), "m: /value");
    check(gauge(vec![of(f64::INFINITY)]), "m: /value");
    check(gauge(vec![NumberPoint { flags: 1, ..of(1.0) }]), "without a value");
    check(gauge(vec![NumberPoint::default()]), "without a value");
    let long = vec![pair("a", &"v".repeat(201))];
    check(gauge(vec![NumberPoint { attributes: long, ..of(1.0) }]), "/labels/a");
    check(Metric { name: String::new(), ..gauge(vec![of(1.0)]) }, "/name");
    let taken = read_metric(gauge(vec![of(1.0), of(f64::NAN), of(2.0), of(f64::NAN)]));
    assert_eq!((taken.events.len(), taken.refused), (2, 2));
    assert!(taken.events.iter().all(|it| &*it.source == "bellwether (otlp)"), "{taken:?}");
}

#[test]
fn histograms_and_summaries_are_series_of_their_parts() {
    let uneven = HistogramPoint {
        bucket_counts: vec![1, 2],
        explicit_bounds: vec![1.0, 2.0],
        ..HistogramPoint::default()
    };
    let histogram = Some(Histogram { data_points: vec![uneven] });
    check(Metric { name: "h".into(), histogram, ..Metric::default() }, "2 buckets with 2 bounds");

    let point = ExponentialPoint { count: 4, sum: Some(8.0), min: Some(1.0), ..Default::default() };
    let exponential_histogram = Some(ExponentialHistogram { data_points: vec![point] });
    let taken =
        read_metric(Metric { name: "e".into(), exponential_histogram, ..Metric::default() });
    let expect = [
        "e_count{service=bellwether} 4",
        "e_sum{service=bellwether} 8",
        "e_min{service=bellwether} 1",
    ];
    assert_eq!(told(&taken), expect);

    let quantile = |quantile: f64, value: f64| Quantile { quantile, value };
    let point = SummaryPoint {
        count: 2,
        sum: 3.0,
        quantile_values: vec![quantile(0.5, 1.5), quantile(0.99, f64::NAN)],
        ..SummaryPoint::default()
    };
    let summary = Some(Summary { data_points: vec![point] });
    let taken = read_metric(Metric { name: "s".into(), summary, ..Metric::default() });
    let expect = [
        "s_count{service=bellwether} 2",
        "s_sum{service=bellwether} 3",
        "s{quantile=0.5,service=bellwether} 1.5",
    ];
    assert_eq!(told(&taken), expect);
}

#[test]
fn json_is_written_in_more_than_one_way() {
    let metric = |point: Value| {
        json!({"resourceMetrics": [{"unknown": {"a": [1]}, "resource": null, "scopeMetrics": [{"metrics": [
            {"name": "m", "sum": {"aggregationTemporality": "x", "dataPoints": [point]}}]}]}]})
    };
    for (point, expect) in [
        (json!({"asInt": "9007199254740993"}), "m{} 9007199254740992"),
        (json!({"asInt": 7, "timeUnixNano": 1_000_000}), "m{} 7"),
        (json!({"asDouble": "1.5", "timeUnixNano": "1000000"}), "m{} 1.5"),
        (json!({"asDouble": 2, "flags": 0}), "m{} 2"),
        (
            json!({"asDouble": 2, "attributes": [{"key": "a", "value": {"intValue": "3"}},
            {"key": "b", "value": {"arrayValue": {"values": [{"boolValue": true}, {}]}}},
            {"key": "c", "value": {"bytesValue": "AAE="}}, {"key": "d", "value": {"doubleValue": 0.5}}]}),
            "m{a=3,b=[true,null],c=AAE=,d=0.5} 2",
        ),
    ] {
        let taken = decode_json(Signal::Metrics, &metric(point)).unwrap();
        assert_eq!(told(&taken), [expect]);
    }
    let nan = decode_json(Signal::Metrics, &metric(json!({"asDouble": "NaN"}))).unwrap();
    assert_eq!((nan.events.len(), nan.refused), (0, 1));
    for (point, pointer) in [
        (json!({"asInt": "x"}), "asInt"),
        (json!({"asInt": 1.5}), "asInt"),
        (json!({"timeUnixNano": -1}), "timeUnixNano"),
        (
            json!({"attributes": [{"key": "a", "value": {"bytesValue": "?"}}]}),
            "attributes/0/value/bytesValue",
        ),
    ] {
        let refused = decode_json(Signal::Metrics, &metric(point)).unwrap_err();
        let whole =
            format!("/resourceMetrics/0/scopeMetrics/0/metrics/0/sum/dataPoints/0/{pointer}");
        assert_eq!((refused.status, &*refused.errors[0].pointer), (400, &*whole), "{refused:?}");
    }
}

#[test]
fn spans_that_cannot_be_are_counted() {
    let service =
        json!({"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]});
    let span = |more: Value| {
        let mut span = json!({"traceId": "0123456789ABCDEF0123456789abcdef", "spanId": "0123456789abcdef",
            "kind": 2, "name": " a\nb ", "startTimeUnixNano": "1000000", "endTimeUnixNano": "3000000"});
        for (name, value) in more.as_object().unwrap() {
            span[name] = value.clone();
        }
        span
    };
    let status = |code: Value| json!({"attributes": [{"key": "http.status_code", "value": code}]});
    for (resource, more, why) in [
        (json!({}), json!({}), "resource service.name is missing"),
        (service.clone(), json!({"traceId": ""}), "trace_id must be 16 bytes"),
        (service.clone(), json!({"spanId": "0000000000000000"}), "span_id must be 8 bytes"),
        (service.clone(), json!({"endTimeUnixNano": "1"}), "end_time_unix_nano must not be before"),
        (
            service.clone(),
            json!({"startTimeUnixNano": "0"}),
            "end_time_unix_nano must not be before",
        ),
        (service.clone(), status(json!({"intValue": 700})), "/status_code must be between"),
        (service.clone(), status(json!({"intValue": 100_000})), "/status_code must be between"),
        (service.clone(), json!({"endTimeUnixNano": u64::MAX.to_string()}), "/duration_ms must be"),
    ] {
        let body = json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span(more)]}]}]});
        let taken = decode_json(Signal::Traces, &body).unwrap();
        assert_eq!((taken.events.len(), taken.refused), (0, 1), "{taken:?}");
        assert!(taken.why.contains(why), "{}, expected {why}", taken.why);
    }
    for (more, expect) in [
        (json!({}), "shop a b None"),
        (json!({"status": {"code": 2}}), "shop a b Some(500)"),
        (status(json!({"stringValue": "404"})), "shop a b Some(404)"),
        (json!({"kind": 5, "parentSpanId": "0123456789abcdee"}), "shop a b None"),
        (json!({"kind": 1}), "shop a b None"),
    ] {
        let body = json!({"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span(more)]}]}]});
        assert_eq!(told(&decode_json(Signal::Traces, &body).unwrap()), [expect]);
    }
    for more in [
        json!({"kind": 3}),
        json!({"kind": 4}),
        json!({"kind": 1, "parentSpanId": "0123456789abcdee"}),
    ] {
        let body = json!({"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span(more)]}]}]});
        assert_eq!(decode_json(Signal::Traces, &body).unwrap(), Taken::default());
    }
    let odd = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "abc"}]}]}]});
    assert_eq!(decode_json(Signal::Traces, &odd).unwrap_err().status, 400);
}

#[test]
fn what_is_no_export_is_refused() {
    for signal in SIGNALS {
        for body in
            ["", "[]", "{", "7", "{\"resourceMetrics\":7,\"resourceSpans\":7,\"resourceLogs\":7}"]
        {
            let refused = decode(signal, body.as_bytes(), Format::Json).unwrap_err();
            assert_eq!(refused.status, 400, "{signal:?} {body}");
        }
        assert_eq!(decode(signal, b"{}", Format::Json).unwrap(), Taken::default());
        assert_eq!(decode(signal, b"", Format::Protobuf).unwrap(), Taken::default());
        assert_eq!(decode(signal, b"{}", Format::Protobuf).unwrap_err().status, 400);
        assert_eq!(decode(signal, b"\xff", Format::Json).unwrap_err().status, 400);
        let deep = "[".repeat(100_000);
        assert_eq!(decode(signal, deep.as_bytes(), Format::Json).unwrap_err().status, 400);
        let braces = "{".repeat(protobuf::MAX_MESSAGES + 1);
        assert_eq!(decode(signal, braces.as_bytes(), Format::Json).unwrap_err().status, 413);
    }
    let point = NumberPoint { as_int: Some(1), ..NumberPoint::default() };
    let much = sent(gauge(vec![point; measured::MAX_VALUES + 1])).encode_to_vec();
    assert_eq!(decode(Signal::Metrics, &much, Format::Protobuf).unwrap_err().status, 413);
}

#[test]
fn a_value_within_values_is_read_as_deep_as_it_may_be() {
    let mut value = json!({"intValue": 1});
    for _ in 0..30 {
        value = json!({"arrayValue": {"values": [value]}});
    }
    let point = json!({"asInt": 1, "attributes": [{"key": "a", "value": value}]});
    let body = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": [point]}}]}]}]});
    let text = body.to_string();
    // serde_json stops before the stack does.
    let read = decode(Signal::Metrics, text.as_bytes(), Format::Json);
    assert!(read.map_or_else(|refused| refused.status == 400, |taken| taken.events.len() == 1));
    let traces = Traces::default().encode_to_vec();
    assert_eq!(decode(Signal::Traces, &traces, Format::Protobuf).unwrap(), Taken::default());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, which in 0_usize..3, json: bool) {
        let format = if json { Format::Json } else { Format::Protobuf };
        let _ = decode(SIGNALS[which], &bytes, format);
    }

    #[test]
    fn a_damaged_export_is_read_or_refused(
        at: prop::sample::Index, byte: u8, cut: prop::sample::Index, which in 0_usize..3, json: bool,
    ) {
        let (format, end) = if json { (Format::Json, "json") } else { (Format::Protobuf, "pb") };
        let name = ["metrics", "traces", "logs"][which];
        let mut body = fixture(&format!("{name}.{end}"));
        let at = at.index(body.len());
        body[at] = byte;
        let _ = decode(SIGNALS[which], &body, format);
        body.truncate(cut.index(body.len()));
        let _ = decode(SIGNALS[which], &body, format);
    }
}
