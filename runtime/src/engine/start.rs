//! A scope's body, with its types erased.

use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use super::{Error, Payload, Result};
use crate::context::Context;

/// The body of a scope that runs at most once, with its types erased.
pub(super) type Start<'a> = Box<dyn FnOnce(Context) -> LocalBoxFuture<'a, Result<Payload>> + 'a>;

/// Erases the types of a scope's body. What it returns becomes JSON here, so that the function sees
/// the same live and on replay.
pub(super) fn start<'a, T, F, Fut>(body: F) -> Start<'a>
where
    T: Serialize,
    F: FnOnce(Context) -> Fut + 'a,
    Fut: Future<Output = Result<T>> + 'a,
{
    Box::new(|ctx| {
        let body = body(ctx);
        Box::pin(async {
            Payload::encode(&body.await?).map_err(|error| Error::codec("the result", &error))
        })
    })
}
