//! Lists in pages: `?limit=` and an opaque `?cursor=`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Problem, Result};

/// Items on a page if nobody says otherwise.
const DEFAULT: u32 = 50;
/// The most that a page holds.
const CAP: u32 = 200;

/// Which page.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// The `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// Items on a page: 50 by default, 200 at most.
    pub(super) limit: Option<u32>,
}

impl Paging {
    /// How many items the caller gets; more than the cap is the cap.
    pub(super) fn limit(&self) -> Result<u32> {
        match self.limit {
            Some(0) => Err(Problem::bad_request("limit is at least 1")),
            limit => Ok(limit.unwrap_or(DEFAULT).min(CAP)),
        }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The items.
    pub(super) items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last one.
    pub(super) next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of `items`, of which one more than `limit` was asked for to know whether more follow.
    pub(super) fn new(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }
}
