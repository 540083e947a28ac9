//! The other side of the wire, in a process of its own, so that only the server is measured.

use super::{events, http};
use futures::StreamExt;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::Message;

/// The first argument of a child.
pub const WORD: &str = "child";

/// A child, seen from its parent. It is ended when this is dropped.
pub struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Child {
    pub fn spawn(arguments: &[&dyn ToString]) -> Self {
        let arguments = arguments.iter().map(|argument| argument.to_string());
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg(WORD)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, input, output }
    }

    /// The numbers in the child's next line.
    pub fn numbers(&mut self) -> Vec<f64> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the child failed");
        line.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect()
    }

    /// What it has counted so far: frames and bytes.
    pub fn counted(&mut self) -> (f64, f64) {
        writeln!(self.input).unwrap();
        let numbers = self.numbers();
        (numbers[0], numbers[1])
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The child itself.
pub fn main(arguments: &[String]) {
    let address: SocketAddr = arguments[1].parse().unwrap();
    let number = |at: usize| arguments[at].parse::<u64>().unwrap();
    match arguments[0].as_str() {
        "live" => listen(number(2), &|seen| {
            let url = format!("ws://{address}/dashboard/live?topics={}", arguments[3]);
            tokio::spawn(live(url, seen))
        }),
        "drain" => listen(number(2), &|seen| tokio::spawn(drain(address, seen))),
        "post" => post(address, Duration::from_millis(number(2)), number(3)),
        "get" => load(address, &arguments[2], &arguments[3], number(4), number(5)),
        other => panic!("a child cannot {other}"),
    }
}

#[derive(Default)]
struct Seen {
    open: AtomicU64,
    frames: AtomicU64,
    bytes: AtomicU64,
}

/// Opens so many connections, one after the other, and counts what comes.
fn listen(count: u64, open: &dyn Fn(Arc<Seen>) -> tokio::task::JoinHandle<()>) {
    let seen = Arc::new(Seen::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        for i in 0..count {
            open(seen.clone());
            while seen.open.load(Relaxed) <= i {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        }
        println!("{count}");
        std::thread::spawn(move || {
            for _ in std::io::stdin().lines() {
                println!("{} {}", seen.frames.load(Relaxed), seen.bytes.load(Relaxed));
            }
            std::process::exit(0);
        });
        std::future::pending::<()>().await;
    });
}

/// Follows a topic; what comes after the snapshot counts.
async fn live(url: String, seen: Arc<Seen>) {
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut begun = false;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        if !begun {
            begun = text.starts_with(r#"{"type":"snapshot"#);
            seen.open.fetch_add(u64::from(begun), Relaxed);
        } else if text.starts_with(r#"{"type":"delta"#) {
            seen.frames.fetch_add(1, Relaxed);
            seen.bytes.fetch_add(text.len() as u64, Relaxed);
        }
    }
}

/// Reads and throws away.
async fn drain(address: SocketAddr, seen: Arc<Seen>) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    seen.open.fetch_add(1, Relaxed);
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        seen.bytes.fetch_add(read as u64, Relaxed);
    }
}

/// Sends so many events, one at a time, this far apart.
fn post(address: SocketAddr, apart: Duration, count: u64) {
    let mut connection = http::Http::connect(address);
    let begun = Instant::now();
    for i in 0..count {
        let due = begun + apart * i as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        connection.post(&one(i));
    }
    println!("{count}");
}

/// Whose the run is that [`one`] tells of.
pub fn name(number: u64) -> String {
    format!("project-{}", events::scatter(number) % 100)
}

/// A run of one of a hundred projects, as a line.
pub fn one(number: u64) -> Vec<u8> {
    let data = events::run(&name(number), events::scatter(number));
    serde_json::json!({"type": "validation.completed", "data": data}).to_string().into()
}

/// Reads `path` over so many connections for so many milliseconds; prints how often, and the
/// seconds that took. One thread that never waits for a connection that has not been asked costs
/// less than any server.
fn load(address: SocketAddr, path: &str, encoding: &str, connections: u64, millis: u64) {
    let request = http::get(path, encoding);
    let mut open: Vec<_> = (0..connections).map(|_| http::Http::connect(address)).collect();
    for connection in &mut open {
        connection.send(&request);
    }
    let (begun, mut count) = (Instant::now(), 0_u64);
    while begun.elapsed() < Duration::from_millis(millis) {
        for connection in &mut open {
            connection.receive();
            connection.send(&request);
            count += 1;
        }
    }
    println!("{count} {}", begun.elapsed().as_secs_f64());
}
