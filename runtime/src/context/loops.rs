//! The loops of a context: `for_each` over items, `while_loop` over a state.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Context, encode};
use crate::backend::Command;
use crate::engine::{
    Claim, ItemOutcome, Items, Loop, Name, OnItemError, Operation, Round, While, items_prefix,
    iterations_prefix,
};
use crate::error::{Error, Result};
use crate::journaled::Journaled;
use crate::payload::{InputHash, Payload};

impl Context {
    /// Runs `body` for each item, at most `concurrency` at a time, each in a scope of its own;
    /// the results in the order of the items. The first failure stops the rest and is returned.
    pub fn for_each<T, R, F, Fut>(
        &self,
        id: impl Into<Cow<'static, str>>,
        items: Vec<T>,
        concurrency: usize,
        body: F,
    ) -> impl Future<Output = Result<Vec<R>>>
    where
        T: Serialize,
        R: Journaled,
        F: Fn(Context, T, i64) -> Fut,
        Fut: Future<Output = Result<R>>,
    {
        self.items(&id.into(), items, concurrency, OnItemError::Fail, body)
    }

    /// Like [`for_each`](Self::for_each), but a failed item is left out of the results.
    pub fn for_each_skip<T, R, F, Fut>(
        &self,
        id: impl Into<Cow<'static, str>>,
        items: Vec<T>,
        concurrency: usize,
        body: F,
    ) -> impl Future<Output = Result<Vec<R>>>
    where
        T: Serialize,
        R: Journaled,
        F: Fn(Context, T, i64) -> Fut,
        Fut: Future<Output = Result<R>>,
    {
        self.items(&id.into(), items, concurrency, OnItemError::Skip, body)
    }

    /// Like [`for_each`](Self::for_each), but tells of each item what became of it.
    pub fn for_each_collect<T, R, F, Fut>(
        &self,
        id: impl Into<Cow<'static, str>>,
        items: Vec<T>,
        concurrency: usize,
        body: F,
    ) -> impl Future<Output = Result<Vec<ItemOutcome<R>>>>
    where
        T: Serialize,
        R: Journaled,
        F: Fn(Context, T, i64) -> Fut,
        Fut: Future<Output = Result<R>>,
    {
        self.items(&id.into(), items, concurrency, OnItemError::Collect, body)
    }

    /// Like [`for_each`](Self::for_each), but keeps no results: neither in memory nor in the
    /// journal, where many items would make a long list that nobody reads.
    pub fn for_each_discard<T, F, Fut>(
        &self,
        id: impl Into<Cow<'static, str>>,
        items: Vec<T>,
        concurrency: usize,
        body: F,
    ) -> impl Future<Output = Result<()>>
    where
        T: Serialize,
        F: Fn(Context, T, i64) -> Fut,
        Fut: Future<Output = Result<()>>,
    {
        self.items(&id.into(), items, concurrency, OnItemError::FailWithoutList, body)
    }

    fn items<T, R, O, F, Fut>(
        &self,
        id: &str,
        items: Vec<T>,
        concurrency: usize,
        on_error: OnItemError,
        body: F,
    ) -> impl Future<Output = Result<O>> + use<T, R, O, F, Fut>
    where
        T: Serialize,
        R: Serialize,
        O: DeserializeOwned,
        F: Fn(Context, T, i64) -> Fut,
        Fut: Future<Output = Result<R>>,
    {
        let operation = self.claim_items(id, &items);
        let ctx = self.clone();
        async move {
            let count = items.len();
            let items: Vec<_> = items.into_iter().map(|item| RefCell::new(Some(item))).collect();
            let input = |index: usize| {
                let item = items.get(index).map(RefCell::borrow);
                encode(&item.as_deref())
            };
            let start = |ctx: Context, index: usize| -> LocalBoxFuture<'_, Result<Payload>> {
                // Each index is started once, so that its item is there.
                let item = items.get(index).and_then(RefCell::take);
                let run =
                    item.map(|item| body(ctx, item, i64::try_from(index).unwrap_or(i64::MAX)));
                Box::pin(async move {
                    let Some(run) = run else { return Ok(Payload::null()) };
                    result(&run.await?)
                })
            };
            let (input, start) = (&input, &start);
            Items { ctx: &ctx, operation, count, input, concurrency, on_error, start }.run().await
        }
    }

    /// The items themselves are inputs of their scopes; here their number and hash do (R6).
    fn claim_items<T: Serialize>(&self, id: &str, items: &[T]) -> Operation {
        let hash = |item: &T| -> Result<InputHash, String> {
            let canonical = encode(item)?.canonical().map_err(|error| error.to_string())?;
            Ok(canonical.hash())
        };
        let hashes = items.iter().map(hash).collect::<Result<Vec<_>, _>>();
        let count = Payload::from(&serde_json::json!({ "items": items.len() }));
        let claim = Claim {
            name: Name::Id(id, None),
            kind: "for_each@1",
            hash: hashes.as_deref().ok().map(InputHash::of_list),
            input: Some(hashes.map(|_| count)),
        };
        let seals = |path: &Arc<str>| Command::Scope(items_prefix(path));
        Operation::claim(&self.core, &self.scope, claim, seals)
    }

    /// Runs `body` with a state until it breaks with a result; where it continues, the next
    /// iteration runs with the state that it left. Each iteration is a scope of its own, `id[3]`.
    ///
    /// A run that is taken up again goes on from the latest iteration's state and looks at none
    /// before it, so that the state is all that one iteration may know of another. What a body
    /// changes outside of it is not there any more after a replay.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use flowcrate::{Context, Result, While};
    /// # async fn wait(ctx: &Context) -> Result<u32> {
    /// let rounds = While::new("poll").max_iterations(100);
    /// ctx.while_loop(rounds, 0, async |ctx: Context, tries: u32| {
    ///     ctx.sleep("nap", std::time::Duration::from_secs(60)).await?;
    ///     Ok(if tries < 3 { ControlFlow::Continue(tries + 1) } else { ControlFlow::Break(tries) })
    /// })
    /// .await
    /// # }
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "a loop is given its first state")]
    pub fn while_loop<S, T, F, Fut>(
        &self,
        id: impl Into<While>,
        state: S,
        body: F,
    ) -> impl Future<Output = Result<T>>
    where
        S: Journaled,
        T: Journaled,
        F: Fn(Context, S) -> Fut,
        Fut: Future<Output = Result<ControlFlow<T, S>>>,
    {
        let While { id, max_iterations } = id.into();
        let (operation, state) = self.claim_loop(&id, encode(&state));
        let ctx = self.clone();
        async move {
            let start = |ctx: Context, _: u64, state: &Payload| {
                let run = body(ctx, state.decode()?);
                Ok(Round::Body(Box::pin(async move {
                    Ok(match run.await? {
                        ControlFlow::Continue(state) => ControlFlow::Continue(result(&state)?),
                        ControlFlow::Break(output) => ControlFlow::Break(result(&output)?),
                    })
                })))
            };
            Loop { ctx: &ctx, operation, max_iterations, state, start: &start }.run().await
        }
    }

    /// Runs `body` with a state for as long as `condition` holds of it, and the next iteration
    /// with the state that it returned; the result is the last state. Else like
    /// [`while_loop`](Self::while_loop). A body also gets the number of its iteration, from 0.
    ///
    /// With [`While::max_iterations`] the loop fails where the condition still holds after so
    /// many.
    ///
    /// ```
    /// # use flowcrate::{Context, Result, While};
    /// # async fn count(ctx: &Context) -> Result<u32> {
    /// let more = |sum: &u32| Ok(*sum < 100);
    /// ctx.repeat_while("sum", 1, more, async |_: Context, sum: u32, _| Ok(sum * 2)).await
    /// # }
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "a loop is given its first state")]
    pub fn repeat_while<S, C, F, Fut>(
        &self,
        id: impl Into<While>,
        state: S,
        condition: C,
        body: F,
    ) -> impl Future<Output = Result<S>>
    where
        S: Journaled,
        C: Fn(&S) -> Result<bool>,
        F: Fn(Context, S, i64) -> Fut,
        Fut: Future<Output = Result<S>>,
    {
        let While { id, max_iterations } = id.into();
        let (operation, state) = self.claim_loop(&id, encode(&state));
        let ctx = self.clone();
        async move {
            let start = |ctx: Context, iteration: u64, state: &Payload| {
                let state = state.decode()?;
                match condition(&state) {
                    Ok(true) => {}
                    Ok(false) => return Ok(Round::Over),
                    Err(error) => return Ok(Round::Failed(error)),
                }
                let run = body(ctx, state, i64::try_from(iteration).unwrap_or(i64::MAX));
                Ok(Round::Body(Box::pin(
                    async move { Ok(ControlFlow::Continue(result(&run.await?)?)) },
                )))
            };
            Loop { ctx: &ctx, operation, max_iterations, state, start: &start }.run().await
        }
    }

    fn claim_loop(&self, id: &str, state: Result<Payload, String>) -> (Operation, Payload) {
        let claim = Claim {
            name: Name::Id(id, None),
            kind: "while@1",
            input: Some(state.clone()),
            hash: None,
        };
        let seals = |path: &Arc<str>| Command::Loop(iterations_prefix(path));
        let operation = Operation::claim(&self.core, &self.scope, claim, seals);
        // Without a state the claim has failed, and nothing runs.
        (operation, state.unwrap_or_else(|_| Payload::null()))
    }
}

fn result<T: Serialize>(value: &T) -> Result<Payload> {
    Payload::encode(value).map_err(|error| Error::codec("the result", &error))
}
