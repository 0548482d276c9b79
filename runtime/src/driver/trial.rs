//! A read-only replay: whether a function fits a journal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::resident::Resident;
use crate::engine::{Progress, RootWaker, panic_message};
use crate::error::Error;
use crate::failure::Failure;
use crate::store::Loaded;
use crate::values::Timestamp;
use crate::workflow::ErasedWorkflow;

/// The function claims what is recorded, and nothing is written.
pub(super) fn trial(
    workflow: &dyn ErasedWorkflow,
    loaded: Loaded,
    epoch: u64,
    limits: (Timestamp, usize),
    waker: Arc<RootWaker>,
) -> Result<(Resident, Progress), Failure> {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let mut resident = Resident::new(workflow, loaded, epoch, limits, waker)?;
        resident.backend.borrow_mut().only_replay();
        let progress = resident.run.drive();
        Ok((resident, progress))
    }));
    match tried {
        Ok(Ok(tried)) => Ok(tried),
        Ok(Err(error)) => Err(Error::into_failure(error, "")),
        Err(panic) => {
            let said = panic_message(panic.as_ref());
            Err(Failure::new("workflow_panic", format!("the workflow panicked: {said}")))
        }
    }
}

#[cfg(feature = "testkit")]
pub(crate) use of_a_recorded_run::{Tried, replay};

#[cfg(feature = "testkit")]
mod of_a_recorded_run {
    use super::{Failure, Loaded, Progress, RootWaker, trial};
    use crate::backend::Mismatch;
    use crate::driver::STACK;
    use crate::error::Result;
    use crate::payload::Payload;
    use crate::store::MAX_PAYLOAD;
    use crate::workflow::ErasedWorkflow;

    /// What came of a trial.
    pub(crate) enum Tried {
        /// The function returned.
        Ended(Result<Payload>),
        /// It has come to the end of its journal, and waits for what stands at these paths.
        Ahead(Vec<String>),
        /// It does not fit the journal, or cannot go on for another reason.
        Stuck(Failure, Option<Mismatch>),
    }

    /// Tries a function over what was loaded of a run, on a thread like the one that drives runs.
    pub(crate) fn replay(workflow: &dyn ErasedWorkflow, loaded: Loaded) -> Tried {
        let (at, epoch) = (loaded.row.started_at, loaded.row.epoch);
        let over = move || {
            let waker = RootWaker::new(Box::new(|| {}));
            let (resident, progress) =
                match trial(workflow, loaded, epoch, (at, MAX_PAYLOAD), waker) {
                    Ok(tried) => tried,
                    Err(failure) => return Tried::Stuck(failure, None),
                };
            match (progress, resident.run.result()) {
                (Progress::Stuck(failure), _) => {
                    Tried::Stuck(failure, resident.run.misfit().cloned())
                }
                // What it has done is yet to be undone, but the function itself is over.
                (Progress::Returned(result), _) => Tried::Ended(result),
                (Progress::Waiting, Some(result)) => Tried::Ended(result.clone()),
                (Progress::Waiting, None) => Tried::Ahead(resident.backend.borrow().ahead()),
            }
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, over);
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(tried)) => tried,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                Err(error) => Tried::Stuck(Failure::new("no_thread", error.to_string()), None),
            }
        })
    }
}
