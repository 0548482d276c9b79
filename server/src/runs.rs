//! Runs: the durable engine, and the revisions that it drives by interpretation.
//!
//! The engine knows a workflow by its id, so that a rename or a reused name never mixes runs up.
//! A revision is registered when a run of it starts, and at start-up where it has unfinished runs.

mod input;
mod limits;
mod start;
mod views;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flowcrate::sqlite::{OpenError, SqliteStore};
use flowcrate::{Client, Engine, Retention, RunFilter, RunState};

use crate::app::blocking;
use crate::compiler::Compiler;
use crate::error::Error;
use crate::interpret::{Interpreted, Plan};
use crate::store::Store;

pub use input::{Misfit, run_input};
pub use start::{Start, StartError};
pub use views::{RunDocument, RunSummary, StepDocument};
pub use watch::Changes;

/// Runs that start-up looks at together.
const PAGE: usize = 500;

/// The plans of registered revisions, by workflow id and revision.
type Plans = BTreeMap<(String, String), Arc<Plan>>;

/// The server's runs. Cheap to clone.
#[derive(Clone)]
pub struct Runs(Arc<Inner>);

struct Inner {
    engine: Engine,
    client: Client,
    store: Store,
    compiler: Arc<Compiler>,
    plans: Mutex<Plans>,
}

impl Runs {
    /// Opens the journal and takes up unfinished runs.
    pub async fn open(
        journal: &Path,
        store: Store,
        compiler: Arc<Compiler>,
        retention: Option<Duration>,
    ) -> Result<Self, Error> {
        let journal = open_journal(journal)?;
        // Runs of workflows that are deleted, or that nothing has registered yet, are ours, too.
        let retention = retention.map(Retention::of).unwrap_or_default().of_the_whole_store();
        let builder = Engine::builder().store(journal).retention(retention);
        let engine = builder.build().await.map_err(self::engine)?;
        let client = engine.client();
        let runs =
            Self(Arc::new(Inner { engine, client, store, compiler, plans: Mutex::default() }));
        runs.resume().await?;
        Ok(runs)
    }

    /// Lets bodies in flight finish for a moment, then closes the journal.
    pub async fn shutdown(&self) {
        self.0.engine.shutdown().await;
    }

    /// The engine's client, for reading and sending.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// The plan of a revision, registered with the engine; `None` where it was never stored.
    pub async fn plan(&self, id: &str, revision: &str) -> Result<Option<Arc<Plan>>, Error> {
        let key = (id.to_owned(), revision.to_owned());
        if let Some(plan) = self.plans().get(&key) {
            return Ok(Some(Arc::clone(plan)));
        }
        let Some(plan) = self.compiled(id, revision).await? else { return Ok(None) };
        self.learn_limits(id, revision, &plan).await?;
        // Two requests may have compiled it; the engine takes the first one only.
        let mut plans = self.plans();
        if let Some(plan) = plans.get(&key) {
            return Ok(Some(Arc::clone(plan)));
        }
        self.0.engine.register(self.interpreted(id, revision, &plan)).map_err(engine)?;
        plans.insert(key, Arc::clone(&plan));
        Ok(Some(plan))
    }

    /// The plan of a revision; `None` where it was never stored.
    async fn compiled(&self, id: &str, revision: &str) -> Result<Option<Arc<Plan>>, Error> {
        let Some(graph) = self.0.store.revision_graph(id, revision).await? else { return Ok(None) };
        let pinned = self.0.store.pinned(id, revision).await?;
        let compiler = Arc::clone(&self.0.compiler);
        let done = blocking(move || compiler.plan(graph.as_bytes(), &pinned)).await?;
        let Ok(plan) = done else {
            // It compiled when it was stored, so this server is another one.
            tracing::error!(workflow = id, revision, "a stored revision no longer compiles");
            return Err(Error::Outdated { revision: revision.to_owned() });
        };
        Ok(Some(Arc::new(plan)))
    }

    fn interpreted(&self, id: &str, revision: &str, plan: &Arc<Plan>) -> Interpreted {
        Interpreted::new(id, revision, Arc::clone(plan)).under(&self.0.compiler.limits)
    }

    /// Registers every revision with unfinished runs, which takes them up.
    async fn resume(&self) -> Result<(), Error> {
        for (id, revision) in self.unfinished().await? {
            match self.plan(&id, &revision).await {
                // Runs of an outdated one wait for a server that can drive them.
                Ok(Some(_)) | Err(Error::Outdated { .. }) => {}
                Ok(None) => {
                    tracing::warn!(
                        workflow = id,
                        revision,
                        "runs of a revision that is not stored"
                    );
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The revisions with unfinished runs.
    async fn unfinished(&self) -> Result<BTreeSet<(String, String)>, Error> {
        let states = RunState::OPEN.to_vec();
        let filter = RunFilter { states, limit: PAGE, ..RunFilter::default() };
        let (mut found, mut cursor) = (BTreeSet::new(), None);
        loop {
            let page = self.client().runs(filter.clone(), cursor).await.map_err(engine)?;
            found.extend(page.items.into_iter().map(|run| (run.workflow, run.revision)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn plans(&self) -> std::sync::MutexGuard<'_, Plans> {
        // The map is whole after every statement, so a panic elsewhere leaves it sound.
        self.0.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a journal for driving.
pub(crate) fn open_journal(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open(path).map_err(|error| match error {
        OpenError::Driven { path } => Error::Held { path },
        other => engine(other),
    })
}

pub(crate) fn engine(error: impl std::fmt::Display) -> Error {
    Error::Engine(error.to_string())
}
