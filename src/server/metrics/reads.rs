//! Reading metrics: their names and newest values from what is shown, their course from history.
//! Whoever asks sees metrics; what some of them take besides is looked at here.

use super::params::{self, Params};
use crate::domain::metrics::state::{Series, SeriesKey};
use crate::domain::metrics::{
    CourseOf, LabelSet, MetricCourse, MetricItem, MetricName, MetricNames, MetricsList, OWN,
    Observed,
};
use crate::domain::range::{self, Range, RangeParams};
use crate::pipeline::history::{MAX_SERIES, MetricFound, MetricQuery};
use crate::pipeline::publish::Published;
use crate::pipeline::series;
use crate::server::access::Caller;
use crate::server::export::Format;
use crate::server::params::{position, settle};
use crate::server::position::{hex, unhex};
use crate::server::{App, read};
use crate::wire::ApiError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Values of a label that are told with its name.
const MAX_VALUES: usize = 100;

/// Which series of a metric, and how.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// Labels that a series must have.
    pub labels: LabelSet,
    /// How the values of a step become one.
    pub aggregation: Option<String>,
    /// Labels whose series are kept apart.
    pub by: Option<String>,
}

/// Labels that came as JSON.
///
/// # Errors
/// 422 if it is no object of texts.
pub fn labels_of(text: Option<&str>) -> Result<LabelSet, ApiError> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(LabelSet::new()),
        Some(text) => serde_json::from_str(text)
            .map_err(|_| ApiError::invalid("/labels", "must be an object of texts")),
    }
}

/// What the board itself knows now, by series: the journal says it once in a while. What others
/// send under the same name and labels is theirs.
fn own(shown: &Published) -> BTreeMap<SeriesKey, Observed> {
    let state = &shown.state.metrics;
    let all = series::now(shown).into_iter();
    let keyed = all.map(|it| (SeriesKey { name: it.name.clone(), labels: it.labels.clone() }, it));
    keyed.filter(|(key, _)| state.series.get(key).is_none_or(|series| series.is_own())).collect()
}

fn item(key: &SeriesKey, series: &Series) -> MetricItem {
    MetricItem {
        name: key.name.clone(),
        labels: key.labels.clone(),
        unit: series.unit.clone(),
        value: series.value,
        timestamp: series.at,
        source: series.source.clone(),
    }
}

fn own_item(shown: &Published, observed: &Observed) -> MetricItem {
    MetricItem {
        name: observed.name.clone(),
        labels: observed.labels.clone(),
        unit: observed.unit.clone(),
        value: observed.value,
        timestamp: shown.as_of,
        source: OWN.into(),
    }
}

/// Whether somebody who sees metrics may see this one.
fn sees(caller: &Caller, name: &str) -> bool {
    caller.permissions.covers(series::needs(name))
}

/// Every metric there is that the caller may see, by name.
pub fn names(app: &App, caller: &Caller) -> MetricNames {
    let shown = app.hub.published();
    let state = &shown.state.metrics;
    let mut items: BTreeMap<Arc<str>, MetricName> = BTreeMap::new();
    let mut note = |key: &SeriesKey, unit: Option<&Arc<str>>, built_in: bool| {
        let named = items.entry(key.name.clone()).or_insert_with(|| MetricName {
            name: key.name.clone(),
            unit: None,
            series: 0,
            overflow: state.refused.get(&key.name).map_or(0, |refused| refused.values),
            built_in: false,
            labels: BTreeMap::new(),
        });
        named.series += 1;
        named.built_in |= built_in;
        named.unit = named.unit.take().or_else(|| unit.cloned());
        for (label, value) in &key.labels {
            let values = named.labels.entry(label.clone()).or_default();
            if values.len() < MAX_VALUES
                && let Err(place) = values.binary_search(value)
            {
                values.insert(place, value.clone());
            }
        }
    };
    for (key, series) in state.series.iter().filter(|(key, _)| sees(caller, &key.name)) {
        note(key, series.unit.as_ref(), series.is_own());
    }
    for (key, observed) in own(&shown) {
        if !state.series.contains_key(&key) && sees(caller, &key.name) {
            note(&key, observed.unit.as_ref(), true);
        }
    }
    MetricNames { as_of: shown.as_of, items: items.into_values().collect() }
}

/// What a list is to hold.
struct Choice {
    name: String,
    labels: LabelSet,
    words: String,
}

impl Choice {
    /// The part of the name that all have in common; the whole of it if it says no more.
    fn prefix(&self) -> (&str, bool) {
        match self.name.strip_suffix('*') {
            Some(prefix) => (prefix, true),
            None => (&self.name, self.name.is_empty()),
        }
    }

    fn takes(&self, key: &SeriesKey) -> bool {
        let (prefix, open) = self.prefix();
        let named = if open { key.name.starts_with(prefix) } else { *key.name == *prefix };
        let holds = |text: &str| text.to_lowercase().contains(&self.words);
        let said = || {
            let labels = key.labels.iter();
            holds(&key.name)
                || labels.into_iter().any(|(label, value)| holds(label) || holds(value))
        };
        named && key.has(&self.labels) && (self.words.is_empty() || said())
    }
}

fn place(text: &str) -> Option<SeriesKey> {
    serde_json::from_slice(&unhex(text)?).ok()
}

/// Series that match and that the caller may see, by name and labels.
///
/// # Errors
/// 422 naming every parameter that cannot be.
pub fn list(shown: &Published, caller: &Caller, asked: &Params) -> Result<MetricsList, ApiError> {
    let mut errors = Vec::new();
    let format = Format::read(&asked.get("format"), &mut errors);
    let limit = format.limit(&asked.get("limit"), &mut errors);
    let after = position(&asked.get("after"), place, &mut errors);
    let words = asked.get("q").unwrap_or_default().trim().to_lowercase();
    let name = asked.get("name").unwrap_or_default();
    let choice = settle(Choice { name, labels: asked.labels.clone(), words }, errors)?;
    let takes = |key: &SeriesKey| choice.takes(key) && sees(caller, &key.name);
    let state = &shown.state.metrics;
    let own = own(shown);
    let (prefix, _) = choice.prefix();
    let named = state.series.range(SeriesKey::first(prefix)..);
    let named = named.take_while(|(key, _)| key.name.starts_with(prefix)).map(|(key, _)| key);
    let mut keys: Vec<&SeriesKey> = named.filter(|key| takes(key)).collect();
    let known = keys.len();
    keys.extend(own.keys().filter(|key| takes(key) && !state.series.contains_key(*key)));
    if keys.len() > known {
        keys.sort();
    }
    let start = after.map_or(0, |after| keys.partition_point(|key| **key <= after));
    let page = keys.iter().skip(start).take(limit);
    let items: Vec<MetricItem> = page
        .filter_map(|key| match own.get(*key) {
            Some(observed) => Some(own_item(shown, observed)),
            None => state.series.get(*key).map(|series| item(key, series)),
        })
        .collect();
    let last = keys.get(start.saturating_add(limit).saturating_sub(1));
    let last = last.filter(|_| keys.len() > start.saturating_add(limit));
    Ok(MetricsList {
        as_of: shown.as_of,
        cursor: shown.cursor.clone(),
        total: keys.len() as u64,
        items,
        overflow: state.overflow,
        next: last.map(|key| hex(&serde_json::to_vec(key).unwrap_or_default())),
    })
}

/// The newest value of a metric, of all its series that have these labels.
///
/// # Errors
/// 403 naming what the caller lacks to see it, 404 if there is none.
pub fn latest(
    shown: &Published,
    caller: &Caller,
    name: &str,
    labels: &LabelSet,
) -> Result<MetricItem, ApiError> {
    caller.may(series::needs(name))?;
    let own = own(shown);
    let state = &shown.state.metrics;
    let told = state.keyed(name).filter(|(key, _)| !own.contains_key(key));
    let told = told.filter(|(key, _)| key.has(labels)).map(|(key, series)| item(key, series));
    let known = own.iter().filter(|(key, _)| *key.name == *name && key.has(labels));
    let known = known.map(|(_, observed)| own_item(shown, observed));
    let newest = told.chain(known).max_by_key(|item| item.timestamp);
    newest.ok_or_else(|| if labels.is_empty() { unknown(name) } else { no_such_series(name) })
}

fn unknown(name: &str) -> ApiError {
    ApiError::not_found(format!("nobody has measured {name}"))
}

fn no_such_series(name: &str) -> ApiError {
    ApiError::not_found(format!("no series of {name} has these labels"))
}

/// A metric over a range, in the steps that are asked for; if none are, in longer ones than usual
/// where as many series as match could not be read soon enough.
///
/// # Errors
/// 403 naming what the caller lacks to see it, 404 for a metric that is not known, 422 naming every
/// parameter that cannot be, 503 when history cannot be read.
pub async fn course(
    app: &App,
    caller: &Caller,
    asked: &Asked,
    range: &RangeParams,
) -> Result<MetricCourse, ApiError> {
    caller.may(series::needs(&asked.name))?;
    let shown = app.hub.published();
    let mut errors = Vec::new();
    let step_given = range.has_step();
    let range = match Range::parse(range, "24h", read::now(app, &shown)) {
        Ok(range) => Some(range),
        Err(error) => {
            errors.extend(error.errors);
            None
        }
    };
    let aggregation = params::aggregation(&asked.aggregation, &mut errors);
    let by = params::by(&asked.by, &mut errors);
    let Some(range) = settle(range, errors)? else { return Err(unknown(&asked.name)) };
    let state = &shown.state.metrics;
    let here = state.count(&asked.name) > 0
        || series::now(&shown).iter().any(|observed| *observed.name == *asked.name);
    if !here {
        return Err(unknown(&asked.name));
    }
    let (name, labels) = (asked.name.as_str().into(), asked.labels.clone());
    let query = MetricQuery { name, labels, aggregation, by, range, step_given };
    let as_of = read::settled(app, &shown).await;
    let (range, series) = match &*app.history.metric(query).await? {
        MetricFound::Series(range, series) => (*range, series.clone()),
        MetricFound::Apart(count) => {
            let detail = format!(
                "{count} series match, and at most {MAX_SERIES} can be told apart: choose some by \
                 their labels (label.NAME=VALUE), or merge them (by=NAME, or an empty by= for all \
                 in one)"
            );
            return Err(ApiError::invalid("/by", detail));
        }
        MetricFound::TooFine(count, Some(step)) => {
            let step = range::text(*step);
            let detail = format!(
                "is too short for the {count} series that match: it must be {step}, or longer and a \
                 multiple of that; or choose some of them by their labels (label.NAME=VALUE), or a \
                 shorter range"
            );
            return Err(ApiError::invalid("/step", detail));
        }
        MetricFound::TooFine(count, None) => {
            let detail = format!(
                "{count} series match, which is too many to read over so long a range: choose some \
                 by their labels (label.NAME=VALUE), or a shorter range"
            );
            return Err(ApiError::invalid("/by", detail));
        }
    };
    let unit = series.iter().find_map(|series| series.unit.clone());
    let series = series.into_iter();
    let series = series.map(|it| CourseOf { labels: it.labels, points: it.points }).collect();
    Ok(MetricCourse { as_of, range, unit, series, more: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, words: &str, metric: &str, expect: bool) {
        let labels = BTreeMap::from([("queue".into(), "Mail".into())]);
        let key = SeriesKey { name: metric.into(), labels };
        let choice = Choice { name: name.into(), labels: LabelSet::new(), words: words.into() };
        assert_eq!(choice.takes(&key), expect, "{name} {words} {metric}");
    }

    #[test]
    fn names_are_exact_or_begin_so() {
        check("", "", "a.b", true);
        check("a.b", "", "a.b", true);
        check("a", "", "a.b", false);
        check("a*", "", "a.b", true);
        check("*", "mail", "a.b", true);
        check("", "queue", "a.b", true);
        check("", "A.B", "a.b", false);
        check("a*", "web", "a.b", false);
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let labels = BTreeMap::from([("é".into(), "\"".into())]);
        let key = SeriesKey { name: "n".into(), labels };
        assert_eq!(place(&hex(&serde_json::to_vec(&key).unwrap())), Some(key));
        assert_eq!(place("00"), None);
        assert_eq!(labels_of(Some("")), Ok(LabelSet::new()));
        assert_eq!(labels_of(Some(r#"{"a":1}"#)).unwrap_err().errors[0].pointer, "/labels");
    }
}
