//! `race`: the first branch to succeed wins, the others are cancelled (R13, S28).

use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::{LocalBoxFuture, join};

use super::contest::{Contest, Ended, all_failed};
use super::{
    Error, Issued, Name, Operation, Outcome, Payload, Result, Start, inner_prefix, start, undo,
};
use crate::context::Context;
use crate::journaled::Journaled;

/// A race that is being described; awaiting it runs its branches.
///
/// ```
/// # use flowcrate::{Context, Result, WaitEvent};
/// # use std::time::Duration;
/// # async fn example(ctx: Context) -> Result<String> {
/// ctx.race::<String>("answer")
///     .branch("letter", async |ctx: Context| {
///         ctx.wait_event("letter", WaitEvent::new("letter")).received().await
///     })
///     .branch("silence", async |ctx: Context| {
///         ctx.sleep("patience", Duration::from_hours(48)).await?;
///         Ok("no answer".to_owned())
///     })
///     .await
/// # }
/// ```
#[must_use = "a race begins when it is awaited"]
pub struct Race<'a, T> {
    ctx: Context,
    operation: Operation,
    branches: Vec<(String, Start<'a>)>,
    keeps: Vec<String>,
    output: PhantomData<fn() -> T>,
}

impl<'a, T: Journaled> Race<'a, T> {
    pub(crate) fn new(ctx: &Context, id: &str) -> Self {
        let operation = Operation::scope(ctx, Name::Id(id, None), "race@1");
        let (branches, keeps) = (Vec::new(), Vec::new());
        Self { ctx: ctx.clone(), operation, branches, keeps, output: PhantomData }
    }

    /// One of those that race. Its name is for the journal and for ties, which the lower name wins;
    /// it is no part of a path.
    pub fn branch<F, Fut>(mut self, name: impl Into<String>, body: F) -> Self
    where
        F: FnOnce(Context) -> Fut + 'a,
        Fut: Future<Output = Result<T>> + 'a,
    {
        self.branches.push((name.into(), start(body)));
        self
    }

    /// Keeps what the branch of this name has done, where it loses: its compensations do not run.
    pub fn keep(mut self, branch: impl Into<String>) -> Self {
        self.keeps.push(branch.into());
        self
    }

    async fn outcome(mut self) -> Result<(Operation, Option<Payload>)> {
        // By name, so that ties go to the lower one. The sort is stable: of two branches with one
        // name the first to be described comes first.
        self.branches.sort_by(|(one, _), (other, _)| one.cmp(other));
        let names: Vec<&str> = self.branches.iter().map(|(name, _)| name.as_str()).collect();
        self.operation.describe(Ok((&serde_json::json!({ "branches": names })).into()));
        if self.operation.issue()? == Issued::Live {
            let branches = std::mem::take(&mut self.branches);
            let result =
                self.decide(Contest::new(&self.ctx, self.operation.path(), branches)).await;
            let path = self.operation.path();
            self.operation.seal(&inner_prefix(path), Outcome::of(result, path));
        }
        let output = (&mut self.operation).await?;
        Ok((self.operation, output))
    }

    /// Runs the branches until one has won, and the others have come to their ends.
    async fn decide(&self, mut contest: Contest<'_>) -> Result<Payload> {
        let path = self.operation.path();
        let mut first = None;
        let (winner, output) = loop {
            match contest.next().await {
                Some(Ended { branch, result: Ok(output) }) => break (branch, output),
                Some(Ended { result: Err(error), .. }) => {
                    first.get_or_insert_with(|| error.into_failure(path));
                }
                None if self.ctx.scope().here().is_cancelled() => return Err(Error::Cancelled),
                None => return Err(all_failed(first, path)),
            }
        };
        contest.cancel(&self.operation);
        let name = contest.name(winner).to_owned();
        join(self.record_winner(&name), contest.unwind()).await;
        let undone = |branch, name: &str| branch != winner && !self.keeps.iter().any(|k| k == name);
        undo::compensate(&self.ctx, &contest.scopes(undone)).await?;
        Ok(output)
    }

    /// Writes down who has won, together with what made it win: the race has no outcome of its own
    /// before the losers have come to their ends.
    async fn record_winner(&self, name: &str) {
        let path: Arc<str> = format!("{}!won", inner_prefix(self.operation.path())).into();
        let prefix = inner_prefix(&path);
        let won = Operation::scope(&self.ctx, Name::Path(path), "winner");
        match won.issue() {
            Ok(Issued::Live) => {
                let name = Payload::encode(name).unwrap_or_else(|_| Payload::null());
                won.seal(&prefix, Outcome::Completed(Some(name)));
            }
            Ok(_) => {}
            // The race itself is cancelled: nobody asks any more.
            Err(_) => return,
        }
        won.check(|recorded: &String| recorded == name, &format!("`{name}` to win")).await;
    }
}

impl<'a, T: Journaled + 'a> IntoFuture for Race<'a, T> {
    type Output = Result<T>;
    type IntoFuture = LocalBoxFuture<'a, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (operation, output) = self.outcome().await?;
            poll_fn(|_| operation.decode(output.as_ref())).await
        })
    }
}
