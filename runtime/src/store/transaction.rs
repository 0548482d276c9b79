//! What a store is asked to do, and what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::fork::{Forked, NewFork};
use super::progress::{Append, Appended};
use super::purge::{Purge, Purged};
use super::reply::Reply;
use super::rows::{
    Entry, EntryStatus, EventKey, InboxEvent, Parent, Refusal, RunRow, RunState, Stop,
};
use super::slots::Declare;
use super::undo::Undoable;
use super::work::{Transact, Transacted};
use crate::ids::{RunId, WorkerId};
use crate::payload::{InputHash, Payload};
use crate::{Failure, Timestamp};

/// An atomic change, with the reply that tells its result once that is durable.
#[derive(Debug)]
#[non_exhaustive]
pub enum Transaction {
    /// A worker begins to drive runs. Where a store has [one](super::Store::lease), it alone may
    /// claim from now on, and every run that another worker owns counts as abandoned. Where it has
    /// many, this is the worker's first lease.
    Open(WorkerId, Reply<()>),
    /// Extends the lease of a worker, whatever has become of it, by the whole of its time from
    /// now. A store of one worker has nothing to do.
    Renew(WorkerId, Reply<()>),
    /// Ends the lease of a worker now: what it owns counts as abandoned. A store of one worker has
    /// nothing to do.
    Leave(WorkerId, Reply<()>),
    /// Says under which limits workflows are from now on, whoever drives them.
    Declare(Box<Declare>, Reply<()>),
    /// Starts a run, unless its (workflow, key) has one.
    Start(Box<NewRun>, Reply<Started>),
    /// Takes runs that are ready, due or abandoned.
    Claim(Claim, Reply<Claimed>),
    /// What the owner of a run writes: outcomes, open entries, the end.
    Write(Box<RunWrite>, Reply<Written>),
    /// Does work in the application's own tables, and writes a step's outcome with it.
    Transact(Box<Transact>, Reply<Transacted>),
    /// Appends an item to one of a run's progress streams.
    Append(Box<Append>, Reply<Appended>),
    /// Puts an event into a run's inbox.
    Event(Box<NewEvent>, Reply<Delivered>),
    /// Asks something of a run: that it be cancelled, terminated, paused, resumed, adopted.
    Request(Request, Reply<Requested>),
    /// Starts a run that shares the beginning of another.
    Fork(Box<NewFork>, Reply<Forked>),
    /// Advances a schedule and starts the run that its firing is.
    Fire(Box<Fire>, Reply<Fired>),
    /// Takes away some of the runs that ended long ago. Comes whenever it comes, whatever its
    /// caller asked for before; a store may answer [`Busy`](super::StoreError::Busy) where another
    /// worker is at it.
    Purge(Box<Purge>, Reply<Purged>),
}

/// A run to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Name of its workflow.
    pub workflow: Arc<str>,
    /// Revision of its workflow.
    pub revision: Arc<str>,
    /// The [fingerprint](crate::Workflow::fingerprint) of its workflow, where there is one.
    pub fingerprint: Option<Arc<str>>,
    /// Unique per workflow, across its revisions.
    pub key: Option<String>,
    /// Random bits from which everything random in the run derives.
    pub seed: [u8; 16],
    /// Its input, raw.
    pub input: Payload,
    /// Hash of the canonical input.
    pub input_hash: InputHash,
    /// Names of the events that it declares.
    pub events: Vec<String>,
    /// When it is started.
    pub at: Timestamp,
    /// The worker that starts it in order to drive it: the run is running, owned, in epoch 1.
    /// Without one it is pending, ready, unowned, in epoch 0.
    pub owner: Option<WorkerId>,
    /// What to file the run under, by name, so that it is found again.
    pub tags: BTreeMap<String, String>,
    /// The call that it is.
    pub parent: Option<Parent>,
    /// By what it counts if its workflow is under a limit. Without one an awaited child under the
    /// limit of its caller has its caller's key, and any other run the empty one.
    pub limit_key: Option<String>,
    /// How it stands in the line of its limit: higher ones go first.
    pub priority: i32,
}

impl NewRun {
    /// A run with a new id and seed; unowned, without fingerprint, key, events and tags.
    pub fn new(
        workflow: impl Into<Arc<str>>,
        revision: impl Into<Arc<str>>,
        input: Payload,
        input_hash: InputHash,
        at: Timestamp,
    ) -> Self {
        Self {
            id: RunId::new(),
            workflow: workflow.into(),
            revision: revision.into(),
            fingerprint: None,
            key: None,
            seed: Uuid::new_v4().into_bytes(),
            input,
            input_hash,
            events: Vec::new(),
            at,
            owner: None,
            tags: BTreeMap::new(),
            parent: None,
            limit_key: None,
            priority: 0,
        }
    }
}

/// How a start ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// The run is there.
    New,
    /// The run is there, pending, without an owner even where one was named: its workflow is under
    /// a limit, and a claim takes it in its turn.
    InLine,
    /// The key had its run already; nothing was written.
    Existing {
        /// That run.
        id: RunId,
        /// Hash of the input that it was started with.
        input_hash: InputHash,
    },
}

/// Asks for runs to drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks; refused unless it opened the store last, where that has one worker. Where it has
    /// many, one whose lease is over has a new one by it.
    pub worker: WorkerId,
    /// The (workflow, revision) pairs that it can drive.
    pub definitions: Vec<(Arc<str>, Arc<str>)>,
    /// Revisions whose runs it would adopt: claimed like its own, unless it refused them before.
    pub adopts: Vec<Adopts>,
    /// At most so many runs.
    pub limit: usize,
    /// The instant by which runs are due.
    pub now: Timestamp,
}

/// A revision that takes over the runs of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopts {
    /// The workflow.
    pub workflow: Arc<str>,
    /// The revision that the runs have.
    pub from: Arc<str>,
    /// The revision that would take them over.
    pub to: Arc<str>,
}

/// What a claim brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// Runs that are now the worker's, with their new epochs. A run is claimed if it has not
    /// ended, its definition is asked for, and
    /// - it is unowned, not paused, and ready or due (`wake_at <= now`); or
    /// - it is unowned, paused, ready, and a cancel was requested or another revision is wanted; or
    /// - it is owned by another worker, which has no lease where there are leases (`takeovers` is
    ///   raised).
    ///
    /// One that is under a limit, and has no slot, is claimed in its turn in line, with a slot:
    /// that is its own until it ends, or waits if it holds one only
    /// [while it is active](super::Hold).
    ///
    /// A claim sets owner, raises the epoch and clears `ready` and `wake_at`.
    pub runs: Vec<(RunId, u64)>,
    /// Runs that the worker owned already and that have new mail (`ready` is cleared), or that
    /// were terminated under it.
    pub nudged: Vec<RunId>,
    /// When the next unowned run of these definitions is due, or may begin by its limit's rate.
    pub next_wake: Option<Timestamp>,
    /// Whether the limit kept back some.
    pub more: bool,
    /// Another worker has opened the store, and there can be only one: nothing was claimed, and
    /// nothing ever will be.
    pub superseded: bool,
}

/// What the owner of a run writes, all or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct RunWrite {
    /// The run.
    pub run: RunId,
    /// Refused unless it is the run's epoch.
    pub epoch: u64,
    /// Rows to insert, or to put in place of open rows with the same path.
    /// A settled row in the way refuses the whole write. Any that is more than a sign of life
    /// clears `takeovers`, see [`is_progress`](Self::is_progress).
    pub entries: Vec<Entry>,
    /// Path prefixes (`each_item[3]/`) under which every entry is sealed, after `entries`.
    /// Sealed entries stay in the journal and are not loaded any more.
    pub seals: Vec<String>,
    /// Inbox positions of the events that `entries` consume.
    pub consumed: Vec<u64>,
    /// What the run lets others see of itself from now on; none leaves that as it is.
    pub published: Option<Payload>,
    /// What the run answers whoever waits for a response; without effect if it has answered.
    pub response: Option<Payload>,
    /// Runs to start, pending and unowned, unless they are there. `entries` holds their calls;
    /// an entry of kind [`CALL`](super::CALL) that is cancelled asks its child to cancel.
    pub children: Vec<NewRun>,
    /// What becomes of the run. When it ends, its awaited children are asked to cancel, and the
    /// call that it is gets its end as mail, if that call still waits.
    pub next: Next,
}

impl RunWrite {
    /// Whether the run has come further by it: a body that says that it lives, and kills its
    /// process afterwards each time, is a crash loop all the same.
    pub fn is_progress(&self) -> bool {
        self.entries.iter().any(|entry| entry.status != EntryStatus::Running || entry.seq.is_some())
    }

    /// A write of nothing but what becomes of the run.
    pub fn new(run: RunId, epoch: u64, next: Next) -> Self {
        Self {
            run,
            epoch,
            entries: Vec::new(),
            seals: Vec::new(),
            consumed: Vec::new(),
            published: None,
            response: None,
            children: Vec::new(),
            next,
        }
    }
}

/// What becomes of a run with a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It stays with its owner, in this state (running or waiting).
    Keep(RunState),
    /// It gives up its owner and waits. Refused, with the whole write, if `inbox_seq` is not
    /// the run's any more: mail came, and nobody would wake it.
    Suspend {
        /// The newest mail that the owner has seen.
        inbox_seq: u64,
        /// When the run is due by itself.
        wake_at: Option<Timestamp>,
    },
    /// Its owner leaves in order: unowned and ready, in its present state.
    Release,
    /// It stands still, unowned, until someone resumes or cancels it. A cancel that has been
    /// requested lets it be claimed at once.
    Pause(Failure),
    /// The same in spite of a cancel: the run has been told of that one, and would only do again
    /// what made it stand still.
    Park(Failure),
    /// It is of another revision from now on, which stays in its history. It stays with its owner,
    /// unless it is paused.
    Adopt(Adoption),
    /// Another revision does not fit it: unowned and ready, unless it is paused. Forgotten once
    /// someone wants a revision, or one adopts it.
    Refuse(Refusal),
    /// It ends. If a cancel was requested, it ends as cancelled, whatever `End` says.
    End(End),
}

/// A revision that a run's journal fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The revision.
    pub to: Arc<str>,
    /// The fingerprint of the workflow there, where there is one.
    pub fingerprint: Option<Arc<str>>,
    /// Names of the events that it declares.
    pub events: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Completed, failed or cancelled.
    pub state: RunState,
    /// The output of a completed run.
    pub output: Option<Payload>,
    /// The failure of a failed one.
    pub failure: Option<Failure>,
    /// When.
    pub at: Timestamp,
    /// Whether something that it did may be undone yet. Then it gives way to a cancel request: all
    /// else is written, and the run stays with its owner, running. Where none came, what the run had
    /// begun to undo and given up is cancelled: the open entries whose path is that of a
    /// compensation.
    pub may_undo: bool,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is durable; the run is in this state.
    Done(RunState),
    /// Another epoch: the run is not the writer's any more.
    Fenced,
    /// A settled entry has this path already: a bug in the engine.
    Conflict(Arc<str>),
    /// It would have suspended a run that has new mail.
    NewMail,
}

/// An event for a run.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// The run.
    pub run: RunId,
    /// Its name and key.
    pub event: EventKey,
    /// The sender's id for it, unique in the run: a second delivery is acknowledged and dropped.
    pub event_id: Option<String>,
    /// What it carries.
    pub payload: Payload,
    /// When it is sent.
    pub at: Timestamp,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// It is in the inbox: the inbox position is raised and the run is ready.
    Accepted,
    /// An event with this id was accepted before.
    Duplicate,
    /// There is no such run.
    UnknownRun,
    /// The run has ended.
    Finished,
    /// The run declares no event of this name.
    Undeclared,
}

/// What someone outside asks of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The run.
    pub run: RunId,
    /// What it is to do.
    pub ask: Ask,
    /// Why, in the words of whoever asks.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Request {
    /// A request without a reason.
    pub fn new(run: RunId, ask: Ask, at: Timestamp) -> Self {
        Self { run, ask, reason: None, at }
    }
}

/// What can be asked of a run that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ask {
    /// That it end as cancelled, once its function has seen it: the request stays in the row.
    /// Takes the place of a request to pause, and lets a run go on that was paused by one.
    Cancel,
    /// That it end at once: cancelled, with the failure `terminated`, its epoch raised, nothing
    /// open. Its owner is told by its next claim. Awaited children are asked to cancel.
    Terminate,
    /// That it stand still. A run without an owner is paused at once, with the failure `paused`;
    /// one that is owned once its owner has recorded what is in flight.
    Pause,
    /// That it go on: a paused run is pending, ready, without failure and takeovers; a request
    /// to pause is withdrawn.
    Resume,
    /// That it go on in this revision, if a worker finds that its journal fits that one.
    Adopt(Arc<str>),
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It is written: the inbox position is raised and the run is ready.
    Accepted,
    /// There was nothing to do: asked for already, or not paused.
    Unchanged,
    /// There is no such run.
    UnknownRun,
    /// The run has ended.
    Finished,
}

/// A firing of a schedule (R23).
#[derive(Clone, Debug, PartialEq)]
pub struct Fire {
    /// The schedule's name, unique in the store.
    pub schedule: String,
    /// Refused unless this is what the store holds; none for a schedule that never was told.
    pub expected: Option<Firing>,
    /// What comes after that.
    pub next: Firing,
    /// The run to start, as by [`Transaction::Start`]; none where the firing is skipped, or
    /// where the schedule is only told when to fire first.
    pub start: Option<NewRun>,
}

/// What became of a firing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fired {
    /// The schedule is advanced, and the run is there.
    Done(Option<Started>),
    /// Somebody else advanced it, to this. Nothing was written.
    Moved(Option<Firing>),
}

/// When a schedule fires next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The rule by which the instant was found. After an edit it is another one, and an instant
    /// that the old rule left in the past is none that the new one missed.
    pub rule: String,
    /// The instant; none if it never fires again.
    pub at: Option<Timestamp>,
}

/// What it takes to drive a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The row.
    pub row: RunRow,
    /// Its unsealed entries: settled ones by `seq`, then those without.
    pub entries: Vec<Entry>,
    /// Its unconsumed events, by position.
    pub inbox: Vec<InboxEvent>,
    /// Its sealed entries that can be undone, by `seq`, without those whose compensation is
    /// settled and sealed as well.
    pub undos: Vec<Undoable>,
}

impl Loaded {
    /// What a store would load of a run right after its start.
    pub fn first(new: NewRun) -> Self {
        let row = RunRow::first(new);
        Self { row, entries: Vec::new(), inbox: Vec::new(), undos: Vec::new() }
    }
}

/// New mail of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbox {
    /// The newest position.
    pub inbox_seq: u64,
    /// The run's epoch: another than its owner's tells that it is not the owner's any more.
    pub epoch: u64,
    /// What was asked of it.
    pub stop: Option<Stop>,
    /// The revision that someone wants it to adopt.
    pub wanted_revision: Option<Arc<str>>,
    /// Unconsumed events after the position asked for, by position.
    pub events: Vec<InboxEvent>,
}
