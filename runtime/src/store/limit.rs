//! How large a value may be, and what becomes of a transaction with a larger one.

use super::{NewRun, Next, Reply, StoreError, Transaction};
use crate::{Payload, RunId};

/// The most bytes of JSON that a value may have, unless its store says otherwise: 64 MiB.
/// A step whose input or output is larger fails with `value_too_large`; so does a run whose output
/// is. A start or an event is refused.
pub const MAX_PAYLOAD: usize = 64 << 20;

impl Transaction {
    /// Calls `look` with each payload of a run that this transaction holds.
    pub fn each_payload<'t>(&'t self, mut look: impl FnMut(&'t Payload)) {
        let mut start = |run: &'t NewRun| look(&run.input);
        match self {
            Self::Start(run, _) => start(run),
            Self::Fire(fire, _) => {
                if let Some(run) = &fire.start {
                    start(run);
                }
            }
            Self::Event(event, _) => look(&event.payload),
            Self::Append(append, _) => look(&append.value),
            Self::Transact(transact, _) => transact.entry.input.iter().for_each(look),
            Self::Fork(fork, _) => fork.input.iter().for_each(look),
            Self::Write(write, _) => {
                for entry in &write.entries {
                    entry.input.iter().chain(&entry.output).for_each(&mut look);
                    entry.undo.iter().for_each(|undo| look(&undo.input));
                }
                write.children.iter().for_each(|child| look(&child.input));
                write.published.iter().chain(&write.response).for_each(&mut look);
                if let Next::End(end) = &write.next {
                    end.output.iter().for_each(&mut look);
                }
            }
            Self::Open(..)
            | Self::Renew(..)
            | Self::Leave(..)
            | Self::Declare(..)
            | Self::Claim(..)
            | Self::Request(..)
            | Self::Purge(..) => {}
        }
    }

    /// Calls `look` with each run that this transaction names.
    pub fn each_run(&self, mut look: impl FnMut(RunId)) {
        match self {
            Self::Start(run, _) => look(run.id),
            Self::Fire(fire, _) => fire.start.iter().for_each(|run| look(run.id)),
            Self::Event(event, _) => look(event.run),
            Self::Append(append, _) => look(append.run),
            Self::Transact(transact, _) => look(transact.run),
            Self::Fork(fork, _) => {
                look(fork.run);
                look(fork.id);
            }
            Self::Write(write, _) => {
                look(write.run);
                write.children.iter().for_each(|child| look(child.id));
            }
            Self::Request(asked, _) => look(asked.run),
            Self::Open(..)
            | Self::Renew(..)
            | Self::Leave(..)
            | Self::Declare(..)
            | Self::Claim(..)
            | Self::Purge(..) => {}
        }
    }

    /// Lets a transaction through whose names are such, and whose values are all small enough;
    /// answers any other.
    pub(crate) fn fitting(self, limit: usize) -> Option<Self> {
        if let Some(error) = self.bad_name() {
            self.refuse(&error);
            return None;
        }
        let mut largest = 0;
        self.each_payload(|payload| largest = largest.max(payload.as_str().len()));
        if largest <= limit {
            return Some(self);
        }
        self.refuse(&StoreError::TooLarge { bytes: largest, limit });
        None
    }

    /// Bytes of its payloads.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn weight(&self) -> usize {
        let mut weight = 0;
        self.each_payload(|payload| weight += payload.as_str().len());
        weight
    }

    /// Whether it comes from outside the runs, so that it can be asked to come again later.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn is_from_outside(&self) -> bool {
        matches!(self, Self::Start(..) | Self::Event(..))
    }

    /// The same transaction from outside, calling `over` when it is answered.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn then(self, over: impl FnOnce() + Send + 'static) -> Self {
        fn after<T: Send + 'static>(
            reply: Reply<T>,
            over: impl FnOnce() + Send + 'static,
        ) -> Reply<T> {
            Reply::new(move |answer| {
                over();
                reply.send(answer);
            })
        }
        match self {
            Self::Start(run, reply) => Self::Start(run, after(reply, over)),
            Self::Event(event, reply) => Self::Event(event, after(reply, over)),
            other => other,
        }
    }

    /// Answers with an error.
    pub fn refuse(self, error: &StoreError) {
        fn send<T>(reply: Reply<T>, error: &StoreError) {
            reply.send(Err(error.clone()));
        }
        match self {
            Self::Open(_, reply) | Self::Renew(_, reply) | Self::Leave(_, reply) => {
                send(reply, error);
            }
            Self::Declare(_, reply) => send(reply, error),
            Self::Start(_, reply) => send(reply, error),
            Self::Claim(_, reply) => send(reply, error),
            Self::Write(_, reply) => send(reply, error),
            Self::Event(_, reply) => send(reply, error),
            Self::Append(_, reply) => send(reply, error),
            Self::Transact(_, reply) => send(reply, error),
            Self::Request(_, reply) => send(reply, error),
            Self::Fork(_, reply) => send(reply, error),
            Self::Fire(_, reply) => send(reply, error),
            Self::Purge(_, reply) => send(reply, error),
        }
    }
}
