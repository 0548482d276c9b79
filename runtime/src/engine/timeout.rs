//! `timeout`: a body against a timer (R11).

use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::contest::{Contest, Ended};
use super::{
    Claim, Command, Error, Issued, Name, Operation, Outcome, Payload, Result, Start, inner_prefix,
    start, undo,
};
use crate::backend::Due;
use crate::context::Context;
use crate::journaled::Journaled;

/// The body's place in the contest: what it comes to with the last moment counts.
const BODY: usize = 0;

/// A body that must end in time; awaiting it runs it. `None` if it did not.
#[must_use = "the time runs from when it is awaited"]
pub struct Timeout<'a, T> {
    ctx: Context,
    operation: Operation,
    length: Duration,
    body: Start<'a>,
    keeps: bool,
    output: PhantomData<fn() -> T>,
}

impl<'a, T: Journaled> Timeout<'a, T> {
    pub(crate) fn new<F, Fut>(ctx: &Context, id: &str, length: Duration, body: F) -> Self
    where
        F: FnOnce(Context) -> Fut + 'a,
        Fut: Future<Output = Result<T>> + 'a,
    {
        let operation = Operation::scope(ctx, Name::Id(id, None), "timeout@1");
        let input = serde_json::json!({ "duration": crate::Duration(length) });
        operation.describe(Ok((&input).into()));
        let (ctx, body) = (ctx.clone(), start(body));
        Self { ctx, operation, length, body, keeps: false, output: PhantomData }
    }

    /// Keeps what the body has done until its time is over: its compensations do not run then.
    pub fn keep(self) -> Self {
        Self { keeps: true, ..self }
    }

    async fn outcome(self) -> Result<Option<T>> {
        let Self { ctx, mut operation, length, body, keeps, .. } = self;
        if operation.issue()? == Issued::Live {
            let path = operation.path();
            let branches = [("body".to_owned(), body), ("time".to_owned(), timer(path, length))];
            let contest = Contest::new(&ctx, path, branches);
            let outcome = match decide(&ctx, &operation, contest, keeps).await {
                // Without an output, as a wait that timed out.
                Ok(None) => Outcome::Completed(None),
                Ok(Some(output)) => Outcome::Completed(Some(output)),
                Err(error) => Outcome::of(Err(error), path),
            };
            operation.seal(&inner_prefix(path), outcome);
        }
        let Some(output) = (&mut operation).await? else { return Ok(None) };
        poll_fn(|_| operation.decode(Some(&output))).await.map(Some)
    }
}

async fn decide(
    ctx: &Context,
    operation: &Operation,
    mut contest: Contest<'_>,
    keeps: bool,
) -> Result<Option<Payload>> {
    while let Some(Ended { branch, result }) = contest.next().await {
        // A timer that is cancelled with all the rest says nothing of the body.
        if branch != BODY && result == Err(Error::Cancelled) {
            continue;
        }
        contest.cancel(operation);
        contest.unwind().await;
        if branch == BODY {
            return result.map(Some);
        }
        if !keeps {
            undo::compensate(ctx, &contest.scopes(|branch, _| branch == BODY)).await?;
        }
        return result.map(|_| None);
    }
    Err(Error::Cancelled)
}

/// The timer as a branch.
fn timer<'a>(path: &Arc<str>, length: Duration) -> Start<'a> {
    let path: Arc<str> = format!("{}!due", inner_prefix(path)).into();
    Box::new(move |ctx| {
        let name = Name::Path(path);
        let claim = Claim { name, kind: "wait@1", input: None, hash: None };
        let timer = |_: &Arc<str>| Command::Timer(Due::After(length));
        let timer = Operation::claim(ctx.core(), ctx.scope(), claim, timer);
        Box::pin(async { timer.await.map(|_| Payload::null()) })
    })
}

impl<'a, T: Journaled + 'a> IntoFuture for Timeout<'a, T> {
    type Output = Result<Option<T>>;
    type IntoFuture = LocalBoxFuture<'a, Result<Option<T>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.outcome())
    }
}
