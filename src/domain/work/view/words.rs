//! States as people see them: a shape, a word and a colour each, and the addresses of what has them.

use crate::domain::work::{AgentState, CommandKind, CommandStatus, JobStatus, TaskStatus};
use crate::ui::format;
use crate::ui::widgets::{IconName, Verdict};
use crate::wire::encoded;

impl From<AgentState> for Verdict {
    fn from(state: AgentState) -> Self {
        let (icon, class) = match state {
            AgentState::Idle => (IconName::Idle, "ok"),
            AgentState::Assigned => (IconName::Assigned, "acc"),
            AgentState::Working => (IconName::Play, "acc"),
            AgentState::Blocked => (IconName::Pause, "warn"),
            AgentState::Offline => (IconName::Unknown, "unk"),
        };
        Self { icon, word: state.name(), class }
    }
}

impl From<TaskStatus> for Verdict {
    fn from(status: TaskStatus) -> Self {
        let (icon, class) = match status {
            TaskStatus::Queued => (IconName::Waiting, "unk"),
            TaskStatus::Assigned => (IconName::Assigned, "acc"),
            TaskStatus::Working => (IconName::Play, "acc"),
            TaskStatus::DeadLetter => (IconName::Critical, "crit"),
            TaskStatus::Failed => (IconName::Warning, "warn"),
            TaskStatus::Completed => (IconName::Ok, "ok"),
            TaskStatus::Cancelled => (IconName::Cross, "unk"),
        };
        Self { icon, word: said(status), class }
    }
}

impl From<JobStatus> for Verdict {
    fn from(status: JobStatus) -> Self {
        let (icon, class) = match status {
            JobStatus::Running => (IconName::Play, "acc"),
            JobStatus::Paused => (IconName::Pause, "unk"),
            JobStatus::Done => (IconName::Ok, "ok"),
            JobStatus::Cancelled => (IconName::Cross, "unk"),
            JobStatus::Stopped => (IconName::Critical, "crit"),
        };
        Self { icon, word: status.name(), class }
    }
}

/// How a command stands.
pub const fn command(kind: CommandKind, status: CommandStatus) -> Verdict {
    use CommandKind::{Cancel, Retry};
    let (icon, class) = match status {
        CommandStatus::Pending => (IconName::Waiting, "unk"),
        CommandStatus::Delivered => (IconName::Play, "acc"),
        CommandStatus::Done => (IconName::Ok, "ok"),
        CommandStatus::Refused => (IconName::Cross, "warn"),
        CommandStatus::Expired => (IconName::Warning, "warn"),
    };
    let word = match (kind, status) {
        (Retry, CommandStatus::Pending) => "retry pending",
        (Retry, CommandStatus::Delivered) => "retry delivered",
        (Retry, CommandStatus::Done) => "retry done",
        (Retry, CommandStatus::Refused) => "retry refused",
        (Retry, CommandStatus::Expired) => "retry expired",
        (Cancel, CommandStatus::Pending) => "cancel pending",
        (Cancel, CommandStatus::Delivered) => "cancel delivered",
        (Cancel, CommandStatus::Done) => "cancel done",
        (Cancel, CommandStatus::Refused) => "cancel refused",
        (Cancel, CommandStatus::Expired) => "cancel expired",
    };
    Verdict { icon, word, class }
}

/// A task's status in words.
pub const fn said(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::DeadLetter => "dead letter",
        other => other.name(),
    }
}

/// The address of an agent's page.
pub fn agent_href(id: &str) -> String {
    format!("/work/agents/{}", encoded(id))
}

/// The address of a task's page.
pub fn task_href(id: &str) -> String {
    format!("/work/tasks/{}", encoded(id))
}

/// An amount of money in US dollars: "$12.40", "$0.0031".
pub fn usd(amount: f64) -> String {
    let digits = if amount.abs() < 1.0 { 4 } else { 2 };
    format!("${}", format::decimal(amount, digits))
}

/// A length of time in milliseconds, or a dash.
pub fn ms(value: Option<f64>) -> String {
    value.map_or_else(|| format::NONE.to_owned(), format::duration)
}

/// A count with its noun: "1 task", "2 tasks".
pub fn counted(n: u64, one: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {one}{plural}", format::count(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: String, expect: &str) {
        assert_eq!(text, expect);
    }

    #[test]
    fn amounts_and_addresses() {
        check(usd(0.0031), "$0.0031");
        check(usd(1_234.5), "$1,234.50");
        check(ms(None), "—");
        check(counted(1, "task"), "1 task");
        check(counted(1_200, "task"), "1,200 tasks");
        check(agent_href("a/1"), "/work/agents/a%2F1");
        check(task_href("t 1"), "/work/tasks/t%201");
    }
}
