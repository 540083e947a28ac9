//! Answers that are read where they are shown.

use super::{ApiError, ErrorKind};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::{ContentType, Decodes, Encodes, Format, FormatType};
use std::fmt;
use std::marker::PhantomData;

/// The JSON of a `T`, not read yet.
///
/// What carries it need not know `T`: so all that stands between a page and its answer (a resource,
/// a request, what the server rendered) is in the browser's module once, and not once for every
/// type; and the server hands on what it has encoded already.
pub struct Unread<T> {
    json: String,
    of: PhantomData<fn() -> T>,
}

impl<T> Unread<T> {
    /// From JSON that is known to be that of a `T`.
    pub const fn from_json(json: String) -> Self {
        Self { json, of: PhantomData }
    }

    /// The JSON.
    pub fn into_json(self) -> String {
        self.json
    }

    /// The same where there may be nothing.
    pub fn some(self) -> Unread<Option<T>> {
        Unread::from_json(self.json)
    }
}

impl<T> Unread<Option<T>> {
    /// Nothing.
    pub fn none() -> Self {
        Self::from_json("null".to_owned())
    }
}

impl<T: Serialize> Unread<T> {
    /// The JSON of `value`.
    ///
    /// # Errors
    /// 500; never for what the board shows.
    pub fn of(value: &T) -> Result<Self, ApiError> {
        serde_json::to_string(value).map(Self::from_json).map_err(|error| wrong(&error))
    }
}

impl<T: DeserializeOwned> Unread<T> {
    /// Reads it.
    ///
    /// # Errors
    /// 500 if it is not that of a `T`: server and browser are of different versions.
    pub fn read(&self) -> Result<T, ApiError> {
        serde_json::from_str(&self.json).map_err(|error| wrong(&error))
    }
}

fn wrong(error: &serde_json::Error) -> ApiError {
    ApiError::new(ErrorKind::Internal, format!("the answer cannot be read: {error}"))
}

impl<T> fmt::Debug for Unread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unread").field(&self.json).finish()
    }
}

/// Answers as they are.
#[derive(Debug, Clone, Copy)]
pub struct AsIs;

/// Answers of server functions that are not read on the way.
pub type JsonUnread = Post<AsIs>;

impl ContentType for AsIs {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for AsIs {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T> Encodes<Unread<T>> for AsIs {
    type Error = std::string::FromUtf8Error;

    fn encode(output: &Unread<T>) -> Result<Bytes, Self::Error> {
        Ok(Bytes::copy_from_slice(output.json.as_bytes()))
    }
}

impl<T> Decodes<Unread<T>> for AsIs {
    type Error = std::string::FromUtf8Error;

    fn decode(bytes: Bytes) -> Result<Unread<T>, Self::Error> {
        String::from_utf8(bytes.into()).map(Unread::from_json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_is_what_is_read() {
        let there = Unread::of(&vec![1, 2]).unwrap();
        let bytes = AsIs::encode(&there).unwrap();
        let here: Unread<Vec<u32>> = AsIs::decode(bytes).unwrap();
        assert_eq!(here.read().ok(), Some(vec![1, 2]));
        assert_eq!(here.some().read().ok(), Some(Some(vec![1, 2])));
        assert_eq!(Unread::<Option<u32>>::none().read().ok(), Some(None));
        let other: Unread<String> = Unread::from_json("7".to_owned());
        assert_eq!(other.read().map_err(|error| error.status), Err(500));
    }
}
