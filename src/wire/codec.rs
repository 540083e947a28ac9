//! How answers travel to the browser.

use bytes::Bytes;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use server_fn::codec::Post;
use server_fn::{ContentType, Decodes, Encodes, Format, FormatType};

/// JSON that is read from text, as frames of the feed and rendered pages are: a second reader,
/// from bytes, would stand in the browser's module once more for every type.
#[derive(Debug, Clone, Copy)]
pub struct TextEncoding;

/// Answers of server functions as JSON.
pub type JsonText = Post<TextEncoding>;

impl ContentType for TextEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for TextEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for TextEncoding {
    type Error = serde_json::Error;

    fn encode(output: &T) -> serde_json::Result<Bytes> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for TextEncoding {
    type Error = String;

    fn decode(bytes: Bytes) -> Result<T, String> {
        let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

/// Reads two things that are written as one object, as `flatten` writes them; it must be JSON. What
/// `flatten` derives for reading would stand in the browser's module once more for all that is
/// within: this reads the text twice instead.
///
/// # Errors
/// If either cannot be read.
pub fn both<'de, A, B, D>(from: D) -> Result<(A, B), D::Error>
where
    A: DeserializeOwned,
    B: DeserializeOwned,
    D: Deserializer<'de>,
{
    let raw = Box::<RawValue>::deserialize(from)?;
    let one = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
    let other = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
    Ok((one, other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    struct One {
        a: u32,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Other {
        b: BTreeMap<String, u32>,
    }

    #[track_caller]
    fn check(json: &str, expect: Option<(u32, u32)>) {
        let mut json = serde_json::Deserializer::from_str(json);
        let read: Result<(One, Other), _> = both(&mut json);
        assert_eq!(read.ok().map(|(one, other)| (one.a, other.b["c"])), expect);
    }

    #[test]
    fn two_things_in_one_object_are_read() {
        check(r#"{"b":{"c":2},"more":[],"a":1}"#, Some((1, 2)));
        check(r#"{"a":1}"#, None);
        check(r#"{"b":{"c":2}}"#, None);
        check("[]", None);
    }
}
