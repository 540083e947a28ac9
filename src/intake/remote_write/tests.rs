use super::*;
use crate::domain::Event;
use crate::domain::metrics::Event as MetricEvent;
use proptest::prelude::*;
use prost::Message as _;

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn series(labels: Pairs, samples: &[(f64, i64)]) -> TimeSeries {
    let label =
        |(name, value): &(&str, &str)| Label { name: (*name).into(), value: (*value).into() };
    let sample = |(value, timestamp): &(f64, i64)| Sample { value: *value, timestamp: *timestamp };
    TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: samples.iter().map(sample).collect(),
        histograms: Vec::new(),
    }
}

fn written(timeseries: Vec<TimeSeries>) -> Written {
    decode(&WriteRequest { timeseries }.encode_to_vec(), &"sender".into()).unwrap()
}

/// What became of them, as `source: name{labels} value @time`.
fn told(written: &Written) -> Vec<String> {
    let told = written.events.iter().map(|it| {
        let Event::Metrics(MetricEvent::Observed(seen)) = &it.event else { panic!("{it:?}") };
        let labels: Vec<String> = seen.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let at = it.time.unwrap().ms();
        format!("{}: {}{{{}}} {} @{at}", it.source, seen.name, labels.join(","), seen.value)
    });
    told.collect()
}

/// The one series is refused, there and for this reason.
#[track_caller]
fn check(one: TimeSeries, pointer: &str, detail: &str) {
    let good = series(&[("__name__", "good")], &[(1.0, 1)]);
    let written = written(vec![good, one]);
    assert_eq!((written.events.len(), written.refused), (1, 1), "{written:?}");
    let [rejection] = &written.rejected[..] else { panic!("{written:?}") };
    assert_eq!((rejection.index, &*rejection.pointer), (1, pointer), "{rejection:?}");
    assert!(rejection.detail.contains(detail), "{rejection:?}");
}

#[test]
fn samples_become_measurements_of_their_job() {
    let all: Pairs = &[("__name__", "up"), ("instance", "a:9"), ("job", "node"), ("none", "")];
    let written = written(vec![
        series(all, &[(1.0, 1_700_000_000_000), (0.0, 1_600_000_000_000)]),
        series(&[("__name__", "free"), ("job", "bellwether")], &[(0.5, 5)]),
        series(&[("__name__", "free")], &[(0.25, 5)]),
        TimeSeries {
            histograms: vec![Histogram {
                count_int: Some(7),
                count_float: None,
                sum: 1.5,
                timestamp: 9,
            }],
            ..series(&[("__name__", "wait")], &[])
        },
    ]);
    assert_eq!(written.refused, 0, "{written:?}");
    let expect = [
        "node: up{instance=a:9,job=node} 1 @1700000000000",
        "node: up{instance=a:9,job=node} 0 @1600000000000",
        "bellwether (prometheus): free{job=bellwether} 0.5 @5",
        "sender: free{} 0.25 @5",
        "sender: wait_count{} 7 @9",
        "sender: wait_sum{} 1.5 @9",
    ];
    assert_eq!(told(&written), expect);
}

#[test]
fn what_is_no_number_is_left_out() {
    // The marker of a series that has ended.
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    let samples = [(stale, 1), (f64::NAN, 2), (f64::INFINITY, 3), (f64::NEG_INFINITY, 4), (2.0, 5)];
    let written = written(vec![series(&[("__name__", "a")], &samples)]);
    assert_eq!((told(&written), written.refused), (vec!["sender: a{} 2 @5".to_owned()], 0));
}

#[test]
fn series_that_cannot_be_are_told_and_the_others_kept() {
    let one = [(1.0, 1)];
    check(series(&[("job", "x")], &one), "/labels/__name__", "missing");
    check(series(&[("__name__", "x"), ("a", "1"), ("a", "2")], &one), "/labels/a", "twice");
    check(series(&[("__name__", "x"), ("a", &"v".repeat(201))], &one), "/labels/a", "200 bytes");
    check(series(&[("__name__", "x\ny")], &one), "/name", "control");
    check(series(&[("__name__", "x")], &[(1.0, i64::MAX)]), "/time", "9999");
    let names: Vec<String> = (0..33).map(|i| format!("l{i}")).collect();
    let mut many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
    many.push(("__name__", "x"));
    check(series(&many, &one), "/labels", "32 labels");
}

#[test]
fn a_body_of_another_kind_is_refused() {
    let refused =
        |body: &[u8]| unpack(body).and_then(|body| decode(&body, &"s".into())).unwrap_err();
    assert_eq!(refused(b"").status, 400);
    assert_eq!(refused(b"hello").status, 400);
    let pack = |bytes: &[u8]| snap::raw::Encoder::new().compress_vec(bytes).unwrap();
    assert_eq!(refused(&pack(b"hello")).status, 400);
    let half = pack(&WriteRequest { timeseries: vec![series(&[("a", "b")], &[])] }.encode_to_vec());
    assert_eq!(refused(&half[..half.len() - 2]).status, 400);
    // Says that it is 4 GiB.
    assert_eq!(refused(b"\xff\xff\xff\xff\x0f\x00").status, 413);
    // They are counted before they are looked at, so that those without a value count too.
    let much = series(&[("__name__", "a")], &vec![(f64::NAN, 1); measured::MAX_VALUES + 1]);
    let histograms = vec![Histogram::default(); measured::MAX_VALUES / 2 + 1];
    for much in [much, TimeSeries { histograms, ..series(&[("__name__", "a")], &[]) }] {
        let much = WriteRequest { timeseries: vec![much] }.encode_to_vec();
        assert_eq!(decode(&much, &"s".into()).unwrap_err().status, 413);
    }
}

/// As a real Prometheus sent it; see the README beside it.
#[test]
fn a_body_of_prometheus_is_read() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/fixtures/prometheus/write.snappy");
    let body = unpack(&std::fs::read(file).unwrap()).unwrap();
    let written = decode(&body, &"sender".into()).unwrap();
    assert_eq!(written.refused, 0, "{:?}", written.rejected);
    assert!(written.events.iter().all(|it| it.id_given && it.time.is_some()));
    let told = told(&written);
    let up = told.iter().find(|line| line.contains(": up{")).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(up, "gone: up{instance=127.0.0.1:1,job=gone} 0 @1796022690918");
    let again = decode(&body, &"sender".into()).unwrap();
    assert_eq!(again, written, "sent again, it is the same events");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = unpack(&bytes);
        let _ = decode(&bytes, &"s".into());
    }

    #[test]
    fn a_damaged_body_is_read_or_refused(at: prop::sample::Index, byte: u8) {
        let one = series(&[("__name__", "a"), ("b", "c")], &[(1.0, 1), (2.0, 2)]);
        let mut body = WriteRequest { timeseries: vec![one] }.encode_to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        let _ = decode(&body, &"s".into());
    }
}
