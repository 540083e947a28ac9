//! What Prometheus scrapes: its text format 0.0.4, and OpenMetrics 1.0.
//!
//! Histograms and summaries are series as they stand there (`_bucket`, `_sum`, `_count`, the label
//! `quantile`); units are those of `# UNIT`; exemplars and help are passed over. A line that cannot
//! be read makes the whole of it worthless, for nobody knows what else is missing.

mod line;

use crate::intake::measured::{Labels, MAX_VALUES};
use crate::wire::Timestamp;
use line::Line;
use std::collections::HashMap;
use std::sync::Arc;

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The text format 0.0.4: times are milliseconds.
    Text,
    /// OpenMetrics: times are seconds, and `# EOF` ends it.
    OpenMetrics,
}

impl Dialect {
    /// That of a media type.
    pub fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }
}

/// A sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels; an empty one is none.
    pub labels: Labels,
    /// What the value counts, if that is said.
    pub unit: Option<Arc<str>>,
    /// Its value, which need not be a number.
    pub value: f64,
    /// Its time, if it has one.
    pub time: Option<Timestamp>,
}

/// Reads all samples.
///
/// # Errors
/// The line that cannot be read, and why; or that there is too much.
pub fn decode(body: &[u8], dialect: Dialect) -> Result<Vec<Sample>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    let open = dialect == Dialect::OpenMetrics;
    let mut units: HashMap<&str, Option<Arc<str>>> = HashMap::new();
    let (mut samples, mut ended) = (Vec::new(), false);
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |why: String| format!("line {number}: {why}");
        let line = if open { line } else { line.trim_matches([' ', '\t']) };
        if ended {
            return Err(wrong("it goes on after # EOF".to_owned()));
        }
        if let Some(said) = line.strip_prefix('#') {
            let said = said.trim_start();
            ended = open && said == "EOF";
            if let Some((family, unit)) =
                said.strip_prefix("UNIT ").and_then(|it| it.split_once(' '))
            {
                units.insert(family, super::measured::unit(unit));
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        if samples.len() == MAX_VALUES {
            return Err(format!("it has more than {MAX_VALUES} samples"));
        }
        let Line { name, labels, value, time } = Line::read(line, open).map_err(wrong)?;
        let unit = units.get(family(&name)).or_else(|| units.get(&*name)).cloned().flatten();
        samples.push(Sample { name, labels, unit, value, time });
    }
    if open && !ended {
        return Err("it does not end with # EOF: some of it is missing".to_owned());
    }
    Ok(samples)
}

/// The family that a sample of this name is of, where its unit is its own: counts have none.
fn family(name: &str) -> &str {
    ["_total", "_sum"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

#[cfg(test)]
mod tests;
