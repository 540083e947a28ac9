//! Mail through a real mail server, which fails and recovers.

use super::{Board, Receiver};
use bellwether::domain::alerts::Why;
use bellwether::server::access::Caller;
use bellwether::server::alerts::channels;
use serde_json::{Value, json};

fn mail(port: u16) -> Value {
    json!({ "name": "Post", "kind": "smtp", "url": format!("smtp://127.0.0.1:{port}"),
        "to": ["Ann <ann@people.example>", "bob@people.example"], "from": "board@ops.example" })
}

/// The headers of a mail as they stand, and what follows them.
fn parts(mail: &Value) -> (String, String) {
    let text = mail["content"].as_str().unwrap().replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

fn header<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("{name}: ");
    head.lines().filter_map(|line| line.strip_prefix(start.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_fails_is_sent_once_the_server_takes_it() {
    let mut server = Receiver::start("mailbox.py", &[], "451 later");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    board.save(mail(server.port)).await;
    board.queue("one", "post", Why::Fired).await;
    let failed = server.until_came(2).await;
    server.down();
    board
        .until("it is tried while nobody is there", |alerts| {
            let one = &alerts.outbox.waiting["one"];
            one.error.as_deref().unwrap_or_default().contains("onnection")
        })
        .await;
    server.behaves("250 taken");
    server.up();
    board.until_delivered().await;
    let came = server.came();
    let taken: Vec<_> = came.iter().filter(|one| one["answered"] == "250 taken").collect();
    assert_eq!(taken.len(), 1);
    let (head, body) = parts(taken[0]);
    assert_eq!(header(&head, "Message-ID"), ["<one@ops.example>"]);
    assert_eq!(header(&head, "Message-ID"), header(&parts(&failed[0]).0, "Message-ID"));
    assert_eq!(header(&head, "Date"), header(&parts(&failed[0]).0, "Date"));
    assert_eq!(header(&head, "From"), ["board@ops.example"]);
    assert_eq!(header(&head, "To"), ["Ann <ann@people.example>, bob@people.example"]);
    assert_eq!(header(&head, "Subject"), ["[FIRING] critical: Disk of build-02 is full"]);
    assert_eq!(taken[0]["to"], json!(["ann@people.example", "bob@people.example"]));
    assert!(body.contains("Content-Type: text/plain"), "{body}");
    assert!(body.contains("Content-Type: text/html"), "{body}");
    assert!(body.contains("https://board.example/alerts/alert-one"), "{body}");
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_becomes_a_header_or_a_recipient() {
    let server = Receiver::start("mailbox.py", &[], "250 OK");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    let mut spec = mail(server.port);
    spec["name"] = json!("Größe <b>");
    board.save(spec).await;
    let evil =
        "x\r\nBcc: eve@evil.example\r\n\r\nnow the body\r\n.\r\nMAIL FROM:<eve@evil.example>";
    board.queue_said("one", "gr-e-b", evil).await;
    board.until_delivered().await;
    let came = server.came();
    assert_eq!(came.len(), 1);
    assert_eq!(came[0]["to"].as_array().unwrap().len(), 2);
    let (head, body) = parts(&came[0]);
    assert!(header(&head, "Bcc").is_empty(), "{head}");
    assert_eq!(header(&head, "Subject").len(), 1, "{head}");
    let (_, html) = body.split_once("Content-Type: text/html").expect("a part in HTML");
    assert!(!html.contains("<b>") && html.contains("&lt;b&gt;"), "{html}");
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signs_in_where_that_is_asked_for() {
    let with = ["--user", "ann", "--password", "hunter2"];
    let server = Receiver::start("mailbox.py", &with, "250 OK");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    let mut spec = mail(server.port);
    spec["username"] = json!("ann");
    spec["secret"] = json!("wrong-password");
    board.save(spec.clone()).await;
    let me = Caller::command_line();
    let refused = channels::test(&board.app, &me, "post").await.unwrap();
    assert!(!refused.success && refused.detail.contains("535"), "{refused:?}");
    assert!(!refused.detail.contains("wrong-password"), "{refused:?}");
    spec["secret"] = json!("hunter2");
    board.change("post", spec).await;
    let taken = channels::test(&board.app, &me, "post").await.unwrap();
    assert!(taken.success, "{taken:?}");
    assert_eq!(server.came()[0]["user"], "ann");
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starttls_is_waited_for_where_it_is_required() {
    let server = Receiver::start("mailbox.py", &[], "250 OK");
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    let mut spec = mail(server.port);
    spec["url"] = json!(format!("smtp://127.0.0.1:{}?starttls=required", server.port));
    board.save(spec).await;
    let refused = channels::test(&board.app, &Caller::command_line(), "post").await.unwrap();
    assert!(!refused.success && refused.detail.contains("no STARTTLS"), "{refused:?}");
    assert!(server.came().is_empty());
    board.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_talks_without_end_is_left() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = listener.accept().unwrap();
        let mut sent = 0;
        while stream.write_all(&[b'2'; 65_536]).is_ok() {
            sent += 65_536;
            assert!(sent < 1 << 30, "it hears all of it");
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let board = Board::start(dir.path()).await;
    board.save(mail(port)).await;
    let left = channels::test(&board.app, &Caller::command_line(), "post").await.unwrap();
    assert!(!left.success && left.detail.contains("says more"), "{left:?}");
    heard.join().unwrap();
    board.stop().await;
}
