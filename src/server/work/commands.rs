//! Commands: what is asked of the owner of a task, how it reaches the owner, and the answer.

use super::reads::unknown;
use crate::domain::Event;
use crate::domain::work::{
    CommandDelivered, CommandItem, CommandKind, CommandRequested, CommandSettled, CommandStatus,
    Event as WorkEvent, TaskStatus,
    state::{State, Task},
};
use crate::pipeline::journal::Draft;
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::access::{self, Act, Caller};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A command as its owner is told it.
#[derive(Debug, Serialize)]
pub struct Order<'a> {
    id: &'a Arc<str>,
    command: CommandKind,
    task_id: &'a Arc<str>,
    deadline: Timestamp,
    created_at: Timestamp,
    actor: &'a Arc<str>,
}

impl<'a> Order<'a> {
    /// What the owner is told of `item`.
    pub fn of(item: &'a CommandItem) -> Self {
        let CommandItem { id, command, task_id, deadline, created_at, actor, .. } = item;
        let (command, deadline, created_at) = (*command, *deadline, *created_at);
        Self { id, command, task_id, deadline, created_at, actor }
    }
}

/// Commands that are handed out at once.
const MAX_OFFERED: usize = 1_000;

fn conflict(detail: String) -> ApiError {
    ApiError::new(ErrorKind::Conflict, detail)
}

/// Asks the owner of a task to do something with it; returns what was asked already if it is the
/// same.
///
/// # Errors
/// 404 for a task nobody has sent anything about; 409 for one in no state for it, or of which
/// something else is asked already.
pub async fn command(
    app: &App,
    caller: &Caller,
    kind: CommandKind,
    id: &str,
) -> Result<CommandItem, ApiError> {
    let shown = app.hub.published();
    let work = &shown.state.work;
    let Some(task) = work.tasks.get(id) else { return Err(gone(app, kind, id).await) };
    if let Some(open) = asked_already(work, task, kind)? {
        return Ok(open);
    }
    may_be(kind, task.status, id)?;
    let now = app.clock.now().max(shown.as_of);
    let command: Arc<str> = uuid::Uuid::now_v7().to_string().into();
    let requested = CommandRequested {
        command: command.clone(),
        kind,
        task: task.id.clone(),
        source: task.source.clone(),
        actor: caller.name.clone(),
        deadline: now.plus((shown.state.settings.work.command_deadline_s * 1_000.0) as i64),
        job: None,
    };
    let event = Event::Work(WorkEvent::CommandRequested(requested));
    let action = match kind {
        CommandKind::Retry => "task.retry",
        CommandKind::Cancel => "task.cancel",
    };
    let act = Act::by(caller, action).on(id);
    let shown = access::record(app, act, vec![event]).await?;
    if let Ok(item) = command_item(&shown, &command) {
        return Ok(item);
    }
    // Somebody else has asked in the same moment.
    let open = shown.state.work.tasks.get(id);
    let open = open.and_then(|task| asked_already(&shown.state.work, task, kind).transpose());
    open.unwrap_or_else(|| Err(conflict(format!("task {id} has just changed; look again"))))
}

/// The same command that is asked of a task already.
///
/// # Errors
/// 409 if another one is.
fn asked_already(
    work: &State,
    task: &Task,
    kind: CommandKind,
) -> Result<Option<CommandItem>, ApiError> {
    match work.command_of(task).filter(|command| command.status.is_open()) {
        Some(open) if open.command == kind => Ok(Some((**open).clone())),
        Some(open) => Err(conflict(format!(
            "the owner of task {} is already asked to {} it, by command {}",
            task.id,
            open.command.name(),
            open.id
        ))),
        None => Ok(None),
    }
}

/// Whether a task in this state can be asked for.
fn may_be(kind: CommandKind, status: TaskStatus, id: &str) -> Result<(), ApiError> {
    let (may, only) = match kind {
        CommandKind::Retry => {
            (status.can_be_retried(), "only a task that is dead_letter or failed can be retried")
        }
        CommandKind::Cancel => (!status.is_over(), "a task that is over cannot be cancelled"),
    };
    if may { Ok(()) } else { Err(conflict(format!("task {id} is {}; {only}", status.name()))) }
}

/// Why nothing can be asked of a task that is not in memory.
async fn gone(app: &App, kind: CommandKind, id: &str) -> ApiError {
    match super::task(app, id).await {
        Ok(detail) => match may_be(kind, detail.item.status, id) {
            Err(error) => error,
            Ok(()) => conflict(format!(
                "task {id} is {} for so long that only its history is kept",
                detail.item.status.name()
            )),
        },
        Err(error) if error.status == 404 => unknown(id),
        Err(error) => error,
    }
}

/// A command.
///
/// # Errors
/// 404 for one that is not known: only the last thousand that were answered are kept.
pub fn command_item(shown: &Published, id: &str) -> Result<CommandItem, ApiError> {
    let command = shown.state.work.commands.get(id);
    let unknown = || ApiError::not_found(format!("no command {id} is known"));
    command.map(|command| (**command).clone()).ok_or_else(unknown)
}

/// Waits until there is something for a source to do, and hands that out: everything it has not
/// answered, but for what it was given a moment ago. With no time to wait it is simply everything.
///
/// # Errors
/// 401 if the caller is not let in any more.
pub async fn commands_for(
    app: &App,
    caller: &Caller,
    source: &str,
    wait: Duration,
) -> Result<Vec<Arc<CommandItem>>, ApiError> {
    let until = Instant::now() + wait;
    let mut head = app.hub.watch();
    loop {
        head.borrow_and_update();
        let shown = app.hub.published();
        if !caller.still_holds(&app.access, &shown.state.access, app.clock.now()) {
            return Err(access::caller::unauthenticated("what let you in is good no more"));
        }
        let now = Instant::now();
        let mut again = until;
        let mut due = Vec::new();
        for command in open_for(app, &shown, source) {
            match app.offers.held_until(&command.id, now).filter(|_| !wait.is_zero()) {
                Some(at) => again = again.min(at),
                None => due.push(command.clone()),
            }
        }
        if !due.is_empty() || now >= until {
            deliver(app, &due).await;
            return Ok(due);
        }
        tokio::select! {
            _ = head.changed() => {}
            () = tokio::time::sleep_until(again) => {}
            () = app.shutdown.cancelled() => return Ok(Vec::new()),
        }
    }
}

/// What a source is to do, oldest first.
pub fn open_for<'a>(
    app: &App,
    shown: &'a Published,
    source: &'a str,
) -> impl Iterator<Item = &'a Arc<CommandItem>> {
    let now = app.clock.now();
    let open = shown.state.work.open_for(source);
    open.filter(move |command| command.deadline > now).take(MAX_OFFERED)
}

/// Notes that commands are handed out now, in the journal if it is for the first time. A journal
/// that takes nothing is no reason to keep them back.
pub async fn deliver(app: &App, commands: &[Arc<CommandItem>]) {
    if commands.is_empty() {
        return;
    }
    app.offers.note(commands.iter().map(|command| &command.id), Instant::now());
    let first = commands.iter().filter(|command| command.status == CommandStatus::Pending);
    let drafts: Vec<Draft> = first
        .map(|command| {
            let (command, task) = (command.id.clone(), command.task_id.clone());
            let delivered = WorkEvent::CommandDelivered(CommandDelivered { command, task });
            Draft::own(Event::Work(delivered))
        })
        .collect();
    if drafts.is_empty() {
        return;
    }
    if let Err(error) = app.ingest.keep(drafts).await {
        tracing::warn!(%error, "commands were handed out, but that is not kept");
    }
}

/// The owner of a task answers a command, `done` or `refused`.
///
/// # Errors
/// 404 for a command that is not known, 409 for one that was answered otherwise or has expired.
pub async fn ack(
    app: &App,
    caller: &Caller,
    id: &str,
    status: CommandStatus,
    detail: Option<String>,
) -> Result<CommandItem, ApiError> {
    let shown = app.hub.published();
    let item = command_item(&shown, id)?;
    if !item.status.is_open() {
        return answered(item, status);
    }
    let (command, kind, task) = (item.id, item.command, item.task_id);
    let actor = Some(caller.name.clone());
    let settled = CommandSettled { command, kind, task, status, detail, actor };
    let event = Event::Work(WorkEvent::CommandSettled(settled));
    let shown = access::own::record_quietly(app, vec![event]).await?;
    // It may have expired, or have been answered otherwise, in the same moment.
    answered(command_item(&shown, id)?, status)
}

/// A command that is over, if it went as the owner says.
fn answered(item: CommandItem, status: CommandStatus) -> Result<CommandItem, ApiError> {
    match item.status {
        had if had == status => Ok(item),
        CommandStatus::Expired => {
            Err(conflict(format!("command {} has expired at {}", item.id, item.deadline)))
        }
        had => Err(conflict(format!("command {} is {} already", item.id, had.name()))),
    }
}
