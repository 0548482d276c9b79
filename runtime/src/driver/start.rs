//! Starting a run, and waiting for its result.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::{Engine, Message};
use crate::client::RunHandle;
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::journaled::Read;
use crate::payload::{InputHash, Payload};
use crate::store::{Loaded, NewRun, Reply, Started, StoreError, Transaction};

/// A start that is about to be made; awaiting it makes it.
#[must_use = "a run is started when this is awaited"]
pub struct Start<T> {
    engine: Engine,
    workflow: String,
    revision: String,
    input: Result<Payload>,
    key: Option<String>,
    tags: BTreeMap<String, String>,
    limit_key: Option<String>,
    priority: i32,
    read: Read<T>,
}

impl<T> Start<T> {
    pub(super) fn new(
        engine: Engine,
        workflow: String,
        revision: String,
        input: Result<Payload>,
        read: Read<T>,
    ) -> Self {
        let (key, tags) = (None, BTreeMap::new());
        let (limit_key, priority) = (None, 0);
        Self { engine, workflow, revision, input, key, tags, limit_key, priority, read }
    }

    /// Makes the start idempotent: the same workflow, key and input give the same run.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.maybe_key(Some(key.into()))
    }

    /// Files the run under a name, so that it is [found](crate::RunFilter::tags) again.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// By what the run counts under the [limit](crate::Limit) of its workflow: each key has slots
    /// and a rate of its own. Without one the workflow says it ([`crate::Workflow::limit_key`]), or
    /// it is the empty one.
    pub fn limit_key(self, key: impl Into<String>) -> Self {
        Self { limit_key: Some(key.into()), ..self }
    }

    /// How the run stands in the line of its workflow's limit: higher ones go first, 0 is what runs
    /// have that say nothing. A run is passed by those of the next higher priority that come within
    /// [a minute](crate::store::AGEING) after it, so that none waits for ever.
    pub fn priority(self, priority: i32) -> Self {
        Self { priority, ..self }
    }

    pub(super) fn maybe_key(self, key: Option<String>) -> Self {
        Self { key, ..self }
    }

    fn new_run(&self) -> Result<NewRun> {
        let inner = &self.engine.inner;
        let workflow = inner.registry.get(&self.workflow, &self.revision)?;
        let input = self.input.clone()?;
        let canonical = input.canonical().map_err(|error| Error::codec("the input", &error))?;
        let (name, revision) = (self.workflow.as_str(), self.revision.as_str());
        Ok(NewRun {
            key: self.key.clone(),
            fingerprint: workflow.fingerprint().map(Arc::from),
            events: workflow.definition().events.into_iter().map(|event| event.name).collect(),
            owner: (!inner.gauge.is_full()).then_some(inner.worker),
            tags: self.tags.clone(),
            limit_key: self.limit_key.clone().or_else(|| workflow.limit_key(&input)),
            priority: self.priority,
            ..NewRun::new(name, revision, input, canonical.hash(), inner.store.now())
        })
    }

    async fn start(self) -> Result<RunHandle<T>> {
        if self.engine.inner.hub.is_closed() {
            return Err(Error::Closed);
        }
        let run = self.new_run()?;
        let (id, hash) = (run.id, run.input_hash);
        let (told, answer) = oneshot::channel();
        let shard = self.engine.inner.shard.clone();
        let loaded = Loaded::first(run.clone());
        // From before its first write, so that whoever has the handle has the output, too.
        let stops = self.engine.inner.hub.watch_stops(id);
        let reply = Reply::new(move |started: Result<Started, StoreError>| {
            // The shard may begin as soon as the run is durable; the caller need not be awake.
            if matches!(started, Ok(Started::New | Started::InLine)) {
                let owned = loaded.row.owner.is_some() && started == Ok(Started::New);
                let id = loaded.row.id;
                let started = Message::Started(Box::new(loaded));
                // Without an owner it is claimed once there is room, or it has a slot.
                drop(shard.send(if owned { started } else { Message::Nudge(id) }));
            } else if let Err(error @ StoreError::Unknown(_)) = &started {
                // It may be there, and ours: released, it is driven by whoever claims it.
                let (run, epoch) = (loaded.row.id, loaded.row.epoch);
                drop(shard.send(Message::Written { run, epoch, written: Err(error.clone()) }));
            }
            drop(told.send(started));
        });
        self.engine.inner.store.submit(Transaction::Start(Box::new(run), reply));
        let started = answer.await.map_err(|_| Error::Closed)??;
        match started {
            Started::New | Started::InLine => {
                Ok(RunHandle::started(id, self.engine.client(), self.read, stops))
            }
            Started::Existing { id, input_hash } => {
                let id = self.existing(id, input_hash, hash)?;
                Ok(RunHandle::new(id, self.engine.client(), self.read))
            }
        }
    }

    fn existing(&self, run: RunId, recorded: InputHash, ours: InputHash) -> Result<RunId> {
        if recorded == ours {
            return Ok(run);
        }
        Err(Error::KeyReused { key: self.key.clone().unwrap_or_default(), run })
    }
}

impl<T: 'static> IntoFuture for Start<T> {
    type Output = Result<RunHandle<T>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}
