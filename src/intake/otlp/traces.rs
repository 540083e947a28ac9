//! Spans of requests that a service answered, each into one `request.observed`.

use super::proto::{Span, Traces};
use super::value::{Origin, find, find_text};
use super::{Format, Taken, proto};
use crate::domain::projects::{Event as ProjectEvent, ProjectId, Requested};
use crate::domain::vocabulary::check::MAX_NAME;
use crate::domain::{DataError, Event, Validate};
use crate::intake::{Incoming, measured};
use crate::wire::ApiError;
use std::sync::Arc;

/// Kinds of spans.
const UNSPECIFIED: i32 = 0;
const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const CONSUMER: i32 = 5;
/// Status of a span that failed.
const ERROR: i32 = 2;
/// What a failed one is taken to have answered, if it does not say.
const FAILED: u16 = 500;
/// Nanoseconds of a millisecond.
const MILLI: f64 = 1e6;

/// Reads an export of spans. Those of a service that asks another (`CLIENT`, `PRODUCER`) and those of
/// the steps within a request (`INTERNAL`, but for the first one of a trace) are not requests that it
/// answered, and are passed over.
///
/// # Errors
/// 400 if it is none; 413 if there is too much in it.
pub fn decode(body: &[u8], format: Format, sender: &Arc<str>) -> Result<Taken, ApiError> {
    let sent: Traces = super::read(body, format, &proto::TRACES)?;
    let mut taken = Taken::default();
    for of_one in sent.resource_spans {
        let origin = Origin::of(of_one.resource.as_ref(), sender);
        for span in of_one.scope_spans.iter().flat_map(|scope| &scope.spans) {
            if !is_answered(span) {
                continue;
            }
            match request(&origin, span) {
                Ok(one) => taken.take(vec![one])?,
                Err(wrong) => taken.refuse(|| format!("{} {}", wrong.pointer, wrong.detail)),
            }
        }
    }
    Ok(taken)
}

fn is_answered(span: &Span) -> bool {
    match span.kind {
        SERVER | CONSUMER => true,
        INTERNAL | UNSPECIFIED => span.parent_span_id.iter().all(|byte| *byte == 0),
        _ => false,
    }
}

fn request(origin: &Origin, span: &Span) -> Result<Incoming, DataError> {
    let service = origin.service.as_deref().unwrap_or_default();
    if service.is_empty() {
        let detail = "is missing: whose request it was is not known";
        return Err(DataError::at("resource service.name", detail));
    }
    let project = ProjectId::try_from(service.to_owned());
    let project = project.map_err(|detail| DataError::at("resource service.name", detail))?;
    let id = |field: &str, bytes: &[u8], length: usize| {
        if bytes.len() == length && bytes.iter().any(|byte| *byte != 0) {
            return Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
        Err(DataError::at(field, format!("must be {length} bytes that are not all zero")))
    };
    let trace = id("trace_id", &span.trace_id, 16)?;
    let place = id("span_id", &span.span_id, 8)?;
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    let took = end.checked_sub(start).filter(|_| start > 0);
    let took = took.ok_or_else(|| {
        DataError::at("end_time_unix_nano", "must not be before start_time_unix_nano")
    })?;
    let requested = Requested {
        project,
        duration_ms: took as f64 / MILLI,
        route: route(span),
        status_code: status(span)?,
    };
    requested.validate()?;
    Ok(Incoming {
        time: measured::time(end.into())?,
        source: origin.source.clone(),
        id: format!("otlp-{trace}-{place}").into(),
        id_given: true,
        subject: None,
        event: Event::Projects(ProjectEvent::Requested(requested)),
    })
}

/// The template of the address, or what the span is called: on one line, and cut to what a name may
/// have.
fn route(span: &Span) -> Option<String> {
    let named = find_text(&span.attributes, "http.route").unwrap_or(&span.name);
    let line: String = named.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.get(..line.floor_char_boundary(MAX_NAME)).unwrap_or_default().trim();
    (!line.is_empty()).then(|| line.to_owned())
}

fn status(span: &Span) -> Result<Option<u16>, DataError> {
    let names = ["http.response.status_code", "http.status_code"];
    let told = names.iter().find_map(|name| find(&span.attributes, name)?.to_integer());
    match told.map(u16::try_from) {
        Some(Ok(code)) => Ok(Some(code)),
        Some(Err(_)) => Err(DataError::at("/status_code", "must be between 100 and 599")),
        None => Ok(span.status.as_ref().is_some_and(|it| it.code == ERROR).then_some(FAILED)),
    }
}
