//! A store in memory: the model that other stores are compared with, and the one for tests.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::tables::Tables;
use super::{MAX_PAYLOAD, Query, Store, Transaction};
use crate::Timestamp;
use crate::clock::{Clock, SystemClock};

/// A store in memory. Clones share their contents; a process that ends takes them along.
#[derive(Clone)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
    clock: Arc<dyn Clock>,
    max_payload: usize,
}

impl MemoryStore {
    /// An empty store on the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// An empty store on a clock of your own.
    pub fn with_clock(clock: impl Clock) -> Self {
        Self { tables: Arc::default(), clock: Arc::new(clock), max_payload: MAX_PAYLOAD }
    }

    /// The same store, taking values of this many bytes of JSON at most.
    #[must_use]
    pub fn max_payload(self, bytes: usize) -> Self {
        Self { max_payload: bytes, ..self }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // No change is left half done by a panic: each is made by one call that checks first.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn submit(&self, transaction: Transaction) {
        // The lock is released before each reply, which may well submit the next transaction.
        macro_rules! answer {
            ($reply:expr, $answer:expr) => {{
                let answer = $answer;
                $reply.send(Ok(answer));
            }};
        }
        let Some(transaction) = transaction.fitting(self.max_payload) else { return };
        match transaction {
            Transaction::Open(worker, reply) => answer!(reply, self.tables().open(worker)),
            Transaction::Start(run, reply) => answer!(reply, self.tables().start(*run)),
            Transaction::Claim(claim, reply) => answer!(reply, self.tables().claim(&claim)),
            Transaction::Write(write, reply) => answer!(reply, self.tables().write(*write)),
            Transaction::Append(item, reply) => answer!(reply, self.tables().append(*item)),
            Transaction::Event(event, reply) => answer!(reply, self.tables().event(*event)),
            Transaction::Request(asked, reply) => answer!(reply, self.tables().request(asked)),
            Transaction::Fork(fork, reply) => answer!(reply, self.tables().fork(*fork)),
            Transaction::Fire(fire, reply) => answer!(reply, self.tables().fire(*fire)),
        }
    }

    fn query(&self, query: Query) {
        macro_rules! answer {
            ($reply:expr, $answer:expr) => {{
                let answer = $answer;
                $reply.send(Ok(answer));
            }};
        }
        match query {
            Query::Load(run, reply) => answer!(reply, self.tables().load(run)),
            Query::Inbox(run, after, reply) => answer!(reply, self.tables().inbox(run, after)),
            Query::Run(run, reply) => answer!(reply, self.tables().run(run)),
            Query::Runs(filter, reply) => answer!(reply, self.tables().runs(&filter)),
            Query::Journal(run, reply) => answer!(reply, self.tables().journal(run)),
            Query::Progress(of, reply) => answer!(reply, self.tables().stretch(&of)),
            Query::NextFire(name, reply) => answer!(reply, self.tables().next_fire(&name)),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn max_payload(&self) -> usize {
        self.max_payload
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.clock.on_jump(call);
    }
}
