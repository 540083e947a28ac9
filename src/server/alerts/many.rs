//! The same done to many alerts at once.

use crate::wire::{ApiError, ErrorKind};
use futures::future::join_all;
use std::future::Future;

/// Most alerts of one request.
const MAX: usize = 1_000;

/// Does all of `doings` together, so that they are written together. Those whose alert is over by
/// now, or was seen by somebody else, are passed over.
///
/// # Errors
/// 422 for too many at once; the first that went wrong otherwise; 404 if all of them were over.
pub async fn many<F>(doings: impl ExactSizeIterator<Item = F>) -> Result<(), ApiError>
where
    F: Future<Output = Result<(), ApiError>>,
{
    if doings.len() > MAX {
        return Err(ApiError::invalid("/alerts", format!("must be at most {MAX} at once")));
    }
    let mut done = false;
    let mut over = None;
    for answer in join_all(doings).await {
        match answer {
            Ok(()) => done = true,
            Err(error) if error.code == ErrorKind::NotFound => over = Some(error),
            Err(error) => return Err(error),
        }
    }
    match over {
        Some(error) if !done => Err(error),
        _ => Ok(()),
    }
}
