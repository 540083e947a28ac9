//! Taking in events about agents and tasks.

use super::{Agent, DEFAULT_QUEUE, Outcomes, Queue, State, Task, Touched, subject};
use crate::domain::work::{AgentSeen, AgentState, Completion, Event, TaskStatus, WorkSettings};
use crate::wire::{Stamp, Timestamp};
use std::sync::Arc;

/// What the fold works with besides the event.
pub(super) struct Pass<'a> {
    pub stamp: &'a Stamp,
    /// Journal time: never before the event's own.
    pub now: Timestamp,
    pub settings: &'a WorkSettings,
    pub touched: &'a mut Vec<Touched>,
}

impl State {
    /// Takes in an event, received at `now`; adds to `touched` what it changed.
    pub fn fold(
        &mut self,
        stamp: &Stamp,
        event: &Event,
        now: Timestamp,
        settings: &WorkSettings,
        touched: &mut Vec<Touched>,
    ) {
        let pass = &mut Pass { stamp, now, settings, touched };
        match event {
            Event::AgentOnline(e) => self.agent(pass, &e.agent, true, |agent, at| {
                agent.introduce(e);
                agent.hear(at);
                // Whoever comes says where it stands; that is no move.
                agent.enter(at, e.state.unwrap_or(AgentState::Idle));
            }),
            Event::AgentHeartbeat(e) => self.agent_seen(pass, e, |agent| {
                // Who is heard of is not gone, whatever it said before.
                (!agent.is_online()).then_some(AgentState::Idle)
            }),
            Event::AgentOffline(e) => self.agent_seen(pass, e, |_| Some(AgentState::Offline)),
            Event::AgentMoved(e) => self.agent(pass, &e.agent, true, |agent, at| {
                agent.hear(at);
                agent.claim(at, e.state);
                // An idle agent may name the task it is done with.
                let on_task = !matches!(e.state, AgentState::Idle | AgentState::Offline);
                if let Some(task) = e.task.as_ref().filter(|_| on_task) {
                    agent.hold(task);
                }
            }),
            Event::CommandRequested(e) => self.command_requested(pass, e),
            Event::CommandDelivered(e) => self.command_delivered(pass, e),
            Event::CommandSettled(e) => self.command_settled(pass, e),
            Event::JobCreated(e) => self.job_created(pass, e),
            Event::JobSteered(e) => self.job_steered(pass, e),
            Event::JobExhausted(e) => self.job_exhausted(pass, e),
            Event::Queued(_)
            | Event::Assigned(_)
            | Event::Started(_)
            | Event::Progressed(_)
            | Event::Completed(_)
            | Event::Failed(_)
            | Event::DeadLettered(_)
            | Event::Cancelled(_) => self.task_event(pass, event),
        }
        if self.note_stranded(now) {
            touched.push(Touched::Totals);
        }
    }

    /// An agent says that it is there, or goes; `default` is what that means if it does not say
    /// what it does.
    fn agent_seen(
        &mut self,
        pass: &mut Pass<'_>,
        seen: &AgentSeen,
        default: fn(&Agent) -> Option<AgentState>,
    ) {
        self.agent(pass, &seen.agent, true, |agent, at| {
            agent.introduce(seen);
            let leaves = matches!(default(agent), Some(AgentState::Offline));
            if !leaves {
                agent.hear(at);
            }
            if let Some(state) = seen.state.filter(|_| !leaves).or_else(|| default(agent)) {
                agent.claim(at, state);
            }
        });
    }

    /// Changes an agent by an event of its own time; a late one changes nothing. `create` says
    /// whether the event makes an agent known.
    fn agent(
        &mut self,
        pass: &mut Pass<'_>,
        id: &Arc<str>,
        create: bool,
        change: impl FnOnce(&mut Agent, Timestamp),
    ) {
        let at = pass.stamp.time;
        let mut agent = match self.agents.get(id) {
            Some(had) if at < had.heard_at.max(had.moved_at()) => return,
            Some(had) => (**had).clone(),
            None if !create => return,
            None if self.agents.len() >= Self::MAX_AGENTS => {
                self.overflow = self.overflow.saturating_add(1);
                return;
            }
            None => Agent::new(id.clone(), pass.stamp),
        };
        let (before, known) = (agent.state, self.agents.contains_key(id));
        change(&mut agent, at);
        if !known {
            // What it says first is where it stands, and no move.
            (agent.illegal_moves, agent.last_illegal) = (0, None);
        }
        if agent.state != before || !known {
            pass.touched.push(Touched::Totals);
        }
        self.put_agent(id, Some(agent), pass.settings);
        pass.touched.push(Touched::Agent(id.clone()));
    }

    fn task_event(&mut self, pass: &mut Pass<'_>, event: &Event) {
        self.count(pass, event);
        let Some(id) = subject(event) else { return };
        let Some(before) = self.known(pass, id) else { return };
        let mut task = before.clone();
        task.fold(pass.stamp, event);
        let moved = task.status != before.status || task.updated_at > before.updated_at;
        let begun = task.assigned_at != before.assigned_at;
        self.follow_agent(pass, event, &before, &task);
        if begun && let Some(ms) = task.waited().filter(|_| before.status == TaskStatus::Queued) {
            self.note_wait(pass, &task, ms);
        }
        if task.status == TaskStatus::Completed && before.status != TaskStatus::Completed {
            self.complete(pass, &task);
        }
        if moved {
            self.tell_job(pass.now, &mut task, before.status);
        }
        for queue in [&before.queue, &task.queue] {
            pass.touched.push(Touched::Queue(queue.clone()));
        }
        pass.touched.push(Touched::Totals);
        self.move_task(pass, task);
        self.shed_failed(pass);
    }

    /// Puts a task in the place of what was known of it, and says so.
    pub(super) fn move_task(&mut self, pass: &mut Pass<'_>, task: Task) {
        let id = task.id.clone();
        if task.status.is_over() {
            pass.touched.push(Touched::Over(Arc::new(task.clone())));
        }
        self.put_task(task, pass.settings);
        pass.touched.push(Touched::Task(id));
    }

    /// What is known of a task so far; `None` if the event says nothing about it any more, or there
    /// is no room for it.
    fn known(&mut self, pass: &Pass<'_>, id: &Arc<str>) -> Option<Task> {
        if let Some(had) = self.tasks.get(id) {
            return Some((**had).clone());
        }
        if self.finished.outlived(id, pass.stamp.time) {
            return None;
        }
        if self.tasks.len() >= Self::MAX_TASKS {
            self.overflow = self.overflow.saturating_add(1);
            return None;
        }
        Some(Task::new(id.clone(), pass.stamp))
    }

    /// Lets the agent follow its task: whoever is given one has one, and whoever ends it is free.
    /// It does not make an agent known, and flags nothing: the agent has said nothing itself.
    fn follow_agent(&mut self, pass: &mut Pass<'_>, event: &Event, before: &Task, task: &Task) {
        let id = &task.id;
        if before.agent != task.agent
            && let Some(had) = before.agent.clone()
        {
            self.agent(pass, &had, false, |agent, at| agent.leave(at, id));
        }
        let Some(agent) = task.agent.clone() else { return };
        let late = pass.stamp.time < task.updated_at;
        match event {
            _ if late => {}
            Event::Assigned(_) => self.agent(pass, &agent, false, |a, at| a.take(at, id, false)),
            Event::Started(_) | Event::Progressed(_) => {
                let news = before.status != TaskStatus::Working || before.agent != task.agent;
                self.agent(pass, &agent, false, |a, at| {
                    a.hear(at);
                    if news || !a.running.contains(id) {
                        a.take(at, id, true);
                    }
                });
            }
            _ => {
                let spoke = matches!(event, Event::Completed(_) | Event::Failed(_));
                self.agent(pass, &agent, false, |a, at| {
                    if spoke {
                        a.hear(at);
                    }
                    a.leave(at, id);
                });
            }
        }
    }

    /// Counts how a task ended, at the event's own time.
    fn count(&mut self, pass: &mut Pass<'_>, event: &Event) {
        let (id, agent, outcomes) = match event {
            Event::Completed(e) => {
                let run = e.duration_ms.filter(|ms| ms.is_finite());
                let outcomes = Outcomes {
                    completed: 1,
                    failed: 0,
                    tokens: e.tokens_used.unwrap_or_default(),
                    cost_usd: e.cost_usd.unwrap_or_default(),
                    run_ms: run.unwrap_or_default(),
                    runs: u64::from(run.is_some()),
                };
                (&e.task, &e.agent, outcomes)
            }
            Event::Failed(e) => (&e.task, &e.agent, Outcomes { failed: 1, ..Outcomes::default() }),
            _ => return,
        };
        let at = pass.stamp.time;
        let task = self.tasks.get(id).cloned();
        super::add(self.hour.at(at), &outcomes);
        super::add(self.hours.at(at), &outcomes);
        let queue = task.as_ref().map_or_else(|| DEFAULT_QUEUE.into(), |task| task.queue.clone());
        super::add(self.queue_mut(&queue).and_then(|queue| queue.hour.at(at)), &outcomes);
        let agent = agent.clone().or_else(|| task.and_then(|task| task.agent.clone()));
        if let Some(had) = agent.and_then(|id| self.agents.get_mut(&id)) {
            super::add(Arc::make_mut(had).hour.at(at), &outcomes);
            pass.touched.push(Touched::Agent(had.id.clone()));
        }
        pass.touched.push(Touched::Queue(queue));
        pass.touched.push(Touched::Totals);
    }

    fn note_wait(&mut self, pass: &mut Pass<'_>, task: &Task, ms: f64) {
        let at = pass.stamp.time;
        pass.touched.extend(task.agent.clone().map(Touched::Agent));
        if let Some(sketch) = self.queue_mut(&task.queue).and_then(|queue| queue.waits.at(at)) {
            Arc::make_mut(sketch).add(ms);
        }
        let agent = task.agent.as_ref().and_then(|id| self.agents.get_mut(id));
        if let Some(sketch) = agent.and_then(|agent| Arc::make_mut(agent).waits.at(at)) {
            Arc::make_mut(sketch).add(ms);
        }
    }

    fn complete(&mut self, pass: &mut Pass<'_>, task: &Task) {
        self.completed = self.completed.saturating_add(1);
        let at = pass.stamp.time;
        pass.touched.extend(task.agent.clone().map(Touched::Agent));
        if let Some(ms) = task.duration_ms {
            if let Some(sketch) = self.queue_mut(&task.queue).and_then(|queue| queue.runs.at(at)) {
                Arc::make_mut(sketch).add(ms);
            }
            let agent = task.agent.as_ref().and_then(|id| self.agents.get_mut(id));
            if let Some(sketch) = agent.and_then(|agent| Arc::make_mut(agent).runs.at(at)) {
                Arc::make_mut(sketch).add(ms);
            }
        }
        let completion = Completion {
            task_id: task.id.clone(),
            agent_id: task.agent.clone(),
            description: task.description.clone(),
            queue: task.queue.clone(),
            duration_ms: task.duration_ms,
            tokens_used: task.tokens_used,
            cost_usd: task.cost_usd,
            completed_at: at,
        };
        let newer = self.completions.iter().take_while(|had| had.completed_at > at).count();
        if newer < Self::MAX_COMPLETIONS {
            self.completions.insert(newer, Arc::new(completion));
            self.completions.truncate(Self::MAX_COMPLETIONS.min(self.completions.len()));
        }
    }

    /// Lets the oldest failed tasks leave when there are too many of them.
    fn shed_failed(&mut self, pass: &Pass<'_>) {
        while self.index.count(TaskStatus::Failed) > Self::MAX_FAILED as u64 {
            let is_failed = |id: &Arc<str>| {
                self.tasks.get(id).is_some_and(|task| task.status == TaskStatus::Failed)
            };
            let oldest =
                self.index.ended.iter().map(|(_, id)| id).find(|id| is_failed(id)).cloned();
            let Some(oldest) = oldest else { return };
            self.drop_task(&oldest, pass.settings);
            self.failed_gone = self.failed_gone.saturating_add(1);
        }
    }

    /// A queue, made if there is room for it.
    pub(super) fn queue_mut(&mut self, name: &Arc<str>) -> Option<&mut Queue> {
        if !self.queues.contains_key(name) {
            if self.queues.len() >= Self::MAX_QUEUES {
                return None;
            }
            self.queues.insert(name.clone(), Arc::default());
        }
        self.queues.get_mut(name).map(Arc::make_mut)
    }
}
