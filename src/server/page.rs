//! Lists that are known whole, told a page at a time.
//!
//! `next` holds what the last entry is sorted by, not only which it was: that entry may have gone by
//! the time the next page is asked for, and the place where it stood is still a place.

use super::App;
use super::params::{MAX_LIMIT, limit, position, settle};
use super::position::{hex, unhex};
use crate::wire::{ApiError, Timestamp};
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Which page is asked for, as it stands in an address.
pub type Asked = Result<Query<PageParams>, QueryRejection>;

/// Which page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PageParams {
    /// Entries a page, 1 to 500, default 50.
    pub limit: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// A page.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its entries.
    pub items: Vec<T>,
    /// Where the next page begins, if there is another.
    pub next: Option<String>,
}

impl PageParams {
    /// The page of `all`, in the order of `key`, which no two of them share.
    ///
    /// # Errors
    /// 422 naming every parameter that cannot be.
    pub fn of<T, K>(&self, all: Vec<T>, key: impl Fn(&T) -> K) -> Result<Page<T>, ApiError>
    where
        K: Ord + Serialize + DeserializeOwned,
    {
        let mut errors = Vec::new();
        let most = limit(&self.limit, MAX_LIMIT, &mut errors);
        let after: Option<K> = position(&self.after, place, &mut errors);
        let (most, after) = settle((most, after), errors)?;
        let mut all: Vec<(K, T)> = all.into_iter().map(|entry| (key(&entry), entry)).collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let passed = after.map_or(0, |after| all.partition_point(|(key, _)| *key <= after));
        let more = all.len() - passed > most;
        let mut page: Vec<(K, T)> = all.into_iter().skip(passed).take(most).collect();
        let next = page.last().filter(|_| more).map(|(key, _)| name(key));
        let items = page.drain(..).map(|(_, entry)| entry).collect();
        Ok(Page { items, next })
    }
}

/// A place as a word that needs no escaping in an address.
fn name(key: &impl Serialize) -> String {
    hex(&serde_json::to_vec(key).unwrap_or_default())
}

/// Reads what [`name`] wrote.
fn place<K: DeserializeOwned>(text: &str) -> Option<K> {
    serde_json::from_slice(&unhex(text)?).ok()
}

/// A list, or a page of one.
#[derive(Debug, Serialize)]
pub struct Listed<T> {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// All of it, or a page.
    pub items: Vec<T>,
    /// Where the next page begins, if there is another.
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// The page of `all` that is asked for, as of now.
    ///
    /// # Errors
    /// As [`PageParams::of`]; 400 for parameters that cannot be read.
    pub fn page<K>(
        app: &App,
        asked: Asked,
        all: Vec<T>,
        key: impl Fn(&T) -> K,
    ) -> Result<axum::Json<Self>, ApiError>
    where
        K: Ord + Serialize + DeserializeOwned,
    {
        let Query(params) = asked.map_err(super::problem::malformed)?;
        let Page { items, next } = params.of(all, key)?;
        Ok(axum::Json(Self { as_of: app.hub.published().as_of, items, next }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Reverse;

    fn params(limit: &str, after: Option<String>) -> PageParams {
        PageParams { limit: Some(limit.to_owned()), after }
    }

    #[test]
    fn pages_follow_each_other_though_entries_go() {
        let all = vec![("b", 2), ("a", 1), ("c", 2), ("d", 0)];
        let key = |entry: &(&str, u32)| (Reverse(entry.1), entry.0.to_owned());
        let first = params("2", None).of(all.clone(), key).unwrap();
        assert_eq!(first.items, [("b", 2), ("c", 2)]);
        let left: Vec<_> = all.into_iter().filter(|entry| entry.0 != "c").collect();
        let second = params("2", first.next).of(left.clone(), key).unwrap();
        assert_eq!((second.items, second.next), (vec![("a", 1), ("d", 0)], None));
        let whole = PageParams::default().of(left, key).unwrap();
        assert_eq!((whole.items.len(), whole.next), (3, None));
    }

    #[test]
    fn what_cannot_be_is_named() {
        #[track_caller]
        fn check(limit: &str, after: &str, expect: &[&str]) {
            let page =
                params(limit, Some(after.to_owned())).of(vec!["a".to_owned()], String::clone);
            let errors = page.err().map(|error| error.errors).unwrap_or_default();
            let got: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(got, expect, "{limit} {after}");
        }
        check("", "", &[]);
        check("500", &name(&"a"), &[]);
        check("0", "a", &["/limit", "/after"]);
        check("501", &name(&7), &["/limit", "/after"]);
        check("x", &name(&"a")[1..], &["/limit", "/after"]);
    }
}
