//! What goes out with a transaction of the application's own (R32).

use std::fmt;

use super::transaction::{Delivered, NewEvent, NewRun, Started};
use crate::Result;

/// Whether a run of this workflow, in this revision, may be sent what is to be sent.
pub type MayBeSent = Box<dyn FnOnce(&str, &str) -> Result<()> + Send>;

/// Something to be written into a transaction that somebody else commits.
pub enum Outgoing {
    /// A run to start, owned by nobody.
    Start(Box<NewRun>),
    /// An event to send, if its run may be sent it.
    Event(Box<NewEvent>, MayBeSent),
}

/// What a store answers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// To a start.
    Started(Started),
    /// To an event.
    Delivered(Delivered),
}

impl Outgoing {
    /// Refuses names that are none, and values that are too large.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn fitting(&self, limit: usize) -> Result<()> {
        if let Some(error) = self.bad_name() {
            return Err(error.into());
        }
        let payload = match self {
            Self::Start(run) => &run.input,
            Self::Event(event, _) => &event.payload,
        };
        let bytes = payload.as_str().len();
        if bytes > limit { Err(crate::Error::TooLarge { bytes, limit }) } else { Ok(()) }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(run) => run.fmt(out),
            Self::Event(event, _) => event.fmt(out),
        }
    }
}
