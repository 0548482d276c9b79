//! The way to the connections: queues that are emptied in batches, and that say when enough waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The end at which is queued. The queue closes when it is dropped.
pub(super) struct Queue<T> {
    sender: UnboundedSender<T>,
    waiting: Arc<AtomicUsize>,
}

/// The end that serves.
pub(super) struct Served<T> {
    receiver: UnboundedReceiver<T>,
    waiting: Arc<AtomicUsize>,
}

/// Both ends of a new queue.
pub(super) fn queue<T>() -> (Queue<T>, Served<T>) {
    let (sender, receiver) = unbounded_channel();
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
    /// What has queued up, at most `most`, oldest first; nothing once nothing will come any more.
    pub(super) async fn next(&mut self, most: usize) -> Vec<T> {
        let mut batch = Vec::new();
        let taken = self.receiver.recv_many(&mut batch, most).await;
        self.waiting.fetch_sub(taken, Ordering::Relaxed);
        batch
    }

    /// What has queued up by now.
    pub(super) fn drain(&mut self) -> Vec<T> {
        let mut all = Vec::new();
        while let Ok(item) = self.receiver.try_recv() {
            all.push(item);
        }
        self.waiting.fetch_sub(all.len(), Ordering::Relaxed);
        all
    }

    /// Whether nothing more will be queued.
    pub(super) fn is_closed(&self) -> bool {
        self.receiver.is_closed()
    }
}
