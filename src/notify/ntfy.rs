//! ntfy: the text to the topic's address, all else in headers.

use super::address::Net;
use super::http::Post;
use super::message::{Message, cut, facts, headline, one_line};
use super::{Failure, Target};
use crate::domain::alerts::Why;
use crate::domain::health::Severity;
use crate::wire::Timestamp;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderName, HeaderValue, header};

/// Alerts that are told one by one.
const SHOWN: usize = 10;
/// Longest text, in bytes; ntfy makes a file of one of more than 4,096.
const MAX_TEXT: usize = 3_900;
/// Longest title, in bytes.
const MAX_TITLE: usize = 200;

/// Sends it. A secret is shown as a bearer's token, or as a password if there is a name.
///
/// # Errors
/// It did not get through.
pub async fn send(
    net: &Net,
    target: &Target,
    message: &Message<'_>,
    now: Timestamp,
) -> Result<String, Failure> {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let post = Post { headers: vec![(header::CONTENT_TYPE, plain)], body: body(message).into() };
    let post = headers(message)
        .into_iter()
        .fold(post, |post, (name, value)| post.with(HeaderName::from_static(name), &value));
    post.signed_in(target).send(net, target, now).await
}

pub(super) fn headers(message: &Message<'_>) -> Vec<(&'static str, String)> {
    let (priority, tag) = match (message.why(), message.severity()) {
        (Why::Resolved, _) => ("3", "white_check_mark"),
        (Why::Test, _) => ("3", "wave"),
        (_, Severity::Critical) => ("5", "rotating_light"),
        (_, Severity::Warning) => ("4", "warning"),
        (_, Severity::Info) => ("3", "information_source"),
    };
    let mut headers = vec![
        ("title", in_header(&cut(&message.headline(), MAX_TITLE))),
        ("priority", priority.to_owned()),
        ("tags", format!("{tag},{}", message.severity().name())),
    ];
    let page = match message.alerts {
        [only] => message.page(only),
        _ => message.absolute("/alerts"),
    };
    if let Some(page) = page {
        headers.push(("click", in_header(&page)));
    }
    headers
}

pub(super) fn body(message: &Message<'_>) -> String {
    let several = message.alerts.len() > 1;
    let shown = message.alerts.iter().take(SHOWN).map(|told| {
        let said = one_line(&told.alert.message);
        if several {
            return format!("{}\n{said}", headline(told));
        }
        let facts = facts(told).into_iter().map(|(name, value)| format!("{name}: {value}"));
        [said].into_iter().chain(facts).collect::<Vec<_>>().join("\n")
    });
    let all: Vec<String> = shown.chain(message.left_out(SHOWN)).collect();
    cut(&all.join("\n\n"), MAX_TEXT)
}

/// Text as a header can hold it: as it is if it is plain ASCII, else as an encoded word (RFC 2047).
fn in_header(text: &str) -> String {
    let line = one_line(text);
    if line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !line.contains("=?") {
        return line;
    }
    format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let got = in_header(text);
        assert_eq!(got, expect, "{text:?}");
        assert!(HeaderValue::from_str(&got).is_ok(), "{got:?}");
    }

    #[test]
    fn headers_hold_one_line_of_ascii() {
        check("disk is full", "disk is full");
        check("a\r\nX-Evil: 1", "a X-Evil: 1");
        check("größe", "=?UTF-8?B?Z3LDtsOfZQ==?=");
        check("\u{1f525}", "=?UTF-8?B?8J+UpQ==?=");
        check("=?UTF-8?B?eA==?=", "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=");
        check("a\0b\u{2028}c\u{7f}d", "a b c d");
    }
}
