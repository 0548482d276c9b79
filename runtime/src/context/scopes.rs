//! Scopes that a workflow opens by name.

use std::borrow::Cow;

use super::Context;
use crate::engine::Race;

impl Context {
    /// Lets [branches](Race::branch) run concurrently until one succeeds; its result is the race's.
    ///
    /// A branch that fails loses; if all fail, the race fails with the first failure. The losers are
    /// cancelled: what they await returns [`Error::Cancelled`](crate::Error::Cancelled), their
    /// `finally` runs and what they have done is compensated before the race is left.
    pub fn race<'a, T>(&self, id: impl Into<Cow<'static, str>>) -> Race<'a, T> {
        Race::new(self, &id.into())
    }
}
