//! Reading what is shown, against nginx serving the same bytes.

use super::child::Child;
use super::report::{Aim, cpu, figure, note, ratio, title};
use super::server::{Server, directory};
use super::{events, http};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ROUNDS: usize = 5;
const CONNECTIONS: u64 = 32;
const MILLIS: u64 = 1_500;

pub fn run() {
    title("snapshot: GET over 32 connections kept alive, one thread serving, one asking");
    let Some(version) = Nginx::version() else {
        note("nginx is not installed: nothing to compare with (tools/bench.sh installs it)");
        return;
    };
    note(&format!("peer: {version}, one worker, a static file with the same bytes and headers"));
    let server = Server::start(1);
    let mut connection = http::Http::connect(server.address);
    for batch in 0..10 {
        connection.send(&http::post(&events::lines(batch * 500, 500, 200), true));
        connection.receive();
    }
    let view =
        |path, encoding| compare(&server, &mut http::Http::connect(server.address), path, encoding);
    view("/dashboard/summary", "identity");
    view("/dashboard/summary", "br");
    view("/api/v1/system", "identity");
    view("/dashboard/projects", "identity");
}

fn compare(server: &Server, connection: &mut http::Http, path: &str, encoding: &str) {
    connection.send(&http::get(path, encoding));
    let (head, body) = connection.receive();
    note(&format!("{path}, {encoding}: {} bytes", body.len()));
    let nginx = Nginx::start(head, body);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut our_cost, mut their_cost) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (rate, cost) = load(server.address, path, encoding, "self");
        ours.push(rate);
        our_cost.push(cost);
        let (rate, cost) = load(nginx.address, "/body", encoding, &nginx.process.id().to_string());
        theirs.push(rate);
        their_cost.push(cost);
    }
    figure("  bellwether", &ours, "requests/s", None);
    figure("  nginx", &theirs, "requests/s", None);
    let aim = (path != "/dashboard/projects").then_some(Aim::AtLeast(0.6));
    figure("  ratio", &ratio(&ours, &theirs), "", aim);
    figure("  CPU, bellwether", &our_cost, "µs", None);
    figure("  CPU, nginx", &their_cost, "µs", None);
}

/// Requests a second, and the microseconds of CPU that each costs the server.
fn load(address: SocketAddr, path: &str, encoding: &str, process: &str) -> (f64, f64) {
    let before = cpu(process);
    let mut child = Child::spawn(&[&"get", &address, &path, &encoding, &CONNECTIONS, &MILLIS]);
    let numbers = child.numbers();
    let used = cpu(process) - before;
    (numbers[0] / numbers[1], used.as_secs_f64() * 1e6 / numbers[0])
}

/// nginx with a configuration of its own; it ends when this is dropped.
pub struct Nginx {
    pub address: SocketAddr,
    process: std::process::Child,
    _dir: TempDir,
}

impl Nginx {
    /// What it calls itself, if it is there.
    pub fn version() -> Option<String> {
        let said = Command::new("nginx").arg("-v").output().ok()?;
        let text = String::from_utf8_lossy(&said.stderr).trim().to_owned();
        Some(text.rsplit("version: ").next().unwrap_or_default().to_owned())
    }

    /// Serves `body` at `/body`, with those headers of `head` that are not nginx's own affair.
    pub fn start(head: &str, body: &[u8]) -> Self {
        let dir = directory();
        fs::write(dir.path().join("body"), body).unwrap();
        // A port that was free a moment ago; nginx cannot be told to choose one and say which.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let own = ["content-length", "content-type", "date", "etag", "connection", "accept-ranges"];
        let headers: String = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| !own.contains(&name.to_ascii_lowercase().as_str()))
            .map(|(name, value)| format!("add_header {name} \"{}\";\n", value.replace('"', "\\\"")))
            .collect();
        let here = dir.path().display();
        let config = format!(
            "daemon off; master_process off; pid {here}/pid; error_log {here}/errors;
             events {{ worker_connections 1024; }}
             http {{
               access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000000;
               open_file_cache max=10 inactive=1h; open_file_cache_valid 1h;
               client_body_temp_path {here}/a; proxy_temp_path {here}/b; fastcgi_temp_path {here}/c;
               uwsgi_temp_path {here}/d; scgi_temp_path {here}/e;
               default_type application/json;
               server {{ listen {address}; {headers} root {here}; }}
             }}"
        );
        fs::write(dir.path().join("nginx.conf"), config).unwrap();
        let process = Command::new("nginx")
            .args(["-p", &here.to_string(), "-e", &format!("{here}/errors"), "-c"])
            .arg(dir.path().join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Self { address, process, _dir: dir };
        nginx.check(body);
        nginx
    }

    /// Waits until it answers, and sees that it answers with the same bytes.
    fn check(&self, body: &[u8]) {
        let begun = Instant::now();
        while std::net::TcpStream::connect(self.address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(5), "nginx does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut connection = http::Http::connect(self.address);
        connection.send(&http::get("/body", "identity"));
        assert_eq!(connection.receive().1, body);
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
