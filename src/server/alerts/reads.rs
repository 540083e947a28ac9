//! Reading alerts: those that are not over from what is shown, all others from history.

use super::evidence;
use crate::domain::alerts::history::{AlertFilter, Known, Place};
use crate::domain::alerts::{AlertDetail, AlertItem, AlertState, AlertsList, Key};
use crate::domain::health::Severity;
use crate::pipeline::publish::Published;
use crate::server::export::Format;
use crate::server::params::{given, moment, position, settle, word};
use crate::server::position::{hex, unhex};
use crate::server::{App, read};
use crate::wire::{ApiError, FieldError, Timestamp};
use serde::Deserialize;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What may follow the question mark of a list of alerts.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AlertsParams {
    /// Alerts that were not over before then.
    #[serde(default)]
    pub start_time: Option<String>,
    /// Alerts that began before then.
    #[serde(default)]
    pub end_time: Option<String>,
    /// How bad; several are separated by commas.
    #[serde(default)]
    pub severity: Option<String>,
    /// `true` or `false`.
    #[serde(default)]
    pub acknowledged: Option<String>,
    /// Who sent what they are about.
    #[serde(default)]
    pub source: Option<String>,
    /// The stage they are in; several are separated by commas.
    #[serde(default)]
    pub state: Option<String>,
    /// The alert rule, or the rule of the finding they are built on.
    #[serde(default)]
    pub rule: Option<String>,
    /// What they are about, as `kind/name`.
    #[serde(default)]
    pub subject: Option<String>,
    /// Words in title, message and subject.
    #[serde(default)]
    pub q: Option<String>,
    /// `csv` or `ndjson` for an export, `json` or nothing for a page.
    #[serde(default)]
    pub format: Option<String>,
    /// Most items of a page.
    #[serde(default)]
    pub limit: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
}

/// The same, understood.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    filter: AlertFilter,
    limit: usize,
    after: Option<Place>,
}

impl AlertsParams {
    fn read(&self) -> Result<Query, ApiError> {
        let mut errors = Vec::new();
        let name = |text: &Option<String>| given(text).map(Arc::from);
        let words = |text: &Option<String>| given(text).map(str::trim).map(str::to_owned);
        let filter = AlertFilter {
            from: moment("start_time", &self.start_time, &mut errors),
            to: moment("end_time", &self.end_time, &mut errors),
            severity: several(
                "severity",
                &self.severity,
                Severity::named,
                Severity::ALL.map(Severity::name),
                &mut errors,
            ),
            state: several(
                "state",
                &self.state,
                AlertState::named,
                AlertState::ALL.map(AlertState::name),
                &mut errors,
            ),
            acknowledged: word(
                "acknowledged",
                &self.acknowledged,
                truth,
                TRUTHS.into_iter(),
                &mut errors,
            ),
            source: name(&self.source),
            rule: name(&self.rule),
            subject: name(&self.subject),
            q: words(&self.q).filter(|words| !words.is_empty()),
        };
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && to <= from
        {
            errors.push(FieldError::new("/end_time", "must be later than start_time"));
        }
        let limit = Format::read(&self.format, &mut errors).limit(&self.limit, &mut errors);
        let after = position(&self.after, place_of, &mut errors);
        settle(Query { filter, limit, after }, errors)
    }

    /// The parameters that choose, by their names, without which page.
    pub fn choice(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("start_time", &self.start_time),
            ("end_time", &self.end_time),
            ("severity", &self.severity),
            ("acknowledged", &self.acknowledged),
            ("source", &self.source),
            ("state", &self.state),
            ("rule", &self.rule),
            ("subject", &self.subject),
            ("q", &self.q),
            ("format", &self.format),
            ("limit", &self.limit),
        ];
        all.into_iter().filter_map(|(name, text)| Some((name, given(text)?)))
    }
}

const TRUTHS: [&str; 2] = ["true", "false"];

fn truth(text: &str) -> Option<bool> {
    text.parse().ok()
}

/// Words that are separated by commas.
fn several<T, const N: usize>(
    name: &str,
    text: &Option<String>,
    named: fn(&str) -> Option<T>,
    all: [&'static str; N],
    errors: &mut Vec<FieldError>,
) -> Vec<T> {
    let words = given(text).unwrap_or_default().split(',').map(str::trim);
    let mut found = Vec::new();
    for one in words.filter(|one| !one.is_empty()) {
        let before = errors.len();
        found.extend(word(name, &Some(one.to_owned()), named, all.into_iter(), errors));
        if errors.len() > before {
            break;
        }
    }
    found
}

/// Names the place after an alert, for `next`.
fn after_alert(item: &AlertItem) -> String {
    format!("{}-{}", item.created_at.ms(), hex(item.id.as_bytes()))
}

fn place_of(text: &str) -> Option<Place> {
    let (ms, id) = text.rsplit_once('-')?;
    let id = String::from_utf8(unhex(id)?).ok()?;
    Some((Timestamp::from_ms(ms.parse().ok()?), id.into()))
}

/// Newest first, and those of one moment by id, the last first.
fn order(item: &AlertItem, (at, id): &Place) -> Ordering {
    (at, id).cmp(&(&item.created_at, &item.id))
}

fn place(item: &AlertItem) -> Place {
    (item.created_at, item.id.clone())
}

/// Alerts that match, newest first.
///
/// # Errors
/// 422 naming every parameter that cannot be, 503 when history cannot be read.
pub async fn list(app: &App, params: &AlertsParams) -> Result<AlertsList, ApiError> {
    let Query { filter, limit, after } = params.read()?;
    let before = app.hub.published();
    let as_of = read::settled(app, &before).await;
    let (rows, mut more) = app.history.alerts(filter.clone(), limit, after.clone()).await?;
    let shown = app.hub.published();
    let end = rows.last().filter(|_| more).map(place);
    let mut page: BTreeMap<Arc<str>, AlertItem> = BTreeMap::new();
    for row in rows {
        page.extend(newest(&shown, &filter, row).map(|item| (item.id.clone(), item)));
    }
    // Those that are not over are in the list even if history has lost them, or lags.
    let fits = |item: &AlertItem| {
        filter.matches(item)
            && after.as_ref().is_none_or(|after| order(item, after).is_gt())
            && end.as_ref().is_none_or(|end| order(item, end).is_le())
    };
    for item in shown.alerts.values().filter(|item| fits(item)) {
        page.entry(item.id.clone()).or_insert_with(|| (**item).clone());
    }
    let mut items: Vec<AlertItem> = page.into_values().collect();
    items.sort_by(|a, b| order(a, &place(b)));
    more |= items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(after_alert);
    Ok(AlertsList { as_of, items, next })
}

/// What is known of an alert: what is shown knows more than history, unless that is further; none
/// if it does not match any more.
fn newest(shown: &Published, filter: &AlertFilter, row: AlertItem) -> Option<AlertItem> {
    let item = known(shown, row);
    filter.matches(&item).then_some(item)
}

fn known(shown: &Published, row: AlertItem) -> AlertItem {
    if let Some(live) = shown.alerts.get(&row.id).filter(|live| live.seq >= row.seq) {
        return (**live).clone();
    }
    let finding = row.finding.clone().unwrap_or_else(|| "".into());
    let key = Key { rule: row.rule.clone(), finding, subject: row.subject.clone() };
    let flap = shown.state.alerts.flaps.get(&key).copied().unwrap_or_default();
    let (flap_score, flapping) = (flap.told(shown.as_of), flap.is_flapping(shown.as_of));
    AlertItem { flap_score, flapping, ..row }
}

/// One alert with what has happened to it.
///
/// Whoever may see an alert may see what it is built on as well, as far as it goes into it.
///
/// # Errors
/// 404, and 503 when history cannot be read.
pub async fn detail(app: &App, id: &str) -> Result<AlertDetail, ApiError> {
    let before = app.hub.published();
    let as_of = read::settled(app, &before).await;
    let found = app.history.alert(id.into()).await?;
    let shown = app.hub.published();
    let live = shown.alerts.get(id).map(|live| (**live).clone());
    let found = found.or_else(|| {
        live.map(|item| Known {
            item,
            timeline: Vec::new(),
            covers: Vec::new(),
            before: Vec::new(),
        })
    });
    let gone = || ApiError::not_found(format!("there is no alert {id}"));
    let Known { item, timeline, covers, before } = found.ok_or_else(gone)?;
    let alert = known(&shown, item);
    let mut covers: BTreeMap<Arc<str>, AlertItem> =
        covers.into_iter().map(|row| known(&shown, row)).map(|it| (it.id.clone(), it)).collect();
    covers.retain(|_, item| item.covered_by.as_deref() == Some(id));
    for item in shown.alerts.values().filter(|item| item.covered_by.as_deref() == Some(id)) {
        covers.entry(item.id.clone()).or_insert_with(|| (**item).clone());
    }
    let mut covers: Vec<AlertItem> = covers.into_values().collect();
    covers.sort_by(AlertItem::worst_first);
    let before = before.into_iter().map(|row| known(&shown, row)).collect();
    let evidence = evidence::of(app, &shown, &alert).await?;
    Ok(AlertDetail { as_of, alert, timeline, covers, before, evidence })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parameters that are refused.
    #[track_caller]
    fn check(query: &str, expect: &[&str]) {
        let params: AlertsParams = serde_urlencoded(query);
        let refused = params.read().err().map(|error| error.errors).unwrap_or_default();
        let got: Vec<_> = refused.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(got, expect, "{query}");
    }

    fn serde_urlencoded(query: &str) -> AlertsParams {
        let uri: axum::http::Uri = format!("/?{query}").parse().unwrap();
        axum::extract::Query::try_from_uri(&uri).unwrap().0
    }

    #[test]
    fn each_parameter_that_cannot_be_is_named() {
        check("", &[]);
        check("severity=&state=&acknowledged=&after=", &[]);
        check("severity=warning,critical&state=firing,unknown&acknowledged=false", &[]);
        check(
            "severity=warning,bad&state=x&acknowledged=1",
            &["/severity", "/state", "/acknowledged"],
        );
        check("start_time=now&end_time=then", &["/start_time", "/end_time"]);
        check("start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z", &["/end_time"]);
        check("limit=0&after=7", &["/limit", "/after"]);
        check("limit=501", &["/limit"]);
        check("limit=501&format=csv", &[]);
        check("format=xml", &["/format"]);
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place: (Timestamp, Arc<str>) = (Timestamp::from_ms(-7), "a-b/é".into());
        let text = format!("{}-{}", place.0.ms(), hex(place.1.as_bytes()));
        assert_eq!(place_of(&text), Some(place));
    }
}
