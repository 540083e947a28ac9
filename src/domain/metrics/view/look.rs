//! What the explorer is asked to show; it stands in the address, so that a link is all there is to
//! share.

use crate::domain::metrics::api::metric;
use crate::domain::metrics::{ChartSpec, LabelSet, MetricCourse, MetricName};
use crate::domain::range::{Range, RangeParams};
use crate::ui::address::pairs;
use crate::wire::{ApiError, Unread, encoded};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The explorer's page.
pub const PATH: &str = "/explore";
/// The range when none is asked for.
pub const USUAL: &str = "24h";
/// How values become one when nothing is asked for.
pub const AVERAGE: &str = "avg";
/// All series are merged. A form sends its fields though they are empty, so that it takes a word
/// to say so.
pub const MERGED: &str = "-";
/// What the name of a label's value begins with in an address.
pub const LABEL: &str = "label.";

/// More series than this are merged at first.
const MANY: u64 = 100;

/// A metric, how it is taken, and over which range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Name of the metric; empty if none is picked.
    pub metric: String,
    /// Labels that a series must have.
    pub labels: LabelSet,
    /// How the values of a step become one.
    pub aggregation: String,
    /// Labels whose series are kept apart; none keeps every series apart, an empty text merges all.
    pub by: Option<String>,
    /// Over which range.
    pub range: RangeParams,
}

/// What the address of this page asks for.
pub fn use_look() -> Memo<Look> {
    let search = use_location().search;
    Memo::new(move |_| search.with(|search| Look::asked(search)))
}

impl Look {
    /// What a pinned chart shows.
    pub fn of(chart: &ChartSpec) -> Self {
        Self {
            metric: chart.metric.clone(),
            labels: chart.labels.clone(),
            aggregation: chart.aggregation.clone(),
            by: chart.by.clone(),
            range: RangeParams::last(&chart.window),
        }
        .complete()
    }

    /// What is shown of a metric at first. Of very many series it is what they are together.
    pub fn first(one: &MetricName) -> Self {
        let by = (one.series > MANY).then(String::new);
        Self { metric: one.name.to_string(), by, ..Self::default() }.complete()
    }

    /// What the query of an address asks for.
    pub fn asked(search: &str) -> Self {
        let mut look = Self::default();
        for (name, value) in pairs(search) {
            look.take(&name, &value);
        }
        look.complete()
    }

    /// Takes a parameter of the address; one that is empty counts as left out.
    pub fn take(&mut self, name: &str, value: &str) {
        let given = (!value.is_empty()).then(|| value.to_owned());
        let Some(given) = given else { return };
        match name {
            "metric" => self.metric = given,
            "aggregation" => self.aggregation = given,
            "by" if given == MERGED => self.by = Some(String::new()),
            "by" => self.by = Some(given),
            "window" => self.range.window = Some(given),
            "from" => self.range.from = Some(given),
            "to" => self.range.to = Some(given),
            "step" => self.range.step = Some(given),
            _ => {
                if let Some(label) = name.strip_prefix(LABEL) {
                    self.labels.insert(label.into(), given.into());
                }
            }
        }
    }

    /// The same with what is usual where nothing was asked for.
    pub fn complete(mut self) -> Self {
        if self.aggregation.is_empty() {
            AVERAGE.clone_into(&mut self.aggregation);
        }
        let RangeParams { window, from, .. } = &mut self.range;
        match from {
            Some(_) => *window = None,
            None if window.is_none() => *window = Some(USUAL.to_owned()),
            None => {}
        }
        self
    }

    /// Whether it ends with the present, so that there is always more to come.
    pub fn ends_now(&self) -> bool {
        self.range.to.is_none()
    }

    /// The length it is pinned with: a stretch of the past would stand still.
    pub fn window(&self) -> &str {
        self.range.window.as_deref().unwrap_or(USUAL)
    }

    /// As a chart that can be pinned.
    pub fn chart(&self, title: String, window: String) -> ChartSpec {
        ChartSpec {
            title,
            metric: self.metric.clone(),
            labels: self.labels.clone(),
            aggregation: self.aggregation.clone(),
            by: self.by.clone(),
            window,
        }
    }

    /// The address below which it is shown.
    pub fn href(&self) -> String {
        let mut out = Query::below(PATH);
        out.add("metric", &self.metric);
        self.taken(&mut out);
        let by = self.by.as_deref().map(|by| if by.is_empty() { MERGED } else { by });
        out.add("by", by.unwrap_or_default());
        let RangeParams { window, from, to, step } = &self.range;
        let window = window.as_deref().filter(|window| *window != USUAL);
        out.add("window", window.unwrap_or_default());
        for (name, value) in [("from", from), ("to", to), ("step", step)] {
            out.add(name, value.as_deref().unwrap_or_default());
        }
        out.text
    }

    /// Where an alert rule about it is made.
    pub fn rule_href(&self) -> String {
        let mut out = Query::below("/alerts/rules/new");
        out.add("metric", &self.metric);
        self.taken(&mut out);
        out.text
    }

    /// The address of its points as a file, over the range that is shown.
    pub fn csv_href(&self, range: &Range) -> String {
        let mut out = Query::below(&format!("/api/v1/metrics/{}/range", encoded(&self.metric)));
        out.add("start_time", &range.from.to_string());
        // The end of the last step belongs to the next one.
        out.add("end_time", &range.to.plus(-1).to_string());
        out.add("step", &format!("{}s", range.step_ms / 1_000));
        out.add("aggregation", &self.aggregation);
        self.labels(&mut out);
        if let Some(by) = &self.by {
            out.push("by", by);
        }
        out.add("format", "csv");
        out.text
    }

    fn taken(&self, out: &mut Query) {
        self.labels(out);
        if self.aggregation != AVERAGE {
            out.add("aggregation", &self.aggregation);
        }
    }

    fn labels(&self, out: &mut Query) {
        for (label, value) in &self.labels {
            out.add(&format!("{LABEL}{label}"), value);
        }
    }
}

/// An address as it grows.
struct Query {
    text: String,
}

impl Query {
    fn below(path: &str) -> Self {
        Self { text: path.to_owned() }
    }

    /// Adds a parameter unless it is empty.
    fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.push(name, value);
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        self.text.push(if self.text.contains('?') { '&' } else { '?' });
        self.text.push_str(&encoded(name));
        self.text.push('=');
        self.text.push_str(&encoded(value));
    }
}

/// Reads what is asked for.
///
/// # Errors
/// As [`metric`].
pub async fn read(look: Look) -> Result<Unread<MetricCourse>, ApiError> {
    let Look { metric: name, labels, aggregation, by, range } = look;
    let labels = (!labels.is_empty()).then(|| serde_json::to_string(&labels).unwrap_or_default());
    let RangeParams { window, from, to, step } = range;
    metric(name, labels, Some(aggregation), by, window, from, to, step).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Timestamp;

    #[track_caller]
    fn check(query: &str, expect: &str) {
        let first = Look::asked(query);
        assert_eq!(first.href(), expect);
        let query = expect.split_once('?').map_or("", |(_, query)| query);
        assert_eq!(Look::asked(query), first, "the link shows the same");
    }

    #[test]
    fn the_address_says_what_is_shown() {
        check("", "/explore");
        check("metric=cpu&aggregation=avg&by=&label.host=&window=24h", "/explore?metric=cpu");
        check(
            "metric=a%20b&label.host=web%2F1&label.az=x&aggregation=p95&by=host,az&window=7d",
            "/explore?metric=a%20b&label.az=x&label.host=web%2F1&aggregation=p95&by=host%2Caz&window=7d",
        );
        check("metric=cpu&label.path=%2520", "/explore?metric=cpu&label.path=%2520");
        check(
            "metric=cpu&by=-&from=1&to=2&step=10s",
            "/explore?metric=cpu&by=-&from=1&to=2&step=10s",
        );
        check("metric=cpu&from=1&window=24h", "/explore?metric=cpu&from=1");
    }

    #[test]
    fn what_is_pinned_is_what_was_shown() {
        let shown = Look::asked("metric=cpu&label.host=a&aggregation=max&by=-&window=6h");
        let pinned = shown.chart("CPU".to_owned(), shown.window().to_owned());
        assert_eq!(Look::of(&pinned), shown);
        assert_eq!(Look::asked("metric=cpu&from=1&to=2").window(), USUAL);
    }

    #[test]
    fn links_lead_to_the_same_series() {
        let shown = Look::asked("metric=a%2Fb&label.host=w%201&aggregation=sum&by=-");
        assert_eq!(
            shown.rule_href(),
            "/alerts/rules/new?metric=a%2Fb&label.host=w%201&aggregation=sum"
        );
        let at = Timestamp::from_ms;
        let range = Range { from: at(0), to: at(60_000), step_ms: 10_000, window_ms: 60_000 };
        assert_eq!(
            shown.csv_href(&range),
            "/api/v1/metrics/a%2Fb/range?start_time=1970-01-01T00%3A00%3A00.000Z\
             &end_time=1970-01-01T00%3A00%3A59.999Z&step=10s&aggregation=sum&label.host=w%201&by=&format=csv"
        );
    }
}
