//! Tasks, and who awaits them: they do not stand in what awaits them, so that cancelling that does
//! not cancel them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use super::branch::core_of_poll;
use super::{Branch, Scope, ScopeGuard};

/// The tasks of a run, in the order in which they were made.
#[derive(Default)]
pub(super) struct Tasks(Vec<Weak<Awaited>>);

/// A task as the run knows it.
pub(crate) struct Awaited {
    branch: Branch,
    /// Where it is awaited, by the numbers of its clones.
    by: RefCell<BTreeMap<u64, Rc<Scope>>>,
    clones: Cell<u64>,
}

impl Awaited {
    /// A task that was just made, of this branch.
    pub(crate) fn new(branch: Branch) -> Rc<Self> {
        let task = Rc::new(Self { branch, by: RefCell::default(), clones: Cell::new(0) });
        if let Some(core) = core_of_poll() {
            core.borrow_mut().tasks.push(&task);
        }
        task
    }

    /// A clone of it is polled for the first time; under which number it is known from now on.
    pub(crate) fn enter(&self) -> u64 {
        let number = self.clones.get();
        self.clones.set(number + 1);
        if let Some(scope) = ScopeGuard::current() {
            self.by.borrow_mut().insert(number, scope);
        }
        number
    }

    /// A clone has the outcome, was cancelled, or is gone.
    pub(crate) fn leave(&self, number: u64) {
        self.by.borrow_mut().remove(&number);
    }

    /// Whether a clone awaits it.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.by.borrow().is_empty()
    }

    /// Whether it was awaited where all is cancelled by now, or belongs to one of these branches.
    fn is_left(&self, left: &[Rc<Self>]) -> bool {
        let by = self.by.borrow();
        let over = |scope: &Rc<Scope>| {
            scope.is_cancelled() || left.iter().any(|task| task.branch.is_around(scope))
        };
        !by.is_empty() && by.values().all(over)
    }
}

impl Tasks {
    fn push(&mut self, task: &Rc<Awaited>) {
        // Each is looked at so often as there were others: what loops make does not pile up.
        if self.0.len() == self.0.capacity() {
            self.0.retain(|task| task.strong_count() > 0);
        }
        self.0.push(Rc::downgrade(task));
    }

    /// The tasks that nobody awaits any more, where something was cancelled. A task is awaited by
    /// what was made later, so that one pass finds all.
    fn left(&self) -> Vec<Rc<Awaited>> {
        let mut left = Vec::new();
        for task in self.0.iter().rev().filter_map(Weak::upgrade) {
            if task.is_left(&left) {
                left.push(task);
            }
        }
        left.reverse();
        left
    }
}

impl Branch {
    /// Cancels the tasks that nobody awaits any more, in the order in which they were made. Each
    /// would be cancelled when the last one who awaited it is polled: which of them has its turn
    /// first would be a matter of who awaits whom, and not of the program's order.
    pub(crate) fn cancel_what_is_left() {
        let Some(core) = core_of_poll() else { return };
        let left = core.borrow().tasks.left();
        for task in left {
            task.branch.cancel();
        }
    }
}
