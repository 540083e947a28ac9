//! What Alertmanager sends to its webhook receivers (version 4 of that payload). To an address that
//! is Alertmanager's own (`…/api/v2/alerts`), what it takes there: so a real one can be fed.

use super::address::Net;
use super::http::Post;
use super::message::{Message, is_over};
use super::{Failure, Target};
use crate::domain::alerts::{AlertItem, Told, Why};
use crate::domain::health::Severity;
use crate::wire::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use url::Url;

/// How long an alert that fires stands in an Alertmanager that hears no more of it, in
/// milliseconds: a week. Prometheus says all again every minute; here each change is said once.
const STANDS_MS: i64 = 7 * 86_400_000;
/// Labels that may become others while an alert goes on: they are annotations here, for to an
/// Alertmanager, what has other labels is another alert.
const CHANGING: [&str; 3] = ["source", "agent", "queue"];
/// The end of what has none.
const NO_END: &str = "0001-01-01T00:00:00Z";

type Texts = BTreeMap<String, String>;

/// What receivers get.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    version: &'static str,
    group_key: String,
    truncated_alerts: u32,
    status: &'static str,
    receiver: String,
    group_labels: Texts,
    common_labels: Texts,
    common_annotations: Texts,
    #[serde(rename = "externalURL")]
    external_url: String,
    alerts: Vec<Received>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    status: &'static str,
    #[serde(flatten)]
    alert: Posted,
    fingerprint: String,
}

/// What an Alertmanager takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Posted {
    labels: Texts,
    annotations: Texts,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
}

/// Sends it. A secret is shown as a bearer's token, or as a password if there is a name.
///
/// # Errors
/// It did not get through.
pub async fn send(
    net: &Net,
    target: &Target,
    message: &Message<'_>,
    now: Timestamp,
) -> Result<String, Failure> {
    let body = if is_its_own(&target.url) {
        serde_json::to_vec(&posted(message))
    } else {
        serde_json::to_vec(&received(message))
    };
    // What holds numbers and texts alone is always JSON.
    Post::json(body.unwrap_or_default()).signed_in(target).send(net, target, now).await
}

/// Whether an address is one at which an Alertmanager takes alerts.
fn is_its_own(url: &str) -> bool {
    let Ok(url) = url.parse::<Url>() else { return false };
    let path = url.path().trim_end_matches('/');
    path.ends_with("/api/v2/alerts") || path.ends_with("/api/v1/alerts")
}

pub(super) fn received(message: &Message<'_>) -> Payload {
    let alerts: Vec<Received> = message
        .alerts
        .iter()
        .map(|told| {
            let over = is_over(told);
            let ends_at = if over { ends(message, told) } else { NO_END.to_owned() };
            let alert = Posted { ends_at, ..one(message, told) };
            let status = if over { "resolved" } else { "firing" };
            Received { status, alert, fingerprint: fingerprint(&told.alert) }
        })
        .collect();
    let common = |of: fn(&Posted) -> &Texts| {
        let mut all = alerts.iter().map(|one| of(&one.alert));
        let first = all.next().cloned().unwrap_or_default();
        all.fold(first, |mut common, other| {
            common.retain(|name, value| other.get(name) == Some(value));
            common
        })
    };
    let common_labels = common(|alert| &alert.labels);
    let named = common_labels.get("alertname");
    Payload {
        version: "4",
        group_key: format!(
            "{{}}/{{channel={:?}}}:{{group={:?}}}",
            message.channel.id, message.group
        ),
        truncated_alerts: 0,
        status: if alerts.iter().any(|one| one.status == "firing") { "firing" } else { "resolved" },
        receiver: message.channel.name.clone(),
        group_labels: named
            .map(|name| ("alertname".to_owned(), name.clone()))
            .into_iter()
            .collect(),
        common_annotations: common(|alert| &alert.annotations),
        common_labels,
        external_url: message.board.unwrap_or_default().to_owned(),
        alerts,
    }
}

/// To an Alertmanager, alerts of another severity are others: those that are so no more end.
pub(super) fn posted(message: &Message<'_>) -> Vec<Posted> {
    let mut all = Vec::new();
    for told in message.alerts {
        let alert = one(message, told);
        let of = |severity: Severity| told.alert.severity == severity;
        for severity in [Severity::Info, Severity::Warning, Severity::Critical] {
            let ended = match told.why {
                Why::Resolved => true,
                Why::Worsened => severity < told.alert.severity,
                Why::Fired | Why::Test => false,
            };
            if ended {
                let mut labels = alert.labels.clone();
                labels.insert("severity".to_owned(), severity.name().to_owned());
                all.push(Posted { labels, ends_at: ends(message, told), ..alert.clone() });
            } else if of(severity) {
                // A test is over at once.
                let stands = if told.why == Why::Test { 60_000 } else { STANDS_MS };
                let ends_at = message.at.plus(stands).to_string();
                all.push(Posted { ends_at, ..alert.clone() });
            }
        }
    }
    all
}

fn one(message: &Message<'_>, told: &Told) -> Posted {
    let alert = &told.alert;
    // What an alert is about is always the same, whatever else of that kind changes.
    let subject = |name: &str, value: &str| alert.subject.split_once('/') == Some((name, value));
    let given = alert.labels.iter().filter(|(_, value)| !value.is_empty());
    let (changing, lasting): (Vec<_>, Vec<_>) =
        given.partition(|(name, value)| CHANGING.contains(&&***name) && !subject(name, value));
    let mut labels: Texts =
        lasting.into_iter().map(|(name, value)| (label(name), value.to_string())).collect();
    labels.entry("alertname".to_owned()).or_insert_with(|| alert.rule_name.clone());
    labels.insert("severity".to_owned(), alert.severity.name().to_owned());
    let page = message.page(told).unwrap_or_default();
    let annotations = [
        ("summary", alert.title.clone()),
        ("description", alert.message.clone()),
        ("alert_id", alert.id.to_string()),
        ("resolve", alert.resolve.clone()),
        ("owner", alert.owner.clone().unwrap_or_default()),
        ("runbook_url", alert.runbook.clone().unwrap_or_default()),
        ("dashboard_url", message.absolute(&alert.link).unwrap_or_default()),
        ("value", alert.value.map(|value| value.to_string()).unwrap_or_default()),
    ];
    let annotations = annotations.into_iter().filter(|(_, value)| !value.is_empty());
    let mut annotations: Texts =
        annotations.map(|(name, value)| (name.to_owned(), value)).collect();
    annotations.extend(changing.into_iter().map(|(name, it)| (name.to_string(), it.to_string())));
    Posted {
        labels,
        annotations,
        starts_at: starts(told).to_string(),
        ends_at: String::new(),
        generator_url: page,
    }
}

fn starts(told: &Told) -> Timestamp {
    told.alert.fired_at.unwrap_or(told.alert.created_at)
}

/// When it was over, or when it became what it is now.
fn ends(message: &Message<'_>, told: &Told) -> String {
    let at = told.alert.resolved_at.unwrap_or(message.at);
    // Alertmanager takes none that ends before it starts.
    at.max(starts(told).plus(1)).to_string()
}

/// A label's name as Prometheus has them: letters, digits and underscores, no digit first.
fn label(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let plain: String = name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) || plain.is_empty() {
        return format!("_{plain}");
    }
    plain
}

/// Names what an alert is about, in 16 hexadecimal digits: the same as long as it goes on, and when
/// it comes again.
fn fingerprint(alert: &AlertItem) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [&*alert.rule, alert.finding.as_deref().unwrap_or_default(), &*alert.subject] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hash = hasher.finalize().to_hex();
    hash.get(..16).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_named_as_prometheus_has_them() {
        for (name, expect) in
            [("team", "team"), ("a.b-c", "a_b_c"), ("7x", "_7x"), ("größe", "gr__e"), ("", "_")]
        {
            assert_eq!(label(name), expect);
        }
    }

    #[test]
    fn a_real_one_is_known_by_its_address() {
        assert!(is_its_own("https://am.example/api/v2/alerts"));
        assert!(is_its_own("https://am.example/prefix/api/v2/alerts/"));
        assert!(is_its_own("https://am.example/api/v1/alerts?x=y"));
        assert!(!is_its_own("https://hook.example/alerts"));
    }
}
