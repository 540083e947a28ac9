//! The way in for tables of trades.

use super::answer::MAX_ERRORS;
use super::body::MAX_BODY;
use super::{IngestState, draft, not_multipart, take};
use crate::domain::check;
use crate::domain::trading::{BadLine, Imported};
use crate::intake::trades_csv::{self, Context, Refused, Table};
use crate::pipeline::journal::{Draft, Receipt};
use crate::server::access::Caller;
use crate::wire::{ApiError, Cursor, ErrorKind, FieldError};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events that are made durable at a time, so that a long table leaves room for others between.
const BATCH: usize = 10_000;

/// A table is durable, as far as its lines are valid.
#[derive(Debug, Serialize)]
struct Accepted {
    accepted: usize,
    duplicates: usize,
    rejected: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_total: Option<usize>,
    cursor: Cursor,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<bool>,
}

/// 422: not one line was valid.
#[derive(Debug, Serialize)]
struct NoneValid {
    #[serde(flatten)]
    problem: ApiError,
    accepted: usize,
    duplicates: usize,
    rejected: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_total: Option<usize>,
}

/// A line that cannot be.
#[derive(Debug, Serialize)]
struct Line {
    index: usize,
    line: u64,
    pointer: String,
    detail: String,
}

impl From<Refused> for Line {
    fn from(refused: Refused) -> Self {
        let Refused { index, line, pointer, detail, .. } = refused;
        Self { index, line, pointer, detail }
    }
}

/// `POST /api/v1/import/trades`, with `map.MEMBER=COLUMN` for columns whose names do not say what
/// they hold, and `account`, `currency` and `strategy` of lines that name none.
///
/// # Errors
/// 400 for what is no table, 413 for too large a one, 422 for columns that are not understood; 429
/// and 503 as for all events: what of it was kept by then is a duplicate when it is sent again.
pub async fn import_trades(
    State(state): State<IngestState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (context, wait) = params(request.uri().query().unwrap_or_default())?;
    let (headers, body) = take(request).await?;
    state.still(&caller)?;
    not_multipart(&headers)?;
    let (drafts, table) =
        body.decode(move |bytes| read(bytes, &context)).await.inspect_err(|_| state.refuse(1))?;
    state.refuse(table.refused);
    let rejected_total = (table.refused > table.rejected.len()).then_some(table.refused);
    if drafts.is_empty() && table.refused > 0 {
        return Ok(none_valid(table, rejected_total));
    }
    let Receipt { accepted, duplicates, cursor } = state.take_in_parts(drafts).await?;
    let applied = if wait { Some(state.follows(cursor.seq).await) } else { None };
    let rejected = table.rejected.into_iter().map(Line::from).collect();
    let answer = Accepted { accepted, duplicates, rejected, rejected_total, cursor, applied };
    Ok(axum::Json(answer).into_response())
}

fn read(bytes: &[u8], context: &Context) -> Result<(Vec<Draft>, Table), ApiError> {
    let mut table = trades_csv::decode(bytes, context)?;
    let events = std::mem::take(&mut table.events);
    Ok((events.into_iter().map(draft).collect(), table))
}

/// What is said of the table in the address.
fn params(query: &str) -> Result<(Context, bool), ApiError> {
    let (mut context, mut wait) = (Context::default(), None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let given = (!value.is_empty()).then(|| Arc::from(&*value));
        match name.strip_prefix("map.") {
            Some(member) => {
                context.mapping.insert(member.to_owned(), value.into_owned());
            }
            None => match &*name {
                "account" => context.account = given,
                "currency" => context.currency = given,
                "strategy" => context.strategy = given,
                "wait" => wait = Some(value.into_owned()),
                _ => {}
            },
        }
    }
    let invalid = |error: crate::domain::DataError| ApiError::invalid(error.pointer, error.detail);
    check::some_name("account", context.account.as_deref()).map_err(invalid)?;
    check::some_name("currency", context.currency.as_deref()).map_err(invalid)?;
    check::some_name("strategy", context.strategy.as_deref()).map_err(invalid)?;
    Ok((context, super::WaitParams { wait }.applied()?))
}

fn problem(table: &Table) -> ApiError {
    let first = table.rejected.first();
    let why = first.map_or(String::new(), |it| format!("line {}: {}", it.line, it.detail));
    let detail = match table.refused {
        1 => format!("the trade is not valid: {why}"),
        n => format!("none of the {n} trades is valid; the first: {why}"),
    };
    let fields = table.rejected.iter().take(MAX_ERRORS);
    let errors =
        fields.map(|it| FieldError::new(format!("/{}{}", it.index, it.pointer), it.detail.clone()));
    ApiError { errors: errors.collect(), ..ApiError::new(ErrorKind::Invalid, detail) }
}

fn none_valid(table: Table, rejected_total: Option<usize>) -> Response {
    let problem = problem(&table);
    let rejected = table.rejected.into_iter().map(Line::from).collect();
    let body = NoneValid { problem, accepted: 0, duplicates: 0, rejected, rejected_total };
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::UNPROCESSABLE_ENTITY, kind, axum::Json(body)).into_response()
}

impl IngestState {
    /// Appends events of producers, as many at a time as leave room for others between.
    ///
    /// # Errors
    /// 429 or 503: the parts before are kept.
    pub async fn take_in_parts(&self, drafts: Vec<Draft>) -> Result<Receipt, ApiError> {
        let mut left = drafts.into_iter();
        let mut all = self.take(left.by_ref().take(BATCH).collect()).await?;
        while left.len() > 0 {
            let part = self.take(left.by_ref().take(BATCH).collect()).await?;
            all.accepted += part.accepted;
            all.duplicates += part.duplicates;
            all.cursor = part.cursor;
        }
        Ok(all)
    }

    /// A table that somebody gave to a page, shown by the time this returns.
    ///
    /// # Errors
    /// As [`import_trades`]; 422 also if none of its lines is valid.
    pub async fn import_table(
        &self,
        caller: &Caller,
        text: String,
        mapping: BTreeMap<String, String>,
    ) -> Result<Imported, ApiError> {
        if text.len() > MAX_BODY {
            let detail = format!("the table is larger than {} MiB", MAX_BODY >> 20);
            return Err(ApiError::new(ErrorKind::TooLarge, detail));
        }
        let context = Context { mapping, ..Context::default() };
        let reading = tokio::task::spawn_blocking(move || read(text.as_bytes(), &context));
        let failed = |_| ApiError::new(ErrorKind::Internal, "the table could not be read");
        let (drafts, table) = reading.await.map_err(failed)?.inspect_err(|_| self.refuse(1))?;
        self.still(caller)?;
        self.refuse(table.refused);
        if drafts.is_empty() && table.refused > 0 {
            return Err(problem(&table));
        }
        let receipt = self.take_in_parts(drafts).await?;
        self.shows(receipt.cursor.seq).await;
        let refused = table.refused as u64;
        let rejected = table.rejected.into_iter().map(|it| {
            let Refused { line, column, detail, .. } = it;
            BadLine { line, column, detail }
        });
        Ok(Imported {
            accepted: receipt.accepted as u64,
            duplicates: receipt.duplicates as u64,
            refused,
            rejected: rejected.collect(),
        })
    }
}
