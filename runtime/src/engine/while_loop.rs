//! `while_loop`: one iteration after the other, each from the state that the one before left.
//!
//! The loop's own entry is its head: open, with the iteration's number and state as its output. It
//! is written with the last outcome of the iteration before, in its own place, and has its turn
//! among the outcomes: a replay begins the iteration exactly where the first execution did.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::{LocalBoxFuture, poll_fn};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::scope::within;
use super::{Error, Failure, Issued, Operation, Outcome, Payload, Result};
use crate::context::Context;

/// A `while_loop`: its id, and how often it may go round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct While {
    pub(crate) id: Cow<'static, str>,
    pub(crate) max_iterations: Option<u64>,
}

impl While {
    /// A loop that goes on until its body breaks.
    pub fn new(id: impl Into<Cow<'static, str>>) -> Self {
        Self { id: id.into(), max_iterations: None }
    }

    /// The same loop, which fails with `max_iterations` if its body has not broken after so many.
    #[must_use]
    pub fn max_iterations(self, most: u64) -> Self {
        Self { max_iterations: Some(most), ..self }
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for While {
    fn from(id: T) -> Self {
        Self::new(id)
    }
}

/// One `while_loop`, with its types erased.
pub(crate) struct Loop<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) operation: Operation,
    pub(crate) max_iterations: Option<u64>,
    pub(crate) state: Payload,
    /// Starts the body of an iteration for a state, unless the loop is over. A state that does not decode is for the loop to report.
    pub(crate) start: &'a dyn Fn(Context, u64, &Payload) -> Started<'a>,
}

/// What a state leads to, if it could be read.
pub(crate) type Started<'a> = Result<Round<'a>, serde_json::Error>;

/// What a state leads to.
pub(crate) enum Round<'a> {
    /// It is the last one: the loop's result.
    Over,
    /// Whether it is cannot be told.
    Failed(Error),
    /// Another iteration.
    Body(LocalBoxFuture<'a, Result<ControlFlow<Payload, Payload>>>),
}

/// Where a loop stands. Part of the journal's format.
#[derive(Deserialize)]
struct Head {
    iteration: u64,
    state: Payload,
}

impl Head {
    /// Written by hand, since the state is JSON already.
    fn encode(iteration: u64, state: &Payload) -> Payload {
        Payload::from_json(format!(r#"{{"iteration":{iteration},"state":{state}}}"#))
    }
}

impl Loop<'_> {
    /// Runs the iterations that are left, or takes the recorded result.
    pub(crate) async fn run<T: DeserializeOwned>(mut self) -> Result<T> {
        let output = self.outcome().await?;
        let operation = self.operation;
        poll_fn(|_| operation.decode(output.as_ref())).await
    }

    async fn outcome(&mut self) -> Result<Option<Payload>> {
        let issued = self.operation.issue()?;
        if issued != Issued::Recorded {
            let outcome = match self.go_on(issued).await {
                Ok(outcome) => outcome,
                Err(error) => Outcome::of(Err(error), self.operation.path()),
            };
            self.operation.seal(&iterations_prefix(self.operation.path()), outcome);
        }
        (&mut self.operation).await
    }

    async fn go_on(&self, issued: Issued) -> Result<Outcome> {
        let head = match issued {
            Issued::Resumed => self.resume().await?,
            _ => Head { iteration: 0, state: self.state.clone() },
        };
        self.iterate(head).await
    }

    async fn resume(&self) -> Result<Head> {
        let head = self.operation.head().await?;
        if sabotage!("a loop begins anew") {
            return Ok(Head { iteration: 0, state: self.state.clone() });
        }
        poll_fn(|_| self.operation.decode(Some(&head))).await
    }

    async fn iterate(&self, head: Head) -> Result<Outcome> {
        let Head { mut iteration, mut state } = head;
        loop {
            let path: Arc<str> = format!("{}[{iteration}]", self.operation.path()).into();
            let ctx = self.ctx.child(path.clone());
            let scope = Rc::clone(ctx.scope());
            let round = self.round(ctx, iteration, &state);
            let body = match within(Rc::clone(&scope), round).await {
                Round::Over => return Ok(Outcome::Completed(Some(state))),
                Round::Failed(Error::Cancelled) => return Err(Error::Cancelled),
                Round::Failed(error) => {
                    return Ok(Outcome::Failed(error.into_failure(self.operation.path())));
                }
                Round::Body(_) if self.max_iterations.is_some_and(|most| iteration >= most) => {
                    return Ok(Outcome::Failed(self.too_many(iteration)));
                }
                Round::Body(body) => body,
            };
            let moves = self.operation.moves();
            match within(scope, body).await {
                Ok(ControlFlow::Break(output)) => return Ok(Outcome::Completed(Some(output))),
                Ok(ControlFlow::Continue(next)) => state = next,
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => return Ok(Outcome::Failed(error.into_failure(&path))),
            }
            iteration += 1;
            let head = Head::encode(iteration, &state);
            if let Some(failure) = self.operation.too_large("the loop's state", &head) {
                return Ok(Outcome::Failed(failure));
            }
            self.operation.checkpoint(format!("{path}/"), head, moves);
            self.operation.head().await?;
        }
    }

    async fn round(&self, ctx: Context, iteration: u64, state: &Payload) -> Round<'_> {
        match (self.start)(ctx, iteration, state) {
            Ok(round) => round,
            Err(error) => {
                self.operation.undecodable(&error, Some(state));
                std::future::pending().await
            }
        }
    }

    fn too_many(&self, iterations: u64) -> Failure {
        let message = format!("the loop has not ended after {iterations} iterations");
        Failure::new("max_iterations", message).at(&**self.operation.path())
    }
}

/// The prefix of what is within the loop at `path`.
pub(crate) fn iterations_prefix(path: &str) -> String {
    format!("{path}[")
}
