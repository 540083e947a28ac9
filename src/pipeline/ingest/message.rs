//! The way in over a socket: a message is one event or an array of them.

use super::answer::Accepted;
use super::{IngestState, draft};
use crate::intake::{Rejection, cloudevents};
use crate::wire::ApiError;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What became of a message.
#[derive(Debug)]
pub enum Posted {
    /// At least one event is durable; the members of the answer as `POST /api/v1/events` gives it.
    Accepted(Map<String, Value>),
    /// Not one of its events was valid; why the first was not, and all that are told.
    Rejected(Vec<Rejection>),
}

impl IngestState {
    /// Takes the events of a message, in any form that JSON can have in a request. `source` is who
    /// they are from where they do not say so themselves.
    ///
    /// # Errors
    /// 400 if it is not JSON, 413 if it is too large, 429 or 503 if the journal takes nothing.
    pub async fn post(&self, text: &str, source: &Arc<str>) -> Result<Posted, ApiError> {
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
        let decoded = cloudevents::decode(&headers, text.as_bytes(), source);
        let mut decoded = decoded.inspect_err(|_| self.refuse(1))?;
        self.refuse(decoded.refused);
        let events = std::mem::take(&mut decoded.events);
        if events.is_empty() && decoded.refused > 0 {
            return Ok(Posted::Rejected(decoded.rejected));
        }
        let receipt = self.take(events.into_iter().map(draft).collect()).await?;
        Ok(match serde_json::to_value(Accepted::new(receipt, decoded, None)) {
            Ok(Value::Object(accepted)) => Posted::Accepted(accepted),
            // Never: it is a struct.
            _ => Posted::Accepted(Map::new()),
        })
    }
}
