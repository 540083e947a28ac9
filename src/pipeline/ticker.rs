//! The ticker's lines: an event in the few words that matter.

use crate::domain::summary::TickerLine;
use crate::domain::{Envelope, Event, alerts, metrics, projects, system, trading, work};

/// A line for `envelope`; none for what would only be noise (samples of hosts, ticks).
pub fn line(envelope: &Envelope) -> Option<TickerLine> {
    let (text, link) = match &envelope.event {
        Event::Projects(event) => of_project(event),
        Event::Work(event) => (of_work(event), Some(page_of_work(event))),
        Event::Trading(event) => (of_trading(event), Some(page_of_trading(event))),
        Event::Metrics(metrics::Event::Observed(metric)) => {
            let unit = metric.unit.as_deref().unwrap_or_default();
            (format!("{} {} {unit}", metric.name, metric.value).trim_end().to_owned(), None)
        }
        Event::Metrics(_) => return None,
        Event::Alerts(event) => (of_alert(event)?, None),
        Event::System(system::Event::Sampled(_) | system::Event::Ticked(_))
        | Event::Settings(_)
        | Event::Access(_) => return None,
    };
    Some(TickerLine {
        seq: envelope.stamp.seq,
        time: envelope.stamp.time,
        kind: envelope.event.kind().to_owned(),
        text,
        link,
    })
}

fn of_project(event: &projects::Event) -> (String, Option<String>) {
    use projects::{Event, ValidationStatus};
    let (project, rest) = match event {
        Event::Registered(it) => (&it.project, String::new()),
        Event::Validated(it) => {
            let status = match it.status {
                ValidationStatus::Passed => "passed",
                ValidationStatus::Failed => "failed",
                ValidationStatus::Error => "error",
                ValidationStatus::Skipped => "skipped",
            };
            (&it.project, format!(" {status}{}", took(it.duration_ms)))
        }
        Event::Requested(it) => (&it.project, took(Some(it.duration_ms))),
        Event::JobScheduled(it) => (&it.project, format!(" by {}", it.actor)),
        Event::JobUnscheduled(it) => (&it.project, format!(" by {}", it.actor)),
        Event::JobStarted(it) => (&it.project, String::new()),
    };
    (format!("{project}{rest}"), Some(project.href()))
}

fn took(ms: Option<f64>) -> String {
    match ms {
        None => String::new(),
        Some(ms) if ms < 1000.0 => format!(" {ms:.0} ms"),
        Some(ms) => format!(" {:.1} s", ms / 1000.0),
    }
}

fn of_work(event: &work::Event) -> String {
    use work::Event;
    let by = |agent: &Option<std::sync::Arc<str>>| match agent {
        Some(agent) => format!(" {agent}"),
        None => String::new(),
    };
    let why = |text: &Option<String>| match text {
        Some(text) => format!(" {}", first_line(text)),
        None => String::new(),
    };
    match event {
        Event::AgentOnline(it) | Event::AgentHeartbeat(it) | Event::AgentOffline(it) => {
            it.agent.to_string()
        }
        Event::AgentMoved(it) => it.agent.to_string(),
        Event::Queued(it) => {
            let queue = it.queue.as_deref().unwrap_or_default();
            format!("{} {queue}", it.task).trim_end().to_owned()
        }
        Event::Assigned(it) | Event::Started(it) => format!("{}{}", it.task, by(&it.agent)),
        Event::Progressed(it) => {
            let percent = it.percent.map(|p| format!(" {p:.0} %")).unwrap_or_default();
            format!("{}{}{percent}", it.task, by(&it.agent))
        }
        Event::Completed(it) => format!("{}{}{}", it.task, by(&it.agent), took(it.duration_ms)),
        Event::Failed(it) => format!("{}{}{}", it.task, by(&it.agent), why(&it.error)),
        Event::DeadLettered(it) => format!("{}{}", it.task, why(&it.error)),
        Event::Cancelled(it) => format!("{}{}", it.task, why(&it.reason)),
        Event::CommandRequested(it) => {
            format!("{} of {} for {}", it.kind.name(), it.task, it.actor)
        }
        Event::CommandDelivered(it) => it.command.to_string(),
        Event::CommandSettled(it) => format!("{}{}", it.status.name(), why(&it.detail)),
        Event::JobCreated(it) => {
            format!("{} of {} tasks for {}", it.kind.name(), it.total, it.actor)
        }
        Event::JobSteered(it) => format!("{} by {}", it.steering.name(), it.actor),
        Event::JobExhausted(it) => it.job.to_string(),
    }
}

fn page_of_work(event: &work::Event) -> String {
    use work::Event;
    if let Some(task) = work::state::subject(event) {
        return work::task_href(task);
    }
    match event {
        Event::AgentOnline(it) | Event::AgentHeartbeat(it) | Event::AgentOffline(it) => {
            work::agent_href(&it.agent)
        }
        Event::AgentMoved(it) => work::agent_href(&it.agent),
        _ => "/work".to_owned(),
    }
}

fn of_trading(event: &trading::Event) -> String {
    use trading::{Event, Side};
    match event {
        Event::Executed(it) => {
            let side = match it.side {
                Side::Buy => "buy",
                Side::Sell => "sell",
            };
            format!("{side} {} {} at {}", it.quantity, it.symbol, it.price)
        }
        Event::Priced(it) => format!("{} {}", it.symbol, it.price),
        Event::Moved(it) => {
            let currency = it.currency.as_deref().unwrap_or("USD");
            format!("{} {currency}", it.amount)
        }
    }
}

fn page_of_trading(event: &trading::Event) -> String {
    match event {
        trading::Event::Executed(it) => trading::trades_href(&it.symbol),
        trading::Event::Priced(_) | trading::Event::Moved(_) => "/portfolio".to_owned(),
    }
}

/// What other systems say of their alerts. What the server itself says of alerts has not come in: it
/// follows from what has.
fn of_alert(event: &alerts::Event) -> Option<String> {
    use alerts::Event;
    let (Event::Raised(it) | Event::Cleared(it)) = event else { return None };
    Some(first_line(it.title.as_deref().unwrap_or(&it.alert)).to_owned())
}

/// The first line of a text, at most 80 characters of it.
fn first_line(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.char_indices().nth(80).map_or(line, |(end, _)| line.get(..end).unwrap_or(line))
}
