//! The journal that many workers share: a schema of a PostgreSQL database, 14 or later.
//!
//! Any number of processes *drive* its runs at once. Each engine is a worker: it takes runs that
//! are ready, and holds them for as long as it says that it lives. One that does not for the time
//! of its [lease](PostgresOptions::lease), by the database's clock, loses its runs to the others;
//! whatever it writes after that is refused.
//!
//! Every acknowledged transaction is durable, as far as the database keeps what it commits. One
//! connection writes: transactions that arrive while a commit is on its way share the next one,
//! and all that a commit says is sent at once. Another one reads, a third one tells other processes
//! that something has changed. They are made directly or through a pooler that keeps sessions.
//!
//! ```no_run
//! use flowcrate::postgres::PostgresStore;
//! use flowcrate::Engine;
//!
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresStore::open("host=/run/postgresql user=app dbname=orders").await?;
//! let engine = Engine::builder().store(store).build().await?;
//! # Ok(())
//! # }
//! ```

mod apply;
mod aside;
mod bell;
mod clock;
mod codec;
mod commit;
mod failing;
mod open;
mod options;
mod origin;
mod outbox;
mod pipeline;
mod purge;
mod queue;
mod read;
mod session;
mod statements;
mod transact;
mod values;
mod work;
mod writer;

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::{self, Either};
use tokio::sync::oneshot;
use tokio_postgres::{Client, Config};

use crate::Timestamp;
use crate::clock::Clock;
pub use crate::store::Origin;
use crate::store::{Query, Store, StoreError, Transaction};
use bell::Bell;
use clock::DatabaseClock;
pub use open::OpenError;
pub use options::PostgresOptions;
use purge::Purging;
use queue::{Queue, Served, queue};
use session::Connector;
use transact::Hands;
use values::Codec;
pub use work::{work, work_at};

/// How many transactions may wait before starts and events are turned away.
const QUEUE: usize = 16_384;

/// Starts and events of fewer bytes than this are counted by number alone.
const LIGHT: usize = 4096;

/// A journal in PostgreSQL. Clones share their connections; the last one closes them.
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

type Hint = Box<dyn Fn() + Send + Sync>;

/// What the tasks of a store share.
struct Shared {
    connector: Connector,
    config: Config,
    schema: String,
    origin: Origin,
    /// Its id.
    journal: OnceLock<String>,
    clock: Option<Box<dyn Clock>>,
    database_clock: DatabaseClock,
    hints: Mutex<Vec<Arc<Hint>>>,
    codec: Codec,
    lease: Duration,
    max_payload: usize,
    /// Bytes of starts and events that wait, and how many may.
    waiting: AtomicUsize,
    max_waiting: usize,
    is_connected: AtomicBool,
    bell: Bell,
    tally: Tally,
}

/// What was done so far.
#[derive(Default)]
struct Tally {
    commits: AtomicU64,
    transactions: AtomicU64,
}

struct Inner {
    shared: Arc<Shared>,
    /// Closed, by taking them, before the thread is waited for.
    transactions: Option<Queue<Transaction>>,
    queries: Option<Queue<Query>>,
    purges: Option<Queue<Purging>>,
    thread: Option<JoinHandle<()>>,
    hands: Hands,
}

impl PostgresStore {
    /// Opens the journal in the schema `flowcrate` of a database; lays its tables if they are not
    /// there. The address is a URL (`postgresql://...`) or in the form `host=... user=...`.
    pub async fn open(address: impl Into<String>) -> Result<Self, OpenError> {
        Self::options(address).open().await
    }

    /// Begins to say how a journal is opened.
    pub fn options(address: impl Into<String>) -> PostgresOptions {
        PostgresOptions::new(address.into())
    }

    /// How many commits this store has made; many transactions may share one.
    pub fn commits(&self) -> u64 {
        self.inner.shared.tally.commits.load(Ordering::Relaxed)
    }

    /// How many transactions it has applied.
    pub fn transactions(&self) -> u64 {
        self.inner.shared.tally.transactions.load(Ordering::Relaxed)
    }

    async fn with(options: PostgresOptions) -> Result<Self, OpenError> {
        let config = options.config()?;
        let shared = Arc::new(Shared {
            connector: options.connector,
            config,
            schema: options.schema,
            origin: options.origin,
            journal: OnceLock::new(),
            clock: options.clock,
            database_clock: DatabaseClock::new(),
            hints: Mutex::default(),
            codec: options.codec,
            lease: options.lease,
            max_payload: options.max_payload,
            waiting: AtomicUsize::new(0),
            max_waiting: options.max_waiting,
            is_connected: AtomicBool::new(true),
            bell: Bell::default(),
            tally: Tally::default(),
        });
        if let Some(clock) = &shared.clock {
            let hinted = Arc::downgrade(&shared);
            clock.on_jump(Box::new(move || {
                if let Some(shared) = hinted.upgrade() {
                    shared.hint();
                }
            }));
        }
        let (transactions, writes) = queue();
        let (queries, asked) = queue();
        let (purges, purging) = queue();
        let (ready, opened) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("flowcrate-postgres".to_owned())
            .spawn(move || serve(served, (writes, asked, purging), ready))
            .map_err(|error| OpenError::CannotOpen(error.to_string()))?;
        let (transactions, queries) = (Some(transactions), Some(queries));
        let (purges, thread) = (Some(purges), Some(thread));
        let hands = Hands::default();
        let inner = Inner { shared, transactions, queries, purges, thread, hands };
        let died = |_| OpenError::CannotOpen("its thread has died".to_owned());
        opened.await.map_err(died)??;
        Ok(Self { inner: Arc::new(inner) })
    }
}

/// The thread on which all connections are served.
fn serve(
    shared: Arc<Shared>,
    (transactions, queries, purges): (Served<Transaction>, Served<Query>, Served<Purging>),
    ready: oneshot::Sender<Result<(), OpenError>>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        // Nobody listens only if the opening was given up.
        Err(error) => return drop(ready.send(Err(OpenError::CannotOpen(error.to_string())))),
    };
    runtime.block_on(async move {
        let (writer, reader) = match begin(&shared).await {
            Ok(sessions) => sessions,
            Err(error) => return drop(ready.send(Err(error))),
        };
        drop(ready.send(Ok(())));
        let bell = std::pin::pin!(bell::serve(Arc::clone(&shared)));
        let writing = writer::serve(Arc::clone(&shared), writer, transactions);
        let reading = read::serve(Arc::clone(&shared), reader, queries);
        let purging = purge::serve(shared, purges);
        let work = std::pin::pin!(future::join3(writing, reading, purging));
        match future::select(work, bell).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    });
}

/// Makes the first connections, and makes sure that there is a journal.
async fn begin(shared: &Shared) -> Result<(commit::Session, read::Session), OpenError> {
    let unreachable =
        |error: tokio_postgres::Error| OpenError::Unreachable(failing::describe(&error));
    let writing = shared.connect(|| {}).await.map_err(unreachable)?;
    let journal = open::prepare(&writing, shared).await?;
    // The first one to open it.
    shared.journal.set(journal).unwrap_or_default();
    bell::tell_the_time(shared, &writing).await?;
    let reading = shared.connect(|| {}).await.map_err(unreachable)?;
    Ok((commit::Session::new(writing).await?, read::Session::new(reading).await?))
}

impl Shared {
    /// A new connection, which calls `heard` for each notification.
    async fn connect(
        &self,
        heard: impl Fn() + Send + 'static,
    ) -> Result<Client, tokio_postgres::Error> {
        self.connector.connect(&self.config, &self.schema, heard).await
    }

    /// Calls everyone who wants to know that something may have changed.
    fn hint(&self) {
        // Called outside the lock: a call may register another.
        let hints = self.hints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for hint in hints {
            hint();
        }
    }
}

impl Inner {
    /// Lets a transaction through unless too many bytes wait already; small ones are bounded by
    /// their number.
    fn weigh(&self, transaction: Transaction) -> Result<Transaction, Transaction> {
        if !self.shared.is_connected.load(Ordering::Relaxed) {
            return Err(transaction);
        }
        let weight = transaction.weight();
        if weight < LIGHT {
            return Ok(transaction);
        }
        let before = self.shared.waiting.fetch_add(weight, Ordering::Relaxed);
        let shared = Arc::clone(&self.shared);
        let over = move || {
            shared.waiting.fetch_sub(weight, Ordering::Relaxed);
        };
        // One alone is let through, however large: the cap on values bounds it.
        if before > 0 && before.saturating_add(weight) > self.shared.max_waiting {
            over();
            return Err(transaction);
        }
        Ok(transaction.then(over))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.queries.take());
        drop(self.purges.take());
        drop(self.transactions.take());
        self.hands.close();
        // The last owner of a store may be a reply, which runs on its thread.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the journal panicked");
        }
    }
}

impl Store for PostgresStore {
    fn submit(&self, transaction: Transaction) {
        let Some(queue) = &self.inner.transactions else { return };
        let Some(transaction) = transaction.fitting(self.inner.shared.max_payload) else { return };
        let transaction = match transaction {
            Transaction::Purge(purge, reply) => {
                if let Some(queue) = &self.inner.purges {
                    queue.push((purge, reply));
                }
                return;
            }
            Transaction::Transact(asked, reply) => {
                return self.inner.hands.push(&self.inner.shared, (asked, reply));
            }
            other => other,
        };
        if !transaction.is_from_outside() {
            return queue.push(transaction);
        }
        let refused = match self.inner.weigh(transaction) {
            Ok(transaction) => queue.push_below(QUEUE, transaction).err(),
            Err(refused) => Some(refused),
        };
        if let Some(refused) = refused {
            refused.refuse(&StoreError::Busy);
        }
    }

    fn query(&self, query: Query) {
        if let Some(queue) = &self.inner.queries {
            queue.push(query);
        }
    }

    fn concrete(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn now(&self) -> Timestamp {
        let shared = &self.inner.shared;
        shared.clock.as_ref().map_or_else(|| shared.database_clock.now(), |clock| clock.now())
    }

    fn lease(&self) -> Option<Duration> {
        Some(self.inner.shared.lease)
    }

    fn max_payload(&self) -> usize {
        self.inner.shared.max_payload
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        let mut hints = self.inner.shared.hints.lock().unwrap_or_else(PoisonError::into_inner);
        hints.push(Arc::new(call));
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = &self.inner.shared.schema;
        out.debug_struct("PostgresStore").field("schema", schema).finish_non_exhaustive()
    }
}
