//! A run by its type: its result, what it publishes, and what can be asked of it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

use super::{Client, Reason, RunView, SendEvent};
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::journaled::{Read, RunValue};
use crate::payload::Payload;
use crate::store::{Query, Reply, RunFilter, RunState};
use crate::workflow::Workflow;

/// A run that was started, with the type of its output. Cheap to clone.
///
/// ```
/// use flowcrate::{Context, Engine, Result, store::MemoryStore, workflow};
///
/// #[workflow(name = "double")]
/// async fn double(ctx: Context, number: i64) -> Result<i64> {
///     ctx.publish("nearly there")?;
///     Ok(number * 2)
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let engine = Engine::builder().store(MemoryStore::new()).register(Double).build().await?;
/// let run = engine.start(Double, 21).key("the-answer").tag("customer", "7").await?;
/// assert_eq!(run.result().await?, 42);
///
/// // Somewhere else, later: by its id, or by its key.
/// let same = engine.handle::<Double>(run.id());
/// assert_eq!(same.published::<String>().await?.as_deref(), Some("nearly there"));
/// let attached = engine.attach(Double, "the-answer").await?.unwrap();
/// assert_eq!(attached.id(), run.id());
/// # Ok::<(), flowcrate::Error>(())
/// # }).unwrap();
/// ```
pub struct RunHandle<T> {
    id: RunId,
    client: Client,
    /// What has happened since before its first write, where it was started here.
    stops: Option<watch::Receiver<Option<Payload>>>,
    read: Read<T>,
}

impl Client {
    /// A run of `W` by its id, which is not looked up: a run of another workflow shows when its
    /// output does not fit.
    pub fn handle<W: Workflow>(&self, run: RunId) -> RunHandle<W::Output> {
        RunHandle::new(run, self.clone(), W::Output::from_payload)
    }

    /// The run of a workflow that was started with this key, in whatever revision, if there is one.
    pub async fn attach<W: Workflow>(
        &self,
        workflow: W,
        key: &str,
    ) -> Result<Option<RunHandle<W::Output>>> {
        let filter = RunFilter {
            workflow: Some(workflow.definition().name),
            key: Some(key.to_owned()),
            limit: 1,
            ..RunFilter::default()
        };
        let (reply, rows) = Reply::channel();
        self.store.query(Query::Runs(Box::new(filter), reply));
        let found = rows.await?.into_iter().next();
        Ok(found.map(|row| RunHandle::new(row.id, self.clone(), W::Output::from_payload)))
    }
}

impl<T> RunHandle<T> {
    pub(crate) fn new(id: RunId, client: Client, read: Read<T>) -> Self {
        Self { id, client, stops: None, read }
    }

    /// A run that was just started, and watched before that.
    pub(crate) fn started(
        id: RunId,
        client: Client,
        read: Read<T>,
        stops: watch::Receiver<Option<Payload>>,
    ) -> Self {
        Self { stops: Some(stops), ..Self::new(id, client, read) }
    }

    /// The run's id.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// The client that it asks.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The run as it stands.
    pub async fn view(&self) -> Result<RunView> {
        self.client.run(self.id).await?.ok_or(Error::UnknownRun(self.id))
    }

    /// What the run last let others see of itself; see [`Client::published`].
    pub async fn published<P: DeserializeOwned>(&self) -> Result<Option<P>> {
        self.client.published(self.id).await
    }

    /// Sends an event; see [`Client::send_event`].
    pub async fn send_event(&self, name: &str, payload: Value, options: SendEvent) -> Result<()> {
        self.client.send_event(self.id, name, payload, options).await
    }

    /// Asks that the run be cancelled; see [`Client::cancel`].
    pub async fn cancel(&self, reason: impl Into<Reason>) -> Result<()> {
        self.client.cancel(self.id, reason).await
    }
}

impl<T> Clone for RunHandle<T> {
    fn clone(&self) -> Self {
        Self { stops: self.stops.clone(), ..Self::new(self.id, self.client.clone(), self.read) }
    }
}

impl<T> RunHandle<T> {
    /// The run's output, once it has ended; [`Error::Paused`] if it comes to a stand.
    pub async fn result(&self) -> Result<T> {
        // Subscribed before the look, so that a change after it is noticed.
        let mut stops = self.stops.clone().unwrap_or_else(|| self.client.watch_stops(self.id));
        loop {
            if let Some(output) = &*stops.borrow_and_update() {
                return (self.read)(output).map_err(|error| Error::codec("the output", &error));
            }
            if let Some(result) = self.look().await? {
                return result;
            }
            if stops.changed().await.is_err() && stops.borrow().is_none() {
                // Nobody here drives it any more; it may have ended before that.
                return self.look().await?.unwrap_or(Err(Error::Closed));
            }
        }
    }

    /// The run's result, if the store has one.
    async fn look(&self) -> Result<Option<Result<T>>> {
        let view = self.view().await?;
        Ok(Some(match view.state {
            RunState::Completed => {
                let output = Payload::from(&view.output.unwrap_or_default());
                (self.read)(&output).map_err(|error| Error::codec("the output", &error))
            }
            RunState::Cancelled => Err(view.failure.map_or(Error::Cancelled, Error::Failed)),
            RunState::Failed => Err(view.failure.map_or(Error::Closed, Error::Failed)),
            RunState::Paused => Err(view.failure.map_or(Error::Closed, Error::Paused)),
            RunState::Pending | RunState::Running | RunState::Waiting => return Ok(None),
        }))
    }
}
