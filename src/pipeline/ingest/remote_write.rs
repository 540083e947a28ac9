//! The way in for Prometheus: remote write 1.0.

use super::{IngestState, WaitParams, draft, params, take};
use crate::intake::Rejection;
use crate::intake::remote_write::{self, Written};
use crate::server::access::Caller;
use crate::wire::{ApiError, ErrorKind, FieldError};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};

/// `POST /api/v1/write`: 204 once the samples are durable.
///
/// # Errors
/// 400 for what is no such request, and for series that cannot be: those beside them are kept, for
/// Prometheus does not send again what it is told is bad. 413 for too large a one, 415 for another
/// encoding or version; 429 and 503 as for all events: what of it was kept by then is a duplicate
/// when it is sent again.
pub async fn remote_write(
    State(state): State<IngestState>,
    caller: Caller,
    mut request: Request,
) -> Result<StatusCode, ApiError> {
    let wait = params::<WaitParams>(&request)?.applied()?;
    understood(request.headers())?;
    // It is unpacked below: the length of what comes of it is told before that.
    request.headers_mut().remove(header::CONTENT_ENCODING);
    let (_, body) = take(request).await?;
    state.still(&caller)?;
    let sender = caller.name.clone();
    let read = move |bytes: &[u8]| {
        let mut written = remote_write::decode(&remote_write::unpack(bytes)?, &sender)?;
        let drafts: Vec<_> = std::mem::take(&mut written.events).into_iter().map(draft).collect();
        Ok((drafts, written))
    };
    let (drafts, written) = body.decode(read).await.inspect_err(|_| state.refuse(1))?;
    state.refuse(written.refused);
    let receipt = state.take_in_parts(drafts).await?;
    if wait {
        state.follows(receipt.cursor.seq).await;
    }
    match refused(&written) {
        None => Ok(StatusCode::NO_CONTENT),
        Some(problem) => Err(problem),
    }
}

/// Whether it is packed and written in the way that is read here.
fn understood(headers: &HeaderMap) -> Result<(), ApiError> {
    let said = |name: header::HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        value.trim().to_ascii_lowercase()
    };
    let unsupported = |detail: String| Err(ApiError::new(ErrorKind::UnsupportedMediaType, detail));
    let packed = said(header::CONTENT_ENCODING);
    if !matches!(packed.as_str(), "" | "snappy") {
        return unsupported(format!(
            "Content-Encoding `{packed}` cannot be read here; send snappy"
        ));
    }
    let kind = said(header::CONTENT_TYPE);
    let (essence, proto) = kind.split_once(';').unwrap_or((&kind, ""));
    let proto = proto.trim().strip_prefix("proto=").unwrap_or("prometheus.writerequest");
    if essence.trim() != "application/x-protobuf" || proto != "prometheus.writerequest" {
        let detail =
            format!("Content-Type `{kind}` cannot be read here; send application/x-protobuf");
        return unsupported(format!("{detail} (remote write 1.0)"));
    }
    Ok(())
}

/// Which series cannot be.
fn refused(written: &Written) -> Option<ApiError> {
    let first = written.rejected.first()?;
    let samples = written.refused;
    let detail = format!(
        "{samples} samples were left out, all others were kept; the first: /timeseries/{}{} {}",
        first.index, first.pointer, first.detail
    );
    let fields = written.rejected.iter().take(super::answer::MAX_ERRORS);
    let fields = fields.map(|Rejection { index, pointer, detail }| {
        FieldError::new(format!("/timeseries/{index}{pointer}"), detail.clone())
    });
    Some(ApiError { errors: fields.collect(), ..ApiError::new(ErrorKind::Malformed, detail) })
}
