//! Pings: addresses that jobs report to, and the schedules they are held against.
//!
//! A project has one ping at most: making another for it replaces the first, whose address is
//! known no more. The token is told once; journal and state hold its hash alone.

mod beat;
mod check;
pub mod routes;

use crate::domain::Event;
use crate::domain::access::Hash;
use crate::domain::check::MAX_DURATION_MS;
use crate::domain::projects::state::{Job, Project, State as Projects};
use crate::domain::projects::{
    Event as ProjectEvent, JobScheduled, JobUnscheduled, PingItem, PingMade, PingSpec, PingsPage,
    health,
};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::access::secret::Credential;
use crate::server::access::{Act, Caller, record};
use crate::server::page::{Page, PageParams};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use serde::Serialize;
use std::sync::Arc;

/// What whoever changes pings waits for.
const TURN: &str = "pings";

/// A ping that was just made: what is listed of it, its token and its address.
#[derive(Debug, Serialize)]
pub struct NewPing {
    /// The secret part of its address.
    pub token: String,
    /// Where to report to: absolute, if it is known where the board is found.
    pub url: String,
    /// What is listed of it.
    #[serde(flatten)]
    pub item: PingItem,
}

impl NewPing {
    /// Its address on the board.
    fn path(&self) -> String {
        format!("/ping/{}", self.token)
    }

    /// The same, at the address where the board is found, if that is known.
    #[must_use]
    pub fn at(self, origin: &str) -> Self {
        Self { url: format!("{origin}{}", self.path()), ..self }
    }

    /// As its page shows it. The browser knows where it has found the board.
    pub fn for_page(self, app: &App) -> PingMade {
        let new = self.at(app.notify.public_url.as_deref().unwrap_or("{origin}"));
        let when = check::crontab(&new.item);
        let line = format!("{when}your-job; curl -fsS -m 10 --retry 3 {}/$?", new.url);
        PingMade { project: new.item.project.to_string(), url: new.url, line }
    }
}

/// Every ping, by the name of its project.
///
/// # Errors
/// 422 at the parameter that cannot be.
pub fn list(shown: &Published, params: &PageParams) -> Result<PingsPage, ApiError> {
    let projects = &shown.state.projects;
    let all: Vec<_> = projects.pings.keys().filter_map(|ping| projects.pinged(ping)).collect();
    let Page { items, next } = params.of(all, |(project, _)| project.id.clone())?;
    let items = items.into_iter().filter_map(|(project, _)| item(project, shown)).collect();
    Ok(PingsPage { as_of: shown.as_of, items, next })
}

fn item(project: &Project, shown: &Published) -> Option<PingItem> {
    let (job, now) = (project.job.as_deref()?, shown.state.now);
    let seen = health::job(project, now)?;
    Some(PingItem {
        id: job.plan.ping.clone(),
        project: project.id.clone(),
        every_s: seen.every_s,
        schedule: seen.schedule,
        tz: seen.tz,
        grace_s: seen.grace_s,
        state: seen.state,
        next_due: seen.next_due,
        last_ping_at: seen.last_ping_at,
        created_at: job.since,
        created_by: job.plan.actor.clone(),
    })
}

/// Makes a ping and tells its token, once. One that the project had is replaced.
///
/// # Errors
/// 422 at the member that cannot be, 409 if there are as many projects as there may be.
pub async fn create(app: &App, caller: &Caller, spec: PingSpec) -> Result<NewPing, ApiError> {
    let now = app.clock.now();
    let plan = check::read(spec, now)?;
    let _turn = app.access.turns.of(TURN).await;
    let shown = app.hub.published();
    let by_id = &shown.state.projects.by_id;
    if !by_id.contains_key(&plan.project) && by_id.len() >= Projects::MAX {
        let detail = format!("there are {} projects, which is as many as may be", Projects::MAX);
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    let credential = Credential::new()?;
    let Hash(hash) = credential.hash();
    let id: Arc<str> = credential.id.as_str().into();
    let (project, said) = (plan.project.clone(), check::words(&plan));
    let scheduled = JobScheduled { ping: id, hash, actor: caller.name.clone(), ..plan };
    let act = Act::by(caller, "ping.create").on(project.as_str()).because(said);
    let event = Event::Projects(ProjectEvent::JobScheduled(scheduled));
    let shown = record(app, act, vec![event]).await?;
    let made = shown.state.projects.by_id.get(&project).and_then(|made| item(made, &shown));
    let lost = || ApiError::unavailable("the ping is kept, but not shown yet; list it again", 1);
    let (token, item) = (credential.shown(), made.ok_or_else(lost)?);
    Ok(NewPing { token, url: String::new(), item }.at(&app.base(None)))
}

/// Makes a project a job no more; its ping's address is known no more.
///
/// # Errors
/// 404.
pub async fn remove(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let _turn = app.access.turns.of(TURN).await;
    let shown = app.hub.published();
    let unknown = || ApiError::not_found(format!("there is no ping {id}"));
    let (project, job) = shown.state.projects.pinged(id).ok_or_else(unknown)?;
    let (project, ping) = (project.id.clone(), job.plan.ping.clone());
    let act = Act::by(caller, "ping.remove").on(project.as_str());
    let removed = JobUnscheduled { project, ping, actor: caller.name.clone() };
    let event = Event::Projects(ProjectEvent::JobUnscheduled(removed));
    record(app, act, vec![event]).await.map(drop)
}

/// The job that a token is of.
///
/// # Errors
/// 404, which does not say what the token was.
fn of_token(shown: &Published, token: &str) -> Result<(Arc<Project>, Arc<Job>), ApiError> {
    let known = Credential::read(token).and_then(|credential| {
        let (project, job) = shown.state.projects.pinged(&credential.id)?;
        credential.is(&Hash(job.plan.hash.clone())).then(|| (project.clone(), job.clone()))
    });
    known.ok_or_else(|| ApiError::not_found("no ping has this address; make one on the board"))
}

/// A path as it may stand in a log: the address of a ping is a secret.
pub fn loggable(path: &str) -> String {
    match path.get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case("/ping/")) {
        true => "/ping/…".to_owned(),
        false => path.to_owned(),
    }
}

/// Milliseconds that a run has taken, if it is known when it began and is as long as is believed.
fn lasted(started: Option<Timestamp>, now: Timestamp) -> Option<f64> {
    let ms = now.since(started?) as f64;
    (ms <= MAX_DURATION_MS).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_never_ended_has_no_duration() {
        let began = Timestamp::from_ms(1_000);
        let after = |ms: i64| lasted(Some(began), began.plus(ms));
        assert_eq!(after(1_500), Some(1_500.0));
        assert_eq!(after(366 * 86_400_000), Some(MAX_DURATION_MS));
        assert_eq!(after(366 * 86_400_000 + 1), None);
        assert_eq!(lasted(None, began), None);
    }
}
