//! A store asked from a test: every call waits for its answer.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::failure::{Cause, ErrorClass};
use crate::store::{
    Append, Appended, Ask, Claim, Claimed, Declare, Delivered, End, Entry, EntryStatus, EventKey,
    Fire, Fired, Firing, Forked, Inbox, Loaded, NewEvent, NewFork, NewRun, Next, Purge, Purged,
    Query, Reply, Request, Requested, RunFilter, RunRow, RunState, RunWrite, Started, Store,
    StoreError, Stretch, StretchOf, Transaction, Written,
};
use crate::{Failure, Payload, RunId, Timestamp, WorkerId};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store asked from a test: every call waits for its answer, and panics without one.
#[derive(Debug)]
pub struct Probe<S> {
    store: S,
    /// Workers that have opened the store through this.
    workers: Mutex<Vec<WorkerId>>,
}

/// An answer that is on its way.
pub(super) struct Pending<T>(mpsc::Receiver<Result<T, StoreError>>);

impl<T> Pending<T> {
    pub(super) fn new() -> (Reply<T>, Self)
    where
        T: Send + 'static,
    {
        let (sender, receiver) = mpsc::channel();
        (Reply::new(move |answer| drop(sender.send(answer))), Self(receiver))
    }

    pub(super) fn wait(self) -> T {
        self.0.recv_timeout(PATIENCE).expect("an answer in time").expect("no error")
    }
}

macro_rules! asks {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $ty:ty),*) -> $answer:ty
        = $call:ident $wrap:expr;)+) => {
        $(
            $(#[$doc])*
            pub fn $name(&self, $($argument: $ty),*) -> $answer {
                let (reply, pending) = Pending::new();
                self.store.$call($wrap(reply));
                pending.wait()
            }
        )+
    };
}

impl<S: Store> Probe<S> {
    /// Asks this store.
    pub fn new(store: S) -> Self {
        Self { store, workers: Mutex::default() }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// What the store answers to a transaction, an error as well.
    pub fn try_submit<T: Send + 'static>(
        &self,
        transaction: impl FnOnce(Reply<T>) -> Transaction,
    ) -> Result<T, StoreError> {
        let (reply, Pending(answer)) = Pending::new();
        self.store.submit(transaction(reply));
        answer.recv_timeout(PATIENCE).expect("an answer in time")
    }

    asks! {
        /// [`Transaction::Open`].
        fn open(worker: WorkerId) -> () = submit |reply| Transaction::Open(worker, reply);
        /// [`Transaction::Renew`].
        fn renew(worker: WorkerId) -> () = submit |reply| Transaction::Renew(worker, reply);
        /// [`Transaction::Leave`].
        fn leave(worker: WorkerId) -> () = submit |reply| Transaction::Leave(worker, reply);
        /// [`Transaction::Declare`].
        fn declare(limits: Declare) -> ()
            = submit |reply| Transaction::Declare(Box::new(limits), reply);
        /// [`Transaction::Start`].
        fn start(run: NewRun) -> Started = submit |reply| Transaction::Start(Box::new(run), reply);
        /// [`Transaction::Claim`].
        fn claim(claim: Claim) -> Claimed = submit |reply| Transaction::Claim(claim, reply);
        /// [`Transaction::Write`].
        fn write(write: RunWrite) -> Written
            = submit |reply| Transaction::Write(Box::new(write), reply);
        /// [`Transaction::Append`].
        fn append(append: Append) -> Appended
            = submit |reply| Transaction::Append(Box::new(append), reply);
        /// [`Query::Progress`].
        fn progress(of: StretchOf) -> Option<Stretch>
            = query |reply| Query::Progress(Box::new(of), reply);
        /// [`Transaction::Event`].
        fn event(event: NewEvent) -> Delivered
            = submit |reply| Transaction::Event(Box::new(event), reply);
        /// [`Transaction::Request`].
        fn request(request: Request) -> Requested
            = submit |reply| Transaction::Request(request, reply);
        /// [`Transaction::Fork`].
        fn fork(fork: NewFork) -> Forked = submit |reply| Transaction::Fork(Box::new(fork), reply);
        /// [`Transaction::Purge`].
        fn purge(purge: Purge) -> Purged
            = submit |reply| Transaction::Purge(Box::new(purge), reply);
        /// [`Transaction::Fire`].
        fn fire(fire: Fire) -> Fired = submit |reply| Transaction::Fire(Box::new(fire), reply);
        /// [`Query::Load`].
        fn load(run: RunId) -> Option<Loaded> = query |reply| Query::Load(run, reply);
        /// [`Query::Inbox`].
        fn inbox(run: RunId, after: u64) -> Option<Inbox>
            = query |reply| Query::Inbox(run, after, reply);
        /// [`Query::Run`].
        fn run(run: RunId) -> Option<(RunRow, Vec<Entry>)> = query |reply| Query::Run(run, reply);
        /// [`Query::Runs`].
        fn runs(filter: RunFilter) -> Vec<RunRow> = query |reply| Query::Runs(Box::new(filter), reply);
        /// [`Query::Journal`].
        fn journal(run: RunId) -> Option<Vec<Entry>> = query |reply| Query::Journal(run, reply);
        /// [`Query::NextFire`].
        fn next_fire(name: &str) -> Option<Firing>
            = query |reply| Query::NextFire(name.to_owned(), reply);
    }

    /// Asks something of a run, without a reason.
    pub fn ask(&self, run: RunId, ask: Ask) -> Requested {
        self.request(Request::new(run, ask, Timestamp(5_000)))
    }

    /// Asks that a run be cancelled.
    pub fn cancel(&self, run: RunId) -> Requested {
        self.ask(run, Ask::Cancel)
    }

    /// Lets a paused run go on.
    pub fn resume(&self, run: RunId) -> Requested {
        self.ask(run, Ask::Resume)
    }

    /// A worker that has opened the store, after every one before has gone.
    pub(super) fn worker(&self) -> WorkerId {
        let before =
            std::mem::take(&mut *self.workers.lock().unwrap_or_else(PoisonError::into_inner));
        for gone in before {
            self.leave(gone);
        }
        self.another()
    }

    /// A worker that has opened the store beside those that are there.
    pub(super) fn another(&self) -> WorkerId {
        let worker = WorkerId::new();
        self.open(worker);
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        worker
    }

    /// A run of `orders` that the worker owns, in epoch 1.
    pub(super) fn owned(&self, worker: WorkerId) -> RunId {
        let run = NewRun { owner: Some(worker), ..new_run() };
        let id = run.id;
        assert_eq!(self.start(run), Started::New);
        id
    }

    /// A run's row.
    pub(super) fn row(&self, run: RunId) -> RunRow {
        self.run(run).expect("the run is there").0
    }

    /// Claims everything of `orders` that may be claimed at an instant.
    pub(super) fn claim_at(&self, worker: WorkerId, now: i64) -> Claimed {
        self.claim(claim(worker, now))
    }

    /// The paths that replay would load, in order.
    pub(super) fn loaded_paths(&self, run: RunId) -> Vec<String> {
        paths(&self.load(run).expect("the run is there").entries)
    }

    /// The paths of the whole journal, in order.
    pub(super) fn journal_paths(&self, run: RunId) -> Vec<String> {
        paths(&self.journal(run).expect("the run is there"))
    }
}

fn paths(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.path.to_string()).collect()
}

/// A run of `orders`, revision `r1`, that declares the event `shipped`.
pub(super) fn new_run() -> NewRun {
    let input = Payload::from_json(r#"{"cents":1200}"#);
    let hash = input.hash();
    NewRun {
        seed: [7; 16],
        events: vec!["shipped".to_owned()],
        ..NewRun::new("orders", "r1", input, hash, Timestamp(1_000))
    }
}

/// Claims everything of `orders` that may be claimed at an instant.
pub(super) fn claim(worker: WorkerId, now: i64) -> Claim {
    Claim {
        worker,
        definitions: vec![("orders".into(), "r1".into())],
        adopts: Vec::new(),
        limit: 1_000,
        now: Timestamp(now),
    }
}

/// A write in epoch 1 that changes nothing.
pub(super) fn write(run: RunId) -> RunWrite {
    RunWrite::new(run, 1, Next::Keep(RunState::Running))
}

/// An entry that waits for its next attempt.
pub(super) fn open_entry(path: &str) -> Entry {
    Entry { attempts: 1, ..Entry::new(path, "step@1", EntryStatus::Retrying, Timestamp(1_500)) }
}

/// An entry with an output.
pub(super) fn outcome(path: &str, seq: u64) -> Entry {
    Entry {
        status: EntryStatus::Completed,
        seq: Some(seq),
        output: Some(Payload::from_json(format!("{seq}"))),
        ended_at: Some(Timestamp(2_000)),
        ..open_entry(path)
    }
}

/// A completed end.
pub(super) fn completed() -> End {
    End {
        may_undo: false,
        state: RunState::Completed,
        output: Some(Payload::from_json("42")),
        failure: None,
        at: Timestamp(9_000),
    }
}

/// A failure with every field filled.
pub(super) fn failure() -> Failure {
    Failure {
        code: "http_status".into(),
        message: "answered 500 \u{1f525}".into(),
        attempts: 3,
        path: "each_item[3]/charge".into(),
        cause: Some(Box::new(Cause {
            class: ErrorClass::RateLimited,
            chain: vec!["connection reset".into()],
            location: Some("src/charge.rs:12:9".into()),
        })),
    }
}

/// The event `shipped`, without a key.
pub(super) fn shipped(run: RunId) -> NewEvent {
    NewEvent {
        run,
        event: EventKey { name: "shipped".into(), key: None },
        event_id: None,
        payload: Payload::from_json(r#"{"parcel":1}"#),
        at: Timestamp(3_000),
    }
}

/// The ids of listed runs, in their order.
pub(super) fn ids(runs: &[RunRow]) -> Vec<RunId> {
    runs.iter().map(|run| run.id).collect()
}

/// A text that is cheap to share.
pub(super) fn text(text: &str) -> Arc<str> {
    text.into()
}
