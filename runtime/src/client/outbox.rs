//! Starts and events in a transaction of the application's own: an outbox (R32).

use std::sync::Arc;

use serde_json::Value;

use super::{Client, SendEvent};
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::journaled::RunValue;
use crate::payload::Payload;
use crate::store::{Delivered, EventKey, NewEvent, NewRun, Outgoing, Sent, Started, Store};
use crate::workflow::Workflow;

/// A transaction that the application has begun on a connection of its own to the journal's
/// database: `&rusqlite::Transaction`, `&sqlite::Tx`, `&tokio_postgres::Transaction`.
pub trait Outbox: Sized {
    /// How it answers: with a result, or with a future of one.
    type Answer<T: Send + 'static>;

    /// Writes what goes out, and answers with what `read` makes of the store's answer.
    #[doc(hidden)]
    fn put<T: Send + 'static>(
        self,
        store: &Arc<dyn Store>,
        outgoing: Result<Outgoing>,
        read: impl FnOnce(Sent) -> Result<T> + Send + 'static,
    ) -> Self::Answer<T>;
}

/// A start that goes out with a transaction; [`send`](Self::send) writes it there.
#[must_use = "nothing is started before `send`"]
pub struct StartIn<E> {
    client: Client,
    tx: E,
    run: Result<NewRun>,
}

impl<E: Outbox> StartIn<E> {
    /// Makes the start idempotent, as [`Start::key`](crate::Start::key) does.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.amend(|run| run.key = Some(key.into()))
    }

    /// Files the run under a name, so that it is [found](crate::RunFilter::tags) again.
    pub fn tag(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.amend(|run| drop(run.tags.insert(name.into(), value.into())))
    }

    /// Which of its workflow's limits it comes under, as
    /// [`Start::limit_key`](crate::Start::limit_key) does.
    pub fn limit_key(self, key: impl Into<String>) -> Self {
        self.amend(|run| run.limit_key = Some(key.into()))
    }

    /// How urgent it is, as [`Start::priority`](crate::Start::priority) does.
    pub fn priority(self, priority: i32) -> Self {
        self.amend(|run| run.priority = priority)
    }

    fn amend(mut self, change: impl FnOnce(&mut NewRun)) -> Self {
        if let Ok(run) = &mut self.run {
            change(run);
        }
        self
    }

    /// Writes it into the transaction: the run's id. It is there, and begins, once that commits.
    pub fn send(self) -> E::Answer<RunId> {
        let Self { client, tx, run } = self;
        let run = match run {
            Ok(run) => run,
            Err(error) => return tx.put(&client.store, Err(error), |_| Err(Error::Closed)),
        };
        let (id, hash, key) = (run.id, run.input_hash, run.key.clone());
        tx.put(&client.store, Ok(Outgoing::Start(Box::new(run))), move |sent| match sent {
            Sent::Started(Started::Existing { id: run, input_hash }) if input_hash != hash => {
                Err(Error::KeyReused { key: key.unwrap_or_default(), run })
            }
            Sent::Started(Started::Existing { id, .. }) => Ok(id),
            Sent::Started(Started::New | Started::InLine) | Sent::Delivered(_) => Ok(id),
        })
    }
}

impl Client {
    /// Starts a run in a transaction of the application's own, on its own connection to the
    /// journal's database: together with the rows that it writes, or not at all. A worker takes the
    /// run up after the commit.
    ///
    /// The run is in the workflow's own revision. Nobody checks that a worker has that.
    ///
    /// ```
    /// # use flowcrate::{Client, Context, Result, RunId, workflow};
    /// # #[workflow]
    /// # async fn ship(_ctx: Context, item: String) -> Result<String> { Ok(item) }
    /// fn order(client: &Client, tx: &rusqlite::Transaction<'_>, item: &str) -> Result<RunId> {
    ///     let add = "INSERT INTO orders (item) VALUES (?)";
    ///     tx.execute(add, [item]).expect("an order");
    ///     client.start_in(tx, Ship, item.to_owned()).key(format!("ship {item}")).send()
    /// }
    /// ```
    #[allow(clippy::needless_pass_by_value, reason = "as `Engine::start` takes them")]
    pub fn start_in<E: Outbox, W: Workflow>(
        &self,
        tx: E,
        workflow: W,
        input: W::Input,
    ) -> StartIn<E> {
        let run = self.outgoing_run(&workflow, &input);
        StartIn { client: self.clone(), tx, run }
    }

    fn outgoing_run<W: Workflow>(&self, workflow: &W, input: &W::Input) -> Result<NewRun> {
        let unfit = |error| Error::codec("the input", &error);
        let payload = input.to_payload().map_err(unfit)?;
        let hash = payload.canonical().map_err(unfit)?.hash();
        let definition = workflow.definition();
        let (name, revision) = (definition.name, definition.revision);
        Ok(NewRun {
            fingerprint: workflow.fingerprint().map(Arc::from),
            events: definition.events.into_iter().map(|event| event.name).collect(),
            limit_key: workflow.limit_key(input),
            ..NewRun::new(name, revision, payload, hash, self.store.now())
        })
    }

    /// Sends an event in a transaction of the application's own. What
    /// [`send_event`](Self::send_event) refuses is refused here, too, and nothing is written. Until
    /// the commit the run neither ends nor takes other mail: commit soon.
    pub fn signal_in<E: Outbox>(
        &self,
        tx: E,
        run: RunId,
        name: &str,
        payload: Value,
        options: SendEvent,
    ) -> E::Answer<()> {
        let event = NewEvent {
            run,
            event: EventKey { name: name.to_owned(), key: options.key },
            event_id: options.event_id,
            payload: Payload::from(&payload),
            at: self.store.now(),
        };
        let (check, of) = (self.known.clone(), name.to_owned());
        let check = move |workflow: &str, revision: &str| match &check {
            Some(known) => (known.check)(workflow, revision, &of, &payload),
            None => Ok(()),
        };
        let name = name.to_owned();
        let outgoing = Outgoing::Event(Box::new(event), Box::new(check));
        tx.put(&self.store, Ok(outgoing), move |sent| match sent {
            Sent::Delivered(Delivered::UnknownRun) => Err(Error::UnknownRun(run)),
            Sent::Delivered(Delivered::Finished) => Err(Error::Finished(run)),
            Sent::Delivered(Delivered::Undeclared) => Err(Error::UndeclaredEvent(name)),
            Sent::Delivered(Delivered::Accepted | Delivered::Duplicate) | Sent::Started(_) => {
                Ok(())
            }
        })
    }
}
