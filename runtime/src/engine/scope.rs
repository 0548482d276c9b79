//! The tree of a run's scopes: what can be cancelled, and sealed, by itself.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::poll_fn;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Scope>>> = const { RefCell::new(None) };
}

/// A part of a run. Its context claims paths below its own; cancelling it cancels what is within,
/// as far as that is not shielded.
#[derive(Debug)]
pub(crate) struct Scope {
    parent: Option<Rc<Scope>>,
    path: Arc<str>,
    /// Tells apart what shares a path: the branches of a race, the regions of a `try`.
    region: Option<Box<str>>,
    /// Whether it is but a branch of its parent that can be cancelled alone: contexts belong to the
    /// parent.
    is_branch: bool,
    /// Whether it goes on when what is around it is cancelled.
    shielded: bool,
    /// Whether something is done after it, in any case, that relies on what it did.
    guarded: bool,
    cancelled: Cell<bool>,
    /// Whether it is a branch that is going to fail.
    failing: Cell<bool>,
}

/// How the cancellation of a scope meets another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Not at all: it is elsewhere, or shielded.
    Spared,
    /// It is within, and nothing there asks what becomes of it.
    Within,
    /// It is within, and so is a `finally` that follows it.
    Guarded,
}

impl Scope {
    /// A run's outermost scope.
    pub(super) fn root() -> Rc<Self> {
        Rc::new(Self::new(None, "".into()))
    }

    fn new(parent: Option<Rc<Self>>, path: Arc<str>) -> Self {
        Self {
            parent,
            path,
            region: None,
            is_branch: false,
            shielded: false,
            guarded: false,
            cancelled: Cell::new(false),
            failing: Cell::new(false),
        }
    }

    fn within(self: &Rc<Self>, path: Arc<str>) -> Self {
        Self::new(Some(self.here()), path)
    }

    /// The branch of this scope that is being polled, or the scope itself.
    pub(super) fn here(self: &Rc<Self>) -> Rc<Self> {
        let current = CURRENT.with_borrow(Clone::clone);
        current
            .filter(|current| Rc::ptr_eq(current.real(), self))
            .unwrap_or_else(|| Rc::clone(self))
    }

    /// The scope whose branch this is.
    fn real(self: &Rc<Self>) -> &Rc<Self> {
        let mut scope = self;
        while let Some(parent) = scope.parent.as_ref().filter(|_| scope.is_branch) {
            scope = parent;
        }
        scope
    }

    /// A branch of the scope that is being polled.
    pub(super) fn branch(self: &Rc<Self>) -> Rc<Self> {
        let parent = Some(Rc::clone(self));
        Rc::new(Self { is_branch: true, ..Self::new(parent, Arc::clone(&self.path)) })
    }

    /// The scope at a path within this one.
    pub(crate) fn child(self: &Rc<Self>, path: Arc<str>) -> Rc<Self> {
        Rc::new(self.within(path))
    }

    /// One of several scopes at a path within this one.
    pub(super) fn region(self: &Rc<Self>, path: Arc<str>, name: &str) -> Rc<Self> {
        Rc::new(Self { region: Some(name.into()), ..self.within(path) })
    }

    /// A region that is followed by something that relies on it.
    pub(super) fn guarded(self: &Rc<Self>, path: Arc<str>, name: &str) -> Rc<Self> {
        Rc::new(Self { region: Some(name.into()), guarded: true, ..self.within(path) })
    }

    /// A region that no cancellation from outside reaches.
    pub(super) fn shielded(self: &Rc<Self>, path: Arc<str>, name: &str) -> Rc<Self> {
        let shielded = !sabotage!("finally is not shielded");
        Rc::new(Self { region: Some(name.into()), shielded, ..self.within(path) })
    }

    /// The scope around it.
    pub(super) fn parent(&self) -> Option<&Rc<Self>> {
        self.parent.as_ref()
    }

    /// Where it stands; empty at the top level.
    pub(crate) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// Whether it, or something around it from which it is not shielded, is cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        let mut scope = self;
        loop {
            if scope.cancelled.get() {
                return true;
            }
            match &scope.parent {
                Some(parent) if !scope.shielded => scope = parent,
                _ => return false,
            }
        }
    }

    /// Whether it is a branch that is going to fail.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.get()
    }

    /// Notes that it is going to fail, if it is a branch; whether that is news to whoever polls it,
    /// who then cancels what is beside it and polls it again.
    pub(super) fn fail(&self) -> bool {
        self.is_branch && !self.failing.replace(true) && !self.is_cancelled()
    }

    /// Cancels it; false if it was cancelled before.
    pub(super) fn cancel(&self) -> bool {
        !self.cancelled.replace(true)
    }

    /// How the cancellation of `outer` meets this scope.
    pub(super) fn reach_of(&self, outer: &Self) -> Reach {
        let mut reach = Reach::Within;
        let mut scope = self;
        while !std::ptr::eq(scope, outer) {
            if scope.guarded {
                reach = Reach::Guarded;
            }
            match &scope.parent {
                Some(parent) if !scope.shielded => scope = parent,
                _ => return Reach::Spared,
            }
        }
        reach
    }

    /// Names it in a message.
    pub(super) fn describe(&self) -> String {
        match &self.region {
            _ if self.parent.is_none() => "the run".to_owned(),
            None => format!("`{}`", self.path),
            Some(region) => format!("`{}` ({region})", self.path),
        }
    }

    /// Whether this is the scope that is being polled. Before its first poll a function is at its
    /// outermost scope.
    pub(super) fn is_current(self: &Rc<Self>) -> bool {
        CURRENT.with_borrow(|current| match current {
            Some(current) => Rc::ptr_eq(current.real(), self.real()),
            None => self.parent.is_none(),
        })
    }
}

/// Names the scope that is being polled.
pub(super) fn describe_current() -> String {
    CURRENT.with_borrow(|current| match current {
        Some(current) => current.real().describe(),
        None => "the run".to_owned(),
    })
}

/// Makes a scope the current one until it is dropped.
pub(crate) struct ScopeGuard(Option<Rc<Scope>>);

impl ScopeGuard {
    pub(crate) fn enter(scope: Rc<Scope>) -> Self {
        Self(CURRENT.replace(Some(scope)))
    }

    /// Makes the current scope the one that [`current`](Self::current) gave.
    pub(crate) fn resume(scope: Option<Rc<Scope>>) -> Self {
        Self(CURRENT.replace(scope))
    }

    /// The scope that is being polled; none before a function's first poll.
    pub(crate) fn current() -> Option<Rc<Scope>> {
        CURRENT.with_borrow(Clone::clone)
    }
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Polls `future` with `scope` as the current scope.
pub(super) async fn within<T>(scope: Rc<Scope>, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    poll_fn(|poller| {
        let _scope = ScopeGuard::enter(Rc::clone(&scope));
        future.as_mut().poll(poller)
    })
    .await
}
