//! A part of a workflow that several others wait for.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Poller, Poll, ready};

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};

use crate::engine::{Awaited, Branch};
use crate::error::{Error, Result};

/// A future with many consumers: awaiting any clone drives it, and each gets the one outcome.
/// It belongs to the scope in which it was made, whoever awaits it. When the last one who awaits it
/// is cancelled, so is the task: a clone that nobody has polled yet does not keep it going.
#[must_use = "a task runs when it, or a clone of it, is awaited"]
pub struct Task<'a, T: Clone> {
    shared: Shared<InBranch<'a, T>>,
    branch: Branch,
    awaiting: Awaiting,
    turn: Rc<Cell<Option<Turn>>>,
}

/// Makes a task of `future`, for graphs whose branches do not nest.
pub fn task<'a, T: Clone>(future: impl Future<Output = Result<T>> + 'a) -> Task<'a, T> {
    let branch = Branch::new();
    let future: LocalBoxFuture<'a, Result<T>> = Box::pin(future);
    let shared = InBranch { branch: branch.clone(), future }.shared();
    let awaiting = Awaiting { task: Awaited::new(branch.clone()), own: None };
    Task { shared, branch, awaiting, turn: Rc::default() }
}

impl<T: Clone> Task<'_, T> {
    /// Whether this poll of the run has polled it already, so that it is as far as it can come;
    /// else it has its turn now. Tasks that wait for others would be polled once for each way that
    /// leads to them.
    fn had_its_turn(&self) -> bool {
        let turn = Turn::of(&self.branch);
        turn.is_some() && self.turn.replace(turn) == turn && self.shared.peek().is_none()
    }
}

/// When a task was polled: in which poll of the run, and whether it was cancelled, or had failed, by
/// then.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Turn {
    poll: u64,
    is_cancelled: bool,
    is_failing: bool,
}

impl Turn {
    /// None outside of a run.
    fn of(branch: &Branch) -> Option<Self> {
        let (is_cancelled, is_failing) = (branch.is_cancelled(), branch.is_failing());
        Some(Self { poll: Branch::polls()?, is_cancelled, is_failing })
    }
}

impl<T: Clone> Clone for Task<'_, T> {
    fn clone(&self) -> Self {
        let (branch, awaiting) = (self.branch.clone(), self.awaiting.other());
        Self { shared: self.shared.clone(), branch, awaiting, turn: Rc::clone(&self.turn) }
    }
}

impl<T: Clone> Future for Task<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        if self.branch.is_given_up() {
            self.awaiting.leave();
            if self.awaiting.anyone() || !self.branch.cancel() {
                return Poll::Ready(Err(Error::Cancelled));
            }
        }
        self.awaiting.enter();
        let was_failing = self.branch.is_failing();
        let mut progress = if self.had_its_turn() {
            Poll::Pending
        } else {
            Pin::new(&mut self.shared).poll(poller)
        };
        // It waits to be polled again where it has just failed; else nobody does that.
        if self.branch.is_failing() && !Branch::fail_around() && !was_failing {
            Branch::cancel_what_is_left();
            if progress.is_pending() {
                progress = Pin::new(&mut self.shared).poll(poller);
            }
        }
        let outcome = ready!(progress);
        self.awaiting.leave();
        Poll::Ready(outcome)
    }
}

/// Who awaits a task: its clones that have been polled, but for those that have their outcome, were
/// cancelled, or were dropped. A clone that nobody has polled, such as the binding that others are
/// cloned from, waits for nothing.
struct Awaiting {
    task: Rc<Awaited>,
    /// The number under which this clone awaits it.
    own: Option<u64>,
}

impl Awaiting {
    /// Of another clone.
    fn other(&self) -> Self {
        Self { task: Rc::clone(&self.task), own: None }
    }

    fn enter(&mut self) {
        if self.own.is_none() {
            self.own = Some(self.task.enter());
        }
    }

    fn leave(&mut self) {
        if let Some(own) = self.own.take() {
            self.task.leave(own);
        }
    }

    fn anyone(&self) -> bool {
        self.task.is_awaited()
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        self.leave();
    }
}

struct InBranch<'a, T> {
    branch: Branch,
    future: LocalBoxFuture<'a, Result<T>>,
}

impl<T> Future for InBranch<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let _branch = self.branch.enter();
        let output = ready!(self.future.as_mut().poll(poller));
        Poll::Ready(output)
    }
}
