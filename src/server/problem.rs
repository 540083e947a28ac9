//! Problem documents over HTTP (RFC 9457).
use crate::wire::{ApiError, ErrorKind, FieldError};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Display;

impl IntoResponse for ApiError {
    fn into_response(mut self) -> Response {
        // What cannot be read at all is at fault as a whole.
        if self.code == ErrorKind::Malformed && self.errors.is_empty() {
            self.errors.push(FieldError::new("", self.detail.clone()));
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == ErrorKind::Unauthenticated {
            let how = HeaderValue::from_static("Bearer realm=\"bellwether\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        response
    }
}

/// 400: what an extractor could not read, in its own words.
pub fn malformed(why: impl Display) -> ApiError {
    ApiError::new(ErrorKind::Malformed, why.to_string())
}

/// What a route answers to a method it has not got.
pub async fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorKind::MethodNotAllowed, "this address does not take that method")
}
