//! What a step body knows about its attempt, and what it can tell of it.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::driver::Link;
use crate::failure::{ErrorClass, StepError};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::values::Timestamp;

/// A step body's view of the attempt that it makes. Cheap to clone.
///
/// ```
/// use flowcrate::{StepContext, StepError, step};
///
/// /// Imports a long list; an attempt goes on where the one before was cut short.
/// #[step]
/// async fn import(step: StepContext, rows: Vec<String>) -> Result<usize, StepError> {
///     let done: usize = step.last_heartbeat().unwrap_or(0);
///     for (index, _row) in rows.iter().enumerate().skip(done) {
///         // … imports the row, then says so; ends here once nobody wants the outcome any more.
///         step.heartbeat(&(index + 1)).await?;
///     }
///     Ok(rows.len())
/// }
/// ```
#[derive(Clone)]
pub struct StepContext {
    info: Arc<StepInfo>,
    cancelled: watch::Receiver<bool>,
    pub(super) link: Option<Arc<Link>>,
}

pub(crate) struct StepInfo {
    pub(crate) run: RunId,
    pub(crate) workflow: Arc<str>,
    pub(crate) revision: Arc<str>,
    pub(crate) run_started_at: Timestamp,
    pub(crate) path: Arc<str>,
    pub(crate) attempt: u32,
    pub(crate) attempts: u32,
    pub(crate) started_at: Timestamp,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) key: String,
    pub(crate) last_heartbeat: Option<Payload>,
    /// The input that a fork gives the step instead of its function's.
    pub(crate) edited_input: Option<Payload>,
}

impl StepContext {
    pub(crate) fn new(info: StepInfo, link: Option<Arc<Link>>) -> (Self, CancelToken) {
        let (sender, cancelled) = watch::channel(false);
        (Self { info: Arc::new(info), cancelled, link }, CancelToken(sender))
    }

    /// The input that a fork gives the step.
    pub(super) fn edited_input(&self) -> Option<&Payload> {
        self.info.edited_input.as_ref()
    }

    /// A context outside of any run, for calling a step's function directly, as its tests do.
    pub fn detached(path: &str) -> Self {
        let run = RunId::new();
        let info = StepInfo {
            run,
            workflow: "detached".into(),
            revision: "1".into(),
            run_started_at: Timestamp(0),
            path: path.into(),
            attempt: 1,
            attempts: 1,
            started_at: Timestamp(0),
            deadline: None,
            key: format!("{run}/{path}"),
            last_heartbeat: None,
            edited_input: None,
        };
        Self::new(info, None).0
    }

    /// The run's id.
    pub fn run_id(&self) -> RunId {
        self.info.run
    }

    /// Name of the run's workflow.
    pub fn workflow(&self) -> &str {
        &self.info.workflow
    }

    /// Revision of the run's workflow.
    pub fn revision(&self) -> &str {
        &self.info.revision
    }

    /// When the run was started.
    pub fn run_started_at(&self) -> Timestamp {
        self.info.run_started_at
    }

    /// The step's path in the run, `each_item[3]/charge`.
    pub fn path(&self) -> &str {
        &self.info.path
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.info.attempt
    }

    /// How many attempts the policy grants in all.
    pub fn max_attempts(&self) -> u32 {
        self.info.attempts
    }

    /// When this attempt began.
    pub fn started_at(&self) -> Timestamp {
        self.info.started_at
    }

    /// When this attempt will have taken too long.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.info.deadline
    }

    /// A key for the other side: the same for every attempt of this step, and no other's.
    pub fn idempotency_key(&self) -> &str {
        &self.info.key
    }

    /// How often a worker had taken the run up when this attempt began; 0 outside of any run. A body
    /// of a worker that was stopped for so long that another one has taken its run over may go on
    /// beside that one's, and has a lower epoch: an outside that remembers the highest one that it
    /// saw of a run can refuse it.
    pub fn epoch(&self) -> u64 {
        self.link.as_ref().map_or(0, |link| link.epoch())
    }

    /// Gives a sign of life, with details for an attempt that may follow. A policy with a
    /// `heartbeat` takes a body for lost that gives none for so long.
    ///
    /// It costs next to nothing: the latest details go along with whatever the run writes next,
    /// or within a second or so. A crash may lose what came after that. Fails, so that the body
    /// ends, once nobody wants its outcome any more.
    pub async fn heartbeat<T: Serialize + ?Sized>(&self, details: &T) -> Result<(), StepError> {
        let details = Payload::encode(details).map_err(|error| {
            StepError::fatal("heartbeat", format!("the details have no JSON: {error}"))
        })?;
        if let Some(link) = &self.link {
            link.beat(details);
        }
        // A body that does nothing else lets others run.
        tokio::task::yield_now().await;
        if self.is_cancelled() {
            let message = "the outcome is no longer wanted";
            return Err(StepError::of_engine(ErrorClass::Retryable, "cancelled", message));
        }
        Ok(())
    }

    /// The details that an attempt before this one gave last, as far as they are durable; none
    /// on the first attempt, and none where they are no `T`.
    pub fn last_heartbeat<T: DeserializeOwned>(&self) -> Option<T> {
        self.info.last_heartbeat.as_ref()?.decode().ok()
    }

    /// Whether the outcome is no longer wanted.
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Comes when the outcome is no longer wanted; the body has a moment left to clean up.
    /// One that then cannot say whether it took effect fails with the code `unknown`: it is in
    /// doubt, and undone where its compensation asks for that.
    pub async fn cancelled(&self) {
        let mut cancelled = self.cancelled.clone();
        if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
            // Nobody is left who could cancel it.
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for StepContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StepContext")
            .field("run", &self.info.run)
            .field("path", &self.info.path)
            .field("attempt", &self.info.attempt)
            .finish_non_exhaustive()
    }
}

/// Cancels a step's body.
#[derive(Debug)]
pub(crate) struct CancelToken(watch::Sender<bool>);

impl CancelToken {
    pub(crate) fn cancel(&self) {
        self.0.send_replace(true);
    }
}
