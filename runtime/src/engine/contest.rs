//! Branches that run against each other, each in a scope of its own.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use futures_util::future::LocalBoxFuture;

use super::scope::within;
use super::{Error, Failure, Operation, Patience, Payload, Result, Scope, Start};
use crate::context::Context;

/// Branches at one path, polled in their order.
pub(super) struct Contest<'a> {
    branches: Vec<Branch<'a>>,
}

struct Branch<'a> {
    name: String,
    scope: Rc<Scope>,
    /// Until it has ended.
    future: Option<LocalBoxFuture<'a, Result<Payload>>>,
}

/// A branch that has come to its end.
pub(super) struct Ended {
    pub(super) branch: usize,
    pub(super) result: Result<Payload>,
}

impl<'a> Contest<'a> {
    pub(super) fn new(
        ctx: &Context,
        path: &Arc<str>,
        branches: impl IntoIterator<Item = (String, Start<'a>)>,
    ) -> Self {
        let branch = |(name, start): (String, Start<'a>)| {
            let scope = ctx.scope().region(Arc::clone(path), &name);
            let ctx = ctx.of(Rc::clone(&scope));
            // The call may claim paths as well as the future.
            let body = within(Rc::clone(&scope), async { start(ctx).await });
            Branch { name, scope, future: Some(Box::pin(body)) }
        };
        Self { branches: branches.into_iter().map(branch).collect() }
    }

    /// The next branch to end; of several the one with the lower number. None if all have ended.
    pub(super) async fn next(&mut self) -> Option<Ended> {
        poll_fn(|poller| self.poll_next(poller)).await
    }

    fn poll_next(&mut self, poller: &mut Poller<'_>) -> Poll<Option<Ended>> {
        let mut running = false;
        for (branch, Branch { future, .. }) in self.branches.iter_mut().enumerate() {
            let Some(body) = future else { continue };
            running = true;
            if let Poll::Ready(result) = body.as_mut().poll(poller) {
                *future = None;
                return Poll::Ready(Some(Ended { branch, result }));
            }
        }
        if running { Poll::Pending } else { Poll::Ready(None) }
    }

    /// Cancels the branches that have not ended.
    pub(super) fn cancel(&self, operation: &Operation) {
        let running = self.branches.iter().filter(|branch| branch.future.is_some());
        for branch in running.filter(|_| !sabotage!("losers are not cancelled")) {
            operation.cancel_scope(&branch.scope, Patience::None);
        }
    }

    /// Waits until the branches that were cancelled have come to their ends, whichever those are.
    pub(super) async fn unwind(&mut self) {
        while self.next().await.is_some() {}
    }

    pub(super) fn name(&self, branch: usize) -> &str {
        self.branches.get(branch).map_or("", |branch| &branch.name)
    }

    /// The scopes of the branches whose name is asked for.
    pub(super) fn scopes(&self, wanted: impl Fn(usize, &str) -> bool) -> Vec<Rc<Scope>> {
        let branches = self.branches.iter().enumerate();
        let wanted = branches.filter(|(number, branch)| wanted(*number, &branch.name));
        wanted.map(|(_, branch)| Rc::clone(&branch.scope)).collect()
    }
}

/// What a contest at `path` ends with that nobody has won, after the first failure that there was.
pub(super) fn all_failed(first: Option<Failure>, path: &str) -> Error {
    let none = || Failure::new("no_branches", "a race without branches has no winner").at(path);
    Error::Failed(first.unwrap_or_else(none))
}
