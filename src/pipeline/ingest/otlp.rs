//! The way in for OpenTelemetry: metrics, spans and log records over HTTP.

use super::{IngestState, WaitParams, draft, params, take};
use crate::intake::otlp::{Format, Signal, Taken};
use crate::server::access::Caller;
use crate::wire::{ApiError, ErrorKind};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use prost::Message;
use serde_json::json;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// `POST /v1/metrics`
pub async fn otlp_metrics(
    State(state): State<IngestState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    state.export(&caller, request, Signal::Metrics).await
}

/// `POST /v1/traces`
pub async fn otlp_traces(
    State(state): State<IngestState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    state.export(&caller, request, Signal::Traces).await
}

/// `POST /v1/logs`
pub async fn otlp_logs(
    State(state): State<IngestState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    state.export(&caller, request, Signal::Logs).await
}

/// The answer. It is of the same form for all three: what was left out, and why.
#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<Partial>,
}

#[derive(Clone, PartialEq, Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

impl IngestState {
    /// Takes an export: 200 once it is durable, also if parts of it were left out.
    async fn export(
        &self,
        caller: &Caller,
        request: Request,
        signal: Signal,
    ) -> Result<Response, ApiError> {
        let wait = params::<WaitParams>(&request)?.applied()?;
        let format = format(request.headers())?;
        let (_, body) = take(request).await?;
        self.still(caller)?;
        let sender = caller.name.clone();
        let read = move |bytes: &[u8]| {
            let mut taken = signal.decode(bytes, format, &sender)?;
            let drafts: Vec<_> = std::mem::take(&mut taken.events).into_iter().map(draft).collect();
            Ok((drafts, taken))
        };
        let (drafts, taken) = body.decode(read).await.inspect_err(|_| self.refuse(1))?;
        self.refuse(usize::try_from(taken.refused).unwrap_or(usize::MAX));
        let receipt = self.take_in_parts(drafts).await?;
        if wait {
            self.follows(receipt.cursor.seq).await;
        }
        Ok(answer(&taken, signal, format))
    }
}

fn format(headers: &HeaderMap) -> Result<Format, ApiError> {
    let full = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    match full.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
        PROTOBUF | "application/protobuf" => Ok(Format::Protobuf),
        JSON => Ok(Format::Json),
        other => {
            let detail =
                format!("Content-Type `{other}` cannot be read here; send {PROTOBUF} or {JSON}");
            Err(ApiError::new(ErrorKind::UnsupportedMediaType, detail))
        }
    }
}

/// In the encoding of the question, as the specification asks for.
fn answer(taken: &Taken, signal: Signal, format: Format) -> Response {
    let rejected = taken.refused;
    let said = match rejected {
        1 => taken.why.clone(),
        more => format!("{more} were left out; the first: {}", taken.why),
    };
    match format {
        Format::Protobuf => {
            let rejected = i64::try_from(rejected).unwrap_or(i64::MAX);
            let partial = Partial { rejected, error_message: said };
            let answer = Answer { partial_success: (rejected > 0).then_some(partial) };
            ([(header::CONTENT_TYPE, PROTOBUF)], answer.encode_to_vec()).into_response()
        }
        Format::Json if rejected == 0 => axum::Json(json!({})).into_response(),
        Format::Json => {
            let member = match signal {
                Signal::Metrics => "rejectedDataPoints",
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
            };
            // Numbers of 64 bits are texts there.
            let partial = json!({ member: rejected.to_string(), "errorMessage": said });
            axum::Json(json!({ "partialSuccess": partial })).into_response()
        }
    }
}
