//! Jobs: how far each has come, and the buttons that pause, resume and end it.

use super::words::counted;
use crate::domain::work::api::steer_job;
use crate::domain::work::{CommandKind, JobItem, JobStatus, Steering, TaskFilter};
use crate::ui::format;
use crate::ui::me::{Permission, may};
use crate::ui::widgets::{
    Age, Badge, Card, Icon, IconName, Verdict, dynamic, keyed, one_of, part_of, trouble_line,
};
use crate::wire::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Jobs that are over and still shown.
const SHOWN: usize = 3;

/// The newest jobs, and all that are open; nothing where there is none.
pub fn jobs_card(jobs: Memo<Vec<JobItem>>, as_of: Timestamp) -> AnyView {
    let any = Memo::new(move |_| jobs.with(|jobs| !jobs.is_empty()));
    let trouble = RwSignal::new(None::<String>);
    let ids = move || {
        jobs.with(|jobs| {
            let shown =
                jobs.iter().enumerate().filter(|(i, job)| *i < SHOWN || job.status.is_open());
            shown.map(|(_, job)| job.id.clone()).collect::<Vec<_>>()
        })
    };
    let row = move |id: Arc<str>| job_row(one_of(jobs, move |job: &JobItem| job.id == id), trouble);
    let card = move || {
        let card = view! {
            <Card title="Jobs" as_of=as_of class="c12">
                <div role="alert">{trouble_line(trouble)}</div>
                <ol class="jobs" aria-label="Jobs">{keyed(ids, row)}</ol>
            </Card>
        };
        card.into_any()
    };
    dynamic(move || any.get().then(card))
}

fn job_row(job: Memo<Option<JobItem>>, trouble: RwSignal<Option<String>>) -> AnyView {
    let shown: Signal<Option<JobItem>> = job.into();
    let verdict = Memo::new(move |_| {
        Verdict::from(job.with(|job| job.as_ref().map_or(JobStatus::Done, |job| job.status)))
    });
    let (title, created) = job.with_untracked(|job| {
        job.as_ref().map(|job| (title(job), job.created_at)).unwrap_or_default()
    });
    let pieces = part_of(shown, |job| parts(job).to_vec());
    let percent = part_of(shown, |job| {
        let settled: u64 = parts(job).iter().take(4).map(|(_, n)| n).sum();
        (settled * 100 / job.total.max(1)).to_string()
    });
    let said = part_of(shown, said);
    let bar = move || {
        let part = |(class, n): (&'static str, u64)| {
            let piece = || view! { <i class=class style:flex=n.to_string()></i> }.into_any();
            (n > 0).then(piece)
        };
        Some(pieces.get().into_iter().filter_map(part).collect::<Vec<_>>().into_any())
    };
    view! {
        <li class="job">
            <div class="row">
                <Badge verdict=verdict />
                <b class="cut">{title.clone()}</b>
                <span class="muted"><Age at=created /></span>
                {steering(job, trouble)}
            </div>
            <div class="parts progress" role="progressbar" aria-label=title aria-valuemin="0" aria-valuemax="100" aria-valuenow=percent>
                {dynamic(bar)}
            </div>
            <p class="muted said">{said}</p>
        </li>
    }
    .into_any()
}

/// Buttons that steer a job, while it is open.
fn steering(job: Memo<Option<JobItem>>, trouble: RwSignal<Option<String>>) -> AnyView {
    if !may(Permission::RetryTasks) {
        return ().into_any();
    }
    let status = Memo::new(move |_| job.with(|job| job.as_ref().map(|job| job.status)));
    let steer = move |how: Steering| {
        let id = job.with_untracked(|job| job.as_ref().map(|job| job.id.to_string()));
        let Some(id) = id else { return };
        trouble.set(None);
        spawn_local(async move {
            if let Err(error) = steer_job(id, how).await {
                trouble.try_set(Some(format!("{}: {}", error.title, error.detail)));
            }
        });
    };
    let button = move |how: Steering, icon, word: &'static str| {
        view! {
            <button type="button" class="button small js" on:click=move |_| steer(how)>
                <Icon name=icon />
                {word}
            </button>
        }
        .into_any()
    };
    let shown = move || {
        let first = match status.get()? {
            JobStatus::Running => button(Steering::Pause, IconName::Pause, "Pause"),
            JobStatus::Paused => button(Steering::Resume, IconName::Play, "Resume"),
            _ => return None,
        };
        let end = button(Steering::Cancel, IconName::Cross, "End");
        Some(vec![first, end].into_any())
    };
    dynamic(shown)
}

/// What a job is about.
fn title(job: &JobItem) -> String {
    let verb = match job.command {
        CommandKind::Retry => "Retry",
        CommandKind::Cancel => "Cancel",
    };
    let which = job.filter.as_ref().map(filter_words).unwrap_or_default();
    format!("{verb} {}{which}", counted(job.total, "task"))
}

/// A filter in words, as they follow "tasks".
pub fn filter_words(filter: &TaskFilter) -> String {
    let alike = filter.fingerprint.as_ref().map_or("", |_| " whose errors are alike");
    let mut text = alike.to_owned();
    let parts = [
        (" in queue ", filter.queue.as_deref()),
        (" of agent ", filter.agent.as_deref()),
        (" like ", filter.q.as_deref()),
    ];
    for (word, value) in parts {
        if let Some(value) = value {
            text.push_str(word);
            text.push_str(value);
        }
    }
    text
}

/// What has become of the tasks, and of how many: what is settled first, then what is under way,
/// then what is left.
fn parts(job: &JobItem) -> [(&'static str, u64); 6] {
    let unanswered = job.refused + job.expired;
    let settled = job.completed + job.failed_again + unanswered;
    let under_way = job.sent.saturating_sub(settled);
    let left = job.total.saturating_sub(job.skipped + settled + under_way);
    [
        ("ok", job.completed),
        ("crit", job.failed_again),
        ("warn", unanswered),
        ("unk", job.skipped),
        ("accent", under_way),
        ("left", left),
    ]
}

/// How far a job has come, in words.
fn said(job: &JobItem) -> String {
    let mut text = format!("{} of {} asked", format::count(job.sent), counted(job.total, "task"));
    let parts = [
        ("completed", job.completed),
        ("failed again", job.failed_again),
        ("refused", job.refused),
        ("expired", job.expired),
        ("needed no command any more", job.skipped),
    ];
    for (word, n) in parts.into_iter().filter(|(_, n)| *n > 0) {
        text.push_str(&format!(", {} {word}", format::count(n)));
    }
    text.push_str(&format!("; {} a second by {}", format::trimmed(job.rate_per_s, 2), job.actor));
    match job.canary_stage.filter(|_| job.status.is_open()) {
        Some(1) => text.push_str("; the first task is the canary, the rest waits for it"),
        Some(_) => text.push_str("; five tasks are the canary, the rest waits for them"),
        None => {}
    }
    if let Some(reason) = &job.reason {
        text.push_str(&format!(". {reason}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> JobItem {
        serde_json::from_value(serde_json::json!({
            "id": "j", "command": "retry", "status": "running", "actor": "ada",
            "filter": {"queue": "build"}, "created_at": "2026-01-02T03:04:05Z",
            "updated_at": "2026-01-02T03:04:05Z", "rate_per_s": 2.5, "canary": true,
            "canary_stage": 2, "total": 20, "sent": 6, "done": 5, "refused": 1, "expired": 0,
            "skipped": 2, "completed": 3, "failed_again": 1, "reason": null
        }))
        .unwrap()
    }

    #[test]
    fn a_job_says_what_it_is_about_and_how_far_it_has_come() {
        assert_eq!(title(&job()), "Retry 20 tasks in queue build");
        assert_eq!(
            said(&job()),
            "6 of 20 tasks asked, 3 completed, 1 failed again, 1 refused, 2 needed no command any \
             more; 2.5 a second by ada; five tasks are the canary, the rest waits for them"
        );
    }

    #[test]
    fn the_parts_of_a_job_sum_to_its_tasks() {
        let parts = parts(&job());
        assert_eq!(parts.map(|(_, n)| n), [3, 1, 1, 2, 1, 12]);
        assert_eq!(parts.iter().map(|(_, n)| n).sum::<u64>(), job().total);
    }
}
