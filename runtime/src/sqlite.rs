//! The embedded journal: one SQLite file.
//!
//! One process *drives* a file's runs; the operating system holds its lock and frees it when the
//! process ends, even by `kill -9`. Any number of other processes may be *clients* of the same
//! file: they read, start runs, send events and cancel, and the driver notices at once, or within
//! a quarter of a second where there are no local sockets.
//!
//! Every acknowledged transaction is durable: SQLite writes ahead (WAL) and syncs at each commit
//! (`synchronous = FULL`). One thread writes; transactions that arrive while a commit waits for
//! the disk share the next one.
//!
//! ```
//! use flowcrate::sqlite::SqliteStore;
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("journal.db");
//! let store = SqliteStore::open(&path)?;
//! assert_eq!(SqliteStore::open(&path).unwrap_err().code(), "driven");
//! let client = SqliteStore::client(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apply;
mod check;
mod codec;
mod failing;
mod gate;
mod meta;
mod migrations;
mod open;
mod options;
mod origin;
mod outbox;
#[cfg(unix)]
mod poke;
mod queue;
mod read;
mod values;
mod work;
mod writer;

#[cfg(all(test, feature = "testkit"))]
pub(crate) use writer::simulated::Disk;

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle};

use crate::Timestamp;
use crate::clock::Clock;
pub use crate::store::Origin;
use crate::store::{Query, Store, StoreError, Transaction};
use gate::Gate;
pub use open::OpenError;
pub use options::{SqliteOptions, Synchronous};
use queue::{Next, Queue, Served, queue};
use read::Reader;
use values::Codec;
pub use work::{Tx, work};
use writer::Writer;

/// The most queries that are answered from one snapshot.
const READS: usize = 64;

/// How many transactions may wait before starts and events are turned away.
const QUEUE: usize = 16_384;

/// Starts and events of fewer bytes than this are counted by number alone.
const LIGHT: usize = 4096;

/// A journal in a SQLite file. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

/// What the threads of a store share.
struct Shared {
    role: Role,
    path: PathBuf,
    clock: Box<dyn Clock>,
    hints: Mutex<Vec<Arc<Hint>>>,
    closed: OnceLock<String>,
    commits: AtomicU64,
    codec: Codec,
    /// On the connection that writes.
    gate: Gate,
    max_payload: usize,
    /// Bytes of starts and events that wait, and how many may.
    waiting: AtomicUsize,
    max_waiting: usize,
}

type Hint = Box<dyn Fn() + Send + Sync>;

/// What a process may do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Driver,
    Client,
}

struct Inner {
    shared: Arc<Shared>,
    /// Closed, by taking them, before the threads are waited for.
    transactions: Option<Queue<Transaction>>,
    queries: Option<Queue<Query>>,
    check: Option<InterruptHandle>,
    #[cfg(unix)]
    ear: Option<poke::Ear>,
    /// The writer first.
    threads: Vec<JoinHandle<()>>,
    /// Freed last, when no thread writes any more.
    _lock: Option<open::DriverLock>,
}

impl SqliteStore {
    /// Opens a file in order to drive its runs; creates it if it is not there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::options().open(path)
    }

    /// Opens a file in order to drive its runs, on a clock of your own.
    pub fn open_with_clock(path: impl AsRef<Path>, clock: impl Clock) -> Result<Self, OpenError> {
        Self::options().clock(clock).open(path)
    }

    /// Begins to say how a file is opened.
    pub fn options() -> SqliteOptions {
        SqliteOptions::new()
    }

    /// Opens a file that another process drives, or will: for reading, starting, events, cancels.
    pub fn client(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::options().client(path)
    }

    /// How many commits this store has made; many transactions may share one.
    pub fn commits(&self) -> u64 {
        self.inner.shared.commits.load(Ordering::Relaxed)
    }

    /// Reads a whole journal file and says everything that is wrong with it; nothing if it is well.
    /// Any process may, whether the file is driven or not; it takes as long as reading the file.
    pub fn check(path: impl AsRef<Path>) -> Result<Vec<String>, OpenError> {
        check::check(path.as_ref())
    }

    /// Whether some process, this one included, drives the file at this moment.
    pub fn is_driven(path: impl AsRef<Path>) -> bool {
        matches!(open::lock(path.as_ref()), Err(OpenError::Driven { .. }))
    }

    fn with_role(path: &Path, role: Role, options: SqliteOptions) -> Result<Self, OpenError> {
        let mut lock = match role {
            Role::Driver => Some(open::lock(path)?),
            Role::Client => None,
        };
        let suspicious = role == Role::Driver && open::was_killed(path);
        let mut writer = open::writer(path, role, &options)?;
        if let Some(lock) = &mut lock {
            origin::settle(path, &mut writer, lock, &options)?;
        }
        let shared = Arc::new(Shared {
            role,
            path: path.to_owned(),
            clock: options.clock,
            hints: Mutex::default(),
            closed: OnceLock::new(),
            commits: AtomicU64::new(0),
            codec: options.codec,
            gate: Gate::install(&writer).map_err(|error| OpenError::sqlite(path, &error))?,
            max_payload: options.max_payload,
            waiting: AtomicUsize::new(0),
            max_waiting: options.max_waiting,
        });
        let mut inner = Inner {
            shared: Arc::clone(&shared),
            transactions: None,
            queries: None,
            check: None,
            #[cfg(unix)]
            ear: None,
            threads: Vec::new(),
            _lock: lock,
        };
        inner.transactions = Some(inner.spawn(path, "writer", writer, write)?);
        inner.queries = Some(inner.spawn(path, "reader", open::reader(path)?, read)?);
        if suspicious {
            inner.check_in_background(path)?;
        }
        #[cfg(unix)]
        if role == Role::Driver {
            let poked = Arc::clone(&shared);
            inner.ear = poke::Ear::listen(path, move || poked.hint());
        }
        let hinted = Arc::downgrade(&shared);
        shared.clock.on_jump(Box::new(move || {
            if let Some(shared) = hinted.upgrade() {
                shared.hint();
            }
        }));
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl Inner {
    /// Lets a transaction through unless too many bytes wait already; small ones are bounded by
    /// their number.
    fn weigh(&self, transaction: Transaction) -> Result<Transaction, Transaction> {
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

    /// Starts a thread that serves what is sent to it on a connection of its own.
    fn spawn<T: Send + 'static>(
        &mut self,
        path: &Path,
        name: &str,
        connection: Connection,
        serve: fn(&Connection, &Served<T>, &Shared, &Ready),
    ) -> Result<Queue<T>, OpenError> {
        let (sender, receiver) = queue();
        let (ready, begun) = mpsc::channel();
        let shared = Arc::clone(&self.shared);
        let run = move || serve(&connection, &receiver, &shared, &ready);
        let thread = std::thread::Builder::new()
            .name(format!("flowcrate-{name}"))
            .spawn(run)
            .map_err(|error| OpenError::io(path, &error))?;
        self.threads.push(thread);
        match begun.recv() {
            Ok(Err(error)) => Err(OpenError::sqlite(path, &error)),
            // A thread that died before it was ready refuses whatever comes.
            Ok(Ok(())) | Err(_) => Ok(sender),
        }
    }

    /// Reads through a file that was left in the middle of something.
    fn check_in_background(&mut self, path: &Path) -> Result<(), OpenError> {
        let connection = open::reader(path)?;
        self.check = Some(connection.get_interrupt_handle());
        let shared = Arc::clone(&self.shared);
        let check = move || {
            if let Some(damage) = open::damage(&connection) {
                tracing::error!(%damage, "the journal is damaged");
                shared.close(format!("the journal is damaged: {damage} [corrupt]"));
            }
        };
        let thread = std::thread::Builder::new().name("flowcrate-check".to_owned()).spawn(check);
        self.threads.push(thread.map_err(|error| OpenError::io(path, &error))?);
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        #[cfg(unix)]
        drop(self.ear.take());
        drop(self.queries.take());
        if let Some(check) = self.check.take() {
            check.interrupt();
        }
        // The writer closes its connection last: only so does SQLite see that nobody is left,
        // and takes the log along.
        let others = self.threads.len().min(1)..;
        self.threads.drain(others).for_each(join);
        drop(self.transactions.take());
        self.threads.drain(..).for_each(join);
    }
}

fn join(thread: JoinHandle<()>) {
    // The last owner of a store may be a reply, which runs on one of its threads.
    let own = thread.thread().id() == std::thread::current().id();
    if !own && thread.join().is_err() {
        tracing::error!("a thread of the journal panicked");
    }
}

/// Where a thread says that it is ready, or why it is not.
type Ready = Sender<rusqlite::Result<()>>;

/// The thread that writes.
fn write(
    connection: &Connection,
    transactions: &Served<Transaction>,
    shared: &Shared,
    ready: &Ready,
) {
    let writer = Writer::new(connection, shared);
    // Nobody listens only if the opening was given up.
    match writer {
        Ok(writer) => {
            drop(ready.send(Ok(())));
            writer.serve(transactions);
        }
        Err(error) => drop(ready.send(Err(error))),
    }
}

/// The thread that reads: what has queued up is answered from one snapshot.
fn read(connection: &Connection, queries: &Served<Query>, shared: &Shared, ready: &Ready) {
    let mut reader = match Reader::new(connection, shared.codec.clone()) {
        Ok(reader) => reader,
        Err(error) => return drop(ready.send(Err(error))),
    };
    drop(ready.send(Ok(())));
    loop {
        match queries.next(READS, Duration::MAX) {
            Next::Batch(batch) => reader.answer(batch),
            Next::Nothing => {}
            Next::Closed => return,
        }
    }
}

impl Shared {
    /// Calls everyone who wants to know that something may have changed.
    fn hint(&self) {
        // Called outside the lock: a call may register another.
        let hints = self.hints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for hint in hints {
            hint();
        }
    }

    /// Takes no more transactions. The first reason stays.
    fn close(&self, reason: String) {
        drop(self.closed.set(reason));
    }

    fn closed(&self) -> Option<StoreError> {
        self.closed.get().cloned().map(StoreError::Closed)
    }
}

impl Store for SqliteStore {
    fn submit(&self, transaction: Transaction) {
        let Some(queue) = &self.inner.transactions else { return };
        let Some(transaction) = transaction.fitting(self.inner.shared.max_payload) else { return };
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
        self.inner.shared.clock.now()
    }

    fn max_payload(&self) -> usize {
        self.inner.shared.max_payload
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        let mut hints = self.inner.shared.hints.lock().unwrap_or_else(PoisonError::into_inner);
        hints.push(Arc::new(call));
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.inner.shared.role;
        out.debug_struct("SqliteStore").field("role", &role).finish_non_exhaustive()
    }
}
