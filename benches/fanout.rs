//! Telling a thousand clients, against writing to a thousand sockets.

use super::child::Child;
use super::report::{Aim, cpu, figure, note, ratio, title};
use super::server::Server;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: usize = 3;
const CLIENTS: u64 = 1_000;
/// Ten a second for as many tenths of a second.
const FRAMES: u64 = 80;
const APART: Duration = Duration::from_millis(100);

pub fn run() {
    title("fan-out: 1,000 clients, ten frames a second each; CPU of the serving process per frame");
    note(
        "bellwether: topic `projects`, an event every 100 ms; all it does counts, also taking in,",
    );
    note(
        "syncing, folding and encoding. Floor: a loop that writes one prebuilt WebSocket frame of the",
    );
    note("same size to as many sockets. Clients and producer are other processes.");
    let server = Server::full();
    let (mut ours, mut floor, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (a, size) = live(&server, CLIENTS);
        ours.push(a);
        floor.push(write(size));
        alone.push(live(&server, 1).0);
    }
    figure("bellwether", &ours, "µs", None);
    figure("floor", &floor, "µs", None);
    figure("ratio", &ratio(&ours, &floor), "", Some(Aim::AtMost(2.0)));
    figure("the whole for one client, per flush", &alone, "µs", None);
}

/// Microseconds of CPU a frame costs the server, and the bytes it has.
fn live(server: &Server, clients: u64) -> (f64, usize) {
    let mut child = Child::spawn(&[&"live", &server.address, &clients, &"projects"]);
    child.numbers();
    calm(&mut child);
    let ((frames, bytes), before) = (child.counted(), cpu("self"));
    let mut producer = Child::spawn(&[&"post", &server.address, &APART.as_millis(), &FRAMES]);
    producer.numbers();
    calm(&mut child);
    let (used, (all, all_bytes)) = (cpu("self") - before, child.counted());
    let (frames, bytes) = (all - frames, all_bytes - bytes);
    assert!(frames >= (clients * FRAMES / 2) as f64, "{frames} frames came");
    (used.as_secs_f64() * 1e6 / frames, (bytes / frames) as usize)
}

/// Waits until no frame has come for three flushes.
fn calm(child: &mut Child) {
    let mut last = child.counted();
    for _ in 0..50 {
        std::thread::sleep(3 * APART);
        let now = child.counted();
        if now == last {
            return;
        }
        last = now;
    }
    panic!("frames keep coming");
}

/// Microseconds of CPU that writing a prebuilt frame with so many bytes of text costs.
fn write(size: usize) -> f64 {
    let mut frame = vec![0x81, 126];
    frame.extend_from_slice(&u16::try_from(size).expect("a frame below 64 KiB").to_be_bytes());
    frame.resize(frame.len() + size, b'x');
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut child = Child::spawn(&[&"drain", &listener.local_addr().unwrap(), &CLIENTS]);
        let mut sockets: Vec<TcpStream> = Vec::new();
        for _ in 0..CLIENTS {
            let (socket, _) = listener.accept().await.unwrap();
            socket.set_nodelay(true).unwrap();
            sockets.push(socket);
        }
        child.numbers();
        let before = cpu("self");
        let mut every = tokio::time::interval(APART);
        for _ in 0..FRAMES {
            every.tick().await;
            for socket in &mut sockets {
                socket.write_all(&frame).await.unwrap();
            }
        }
        let used = cpu("self") - before;
        used.as_secs_f64() * 1e6 / (FRAMES * CLIENTS) as f64
    })
}
