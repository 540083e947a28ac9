//! Topics of a connection: from a snapshot or a position on, all that follows.

use super::{Client, Gone, MAX_TOPICS};
use crate::domain::Topic;
use crate::domain::range::RangeParams;
use crate::pipeline::hub::{Fallen, snapshot_text};
use crate::pipeline::publish::Published;
use crate::server::access::{Act, own};
use crate::server::{App, read, trading, work};
use crate::wire::Seq;
use axum::extract::ws::Utf8Bytes;
use std::sync::atomic::Ordering;

impl Client {
    pub(super) async fn subscribe(&mut self, name: &str) -> Result<(), Gone> {
        let Some(topic) = self.admit(name).await? else { return Ok(()) };
        self.snapshot(&topic, None).await
    }

    pub(super) async fn resume(&mut self, name: &str, epoch: &str, seq: Seq) -> Result<(), Gone> {
        let Some(topic) = self.admit(name).await? else { return Ok(()) };
        if epoch != &**self.line.app.hub.epoch() {
            return self.snapshot(&topic, Some("epoch")).await;
        }
        self.cursors.insert(topic.clone(), seq);
        self.catch_up(&topic).await
    }

    pub(super) async fn unsubscribe(&mut self, name: &str) -> Result<(), Gone> {
        match name.parse::<Topic>() {
            Ok(topic) => {
                self.forget(&topic);
                if topic == Topic::Summary {
                    self.forget(&Topic::Outline);
                }
                Ok(())
            }
            Err(why) => self.line.error("unknown_topic", &why).await,
        }
    }

    pub(super) fn forget(&mut self, topic: &Topic) {
        if self.cursors.remove(topic).is_some() {
            self.line.app.hub.leave(topic);
        }
    }

    /// Parses a topic and joins it, unless it may not be seen.
    pub(super) async fn admit(&mut self, name: &str) -> Result<Option<Topic>, Gone> {
        let topic = match name.parse::<Topic>() {
            Ok(topic) => topic.told_to(self.line.caller.permissions),
            Err(why) => {
                self.line.error("unknown_topic", &why).await?;
                return Ok(None);
            }
        };
        if let Err(error) = self.line.caller.may(topic.needs()) {
            let act = Act::by(&self.line.caller, "topic.deny").on(name);
            own::denied(&self.line.app, act.because(error.detail.clone()));
            self.line.error("forbidden", &format!("{topic}: {}", error.detail)).await?;
            return Ok(None);
        }
        // One name is one feed, whoever asked for it before is who now.
        match topic {
            Topic::Summary => self.forget(&Topic::Outline),
            Topic::Outline => self.forget(&Topic::Summary),
            _ => {}
        }
        if !self.cursors.contains_key(&topic) {
            if self.cursors.len() >= MAX_TOPICS {
                self.line
                    .error("too_many_topics", "a connection may hold at most 64 topics")
                    .await?;
                return Ok(None);
            }
            self.line.app.hub.join(&topic);
            self.cursors.insert(topic.clone(), 0);
        }
        Ok(Some(topic))
    }

    pub(super) async fn snapshot(
        &mut self,
        topic: &Topic,
        reason: Option<&str>,
    ) -> Result<(), Gone> {
        let shown = self.line.app.hub.published();
        self.cursors.insert(topic.clone(), shown.seq);
        match snapshot(&self.line.app, &shown, topic, reason).await {
            Ok(text) => self.line.send(text).await,
            Err(why) => {
                self.forget(topic);
                self.line.error("unknown_topic", &why).await
            }
        }
    }

    /// Writes all that lies between the cursors and the head.
    pub(super) async fn pump(&mut self) -> Result<(), Gone> {
        let topics: Vec<Topic> = self.cursors.keys().cloned().collect();
        for topic in topics {
            self.catch_up(&topic).await?;
        }
        Ok(())
    }

    pub(super) async fn catch_up(&mut self, topic: &Topic) -> Result<(), Gone> {
        let Some(mut cursor) = self.cursors.get(topic).copied() else { return Ok(()) };
        let hub = self.line.app.hub.clone();
        match hub.since(topic, cursor) {
            Ok(frames) => {
                for frame in frames {
                    self.line.send(frame.text_from(cursor, topic, hub.epoch())).await?;
                    cursor = frame.seq;
                }
                self.cursors.insert(topic.clone(), cursor);
                Ok(())
            }
            Err(Fallen) => {
                hub.meters.resyncs.fetch_add(1, Ordering::Relaxed);
                self.snapshot(topic, Some("behind")).await
            }
        }
    }
}

/// The snapshot message of `topic`; the shared one unless there is a reason to tell.
async fn snapshot(
    app: &App,
    shown: &Published,
    topic: &Topic,
    reason: Option<&str>,
) -> Result<Utf8Bytes, String> {
    let (cursor, at) = (&shown.cursor, shown.as_of);
    let made = |data: &str| snapshot_text(topic, &cursor.epoch, cursor.seq, at, data, reason);
    if let Topic::Project(id) = topic {
        // Apart, because every client would carry the room it takes for as long as it is connected.
        let detail = Box::pin(read::project_detail(app, shown, id, &RangeParams::default()))
            .await
            .map_err(|error| error.detail)?;
        return serde_json::to_string(&detail).map(|data| made(&data)).map_err(|e| e.to_string());
    }
    if let Topic::Task(id) = topic {
        let detail = Box::pin(work::task(app, id)).await.map_err(|error| error.detail)?;
        return serde_json::to_string(&detail).map(|data| made(&data)).map_err(|e| e.to_string());
    }
    if *topic == Topic::Portfolio {
        // Without ratios where history cannot be read: what is shown now can be told all the same.
        if let Ok(page) =
            Box::pin(trading::reads::portfolio_of(app, shown, &Default::default())).await
        {
            return serde_json::to_string(&page).map(|data| made(&data)).map_err(|e| e.to_string());
        }
    }
    if reason.is_none() {
        return Ok(shown.snapshot(topic).clone());
    }
    std::str::from_utf8(shown.json(topic)).map(made).map_err(|error| error.to_string())
}
