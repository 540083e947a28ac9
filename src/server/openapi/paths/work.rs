//! Agents, tasks, commands and jobs.

use crate::domain::work::dashboard::DashboardState;
use crate::domain::work::{
    AgentDetail, AgentState, AgentsPage, CommandItem, JobItem, JobsPage, RetryPreview,
    RetryRequest, TaskDetail, TaskStatus, TasksPage,
};
use crate::server::openapi::op::{JSON, Op, get, named, object, paged, param, post, text, word};
use serde_json::json;

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let states: Vec<&str> = AgentState::ALL.iter().map(|one| one.name()).collect();
    let statuses: Vec<&str> = TaskStatus::ALL.iter().map(|one| one.name()).collect();
    let choice = [
        text("queue", "Where they wait or waited."),
        text("agent", "Who is or was on them last."),
        text("fingerprint", "Which error they share."),
        text("q", "Words in id, description and error."),
    ];
    let wait = json!({ "type": "number", "minimum": 0, "maximum": 60, "default": 0 });
    let mut source = text("source", "Whose commands, as in `source` of its events.");
    if let Some(members) = source.as_object_mut() {
        members.insert("required".to_owned(), true.into());
    }
    let ack = object(
        &["status"],
        json!({
            "status": { "type": "string", "enum": ["done", "refused"] },
            "detail": { "type": ["string", "null"], "maxLength": 4096 }
        }),
    );
    let steer = |path, id, summary| {
        post(path, id, summary)
            .name("id", "Id of the job.")
            .answers::<JobItem>(200, "The job now.")
            .fails(&[404, 409])
    };
    let order = |path, id, summary| {
        post(path, id, summary)
            .name("id", "Id of the task.")
            .more("The command becomes an event and is given to the owner of the task; until it is acknowledged it is shown as pending.")
            .answers::<CommandItem>(202, "The command, which waits for the task's owner.")
            .fails(&[404, 409])
    };
    vec![
        get("/api/dashboard/state", "dashboard_state", "All of work in one object; times are epoch milliseconds.")
            .answers::<DashboardState>(200, "As of the newest flush."),
        get("/api/v1/tasks", "tasks", "Tasks, the last changed first.")
            .query([word("status", "Where they stand.", &statuses)])
            .query(choice.clone())
            .query(paged(500, 50))
            .answers::<TasksPage>(200, "A page of them."),
        get("/api/v1/tasks/dead-letter", "dead_letters", "Tasks that were given up and wait for a person.")
            .query(choice)
            .query(paged(500, 50))
            .answers::<TasksPage>(200, "A page of them."),
        get("/api/v1/tasks/{id}", "task", "A task with its history.")
            .name("id", "Id of the task.")
            .answers::<TaskDetail>(200, "As of the newest flush.")
            .fails(&[404]),
        order("/api/v1/tasks/{id}/retry", "retry_task", "Asks the owner of a task to try it again."),
        order("/api/v1/tasks/{id}/cancel", "cancel_task", "Asks the owner of a task to give it up."),
        post("/api/v1/tasks/retry", "retry_tasks", "Tries many tasks again: a job, or a preview of one.")
            .more("Name the tasks by `ids` or by `filter`. A canary sends a few first and goes on when they did not fail again.")
            .takes::<RetryRequest>(json!({ "filter": { "status": "dead_letter", "queue": "mail" }, "dry_run": true }))
            .answers::<RetryPreview>(200, "What would be tried again (`dry_run`).")
            .answers::<JobItem>(202, "The job, which has begun.")
            .fails(&[404, 409]),
        get("/api/v1/agents", "agents", "Agents, by id.")
            .query([word("state", "What they are doing.", &states), text("q", "Words in id and name.")])
            .query(paged(500, 50))
            .answers::<AgentsPage>(200, "A page of them."),
        get("/api/v1/agents/{id}", "agent", "An agent.")
            .name("id", "Id of the agent.")
            .answers::<AgentDetail>(200, "As of the newest flush.")
            .fails(&[404]),
        get("/api/v1/jobs", "jobs", "Jobs, newest first.")
            .query(paged(500, 50))
            .answers::<JobsPage>(200, "A page of those that are kept."),
        get("/api/v1/jobs/{id}", "job", "A job with its progress.")
            .name("id", "Id of the job.")
            .answers::<JobItem>(200, "As of the newest flush.")
            .fails(&[404]),
        steer("/api/v1/jobs/{id}/pause", "pause_job", "Holds a job up."),
        steer("/api/v1/jobs/{id}/resume", "resume_job", "Lets a job go on."),
        steer("/api/v1/jobs/{id}/cancel", "cancel_job", "Ends a job; what was sent stays sent."),
        get("/api/v1/commands", "commands", "Commands for a source, as they come.")
            .more("A long poll: it waits up to `wait` seconds for the first. A command is told at least once, until it is acknowledged or its deadline passes.")
            .query([source, param("wait", "Seconds.", wait)])
            .answers_as(200, "Commands that wait; maybe none.", [(JSON, object(&["commands"], json!({
                "commands": { "type": "array", "items": named("Order") }
            })))]),
        get("/api/v1/commands/{id}", "command", "A command, and what became of it.")
            .name("id", "Id of the command.")
            .answers::<CommandItem>(200, "As of the newest flush.")
            .fails(&[404]),
        post("/api/v1/commands/{id}/ack", "ack_command", "Says what became of a command.")
            .name("id", "Id of the command.")
            .takes_as(JSON, ack, json!({ "status": "done" }))
            .answers::<CommandItem>(200, "The command now.")
            .fails(&[404, 409]),
    ]
}
