//! Control flow: the statements of the IR.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;

use flowcrate::{Caught as _, Error, Result, join_all_within};
use flowcrate_codegen::check::{Body, Node};
use flowcrate_codegen::ir::{self, Block, Branch, Live, Stmt, Subject, Task, Tasks};

use futures_util::future::LocalBoxFuture;

use super::scope::{Outcome, Scope};
use super::{
    action, approval, call_workflow, condition, custom, fail, for_each, race, respond, returns,
    start_workflow, switch, transform, try_scope, wait, wait_event, while_loop,
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
        Stmt::When(when) => return Ok(is_live(scope, &when.live).then_some(&when.block)),
        Stmt::Join(concurrent) => {
            let branches = concurrent.blocks.iter().map(|inner| block(scope, inner));
            join_all_within(branches).await?;
        }
        Stmt::Tasks(graph) => tasks(scope, graph).await?,
    }
    Ok(None)
}

/// Runs each task once those that it follows are done. They stand in topological order, so that
/// one pass starts all that can start; nothing nests, however long a chain is.
async fn tasks(scope: &Scope, graph: &Tasks) -> Result<()> {
    let progress = Progress::new(graph.tasks.len());
    let progress = &progress;
    let run = |(at, task): (usize, &'_ Task)| {
        let (after, live, inner) = (task.after.clone(), task.live.clone(), task.block.clone());
        async move {
            progress.reached(&after).await?;
            let done = if is_live(scope, &live) { block(scope, &inner).await } else { Ok(()) };
            progress.settle(at, done)
        }
    };
    join_all_within(graph.tasks.iter().enumerate().map(run)).await.map(drop)
}

/// Which tasks of a graph are done.
struct Progress {
    done: Vec<Cell<bool>>,
    /// Whether one has failed, or was cancelled: then none begins any more.
    stopped: Cell<bool>,
}

impl Progress {
    fn new(tasks: usize) -> Self {
        Self { done: vec![Cell::new(false); tasks], stopped: Cell::new(false) }
    }

    /// Until all of these are done. All tasks are polled in one pass, and again whenever one of
    /// them is woken: nobody has to be woken for this.
    async fn reached(&self, after: &[usize]) -> Result<()> {
        poll_fn(|_| {
            if self.stopped.get() {
                return Poll::Ready(Err(Error::Cancelled));
            }
            let done = |task: &usize| self.done.get(*task).is_some_and(Cell::get);
            if after.iter().all(done) { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
        .await
    }

    fn settle(&self, task: usize, result: Result<()>) -> Result<()> {
        match (&result, self.done.get(task)) {
            (Ok(()), Some(done)) => done.set(true),
            _ => self.stopped.set(true),
        }
        result
    }
}

fn arm<'a>(scope: &Scope, branch: &'a Branch) -> Option<&'a Block> {
    let handle = match &branch.on {
        Subject::Node(id) => scope.outcome(id.as_str(), |outcome| outcome.handle.clone())?,
        Subject::Trigger => scope.triggered().trigger.as_ref()?.to_string(),
    };
    branch.arms.iter().find(|arm| arm.handle == handle).map(|arm| &arm.block)
}

fn is_live(scope: &Scope, condition: &Live) -> bool {
    match condition {
        Live::Always => true,
        Live::Left { node, handle } => {
            scope.outcome(node.as_str(), |outcome| outcome.handle == *handle).unwrap_or_default()
        }
        Live::Any(conditions) => conditions.iter().any(|condition| is_live(scope, condition)),
        Live::All(conditions) => conditions.iter().all(|condition| is_live(scope, condition)),
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
        Body::Switch { cases, .. } => switch::run(scope, node, cases),
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
        Body::Try { compensate, body, catch, finally, returns } => {
            let (catch, finally) = (catch.as_ref(), finally.as_ref());
            let (compensate, returns) = (*compensate, *returns);
            let parts = try_scope::Try { compensate, body, catch, finally, returns };
            try_scope::run(scope, node, parts).await
        }
        Body::Transform { value } => transform::run(scope, node, value),
        Body::Action { input, policy, overridden: true, .. } => {
            custom::run(scope, node, input, policy).await
        }
        Body::Action { input, policy, .. } => action::run(scope, node, input, policy).await,
        Body::Custom { input, policy, .. } => custom::run(scope, node, input, policy).await,
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
        Body::Approval(asked) => approval::run(scope, node, asked).await,
        Body::CallWorkflow(call) => call_workflow::run(scope, node, call).await,
        Body::StartWorkflow(call) => start_workflow::run(scope, node, call).await,
        Body::Respond { value } => respond::run(scope, node, value).await,
        Body::Return { value } => returns::run(scope, node, value),
        Body::Fail { code, message } => fail::run(scope, node, code, message),
    }
}
