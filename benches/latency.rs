//! From an event to the screen's doorstep, when nothing else happens.

use super::child::{name, one};
use super::report::{Aim, figure, note, quantile, title};
use super::server::Server;
use super::{events, http};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{self, Message};

const EVENTS: u64 = 200;

pub fn run() {
    title(
        "latency: from sending one event to its delta on a socket, 200 times, 150 to 250 ms apart",
    );
    let server = Server::full();
    let mut connection = http::Http::connect(server.address);
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let url = format!("ws://{}/dashboard/live?topics=projects", server.address);
    let (mut socket, _) = tungstenite::client(url, stream).expect("a socket");
    let mut wait_for = |kind: &str, what: &str| loop {
        match socket.read().expect("a message in time") {
            Message::Text(text) if text.starts_with(kind) && text.contains(what) => return,
            _ => {}
        }
    };
    wait_for(r#"{"type":"snapshot"#, "");
    let (mut shown, mut answered) = (Vec::new(), Vec::new());
    for i in 0..EVENTS {
        std::thread::sleep(Duration::from_millis(150 + events::scatter(i) % 100));
        let request = http::post(&one(i), false);
        // Time alone brings deltas too, of other projects.
        let row = format!(r#""project":"{}""#, name(i));
        let begun = Instant::now();
        connection.send(&request);
        connection.receive();
        answered.push(begun.elapsed().as_secs_f64() * 1e3);
        wait_for(r#"{"type":"delta"#, &row);
        shown.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    note("answered: the event is on disk, and its sender has been told");
    figure("answered, p50", &[quantile(&answered, 0.5)], "ms", None);
    figure("answered, p99", &[quantile(&answered, 0.99)], "ms", None);
    figure("shown, p50", &[quantile(&shown, 0.5)], "ms", None);
    figure("shown, p99", &[quantile(&shown, 0.99)], "ms", Some(Aim::AtMost(20.0)));
}
