//! What every handler shares.

use std::sync::Arc;

use bytes::Bytes;
use flowcrate_codegen::Diagnostic;
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::compiler::Compiler;
use crate::draft;
use crate::error::Error;
use crate::registry::Registry;
use crate::runs::Runs;
use crate::store::{Draft, Store};

/// The server's parts. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Workflows.
    pub store: Store,
    /// The compiler with its catalogue.
    pub compiler: Arc<Compiler>,
    /// Runs.
    pub runs: Runs,
    /// Published crates.
    pub registry: Arc<Registry>,
    /// The time.
    pub clock: Clock,
    /// Becomes true when the server stops, so that endless answers end.
    pub stopping: watch::Receiver<bool>,
    schedules: Arc<Notify>,
}

impl App {
    /// Joins the parts.
    pub fn new(
        store: Store,
        compiler: Arc<Compiler>,
        runs: Runs,
        registry: Registry,
        (clock, stopping): (Clock, watch::Receiver<bool>),
    ) -> Self {
        let (registry, schedules) = (Arc::new(registry), Arc::new(Notify::new()));
        Self { store, compiler, runs, registry, clock, stopping, schedules }
    }

    /// Checks a graph and makes what the store keeps of it, on a thread that may take its time;
    /// what is wrong with it where that is an error.
    pub async fn draft(&self, source: Bytes) -> Result<Result<Draft, Vec<Diagnostic>>, Error> {
        let linked = self.store.linked(&source).await?;
        let (compiler, now) = (Arc::clone(&self.compiler), self.clock.now());
        blocking(move || {
            let (checked, diagnostics) = compiler.check(&source, &linked.documents);
            let Some(checked) = checked else { return Ok(Err(diagnostics)) };
            draft::draft((&source, &linked), &checked, &diagnostics, now).map(Ok)
        })
        .await?
    }

    /// Says that a schedule came, went or changed.
    pub fn schedules_changed(&self) {
        self.schedules.notify_one();
    }

    /// Waits until a schedule came, went or changed.
    pub async fn schedule_change(&self) {
        self.schedules.notified().await;
    }
}

/// Runs what would hold up other requests on a thread of its own.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Engine(error.to_string()))
}
