//! JSON that requests carry.

use super::problem;
use crate::domain::vocabulary;
use crate::wire::{ApiError, ErrorKind};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;

/// A request's body read as `T`: 415 if it is not JSON by its media type, 400 if it is not by its
/// text, 422 at the place where it is no `T`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = is_json(request.headers());
        let body = Bytes::from_request(request, state).await.map_err(|error| {
            if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::new(ErrorKind::TooLarge, "the body may have at most 2 MiB")
            } else {
                problem::malformed(error.body_text())
            }
        })?;
        if !json {
            let detail = "send the body as application/json";
            return Err(ApiError::new(ErrorKind::UnsupportedMediaType, detail));
        }
        read(&body).map(Self)
    }
}

/// As [`JsonBody`], of a body that may be left out.
#[derive(Debug)]
pub struct MaybeJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = request.body();
        if axum::body::HttpBody::size_hint(body).exact() == Some(0) {
            return Ok(Self(T::default()));
        }
        JsonBody::from_request(request, state).await.map(|JsonBody(read)| Self(read))
    }
}

/// What somebody sets, of which more is told than can be set.
pub trait Settable: DeserializeOwned {
    /// Members that are told alone.
    const ONLY_TOLD: &'static [&'static str];
}

/// As [`JsonBody`], of a body that may be what was told before: members that are told alone are
/// passed over, all others that nobody knows are refused.
#[derive(Debug)]
pub struct SpecBody<T>(pub T);

impl<S: Send + Sync, T: Settable> FromRequest<S> for SpecBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        type Members = serde_json::Map<String, serde_json::Value>;
        let JsonBody(mut members): JsonBody<Members> =
            JsonBody::from_request(request, state).await?;
        for told in T::ONLY_TOLD {
            members.remove(*told);
        }
        let text = serde_json::Value::Object(members).to_string();
        read(text.as_bytes()).map(Self)
    }
}

/// Longest form, in bytes.
const MAX_FORM: usize = 64 << 10;

/// A form read as `T`: 415 if it is none by its media type, 422 at the field where it is no `T`. A
/// field that comes twice is refused, for two readers may take different ones.
#[derive(Debug)]
pub struct FormBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for FormBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let form = essence(request.headers()) == "application/x-www-form-urlencoded";
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error| problem::malformed(error.body_text()))?;
        if !form {
            let detail = "send the fields as application/x-www-form-urlencoded";
            return Err(ApiError::new(ErrorKind::UnsupportedMediaType, detail));
        }
        if body.len() > MAX_FORM {
            return Err(ApiError::new(ErrorKind::TooLarge, "the form may have at most 64 KiB"));
        }
        let pairs = form_urlencoded::parse(&body).into_owned();
        let mut fields = serde_json::Map::new();
        for (name, value) in pairs {
            if fields.insert(name.clone(), value.into()).is_some() {
                return Err(ApiError::invalid(format!("/{name}"), "must be given once"));
            }
        }
        let fields = serde_json::Value::Object(fields).to_string();
        let read = vocabulary::read(&fields);
        read.map(Self).map_err(|error| ApiError::invalid(error.pointer, error.detail))
    }
}

fn essence(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = essence(headers);
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let not_json = |why: String| problem::malformed(format!("the body is not JSON: {why}"));
    let text = std::str::from_utf8(body).map_err(|error| not_json(error.to_string()))?;
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return Err(not_json(error.to_string()));
    }
    // serde would read an array as the members of a struct in order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(ApiError::invalid("", "expected an object"));
    }
    vocabulary::read(text).map_err(|error| ApiError::invalid(error.pointer, error.detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[derive(Debug, serde::Deserialize)]
    struct Ack {
        status: String,
    }

    /// What is read, or the status and place of the refusal.
    #[track_caller]
    fn check(kind: &str, body: &str, expect: Result<&str, (u16, &str)>) {
        let request = Request::post("/").header("content-type", kind);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let read = futures::executor::block_on(JsonBody::<Ack>::from_request(request, &()));
        let got = read.map(|JsonBody(ack)| ack.status).map_err(|error| {
            let place = error.errors.first().map(|e| e.pointer.clone()).unwrap_or_default();
            (error.status, place)
        });
        let got = got.as_deref().map_err(|(status, place)| (*status, place.as_str()));
        assert_eq!(got, expect, "{kind} {body}");
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said() {
        check("application/json", r#"{"status":"done"}"#, Ok("done"));
        check("application/json; charset=utf-8", r#"{"status":"done"}"#, Ok("done"));
        check("application/merge-patch+json", r#"{"status":"done"}"#, Ok("done"));
        check("text/plain", r#"{"status":"done"}"#, Err((415, "")));
        check("", r#"{"status":"done"}"#, Err((415, "")));
        check("application/json", "{", Err((400, "")));
        check("application/json", "", Err((400, "")));
        check("application/json", "[]", Err((422, "")));
        check("application/json", r#"["done"]"#, Err((422, "")));
        check("application/json", "{}", Err((422, "/status")));
        check("application/json", r#"{"status":7}"#, Err((422, "/status")));
    }
}
