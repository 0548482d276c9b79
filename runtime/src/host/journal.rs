//! Where a workflow's journal lies, and who opens it how.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::{Host, Trouble};
use crate::client::{Client, RunView};
use crate::driver::{Engine, EngineBuilder};
use crate::error::{Error, Result};
use crate::sqlite::{OpenError, SqliteStore};
use crate::store::{NewRun, Reply, Started, Store, Transaction};
use crate::workflow::Definition;
use crate::{Payload, RunId, Timestamp};

/// The file of a workflow's journal.
pub(super) struct Journal {
    path: PathBuf,
}

impl Journal {
    pub(super) fn new(directory: &Path, workflow: &str) -> Self {
        // Names of workflows are any text; names of files are not.
        let plain = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '_' };
        let name: String = workflow.chars().map(plain).collect();
        Self { path: directory.join(format!("{name}.db")) }
    }

    /// Opens it for driving; `None` if another process drives it.
    pub(super) fn driver(&self) -> Result<Option<SqliteStore>, Trouble> {
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory)
                .map_err(|error| Trouble::failed(format!("{}: {error}", directory.display())))?;
        }
        match SqliteStore::open(&self.path) {
            Ok(store) => Ok(Some(store)),
            Err(OpenError::Driven { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens it for asking; `None` if there is no journal yet.
    pub(super) fn client(&self) -> Result<Option<SqliteStore>, Trouble> {
        if !self.path.exists() {
            return Ok(None);
        }
        SqliteStore::client(&self.path).map(Some).map_err(Trouble::from)
    }

    /// Everything that is wrong with it.
    pub(super) fn check(&self) -> Result<Vec<String>, Trouble> {
        SqliteStore::check(&self.path).map_err(Trouble::from)
    }

    /// Whether some process drives it.
    pub(super) fn is_driven(&self) -> bool {
        SqliteStore::is_driven(&self.path)
    }

    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// An engine that drives the host's workflow over a store.
pub(super) async fn engine(host: Host, store: &SqliteStore) -> Result<Engine> {
    engine_with(host, store, |builder| builder).await
}

/// The same, set up further.
pub(super) async fn engine_with(
    host: Host,
    store: &SqliteStore,
    set_up: impl FnOnce(EngineBuilder) -> EngineBuilder,
) -> Result<Engine> {
    set_up((host.register)(Engine::builder().store(store.clone()))).build().await
}

/// Says of which runs the function was changed since they were started.
pub(super) fn tell_of_changes<'r>(runs: impl IntoIterator<Item = &'r RunView>) {
    let mut said: BTreeMap<&str, (RunId, usize)> = BTreeMap::new();
    for run in runs {
        if let Some(changed) = &run.changed {
            said.entry(changed).or_insert((run.id, 0)).1 += 1;
        }
    }
    for (changed, (first, count)) in said {
        let others = if count > 1 { format!(" and {} others", count - 1) } else { String::new() };
        eprintln!("warning: run {first}{others}: {changed}");
    }
}

/// A client of a store that another process drives.
pub(super) fn client(store: &SqliteStore) -> Client {
    Client::new(Arc::new(store.clone()))
}

/// A run that whoever drives the journal will take.
pub(super) fn new_run(
    (definition, fingerprint): (&Definition, Option<&str>),
    input: &Value,
    key: Option<String>,
    at: Timestamp,
) -> Result<NewRun> {
    let input = Payload::from(input);
    let canonical = input.canonical().map_err(|error| Error::codec("the input", &error))?;
    let (name, revision) = (definition.name.as_str(), definition.revision.as_str());
    Ok(NewRun {
        key,
        fingerprint: fingerprint.map(Arc::from),
        events: definition.events.iter().map(|event| event.name.clone()).collect(),
        ..NewRun::new(name, revision, input, canonical.hash(), at)
    })
}

/// Starts a run for the process that drives the journal.
pub(super) async fn start(store: &SqliteStore, run: NewRun) -> Result<RunId> {
    let (id, hash, key) = (run.id, run.input_hash, run.key.clone());
    let (reply, started) = Reply::channel();
    store.submit(Transaction::Start(Box::new(run), reply));
    match started.await? {
        Started::New | Started::InLine => Ok(id),
        Started::Existing { id, input_hash } if input_hash == hash => Ok(id),
        Started::Existing { id, .. } => {
            Err(Error::KeyReused { key: key.unwrap_or_default(), run: id })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_makes_a_file() {
        let path = |name| Journal::new(Path::new("d"), name).name();
        assert_eq!(path("order-intake"), "d/order-intake.db");
        assert_eq!(path("../a b/é"), "d/___a_b_é.db");
    }
}
