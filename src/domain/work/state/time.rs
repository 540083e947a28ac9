//! What time alone changes.

use super::{Due, State, Touched};
use crate::domain::work::{CommandStatus, WorkSettings};
use crate::wire::Timestamp;

impl State {
    /// Brings the state to `now`: checks of depth that are due, agents that have fallen silent,
    /// tasks that are stuck, commands that have expired.
    pub fn advance(&mut self, now: Timestamp, settings: &WorkSettings, touched: &mut Vec<Touched>) {
        self.check_depth(now, settings, touched);
        while let Some((at, due)) = self.index.due.get_min()
            && *at <= now
        {
            let (at, due) = (*at, due.clone());
            self.index.due.remove(&(at, due.clone()));
            match due {
                Due::Agent(id) => self.agent_is_due(&id, at, settings, touched),
                Due::Task(id) => {
                    touched.push(Touched::Task(id.clone()));
                    self.index.stuck.insert(id);
                }
                Due::Command(id) => {
                    self.settle(&id, at, CommandStatus::Expired, None);
                    let task = self.commands.get(&id).map(|command| command.task_id.clone());
                    touched.extend(task.map(Touched::Task));
                    touched.push(Touched::Totals);
                }
            }
        }
    }

    fn agent_is_due(
        &mut self,
        id: &std::sync::Arc<str>,
        at: Timestamp,
        settings: &WorkSettings,
        touched: &mut Vec<Touched>,
    ) {
        touched.push(Touched::Agent(id.clone()));
        touched.push(Touched::Totals);
        let Some(had) = self.agents.get(id) else { return };
        if had.is_online() {
            let mut agent = (**had).clone();
            agent.fall_silent(at);
            self.put_agent(id, Some(agent), settings);
        } else {
            self.put_agent(id, None, settings);
        }
    }

    /// Looks at the depth of the queues at every whole interval since the epoch. Nothing happened
    /// between the last event and now, so all checks missed since then find the same.
    fn check_depth(&mut self, now: Timestamp, settings: &WorkSettings, touched: &mut Vec<Touched>) {
        let interval = ((settings.queue_check_interval_s * 1_000.0) as i64).max(1);
        let current = now.ms().div_euclid(interval);
        if current <= self.checked {
            return;
        }
        let missed = current - self.checked;
        let first = Timestamp::from_ms(current.min(self.checked + 1) * interval);
        self.checked = current;
        let times = missed.min(2);
        let depth = self.index.tasks.first().copied().unwrap_or_default();
        (0..times).for_each(|_| self.growth.check(first, depth));
        let changed: Vec<_> = self
            .queues
            .iter()
            .filter(|(_, queue)| {
                queue.depth() != queue.growth.depth
                    || queue.growth.checks > 0
                    || queue.is_forgotten(now)
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in changed {
            touched.push(Touched::Queue(name.clone()));
            if self.queues.get(&name).is_some_and(|queue| queue.is_forgotten(now)) {
                self.queues.remove(&name);
            } else if let Some(queue) = self.queue_mut(&name) {
                let depth = queue.depth();
                (0..times).for_each(|_| queue.growth.check(first, depth));
            }
        }
        touched.push(Touched::Totals);
    }

    /// Notes since when tasks wait and nobody is there.
    pub(super) fn note_stranded(&mut self, now: Timestamp) -> bool {
        let [queued, ..] = self.index.tasks;
        let online: u64 = self.index.agents.iter().take(4).sum();
        let stranded = queued > 0 && online == 0;
        let changed = stranded != self.stranded_since.is_some();
        if changed {
            self.stranded_since = stranded.then_some(now);
        }
        changed
    }

    /// When [`Self::advance`] next changes anything.
    pub fn next_due(&self, settings: &WorkSettings) -> Option<Timestamp> {
        let interval = ((settings.queue_check_interval_s * 1_000.0) as i64).max(1);
        let [queued, ..] = self.index.tasks;
        // A check says something new only while the depth moves or has moved.
        let moving = queued != self.growth.depth || self.growth.checks > 0 || queued > 0;
        let check = moving.then(|| Timestamp::from_ms((self.checked + 1) * interval));
        let due = self.index.due.get_min().map(|(at, _)| *at);
        check.into_iter().chain(due).min()
    }

    /// Looks at everything again after the settings have changed, which is rare.
    pub fn retune(
        &mut self,
        now: Timestamp,
        before: &WorkSettings,
        settings: &WorkSettings,
        touched: &mut Vec<Touched>,
    ) {
        if before == settings {
            return;
        }
        if before.queue_check_interval_s != settings.queue_check_interval_s {
            let interval = ((settings.queue_check_interval_s * 1_000.0) as i64).max(1);
            self.checked = now.ms().div_euclid(interval);
        }
        let mut silent: Vec<_> = Vec::new();
        for (id, agent) in &self.agents {
            // Who was silent for too long may not be by the new measure.
            if agent.silent.is_some() && agent.heard_at.plus(agent.patience_ms(settings)) > now {
                silent.push(id.clone());
            }
        }
        self.index.stuck = imbl::OrdSet::new();
        for id in silent {
            let Some(had) = self.agents.get(&id) else { continue };
            let mut agent = (**had).clone();
            agent.wake(agent.since);
            self.agents.insert(id, std::sync::Arc::new(agent));
        }
        self.reindex(Timestamp::from_ms(i64::MIN), settings);
        touched.extend(self.agents.keys().cloned().map(Touched::Agent));
        touched.extend(
            self.tasks
                .values()
                .filter(|t| t.status.is_running())
                .map(|t| Touched::Task(t.id.clone())),
        );
        touched.extend(self.queues.keys().cloned().map(Touched::Queue));
        touched.push(Touched::Totals);
    }
}
