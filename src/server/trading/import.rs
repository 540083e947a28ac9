//! Taking in tables of trades from pages; programs use `POST /api/v1/import/trades`.

use crate::domain::trading::Imported;
use crate::server::App;
use crate::server::access::Caller;
use crate::wire::ApiError;
use std::collections::BTreeMap;

/// A table that somebody gave to a page. `mapping` is a JSON object of column names by member;
/// nothing if it is empty.
///
/// # Errors
/// 422 if there is no table in it, or nothing of it can be taken.
pub async fn from_page(
    app: &App,
    caller: &Caller,
    csv: String,
    mapping: &str,
) -> Result<Imported, ApiError> {
    let mapping: BTreeMap<String, String> = match mapping.trim() {
        "" => BTreeMap::new(),
        json => serde_json::from_str(json).map_err(|_| {
            ApiError::invalid("/mapping", "must be an object of column names by member")
        })?,
    };
    app.ingest.import_table(caller, csv, mapping).await
}
