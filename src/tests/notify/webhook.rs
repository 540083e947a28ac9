//! Webhooks, and all that delivery does whatever the channel.

use super::{Board, Receiver, SECRET, ids, quick};
use bellwether::domain::alerts::Why;
use bellwether::notify::Tuning;
use bellwether::server::access::Caller;
use bellwether::server::alerts::channels;
use serde_json::{Value, json};

fn webhook(url: &str) -> Value {
    json!({ "name": "Ops", "kind": "webhook", "url": url, "secret": SECRET })
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_signed_in_order_and_sent_once() {
    let receiver = Receiver::webhook("204");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    assert_eq!(&*board.save(webhook(&receiver.url())).await.id, "ops");
    let names: Vec<String> = (0..20).map(|n| format!("n-{n}")).collect();
    for name in &names {
        board.queue(name, "ops", Why::Fired).await;
    }
    board.until_delivered().await;
    let came = receiver.came();
    assert_eq!(ids(&came), names);
    assert!(came.iter().all(|one| one["verified"] == true), "{came:?}");
    let body: Value = serde_json::from_str(came[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["type"], "alert.fired");
    let alert = &body["data"]["alerts"][0];
    assert_eq!(alert["title"], "Disk of build-02 is full");
    assert_eq!(alert["url"], "https://board.example/alerts/alert-n-0");
    let item = channels::get(&board.app, "ops").unwrap();
    assert!(item.last_sent_at.is_some() && item.last_error.is_none(), "{item:?}");
    // A server that stops and comes back sends nothing again, but goes on.
    board.stop().await;
    let board = Board::start(dir.path()).await;
    board.queue("after", "ops", Why::Resolved).await;
    board.until_delivered().await;
    let came = receiver.came();
    assert_eq!(ids(&came[20..]), ["after"]);
    assert_eq!(came.len(), 21);
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_until_it_is_taken_under_the_same_id() {
    let mut receiver = Receiver::webhook("503");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    board.save(webhook(&receiver.url())).await;
    board.queue("first", "ops", Why::Fired).await;
    board.queue("second", "ops", Why::Resolved).await;
    receiver.until_came(3).await;
    let item = channels::get(&board.app, "ops").unwrap();
    let error = item.last_error.expect("what went wrong");
    assert!(error.contains("503") && error.contains("not now"), "{error}");
    assert_eq!(item.waiting, 2);
    // Nobody there at all.
    receiver.down();
    let attempts =
        |alerts: &bellwether::domain::alerts::state::State| alerts.outbox.waiting["first"].attempts;
    let so_far = attempts(&board.app.hub.published().state.alerts);
    board.until("it is tried while nobody is there", |it| attempts(it) >= so_far + 3).await;
    board
        .until("it is said", |it| {
            let error = it.outbox.waiting["first"].error.as_deref().unwrap_or_default();
            error.contains("cannot connect to 127.0.0.1")
        })
        .await;
    receiver.behaves("200");
    receiver.up();
    board.until_delivered().await;
    let came = receiver.came();
    let taken: Vec<_> = came.iter().filter(|one| one["answered"] == "200").cloned().collect();
    assert_eq!(ids(&taken), ["first", "second"]);
    // What waits behind it is not told before it.
    assert!(ids(&came[..came.len() - 1]).iter().all(|id| *id == "first"), "{:?}", ids(&came));
    let bodies: Vec<_> = came[..came.len() - 1].iter().map(|one| &one["body"]).collect();
    assert!(bodies.windows(2).all(|two| two[0] == two[1]), "an attempt says what the first did");
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_a_dead_letter_that_can_be_tried_again() {
    let receiver = Receiver::webhook("404");
    let dir = tempfile::tempdir().unwrap();
    let delivery = Tuning { refused: 3, ..quick() };
    let board = Board::changed(dir.path(), |it| it.tuning.delivery = delivery).await;
    board.save(webhook(&receiver.url())).await;
    board.queue("one", "ops", Why::Fired).await;
    board.until("it is given up", |alerts| alerts.outbox.dead.contains_key("one")).await;
    assert_eq!(receiver.came().len(), 3);
    let all = channels::notifications(&board.app);
    assert!(all[0].dead && all[0].attempts == 3 && all[0].next_at.is_none(), "{all:?}");
    assert!(all[0].last_error.as_deref().unwrap().contains("404"), "{all:?}");
    assert_eq!(channels::get(&board.app, "ops").unwrap().dead, 1);
    // What comes after it goes on meanwhile.
    receiver.behaves("200");
    board.queue("two", "ops", Why::Fired).await;
    board.until("the next is sent", |alerts| alerts.outbox.waiting.is_empty()).await;
    let me = Caller::command_line();
    assert_eq!(channels::requeue(&board.app, &me, "two").await.unwrap_err().status, 404);
    channels::requeue(&board.app, &me, "one").await.unwrap();
    board.until_delivered().await;
    assert_eq!(ids(&receiver.came()), ["one", "one", "one", "two", "one"]);
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let elsewhere = Receiver::webhook("200");
    let receiver = Receiver::webhook(&format!("302 {}", elsewhere.url()));
    let dir = tempfile::tempdir().unwrap();
    let delivery = Tuning { refused: 2, ..quick() };
    let board = Board::changed(dir.path(), |it| it.tuning.delivery = delivery).await;
    board.save(webhook(&receiver.url())).await;
    board.queue("one", "ops", Why::Fired).await;
    board.until("it is given up", |alerts| alerts.outbox.dead.contains_key("one")).await;
    let all = channels::notifications(&board.app);
    assert!(all[0].last_error.as_deref().unwrap().contains("not followed"), "{all:?}");
    assert_eq!((receiver.came().len(), elsewhere.came().len()), (2, 0));
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_left_alone_unless_they_are_allowed() {
    let receiver = Receiver::webhook("200");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    board.save(webhook(&receiver.url())).await;
    board.stop().await;
    // Saved when it was allowed; it is not any more.
    let strict = |settings: &mut bellwether::server::config::Settings| {
        settings.notify_allow_private = false;
        settings.tuning.delivery = Tuning { refused: 2, ..quick() };
    };
    let board = Board::changed(dir.path(), strict).await;
    board.queue("one", "ops", Why::Fired).await;
    board.until("it is given up", |alerts| alerts.outbox.dead.contains_key("one")).await;
    let me = Caller::command_line();
    let tested = channels::test(&board.app, &me, "ops").await.unwrap();
    assert!(!tested.success && tested.detail.contains("--notify-allow-private"), "{tested:?}");
    for url in [receiver.url(), format!("http://localhost:{}/", receiver.port)] {
        let spec = serde_json::from_value(webhook(&url)).unwrap();
        let refused = channels::save(&board.app, &me, None, spec).await.unwrap_err();
        assert_eq!((refused.status, refused.errors[0].pointer.as_str()), (422, "/url"));
    }
    assert!(receiver.came().is_empty(), "{:?}", receiver.came());
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_off_keeps_what_waits_and_one_that_is_gone_drops_it() {
    let receiver = Receiver::webhook("200");
    let other = Receiver::webhook("200");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    let mut spec = webhook(&receiver.url());
    spec["enabled"] = json!(false);
    board.save(spec.clone()).await;
    let mut marker = webhook(&other.url());
    marker["name"] = json!("Other");
    board.save(marker).await;
    board.queue("one", "ops", Why::Resolved).await;
    board.queue("old", "ops", Why::Fired).await;
    board.queue("two", "other", Why::Fired).await;
    other.until_came(1).await;
    board.until("only the other is told", |alerts| alerts.outbox.waiting.len() == 2).await;
    assert!(receiver.came().is_empty());
    spec["enabled"] = json!(true);
    board.change("ops", spec.clone()).await;
    board.until_delivered().await;
    // What fired and is over meanwhile is no news any more.
    assert_eq!(ids(&receiver.came()), ["one"]);
    spec["enabled"] = json!(false);
    board.change("ops", spec).await;
    board.queue("three", "ops", Why::Fired).await;
    channels::remove(&board.app, &Caller::command_line(), "ops").await.unwrap();
    board.until("nothing waits", |alerts| alerts.outbox.waiting.is_empty()).await;
    // One that is queued while its channel goes is dropped too.
    board.queue("four", "ops", Why::Fired).await;
    board.until("nothing waits", |alerts| alerts.outbox.waiting.is_empty()).await;
    assert_eq!(receiver.came().len(), 1);
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_hangs_holds_no_other_back() {
    let slow = Receiver::webhook("hang");
    let receiver = Receiver::webhook("200");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    board.save(webhook(&slow.url())).await;
    board.save(webhook(&receiver.url())).await;
    board.queue("one", "ops", Why::Fired).await;
    slow.until_came(1).await;
    board.queue("two", "ops-2", Why::Fired).await;
    board.until("the other is told", |alerts| !alerts.outbox.waiting.contains_key("two")).await;
    let begun = std::time::Instant::now();
    board.stop().await;
    assert!(begun.elapsed().as_secs() < 5, "a server that stops does not wait for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_is_said_and_is_no_end() {
    let receiver = Receiver::webhook("200");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    board.save(webhook(&receiver.url())).await;
    board.stop().await;
    std::fs::remove_file(dir.path().join("channels.key")).unwrap();
    let delivery = Tuning { refused: 1, ..quick() };
    let board = Board::changed(dir.path(), |it| it.tuning.delivery = delivery).await;
    let item = channels::get(&board.app, "ops").unwrap();
    assert!(item.last_error.unwrap().contains("channels.key is gone"));
    board.queue("one", "ops", Why::Fired).await;
    board.until("it is given up", |alerts| alerts.outbox.dead.contains_key("one")).await;
    board.change("ops", webhook(&receiver.url())).await;
    channels::requeue(&board.app, &Caller::command_line(), "one").await.unwrap();
    board.until_delivered().await;
    assert_eq!(receiver.came()[0]["verified"], true);
    board.stop().await;
}
