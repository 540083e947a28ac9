use super::*;
use crate::intake::exposition::Dialect;

fn target(text: &str) -> Target {
    Scraping::parse(&[text.to_owned()], None).unwrap().targets.remove(0)
}

/// What a target tells in `text`, or why it fails, as `source name{labels} value`.
fn told(text: &str, failed: Option<&str>) -> Vec<String> {
    let scraped = Scraped {
        samples: exposition::decode(text.as_bytes(), Dialect::Text).unwrap(),
        began: Timestamp::from_ms(7),
        took: Duration::from_millis(250),
        failed: failed.map(str::to_owned),
    };
    let (drafts, unfit) = drafts(&target("bellwether=http://a:9/metrics"), scraped);
    assert_eq!(unfit, usize::from(text.contains("vvvv")));
    let line = |draft: &Draft| format!("{draft:?}");
    let all: Vec<String> = drafts.iter().map(line).collect();
    assert!(all.iter().all(|it| it.contains("\"bellwether (scraped)\"")), "{all:?}");
    all
}

#[test]
fn a_scrape_tells_of_its_target_too() {
    let text =
        format!("a{{job=\"x\",b=\"y\"}} 1 5\nnone NaN\nlong{{c=\"{}\"}} 1\n", "v".repeat(201));
    let all = told(&text, None);
    assert_eq!(all.len(), 4, "{all:?}");
    let [theirs, up, took, samples] = &all[..] else { panic!("{all:?}") };
    for part in ["\"exported_job\": \"x\"", "\"job\": \"bellwether\"", "\"instance\": \"a:9\""] {
        assert!(theirs.contains(part), "{theirs}");
    }
    assert!(theirs.contains("Timestamp(5)") && up.contains("Timestamp(7)"), "{theirs} {up}");
    assert!(up.contains("\"up\"") && up.contains("value: 1.0"), "{up}");
    assert!(took.contains("scrape_duration_seconds") && took.contains("value: 0.25"), "{took}");
    assert!(samples.contains("scrape_samples") && samples.contains("value: 3.0"), "{samples}");
}

#[test]
fn a_target_that_fails_is_not_up() {
    let all = told("", Some("it answered 500"));
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].contains("\"up\"") && all[0].contains("value: 0.0"), "{}", all[0]);
}

#[test]
fn a_sample_with_a_time_is_the_same_at_the_next_scrape() {
    let first = |text: &str| told(text, None).remove(0);
    assert!(first("a 1 5\n").contains("key: Some("));
    assert_eq!(first("a 1 5\n"), first("a 1 5\n"));
    assert_ne!(first("a 1 5\n"), first("a 1 6\n"));
    assert!(first("a 1\n").contains("key: None"));
    assert_ne!(first("a 1\n"), first("a 1\n"));
}
