//! Binary mode: attributes as `ce-*` headers (HTTP protocol binding 1.0.2, section 3.1.3).

use super::Head;
use crate::domain::DataError;
use http::HeaderMap;
use std::sync::Arc;

/// Reads the attributes; `data` is the body and not looked at here.
///
/// # Errors
/// The first attribute whose value is not text.
pub(super) fn read(headers: &HeaderMap) -> Result<Head<'static>, DataError> {
    let arc = |value: Option<String>| value.map(Arc::<str>::from);
    Ok(Head {
        specversion: value(headers, "specversion")?,
        kind: value(headers, "type")?,
        source: arc(value(headers, "source")?),
        id: arc(value(headers, "id")?),
        time: value(headers, "time")?,
        subject: arc(value(headers, "subject")?),
        data: None,
        data_base64: None,
    })
}

fn value(headers: &HeaderMap, attribute: &str) -> Result<Option<String>, DataError> {
    let Some(value) = headers.get(format!("ce-{attribute}")) else { return Ok(None) };
    let bytes = percent_decode(&unquote(value.as_bytes().trim_ascii()));
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(DataError::at(format!("/{attribute}"), "must be UTF-8, percent-encoded")),
    }
}

/// Undoes a quoted string (RFC 9110, section 5.6.4); anything else is handed on as it is.
fn unquote(value: &[u8]) -> Vec<u8> {
    let [b'"', inner @ .., b'"'] = value else { return value.to_vec() };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'\\' { bytes.next().unwrap_or(b'\\') } else { byte });
    }
    out
}

/// One round of percent-decoding; what is no escape stays as it is.
fn percent_decode(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        rest = match tail {
            [high, low, after @ ..] if *first == b'%' => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    after
                }
                _ => {
                    out.push(*first);
                    tail
                }
            },
            _ => {
                out.push(*first);
                tail
            }
        };
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &[u8], expected: &[u8]) {
        assert_eq!(percent_decode(&unquote(value)), expected);
    }

    #[test]
    fn undoes_quotes_and_percents_once() {
        check(b"plain", b"plain");
        check(b"Euro%20%E2%82%AC", "Euro €".as_bytes());
        check(b"%2525", b"%25");
        check(b"100%", b"100%");
        check(b"%zz%4", b"%zz%4");
        check(br#""a \"b\" \\ c""#, br#"a "b" \ c"#);
        check(br#"""#, br#"""#);
        check(b"", b"");
    }
}
