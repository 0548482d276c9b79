//! The engine: runs a workflow function against a back end. No IO, no clock, no threads.
//!
//! A run is its function's future and a [`Core`] that the function's contexts share. [`Run::drive`]
//! polls the future to quiescence, surfaces the next completion, and so on. Operations are claimed
//! (their path becomes theirs) when a context's method is called and issued (begun) when first
//! polled. The order of completions is the back end's; nothing else can make the function move, so
//! the same completions in the same order make the same run, live and on replay.

mod approval;
mod branch;
mod cancel;
mod child;
mod contest;
mod for_each;
mod foreign;
mod memo;
mod operation;
mod paths;
mod race;
mod respond;
mod scope;
mod start;
mod step;
mod timeout;
mod try_scope;
mod undo;
mod undos;
mod waits;
mod waker;
mod while_loop;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, Waker};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

pub use approval::{Approval, ApprovalWait, Decision, Verdict};
pub(crate) use branch::Branch;
pub use child::{Call, StartWorkflow};
pub use for_each::ItemOutcome;
pub(crate) use for_each::{Items, OnItemError, items_prefix};
pub(crate) use foreign::workflow_panic;
use foreign::{Sign, foreign_await};
pub use memo::Memo;
pub(crate) use operation::{Claim, Name, Operation, inner_prefix};
pub use race::Race;
pub use respond::Respond;
pub use step::Step;
pub use timeout::Timeout;
pub use try_scope::TryScope;
use undo::Forced;
pub(crate) use undo::encode_end;
pub(crate) use undos::UndoRequest;
pub use undos::{Undo, Undos};
pub use waits::{EventWait, Sleep};
pub(crate) use waker::RootWaker;
pub use while_loop::While;
pub(crate) use while_loop::{Loop, Round, iterations_prefix};

use crate::backend::{
    Backend, Command, Completion, Issued, Iteration, Mismatch, OpId, Outcome, Patience, Site,
    Target, too_large,
};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::payload::Payload;
use crate::values::Timestamp;
pub(crate) use scope::{Scope, ScopeGuard};
use start::{Start, start};

/// How often a function may be polled without a completion before it counts as spinning.
const MAX_IDLE_POLLS: u32 = 1_000_000;

/// A run in memory.
pub(crate) struct Run {
    core: Rc<RefCell<Core>>,
    ctx: Context,
    root: Option<LocalBoxFuture<'static, Result<Payload>>>,
    waker: Arc<RootWaker>,
    /// What the function has returned.
    result: Option<Result<Payload>>,
    undoing: Undoing,
    /// Where the function does not fit the journal.
    #[cfg(feature = "testkit")]
    misfit: Option<Mismatch>,
}

/// Whether a run undoes what its function has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undoing {
    No,
    Begun,
    Done,
}

/// Where driving a run has led.
#[derive(Debug, PartialEq)]
pub(crate) enum Progress {
    /// It waits for completions.
    Waiting,
    /// The function has returned.
    Returned(Result<Payload>),
    /// It cannot go on, for this reason.
    Stuck(Failure),
}

impl Run {
    pub(crate) fn new(
        core: Rc<RefCell<Core>>,
        ctx: Context,
        root: LocalBoxFuture<'static, Result<Payload>>,
        waker: Arc<RootWaker>,
    ) -> Self {
        Self {
            core,
            ctx,
            root: Some(root),
            waker,
            result: None,
            undoing: Undoing::No,
            #[cfg(feature = "testkit")]
            misfit: None,
        }
    }

    /// A run whose function has ended like this, and which undoes what it has done.
    pub(crate) fn unwinding(
        core: Rc<RefCell<Core>>,
        ctx: Context,
        end: &Payload,
        waker: Arc<RootWaker>,
    ) -> Self {
        let root = Some(undo::unwind(ctx.clone(), end.clone()).boxed_local());
        let result = Some(undo::decode_end(end));
        Self {
            core,
            ctx,
            root,
            waker,
            result,
            undoing: Undoing::Begun,
            #[cfg(feature = "testkit")]
            misfit: None,
        }
    }

    /// What the function has returned.
    #[cfg(feature = "testkit")]
    pub(crate) fn result(&self) -> Option<&Result<Payload>> {
        self.result.as_ref()
    }

    /// Where the function does not fit the journal, if that is why the run is stuck.
    #[cfg(feature = "testkit")]
    pub(crate) fn misfit(&self) -> Option<&Mismatch> {
        self.misfit.as_ref()
    }

    #[cfg_attr(not(feature = "testkit"), allow(clippy::unused_self))] // Only tests ask for it.
    fn misfits(&mut self, mismatch: Mismatch) -> Failure {
        #[cfg(feature = "testkit")]
        {
            self.misfit = Some(mismatch.clone());
        }
        mismatch.into_failure()
    }

    /// Lets the function run as far as the back end's completions carry it.
    pub(crate) fn drive(&mut self) -> Progress {
        let _driving = self.waker.driving();
        let progress = self.advance();
        if progress != Progress::Waiting {
            // What is still in flight is given up, unless the journal does not fit the function:
            // then nothing that it does may be recorded.
            if let Err(failure) = self.drop_root()
                && !matches!(progress, Progress::Stuck(_))
            {
                return Progress::Stuck(failure);
            }
        }
        progress
    }

    fn advance(&mut self) -> Progress {
        loop {
            match self.poll_to_quiescence() {
                Ok(Poll::Ready(result)) => {
                    if let Err(failure) = self.returned(result) {
                        return self.stuck(failure);
                    }
                }
                Ok(Poll::Pending) => {}
                Err(failure) => return self.stuck(failure),
            }
            match self.ended() {
                Some(progress) => return progress,
                // What undoes it has taken the function's place.
                None if self.waker.is_woken() => continue,
                None => {}
            }
            let backend = Rc::clone(&self.core.borrow().backend);
            let next = backend.borrow_mut().next();
            match next {
                Ok(Some(completion)) => self.core.borrow_mut().surface(completion),
                Ok(None) if self.core.borrow().awaits_nothing() => {
                    return self.stuck(foreign_await(Sign::Idle));
                }
                Ok(None) => return Progress::Waiting,
                Err(mismatch) => {
                    let failure = self.misfits(mismatch);
                    return self.stuck(failure);
                }
            }
        }
    }

    /// The function, or what took its place, has returned.
    fn returned(&mut self, result: Result<Payload>) -> Result<(), Failure> {
        if self.undoing == Undoing::Begun {
            self.undoing = Undoing::Done;
            self.root = None;
            // It ends well, or not at all.
            return result.map(drop).map_err(|error| error.into_failure(""));
        }
        let finished = self.core.borrow().backend.borrow_mut().finish();
        finished.map_err(|mismatch| self.misfits(mismatch))?;
        // What is still in flight is given up before anything is undone.
        self.drop_root()?;
        self.result = Some(result);
        Ok(())
    }

    /// Where a run is that has no function any more. It undoes what it has done before it fails or
    /// is cancelled.
    fn ended(&mut self) -> Option<Progress> {
        if self.root.is_some() {
            return None;
        }
        let result = self.result.clone()?;
        if self.undoing == Undoing::Done {
            return Some(Progress::Returned(result));
        }
        let backend = Rc::clone(&self.core.borrow().backend);
        loop {
            // A cancel may have come.
            let next = backend.borrow_mut().next();
            match next {
                Ok(Some(completion)) => self.core.borrow_mut().surface(completion),
                Ok(None) => break,
                Err(mismatch) => {
                    let failure = self.misfits(mismatch);
                    return Some(self.stuck(failure));
                }
            }
        }
        let result = match result {
            _ if self.is_cancelled() => Err(Error::Cancelled),
            // A result that cannot be kept is a failure like any other.
            Ok(output) => match self.core.borrow().too_large("the output", &output) {
                Some(failure) => Err(failure.into()),
                None => Ok(output),
            },
            failed => failed,
        };
        let keeps = result.is_ok() || backend.borrow().undos().is_empty();
        if keeps || sabotage!("nothing is undone") {
            return Some(Progress::Returned(result));
        }
        let end = undo::encode_end(&result);
        backend.borrow_mut().unwind(end.clone());
        self.ctx = self.core.borrow_mut().anew(&self.ctx);
        self.root = Some(undo::unwind(self.ctx.clone(), end).boxed_local());
        self.result = Some(result);
        self.undoing = Undoing::Begun;
        self.waker.wake_from_engine();
        None
    }

    fn stuck(&mut self, failure: Failure) -> Progress {
        self.core.borrow_mut().frozen = true;
        Progress::Stuck(failure)
    }

    /// Whether the function has seen that the run is cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.core.borrow().root.is_cancelled()
    }

    /// Polls until the function waits for a completion, and for nothing else.
    fn poll_to_quiescence(&mut self) -> Result<Poll<Result<Payload>>, Failure> {
        let Some(root) = &mut self.root else { return Ok(Poll::Pending) };
        let scope = Rc::clone(&self.core.borrow().root);
        let _core = branch::CoreGuard::enter(&self.core);
        let waker = Waker::from(Arc::clone(&self.waker));
        let mut polls = 0;
        while self.waker.take_woken() {
            let poll = catch_unwind(AssertUnwindSafe(|| {
                let _scope = ScopeGuard::enter(Rc::clone(&scope));
                root.as_mut().poll(&mut Poller::from_waker(&waker))
            }))
            .map_err(|panic| workflow_panic(panic.as_ref()))?;
            let fault = self.core.borrow_mut().fault.take();
            if let Some(mismatch) = fault {
                return Err(self.misfits(mismatch));
            }
            if poll.is_ready() {
                return Ok(poll);
            }
            polls += 1;
            if polls == MAX_IDLE_POLLS {
                return Err(pause("busy_loop", "the workflow wakes itself without end"));
            }
        }
        if self.waker.was_woken_from_outside() {
            return Err(foreign_await(Sign::Woken));
        }
        Ok(Poll::Pending)
    }

    /// Drops the function; its operations give themselves up.
    fn drop_root(&mut self) -> Result<(), Failure> {
        let Some(root) = self.root.take() else { return Ok(()) };
        catch_unwind(AssertUnwindSafe(|| drop(root))).map_err(|panic| {
            self.core.borrow_mut().frozen = true;
            workflow_panic(panic.as_ref())
        })
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // An evicted run goes on elsewhere: dropping its futures cancels nothing.
        if let Ok(mut core) = self.core.try_borrow_mut() {
            core.frozen = true;
        }
        drop(self.drop_root());
    }
}

/// What the contexts of one run share.
pub(crate) struct Core {
    backend: Rc<RefCell<dyn Backend>>,
    paths: paths::Paths,
    ops: BTreeMap<OpId, Op>,
    next_op: u64,
    /// Operations that are issued and not settled.
    outstanding: usize,
    /// Outcomes that were surfaced, without the heads of loops.
    moves: u64,
    /// The steps with which the workflow undoes others.
    undos: Undos,
    /// Where the next operation stands, whatever it calls itself.
    forced: Option<Forced>,
    now: Timestamp,
    /// The run's outermost scope.
    root: Rc<Scope>,
    /// Operations that were refused in a cancelled scope since the last completion.
    refused: u32,
    /// Set while the function is polled, fetched right after.
    fault: Option<Mismatch>,
    /// Whether the run is over for this process, so that dropped operations mean nothing.
    frozen: bool,
}

struct Op {
    path: Arc<str>,
    scope: Rc<Scope>,
    state: OpState,
    waker: Option<Waker>,
}

impl Op {
    /// Until it is issued it belongs to whatever branch of its scope is being polled.
    fn begins_here(&mut self) {
        if matches!(self.state, OpState::Claimed(_)) {
            self.scope = self.scope.here();
        }
    }

    /// Whether an outcome of it is to come.
    fn is_open(&self) -> bool {
        matches!(self.state, OpState::Issued | OpState::Reached(_))
    }
}

enum OpState {
    Claimed(Box<(Site, Command)>),
    /// Its outcome will be surfaced, in a cancelled scope too.
    Issued,
    /// A loop whose head was surfaced and not seen yet.
    Reached(Payload),
    /// Given up with its scope.
    GivenUp,
    Settled(Outcome),
}

impl Core {
    pub(crate) fn new(backend: Rc<RefCell<dyn Backend>>, now: Timestamp, undos: Undos) -> Self {
        Self {
            backend,
            paths: paths::Paths::default(),
            ops: BTreeMap::new(),
            next_op: 0,
            outstanding: 0,
            moves: 0,
            undos,
            forced: None,
            now,
            root: Scope::root(),
            refused: 0,
            fault: None,
            frozen: false,
        }
    }

    /// Forgets what the function did, which is over: what undoes it has a scope of its own.
    fn anew(&mut self, ctx: &Context) -> Context {
        self.paths = paths::Paths::default();
        self.ops.clear();
        self.outstanding = 0;
        self.root = Scope::root();
        ctx.of(Rc::clone(&self.root))
    }

    /// The run's outermost scope.
    pub(crate) fn root(&self) -> &Rc<Scope> {
        &self.root
    }

    /// The instant of the completion that was surfaced last.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Claims `path` for a command that is issued when it is first polled.
    fn claim(&mut self, scope: &Rc<Scope>, site: Site, command: Command) -> OpId {
        let path = site.path.clone();
        self.add(scope, path, OpState::Claimed(Box::new((site, command))))
    }

    /// An operation that fails without having begun, the same each time.
    fn failed(&mut self, scope: &Rc<Scope>, failure: Failure) -> OpId {
        let path = failure.path.as_str().into();
        self.add(scope, path, OpState::Settled(Outcome::Failed(failure)))
    }

    fn add(&mut self, scope: &Rc<Scope>, path: Arc<str>, state: OpState) -> OpId {
        self.check_scope(scope, &path);
        self.paths.own(&path, scope);
        let id = OpId(self.next_op);
        self.next_op += 1;
        self.ops.insert(id, Op { path, scope: Rc::clone(scope), state, waker: None });
        id
    }

    /// A context belongs to one scope: a step recorded under another's path would be replayed
    /// in another order than it ran.
    fn check_scope(&mut self, scope: &Rc<Scope>, path: &Arc<str>) {
        if !scope.is_current() {
            self.report(Mismatch {
                code: "wrong_scope",
                path: path.to_string(),
                expected: format!("the context of {}", scope::describe_current()),
                found: format!("the context of {}", scope.describe()),
            });
        }
    }

    fn report(&mut self, mismatch: Mismatch) {
        self.fault.get_or_insert(mismatch);
    }

    /// Issues an operation that is claimed.
    fn issue(&mut self, id: OpId) -> Result<Issued> {
        // With a fault the run is paused after this poll: nothing begins, and nothing is awaited
        // in vain.
        if self.fault.is_some() {
            return Ok(Issued::Recorded);
        }
        let Some(op) = self.ops.get_mut(&id) else { return Ok(Issued::Live) };
        op.begins_here();
        if op.scope.is_cancelled() {
            return Err(self.refuse(id));
        }
        let (path, scope) = (op.path.clone(), Rc::clone(&op.scope));
        let OpState::Claimed(claimed) = std::mem::replace(&mut op.state, OpState::Issued) else {
            return Ok(Issued::Live);
        };
        self.outstanding += 1;
        self.check_scope(&scope, &path);
        let (site, command) = *claimed;
        let issued = self.backend.borrow_mut().issue(id, site, command);
        issued.or_else(|mismatch| {
            self.report(mismatch);
            Ok(Issued::Recorded)
        })
    }

    /// The outcome of an operation, once it is surfaced.
    fn poll(&mut self, id: OpId, waker: &Waker) -> Poll<Result<Option<Payload>>> {
        // With a fault the run is paused after this poll; what the function sees is past caring.
        if self.fault.is_some() {
            return Poll::Pending;
        }
        let Some(op) = self.ops.get_mut(&id) else { return Poll::Pending };
        op.begins_here();
        if op.scope.is_cancelled() && !op.is_open() {
            return Poll::Ready(Err(self.refuse(id)));
        }
        if matches!(op.state, OpState::Settled(_)) {
            let settled = self.ops.remove(&id).map(|op| op.state);
            return match settled {
                Some(OpState::Settled(Outcome::Completed(output))) => Poll::Ready(Ok(output)),
                Some(OpState::Settled(Outcome::Failed(failure))) => {
                    Poll::Ready(Err(failure.into()))
                }
                Some(OpState::Settled(Outcome::Cancelled(_))) => Poll::Ready(Err(Error::Cancelled)),
                _ => Poll::Pending,
            };
        }
        op.waker = Some(waker.clone());
        if matches!(op.state, OpState::Claimed(_)) {
            drop(self.issue(id));
        }
        Poll::Pending
    }

    /// The function dropped an operation.
    fn abandon(&mut self, id: OpId) {
        if let Some(op) = self.ops.remove(&id)
            && op.is_open()
            && !self.frozen
        {
            self.outstanding -= 1;
            self.backend.borrow_mut().cancel(id);
        }
    }

    /// A live scope has come to its outcome.
    fn seal(&mut self, id: OpId, prefix: &str, outcome: Outcome) {
        self.paths.forget(prefix);
        self.backend.borrow_mut().seal(id, outcome);
    }

    /// Work of the function itself has come to its outcome.
    fn settle(&mut self, id: OpId, outcome: Outcome) {
        self.backend.borrow_mut().seal(id, outcome);
    }

    /// How often a scope has drawn something of this name before.
    pub(crate) fn draw(&mut self, scope: &Rc<Scope>, what: &str, name: &str) -> u32 {
        // A scope that is sealed draws nothing on a replay: each draws for itself.
        self.check_scope(scope, &format!("{}/{name}", scope.path()).into());
        self.paths.draw(scope.path(), what, name)
    }

    /// What others see of the run from the next write on.
    pub(crate) fn publish(&self, value: Payload) -> Result<()> {
        if let Some(failure) = self.too_large("what is published", &value) {
            return Err(failure.into());
        }
        self.backend.borrow_mut().publish(value);
        Ok(())
    }

    /// Why a value is not taken, if it is too large.
    pub(crate) fn too_large(&self, what: &str, value: &Payload) -> Option<Failure> {
        let limit = self.backend.borrow().max_payload();
        (value.as_str().len() > limit).then(|| too_large(what, value, limit))
    }

    /// The head of a loop, once it is surfaced.
    fn poll_head(&mut self, id: OpId, waker: &Waker) -> Poll<Result<Payload>> {
        if self.fault.is_some() {
            return Poll::Pending;
        }
        let Some(op) = self.ops.get_mut(&id) else { return Poll::Pending };
        if op.scope.is_cancelled() {
            return Poll::Ready(Err(Error::Cancelled));
        }
        match std::mem::replace(&mut op.state, OpState::Issued) {
            OpState::Reached(head) => Poll::Ready(Ok(head)),
            before => {
                op.state = before;
                op.waker = Some(waker.clone());
                Poll::Pending
            }
        }
    }

    /// A live loop has come to the end of an iteration, which began when there were `moves`.
    fn checkpoint(&mut self, id: OpId, prefix: String, head: Payload, moves: u64) {
        let seals = self.paths.forget(&prefix).then_some(prefix);
        let iteration = Iteration { seals, idle: self.moves == moves };
        self.backend.borrow_mut().checkpoint(id, head, iteration);
    }

    fn surface(&mut self, completion: Completion) {
        self.now = self.now.max(completion.at);
        self.refused = 0;
        match completion.target {
            Target::Head(id) => {
                if let Some(op) = self.ops.get_mut(&id)
                    && let Outcome::Completed(Some(head)) = completion.outcome
                {
                    op.state = OpState::Reached(head);
                    op.waker.take().into_iter().for_each(Waker::wake);
                }
            }
            Target::Op(id) => {
                self.moves += 1;
                if let Some(op) = self.ops.get_mut(&id)
                    && op.is_open()
                {
                    op.state = OpState::Settled(completion.outcome);
                    self.outstanding -= 1;
                    op.waker.take().into_iter().for_each(Waker::wake);
                }
            }
            Target::Cancel => {
                let root = Rc::clone(&self.root);
                self.cancel_scope(&root, Patience::Grace);
            }
        }
    }

    fn awaits_nothing(&self) -> bool {
        self.outstanding == 0
    }
}

fn pause(code: &str, message: &str) -> Failure {
    Failure::new(code, message)
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
