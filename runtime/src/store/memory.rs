//! A store in memory: the model that other stores are compared with, and the one for tests.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::tables::Tables;
use super::{Claim, Claimed, MAX_PAYLOAD, Query, Store, Transact, Transacted, Transaction, Work};
use crate::clock::{Clock, SystemClock, later};
use crate::failure::StepError;
use crate::journaled::Journaled;
use crate::{Json, Payload, Timestamp, WorkerId};

/// What stands for an application's tables in a [`MemoryStore`].
pub type MemoryRows = BTreeMap<String, Json>;

/// Work of which the output is JSON already.
pub(super) type Body = Box<dyn Fn(&mut MemoryRows) -> Result<Payload, StepError> + Send + Sync>;

/// A store in memory. Clones share their contents; a process that ends takes them along.
#[derive(Clone)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
    clock: Arc<dyn Clock>,
    max_payload: usize,
    lease: Option<Duration>,
}

impl MemoryStore {
    /// An empty store on the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// An empty store on a clock of your own.
    pub fn with_clock(clock: impl Clock) -> Self {
        let (tables, clock) = (Arc::default(), Arc::new(clock));
        Self { tables, clock, max_payload: MAX_PAYLOAD, lease: None }
    }

    /// The same store, taking values of this many bytes of JSON at most.
    #[must_use]
    pub fn max_payload(self, bytes: usize) -> Self {
        Self { max_payload: bytes, ..self }
    }

    /// The same store for many workers, each of which holds its runs for so long after it last
    /// [renewed](Transaction::Renew) its lease.
    #[must_use]
    pub fn shared(self, lease: Duration) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// Work in the store's [rows](Self::rows), for [`Context::transaction`](crate::Context::transaction).
    pub fn work<T, F>(work: F) -> Work<T>
    where
        T: Journaled,
        F: Fn(&mut MemoryRows) -> Result<T, StepError> + Send + Sync + 'static,
    {
        let body: Body = Box::new(move |rows| crate::context::encode_output(&work(rows)?));
        Work::new("memory", body)
    }

    /// What transactions have made of the application's rows.
    pub fn rows(&self) -> MemoryRows {
        self.tables().rows()
    }

    fn transact(&self, asked: &Transact) -> Transacted {
        self.tables().transact(asked, self.now(), self.max_payload)
    }

    fn open(&self, worker: WorkerId) {
        match self.lease {
            None => self.tables().open(worker),
            Some(_) => self.renew(worker),
        }
    }

    fn renew(&self, worker: WorkerId) {
        if let Some(lease) = self.lease {
            self.tables().renew(worker, later(self.now(), lease));
        }
    }

    fn claim(&self, claim: &Claim) -> Claimed {
        match self.lease {
            None => self.tables().claim(claim),
            Some(lease) => {
                let now = self.now();
                self.tables().claim_at(claim, now, later(now, lease))
            }
        }
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
            Transaction::Open(worker, reply) => answer!(reply, self.open(worker)),
            Transaction::Renew(worker, reply) => answer!(reply, self.renew(worker)),
            Transaction::Leave(worker, reply) => answer!(reply, self.tables().leave(worker)),
            Transaction::Declare(limits, reply) => answer!(reply, self.tables().declare(*limits)),
            Transaction::Start(run, reply) => answer!(reply, self.tables().start(*run)),
            Transaction::Claim(claim, reply) => answer!(reply, self.claim(&claim)),
            Transaction::Write(write, reply) => answer!(reply, self.tables().write(*write)),
            Transaction::Transact(asked, reply) => answer!(reply, self.transact(&asked)),
            Transaction::Append(item, reply) => answer!(reply, self.tables().append(*item)),
            Transaction::Event(event, reply) => answer!(reply, self.tables().event(*event)),
            Transaction::Request(asked, reply) => answer!(reply, self.tables().request(asked)),
            Transaction::Fork(fork, reply) => answer!(reply, self.tables().fork(*fork)),
            Transaction::Fire(fire, reply) => answer!(reply, self.tables().fire(*fire)),
            Transaction::Purge(purge, reply) => answer!(reply, self.tables().purge(&purge)),
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

    fn lease(&self) -> Option<Duration> {
        self.lease
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.clock.on_jump(call);
    }
}
