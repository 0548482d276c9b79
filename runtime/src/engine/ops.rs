//! The operations of a run: claimed at the call, issued at the first poll, settled when their
//! outcome is surfaced.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::{Core, Scope};
use crate::backend::{Command, Issued, Iteration, OpId, Outcome, Site};
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::payload::Payload;

pub(super) struct Op {
    pub(super) path: Arc<str>,
    pub(super) scope: Rc<Scope>,
    pub(super) state: OpState,
    pub(super) waker: Option<Waker>,
}

impl Op {
    /// Until it is issued it belongs to whatever branch of its scope is being polled.
    pub(super) fn begins_here(&mut self) {
        if matches!(self.state, OpState::Claimed(_)) {
            self.scope = self.scope.here();
        }
    }

    /// Whether an outcome of it is to come.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, OpState::Issued | OpState::Reached(_))
    }
}

pub(super) enum OpState {
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
    /// Claims `path` for a command that is issued when it is first polled.
    pub(super) fn claim(&mut self, scope: &Rc<Scope>, site: Site, command: Command) -> OpId {
        let path = site.path.clone();
        self.add(scope, path, OpState::Claimed(Box::new((site, command))))
    }

    /// An operation that fails without having begun, the same each time.
    pub(super) fn failed(&mut self, scope: &Rc<Scope>, failure: Failure) -> OpId {
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

    /// Issues an operation that is claimed.
    pub(super) fn issue(&mut self, id: OpId) -> Result<Issued> {
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
    pub(super) fn poll(&mut self, id: OpId, waker: &Waker) -> Poll<Result<Option<Payload>>> {
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
    pub(super) fn abandon(&mut self, id: OpId) {
        if let Some(op) = self.ops.remove(&id)
            && op.is_open()
            && !self.frozen
        {
            self.outstanding -= 1;
            self.backend.borrow_mut().cancel(id);
        }
    }

    /// A live scope has come to its outcome.
    pub(super) fn seal(&mut self, id: OpId, prefix: &str, outcome: Outcome) {
        self.paths.forget(prefix);
        self.backend.borrow_mut().seal(id, outcome);
    }

    /// Work of the function itself has come to its outcome.
    pub(super) fn settle(&mut self, id: OpId, outcome: Outcome) {
        self.backend.borrow_mut().seal(id, outcome);
    }

    /// The head of a loop, once it is surfaced.
    pub(super) fn poll_head(&mut self, id: OpId, waker: &Waker) -> Poll<Result<Payload>> {
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
    pub(super) fn checkpoint(&mut self, id: OpId, prefix: String, head: Payload, moves: u64) {
        let seals = self.paths.forget(&prefix).then_some(prefix);
        let iteration = Iteration { seals, idle: self.moves == moves };
        self.backend.borrow_mut().checkpoint(id, head, iteration);
    }
}
