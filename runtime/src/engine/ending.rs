//! How a run ends: its function returns, what is in flight is given up, and what it has done is
//! undone where it failed or was cancelled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use futures_util::FutureExt;

use super::{Progress, Run, Undoing, undo, workflow_panic};
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::payload::Payload;

impl Run {
    /// The function, or what took its place, has returned.
    pub(super) fn returned(&mut self, result: Result<Payload>) -> Result<(), Failure> {
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
    pub(super) fn ended(&mut self) -> Option<Progress> {
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

    /// Drops the function; its operations give themselves up.
    pub(super) fn drop_root(&mut self) -> Result<(), Failure> {
        let Some(root) = self.root.take() else { return Ok(()) };
        catch_unwind(AssertUnwindSafe(|| drop(root))).map_err(|panic| {
            self.core.borrow_mut().frozen = true;
            workflow_panic(panic.as_ref())
        })
    }
}
