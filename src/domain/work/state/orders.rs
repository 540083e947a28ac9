//! What is asked of the owners of tasks: commands, and jobs made of them.

use super::fold::Pass;
use super::{State, Task, Touched};
use crate::domain::work::{
    CommandDelivered, CommandItem, CommandRequested, CommandSettled, CommandStatus, Event,
    JobCreated, JobExhausted, JobItem, JobStatus, JobSteered, Steering, TaskFilter, TaskStatus,
};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Commands of the first and of the first two stages of a canary.
const CANARY: [u64; 2] = [1, 6];

/// A job, and where it stands in its tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What people see of it.
    pub item: JobItem,
    /// The tasks it is about, if they were named.
    #[serde(default)]
    tasks: Vec<Arc<str>>,
    /// How many of `tasks` have been looked at.
    #[serde(default)]
    looked_at: usize,
    /// The last one that a command was sent about, and when that had ended.
    #[serde(default)]
    last: Option<(Timestamp, Arc<str>)>,
    /// Whether no task is left.
    #[serde(default)]
    exhausted: bool,
    /// Cancelled tasks: nothing came of them.
    #[serde(default)]
    dropped: u64,
}

/// Which tasks a job would be about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preview {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub sample: Vec<Arc<str>>,
    /// Named ones that cannot be retried, the first of them.
    pub skipped: Vec<Arc<str>>,
}

impl Preview {
    /// Tasks that are named.
    const SAMPLE: usize = 10;

    fn take(&mut self, id: &Arc<str>) {
        self.count += 1;
        if self.sample.len() < Self::SAMPLE {
            self.sample.push(id.clone());
        }
    }
}

impl Job {
    /// Whether it may send a command now, but for its rate.
    pub fn may_send(&self) -> bool {
        let item = &self.item;
        let limit = match item.canary_stage {
            Some(stage) => CANARY.get(usize::from(stage.saturating_sub(1))).copied(),
            None => None,
        };
        item.status == JobStatus::Running
            && !self.exhausted
            && item.sent < limit.unwrap_or(item.total).min(item.total)
    }

    /// Commands whose outcome is known.
    const fn resolved(&self) -> u64 {
        self.item.completed + self.failed() + self.dropped
    }

    const fn failed(&self) -> u64 {
        self.item.failed_again + self.item.refused + self.item.expired
    }

    const fn answered(&self) -> u64 {
        self.item.done + self.item.refused + self.item.expired
    }

    /// Goes on to the next stage of its canary, or ends, as what is known allows.
    fn judge(&mut self) {
        if self.item.status == JobStatus::Running
            && let Some(stage) = self.item.canary_stage
        {
            let before = if stage == 1 { 0 } else { 1 };
            let upto = if stage == 1 { 1 } else { 6.min(self.item.total) };
            // Stage 2 is entered only when the first task came off, so all failures are its own.
            let failed = self.failed();
            if failed * 2 > upto - before {
                self.item.status = JobStatus::Stopped;
                self.item.reason = Some(format!(
                    "{failed} of the {} tasks tried first failed again",
                    upto - before
                ));
                return;
            }
            if self.resolved() >= upto {
                self.item.canary_stage = (stage == 1 && self.item.total > 1).then_some(2);
            }
        }
        let all_sent = self.exhausted || self.item.sent >= self.item.total;
        if self.item.status == JobStatus::Running && all_sent && self.answered() >= self.item.sent {
            self.item.skipped = self.item.total.saturating_sub(self.item.sent);
            self.item.canary_stage = None;
            self.item.status = JobStatus::Done;
        }
    }
}

impl State {
    /// Which tasks a retry of `filter` would be about.
    pub fn preview(&self, filter: &TaskFilter) -> Preview {
        let mut preview = Preview::default();
        for (_, id) in &self.index.ended {
            if self
                .tasks
                .get(id)
                .is_some_and(|task| self.is_free(task) && filter.matches(task.filtered()))
            {
                preview.take(id);
            }
        }
        preview
    }

    /// Which of these tasks a retry would be about.
    pub fn preview_of(&self, ids: &[Arc<str>]) -> Preview {
        let mut preview = Preview::default();
        for id in ids {
            if self.tasks.get(id).is_some_and(|task| self.is_free(task)) {
                preview.take(id);
            } else if preview.skipped.len() < Preview::SAMPLE {
                preview.skipped.push(id.clone());
            }
        }
        preview
    }

    /// Whether a task can be retried and nothing is asked of its owner yet.
    fn is_free(&self, task: &Task) -> bool {
        task.status.can_be_retried() && self.command_of(task).is_none_or(|c| !c.status.is_open())
    }

    /// The newest command about a task.
    pub fn command_of(&self, task: &Task) -> Option<&Arc<CommandItem>> {
        self.commands.get(task.command.as_ref()?)
    }

    /// The next task a job is to send a command about; none if there is none left.
    pub fn next_for_job(&self, job: &Job) -> Option<Arc<str>> {
        let free = |id: &Arc<str>| self.tasks.get(id).filter(|task| self.is_free(task));
        let Some(filter) = &job.item.filter else {
            return job.tasks.iter().skip(job.looked_at).find(|id| free(id).is_some()).cloned();
        };
        let first = job.last.clone().unwrap_or((Timestamp::from_ms(i64::MIN), "".into()));
        // What ended after the job was asked for was not meant; a task that fails again is not
        // tried twice.
        self.index
            .ended
            .range(first.clone()..)
            .skip_while(|at| **at == first)
            .take_while(|(ended, _)| *ended <= job.item.created_at)
            .find(|(_, id)| free(id).is_some_and(|task| filter.matches(task.filtered())))
            .map(|(_, id)| id.clone())
    }

    pub(super) fn command_requested(&mut self, pass: &mut Pass<'_>, e: &CommandRequested) {
        // Requests may have crossed each other, or the end of the task: the first one counts, and
        // only while there is something to be asked.
        let asked = |task: &Task| self.command_of(task).is_some_and(|c| c.status.is_open());
        if self.tasks.get(&e.task).is_none_or(|task| asked(task)) {
            return;
        }
        let at = pass.stamp.at;
        self.put_command(CommandItem {
            id: e.command.clone(),
            command: e.kind,
            task_id: e.task.clone(),
            status: CommandStatus::Pending,
            source: e.source.clone(),
            actor: e.actor.clone(),
            created_at: at,
            delivered_at: None,
            settled_at: None,
            deadline: e.deadline,
            detail: None,
            job: e.job.clone(),
        });
        let task = self.tasks.get(&e.task).cloned();
        if let Some(job) = e.job.as_ref().and_then(|id| self.jobs.get_mut(id)) {
            let job = Arc::make_mut(job);
            job.item.sent = job.item.sent.saturating_add(1);
            job.item.updated_at = at;
            if let Some(found) = job.tasks.iter().skip(job.looked_at).position(|id| *id == e.task) {
                job.looked_at += found + 1;
            }
            job.last = task.as_ref().map(|t| (t.ended_at.unwrap_or(t.updated_at), t.id.clone()));
        }
        if let Some(task) = self.tasks.get_mut(&e.task) {
            let task = Arc::make_mut(task);
            task.command = Some(e.command.clone());
            task.job = e.job.clone();
        }
        touch(pass, &e.task);
    }

    pub(super) fn command_delivered(&mut self, pass: &mut Pass<'_>, e: &CommandDelivered) {
        let Some(had) = self.commands.get(&e.command) else { return };
        if had.status != CommandStatus::Pending {
            return;
        }
        let mut next = (**had).clone();
        (next.status, next.delivered_at) = (CommandStatus::Delivered, Some(pass.stamp.at));
        self.put_command(next);
        touch(pass, &e.task);
    }

    pub(super) fn command_settled(&mut self, pass: &mut Pass<'_>, e: &CommandSettled) {
        let open = self.commands.get(&e.command).is_some_and(|had| had.status.is_open());
        if !open {
            return;
        }
        self.settle(&e.command, pass.stamp.at, e.status, e.detail.clone());
        touch(pass, &e.task);
        let Some(had) = self.tasks.get(&e.task).cloned() else { return };
        let mut task = (*had).clone();
        task.fold(pass.stamp, &Event::CommandSettled(e.clone()));
        if task != *had {
            pass.touched.push(Touched::Queue(task.queue.clone()));
            self.tell_job(pass.now, &mut task, had.status);
            self.move_task(pass, task);
        }
    }

    /// A command is answered, or has expired, at `at`.
    pub(super) fn settle(
        &mut self,
        id: &Arc<str>,
        at: Timestamp,
        status: CommandStatus,
        detail: Option<String>,
    ) {
        let Some(had) = self.commands.get(id) else { return };
        let mut next = (**had).clone();
        (next.status, next.settled_at, next.detail) = (status, Some(at), detail);
        let (task, job) = (next.task_id.clone(), next.job.clone());
        self.put_command(next);
        self.settled.push_back(id.clone());
        if self.settled.len() > Self::MAX_SETTLED
            && let Some(oldest) = self.settled.pop_front()
        {
            self.commands.remove(&oldest);
        }
        if status != CommandStatus::Done
            && let Some(task) = self.tasks.get_mut(&task)
        {
            Arc::make_mut(task).job = None;
        }
        if let Some(job) = job.and_then(|id| self.jobs.get_mut(&id)) {
            let job = Arc::make_mut(job);
            job.item.updated_at = at;
            *match status {
                CommandStatus::Refused => &mut job.item.refused,
                CommandStatus::Expired => &mut job.item.expired,
                _ => &mut job.item.done,
            } += 1;
            job.judge();
        }
    }

    /// Tells the job that had a task tried again what came of it.
    pub(super) fn tell_job(&mut self, now: Timestamp, task: &mut Task, before: TaskStatus) {
        if task.status == before {
            return;
        }
        let Some(job) = task.job.as_ref().and_then(|id| self.jobs.get_mut(id)) else { return };
        let job = Arc::make_mut(job);
        *match task.status {
            TaskStatus::Completed => &mut job.item.completed,
            TaskStatus::Failed | TaskStatus::DeadLetter => &mut job.item.failed_again,
            TaskStatus::Cancelled => &mut job.dropped,
            TaskStatus::Queued | TaskStatus::Assigned | TaskStatus::Working => return,
        } += 1;
        task.job = None;
        job.item.updated_at = now;
        job.judge();
    }

    pub(super) fn job_created(&mut self, pass: &mut Pass<'_>, e: &JobCreated) {
        let at = pass.stamp.at;
        if self.jobs.len() >= Self::MAX_JOBS {
            let over = self.jobs.values().filter(|job| !job.item.status.is_open());
            let oldest = over.min_by_key(|job| (job.item.created_at, job.item.id.clone()));
            match oldest.map(|job| job.item.id.clone()) {
                Some(oldest) => self.jobs.remove(&oldest),
                None => return,
            };
        }
        let item = JobItem {
            id: e.job.clone(),
            command: e.kind,
            status: JobStatus::Running,
            actor: e.actor.clone(),
            filter: e.filter.clone(),
            created_at: at,
            updated_at: at,
            rate_per_s: e.rate_per_s,
            canary: e.canary,
            canary_stage: e.canary.then_some(1),
            total: e.total,
            sent: 0,
            done: 0,
            refused: 0,
            expired: 0,
            skipped: 0,
            completed: 0,
            failed_again: 0,
            reason: None,
        };
        let (tasks, looked_at, last) = (e.tasks.clone(), 0, None);
        let mut job = Job { item, tasks, looked_at, last, exhausted: false, dropped: 0 };
        job.judge();
        self.jobs.insert(e.job.clone(), Arc::new(job));
        pass.touched.push(Touched::Totals);
    }

    pub(super) fn job_steered(&mut self, pass: &mut Pass<'_>, e: &JobSteered) {
        let Some(job) = self.jobs.get_mut(&e.job) else { return };
        let job = Arc::make_mut(job);
        let next = match (e.steering, job.item.status) {
            (Steering::Pause, JobStatus::Running) => JobStatus::Paused,
            (Steering::Resume, JobStatus::Paused) => JobStatus::Running,
            (Steering::Cancel, JobStatus::Running | JobStatus::Paused) => {
                job.item.reason = Some(format!("ended by {}", e.actor));
                JobStatus::Cancelled
            }
            _ => return,
        };
        (job.item.status, job.item.updated_at) = (next, pass.stamp.at);
        job.judge();
        pass.touched.push(Touched::Totals);
    }

    pub(super) fn job_exhausted(&mut self, pass: &mut Pass<'_>, e: &JobExhausted) {
        let Some(job) = self.jobs.get_mut(&e.job) else { return };
        let job = Arc::make_mut(job);
        (job.exhausted, job.item.updated_at) = (true, pass.stamp.at);
        job.judge();
        pass.touched.push(Touched::Totals);
    }
}

fn touch(pass: &mut Pass<'_>, task: &Arc<str>) {
    pass.touched.push(Touched::Task(task.clone()));
    pass.touched.push(Touched::Totals);
}
