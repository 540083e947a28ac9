//! Alerts in groups: those that have one cause, and otherwise those of one rule.

use super::words::group_name;
use crate::domain::alerts::AlertItem;
use crate::domain::health::Severity;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most lines that are drawn.
pub const MAX_LINES: usize = 300;

/// How far causes of causes are followed; those that lead round are no causes.
const MAX_DEPTH: usize = 8;

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What tells it apart: the alert's id, or that of its group with `group:` before it.
    pub key: Arc<str>,
    /// What it shows.
    pub what: Shown,
}

/// What a line shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// The head of a group.
    Head {
        /// What it is called.
        name: String,
        /// How bad the worst of it is.
        worst: Severity,
        /// Ids of its alerts.
        ids: Vec<Arc<str>>,
        /// Whether they are shown below it.
        open: bool,
    },
    /// An alert.
    Alert {
        /// How many it covers.
        covers: usize,
        /// Whether those are shown below it.
        open: bool,
        /// Whether it stands below the head of its group, or its cause.
        below: bool,
    },
}

/// `items`, worst first, in groups. `turned` are the keys of what was unfolded, or folded if it
/// is unfolded at first: groups are, and causes are not.
pub fn lines(items: &[AlertItem], turned: &BTreeSet<Arc<str>>) -> Vec<Line> {
    let by_id: BTreeMap<&str, &AlertItem> = items.iter().map(|item| (&*item.id, item)).collect();
    let mut covered: BTreeMap<&str, Vec<&AlertItem>> = BTreeMap::new();
    let (mut groups, mut places) = (Vec::<(Arc<str>, Vec<&AlertItem>)>::new(), BTreeMap::new());
    for item in items {
        let root = root(item, &by_id);
        if root.id != item.id {
            covered.entry(&root.id).or_default().push(item);
        }
    }
    for item in items.iter().filter(|item| root(item, &by_id).id == item.id) {
        let key: Arc<str> = match covered.contains_key(&*item.id) {
            true => item.id.clone(),
            false => {
                let of = item.finding.as_ref().unwrap_or(&item.rule);
                format!("group:{}:{of}", item.rule).into()
            }
        };
        let at = *places.entry(key.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, members)) => members.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    let mut out = Vec::new();
    for (key, members) in groups {
        let Some(first) = members.first() else { continue };
        let below = members.len() > 1;
        if below {
            let ids = members.iter().map(|item| item.id.clone()).collect();
            let worst = members.iter().map(|item| item.severity).max().unwrap_or(first.severity);
            let open = !turned.contains(&key);
            let what = Shown::Head { name: group_name(first), worst, ids, open };
            out.push(Line { key, what });
            if !open {
                continue;
            }
        }
        for item in members {
            let inner = covered.get(&*item.id).map(Vec::as_slice).unwrap_or_default();
            let open = !inner.is_empty() && turned.contains(&item.id);
            let what = Shown::Alert { covers: inner.len(), open, below };
            out.push(Line { key: item.id.clone(), what });
            for one in inner.iter().filter(|_| open) {
                let what = Shown::Alert { covers: 0, open: false, below: true };
                out.push(Line { key: one.id.clone(), what });
            }
        }
    }
    out
}

/// The alert that is the cause of this one, of those that are there; itself if none is.
fn root<'a>(item: &'a AlertItem, by_id: &BTreeMap<&str, &'a AlertItem>) -> &'a AlertItem {
    let mut at = item;
    for _ in 0..MAX_DEPTH {
        let by = at.covered_by.as_deref().filter(|by| **by != *at.id);
        match by.and_then(|by| by_id.get(by)) {
            Some(cause) => at = cause,
            None => return at,
        }
    }
    item
}
