//! What a step body knows about its attempt.

use std::sync::Arc;

use tokio::sync::watch;

use crate::ids::RunId;

/// A step body's view of the attempt that it makes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StepContext {
    info: Arc<StepInfo>,
    cancelled: watch::Receiver<bool>,
}

#[derive(Debug)]
pub(crate) struct StepInfo {
    pub(crate) run: RunId,
    pub(crate) path: Arc<str>,
    pub(crate) attempt: u32,
    pub(crate) key: String,
}

impl StepContext {
    pub(crate) fn new(info: StepInfo) -> (Self, CancelToken) {
        let (sender, cancelled) = watch::channel(false);
        (Self { info: Arc::new(info), cancelled }, CancelToken(sender))
    }

    /// A context outside of any run, for calling a step's function directly, as its tests do.
    pub fn detached(path: &str) -> Self {
        let run = RunId::new();
        let key = format!("{run}/{path}");
        Self::new(StepInfo { run, path: path.into(), attempt: 1, key }).0
    }

    /// The run's id.
    pub fn run_id(&self) -> RunId {
        self.info.run
    }

    /// The step's path in the run, `each_item[3]/charge`.
    pub fn path(&self) -> &str {
        &self.info.path
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.info.attempt
    }

    /// A key for the other side: the same for every attempt of this step, and no other's.
    pub fn idempotency_key(&self) -> &str {
        &self.info.key
    }

    /// Whether the outcome is no longer wanted.
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Comes when the outcome is no longer wanted; the body has a moment left to clean up.
    pub async fn cancelled(&self) {
        let mut cancelled = self.cancelled.clone();
        if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
            // Nobody is left who could cancel it.
            std::future::pending::<()>().await;
        }
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
