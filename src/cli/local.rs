//! Requests to the server that runs over a data directory, through the socket in it.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer, and largest line of its head, in bytes.
const MAX_ANSWER: u64 = 16 << 20;
const MAX_LINE: u64 = 16 << 10;

/// Asks the server that runs over `dir`, and returns the status and the JSON of its answer; `null`
/// if that is empty.
///
/// # Errors
/// No server runs there (`NotFound`, `ConnectionRefused`), or its answer is none that can be read.
pub fn request(
    dir: &Path,
    method: &str,
    path: &str,
    json: Option<&Value>,
) -> io::Result<(u16, Value)> {
    let (_open, socket) = crate::server::listen::within(dir)?;
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    request.push_str("accept: application/json\r\n");
    let body = json.map(Value::to_string).unwrap_or_default();
    if json.is_some() {
        let length = body.len();
        request.push_str("content-type: application/json\r\n");
        request.push_str(&format!("content-length: {length}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    answer(BufReader::new(stream))
}

/// How the end of an answer is known (RFC 9112, 6.3).
enum Length {
    Known(u64),
    Chunked,
    ToTheEnd,
}

fn answer(mut from: impl BufRead) -> io::Result<(u16, Value)> {
    let first = line(&mut from)?;
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status: u16 = status.ok_or_else(|| unreadable("its first line"))?;
    let mut length = Length::ToTheEnd;
    loop {
        let line = line(&mut from)?;
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding") {
            length = Length::Chunked;
        } else if name.eq_ignore_ascii_case("content-length") {
            length = Length::Known(value.parse().map_err(|_| unreadable("its length"))?);
        }
    }
    let mut body = Vec::new();
    match length {
        Length::ToTheEnd => take(&mut from, MAX_ANSWER, &mut body)?,
        Length::Known(length) => exactly(&mut from, length, &mut body)?,
        Length::Chunked => chunks(&mut from, &mut body)?,
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok((status, Value::Null));
    }
    Ok((status, serde_json::from_slice(&body)?))
}

fn chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let head = line(from)?;
        let digits = head.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(digits, 16).map_err(|_| unreadable("a chunk's size"))?;
        if size == 0 {
            return Ok(());
        }
        exactly(from, size, body)?;
        line(from)?;
    }
}

fn exactly(from: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let before = body.len();
    take(from, length, body)?;
    let got = u64::try_from(body.len() - before).unwrap_or(u64::MAX);
    if got == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Adds what comes, up to `length` bytes.
fn take(from: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let held = u64::try_from(body.len()).unwrap_or(u64::MAX);
    if length > MAX_ANSWER.saturating_sub(held) {
        return Err(unreadable("it is too long"));
    }
    from.take(length).read_to_end(body).map(drop)
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    from.take(MAX_LINE).read_line(&mut text)?;
    if !text.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn unreadable(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the server's answer: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expect: Option<(u16, Value)>) {
        assert_eq!(answer(text.as_bytes()).ok(), expect, "{text:?}");
    }

    #[test]
    fn answers_end_in_three_ways() {
        let ok = Some((200, json!({"a": 1})));
        check("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}more", ok.clone());
        check("HTTP/1.1 200 OK\r\n\r\n{\"a\":1}", ok.clone());
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        check(&format!("{chunked}3\r\n{{\"a\r\n4;x=y\r\n\":1}}\r\n0\r\n\r\n"), ok);
        check("HTTP/1.1 204 No Content\r\n\r\n", Some((204, Value::Null)));
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_no_answer() {
        check("", None);
        check("HTTP/1.1 200 OK\r\n", None);
        check("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\":1}", None);
        check("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{}", None);
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n", None);
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n", None);
        check("hello\r\n\r\n", None);
        check("HTTP/1.1 200 OK\r\n\r\nno json", None);
    }
}
