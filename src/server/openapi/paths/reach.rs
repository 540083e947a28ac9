//! Channels and notifications.

use crate::domain::alerts::{ChannelItem, ChannelSpec, ChannelTest, NotificationItem};
use crate::server::openapi::op::{Op, delete, get, paged, post, put};
use serde_json::json;

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let channel = json!({
        "name": "On call", "kind": "webhook", "url": "https://example.com/hook",
        "match": { "min_severity": "critical" }
    });
    vec![
        get("/api/v1/channels", "channels", "Channels; their secrets are never read back.")
            .query(paged(500, 50))
            .answers_list::<ChannelItem>("A page of them."),
        post("/api/v1/channels", "create_channel", "Makes a channel.")
            .takes::<ChannelSpec>(channel.clone())
            .answers::<ChannelItem>(201, "It is in effect.")
            .with(&["Location"])
            .fails(&[409]),
        get("/api/v1/channels/{id}", "channel", "A channel.")
            .name("id", "Id of the channel.")
            .answers::<ChannelItem>(200, "The channel.")
            .fails(&[404]),
        put("/api/v1/channels/{id}", "change_channel", "Changes a channel.")
            .name("id", "Id of the channel.")
            .more("A secret that is left out stays, unless the channel leads elsewhere.")
            .takes::<ChannelSpec>(channel)
            .answers::<ChannelItem>(200, "It is in effect.")
            .fails(&[404, 409]),
        delete(
            "/api/v1/channels/{id}",
            "remove_channel",
            "Removes a channel, and what waits in it.",
        )
        .name("id", "Id of the channel.")
        .answers_as(204, "It is gone.", [])
        .fails(&[404]),
        post("/api/v1/channels/{id}/test", "test_channel", "Sends a test message.")
            .name("id", "Id of the channel.")
            .answers::<ChannelTest>(200, "Whether it got through.")
            .fails(&[404]),
        get(
            "/api/v1/notifications",
            "notifications",
            "Notifications that wait or were given up, newest first.",
        )
        .query(paged(500, 50))
        .answers_list::<NotificationItem>("A page of them."),
        post(
            "/api/v1/notifications/{id}/retry",
            "retry_notification",
            "Sends a notification again that was given up.",
        )
        .name("id", "Id of the notification.")
        .answers::<NotificationItem>(202, "It waits again.")
        .fails(&[404]),
    ]
}
