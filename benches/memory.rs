//! What a client costs while nothing happens.

use super::child::Child;
use super::report::{Aim, figure, resident, title};
use super::server::Server;
use std::time::Duration;

const WARM: u64 = 50;
const CLIENTS: u64 = 2_000;

pub fn run() {
    title("memory: resident bytes of the server for each of 2,000 idle sockets");
    let server = Server::full();
    let mut first = Child::spawn(&[&"live", &server.address, &WARM, &"summary"]);
    first.numbers();
    let before = settled();
    let mut rest = Child::spawn(&[&"live", &server.address, &CLIENTS, &"summary"]);
    rest.numbers();
    let each = (settled() - before) / CLIENTS as f64 / 1024.0;
    figure("a socket", &[each], "KiB", Some(Aim::AtMost(16.0)));
}

/// Resident bytes, once they have not changed for a second.
fn settled() -> f64 {
    let mut last = resident();
    for _ in 0..30 {
        std::thread::sleep(Duration::from_secs(1));
        let now = resident();
        if (now - last).abs() < 64.0 * 1024.0 {
            return now;
        }
        last = now;
    }
    last
}
