//! Looking at runs and sending to them, from the process that drives them or any other.

mod answers;
mod control;
mod explain;
mod fork;
mod handle;
mod known;
mod outbox;
mod progress;
mod purge;
mod view;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

pub use answers::{Answer, EventView};
pub use control::Reason;
pub use explain::{Explanation, Moment, Wait};
pub use fork::Fork;
pub use handle::RunHandle;
pub(crate) use known::Known;
pub use outbox::{Outbox, StartIn};
pub use progress::{ProgressItem, ProgressStream};
pub use view::{EntryView, ForkOrigin, LimitView, RunView, WaitingFor};

use crate::driver::Hub;
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{
    Delivered, Entry, EventKey, NewEvent, Query, Reply, RunCursor, RunFilter, RunRow, Store,
    Transaction,
};
use crate::workflow::Workflow;

/// A view of the runs in a store, and a way to send to them. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    /// Tells the driver of this process that a run has mail.
    nudge: Arc<dyn Fn(RunId) + Send + Sync>,
    /// Nothing, in a process that has no workflows.
    known: Option<Known>,
}

/// What goes with an event besides its payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendEvent {
    /// Only waits with this key take it.
    pub key: Option<String>,
    /// The sender's id for the event: a second delivery is acknowledged and dropped.
    pub event_id: Option<String>,
}

/// A page of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPage {
    /// The runs, newest first; without what they wait for.
    pub items: Vec<RunView>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<RunCursor>,
}

impl Client {
    /// A client of a store that another process drives.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let hub = Arc::new(Hub::default());
        let hinted = Arc::downgrade(&hub);
        store.on_hint(Box::new(move || {
            if let Some(hub) = hinted.upgrade() {
                hub.all_changed();
            }
        }));
        Self { store, hub, nudge: Arc::new(|_| {}), known: None }
    }

    /// The same client, checking the payloads of events for runs of `workflow`.
    #[must_use]
    pub fn checking(self, workflow: impl Workflow + Send + Sync) -> Self {
        Self { known: Some(Known::of(workflow)), ..self }
    }

    pub(crate) fn driving(
        store: Arc<dyn Store>,
        hub: Arc<Hub>,
        nudge: Arc<dyn Fn(RunId) + Send + Sync>,
        known: Known,
    ) -> Self {
        Self { store, hub, nudge, known: Some(known) }
    }

    #[cfg(feature = "testkit")]
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// A run as it stands, with what it waits for.
    pub async fn run(&self, run: RunId) -> Result<Option<RunView>> {
        let (reply, answer) = Reply::channel();
        self.store.query(Query::Run(run, reply));
        let Some((row, open)) = answer.await? else { return Ok(None) };
        let owned = row.owner.is_some();
        let mut view = self.view(row, &open);
        if let Some(known) = &self.known {
            view.tell_who_holds(owned, &open, &*known.serves);
        }
        Ok(Some(view))
    }

    /// The view of a row and its open entries, with what is known of the run's workflow.
    fn view(&self, row: RunRow, open: &[Entry]) -> RunView {
        let changed = self.known.as_ref().and_then(|known| (known.changed)(&row));
        RunView { changed, ..RunView::new(row, open) }
    }

    /// What a run last let others see of itself by [`Context::publish`](crate::Context::publish);
    /// none before it said anything. It is read from the store: a run that only waits is not
    /// woken by it.
    ///
    /// ```
    /// # use flowcrate::{Client, Error, Result, RunId};
    /// # async fn page(client: &Client, run: RunId) -> Result<u32> {
    /// let report: Option<serde_json::Value> = client.published(run).await?;
    /// # Ok(report.and_then(|report| report["page"].as_u64()).unwrap_or(0) as u32)
    /// # }
    /// ```
    pub async fn published<T: DeserializeOwned>(&self, run: RunId) -> Result<Option<T>> {
        let (reply, answer) = Reply::channel();
        self.store.query(Query::Run(run, reply));
        let (row, _) = answer.await?.ok_or(Error::UnknownRun(run))?;
        let decode = |value: Payload| {
            value.decode().map_err(|error| Error::codec("what the run published", &error))
        };
        row.published.map(decode).transpose()
    }

    /// Runs, the one that was started last first. The page goes on where `cursor` says.
    pub async fn runs(&self, filter: RunFilter, cursor: Option<RunCursor>) -> Result<RunPage> {
        let limit = filter.limit;
        let (reply, answer) = Reply::channel();
        let cursor = cursor.or(filter.cursor);
        // One more than asked for tells whether there is a next page.
        let wanted = if limit == 0 { 0 } else { limit.saturating_add(1) };
        let filter = RunFilter { cursor, limit: wanted, ..filter };
        self.store.query(Query::Runs(Box::new(filter), reply));
        let mut rows = answer.await?;
        let more = limit != 0 && rows.len() > limit;
        if more {
            rows.truncate(limit);
        }
        let next_cursor = rows.last().filter(|_| more).map(RunCursor::of);
        Ok(RunPage {
            items: rows.into_iter().map(|row| self.view(row, &[])).collect(),
            next_cursor,
        })
    }

    /// The run's whole journal: outcomes in the order in which the function saw them, then the
    /// rest.
    pub async fn journal(&self, run: RunId) -> Result<Vec<EntryView>> {
        let (reply, answer) = Reply::channel();
        self.store.query(Query::Journal(run, reply));
        let entries = answer.await?.ok_or(Error::UnknownRun(run))?;
        Ok(entries.into_iter().map(EntryView::from).collect())
    }

    /// Sends an event to a run. Once this returns, it is durable. A payload that the run could
    /// not read is refused.
    pub async fn send_event(
        &self,
        run: RunId,
        name: &str,
        payload: Value,
        options: SendEvent,
    ) -> Result<()> {
        if let Some(Known { check, .. }) = &self.known {
            let (reply, row) = Reply::channel();
            self.store.query(Query::Run(run, reply));
            let (row, _) = row.await?.ok_or(Error::UnknownRun(run))?;
            check(&row.workflow, &row.revision, name, &payload)?;
        }
        let event = NewEvent {
            run,
            event: EventKey { name: name.to_owned(), key: options.key },
            event_id: options.event_id,
            payload: Payload::from(&payload),
            at: self.store.now(),
        };
        let nudge = Arc::clone(&self.nudge);
        let (told, answer) = Reply::channel();
        // The run is woken even if the caller stops waiting.
        let reply = Reply::new(move |delivered| {
            if delivered == Ok(Delivered::Accepted) {
                nudge(run);
            }
            told.send(delivered);
        });
        self.store.submit(Transaction::Event(Box::new(event), reply));
        match answer.await? {
            Delivered::Accepted | Delivered::Duplicate => Ok(()),
            Delivered::UnknownRun => Err(Error::UnknownRun(run)),
            Delivered::Finished => Err(Error::Finished(run)),
            Delivered::Undeclared => Err(Error::UndeclaredEvent(name.to_owned())),
        }
    }

    /// Follows a run.
    pub fn watch(&self, run: RunId) -> Watch {
        Watch { client: self.clone(), run, changes: self.hub.watch(run), seen: None }
    }

    /// Is told only of what may be a run's end, with its output if it completes.
    fn watch_stops(&self, run: RunId) -> watch::Receiver<Option<Payload>> {
        self.hub.watch_stops(run)
    }
}

/// A run's views, one after the other.
pub struct Watch {
    client: Client,
    run: RunId,
    changes: watch::Receiver<()>,
    seen: Option<RunView>,
}

impl Watch {
    /// Waits until the run, or a step of it, may have changed since the last call.
    pub async fn changed(&mut self) -> Result<()> {
        self.changes.changed().await.map_err(|_| Error::Closed)
    }

    /// The run as it stands, then each time that it has changed; `None` after its end, or if
    /// there is no such run.
    pub async fn next(&mut self) -> Result<Option<RunView>> {
        loop {
            if self.seen.as_ref().is_some_and(|seen| seen.state.is_final()) {
                return Ok(None);
            }
            // Marked before the look, so that a change after it is noticed.
            self.changes.mark_unchanged();
            let Some(view) = self.client.run(self.run).await? else { return Ok(None) };
            if self.seen.as_ref() != Some(&view) {
                self.seen = Some(view.clone());
                return Ok(Some(view));
            }
            self.changes.changed().await.map_err(|_| Error::Closed)?;
        }
    }
}
