//! The way to a thread that serves: a queue that is emptied in batches, and that says when enough
//! is waiting.

use std::time::Duration;

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::Arc;

/// The end at which is queued. The queue closes when it is dropped.
pub(super) struct Queue<T> {
    sender: Sender<T>,
    waiting: Arc<AtomicUsize>,
}

/// The end that serves.
pub(super) struct Served<T> {
    receiver: Receiver<T>,
    waiting: Arc<AtomicUsize>,
}

/// What a server finds.
pub(super) enum Next<T> {
    /// What has queued up, oldest first; at least one.
    Batch(Vec<T>),
    /// Nothing came in time.
    Nothing,
    /// Nothing is left, and nothing will come.
    Closed,
}

/// Both ends of a new queue.
pub(super) fn queue<T>() -> (Queue<T>, Served<T>) {
    let (sender, receiver) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (Queue { sender, waiting: Arc::clone(&waiting) }, Served { receiver, waiting })
}

impl<T> Queue<T> {
    /// Queues, however much waits already. What can no longer be served is dropped.
    pub(super) fn push(&self, item: T) {
        // Counted before it can be served, so that the count never falls below nothing.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // The server is gone only after a panic; a reply says so when it is dropped.
        drop(self.sender.send(item));
    }

    /// Queues, unless so many wait already. Senders that come at once may be a few too many.
    pub(super) fn push_below(&self, limit: usize, item: T) -> Result<(), T> {
        if self.waiting.load(Ordering::Relaxed) >= limit {
            return Err(item);
        }
        self.push(item);
        Ok(())
    }
}

impl<T> Served<T> {
    /// What has queued up, at most `most`; waits so long for the first.
    pub(super) fn next(&self, most: usize, wait: Duration) -> Next<T> {
        let first = match self.receiver.recv_timeout(wait) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => return Next::Nothing,
            Err(RecvTimeoutError::Disconnected) => return Next::Closed,
        };
        let mut batch = vec![first];
        batch.extend(self.receiver.try_iter().take(most - 1));
        self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
        Next::Batch(batch)
    }
}
