//! Where journals live: the [`Store`] trait, its transactions and its rows.
//!
//! A store applies [`Transaction`]s: each is atomic, is guarded by what it says, and is answered
//! through its [`Reply`] once its result is *durable*. Many transactions, of many runs, may share
//! one physical commit; a refused one has no effect and never aborts its neighbours.
//! Transactions of one caller are applied in the order in which they were submitted.
//!
//! A store has *one* worker, the last that opened it, or *many*: then each holds a
//! [lease](Store::lease) that it has to renew, and what a worker without one owns is abandoned.
//! [`Query`]s read committed state.
//!
//! # Writing a store
//!
//! The table of transactions in [`PROTOCOL.md`](https://github.com/flowcrate/flowcrate) says what
//! each one's guard is, what it writes and whom it wakes; the fields of [`Transaction`] and its
//! parts say it once more. [`MemoryStore`] is that table as a program over maps: where the two
//! seem to differ, it is right. The suite `testkit::conformance` (feature `testkit`) holds a store
//! against both:
//!
//! ```ignore
//! flowcrate::store_conformance!(MyStore::empty());
//! // One for many workers, which is told how long its leases are:
//! flowcrate::store_conformance!(many_workers: |lease| MyStore::empty_with_lease(lease));
//! // Random transactions, the same answers as the model's:
//! conformance::model::agrees_with_the_model(&Probe::new(MyStore::empty()), seed, 400);
//! ```
//!
//! What a store has to see to, and what those tests cannot all show:
//!
//! 1. *Answer after the commit.* Whoever is answered acts on it: bodies start. A commit whose
//!    result is not known is answered [`StoreError::Unknown`], never tried again by itself: the
//!    runs in it are loaded anew, and a second application of a write is a conflict.
//! 2. *All or nothing, each for itself.* What is refused leaves no trace; what shares its commit is
//!    applied all the same. Look at everything that can refuse a write before you write.
//! 3. *The epoch is what fences.* Each [`RunWrite`] and [`Append`] names it; it is compared where
//!    the row of the run is locked, or in whatever else makes a takeover and a late write come
//!    one after the other. Leases and owners only say who may claim.
//! 4. *The inbox position, too.* A suspend compares it under the same lock under which an event
//!    raises it. Otherwise a run sleeps over its mail.
//! 5. *Order.* Transactions of one caller about one run keep theirs. Others need not.
//! 6. *Read what was acknowledged.* A query that is asked after an answer sees what was answered;
//!    each is one snapshot.
//! 7. *Nothing waits for a claim*, and a claim waits for nothing: it passes over what others hold.
//! 8. *Never block in `submit` and `query`*, and bound what waits: a start or an event that would
//!    wait too long is answered [`StoreError::Busy`].
//! 9. *Hint* whenever something may be ready or have changed that another process did, and every
//!    few seconds for nothing: a hint that is lost must not be missed for long.
//! 10. *Time* comes from one clock for all workers, and leases end by it. It may be late, and never
//!     ahead.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod answer;
mod codec;
pub(crate) mod family;
mod filter;
pub(crate) mod fork;
mod limit;
mod memory;
mod names;
mod origin;
mod outgoing;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod path;
mod progress;
mod purge;
mod reply;
mod rows;
pub(crate) mod slots;
mod tables;
mod transaction;
mod undo;
mod work;

pub use codec::{CodecError, PayloadCodec};
pub(crate) use family::LOOP;
pub use family::{CALL, ChildEnd, START, child_end_key, child_id};
pub use filter::{NoCursor, RunCursor, RunFilter};
pub use fork::{Forked, NewFork};
pub use limit::MAX_PAYLOAD;
pub use memory::{MemoryRows, MemoryStore};
pub(crate) use names::bad_path;
pub use names::{MAX_NAME, MAX_PATH};
pub use origin::Origin;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use origin::restored;
#[doc(hidden)]
pub use outgoing::{MayBeSent, Outgoing, Sent};
pub use progress::{Append, Appended, Progressed, Stretch, StretchOf};
pub use purge::{Purge, PurgePlace, Purged};
pub use reply::{Reply, StoreError};
pub use rows::{
    Entry, EntryStatus, EventKey, ForkedFrom, InboxEvent, Parent, Refusal, RevisionChange, RunRow,
    RunState, Stop, StopKind, Waiting,
};
pub use slots::{AGEING, Declare, Hold, Limit, Limited, Rate};
pub use transaction::{
    Adoption, Adopts, Ask, Claim, Claimed, Delivered, End, Fire, Fired, Firing, Inbox, Loaded,
    NewEvent, NewRun, Next, Request, Requested, RunWrite, Started, Transaction, Written,
};
pub use undo::{Compensation, UNDO_SUFFIX, Undoable, is_undo};
pub(crate) use work::UndoOf;
pub use work::{AnyWork, Transact, Transacted, Work, guarded};

use std::any::Any;
use std::time::Duration;

use crate::profile::Profile;
use crate::{RunId, Timestamp};

/// A journal for runs. See the [module](self) for what an implementation promises.
pub trait Store: Send + Sync + 'static {
    /// Queues a transaction. Never blocks on the disk; the answer comes through its reply,
    /// on any thread, after the commit that holds it is durable.
    fn submit(&self, transaction: Transaction);

    /// Reads committed state; answered through the query's reply.
    fn query(&self, query: Query);

    /// The present instant by this store's clock, the one by which timers are due.
    fn now(&self) -> Timestamp;

    /// The store itself, for those who know its type: an [`Outbox`](crate::Outbox).
    fn concrete(&self) -> Option<&dyn Any> {
        None
    }

    /// The promises that this store keeps. An engine over it refuses what needs more.
    fn profile(&self) -> Profile {
        Profile::full()
    }

    /// How long a worker's lease is, where a store has many workers. None where it has one, the
    /// last that opened it.
    fn lease(&self) -> Option<Duration> {
        None
    }

    /// The most bytes of JSON that a value may have. A transaction with a larger one is refused.
    fn max_payload(&self) -> usize {
        MAX_PAYLOAD
    }

    /// Registers a call for whenever another process may have changed something, or the clock
    /// jumped. It is a hint: it may come late, often or for nothing.
    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>);
}

/// A read of committed state.
#[derive(Debug)]
#[non_exhaustive]
pub enum Query {
    /// What it takes to drive a run: its row, unsealed entries, unconsumed events; one snapshot.
    Load(RunId, Reply<Option<Loaded>>),
    /// The mail of a run that came after an inbox position; one snapshot.
    Inbox(RunId, u64, Reply<Option<Inbox>>),
    /// One run's row and its open (unsettled) entries.
    Run(RunId, Reply<Option<(RunRow, Vec<Entry>)>>),
    /// Rows of runs, the one that was started last first; see [`RunCursor`].
    Runs(Box<RunFilter>, Reply<Vec<RunRow>>),
    /// A run's whole journal, sealed entries included: settled ones by `seq`, then those without.
    Journal(RunId, Reply<Option<Vec<Entry>>>),
    /// A part of one of a run's progress streams; one snapshot.
    Progress(Box<StretchOf>, Reply<Option<Stretch>>),
    /// When a schedule fires next; none if it never was told.
    NextFire(String, Reply<Option<Firing>>),
}
