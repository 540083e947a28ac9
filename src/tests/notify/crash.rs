//! `kill -9` between queueing and delivery: nothing is lost, and what comes again has the same id.
//! And TLS, which takes a process of its own to believe in a certificate of ours.

use super::{Board, Receiver, SECRET, ids};
use crate::process::{Served, command, until};
use bellwether::domain::alerts::Why;
use serde_json::{Value, json};
use std::path::Path;

const ALLOWED: &[&str] = &["--notify-allow-private"];

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_no_notification_and_repeats_one_under_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::webhook("503");
    let board = Board::start(dir.path()).await;
    let spec = json!({ "name": "ops", "kind": "webhook", "url": receiver.url(), "secret": SECRET });
    board.save(spec).await;
    for name in ["one", "two", "three"] {
        board.queue(name, "ops", Why::Fired).await;
    }
    receiver.until_came(1).await;
    board.stop().await;
    let before = receiver.came().len();
    // Under way when it is killed: whether the other side took it cannot be known.
    receiver.behaves("hang");
    let served = Served::start(dir.path(), ALLOWED);
    until("it is under way", || receiver.came().len() > before);
    served.kill();
    receiver.behaves("200");
    let served = Served::start(dir.path(), ALLOWED);
    until("all is delivered", || served.get("/api/v1/notifications").json()["items"] == json!([]));
    let came = receiver.came();
    let hung: Vec<_> = came.iter().filter(|one| one["answered"] == "hang").cloned().collect();
    let taken: Vec<_> = came.iter().filter(|one| one["answered"] == "200").cloned().collect();
    assert_eq!(ids(&hung), ["one"]);
    assert_eq!(ids(&taken), ["one", "two", "three"]);
    assert!(came.iter().all(|one| one["verified"] == true), "{came:?}");
    // Killed when nothing is under way, it repeats nothing.
    served.kill();
    let served = Served::start(dir.path(), ALLOWED);
    let tried = served_test(&served, "ops");
    assert_eq!(tried["success"], true, "{tried}");
    assert_eq!(receiver.came().len(), came.len() + 1);
}

fn served_test(served: &Served, id: &str) -> Value {
    let url = format!("{}/api/v1/channels/{id}/test", served.url);
    let answer = crate::process::ask(&crate::process::agent(), &url, Some(("", String::new())));
    answer.expect("an answer").json()
}

/// A certificate for `localhost` and what vouches for it, in files.
fn certificates(dir: &Path) -> [String; 3] {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let cert = params.signed_by(&key, &issuer).unwrap();
    let files =
        [("cert.pem", cert.pem()), ("key.pem", key.serialize_pem()), ("issuer.pem", issuer.pem())];
    files.map(|(name, text)| {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_secured_under_the_name_that_was_given() {
    let certs = tempfile::tempdir().unwrap();
    let [cert, key, issuer] = certificates(certs.path());
    let with = ["--cert", &cert, "--key", &key, "--user", "ann", "--password", "hunter2"];
    let halfway = Receiver::start("mailbox.py", &with, "250 OK");
    let whole = [&with[..], &["--implicit"]].concat();
    let whole = Receiver::start("mailbox.py", &whole, "250 OK");
    let dir = tempfile::tempdir().unwrap();
    let mut trusting = command(dir.path(), ALLOWED);
    let served = Served::wait_for(trusting.env("SSL_CERT_FILE", &issuer).spawn().unwrap());
    let make = |served: &Served, name: &str, url: String| {
        let spec = json!({ "name": name, "kind": "smtp", "url": url, "username": "ann",
            "secret": "hunter2", "to": ["ann@people.example"] });
        let body = ("application/json", spec.to_string());
        let url = format!("{}/api/v1/channels", served.url);
        let made = crate::process::ask(&crate::process::agent(), &url, Some(body)).unwrap();
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    };
    make(&served, "halfway", format!("smtp://localhost:{}", halfway.port));
    make(&served, "whole", format!("smtps://localhost:{}", whole.port));
    make(&served, "stranger", format!("smtp://127.0.0.1:{}", halfway.port));
    for (name, server) in [("halfway", &halfway), ("whole", &whole)] {
        let tried = served_test(&served, name);
        assert_eq!(tried["success"], true, "{name} {tried}");
        let came = server.came();
        assert_eq!((&came[0]["tls"], &came[0]["user"]), (&json!(true), &json!("ann")));
    }
    // The certificate is not of that name.
    let tried = served_test(&served, "stranger");
    assert_eq!(tried["success"], false, "{tried}");
    assert!(tried["detail"].as_str().unwrap().contains("certificate"), "{tried}");
    served.signal("-TERM");
    // One that does not believe in the issuer sends nothing.
    let served = Served::start(dir.path(), ALLOWED);
    for name in ["halfway", "whole"] {
        let tried = served_test(&served, name);
        assert_eq!(tried["success"], false, "{name} {tried}");
    }
    assert_eq!((halfway.came().len(), whole.came().len()), (1, 1));
}
