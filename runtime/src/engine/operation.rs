//! A claimed place in the journal, as a future of its outcome.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use serde::de::DeserializeOwned;

use super::{
    Command, Core, Error, Failure, Issued, Mismatch, Op, OpId, OpState, Outcome, Patience, Payload,
    Result, Scope, Site, Undo, Undos,
};
use crate::backend::{Callee, Labour};
use crate::context::Context;
use crate::journaled::Read;
use crate::store::bad_path;

/// An operation that a context's method claimed. Issued when first polled; given up when dropped.
pub(crate) struct Operation {
    core: Rc<RefCell<Core>>,
    id: OpId,
    path: Arc<str>,
}

impl Operation {
    /// Claims the path of `id` in `scope` for `command`.
    pub(crate) fn claim(
        core: &Rc<RefCell<Core>>,
        scope: &Rc<Scope>,
        claim: Claim<'_>,
        command: impl FnOnce(&Arc<str>) -> Command,
    ) -> Self {
        let mut this = core.borrow_mut();
        let forced = this.forced.take();
        let hash = forced.as_ref().map_or(claim.hash, |forced| forced.hash);
        let name = forced.map_or(claim.name, |forced| Name::Path(forced.path));
        let (path, fresh) = match name {
            Name::Id(id, key) => this.paths.claim(scope.path(), id, key),
            Name::Path(path) => this.paths.claim_path(path),
        };
        if !fresh {
            this.report(claimed_twice(&path));
        }
        if let Some(mismatch) = unwritable(&path, claim.kind) {
            this.report(mismatch);
        }
        let canonical = |input: Payload| input.canonical().map_err(|error| error.to_string());
        let id = match claim.input.map(|input| input.and_then(canonical)).transpose() {
            Ok(input) => {
                let hash = hash.or_else(|| input.as_ref().map(Payload::hash));
                let site = Site { input, hash, ..Site::new(path.clone(), claim.kind) };
                let command = command(&path);
                this.claim(scope, site, command)
            }
            Err(error) => {
                let message = format!("the input has no JSON: {error}");
                this.failed(scope, Failure::new("input", message).at(&*path))
            }
        };
        drop(this);
        Self { core: Rc::clone(core), id, path }
    }

    /// Claims a path for a scope of which everything within stands below it.
    pub(super) fn scope(ctx: &Context, name: Name<'_>, kind: &str) -> Self {
        let claim = Claim { name, kind, input: None, hash: None };
        let seals = |path: &Arc<str>| Command::Scope(inner_prefix(path));
        Self::claim(ctx.core(), ctx.scope(), claim, seals)
    }

    /// Claims the path of its id with a key, in place of the one that it has. Too late, and
    /// without effect, once it is issued.
    pub(super) fn rekey(&mut self, key: &str) {
        let mut this = self.core.borrow_mut();
        let core = &mut *this;
        let Some(Op { path, state, .. }) = core.ops.get_mut(&self.id) else { return };
        let OpState::Claimed(claimed) = state else { return };
        let (keyed, fresh) = core.paths.rekey(&self.path, key);
        path.clone_from(&keyed);
        claimed.0.path.clone_from(&keyed);
        if !fresh {
            core.report(claimed_twice(&keyed));
        }
        if let Some(mismatch) = unwritable(&keyed, "") {
            core.report(mismatch);
        }
        self.path = keyed;
    }

    /// Changes what it does. Too late once it is issued.
    pub(super) fn amend(&self, change: impl FnOnce(&mut Command)) {
        let mut core = self.core.borrow_mut();
        if let Some(Op { state: OpState::Claimed(claimed), .. }) = core.ops.get_mut(&self.id) {
            change(&mut claimed.1);
        }
    }

    /// The name under which the workflow registers a step that undoes. None pauses the run.
    pub(super) fn undoing(
        &self,
        name: &str,
        find: impl FnOnce(&Undos) -> Option<Arc<str>>,
    ) -> Option<Arc<str>> {
        let mut core = self.core.borrow_mut();
        let found = find(&core.undos);
        if found.is_none() {
            core.report(undo_unregistered(&self.path, name));
        }
        found
    }

    /// What undoes it, once it has an outcome. Too late once it is issued.
    pub(super) fn undo<T: DeserializeOwned + 'static>(&self, undo: Undo<T>) {
        let mut this = self.core.borrow_mut();
        let core = &mut *this;
        let Some(Op { state: OpState::Claimed(claimed), .. }) = core.ops.get_mut(&self.id) else {
            return;
        };
        if matches!(claimed.1, Command::Step(_, Labour::Work(..))) {
            return core.report(Mismatch {
                code: "undo_of_transaction",
                path: self.path.to_string(),
                expected: "what undoes a transaction to be given to the transaction".to_owned(),
                found: "an undo of the step that was made of it".to_owned(),
            });
        }
        match undo.erase(&core.undos) {
            Ok(undo) => claimed.0.undo = Some(undo),
            Err(step) => core.report(undo_unregistered(&self.path, &step)),
        }
    }

    /// Says more of the run that it starts. Too late once it is issued: a run that was started
    /// before stays what it is.
    pub(super) fn with_callee(&self, say: impl FnOnce(&mut Callee)) {
        let mut core = self.core.borrow_mut();
        if let Some(Op { state: OpState::Claimed(claimed), .. }) = core.ops.get_mut(&self.id)
            && let Command::Call(callee) = &mut claimed.1
        {
            say(callee);
        }
    }

    pub(crate) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// Tells what it is about, once that is known. Too late once it is issued.
    pub(super) fn describe(&self, input: Result<Payload, serde_json::Error>) {
        let mut this = self.core.borrow_mut();
        let core = &mut *this;
        let Some(Op { state, .. }) = core.ops.get_mut(&self.id) else { return };
        let OpState::Claimed(claimed) = state else { return };
        match input.and_then(|input| input.canonical()) {
            Ok(input) => {
                claimed.0.hash = Some(input.hash());
                claimed.0.input = Some(input);
            }
            Err(error) => {
                let failure = Failure::new("input", format!("the input has no JSON: {error}"));
                *state = OpState::Settled(Outcome::Failed(failure.at(&*self.path)));
            }
        }
    }

    /// A scope at its path that no context belongs to.
    pub(super) fn own_scope(&self) -> Rc<Scope> {
        self.core.borrow().root.child(Arc::clone(&self.path))
    }

    /// Begins it without waiting for it: whether a scope must run, or has its outcome.
    pub(super) fn issue(&self) -> Result<Issued> {
        self.core.borrow_mut().issue(self.id)
    }

    pub(super) fn seal(&self, prefix: &str, outcome: Outcome) {
        self.core.borrow_mut().seal(self.id, prefix, outcome);
    }

    /// Gives it the outcome that the function itself came to.
    pub(super) fn settle(&self, outcome: Outcome) {
        self.core.borrow_mut().settle(self.id, outcome);
    }

    /// Gives it as the run's answer.
    pub(super) fn answer(&self) {
        self.core.borrow().backend.borrow_mut().respond(self.id);
    }

    /// Why a value of it is not taken, if it is too large.
    pub(super) fn too_large(&self, what: &str, value: &Payload) -> Option<Failure> {
        self.core.borrow().too_large(what, value).map(|failure| failure.at(&*self.path))
    }

    /// Takes a loop to its next iteration: what is under `prefix` is behind it.
    pub(super) fn checkpoint(&self, prefix: String, head: Payload, moves: u64) {
        self.core.borrow_mut().checkpoint(self.id, prefix, head, moves);
    }

    /// The head of a loop, once it is surfaced.
    pub(super) async fn head(&self) -> Result<Payload> {
        poll_fn(|poller| self.core.borrow_mut().poll_head(self.id, poller.waker())).await
    }

    /// How many outcomes the function has seen.
    pub(super) fn moves(&self) -> u64 {
        self.core.borrow().moves
    }

    /// Cancels a scope of the same run.
    pub(super) fn cancel_scope(&self, scope: &Rc<Scope>, patience: Patience) {
        self.core.borrow_mut().cancel_scope(scope, patience);
    }

    /// The value of an output. One that does not fit pauses the run: the future stays pending.
    pub(super) fn decode<T: DeserializeOwned>(&self, output: Option<&Payload>) -> Poll<Result<T>> {
        self.read(output, Payload::decode)
    }

    /// The same, of what `from` makes of an output.
    pub(super) fn read<T>(&self, output: Option<&Payload>, from: Read<T>) -> Poll<Result<T>> {
        let null = Payload::null();
        match from(output.unwrap_or(&null)) {
            Ok(value) => Poll::Ready(Ok(value)),
            Err(error) => {
                self.undecodable(&error, output);
                Poll::Pending
            }
        }
    }

    /// Waits for its outcome, which must be like this. If it is not the run is paused, and if it is
    /// cancelled nobody asks.
    pub(super) async fn check<T: DeserializeOwned>(mut self, is: impl Fn(&T) -> bool, found: &str) {
        let Ok(output) = (&mut self).await else { return };
        let Ok(recorded) = poll_fn(|_| self.decode::<T>(output.as_ref())).await else { return };
        if !is(&recorded) {
            self.core.borrow_mut().report(Mismatch {
                code: "winner_changed",
                path: self.path.to_string(),
                expected: format!("{} to win", output.unwrap_or_else(Payload::null)),
                found: found.to_owned(),
            });
            std::future::pending::<()>().await;
        }
    }

    /// Pauses the run over an output that does not fit.
    pub(super) fn undecodable(&self, error: &serde_json::Error, output: Option<&Payload>) {
        let text: String = output.map_or("null", Payload::as_str).chars().take(200).collect();
        self.core.borrow_mut().report(Mismatch {
            code: "undecodable",
            path: self.path.to_string(),
            expected: "an output of the type that the workflow reads".to_owned(),
            found: format!("{text} ({error})"),
        });
    }
}

impl Outcome {
    /// How a scope at `path` ends whose body returned this.
    pub(super) fn of(result: Result<Payload>, path: &str) -> Self {
        match result {
            Ok(output) => Self::Completed(Some(output)),
            Err(Error::Cancelled) => Self::Cancelled(None),
            Err(error) => Self::Failed(error.into_failure(path)),
        }
    }
}

/// The prefix of what is within the scope at `path`.
pub(crate) fn inner_prefix(path: &str) -> String {
    format!("{path}/")
}

fn undo_unregistered(path: &Arc<str>, step: &str) -> Mismatch {
    Mismatch {
        code: "undo_unregistered",
        path: path.to_string(),
        expected: "a step among those with which the workflow undoes".to_owned(),
        found: format!("`{step}`, which it does not register"),
    }
}

/// Why no store could keep an entry of this path and kind, if none can.
fn unwritable(path: &Arc<str>, kind: &str) -> Option<Mismatch> {
    let flaw = bad_path(path).or_else(|| bad_path(kind).map(|flaw| format!("its kind: {flaw}")))?;
    Some(Mismatch {
        code: "bad_path",
        path: path.replace('\0', "\u{fffd}"),
        expected: "a path that every store can keep".to_owned(),
        found: flaw,
    })
}

fn claimed_twice(path: &Arc<str>) -> Mismatch {
    Mismatch {
        code: "duplicate_path",
        path: path.to_string(),
        expected: "a key that this scope has not used".to_owned(),
        found: format!("a second claim of `{path}`"),
    }
}

/// What an operation's path is made of.
pub(crate) enum Name<'a> {
    /// An id within the scope, with the key of a hand-written step.
    Id(&'a str, Option<&'a str>),
    /// The whole path.
    Path(Arc<str>),
}

/// What an operation is claimed with.
pub(crate) struct Claim<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) kind: &'a str,
    /// Or why there is none.
    pub(crate) input: Option<Result<Payload, String>>,
    /// In place of the input's own hash.
    pub(crate) hash: Option<crate::InputHash>,
}

impl Future for Operation {
    type Output = Result<Option<Payload>>;

    fn poll(self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        self.core.borrow_mut().poll(self.id, poller.waker())
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        // Borrowed already only if a panic unwinds through the engine: then nothing is recorded.
        if let Ok(mut core) = self.core.try_borrow_mut() {
            core.abandon(self.id);
        }
    }
}
