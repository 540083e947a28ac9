//! `POST /api/v1/alert-rules/test`: when a rule would have fired.

use crate::domain::alerts::{BackTest, BackTestRequest};
use crate::server::App;
use crate::wire::ApiError;

/// When the rule would have fired over the last days of the journal.
///
/// # Errors
/// 422 at the member that cannot be, 503 when too many are tested at once.
pub async fn back_test(_app: &App, _request: BackTestRequest) -> Result<BackTest, ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}
