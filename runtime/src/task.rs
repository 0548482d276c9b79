//! A part of a workflow that several others wait for.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Poller, Poll, ready};

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};

use crate::engine::{Scope, ScopeGuard};
use crate::error::Result;

/// A future with many consumers: awaiting any clone drives it, and each gets the one outcome.
/// It belongs to the scope in which it was made, whoever awaits it.
#[must_use = "a task runs when it, or a clone of it, is awaited"]
pub struct Task<'a, T: Clone> {
    shared: Shared<InScope<'a, T>>,
}

/// Makes a task of `future`, for graphs whose branches do not nest.
pub fn task<'a, T: Clone>(future: impl Future<Output = Result<T>> + 'a) -> Task<'a, T> {
    let scope = ScopeGuard::current();
    let future: LocalBoxFuture<'a, Result<T>> = Box::pin(future);
    Task { shared: InScope { scope, future }.shared() }
}

impl<T: Clone> Clone for Task<'_, T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<T: Clone> Future for Task<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.shared).poll(poller)
    }
}

struct InScope<'a, T> {
    scope: Option<Rc<Scope>>,
    future: LocalBoxFuture<'a, Result<T>>,
}

impl<T> Future for InScope<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let _scope = ScopeGuard::resume(self.scope.clone());
        let output = ready!(self.future.as_mut().poll(poller));
        Poll::Ready(output)
    }
}
