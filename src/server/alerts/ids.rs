//! Ids of what people set up: given, or made from the name.

use crate::domain::check;
use crate::wire::{ApiError, ErrorKind};
use std::sync::Arc;

/// Longest id, in bytes.
const MAX: usize = 64;

/// The id of something new: the one that is given, or one made of `name` that is not `taken`.
///
/// # Errors
/// 422 for one that cannot be, 409 for one that is taken.
pub fn new(
    given: Option<&str>,
    name: &str,
    taken: impl Fn(&str) -> bool,
) -> Result<Arc<str>, ApiError> {
    if let Some(id) = given {
        check::name("id", id).map_err(at)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if id.len() > MAX || !id.chars().all(plain) {
            let detail = "must be at most 64 letters, digits, hyphens, underscores or full stops";
            return Err(ApiError::invalid("/id", detail));
        }
        return match taken(id) {
            true => Err(ApiError::new(ErrorKind::Conflict, format!("the id {id} is taken"))),
            false => Ok(id.into()),
        };
    }
    let words = name.to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut id = words.collect::<Vec<_>>().join("-");
    id.truncate(MAX - 8);
    if id.is_empty() {
        id.push_str("unnamed");
    }
    let numbered = (2..).map(|n: u32| format!("{id}-{n}"));
    let free = std::iter::once(id.clone()).chain(numbered).find(|id| !taken(id));
    Ok(free.unwrap_or(id).into())
}

/// What is wrong with data as an answer.
pub fn at(error: crate::domain::DataError) -> ApiError {
    ApiError::invalid(error.pointer, error.detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: Option<&str>, name: &str, expect: Result<&str, u16>) {
        let got = new(given, name, |id| id == "taken");
        assert_eq!(got.as_deref().map_err(|error| error.status), expect);
    }

    #[test]
    fn ids_are_made_of_names() {
        check(None, "API: p95 too high!", Ok("api-p95-too-high"));
        check(None, "Taken", Ok("taken-2"));
        check(None, "中文", Ok("unnamed"));
        check(Some("a.b-c_d"), "x", Ok("a.b-c_d"));
        check(Some("a b"), "x", Err(422));
        check(Some("taken"), "x", Err(409));
    }
}
