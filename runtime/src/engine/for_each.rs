//! `for_each`: a scope per item, a bounded number of them at a time.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::{LocalBoxFuture, poll_fn};
use futures_util::stream::FuturesUnordered;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::scope::within;
use super::{
    Claim, Command, Failure, Issued, Name, Operation, Outcome, Patience, Payload, Result, Scope,
    inner_prefix,
};
use crate::context::Context;
use crate::error::Caught;

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
            let outcome = match self.run_all().await {
                Ok(list) => Outcome::Completed(list),
                Err(error) => Outcome::of(Err(error), self.operation.path()),
            };
            self.operation.seal(&items_prefix(self.operation.path()), outcome);
        }
        (&mut self.operation).await
    }

    /// The list, where one is kept. The first failure that is not to be collected cancels the items
    /// in flight, and is returned once they have come to their ends.
    async fn run_all(&self) -> Result<Option<Payload>> {
        let keeps = self.on_error != OnItemError::FailWithoutList;
        let mut results: Vec<Option<Result<Payload, Failure>>> = Vec::new();
        results.resize_with(if keeps { self.count } else { 0 }, || None);
        let mut scopes: BTreeMap<usize, Rc<Scope>> = BTreeMap::new();
        let mut running = FuturesUnordered::new();
        let mut ended = Ok(());
        let mut next = 0;
        loop {
            while ended.is_ok() && next < self.count && running.len() < self.concurrency.max(1) {
                let path: Arc<str> = format!("{}[{next}]", self.operation.path()).into();
                let ctx = self.ctx.child(path);
                scopes.insert(next, Rc::clone(ctx.scope()));
                running.push(self.run_item(next, ctx));
                next += 1;
            }
            let Some((index, result)) = running.next().await else { break };
            scopes.remove(&index);
            match self.kept(result) {
                Ok(result) => {
                    if let Some(slot) = results.get_mut(index) {
                        *slot = Some(result);
                    }
                }
                Err(error) if ended.is_ok() => {
                    for scope in scopes.values() {
                        self.operation.cancel_scope(scope, Patience::None);
                    }
                    ended = Err(error);
                }
                // Cancelled with the others.
                Err(_) => {}
            }
        }
        ended.map(|()| keeps.then(|| self.list(results.into_iter().flatten())))
    }

    /// An item's result that the loop goes on with, or the error that ends it.
    fn kept(&self, result: Result<Payload>) -> Result<Result<Payload, Failure>> {
        let fails = matches!(self.on_error, OnItemError::Fail | OnItemError::FailWithoutList);
        match result.caught()? {
            Err(failure) if fails => Err(failure.into()),
            result => Ok(result),
        }
    }

    /// Runs one item's body in a scope of its own, or takes its recorded result.
    async fn run_item(&self, index: usize, ctx: Context) -> (usize, Result<Payload>) {
        (index, self.run_scope(index, ctx).await)
    }

    async fn run_scope(&self, index: usize, ctx: Context) -> Result<Payload> {
        let path = Arc::clone(ctx.scope().path());
        let prefix = inner_prefix(&path);
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
            let result = within(Rc::clone(ctx.scope()), async { (self.start)(ctx, index).await });
            let outcome = match result.await {
                Ok(_) if self.on_error == OnItemError::FailWithoutList => Outcome::Completed(None),
                result => Outcome::of(result, &path),
            };
            item.seal(&prefix, outcome);
        }
        Ok(item.await?.unwrap_or_else(Payload::null))
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
