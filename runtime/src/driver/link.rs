//! What connects a step's body to the driver, while its attempt runs.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use super::Hub;
use super::shard::Message;
use crate::failure::{ErrorClass, StepError};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{Append, Appended, Reply, Store, Transaction};

/// The way of one attempt to its driver.
pub(crate) struct Link {
    pub(super) shard: Sender<Message>,
    pub(super) store: Arc<dyn Store>,
    pub(super) hub: Arc<Hub>,
    pub(super) run: RunId,
    pub(super) epoch: u64,
    pub(super) path: Arc<str>,
    pub(super) attempt: u32,
    /// Details that the driver has not fetched yet: however often a body beats, at most one
    /// message is on its way.
    pub(super) beat: Arc<Beat>,
}

/// The latest details of a body, until they are fetched.
#[derive(Default)]
pub(crate) struct Beat(Mutex<Option<Payload>>);

impl Beat {
    /// Puts details in the place of those before; whether there were none.
    fn put(&self, details: Payload) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(details).is_none()
    }

    pub(super) fn take(&self) -> Option<Payload> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Link {
    /// Appends to a progress stream; the item's index, once it is durable.
    pub(crate) async fn append(
        &self,
        stream: String,
        item_id: Option<String>,
        value: Payload,
    ) -> Result<u64, StepError> {
        let (run, epoch, path) = (self.run, self.epoch, self.path.clone());
        let at = self.store.now();
        let append = Append { run, epoch, stream, path, item_id, value, at };
        let hub = Arc::clone(&self.hub);
        let (told, answer) = Reply::channel();
        // Those who follow are told even if the body is cut short.
        let reply = Reply::new(move |appended| {
            if matches!(appended, Ok(Appended::Done(_))) {
                hub.changed(run);
            }
            told.send(appended);
        });
        self.store.submit(Transaction::Append(Box::new(append), reply));
        if sabotage!("items are acknowledged at once") {
            return Ok(0);
        }
        let failed =
            |code, message: &str| StepError::of_engine(ErrorClass::Retryable, code, message);
        match answer.await {
            Ok(Appended::Done(index) | Appended::Duplicate(index)) => Ok(index),
            Ok(Appended::Fenced) => Err(failed("fenced", "the run belongs to another worker")),
            Err(error) => Err(failed("store", &error.to_string())),
        }
    }

    /// The run's epoch when the attempt began.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Gives a sign of life.
    pub(crate) fn beat(&self, details: Payload) {
        if self.beat.put(details) {
            let (run, epoch, path) = (self.run, self.epoch, self.path.clone());
            let (attempt, beat) = (self.attempt, Arc::clone(&self.beat));
            // Without a shard nobody waits for it.
            drop(self.shard.send(Message::Beat { run, epoch, path, attempt, beat }));
        }
    }
}
