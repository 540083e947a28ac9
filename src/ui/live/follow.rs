//! Views that a topic keeps up to date.

use super::{Live, Part};
use crate::domain::Topic;
use crate::domain::alerts::{AlertsDelta, AlertsPage};
use crate::domain::projects::{ProjectDelta, ProjectDetail};
use crate::domain::summary::{Summary, SummaryDelta, Ticker, TickerDelta};
use crate::domain::system::{SystemDelta, SystemPage};
use crate::domain::trading::{Portfolio, PortfolioDelta};
use crate::domain::work::{TaskDelta, TaskDetail, WorkDelta, WorkPage};
use crate::ui::me::may;
use crate::wire::{Cursor, Timestamp};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A view with a position, changed by deltas with the same function as on the server.
pub trait Mirror: DeserializeOwned + Send + Sync + 'static {
    /// What changes it.
    type Delta: DeserializeOwned;

    /// Its position.
    fn cursor(&self) -> Cursor;

    /// Takes in a change.
    fn take(&mut self, delta: Self::Delta);

    /// Says up to when and where it holds.
    fn stamp(&mut self, at: Timestamp, cursor: &Cursor);
}

macro_rules! mirror {
    ($($view:ty: $delta:ty),+ $(,)?) => {
        $(impl Mirror for $view {
            type Delta = $delta;

            fn cursor(&self) -> Cursor {
                self.cursor.clone()
            }

            fn take(&mut self, delta: $delta) {
                self.apply(delta);
            }

            fn stamp(&mut self, at: Timestamp, cursor: &Cursor) {
                (self.as_of, self.cursor) = (at, cursor.clone());
            }
        })+
    };
}

mirror! {
    Summary: SummaryDelta,
    Ticker: TickerDelta,
    SystemPage: SystemDelta,
    ProjectDetail: ProjectDelta,
    WorkPage: WorkDelta,
    TaskDetail: TaskDelta,
    AlertsPage: AlertsDelta,
    Portfolio: PortfolioDelta,
}

/// Follows `topic` for as long as the calling component lives. Does nothing on the server, nor for
/// those who may not see the topic.
pub fn follow(
    topic: Topic,
    cursor: Option<Cursor>,
    receive: impl Fn(Part<'_>) -> serde_json::Result<()> + Send + Sync + 'static,
) {
    if !may(topic.needs()) {
        return;
    }
    let live = Live::expect();
    let receive: super::Receiver = Arc::new(receive);
    Effect::new(move |_| {
        let id = live.subscribe(&topic, cursor.clone(), receive.clone());
        on_cleanup(move || live.unsubscribe(id));
    });
}

/// A view that begins as `first` and is kept up to date by `topic`.
pub fn follow_doc<T: Mirror>(topic: Topic, first: T) -> RwSignal<T> {
    let cursor = first.cursor();
    let doc = RwSignal::new(first);
    follow(topic, Some(cursor), move |part| receive(doc, part));
    doc
}

fn receive<T: Mirror>(doc: RwSignal<T>, part: Part<'_>) -> serde_json::Result<()> {
    if part.whole {
        let mut next: T = serde_json::from_str(part.data)?;
        next.stamp(part.at, part.cursor);
        doc.try_set(next);
    } else {
        let delta: T::Delta = serde_json::from_str(part.data)?;
        doc.try_update(|view| {
            view.take(delta);
            view.stamp(part.at, part.cursor);
        });
    }
    Ok(())
}
