//! Running compensations (R15, S24): one by one, the latest outcome first.

use std::rc::Rc;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::scope::within;
use super::{Claim, Core, Error, Issued, Mismatch, Name, Operation, Outcome, Result, Scope};
use crate::backend::{Command, UNWIND_PATH};
use crate::context::Context;
use crate::failure::{Failure, Recorded};
use crate::payload::{InputHash, Payload};
use crate::store::{UNDO_SUFFIX, Undoable};

/// How the function of a run has ended that undoes what it has done. Part of the journal's format.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ended {
    Cancelled,
    Failed(#[serde(with = "Recorded")] Option<Failure>),
}

/// The function's end, as it is written down before anything is undone.
pub(crate) fn encode_end(result: &Result<Payload>) -> Payload {
    let ended = match result {
        Err(Error::Cancelled) | Ok(_) => Ended::Cancelled,
        Err(error) => Ended::Failed(Some(error.clone().into_failure(""))),
    };
    // Nothing in it can fail to be JSON.
    Payload::encode(&ended).unwrap_or_else(|_| Payload::null())
}

/// The function's end, as it was written down.
pub(super) fn decode_end(end: &Payload) -> Result<Payload> {
    match end.decode() {
        Ok(Ended::Failed(Some(failure))) => Err(failure.into()),
        _ => Err(Error::Cancelled),
    }
}

/// What takes the place of a run's function once that is over: undoes all that it has done.
pub(super) async fn unwind(ctx: Context, end: Payload) -> Result<Payload> {
    let claim = Claim {
        name: Name::Path(UNWIND_PATH.into()),
        kind: "unwind",
        input: Some(Ok(end)),
        hash: None,
    };
    let all = Operation::claim(ctx.core(), ctx.scope(), claim, |_| Command::Unwind);
    if all.issue()? == Issued::Live {
        for undo in undos(&ctx) {
            run(&ctx, undo).await?;
        }
        all.seal(&format!("{UNWIND_PATH}/"), Outcome::Completed(None));
    }
    all.await.map(|_| Payload::null())
}

/// Runs the compensations that are registered within `scopes`, which have come to their ends, in
/// strictly reverse order of completion, shielded, and closes them. Called before a race is left,
/// for the branches that lost; and before a `catch` that asks for it, for the body of its `try`.
pub(super) async fn compensate(ctx: &Context, scopes: &[Rc<Scope>]) -> Result<()> {
    let undos: Vec<Undoable> = {
        let undos = undos(ctx);
        let core = ctx.core().borrow();
        undos.into_iter().filter(|undo| core.is_within(&undo.path, scopes)).collect()
    };
    if undos.is_empty() || sabotage!("losers are not undone") {
        return Ok(());
    }
    let shield = ctx.scope().shielded(Arc::clone(ctx.scope().path()), "compensation");
    let ctx = ctx.of(Rc::clone(&shield));
    let all = async {
        for undo in undos {
            run(&ctx, undo).await?;
        }
        Ok(())
    };
    within(shield, all).await
}

fn undos(ctx: &Context) -> Vec<Undoable> {
    ctx.core().borrow().backend.borrow().undos()
}

/// Undoes one outcome. It ends well or not at all: a step that spends its policy pauses the run.
async fn run(ctx: &Context, undoable: Undoable) -> Result<()> {
    let Undoable { path, undo, .. } = undoable;
    let path: Arc<str> = format!("{path}{UNDO_SUFFIX}").into();
    let registered = ctx.core().borrow().undos.find(&undo.step);
    let Some(start) = registered else {
        return unable(
            ctx,
            Mismatch {
                code: "undo_unregistered",
                path: path.to_string(),
                expected: format!(
                    "a step `{}` among those with which the workflow undoes",
                    undo.step
                ),
                found: "none of that name".to_owned(),
            },
        )
        .await;
    };
    let hash = undo.input.canonical().ok().map(|input| input.hash());
    ctx.core().borrow_mut().forced = Some(Forced { path: path.clone(), hash });
    match start(ctx, &undo.input) {
        Ok(step) => step.await,
        Err(error) => {
            let found = format!("{} ({error})", undo.input);
            let expected = format!("an input of the step `{}`", undo.step);
            let (code, path) = ("undecodable", path.to_string());
            unable(ctx, Mismatch { code, path, expected, found }).await
        }
    }
}

/// Pauses the run.
async fn unable(ctx: &Context, mismatch: Mismatch) -> Result<()> {
    ctx.core().borrow_mut().report(mismatch);
    std::future::pending().await
}

/// The place of a step that the engine describes on its own account.
pub(super) struct Forced {
    pub(super) path: Arc<str>,
    /// The step may write its input otherwise by now; it stays the same step.
    pub(super) hash: Option<InputHash>,
}

impl Core {
    /// Whether what stands at `path` was done within one of `scopes`.
    fn is_within(&self, path: &str, scopes: &[Rc<Scope>]) -> bool {
        let mut scope = self.paths.owner(path);
        while let Some(inner) = scope {
            if scopes.iter().any(|outer| Rc::ptr_eq(outer, &inner)) {
                return true;
            }
            scope = inner.parent().cloned();
        }
        false
    }
}
