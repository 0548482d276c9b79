//! Running branches concurrently.

use std::pin::Pin;
use std::task::{Context as Poller, Poll};

use crate::error::Result;

/// Awaits all of a tuple of futures (2 to 12 of them) concurrently: their outputs, or the first
/// failure, which drops the rest. A branch may be a `join` itself.
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

/// One branch: running, then done, then taken.
struct Branch<F, T> {
    future: Option<Pin<Box<F>>>,
    output: Option<T>,
}

impl<F: Future<Output = Result<T>>, T> Branch<F, T> {
    fn new(future: F) -> Self {
        Self { future: Some(Box::pin(future)), output: None }
    }

    /// Whether the branch is done.
    fn poll(&mut self, poller: &mut Poller<'_>) -> Result<bool> {
        let Some(future) = &mut self.future else { return Ok(true) };
        let Poll::Ready(output) = future.as_mut().poll(poller) else { return Ok(false) };
        self.future = None;
        self.output = Some(output?);
        Ok(true)
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
                $(let mut $branch = Branch::new($branch.into_future());)+
                std::future::poll_fn(move |poller| {
                    let mut done = true;
                    $(
                        match $branch.poll(poller) {
                            Ok(ready) => done &= ready,
                            Err(error) => return Poll::Ready(Err(error)),
                        }
                    )+
                    if !done {
                        return Poll::Pending;
                    }
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
