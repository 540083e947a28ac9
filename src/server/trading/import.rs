//! Taking in tables of trades.

use crate::domain::trading::Imported;
use crate::server::App;
use crate::server::access::Caller;
use crate::wire::ApiError;

/// A table that somebody gave to a page.
///
/// # Errors
/// 422 if there is no table in it, or nothing of it can be taken.
pub async fn from_page(
    app: &App,
    caller: &Caller,
    csv: String,
    mapping: &str,
) -> Result<Imported, ApiError> {
    let _ = (app, caller, csv, mapping);
    Err(ApiError::not_found("not yet"))
}
