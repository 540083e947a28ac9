//! Every agent in the browser: a signal for each, so that one that changes redraws one cell whatever
//! their number.

use crate::domain::summary::AgentCounts;
use crate::domain::work::{AgentItem, AgentState, AgentsDelta, AgentsPage, contains};
use crate::ui::live::Part;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One agent, as its cell shows it.
pub type Row = ArcRwSignal<Option<AgentItem>>;

/// Agents by id.
#[derive(Debug, Clone, Copy)]
pub struct Agents {
    by_id: StoredValue<BTreeMap<Arc<str>, Row>>,
    /// Turns when agents come, go, or change.
    version: RwSignal<u32>,
    /// Those of the rendered page, until the whole list has come.
    rendered: RwSignal<Option<Vec<Arc<str>>>>,
    /// As the server counted them, until then.
    counted: StoredValue<AgentCounts>,
}

impl Agents {
    /// Begins with the agents that the server rendered.
    pub fn rendered(page: AgentsPage, counted: AgentCounts) -> Self {
        let ids = page.items.iter().map(|item| item.agent_id.clone()).collect();
        let rows = page.items.into_iter().map(|item| (item.agent_id.clone(), Row::new(Some(item))));
        Self {
            by_id: StoredValue::new(rows.collect()),
            version: RwSignal::new(0),
            rendered: RwSignal::new(Some(ids)),
            counted: StoredValue::new(counted),
        }
    }

    /// Takes in what has come on the topic.
    pub fn receive(self, part: Part<'_>) -> serde_json::Result<()> {
        if part.whole {
            let page: AgentsPage = serde_json::from_str(part.data)?;
            let mut gone: Vec<Arc<str>> = Vec::new();
            self.by_id.try_with_value(|rows| gone.extend(rows.keys().cloned()));
            gone.retain(|id| page.items.binary_search_by(|item| item.agent_id.cmp(id)).is_err());
            self.change(page.items, &gone);
            self.rendered.try_set(None);
        } else {
            let delta: AgentsDelta = serde_json::from_str(part.data)?;
            self.change(delta.upsert, &delta.remove);
        }
        Ok(())
    }

    fn change(self, upsert: Vec<AgentItem>, remove: &[Arc<str>]) {
        self.by_id.try_update_value(|rows| {
            for id in remove {
                rows.remove(id);
            }
            for item in upsert {
                match rows.get(&item.agent_id) {
                    Some(row) if row.with_untracked(|had| had.as_ref() == Some(&item)) => {}
                    Some(row) => row.set(Some(item)),
                    None => _ = rows.insert(item.agent_id.clone(), Row::new(Some(item))),
                }
            }
        });
        self.version.try_update(|version| *version = version.wrapping_add(1));
    }

    /// One agent.
    pub fn row(self, id: &Arc<str>) -> Row {
        self.by_id.try_with_value(|rows| rows.get(id).cloned()).flatten().unwrap_or_default()
    }

    /// Ids of the agents in `state` (any if none is named) with `words` in id or name.
    pub fn select(self, state: Option<AgentState>, words: &str) -> Vec<Arc<str>> {
        self.version.track();
        if let Some(rendered) = self.rendered.get() {
            return rendered;
        }
        let fits = |item: &AgentItem| {
            state.is_none_or(|state| item.fsm_state == state)
                && (contains(&item.agent_id, words) || contains(&item.name, words))
        };
        self.by_id.with_value(|rows| {
            let chosen = rows
                .iter()
                .filter(|(_, row)| row.with_untracked(|item| item.as_ref().is_some_and(fits)));
            chosen.map(|(id, _)| id.clone()).collect()
        })
    }

    /// How many are in each state.
    pub fn counts(self) -> AgentCounts {
        self.version.track();
        if self.rendered.with(Option::is_some) {
            return self.counted.get_value();
        }
        let mut counts = AgentCounts::default();
        self.by_id.with_value(|rows| {
            for row in rows.values() {
                let state = row.with_untracked(|item| item.as_ref().map(|item| item.fsm_state));
                let place = match state {
                    Some(AgentState::Idle) => &mut counts.idle,
                    Some(AgentState::Assigned) => &mut counts.assigned,
                    Some(AgentState::Working) => &mut counts.working,
                    Some(AgentState::Blocked) => &mut counts.blocked,
                    Some(AgentState::Offline) => &mut counts.offline,
                    None => continue,
                };
                *place += 1;
                counts.total += 1;
            }
        });
        counts.online = counts.total - counts.offline;
        counts
    }
}
