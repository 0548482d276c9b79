//! A branch of a scope: a part of it that can be cancelled alone, without a path of its own.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use super::{Core, Patience, Scope, ScopeGuard};

thread_local! {
    static CORE: RefCell<Weak<RefCell<Core>>> = const { RefCell::new(Weak::new()) };
}

/// Lets branches find the run that is being polled, until this is dropped.
pub(super) struct CoreGuard(Weak<RefCell<Core>>);

impl CoreGuard {
    pub(super) fn enter(core: &Rc<RefCell<Core>>) -> Self {
        Self(CORE.replace(Rc::downgrade(core)))
    }
}

impl Drop for CoreGuard {
    fn drop(&mut self) {
        CORE.set(std::mem::take(&mut self.0));
    }
}

/// The run that is being polled.
pub(super) fn core_of_poll() -> Option<Rc<RefCell<Core>>> {
    CORE.with_borrow(Weak::upgrade)
}

/// One of several things that a scope does at once. What is polled within it belongs to it.
#[derive(Clone)]
pub(crate) struct Branch(Option<Rc<Scope>>);

impl Branch {
    /// A branch of the scope that is being polled; outside of a run none that could be cancelled.
    pub(crate) fn new() -> Self {
        Self(ScopeGuard::current().map(|current| current.branch()))
    }

    /// Makes it what is being polled, until the guard is dropped.
    pub(crate) fn enter(&self) -> ScopeGuard {
        ScopeGuard::resume(self.0.clone())
    }

    /// Cancels it; false if nobody can, so that what it does must be dropped.
    pub(crate) fn cancel(&self) -> bool {
        let (Some(core), Some(scope)) = (core_of_poll(), &self.0) else { return false };
        core.borrow_mut().cancel_scope(scope, Patience::None);
        true
    }

    /// How often the run that is being polled was polled.
    pub(crate) fn polls() -> Option<u64> {
        let polls = core_of_poll()?.borrow().polls;
        Some(polls)
    }

    /// Whether it, or something around it, is cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(|scope| scope.is_cancelled())
    }

    /// Whether a scope is this one, or stands in it.
    pub(super) fn is_around(&self, scope: &Rc<Scope>) -> bool {
        let own = self.0.as_ref();
        let around = std::iter::successors(Some(scope), |scope| scope.parent());
        own.is_some_and(|own| around.into_iter().any(|scope| Rc::ptr_eq(own, scope)))
    }

    /// Whether what is polled within it is going to fail.
    pub(crate) fn is_failing(&self) -> bool {
        self.0.as_ref().is_some_and(|scope| scope.is_failing())
    }

    /// What is being polled is going to fail, if it is a branch: whoever polls it need not wait for
    /// that to know it. True if that is news: then it is polled again once what is beside it is
    /// cancelled.
    pub(crate) fn fail_around() -> bool {
        ScopeGuard::current().is_some_and(|current| current.fail())
    }

    /// Whether what is being polled is cancelled, though this is not.
    pub(crate) fn is_given_up(&self) -> bool {
        let cancelled = ScopeGuard::current().is_some_and(|current| current.is_cancelled());
        cancelled && self.0.is_some() && !self.is_cancelled()
    }
}
