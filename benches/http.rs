//! A client of HTTP/1.1 that costs next to nothing: one blocking connection, kept alive.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Nothing that is measured takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub struct Http {
    stream: TcpStream,
    /// What was read last: an answer and nothing after it, since one is asked for at a time.
    buffer: Vec<u8>,
}

impl Http {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: vec![0; 64 << 10] }
    }

    /// Sends a whole request.
    pub fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
    }

    /// Reads a whole answer; panics unless it is 200 and says how long it is.
    pub fn receive(&mut self) -> (&str, &[u8]) {
        let (mut filled, mut whole) = (0, None);
        let (end, length) = loop {
            if filled == self.buffer.len() {
                self.buffer.resize(2 * filled, 0);
            }
            let read = self.stream.read(&mut self.buffer[filled..]).expect("an answer in time");
            assert!(read > 0, "the server hung up");
            filled += read;
            whole = whole.or_else(|| measure(&self.buffer[..filled]));
            match whole {
                Some((end, length)) if filled >= end + length => break (end, length),
                _ => {}
            }
        };
        assert_eq!(filled, end + length, "an answer and nothing after it");
        let head = std::str::from_utf8(&self.buffer[..end]).unwrap();
        let body = &self.buffer[end..filled];
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}{}", String::from_utf8_lossy(body));
        (head, body)
    }

    /// Sends events, one a line, and waits for the answer.
    pub fn post(&mut self, lines: &[u8]) {
        self.send(&post(lines, false));
        self.receive();
    }
}

/// Where the head of an answer ends, and the length of what follows, once the head is whole.
fn measure(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..end]).unwrap().to_ascii_lowercase();
    let (_, rest) = head.split_once("content-length: ").expect("a length");
    let (length, _) = rest.split_once("\r\n").unwrap();
    Some((end, length.parse().unwrap()))
}

/// A request that brings events, one a line; `applied` waits until they are shown.
pub fn post(lines: &[u8], applied: bool) -> Vec<u8> {
    let wait = if applied { "?wait=applied" } else { "" };
    let mut request = format!(
        "POST /api/v1/events{wait} HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
        lines.len()
    )
    .into_bytes();
    request.extend_from_slice(lines);
    request
}

/// A request that reads `path` in this encoding.
pub fn get(path: &str, encoding: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: {encoding}\r\n\r\n").into()
}
