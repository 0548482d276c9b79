//! How a store answers.

use std::fmt;
use std::sync::Arc;

/// Why a store could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// The store refused or failed; nothing was written.
    Failed(String),
    /// Too much is queued for the disk already; nothing was written, and later it may be.
    Busy,
    /// A value is larger than the store takes; nothing was written.
    TooLarge {
        /// How large the value is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// A name that stands in a key or a path is none that any store takes; nothing was written.
    BadName {
        /// The entry that it belongs to, if it does.
        path: Option<Arc<str>>,
        /// What is wrong with it.
        reason: String,
    },
    /// The data of a run is there and cannot be read, such as with a codec that lost a key.
    Unreadable(String),
    /// Whether the transaction was written is not known.
    Unknown(String),
    /// The store no longer takes transactions, after a failed sync or because it was closed.
    Closed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(reason) => write!(out, "the store failed: {reason}"),
            Self::Busy => out.write_str("the store is busy; try again later"),
            Self::TooLarge { bytes, limit } => {
                write!(
                    out,
                    "a value of {bytes} bytes is larger than the {limit} that the store takes"
                )
            }
            Self::BadName { reason, .. } => out.write_str(reason),
            Self::Unreadable(reason) => write!(out, "the run's data cannot be read: {reason}"),
            Self::Unknown(reason) => write!(out, "the result of a commit is unknown: {reason}"),
            Self::Closed(reason) => write!(out, "the store is closed: {reason}"),
        }
    }
}

impl std::error::Error for StoreError {}

/// A one-shot answer. Dropped without one, it answers [`StoreError::Unknown`].
pub struct Reply<T>(Option<Call<T>>);

type Call<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

impl<T> Reply<T> {
    /// An answer that goes to `call`, on whatever thread gives it.
    pub fn new(call: impl FnOnce(Result<T, StoreError>) + Send + 'static) -> Self {
        Self(Some(Box::new(call)))
    }

    /// Answers.
    pub fn send(mut self, answer: Result<T, StoreError>) {
        if let Some(call) = self.0.take() {
            call(answer);
        }
    }
}

impl<T: Send + 'static> Reply<T> {
    /// An answer that can be awaited.
    pub fn channel() -> (Self, impl Future<Output = Result<T, StoreError>> + Send + use<T>) {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let reply = Self::new(move |answer| drop(sender.send(answer)));
        let lost = || Err(StoreError::Unknown("the store gave no answer".to_owned()));
        (reply, async move { receiver.await.unwrap_or_else(|_| lost()) })
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call(Err(StoreError::Unknown("the store dropped the transaction".to_owned())));
        }
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Reply")
    }
}
