//! What is shown of agents and tasks; each topic only while somebody follows it.

use super::super::board::Refreshed;
use super::super::dashboard_events;
use super::super::hub::{Change, Hub};
use super::{Aggregate, push};
use crate::domain::work::{
    self, AgentsDelta, TaskDelta, TaskDetail, TaskItem, TaskStep, TasksDelta, WorkDelta, WorkPage,
};
use crate::domain::{Envelope, Event, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Findings about work that readers are shown.
pub(super) const MAX_FINDINGS: usize = 100;

/// What has happened to a task since the last flush.
#[derive(Debug, Default)]
pub(super) struct Watched {
    history: Vec<TaskStep>,
    result: Option<serde_json::Value>,
}

impl Watched {
    fn note(&mut self, step: TaskStep, event: &work::Event) {
        // A page shows no more than that.
        if self.history.len() >= TaskDetail::MAX_STEPS {
            self.history.remove(0);
        }
        self.history.push(step);
        self.result = work::outcome(event).cloned().or_else(|| self.result.take());
    }
}

impl Aggregate {
    /// Notes what has happened to a task whose page somebody follows.
    pub(super) fn watch(&mut self, envelope: &Envelope) {
        let Event::Work(event) = &envelope.event else { return };
        if self.watched.is_empty() {
            return;
        }
        if let Some((task, step)) = work::step(&envelope.stamp, event)
            && let Some(watched) = self.watched.get_mut(&task)
        {
            watched.note(step, event);
        }
    }

    /// What has happened since the last flush to a task whose page somebody follows only since
    /// then.
    fn noted(&self, id: &Arc<str>) -> Watched {
        let mut watched = Watched::default();
        for envelope in &self.held {
            if let Event::Work(event) = &envelope.event
                && work::state::subject(event) == Some(id)
                && let Some((_, step)) = work::step(&envelope.stamp, event)
            {
                watched.note(step, event);
            }
        }
        watched
    }

    pub(super) fn show_work(
        &mut self,
        refreshed: &Refreshed,
        asked: &mut Vec<Topic>,
        hub: &Hub,
        changes: &mut Vec<Change>,
    ) {
        let cut = std::mem::take(&mut self.held_cut);
        if cut {
            // What happened to a task before anybody watched is not all here: whoever follows its
            // page is given a snapshot.
            asked.retain(|topic| match topic {
                Topic::Task(id) => self.watched.contains_key(id),
                _ => true,
            });
        }
        if refreshed.work {
            self.work_findings = self.board.work_findings(MAX_FINDINGS);
        }
        let mut watched = BTreeMap::new();
        for topic in &*asked {
            match topic {
                Topic::Agents if !refreshed.agents.is_empty() => {
                    push(changes, Topic::Agents, &self.agents_delta(refreshed));
                }
                Topic::Tasks if !refreshed.tasks.is_empty() => {
                    push(changes, Topic::Tasks, &self.tasks_delta(refreshed));
                }
                Topic::Work if refreshed.work => {
                    // What the followers have is what was published last.
                    let shown = hub.published();
                    let delta = shown.work_page().value.diff(&self.work_page());
                    if delta != WorkDelta::default() {
                        push(changes, Topic::Work, &delta);
                    }
                }
                Topic::DashboardSocket => {
                    let frame = dashboard_events::frame(&self.held, cut, refreshed, self.state.now);
                    changes.extend(frame.map(|data| Change { topic: topic.clone(), data }));
                }
                Topic::Task(id) => {
                    let noted = self.watched.remove(id).unwrap_or_else(|| self.noted(id));
                    let rest = match self.task_item(refreshed, id) {
                        Some(item) => {
                            let Watched { history, result } = noted;
                            push(changes, topic.clone(), &TaskDelta { item, result, history });
                            Watched::default()
                        }
                        // Told once the task is: there is no delta without it.
                        None => noted,
                    };
                    watched.insert(id.clone(), rest);
                }
                _ => {}
            }
        }
        self.watched = watched;
    }

    fn work_page(&self) -> WorkPage {
        let (state, settings) = (&self.state.work, &self.state.settings.work);
        work::build::page(state, &self.work_findings, self.state.now, settings, self.cursor())
    }

    fn agents_delta(&self, refreshed: &Refreshed) -> AgentsDelta {
        let changed = refreshed.agents.iter();
        let gone = refreshed.agents.iter().filter(|change| change.item.is_none());
        AgentsDelta {
            total: self.board.agents.len(),
            upsert: changed.filter_map(|change| change.item.as_deref().cloned()).collect(),
            remove: gone.map(|change| change.id.clone()).collect(),
        }
    }

    fn tasks_delta(&self, refreshed: &Refreshed) -> TasksDelta {
        let state = &self.state.work;
        let live = refreshed.tasks.iter().filter_map(|id| state.tasks.get(id));
        let over = refreshed.over.iter().filter(|task| !state.tasks.contains_key(&task.id));
        TasksDelta {
            total: state.tasks.len(),
            upsert: over
                .map(|task| work::build::record(task))
                .chain(live.map(|task| work::build::task(state, task)))
                .collect(),
        }
    }

    /// A task as it is now, if it may be another than at the last flush.
    fn task_item(&self, refreshed: &Refreshed, id: &Arc<str>) -> Option<TaskItem> {
        let state = &self.state.work;
        if let Some(task) = state.tasks.get(id).filter(|_| refreshed.tasks.contains(id)) {
            return Some(work::build::task(state, task));
        }
        let over = refreshed.over.iter().rev().find(|task| task.id == *id)?;
        Some(work::build::record(over))
    }
}
