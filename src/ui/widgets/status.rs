//! Status by shape, word and colour, never by colour alone.

use super::{Icon, IconName};
use crate::domain::health::{Severity, Status};
use crate::domain::projects::{ProjectStatus, ValidationStatus};
use leptos::prelude::*;

/// How something is: shape, word and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Its shape.
    pub icon: IconName,
    /// Its word.
    pub word: &'static str,
    /// Class of its colour: `ok`, `warn`, `crit` or `unk`.
    pub class: &'static str,
}

impl Verdict {
    const fn ok(word: &'static str) -> Self {
        Self { icon: IconName::Ok, word, class: "ok" }
    }

    const fn warning(word: &'static str) -> Self {
        Self { icon: IconName::Warning, word, class: "warn" }
    }

    const fn critical(word: &'static str) -> Self {
        Self { icon: IconName::Critical, word, class: "crit" }
    }

    const fn unknown(word: &'static str) -> Self {
        Self { icon: IconName::Unknown, word, class: "unk" }
    }

    /// The colour of a score.
    pub const fn of_score(score: u32) -> &'static str {
        match score {
            90.. => "ok",
            60..90 => "warn",
            _ => "crit",
        }
    }
}

impl From<Status> for Verdict {
    fn from(status: Status) -> Self {
        match status {
            Status::Ok => Self::ok("All well"),
            Status::Warning => Self::warning("Warning"),
            Status::Critical => Self::critical("Critical"),
            Status::Unknown => Self::unknown("Unknown"),
        }
    }
}

impl From<ProjectStatus> for Verdict {
    fn from(status: ProjectStatus) -> Self {
        match status {
            ProjectStatus::Healthy => Self::ok("healthy"),
            ProjectStatus::Warning => Self::warning("warning"),
            ProjectStatus::Critical => Self::critical("critical"),
            ProjectStatus::Unknown => Self::unknown("unknown"),
        }
    }
}

impl From<ValidationStatus> for Verdict {
    fn from(status: ValidationStatus) -> Self {
        match status {
            ValidationStatus::Passed => Self::ok("passed"),
            ValidationStatus::Failed => Self::critical("failed"),
            ValidationStatus::Error => Self::critical("error"),
            ValidationStatus::Skipped => Self::unknown("skipped"),
        }
    }
}

impl From<Severity> for Verdict {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self { icon: IconName::Info, word: "info", class: "unk" },
            Severity::Warning => Self::warning("warning"),
            Severity::Critical => Self::critical("critical"),
        }
    }
}

/// A status as a small label.
#[component]
pub fn Badge(#[prop(into)] verdict: Signal<Verdict>) -> impl IntoView {
    view! {
        <span class=move || format!("st {}", verdict.get().class)>
            {move || view! { <Icon name=verdict.get().icon /> }}
            {move || verdict.get().word}
        </span>
    }
}

/// A score of 100 as a bar and its figure; a dash while nothing is known.
#[component]
pub fn ScoreBar(#[prop(into)] score: Signal<Option<u32>>) -> impl IntoView {
    view! {
        <span class="score-bar" aria-hidden="true">
            <i
                class=move || score.get().map_or("", Verdict::of_score)
                style:width=move || format!("{}%", score.get().unwrap_or(0))
            ></i>
        </span>
        <span class="num">{move || score.get().map_or_else(|| "—".to_owned(), |s| s.to_string())}</span>
    }
}
