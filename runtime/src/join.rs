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
    futures.into_joined(Failing::Alone).await
}

/// Awaits a tuple of futures as [`join`] does, within a branch of another join (or a
/// [task](crate::task)), where nobody handles a failure on the way: it is the other join's failure
/// too, and cancels that one's other branches at once, before the branches of this one have come
/// to their ends. Around it the same goes for the next join, if that is a `join_within` itself.
///
/// Nodes of one scope of a graph fail so, however deep the joins that their edges make: what the
/// compiler emits uses it. A branch that handles such a failure all the same does not bring the
/// others back: they are cancelled, and so is the join around it.
///
/// ```
/// # use std::time::Duration;
/// # use flowcrate::{Context, Result, join, join_within};
/// # async fn example(ctx: &Context) -> Result<()> {
/// let pair = async {
///     ctx.sleep("before", Duration::from_secs(1)).await?;
///     join_within((ctx.sleep("one", Duration::from_secs(1)), async {
///         Err::<(), _>(ctx.failure("charge", "declined", "no funds").into())
///     }))
///     .await
/// };
/// // Where `charge` fails, `other` is cancelled with `one`.
/// join((pair, ctx.sleep("other", Duration::from_secs(60)))).await?;
/// # Ok(())
/// # }
/// ```
pub async fn join_within<J: Join>(futures: J) -> Result<J::Output> {
    futures.into_joined(Failing::Within).await
}

/// Whose failure that of a branch is.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// The join's, which returns it.
    Alone,
    /// That of the join around it, too.
    Within,
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
    #[doc(hidden)]
    fn into_joined(self, failing: Failing) -> impl Future<Output = Result<Self::Output>>;
}

/// Awaits all of a list of futures concurrently, as [`join`] does: their outputs in its order.
pub async fn join_all<F, T>(futures: impl IntoIterator<Item = F>) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    all(futures, Failing::Alone).await
}

/// Awaits all of a list of futures as [`join_within`] does: their outputs in its order.
pub async fn join_all_within<F, T>(futures: impl IntoIterator<Item = F>) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    all(futures, Failing::Within).await
}

async fn all<F, T>(futures: impl IntoIterator<Item = F>, failing: Failing) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    let mut branches: Vec<_> = futures.into_iter().map(Branched::new).collect();
    let mut failure = Failure::of(failing);
    poll_fn(|poller| {
        let mut parts: Vec<&mut dyn Part> = Vec::with_capacity(branches.len());
        parts.extend(branches.iter_mut().map(|branch| branch as &mut dyn Part));
        poll_all(&mut parts, &mut failure, poller)
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

    /// Whether it is going to fail: what is left of it comes to its end.
    fn is_failing(&self) -> bool;

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

    fn is_failing(&self) -> bool {
        self.branch.is_failing()
    }

    fn cancel(&mut self) {
        // Outside of a run nobody would notice.
        if self.future.is_some() && !self.branch.cancel() {
            self.future = None;
        }
    }
}

/// The failure of a join.
struct Failure {
    failing: Failing,
    /// The first branch that failed, or is going to.
    of: Option<usize>,
    error: Option<Error>,
}

impl Failure {
    fn of(failing: Failing) -> Self {
        Self { failing, of: None, error: None }
    }
}

/// Polls the branches in their order. The first failure cancels the others, and is returned once
/// all have come to their ends.
fn poll_all(
    parts: &mut [&mut dyn Part],
    failure: &mut Failure,
    poller: &mut Poller<'_>,
) -> Poll<Result<()>> {
    loop {
        let mut running = false;
        let mut fails = None;
        for (number, part) in parts.iter_mut().enumerate() {
            match part.poll(poller) {
                Poll::Pending => {
                    running = true;
                    if failure.of.is_none() && part.is_failing() {
                        fails = Some(number);
                        break;
                    }
                }
                Poll::Ready(Err(error)) if failure.of.is_none_or(|first| first == number) => {
                    failure.error = Some(error);
                    fails = failure.of.is_none().then_some(number);
                    if fails.is_some() {
                        break;
                    }
                }
                Poll::Ready(_) => {}
            }
        }
        if let Some(first) = fails {
            failure.of = fails;
            // One that is failing has cancelled what is left of it.
            let others = parts.iter_mut().enumerate().filter(|(number, _)| *number != first);
            others.for_each(|(_, part)| part.cancel());
            // What is left comes to its end in the order in which it stands, however joins nest: so
            // the join around has its branches polled from the first one on.
            if failure.failing == Failing::Within && Branch::fail_around() {
                return Poll::Pending;
            }
            Branch::cancel_what_is_left();
        } else if running {
            return Poll::Pending;
        } else {
            let handled = failure.of.map(|_| Error::Cancelled);
            return Poll::Ready(failure.error.take().or(handled).map_or(Ok(()), Err));
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

            async fn into_joined(self, failing: Failing) -> Result<Self::Output> {
                let ($($branch,)+) = self;
                $(let mut $branch = Branched::new($branch.into_future());)+
                let mut failure = Failure::of(failing);
                poll_fn(move |poller| {
                    ready!(poll_all(&mut [$(&mut $branch),+], &mut failure, poller))?;
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
