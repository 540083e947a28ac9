//! Jobs: the same command for many tasks.

use crate::domain::Event;
use crate::domain::check;
use crate::domain::work::{
    CommandKind, Event as WorkEvent, JobCreated, JobItem, JobStatus, JobSteered, JobsPage,
    RetryAnswer, RetryPreview, RetryRequest, Steering, TaskFilter, TaskStatus, build,
    state::{Preview, State},
};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::access::{self, Act, Caller};
use crate::server::page::{Page, PageParams};
use crate::wire::{ApiError, ErrorKind, FieldError};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

/// Previews or begins a retry of many tasks.
///
/// # Errors
/// 422 naming every member that cannot be; 429 if too many jobs are under way.
pub async fn retry(
    app: &App,
    caller: &Caller,
    request: RetryRequest,
) -> Result<RetryAnswer, ApiError> {
    let meant = Meant::read(request.filter, request.ids, request.rate_per_s)?;
    let shown = app.hub.published();
    let work = &shown.state.work;
    let preview = meant.preview(work);
    if request.dry_run {
        let sample = preview.sample.iter().filter_map(|id| work.tasks.get(id));
        return Ok(RetryAnswer::Preview(RetryPreview {
            as_of: shown.as_of,
            dry_run: true,
            count: preview.count,
            sample: sample.map(|task| build::task(work, task)).collect(),
            skipped: preview.skipped,
        }));
    }
    let open = work.jobs.values().filter(|job| job.item.status.is_open()).count();
    if open >= State::MAX_JOBS {
        let detail = format!("{open} jobs are under way; wait for one or end one");
        let busy = ApiError::new(ErrorKind::TooMany, detail);
        return Err(ApiError { retry_after_s: Some(10), ..busy });
    }
    let id: Arc<str> = uuid::Uuid::now_v7().to_string().into();
    let created = JobCreated {
        job: id.clone(),
        kind: CommandKind::Retry,
        actor: caller.name.clone(),
        total: preview.count as u64,
        rate_per_s: request.rate_per_s.unwrap_or(RetryRequest::DEFAULT_RATE),
        canary: request.canary,
        tasks: meant.free(work),
        filter: meant.filter,
    };
    let act = Act::by(caller, "job.create").on(id.clone());
    let act = act.because(format!("retry of {} tasks", preview.count));
    let event = Event::Work(WorkEvent::JobCreated(created));
    let shown = access::record(app, act, vec![event]).await?;
    job(&shown, &id).map(RetryAnswer::Job)
}

/// Which tasks a request means.
struct Meant {
    filter: Option<TaskFilter>,
    ids: Vec<Arc<str>>,
}

impl Meant {
    fn read(
        filter: Option<TaskFilter>,
        ids: Option<Vec<Arc<str>>>,
        rate: Option<f64>,
    ) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        if rate.is_some_and(|rate| !(rate > 0.0 && rate <= RetryRequest::MAX_RATE)) {
            let detail = format!("must be above 0 and at most {}", RetryRequest::MAX_RATE);
            errors.push(FieldError::new("/rate_per_s", detail));
        }
        match (&filter, &ids) {
            (Some(_), Some(_)) => {
                errors.push(FieldError::new("/ids", "give either filter or ids, not both"));
            }
            (None, None) => errors.push(FieldError::new("/filter", "give either filter or ids")),
            (Some(filter), None) if filter.status.is_some_and(|s| !s.can_be_retried()) => {
                let detail = "only tasks that are dead_letter or failed can be retried";
                errors.push(FieldError::new("/filter/status", detail));
            }
            (Some(_), None) => {}
            (None, Some(ids)) => errors.extend(wrong_ids(ids)),
        }
        if let Some(first) = errors.first() {
            let detail = first.detail.clone();
            return Err(ApiError { errors, ..ApiError::new(ErrorKind::Invalid, detail) });
        }
        let dead = |filter: TaskFilter| TaskFilter {
            status: filter.status.or(Some(TaskStatus::DeadLetter)),
            ..filter
        };
        let mut seen = HashSet::new();
        let mut ids = ids.unwrap_or_default();
        ids.retain(|id| seen.insert(id.clone()));
        Ok(Self { filter: filter.map(dead), ids })
    }

    fn preview(&self, work: &State) -> Preview {
        match &self.filter {
            Some(filter) => work.preview(filter),
            None => work.preview_of(&self.ids),
        }
    }

    /// Those that are named and can be retried; none if they are not named.
    fn free(&self, work: &State) -> Vec<Arc<str>> {
        let free = |id: &&Arc<str>| work.preview_of(std::slice::from_ref(*id)).count > 0;
        self.ids.iter().filter(free).cloned().collect()
    }
}

/// What is wrong with a list of tasks.
fn wrong_ids(ids: &[Arc<str>]) -> Option<FieldError> {
    let most = RetryRequest::MAX_IDS;
    if ids.is_empty() || ids.len() > most {
        return Some(FieldError::new("/ids", format!("must name 1 to {most} tasks")));
    }
    let wrong = |(i, id): (usize, &Arc<str>)| check::name(&format!("ids/{i}"), id).err();
    let error = ids.iter().enumerate().find_map(wrong)?;
    Some(FieldError::new(error.pointer, error.detail))
}

/// The last jobs, newest first.
///
/// # Errors
/// 422 at the parameter that cannot be.
pub fn jobs(shown: &Published, params: &PageParams) -> Result<JobsPage, ApiError> {
    let all = shown.state.work.jobs.values().map(|job| job.item.clone()).collect();
    let newest = |item: &JobItem| Reverse((item.created_at, item.id.clone()));
    let Page { items, next } = params.of(all, newest)?;
    Ok(JobsPage { as_of: shown.as_of, cursor: shown.cursor.clone(), items, next })
}

/// One job.
///
/// # Errors
/// 404 for a job that is not known.
pub fn job(shown: &Published, id: &str) -> Result<JobItem, ApiError> {
    let job = shown.state.work.jobs.get(id);
    let unknown = || ApiError::not_found(format!("no job {id} is known"));
    job.map(|job| job.item.clone()).ok_or_else(unknown)
}

/// Pauses, resumes or ends a job; one that is so already is left as it is.
///
/// # Errors
/// 404 for a job that is not known, 409 for one that is over.
pub async fn steer(
    app: &App,
    caller: &Caller,
    id: &str,
    steering: Steering,
) -> Result<JobItem, ApiError> {
    let item = job(&app.hub.published(), id)?;
    match (steering, item.status) {
        (Steering::Pause, JobStatus::Paused)
        | (Steering::Resume, JobStatus::Running)
        | (Steering::Cancel, JobStatus::Cancelled) => return Ok(item),
        (_, status) if status.is_open() => {}
        (_, status) => {
            let detail = format!("job {id} is {}", status.name());
            return Err(ApiError::new(ErrorKind::Conflict, detail));
        }
    }
    let steered = JobSteered { job: item.id, steering, actor: caller.name.clone() };
    let action = match steering {
        Steering::Pause => "job.pause",
        Steering::Resume => "job.resume",
        Steering::Cancel => "job.cancel",
    };
    let event = Event::Work(WorkEvent::JobSteered(steered));
    let shown = access::record(app, Act::by(caller, action).on(id), vec![event]).await?;
    job(&shown, id)
}
