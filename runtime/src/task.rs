//! A part of a workflow that several others wait for.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Poller, Poll, ready};

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};

use crate::engine::Branch;
use crate::error::{Error, Result};

/// A future with many consumers: awaiting any clone drives it, and each gets the one outcome.
/// It belongs to the scope in which it was made, whoever awaits it. When the last one who awaits it
/// is cancelled, so is the task.
#[must_use = "a task runs when it, or a clone of it, is awaited"]
pub struct Task<'a, T: Clone> {
    shared: Shared<InBranch<'a, T>>,
    branch: Branch,
    clones: Rc<()>,
}

/// Makes a task of `future`, for graphs whose branches do not nest.
pub fn task<'a, T: Clone>(future: impl Future<Output = Result<T>> + 'a) -> Task<'a, T> {
    let branch = Branch::new();
    let future: LocalBoxFuture<'a, Result<T>> = Box::pin(future);
    let shared = InBranch { branch: branch.clone(), future }.shared();
    Task { shared, branch, clones: Rc::default() }
}

impl<T: Clone> Clone for Task<'_, T> {
    fn clone(&self) -> Self {
        let (branch, clones) = (self.branch.clone(), Rc::clone(&self.clones));
        Self { shared: self.shared.clone(), branch, clones }
    }
}

impl<T: Clone> Future for Task<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        if self.branch.is_given_up()
            && (Rc::strong_count(&self.clones) > 1 || !self.branch.cancel())
        {
            return Poll::Ready(Err(Error::Cancelled));
        }
        Pin::new(&mut self.shared).poll(poller)
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
