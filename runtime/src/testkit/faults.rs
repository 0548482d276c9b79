//! A store that fails where it is told to.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::profile::Profile;
use crate::store::{Query, Reply, Store, StoreError, Transaction};
use crate::{Timestamp, WorkerId};

/// What happens to a transaction; see [`FaultStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process dies right before it is written.
    CrashBefore,
    /// The process dies right after it is written, and before anybody learns of it.
    CrashAfter,
    /// It fails, and nothing is written.
    Fail,
    /// It is written, and reported as unknown.
    WrittenButUnknown,
    /// It is not written, and reported as unknown.
    LostAndUnknown,
}

/// A store that passes on to another one, counts, and fails where it is told to.
///
/// After a crash nothing is passed on or answered any more, as if the process had ended.
///
/// ```
/// use std::sync::Arc;
///
/// use flowcrate::store::{MemoryStore, Store};
/// use flowcrate::testkit::{Fault, FaultStore};
/// use flowcrate::{Context, Engine, Result, workflow};
///
/// #[workflow]
/// async fn double(_ctx: Context, of: u64) -> Result<u64> {
///     Ok(2 * of)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let journal: Arc<dyn Store> = Arc::new(MemoryStore::new());
/// // The first write opens the store for a worker: it fails, and nobody drives anything.
/// let faulty = FaultStore::new(journal).with(1, Fault::Fail);
/// let build = || Engine::builder().store(faulty.clone()).register(Double).build();
/// assert!(build().await.is_err());
/// assert_eq!(faulty.count(), 1);
/// // The second one is well.
/// assert_eq!(build().await?.start(Double, 21).await?.result().await?, 42);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FaultStore {
    inner: Arc<dyn Store>,
    state: Arc<Mutex<State>>,
    dead: Arc<watch::Sender<bool>>,
}

#[derive(Default)]
struct State {
    /// Transactions so far.
    count: u64,
    /// What happens to which transaction, counted from 1.
    faults: BTreeMap<u64, Fault>,
    dead: bool,
    /// Workers that were opened through this.
    workers: Vec<WorkerId>,
    /// What a dead process has asked for: kept, so that nobody is told that it was dropped.
    unanswered: Vec<Box<dyn Any + Send>>,
}

impl FaultStore {
    /// A store that passes everything on to `inner`.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        let dead = Arc::new(watch::channel(false).0);
        Self { inner, state: Arc::default(), dead }
    }

    /// Lets `fault` happen to the transaction with this number, counted from 1.
    #[must_use]
    pub fn with(self, number: u64, fault: Fault) -> Self {
        self.state().faults.insert(number, fault);
        self
    }

    /// How many transactions there were.
    pub fn count(&self) -> u64 {
        self.state().count
    }

    /// Comes when a crash has happened.
    pub async fn crashed(&self) {
        let mut dead = self.dead.subscribe();
        if dead.wait_for(|dead| *dead).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Ends the leases of the workers that were opened through this, where there are leases: the
    /// process is known to be dead, and nobody need wait until they run out.
    pub fn bury(&self) {
        let workers = std::mem::take(&mut self.state().workers);
        for worker in workers {
            self.inner.submit(Transaction::Leave(worker, Reply::new(drop)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn die(&self) {
        self.state().dead = true;
        self.dead.send_replace(true);
    }

    /// The answer that `fault` lets through.
    fn bend<T: Send + 'static>(&self, fault: Fault, reply: Reply<T>) -> Option<Reply<T>> {
        match fault {
            Fault::CrashBefore => {
                self.state().unanswered.push(Box::new(reply));
                self.die();
                None
            }
            Fault::CrashAfter => {
                let this = self.clone();
                self.state().unanswered.push(Box::new(reply));
                Some(Reply::new(move |_| this.die()))
            }
            Fault::Fail => {
                reply.send(Err(StoreError::Failed("injected".to_owned())));
                None
            }
            Fault::LostAndUnknown => {
                reply.send(Err(StoreError::Unknown("injected".to_owned())));
                None
            }
            Fault::WrittenButUnknown => Some(Reply::new(move |_| {
                reply.send(Err(StoreError::Unknown("injected".to_owned())));
            })),
        }
    }
}

impl Store for FaultStore {
    fn submit(&self, transaction: Transaction) {
        let fault = {
            let mut state = self.state();
            if state.dead {
                state.unanswered.push(Box::new(transaction));
                return;
            }
            // How many leases are renewed is a matter of time, and none of the flow's; nor is what
            // holds for its workflow.
            if matches!(transaction, Transaction::Renew(..) | Transaction::Declare(..)) {
                drop(state);
                return self.inner.submit(transaction);
            }
            if let Transaction::Open(worker, _) = &transaction {
                state.workers.push(*worker);
            }
            state.count += 1;
            let number = state.count;
            state.faults.get(&number).copied()
        };
        let Some(fault) = fault else { return self.inner.submit(transaction) };
        let bent = match transaction {
            Transaction::Open(id, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Open(id, reply))
            }
            Transaction::Start(run, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Start(run, reply))
            }
            Transaction::Claim(claim, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Claim(claim, reply))
            }
            Transaction::Write(write, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Write(write, reply))
            }
            Transaction::Transact(work, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Transact(work, reply))
            }
            Transaction::Append(item, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Append(item, reply))
            }
            Transaction::Event(event, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Event(event, reply))
            }
            Transaction::Request(request, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Request(request, reply))
            }
            Transaction::Purge(purge, reply) => {
                self.bend(fault, reply).map(|reply| Transaction::Purge(purge, reply))
            }
            #[allow(unreachable_patterns, reason = "others pass as they are")]
            other => Some(other),
        };
        if let Some(transaction) = bent {
            self.inner.submit(transaction);
        }
    }

    fn query(&self, query: Query) {
        let mut state = self.state();
        if state.dead {
            state.unanswered.push(Box::new(query));
            return;
        }
        drop(state);
        self.inner.query(query);
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn concrete(&self) -> Option<&dyn Any> {
        self.inner.concrete()
    }

    fn profile(&self) -> Profile {
        self.inner.profile()
    }

    fn lease(&self) -> Option<Duration> {
        self.inner.lease()
    }

    fn max_payload(&self) -> usize {
        self.inner.max_payload()
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.inner.on_hint(call);
    }
}
