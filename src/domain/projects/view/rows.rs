//! Every project's row in the browser: a signal for each, so that one changed project redraws one
//! row whatever their number.

use crate::domain::projects::{ProjectId, ProjectItem, ProjectsDelta, ProjectsPage, ProjectsQuery};
use crate::ui::live::Part;
use leptos::prelude::*;
use std::collections::HashMap;

type Row = ArcRwSignal<Option<ProjectItem>>;

/// Rows by id. Rows are kept apart from their order: most changes move no row.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    by_id: StoredValue<HashMap<ProjectId, Row>>,
    /// Turns when rows come, go, or change.
    version: RwSignal<u32>,
    /// Those of the rendered page, in its order, until the whole list has come.
    rendered: RwSignal<Option<Vec<ProjectId>>>,
}

impl Rows {
    /// Begins with the rows that the server rendered.
    pub fn rendered(page: ProjectsPage) -> Self {
        let ids = page.items.iter().map(|item| item.project.clone()).collect();
        let rows = page.items.into_iter().map(|item| (item.project.clone(), Row::new(Some(item))));
        Self {
            by_id: StoredValue::new(rows.collect()),
            version: RwSignal::new(0),
            rendered: RwSignal::new(Some(ids)),
        }
    }

    /// Takes in what has come on the topic.
    pub fn receive(self, part: Part<'_>) -> serde_json::Result<()> {
        if part.whole {
            let page: ProjectsPage = serde_json::from_str(part.data)?;
            let ids: std::collections::HashSet<ProjectId> =
                page.items.iter().map(|item| item.project.clone()).collect();
            let gone = self.by_id.try_with_value(|rows| {
                rows.keys().filter(|id| !ids.contains(*id)).cloned().collect::<Vec<_>>()
            });
            self.change(page.items, &gone.unwrap_or_default());
            self.rendered.try_set(None);
        } else {
            let delta: ProjectsDelta = serde_json::from_str(part.data)?;
            self.change(delta.upsert, &delta.remove);
        }
        Ok(())
    }

    fn change(self, upsert: Vec<ProjectItem>, remove: &[ProjectId]) {
        self.by_id.try_update_value(|rows| {
            for id in remove {
                rows.remove(id);
            }
            for item in upsert {
                match rows.get(&item.project) {
                    Some(row) if row.with_untracked(|had| had.as_ref() == Some(&item)) => {}
                    Some(row) => row.set(Some(item)),
                    None => _ = rows.insert(item.project.clone(), Row::new(Some(item))),
                }
            }
        });
        self.version.try_update(|version| *version = version.wrapping_add(1));
    }

    /// One row.
    pub fn row(self, id: &ProjectId) -> Row {
        self.by_id.try_with_value(|rows| rows.get(id).cloned()).flatten().unwrap_or_default()
    }

    /// Ids of the rows that `query` asks for, in its order.
    pub fn select(self, query: &ProjectsQuery) -> Vec<ProjectId> {
        self.version.track();
        if let Some(rendered) = self.rendered.get() {
            return rendered;
        }
        self.by_id.with_value(|rows| {
            let mut found: Vec<ProjectItem> = Vec::new();
            for row in rows.values() {
                row.with_untracked(|item| {
                    found.extend(item.iter().filter(|item| query.matches(item)).cloned());
                });
            }
            found.sort_by(|a, b| query.sort.compare(a, b));
            found.into_iter().map(|item| item.project).collect()
        })
    }

    /// Every tag there is, with how many projects have it, most frequent first.
    pub fn tags(self) -> Vec<(String, usize)> {
        self.version.track();
        let mut counts: HashMap<String, usize> = HashMap::new();
        self.by_id.with_value(|rows| {
            for row in rows.values() {
                row.with_untracked(|item| {
                    for tag in item.iter().flat_map(|item| &item.tags) {
                        *counts.entry(tag.clone()).or_default() += 1;
                    }
                });
            }
        });
        let mut tags: Vec<_> = counts.into_iter().collect();
        tags.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        tags
    }

    /// How many projects there are in all, once that is known.
    pub fn total(self) -> Option<usize> {
        self.version.track();
        self.rendered.get().is_none().then(|| self.by_id.with_value(HashMap::len))
    }
}
