//! `try_scope`: a body, what catches its failure, and what is done in any case (S23).

use std::future::poll_fn;
use std::marker::PhantomData;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use super::scope::within;
use super::{
    Error, Failure, Issued, Name, Operation, Outcome, Payload, Result, Scope, Start, inner_prefix,
    start, undo,
};
use crate::context::Context;
use crate::journaled::Journaled;

type Catch<'a> = Box<dyn FnOnce(Context, Failure) -> LocalBoxFuture<'a, Result<Payload>> + 'a>;

/// A `try` that is being described; awaiting it runs it.
///
/// ```
/// # use flowcrate::{Context, Failure, Result};
/// # use std::time::Duration;
/// # async fn example(ctx: Context) -> Result<u32> {
/// ctx.try_scope("shipment", async |ctx: Context| {
///     ctx.sleep("packing", Duration::from_mins(5)).await?;
///     Ok(1)
/// })
/// .catch(async |_: Context, failure: Failure| {
///     // A cancellation does not come here.
///     if failure.code == "out_of_stock" { Ok(0) } else { Err(failure.into()) }
/// })
/// .finally(async |ctx: Context| ctx.sleep("sweeping", Duration::from_secs(1)).await)
/// .await
/// # }
/// ```
#[must_use = "it runs when it is awaited"]
pub struct TryScope<'a, T> {
    ctx: Context,
    operation: Operation,
    parts: Parts<'a>,
    output: PhantomData<fn() -> T>,
}

struct Parts<'a> {
    body: Start<'a>,
    catch: Option<Catch<'a>>,
    compensates: bool,
    finally: Option<Start<'a>>,
}

impl<'a, T: Journaled> TryScope<'a, T> {
    pub(crate) fn new<F, Fut>(ctx: &Context, id: &str, body: F) -> Self
    where
        F: FnOnce(Context) -> Fut + 'a,
        Fut: Future<Output = Result<T>> + 'a,
    {
        let operation = Operation::scope(ctx, Name::Id(id, None), "try@1");
        let parts = Parts { body: start(body), catch: None, compensates: false, finally: None };
        Self { ctx: ctx.clone(), operation, parts, output: PhantomData }
    }

    /// What is done where the body fails; its result takes the place of the body's.
    pub fn catch<F, Fut>(mut self, body: F) -> Self
    where
        F: FnOnce(Context, Failure) -> Fut + 'a,
        Fut: Future<Output = Result<T>> + 'a,
    {
        self.parts.catch = Some(Box::new(|ctx, failure| {
            let body = body(ctx, failure);
            Box::pin(async {
                Payload::encode(&body.await?).map_err(|error| Error::codec("the result", &error))
            })
        }));
        self
    }

    /// Lets a failure of the body be compensated before it is caught.
    pub fn compensate(mut self) -> Self {
        self.parts.compensates = true;
        self
    }

    /// What is done last, in any case: after success, failure or cancellation. It is shielded: no
    /// cancellation reaches it. If it fails, that is the outcome.
    ///
    /// Only what is dropped does without: futures that the workflow gives up on its own, by a
    /// `select` of its own making.
    pub fn finally<R, F, Fut>(mut self, body: F) -> Self
    where
        R: Serialize,
        F: FnOnce(Context) -> Fut + 'a,
        Fut: Future<Output = Result<R>> + 'a,
    {
        self.parts.finally = Some(start(body));
        self
    }

    async fn outcome(self) -> Result<T> {
        let Self { ctx, mut operation, parts, .. } = self;
        if operation.issue()? == Issued::Live {
            let result = run(&ctx, &operation, parts).await;
            let path = operation.path();
            operation.seal(&inner_prefix(path), Outcome::of(result, path));
        }
        let output = (&mut operation).await?;
        poll_fn(|_| operation.decode(output.as_ref())).await
    }
}

async fn run(ctx: &Context, operation: &Operation, parts: Parts<'_>) -> Result<Payload> {
    let Parts { body, catch, compensates, finally } = parts;
    let path = || operation.path().clone();
    let outer = ctx.scope();
    let scope = if finally.is_some() || compensates {
        outer.guarded(path(), "body")
    } else {
        outer.region(path(), "body")
    };
    let mut result = enter(ctx, &scope, |ctx| body(ctx)).await;
    // In a cancelled scope there is nothing to be done but what is shielded.
    let catch = catch.filter(|_| !outer.here().is_cancelled());
    result = match (result, catch) {
        (Err(error), Some(catch)) if error != Error::Cancelled || sabotage!("catch sees all") => {
            let failure = error.into_failure(operation.path());
            if compensates {
                undo::compensate(ctx, &[Rc::clone(&scope)]).await?;
            }
            let scope = if finally.is_some() {
                outer.guarded(path(), "catch")
            } else {
                outer.region(path(), "catch")
            };
            enter(ctx, &scope, |ctx| catch(ctx, failure)).await
        }
        (result, _) => result,
    };
    if let Some(finally) = finally {
        let scope = outer.shielded(path(), "finally");
        enter(ctx, &scope, |ctx| finally(ctx)).await?;
    }
    result
}

/// Runs a region's body in its scope.
async fn enter<'a>(
    ctx: &Context,
    scope: &Rc<Scope>,
    body: impl FnOnce(Context) -> LocalBoxFuture<'a, Result<Payload>>,
) -> Result<Payload> {
    let ctx = ctx.of(Rc::clone(scope));
    within(Rc::clone(scope), async { body(ctx).await }).await
}

impl<'a, T: Journaled + 'a> IntoFuture for TryScope<'a, T> {
    type Output = Result<T>;
    type IntoFuture = LocalBoxFuture<'a, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.outcome())
    }
}

/// Takes apart what a try gave whose parts give two things: a value, and what is to count only
/// where they succeeded. Emitted code hands on by it what a try returned from within.
///
/// ```
/// use flowcrate::{Failure, split_return};
///
/// let (value, returned) = split_return(Ok((1, Some("early"))));
/// assert_eq!((value.unwrap(), returned), (1, Some("early")));
/// let failed = split_return::<u8, Option<u8>>(Err(Failure::new("gone", "nobody is there").into()));
/// assert!(failed.0.is_err() && failed.1.is_none());
/// ```
pub fn split_return<T, O: Default>(given: Result<(T, O)>) -> (Result<T>, O) {
    match given {
        Ok((value, returned)) => (Ok(value), returned),
        Err(error) => (Err(error), O::default()),
    }
}
