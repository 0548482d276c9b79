//! Control flow: the statements of the IR.

use flowcrate::{Caught as _, Error, Result, Task, join, task};
use flowcrate_codegen::check::{Body, Node};
use flowcrate_codegen::ir::{self, Block, Branch, Live, Stmt, Subject, Tasks};

use futures_util::future::LocalBoxFuture;

use super::scope::{Outcome, Scope};
use super::{
    action, condition, custom, fail, for_each, returns, switch, transform, wait, wait_event,
};

/// Runs a block. Boxed at each block, since blocks nest as deep as the graph says.
pub(super) fn block<'a>(scope: &'a Scope, block: &'a Block) -> LocalBoxFuture<'a, Result<()>> {
    Box::pin(async move {
        for stmt in &block.0 {
            statement(scope, stmt).await?;
        }
        Ok(())
    })
}

async fn statement(scope: &Scope, stmt: &Stmt) -> Result<()> {
    match stmt {
        Stmt::Run(id) => match scope.plan().node(id) {
            Some(node) => run(scope, node).await,
            None => Ok(()),
        },
        Stmt::Branch(branch) => match arm(scope, branch) {
            Some(inner) => block(scope, inner).await,
            None => Ok(()),
        },
        Stmt::When(when) if live(scope, &when.live) => block(scope, &when.block).await,
        Stmt::When(_) => Ok(()),
        Stmt::Join(concurrent) => {
            let branches = concurrent.blocks.iter().map(|inner| block(scope, inner));
            all(branches.collect()).await
        }
        Stmt::Tasks(graph) => tasks(scope, graph).await,
    }
}

/// Runs futures concurrently until all are done or one failed. The runtime joins pairs; joins
/// nest without another meaning.
fn all(mut futures: Vec<LocalBoxFuture<'_, Result<()>>>) -> LocalBoxFuture<'_, Result<()>> {
    let mut joined = futures.pop().unwrap_or_else(|| Box::pin(async { Ok(()) }));
    while let Some(first) = futures.pop() {
        let rest = joined;
        joined = Box::pin(async move { join((first, rest)).await.map(|_| ()) });
    }
    joined
}

async fn tasks(scope: &Scope, graph: &Tasks) -> Result<()> {
    let mut started: Vec<Task<'_, ()>> = Vec::with_capacity(graph.tasks.len());
    for next in &graph.tasks {
        // The verifier has seen that each index points backwards.
        let after: Vec<Task<'_, ()>> =
            next.after.iter().filter_map(|at| started.get(*at).cloned()).collect();
        started.push(task(async move {
            for before in after {
                before.await?;
            }
            if live(scope, &next.live) { block(scope, &next.block).await } else { Ok(()) }
        }));
    }
    let futures = started.into_iter().map(|task| Box::pin(task) as LocalBoxFuture<'_, Result<()>>);
    all(futures.collect()).await
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
        Body::Return { value } => returns::run(scope, node, value),
        Body::Fail { code, message } => fail::run(scope, node, code, message),
    }
}
