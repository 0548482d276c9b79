//! A run in memory.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::bodies::{Bodies, idempotency_key};
use super::shard::Message;
use crate::backend::{Attempt, StoreBackend};
use crate::context::{Context, RunInfo, StepInfo};
use crate::engine::{Core, RootWaker, Run};
use crate::error::Result;
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{Hold, Loaded, Next};
use crate::values::Timestamp;
use crate::workflow::ErasedWorkflow;

/// A run that this shard drives.
pub(super) struct Resident {
    pub(super) run: Run,
    pub(super) backend: Rc<RefCell<StoreBackend>>,
    pub(super) epoch: u64,
    /// The definition that it runs.
    pub(super) workflow: Arc<str>,
    revision: Arc<str>,
    started_at: Timestamp,
    pub(super) bodies: Bodies,
    /// Its place on the shard's agenda.
    pub(super) agenda: Option<Timestamp>,
    /// The run that waits for its end.
    pub(super) caller: Option<RunId>,
    /// Since when it only waits.
    pub(super) idle_since: Option<Timestamp>,
    /// Whether mail came for it while it was leaving.
    pub(super) nudged: bool,
    /// Whether something was written since it was taken up.
    pub(super) stale: bool,
    /// Messages that came while it is being loaded again.
    pub(super) reloading: Option<Vec<Message>>,
    /// The limit that it is under: whoever waits for its slot may go on once it leaves.
    pub(super) limited: Option<Hold>,
    /// How it leaves memory: its last write waits for the one in flight, or is on its way.
    pub(super) leaving: Leaving,
}

/// Whether a run is about to leave memory.
#[derive(Debug)]
pub(super) enum Leaving {
    No,
    /// Once the write in flight is durable.
    Soon(Next),
    /// With the write in flight.
    Now,
    /// With the write in flight, unless it gives way to a cancel; with its output.
    Ending(Option<Payload>),
}

impl Resident {
    /// Whether it can be advanced now.
    pub(super) fn is_movable(&self) -> bool {
        matches!(self.leaving, Leaving::No) && self.reloading.is_none()
    }

    /// Takes up a run: its function begins, or begins again, over its journal.
    pub(super) fn new(
        workflow: &dyn ErasedWorkflow,
        loaded: Loaded,
        epoch: u64,
        (now, max_payload): (Timestamp, usize),
        waker: Arc<RootWaker>,
    ) -> Result<Self> {
        let id = loaded.row.id;
        let forked_from = loaded.row.forked_from.as_ref();
        // A fork goes through its beginning as the run did that it shares it with.
        let started_at = forked_from.map_or(loaded.row.started_at, |fork| fork.started_at);
        let input = loaded.row.input.clone();
        let limited = loaded.row.limited.as_ref().map(|limited| limited.hold);
        let loaded_seed = loaded.row.seed;
        let parent = loaded.row.parent.as_ref().filter(|parent| parent.awaited);
        let caller = parent.map(|parent| parent.run);
        let (name, revision) = (loaded.row.workflow.clone(), loaded.row.revision.clone());
        let backend = Rc::new(RefCell::new(StoreBackend::new(loaded, epoch, now)));
        backend.borrow_mut().limit_values(max_payload);
        let seam = Rc::clone(&backend);
        let unwinding = backend.borrow().unwinding().cloned();
        let core = Core::new(seam, started_at, workflow.undos());
        let core = Rc::new(RefCell::new(core));
        let ctx = Context::new(Rc::clone(&core), RunInfo { id, started_at, seed: loaded_seed });
        let run = match unwinding {
            Some(end) => Run::unwinding(core, ctx, &end, waker),
            None => Run::new(core, ctx.clone(), workflow.run(ctx, &input)?, waker),
        };
        Ok(Self {
            run,
            backend,
            epoch,
            workflow: name,
            revision,
            started_at,
            bodies: Bodies::default(),
            agenda: None,
            caller,
            idle_since: None,
            nudged: false,
            stale: false,
            reloading: None,
            limited,
            leaving: Leaving::No,
        })
    }

    /// What a body is told of its attempt.
    pub(super) fn step_info(&self, run: RunId, attempt: Attempt, now: Timestamp) -> StepInfo {
        let backend = self.backend.borrow();
        StepInfo {
            run,
            workflow: self.workflow.clone(),
            revision: self.revision.clone(),
            run_started_at: self.started_at,
            key: idempotency_key(backend.seed(), &attempt.path),
            edited_input: backend.edited_input(&attempt.path),
            path: attempt.path,
            attempt: attempt.number,
            attempts: attempt.of,
            started_at: now,
            deadline: attempt.deadline,
            last_heartbeat: attempt.details,
        }
    }
}
