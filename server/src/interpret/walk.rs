//! Control flow: the statements of the IR.

use std::future::poll_fn;
use std::task::{Context as Poller, Poll};

use flowcrate::{Caught as _, Error, Result};
use flowcrate_codegen::check::{Body, Node};
use flowcrate_codegen::ir::{self, Block, Branch, Live, Stmt, Subject, Tasks};

use futures_util::future::LocalBoxFuture;

use super::scope::{Outcome, Scope};
use super::{
    action, condition, custom, fail, for_each, race, respond, returns, switch, transform,
    try_scope, wait, wait_event, while_loop,
};

/// Runs a block. Blocks within blocks are a stack here, not a recursion: a graph of a thousand
/// conditions in a row nests a thousand deep. Only what is concurrent has futures of its own.
pub(super) fn block<'a>(scope: &'a Scope, block: &'a Block) -> LocalBoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut open = vec![block.0.iter()];
        while let Some(innermost) = open.last_mut() {
            let Some(stmt) = innermost.next() else {
                open.pop();
                continue;
            };
            if let Some(inner) = statement(scope, stmt).await? {
                open.push(inner.0.iter());
            }
        }
        Ok(())
    })
}

/// Runs a statement; gives the block that it goes on with, if there is one.
async fn statement<'a>(scope: &'a Scope, stmt: &'a Stmt) -> Result<Option<&'a Block>> {
    match stmt {
        Stmt::Run(id) => {
            if let Some(node) = scope.plan().node(id) {
                run(scope, node).await?;
            }
        }
        Stmt::Branch(branch) => return Ok(arm(scope, branch)),
        Stmt::When(when) => return Ok(live(scope, &when.live).then_some(&when.block)),
        Stmt::Join(concurrent) => {
            let branches = concurrent.blocks.iter().map(|inner| block(scope, inner));
            all(branches.collect()).await?;
        }
        Stmt::Tasks(graph) => tasks(scope, graph).await?,
    }
    Ok(None)
}

/// Runs futures concurrently until all are done, or until the first failure, which drops the
/// rest. Polled in order, as the runtime's `join` does; of any number, without nesting.
async fn all(futures: Vec<LocalBoxFuture<'_, Result<()>>>) -> Result<()> {
    let mut states: Vec<State<'_>> = futures.into_iter().map(State::Running).collect();
    poll_fn(move |poller| {
        let mut open = false;
        for state in &mut states {
            open |= state.poll(poller)?;
        }
        if open { Poll::Pending } else { Poll::Ready(Ok(())) }
    })
    .await
}

/// Where a concurrent part stands.
enum State<'a> {
    Waiting,
    Running(LocalBoxFuture<'a, Result<()>>),
    Done,
}

impl State<'_> {
    /// Polls what runs: whether the part is still open, or its failure.
    fn poll(&mut self, poller: &mut Poller<'_>) -> Result<bool> {
        let Self::Running(future) = self else { return Ok(matches!(self, Self::Waiting)) };
        match future.as_mut().poll(poller) {
            Poll::Pending => Ok(true),
            Poll::Ready(done) => {
                *self = Self::Done;
                done.map(|()| false)
            }
        }
    }
}

/// Runs each task once those that it follows are done. They stand in topological order, so that
/// one pass starts all that can start; nothing nests, however long a chain is.
async fn tasks(scope: &Scope, graph: &Tasks) -> Result<()> {
    let mut states: Vec<State<'_>> = graph.tasks.iter().map(|_| State::Waiting).collect();
    poll_fn(move |poller| {
        let mut open = false;
        for (at, task) in graph.tasks.iter().enumerate() {
            let done = |before: &usize| matches!(states.get(*before), Some(State::Done));
            let free = task.after.iter().all(done);
            let Some(state) = states.get_mut(at) else { continue };
            if matches!(state, State::Waiting) && free {
                let runs = live(scope, &task.live);
                *state = if runs { State::Running(block(scope, &task.block)) } else { State::Done };
            }
            open |= state.poll(poller)?;
        }
        if open { Poll::Pending } else { Poll::Ready(Ok(())) }
    })
    .await
}

fn arm<'a>(scope: &Scope, branch: &'a Branch) -> Option<&'a Block> {
    let handle = match &branch.on {
        Subject::Node(id) => scope.outcome(id.as_str(), |outcome| outcome.handle.clone())?,
        Subject::Trigger => scope.triggered().trigger.as_ref()?.to_string(),
    };
    branch.arms.iter().find(|arm| arm.handle == handle).map(|arm| &arm.block)
}

fn live(scope: &Scope, condition: &Live) -> bool {
    match condition {
        Live::Always => true,
        Live::Left { node, handle } => {
            scope.outcome(node.as_str(), |outcome| outcome.handle == *handle).unwrap_or_default()
        }
        Live::Any(conditions) => conditions.iter().any(|condition| live(scope, condition)),
        Live::All(conditions) => conditions.iter().all(|condition| live(scope, condition)),
    }
}

/// Runs a node and decides it, by the ladder of S21 where it fails.
async fn run(scope: &Scope, node: &Node) -> Result<()> {
    let outcome = if node.disabled {
        Outcome::left(ir::default_handle(&node.body), None)
    } else {
        match execute(scope, node).await.caught()? {
            Ok(outcome) => outcome,
            Err(failure) => {
                let wired = node.wired.iter().any(|handle| handle == "error");
                let handle = match (wired, node.continue_on_error) {
                    (true, _) => "error",
                    (false, true) => ir::default_handle(&node.body),
                    (false, false) => return Err(Error::Failed(failure)),
                };
                Outcome { handle: handle.to_owned(), output: None, error: Some(failure) }
            }
        }
    };
    scope.decide(&node.id, outcome);
    Ok(())
}

async fn execute(scope: &Scope, node: &Node) -> Result<Outcome> {
    match &node.body {
        // Triggers are decided before the first statement; no block runs them.
        Body::Manual | Body::Webhook { .. } | Body::Schedule { .. } => {
            Ok(Outcome::left("out", None))
        }
        Body::Condition { condition } => condition::run(scope, node, condition),
        Body::Switch { cases } => switch::run(scope, node, cases),
        Body::ForEach { items, concurrency, on_item_error, body } => {
            let settings = for_each::Settings {
                items,
                concurrency: *concurrency,
                on_item_error: *on_item_error,
                body,
            };
            for_each::run(scope, node, settings).await
        }
        Body::While { init, condition, max_iterations, body } => {
            let max_iterations = *max_iterations;
            let settings = while_loop::Settings { init, condition, max_iterations, body };
            while_loop::run(scope, node, settings).await
        }
        Body::Race { branches } => race::run(scope, node, branches).await,
        Body::Try { body, catch, finally } => {
            let (catch, finally) = (catch.as_ref(), finally.as_ref());
            try_scope::run(scope, node, try_scope::Try { body, catch, finally }).await
        }
        Body::Transform { value } => transform::run(scope, node, value),
        Body::Action { input, policy, generic: _ } => action::run(scope, node, input, policy).await,
        Body::Custom { input, policy } => custom::run(scope, node, input, policy).await,
        Body::Wait { until } => wait::run(scope, node, until).await,
        Body::WaitEvent { event, key, timeout, payload } => {
            let settings = wait_event::Settings {
                event,
                key: key.as_ref(),
                timeout: timeout.as_ref(),
                payload,
            };
            wait_event::run(scope, node, settings).await
        }
        Body::Respond { value } => respond::run(scope, node, value).await,
        Body::Return { value } => returns::run(scope, node, value),
        Body::Fail { code, message } => fail::run(scope, node, code, message),
    }
}
