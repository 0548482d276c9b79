//! The engine: runs a workflow function against a back end. No IO, no clock, no threads.
//!
//! A run is its function's future and a [`Core`] that the function's contexts share. [`Run::drive`]
//! polls the future to quiescence, surfaces the next completion, and so on. Operations are claimed
//! (their path becomes theirs) when a context's method is called and issued (begun) when first
//! polled. The order of completions is the back end's; nothing else can make the function move, so
//! the same completions in the same order make the same run, live and on replay.

mod approval;
mod awaited;
mod branch;
mod cancel;
mod child;
mod contest;
mod core;
mod ending;
mod for_each;
mod foreign;
mod memo;
mod operation;
mod ops;
mod paths;
mod race;
mod respond;
mod scope;
mod start;
mod step;
mod timeout;
mod transaction;
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
pub(crate) use awaited::Awaited;
pub(crate) use branch::Branch;
pub use child::{Call, StartWorkflow};
pub use for_each::ItemOutcome;
pub(crate) use for_each::{Items, OnItemError, items_prefix};
use foreign::{Sign, foreign_await};
pub(crate) use foreign::{panic_message, workflow_panic};
pub use memo::Memo;
pub(crate) use operation::{Claim, Name, Operation, inner_prefix};
use ops::{Op, OpState};
pub use race::Race;
pub use respond::Respond;
pub use step::Step;
pub use timeout::Timeout;
pub use transaction::InTransaction;
pub use try_scope::{TryScope, split_return};
use undo::Forced;
pub(crate) use undo::encode_end;
pub(crate) use undos::UndoRequest;
pub use undos::{Undo, Undos};
pub use waits::{EventWait, Sleep};
pub(crate) use waker::RootWaker;
pub use while_loop::While;
pub(crate) use while_loop::{Loop, Round, iterations_prefix};

use crate::backend::{Backend, Command, Issued, Mismatch, OpId, Outcome, Patience, Site};
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
            self.core.borrow_mut().polls += 1;
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
                return Err(Failure::new("busy_loop", "the workflow wakes itself without end"));
            }
        }
        if self.waker.was_woken_from_outside() {
            return Err(foreign_await(Sign::Woken));
        }
        Ok(Poll::Pending)
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
    /// How often the function was polled.
    polls: u64,
    /// Outcomes that were surfaced, without the heads of loops.
    moves: u64,
    /// The steps with which the workflow undoes others.
    undos: Undos,
    /// Where the next operation stands, whatever it calls itself.
    forced: Option<Forced>,
    now: Timestamp,
    /// The run's outermost scope.
    root: Rc<Scope>,
    /// The tasks that somebody has awaited, in the order in which they were made.
    tasks: awaited::Tasks,
    /// Operations that were refused in a cancelled scope since the last completion.
    refused: u32,
    /// Set while the function is polled, fetched right after.
    fault: Option<Mismatch>,
    /// Whether the run is over for this process, so that dropped operations mean nothing.
    frozen: bool,
}
