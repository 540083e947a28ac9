//! Counts and orders over the entities, so that a reader never looks at all of them.

use super::{Agent, State, Task};
use crate::domain::work::{CommandItem, Priority, TaskStatus, WorkSettings};
use crate::wire::Timestamp;
use imbl::{OrdMap, OrdSet};
use std::sync::Arc;

/// What time alone will change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// An agent falls silent, or is forgotten.
    Agent(Arc<str>),
    /// A task is stuck.
    Task(Arc<str>),
    /// A command expires.
    Command(Arc<str>),
}

/// What follows from the entities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// How many agents there are in each state, in the order of [`super::super::AgentState`].
    pub agents: [u64; 5],
    /// How many tasks there are in each status, in the order of [`TaskStatus`].
    pub tasks: [u64; 7],
    /// How many waiting tasks there are of each priority.
    pub priorities: [u64; 4],
    /// Waiting tasks, the most urgent and oldest first.
    pub waiting: OrdSet<(Priority, Timestamp, Arc<str>)>,
    /// Waiting tasks by queue, oldest first.
    pub by_queue: OrdSet<(Arc<str>, Timestamp, Arc<str>)>,
    /// Failed tasks and dead letters, oldest first.
    pub ended: OrdSet<(Timestamp, Arc<str>)>,
    /// Dead letters by fingerprint, oldest first.
    pub by_error: OrdSet<(Arc<str>, Timestamp, Arc<str>)>,
    /// How many dead letters there are of each fingerprint.
    pub errors: OrdMap<Arc<str>, u64>,
    /// What time alone will change, soonest first.
    pub due: OrdSet<(Timestamp, Due)>,
    /// Tasks that somebody is on, and that are without news for too long.
    pub stuck: OrdSet<Arc<str>>,
    /// Open commands by owner, oldest first.
    pub open: OrdSet<(Arc<str>, Timestamp, Arc<str>)>,
}

impl Index {
    /// How many tasks there are in a status.
    pub fn count(&self, status: TaskStatus) -> u64 {
        self.tasks.get(status as usize).copied().unwrap_or_default()
    }
}

fn step(counts: &mut [u64], at: usize, add: bool) {
    if let Some(n) = counts.get_mut(at) {
        *n = if add { n.saturating_add(1) } else { n.saturating_sub(1) };
    }
}

fn keep<A: Ord + Clone>(set: &mut OrdSet<A>, key: A, add: bool) {
    if add {
        set.insert(key);
    } else {
        set.remove(&key);
    }
}

/// When a task is stuck that somebody is on: a moment after the longest silence allowed.
fn stuck_at(task: &Task, settings: &WorkSettings) -> Timestamp {
    task.updated_at.plus((settings.stuck_after_s * 1_000.0) as i64 + 1)
}

impl Index {
    fn agent(&mut self, agent: &Agent, settings: &WorkSettings, add: bool) {
        step(&mut self.agents, agent.state as usize, add);
        keep(&mut self.due, (agent.due(settings), Due::Agent(agent.id.clone())), add);
    }

    fn task(&mut self, task: &Task, settings: &WorkSettings, add: bool) {
        let id = &task.id;
        step(&mut self.tasks, task.status as usize, add);
        match task.status {
            TaskStatus::Queued => {
                let since = task.queued_at.unwrap_or(task.created_at);
                step(&mut self.priorities, usize::from(task.priority.get()), add);
                keep(&mut self.waiting, (task.priority, since, id.clone()), add);
                keep(&mut self.by_queue, (task.queue.clone(), since, id.clone()), add);
            }
            TaskStatus::Assigned | TaskStatus::Working => {
                if !add {
                    self.stuck.remove(id);
                }
                keep(&mut self.due, (stuck_at(task, settings), Due::Task(id.clone())), add);
            }
            TaskStatus::DeadLetter | TaskStatus::Failed => self.ended(task, add),
            TaskStatus::Completed | TaskStatus::Cancelled => {}
        }
    }

    fn ended(&mut self, task: &Task, add: bool) {
        let ended = task.ended_at.unwrap_or(task.updated_at);
        keep(&mut self.ended, (ended, task.id.clone()), add);
        let print = match &task.fingerprint {
            Some(print) if task.status == TaskStatus::DeadLetter => print,
            _ => return,
        };
        keep(&mut self.by_error, (print.clone(), ended, task.id.clone()), add);
        let n = self.errors.get(print).copied().unwrap_or_default();
        match if add { n + 1 } else { n.saturating_sub(1) } {
            0 => self.errors.remove(print),
            n => self.errors.insert(print.clone(), n),
        };
    }

    fn command(&mut self, command: &CommandItem, add: bool) {
        if command.status.is_open() {
            let key = (command.source.clone(), command.created_at, command.id.clone());
            keep(&mut self.open, key, add);
            keep(&mut self.due, (command.deadline, Due::Command(command.id.clone())), add);
        }
    }
}

/// Whether two states of a task stand at the same places of the index.
fn same_place(a: &Task, b: &Task) -> bool {
    a.status == b.status
        && a.updated_at == b.updated_at
        && a.queue == b.queue
        && (a.priority, a.queued_at, a.ended_at) == (b.priority, b.queued_at, b.ended_at)
        && a.fingerprint == b.fingerprint
}

impl State {
    /// Puts an agent in the place of what was known of it; `None` forgets it.
    pub(super) fn put_agent(
        &mut self,
        id: &Arc<str>,
        next: Option<Agent>,
        settings: &WorkSettings,
    ) {
        if let Some(had) = self.agents.get(id) {
            self.index.agent(had, settings, false);
        }
        match next {
            Some(agent) => {
                self.index.agent(&agent, settings, true);
                self.agents.insert(id.clone(), Arc::new(agent));
            }
            None => {
                self.agents.remove(id);
            }
        }
    }

    /// Puts a task in the place of what was known of it; one that is over leaves.
    pub(super) fn put_task(&mut self, next: Task, settings: &WorkSettings) {
        let id = next.id.clone();
        let had = self.tasks.get(&id).cloned();
        if had.as_ref().is_none_or(|had| !same_place(had, &next)) {
            if let Some(had) = &had {
                self.index.task(had, settings, false);
                self.count_in_queue(had, false);
            }
            if !next.status.is_over() {
                self.index.task(&next, settings, true);
                self.count_in_queue(&next, true);
            }
        }
        if next.status.is_over() {
            self.tasks.remove(&id);
            self.finished.end(&id, next.ended_at.unwrap_or(next.updated_at));
        } else {
            self.tasks.insert(id, Arc::new(next));
        }
    }

    /// Lets a task leave that is not over.
    pub(super) fn drop_task(&mut self, id: &Arc<str>, settings: &WorkSettings) {
        if let Some(had) = self.tasks.remove(id) {
            self.index.task(&had, settings, false);
            self.count_in_queue(&had, false);
            self.finished.end(id, had.updated_at);
        }
    }

    fn count_in_queue(&mut self, task: &Task, add: bool) {
        if let Some(queue) = self.queue_mut(&task.queue) {
            step(&mut queue.counts, task.status as usize, add);
        }
    }

    /// Puts a command in the place of what was known of it.
    pub(super) fn put_command(&mut self, next: CommandItem) {
        if let Some(had) = self.commands.get(&next.id) {
            self.index.command(had, false);
        }
        self.index.command(&next, true);
        self.commands.insert(next.id.clone(), Arc::new(next));
    }

    /// Makes the index anew, as of `now`.
    pub fn reindex(&mut self, now: Timestamp, settings: &WorkSettings) {
        let mut index = Index::default();
        self.agents.values().for_each(|agent| index.agent(agent, settings, true));
        self.tasks.values().for_each(|task| index.task(task, settings, true));
        self.commands.values().for_each(|command| index.command(command, true));
        // What is due already has been seen to, but for agents, whose next moment has taken its
        // place.
        while let Some((at, due)) = index.due.get_min().cloned()
            && at <= now
        {
            if let Due::Task(id) = &due {
                index.stuck.insert(id.clone());
            }
            index.due.remove(&(at, due));
        }
        self.index = index;
    }

    /// Open commands for `source`, oldest first.
    pub fn open_for(&self, source: &str) -> impl Iterator<Item = &Arc<CommandItem>> {
        let source: Arc<str> = source.into();
        let first = (source.clone(), Timestamp::from_ms(i64::MIN), Arc::from(""));
        self.index
            .open
            .range(first..)
            .take_while(move |(owner, ..)| *owner == source)
            .filter_map(|(_, _, id)| self.commands.get(id))
    }

    /// Since when the longest-waiting task of a queue waits.
    pub fn oldest_in(&self, queue: &Arc<str>) -> Option<Timestamp> {
        let first = (queue.clone(), Timestamp::from_ms(i64::MIN), Arc::from(""));
        let (of, since, _) = self.index.by_queue.range(first..).next()?;
        (of == queue).then_some(*since)
    }
}
