//! `for_each`: a scope per item, a bounded number of them at a time.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};

use futures_util::StreamExt;
use futures_util::future::{LocalBoxFuture, poll_fn};
use futures_util::stream::FuturesUnordered;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{
    Claim, Command, Error, Failure, Issued, Name, Operation, Outcome, Payload, Result, ScopeGuard,
};
use crate::context::Context;

/// What became of one item, where failures are collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemOutcome<R> {
    /// The item's position in the list.
    pub index: i64,
    /// Its result, unless it failed.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub value: Option<R>,
    /// Its failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// What a failed item does to the rest (S26).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnItemError {
    Fail,
    /// The same, and nobody reads the results.
    FailWithoutList,
    Skip,
    Collect,
}

/// The items of one `for_each`, with their types erased.
pub(crate) struct Items<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) operation: Operation,
    pub(crate) count: usize,
    /// The JSON of the item at an index, which has not been started.
    pub(crate) input: &'a dyn Fn(usize) -> Result<Payload, String>,
    pub(crate) concurrency: usize,
    pub(crate) on_error: OnItemError,
    /// Starts the body for the item at an index.
    pub(crate) start: &'a dyn Fn(Context, usize) -> LocalBoxFuture<'a, Result<Payload>>,
}

impl Items<'_> {
    /// Runs the items, or takes the recorded result; a list, by `on_error`.
    pub(crate) async fn run<T: DeserializeOwned>(mut self) -> Result<T> {
        let output = self.outcome().await?;
        let operation = self.operation;
        poll_fn(|_| operation.decode(output.as_ref())).await
    }

    async fn outcome(&mut self) -> Result<Option<Payload>> {
        if self.operation.issue()? == Issued::Live {
            let outcome = match self.run_all().await? {
                Ok(list) => Outcome::Completed(list),
                Err(failure) => Outcome::Failed(failure),
            };
            self.operation.seal(&items_prefix(self.operation.path()), outcome);
        }
        (&mut self.operation).await
    }

    /// The list, where one is kept; or the failure that stops the rest.
    async fn run_all(&self) -> Result<Result<Option<Payload>, Failure>> {
        let keeps = self.on_error != OnItemError::FailWithoutList;
        let mut results: Vec<Option<Result<Payload, Failure>>> = Vec::new();
        results.resize_with(if keeps { self.count } else { 0 }, || None);
        let mut running = FuturesUnordered::new();
        let mut next = 0;
        loop {
            while next < self.count && running.len() < self.concurrency.max(1) {
                running.push(self.run_item(next));
                next += 1;
            }
            let Some((index, result)) = running.next().await else { break };
            let result = result?;
            if matches!(self.on_error, OnItemError::Fail | OnItemError::FailWithoutList)
                && let Err(failure) = result
            {
                return Ok(Err(failure));
            }
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
        }
        Ok(Ok(keeps.then(|| self.list(results.into_iter().flatten()))))
    }

    /// Runs one item's body in a scope of its own, or takes its recorded result.
    async fn run_item(&self, index: usize) -> (usize, Result<Result<Payload, Failure>>) {
        let path: Arc<str> = format!("{}[{index}]", self.operation.path()).into();
        (index, self.run_scope(index, path).await)
    }

    async fn run_scope(&self, index: usize, path: Arc<str>) -> Result<Result<Payload, Failure>> {
        let prefix = format!("{path}/");
        let claim = Claim {
            name: Name::Path(path.clone()),
            kind: "item",
            input: Some((self.input)(index)),
            hash: None,
        };
        let seals = prefix.clone();
        let core = Rc::clone(self.ctx.core());
        let item = Operation::claim(&core, self.ctx.scope(), claim, |_| Command::Scope(seals));
        if item.issue()? == Issued::Live {
            let ctx = self.ctx.child(path.clone());
            let result = within(path.clone(), async { (self.start)(ctx, index).await }).await;
            let outcome = match result {
                Ok(_) if self.on_error == OnItemError::FailWithoutList => Outcome::Completed(None),
                Ok(output) => Outcome::Completed(Some(output)),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => Outcome::Failed(error.into_failure(&path)),
            };
            item.seal(&prefix, outcome);
        }
        match item.await {
            Ok(output) => Ok(Ok(output.unwrap_or_else(Payload::null))),
            Err(Error::Failed(failure)) => Ok(Err(failure)),
            Err(other) => Err(other),
        }
    }

    /// The list as JSON text; the items are JSON already.
    fn list(&self, results: impl Iterator<Item = Result<Payload, Failure>>) -> Payload {
        let mut text = String::from("[");
        for (index, result) in results.enumerate() {
            let item = match (self.on_error, result) {
                (OnItemError::Collect, Ok(value)) => {
                    format!(r#"{{"index":{index},"value":{value}}}"#)
                }
                (OnItemError::Collect, Err(failure)) => {
                    let failure = Payload::encode(&failure).unwrap_or_else(|_| Payload::null());
                    format!(r#"{{"index":{index},"error":{failure}}}"#)
                }
                (_, Ok(value)) => value.to_string(),
                (_, Err(_)) => continue,
            };
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&item);
        }
        text.push(']');
        Payload::from_json(text)
    }
}

/// The prefix of what is within the `for_each` at `path`.
pub(crate) fn items_prefix(path: &str) -> String {
    format!("{path}[")
}

/// Polls `future` with `scope` as the current scope.
pub(super) async fn within<T>(scope: Arc<str>, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    poll_fn(|poller| {
        let _scope = ScopeGuard::enter(scope.clone());
        let output = ready!(future.as_mut().poll(poller));
        Poll::Ready(output)
    })
    .await
}
