//! Which projects, in which order: one rule for the server's list and the browser's table.

use super::{ProjectItem, ProjectKind, ProjectStatus};
use crate::wire::FieldError;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What to sort by; ties are broken by id, so that the order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// Worst health first, then lowest score.
    #[default]
    Status,
    /// Lowest score first, unknown last.
    Score,
    /// By name.
    Name,
    /// Fewest errors first.
    Errors,
    /// Lowest success rate first, unknown last.
    Success,
    /// Fastest 95th percentile first, unknown last.
    P95,
    /// Longest since its last run first, never last.
    LastRun,
}

/// A key and a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort {
    /// What to sort by.
    pub key: SortKey,
    /// The other way round.
    pub descending: bool,
}

const KEYS: [(&str, SortKey); 7] = [
    ("status", SortKey::Status),
    ("score", SortKey::Score),
    ("name", SortKey::Name),
    ("errors", SortKey::Errors),
    ("success", SortKey::Success),
    ("p95", SortKey::P95),
    ("last_run", SortKey::LastRun),
];

impl Sort {
    /// Reads `score`, `-errors`, …; `None` if there is no such key.
    pub fn parse(text: &str) -> Option<Self> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let (_, key) = KEYS.iter().find(|(known, _)| *known == name)?;
        Some(Self { key: *key, descending })
    }

    /// As [`Sort::parse`] reads it.
    pub fn name(self) -> String {
        let name = KEYS.iter().find(|(_, key)| *key == self.key).map_or("status", |(name, _)| name);
        if self.descending { format!("-{name}") } else { name.to_owned() }
    }

    /// Orders two rows.
    pub fn compare(self, a: &ProjectItem, b: &ProjectItem) -> Ordering {
        let by_key = match self.key {
            SortKey::Status => a.status.cmp(&b.status).then_with(|| self.known(a.score, b.score)),
            SortKey::Score => self.known(a.score, b.score),
            SortKey::Name => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
            SortKey::Errors => a.error_count.cmp(&b.error_count),
            SortKey::Success => self.known(a.success_rate, b.success_rate),
            SortKey::P95 => self.known(a.duration_ms.p95, b.duration_ms.p95),
            SortKey::LastRun => self.known(a.last_validation_at, b.last_validation_at),
        };
        let directed = if self.descending { by_key.reverse() } else { by_key };
        directed.then_with(|| a.project.cmp(&b.project))
    }

    /// Compares two values; those that are not known come last in either direction.
    fn known<T: PartialOrd>(self, a: Option<T>, b: Option<T>) -> Ordering {
        let last = if self.descending { Ordering::Less } else { Ordering::Greater };
        match (a, b) {
            (Some(a), Some(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => last,
            (Some(_), None) => last.reverse(),
        }
    }
}

/// Query parameters of the list, as they stand in an address. All are text, so that a bad one is
/// answered with its name rather than with a parser's complaint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectsParams {
    /// `healthy`, `warning`, `critical` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `project` or `job`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only projects with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Only projects whose id, name or owner holds this text, whatever its case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// `status` (default), `score`, `name`, `errors`, `success`, `p95` or `last_run`; a minus
    /// before it turns it round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Rows a page, 1 to 1000, default 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What the list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectsQuery {
    /// Health, if it matters.
    pub status: Option<ProjectStatus>,
    /// Kind, if it matters.
    pub kind: Option<ProjectKind>,
    /// Tag, if it matters.
    pub tag: Option<String>,
    /// Text to look for, in lower case.
    pub q: Option<String>,
    /// Order.
    pub sort: Sort,
    /// Rows a page.
    pub limit: usize,
    /// Id of the last row of the page before.
    pub after: Option<String>,
}

impl Default for ProjectsQuery {
    fn default() -> Self {
        let (status, kind, tag, q, after) = (None, None, None, None, None);
        Self { status, kind, tag, q, sort: Sort::default(), limit: Self::DEFAULT_LIMIT, after }
    }
}

impl ProjectsQuery {
    /// Rows a page when nothing is said.
    pub const DEFAULT_LIMIT: usize = 100;
    /// Most rows a page.
    pub const MAX_LIMIT: usize = 1000;

    /// Reads the parameters; an empty one counts as left out, as a form sends it.
    ///
    /// # Errors
    /// Every parameter that cannot be, by name.
    pub fn parse(params: &ProjectsParams) -> Result<Self, Vec<FieldError>> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut wrong = Vec::new();
        let mut refuse = |name: &str, detail: &str| {
            wrong.push(FieldError::new(format!("/{name}"), detail));
        };
        let status = given(&params.status).and_then(|text| {
            let status = match text.as_str() {
                "healthy" => Some(ProjectStatus::Healthy),
                "warning" => Some(ProjectStatus::Warning),
                "critical" => Some(ProjectStatus::Critical),
                "unknown" => Some(ProjectStatus::Unknown),
                _ => None,
            };
            if status.is_none() {
                refuse("status", "must be healthy, warning, critical or unknown");
            }
            status
        });
        let kind = given(&params.kind).and_then(|text| {
            let kind = ProjectKind::named(&text);
            if kind.is_none() {
                refuse("kind", "must be project or job");
            }
            kind
        });
        let sort = given(&params.sort).map_or(Some(Sort::default()), |text| Sort::parse(&text));
        if sort.is_none() {
            refuse("sort", "must be status, score, name, errors, success, p95 or last_run");
        }
        let limit = given(&params.limit).map_or(Some(Self::DEFAULT_LIMIT), |text| {
            text.parse().ok().filter(|n| (1..=Self::MAX_LIMIT).contains(n))
        });
        if limit.is_none() {
            refuse("limit", "must be a whole number between 1 and 1000");
        }
        match (sort, limit) {
            (Some(sort), Some(limit)) if wrong.is_empty() => Ok(Self {
                status,
                kind,
                tag: given(&params.tag),
                q: given(&params.q).map(|text| text.to_lowercase()),
                sort,
                limit,
                after: given(&params.after),
            }),
            _ => Err(wrong),
        }
    }

    /// Whether a row is asked for.
    pub fn matches(&self, item: &ProjectItem) -> bool {
        let holds = |text: &str, part: &str| text.to_lowercase().contains(part);
        self.status.is_none_or(|status| item.status == status)
            && self.kind.is_none_or(|kind| item.kind == kind)
            && self.tag.as_ref().is_none_or(|tag| item.tags.contains(tag))
            && self.q.as_ref().is_none_or(|q| {
                holds(item.project.as_str(), q)
                    || holds(&item.name, q)
                    || item.owner.as_ref().is_some_and(|owner| holds(owner, q))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sort: &str, parsed: Option<(SortKey, bool)>) {
        let expect = parsed.map(|(key, descending)| Sort { key, descending });
        assert_eq!(Sort::parse(sort), expect);
        if let Some(sort_back) = expect {
            assert_eq!(sort_back.name(), sort);
        }
    }

    #[test]
    fn sorts_have_names() {
        check("score", Some((SortKey::Score, false)));
        check("-errors", Some((SortKey::Errors, true)));
        check("--errors", None);
        check("points", None);
    }

    #[test]
    fn unknown_comes_last_either_way() {
        let ascending = Sort { key: SortKey::Score, descending: false };
        let descending = Sort { key: SortKey::Score, descending: true };
        assert_eq!(ascending.known(None, Some(1)), Ordering::Greater);
        assert_eq!(descending.known(None, Some(1)).reverse(), Ordering::Greater);
    }

    #[test]
    fn every_bad_parameter_is_named() {
        let some = |text: &str| Some(text.to_owned());
        let params = ProjectsParams {
            status: some("fine"),
            kind: some("cron"),
            sort: some("points"),
            limit: some("0"),
            ..Default::default()
        };
        let wrong = ProjectsQuery::parse(&params).unwrap_err();
        let names: Vec<_> = wrong.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(names, ["/status", "/kind", "/sort", "/limit"]);
        let empty = ProjectsParams { q: some(""), limit: some(""), ..Default::default() };
        assert_eq!(ProjectsQuery::parse(&empty), Ok(ProjectsQuery::default()));
    }
}
