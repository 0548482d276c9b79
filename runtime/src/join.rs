//! Running branches concurrently.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use crate::engine::Branch;
use crate::error::{Error, Result};

/// Awaits all of a tuple of futures (2 to 12 of them) concurrently: their outputs, or the first
/// failure. A branch may be a `join` itself.
///
/// The first failure cancels the other branches: what they await returns [`Error::Cancelled`], a
/// [`finally`](crate::TryScope::finally) within them runs, and only when they have come to their
/// ends is the failure returned.
///
/// ```
/// # async fn example(ctx: flowcrate::Context) -> flowcrate::Result<()> {
/// let (_, _) = flowcrate::join((
///     ctx.sleep("one", std::time::Duration::from_secs(1)),
///     ctx.sleep("two", std::time::Duration::from_secs(2)),
/// ))
/// .await?;
/// # Ok(())
/// # }
/// ```
pub async fn join<J: Join>(futures: J) -> Result<J::Output> {
    futures.into_joined().await
}

/// A tuple of futures of results, or of what becomes one when it is awaited.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be joined",
    label = "not a tuple of 2 to 12 futures",
    note = "`join((a, b))` takes one tuple of futures that return `flowcrate::Result`; for a list \
            use `ctx.for_each`"
)]
pub trait Join {
    /// The tuple of outputs.
    type Output;

    /// The future of all of them.
    fn into_joined(self) -> impl Future<Output = Result<Self::Output>>;
}

/// Awaits all of a list of futures concurrently, as [`join`] does: their outputs in its order.
pub async fn join_all<F, T>(futures: impl IntoIterator<Item = F>) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    let mut branches: Vec<_> = futures.into_iter().map(Branched::new).collect();
    let mut failed = None;
    poll_fn(|poller| {
        let mut parts: Vec<&mut dyn Part> = Vec::with_capacity(branches.len());
        parts.extend(branches.iter_mut().map(|branch| branch as &mut dyn Part));
        poll_all(&mut parts, &mut failed, poller)
    })
    .await?;
    Ok(branches.into_iter().filter_map(|branch| branch.output).collect())
}

/// One branch: running, then done.
struct Branched<F, T> {
    branch: Branch,
    future: Option<Pin<Box<F>>>,
    output: Option<T>,
}

impl<F: Future<Output = Result<T>>, T> Branched<F, T> {
    fn new(future: F) -> Self {
        Self { branch: Branch::new(), future: Some(Box::pin(future)), output: None }
    }
}

/// A branch, whatever its output is.
trait Part {
    /// Whether the branch is done.
    fn poll(&mut self, poller: &mut Poller<'_>) -> Poll<Result<()>>;

    /// Cancels the branch, if it is not done.
    fn cancel(&mut self);
}

impl<F: Future<Output = Result<T>>, T> Part for Branched<F, T> {
    fn poll(&mut self, poller: &mut Poller<'_>) -> Poll<Result<()>> {
        let Some(future) = &mut self.future else { return Poll::Ready(Ok(())) };
        let output = {
            let _branch = self.branch.enter();
            ready!(future.as_mut().poll(poller))
        };
        self.future = None;
        self.output = Some(output?);
        Poll::Ready(Ok(()))
    }

    fn cancel(&mut self) {
        // Outside of a run nobody would notice.
        if self.future.is_some() && !self.branch.cancel() {
            self.future = None;
        }
    }
}

/// Polls the branches in their order. The first failure cancels the others, and is returned once
/// they have come to their ends.
fn poll_all(
    parts: &mut [&mut dyn Part],
    failed: &mut Option<Error>,
    poller: &mut Poller<'_>,
) -> Poll<Result<()>> {
    loop {
        let mut running = false;
        let mut fails = false;
        for part in &mut *parts {
            match part.poll(poller) {
                Poll::Pending => running = true,
                Poll::Ready(Err(error)) if failed.is_none() => {
                    *failed = Some(error);
                    fails = true;
                    break;
                }
                Poll::Ready(_) => {}
            }
        }
        if fails {
            for part in &mut *parts {
                part.cancel();
            }
        } else if running {
            return Poll::Pending;
        } else {
            return Poll::Ready(failed.take().map_or(Ok(()), Err));
        }
    }
}

macro_rules! tuples {
    ($($future:ident $output:ident $branch:ident),+) => {
        impl<$($future, $output),+> Join for ($($future,)+)
        where
            $($future: IntoFuture<Output = Result<$output>>,)+
        {
            type Output = ($($output,)+);

            async fn into_joined(self) -> Result<Self::Output> {
                let ($($branch,)+) = self;
                $(let mut $branch = Branched::new($branch.into_future());)+
                let mut failed = None;
                poll_fn(move |poller| {
                    ready!(poll_all(&mut [$(&mut $branch),+], &mut failed, poller))?;
                    // Every branch is done, and each output is taken this once.
                    match ($($branch.output.take(),)+) {
                        ($(Some($branch),)+) => Poll::Ready(Ok(($($branch,)+))),
                        _ => Poll::Pending,
                    }
                })
                .await
            }
        }
    };
}

tuples!(F1 T1 b1, F2 T2 b2);
tuples!(F1 T1 b1, F2 T2 b2, F3 T3 b3);
tuples!(F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4);
tuples!(F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4, F5 T5 b5);
tuples!(F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4, F5 T5 b5, F6 T6 b6);
tuples!(F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4, F5 T5 b5, F6 T6 b6, F7 T7 b7);
tuples!(F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4, F5 T5 b5, F6 T6 b6, F7 T7 b7, F8 T8 b8);
tuples!(
    F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4, F5 T5 b5, F6 T6 b6, F7 T7 b7, F8 T8 b8, F9 T9 b9
);
tuples!(
    F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4, F5 T5 b5, F6 T6 b6, F7 T7 b7, F8 T8 b8, F9 T9 b9,
    F10 T10 b10
);
tuples!(
    F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4, F5 T5 b5, F6 T6 b6, F7 T7 b7, F8 T8 b8, F9 T9 b9,
    F10 T10 b10, F11 T11 b11
);
tuples!(
    F1 T1 b1, F2 T2 b2, F3 T3 b3, F4 T4 b4, F5 T5 b5, F6 T6 b6, F7 T7 b7, F8 T8 b8, F9 T9 b9,
    F10 T10 b10, F11 T11 b11, F12 T12 b12
);
