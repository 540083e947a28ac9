//! Retrying many tasks: first which they would be, then how carefully, then the job.

use super::jobs::filter_words;
use super::words::{counted, task_href};
use crate::domain::work::api::retry_tasks;
use crate::domain::work::{RetryAnswer, RetryPreview, RetryRequest, TaskItem};
use crate::ui::format;
use crate::ui::shell::{Dialog, Overlay};
use crate::ui::widgets::{dynamic, text, trouble_line};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The question before many tasks are retried.
#[derive(Clone, Copy)]
pub struct RetryQuestion {
    overlay: RwSignal<Overlay>,
    request: RwSignal<RetryRequest>,
    preview: RwSignal<Option<RetryPreview>>,
    trouble: RwSignal<Option<String>>,
    canary: RwSignal<bool>,
    rate: RwSignal<String>,
    busy: RwSignal<bool>,
    /// Told that a job has begun.
    begun: Callback<()>,
}

impl RetryQuestion {
    /// `begun` is told when a job has begun.
    pub fn new(begun: Callback<()>) -> Self {
        Self {
            overlay: use_context().unwrap_or_default(),
            request: RwSignal::new(RetryRequest::default()),
            preview: RwSignal::new(None),
            trouble: RwSignal::new(None),
            canary: RwSignal::new(true),
            rate: RwSignal::new(format::trimmed(RetryRequest::DEFAULT_RATE, 2)),
            busy: RwSignal::new(false),
            begun,
        }
    }

    /// Asks whether to retry these tasks, showing which they would be.
    pub fn ask(self, request: RetryRequest) {
        let dry = RetryRequest { dry_run: true, ..request.clone() };
        self.request.set(request);
        self.preview.set(None);
        self.trouble.set(None);
        self.canary.set(true);
        self.overlay.set(Overlay::Question);
        spawn_local(async move {
            match retry_tasks(dry).await {
                Ok(RetryAnswer::Preview(preview)) => _ = self.preview.try_set(Some(preview)),
                Ok(RetryAnswer::Job(_)) => {}
                Err(error) => self.fail(&error),
            }
        });
    }

    fn fail(self, error: &ApiError) {
        let fields =
            error.errors.iter().map(|field| format!(" {}: {}.", field.pointer, field.detail));
        let text = format!("{}: {}.{}", error.title, error.detail, fields.collect::<String>());
        self.trouble.try_set(Some(text));
    }

    fn go(self) {
        let rate = self.rate.get_untracked().trim().parse::<f64>().ok();
        let Some(rate) = rate.filter(|rate| *rate > 0.0 && *rate <= RetryRequest::MAX_RATE) else {
            let text = "The rate must be a number above 0, at most 1,000 tasks a second.";
            self.trouble.set(Some(text.to_owned()));
            return;
        };
        let request = RetryRequest {
            dry_run: false,
            rate_per_s: Some(rate),
            canary: self.canary.get_untracked(),
            ..self.request.get_untracked()
        };
        self.busy.set(true);
        self.trouble.set(None);
        spawn_local(async move {
            match retry_tasks(request).await {
                Ok(_) => {
                    self.overlay.try_set(Overlay::None);
                    self.begun.try_run(());
                }
                Err(error) => self.fail(&error),
            }
            self.busy.try_set(false);
        });
    }

    /// The dialog, closed until something is asked.
    pub fn view(self) -> AnyView {
        let submit = move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            self.go();
        };
        let count = Memo::new(move |_| self.preview.with(|p| p.as_ref().map(|p| p.count)));
        let none = move || count.get().is_none_or(|n| n == 0) || self.busy.get();
        let title = move || match count.get() {
            Some(n) => format!("Retry {}?", counted(n as u64, "task")),
            None => "Retry: looking which tasks…".to_owned(),
        };
        let word = move || match count.get() {
            Some(n) if n > 0 => format!("Retry {}", counted(n as u64, "task")),
            _ => "Retry".to_owned(),
        };
        view! {
            <Dialog opens=Overlay::Question label="Retry">
                <form class="question" on:submit=submit>
                    <h2>{text(title)}</h2>
                    <p class="muted">{text(move || self.request.with(which))}</p>
                    <div role="alert">
                        {trouble_line(self.trouble)}
                    </div>
                    {dynamic(move || self.preview.with(|preview| preview.as_ref().map(sample)))}
                    <label class="option">
                        <input
                            type="checkbox"
                            prop:checked=self.canary
                            on:change=move |event| self.canary.set(event_target_checked(&event))
                        />
                        <span>
                            <b>"With a canary"</b>
                            <small>"First 1, then 5, then the rest. It ends by itself when more than half of them fail again."</small>
                        </span>
                    </label>
                    <label class="option">
                        <input
                            type="text"
                            inputmode="decimal"
                            size="5"
                            aria-label="Tasks a second"
                            prop:value=self.rate
                            on:input=move |event| self.rate.set(event_target_value(&event))
                        />
                        <span><b>"tasks a second"</b><small>"So that what failed under load is not loaded again at once."</small></span>
                    </label>
                    <div class="row answers">
                        <button type="submit" class="button primary" disabled=none>{text(word)}</button>
                        <button type="button" class="button" on:click=move |_| self.overlay.set(Overlay::None)>"Not now"</button>
                    </div>
                </form>
            </Dialog>
        }
        .into_any()
    }
}

/// Which tasks a request means, in words.
fn which(request: &RetryRequest) -> String {
    match (&request.filter, &request.ids) {
        (Some(filter), _) => format!("All dead letters{}.", filter_words(filter)),
        (None, Some(ids)) => format!("{} selected.", counted(ids.len() as u64, "task")),
        (None, None) => String::new(),
    }
}

/// The first of the tasks it would be, and how many cannot be retried.
fn sample(preview: &RetryPreview) -> AnyView {
    let line = |item: &TaskItem| {
        let text = item.description.clone().or_else(|| item.last_error.clone());
        view! {
            <li>
                <a href=task_href(&item.id) class="cut">{item.id.to_string()}</a>
                <span class="muted cut grow">{text}</span>
            </li>
        }
    };
    let more = preview.count.saturating_sub(preview.sample.len());
    let skipped = preview.skipped.iter().map(|id| &**id).collect::<Vec<_>>().join(", ");
    view! {
        <ol class="lines sample-list">{preview.sample.iter().map(line).collect_view()}</ol>
        {(more > 0).then(|| view! { <p class="hint">{format!("and {} more", format::count(more as u64))}</p> })}
        {(!skipped.is_empty()).then(|| view! { <p class="hint">{format!("Not to be retried now: {skipped}")}</p> })}
    }
    .into_any()
}
