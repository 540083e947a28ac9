//! The summary, which the frame and the overview share.

use crate::domain::Topic;
use crate::domain::summary::{Summary, SummaryDelta};
use crate::domain::summary_api::dashboard_summary;
use crate::ui::live::{Mirror, Part, follow};
use crate::ui::me::may;
use crate::ui::widgets::{Reading, reading};
use leptos::prelude::*;

/// The summary: as it was first read, and as it is now.
#[derive(Clone, Copy)]
pub struct SummaryFeed {
    /// As the server rendered it; none for those who may not see it.
    pub first: Option<Reading<Summary>>,
    shown: RwSignal<Option<Summary>>,
}

impl SummaryFeed {
    /// Reads the summary, and follows it for as long as the page is open.
    pub fn new() -> Self {
        let first = may(Topic::Summary.needs()).then(|| reading(dashboard_summary));
        let shown = RwSignal::new(None);
        Effect::new(move |_| {
            if let Some(Ok(summary)) = first.and_then(Reading::get) {
                let cursor = summary.cursor();
                shown.set(Some(summary));
                follow(Topic::Summary, Some(cursor), move |part| receive(shown, part));
            }
        });
        Self { first, shown }
    }

    /// The feed of this page.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Something of the summary as it is now, once there is one.
    pub fn with<T>(self, pick: impl Fn(&Summary) -> T) -> Option<T> {
        self.shown.with(|shown| shown.as_ref().map(pick))
    }

    /// A section of the summary; changes only when that section does.
    pub fn section<T>(self, first: &Summary, pick: fn(&Summary) -> T) -> Memo<T>
    where
        T: Clone + PartialEq + Send + Sync + 'static,
    {
        let rendered = pick(first);
        Memo::new(move |_| self.with(pick).unwrap_or_else(|| rendered.clone()))
    }
}

impl Default for SummaryFeed {
    fn default() -> Self {
        Self::new()
    }
}

fn receive(shown: RwSignal<Option<Summary>>, part: Part<'_>) -> serde_json::Result<()> {
    if part.whole {
        let mut next: Summary = serde_json::from_str(part.data)?;
        next.stamp(part.at, part.cursor);
        shown.try_set(Some(next));
        return Ok(());
    }
    let delta: SummaryDelta = serde_json::from_str(part.data)?;
    shown.try_update(|shown| {
        if let Some(summary) = shown {
            summary.take(delta);
            summary.stamp(part.at, part.cursor);
        }
    });
    Ok(())
}
