//! Scopes that a workflow opens by name.

use std::borrow::Cow;

use super::Context;
use crate::engine::{Race, Timeout, TryScope};
use crate::error::Result;
use crate::journaled::Journaled;

impl Context {
    /// Lets [branches](Race::branch) run concurrently until one succeeds; its result is the race's.
    ///
    /// A branch that fails loses; if all fail, the race fails with the first failure. The losers are
    /// cancelled: what they await returns [`Error::Cancelled`](crate::Error::Cancelled), their
    /// `finally` runs, and what they have done is compensated, before the race is left.
    pub fn race<'a, T: Journaled>(&self, id: impl Into<Cow<'static, str>>) -> Race<'a, T> {
        Race::new(self, &id.into())
    }

    /// Runs `body` for so long at most; `None` if it had not ended by then. It is a race with a
    /// timer: a body whose time is over is cancelled, its `finally` runs, and what it has done is
    /// compensated.
    pub fn timeout<'a, T, F, Fut>(
        &self,
        id: impl Into<Cow<'static, str>>,
        length: std::time::Duration,
        body: F,
    ) -> Timeout<'a, T>
    where
        T: Journaled,
        F: FnOnce(Context) -> Fut + 'a,
        Fut: Future<Output = Result<T>> + 'a,
    {
        Timeout::new(self, &id.into(), length, body)
    }

    /// Runs `body` in a scope whose failure can be [caught](TryScope::catch) and that can be
    /// [tidied up](TryScope::finally) after.
    pub fn try_scope<'a, T, F, Fut>(
        &self,
        id: impl Into<Cow<'static, str>>,
        body: F,
    ) -> TryScope<'a, T>
    where
        T: Journaled,
        F: FnOnce(Context) -> Fut + 'a,
        Fut: Future<Output = Result<T>> + 'a,
    {
        TryScope::new(self, &id.into(), body)
    }
}
