//! What the contexts of one run share, apart from its operations.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use super::awaited::Tasks;
use super::{Core, OpState, Scope, Undos, paths, scope};
use crate::backend::{Backend, Completion, Mismatch, Outcome, Patience, Target, too_large};
use crate::context::Context;
use crate::error::Result;
use crate::failure::Failure;
use crate::payload::Payload;
use crate::values::Timestamp;

impl Core {
    pub(crate) fn new(backend: Rc<RefCell<dyn Backend>>, now: Timestamp, undos: Undos) -> Self {
        Self {
            backend,
            paths: paths::Paths::default(),
            ops: BTreeMap::new(),
            next_op: 0,
            outstanding: 0,
            polls: 0,
            moves: 0,
            undos,
            forced: None,
            now,
            root: Scope::root(),
            tasks: Tasks::default(),
            refused: 0,
            fault: None,
            frozen: false,
        }
    }

    /// Forgets what the function did, which is over: what undoes it has a scope of its own.
    pub(super) fn anew(&mut self, ctx: &Context) -> Context {
        self.paths = paths::Paths::default();
        self.ops.clear();
        self.outstanding = 0;
        self.tasks = Tasks::default();
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

    /// A context belongs to one scope: a step recorded under another's path would be replayed
    /// in another order than it ran.
    pub(super) fn check_scope(&mut self, scope: &Rc<Scope>, path: &Arc<str>) {
        if !scope.is_current() {
            self.report(Mismatch {
                code: "wrong_scope",
                path: path.to_string(),
                expected: format!("the context of {}", scope::describe_current()),
                found: format!("the context of {}", scope.describe()),
            });
        }
    }

    pub(super) fn report(&mut self, mismatch: Mismatch) {
        self.fault.get_or_insert(mismatch);
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

    pub(super) fn surface(&mut self, completion: Completion) {
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

    pub(super) fn awaits_nothing(&self) -> bool {
        self.outstanding == 0
    }
}
