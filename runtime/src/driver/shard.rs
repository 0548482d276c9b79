//! The thread that drives runs: takes messages, advances the runs that they concern, submits
//! their writes and performs their effects.

mod adopt;
mod advance;
mod lease;
mod lost_claim;
mod take_up;
mod transact;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Hub;
use super::bodies::{Reaper, Spawn};
use super::claims::{Claims, LIMIT};
use super::link::Beat;
use super::registry::Registry;
use super::residence::{Gauge, Occupancy, Residence};
use super::resident::{Leaving, Resident};
use crate::failure::{Failure, StepError};
use crate::ids::{RunId, WorkerId};
use crate::payload::Payload;
use crate::store::{
    Claim, Claimed, Inbox, Loaded, Next, Query, Reply, RunRow, Store, StoreError, Transacted,
    Transaction, Written,
};
use crate::values::Timestamp;
pub(super) use lease::Lease;

/// Runs in memory above which no further ones are claimed; one that is started here waits as a
/// row until there is room.
const RESIDENT: usize = 20_000;

/// Messages to take before the runs that they concern are advanced.
const BATCH: usize = 1024;

/// The longest sleep, so that a clock that was set is noticed.
const NAP: Duration = Duration::from_mins(1);

/// What a shard is told.
pub(super) enum Message {
    /// A run of ours is durable.
    Started(Box<Loaded>),
    Claimed(Result<Claimed, StoreError>),
    Loaded {
        run: RunId,
        epoch: u64,
        loaded: Result<Option<Box<Loaded>>, StoreError>,
    },
    Written {
        run: RunId,
        epoch: u64,
        written: Result<Written, StoreError>,
    },
    Transacted {
        run: RunId,
        epoch: u64,
        answer: Result<Transacted, StoreError>,
    },
    Inbox {
        run: RunId,
        asked_at: Timestamp,
        inbox: Result<Option<Inbox>, StoreError>,
    },
    /// An attempt of a body has ended.
    Body {
        run: RunId,
        epoch: u64,
        path: Arc<str>,
        attempt: u32,
        result: Result<Payload, StepError>,
    },
    /// A body gave a sign of life.
    Beat {
        run: RunId,
        epoch: u64,
        path: Arc<str>,
        attempt: u32,
        beat: Arc<Beat>,
    },
    /// Runs that have not ended: a page of their list.
    Open(Result<Vec<RunRow>, StoreError>),
    /// Somebody of this process sent mail to a run.
    Nudge(RunId),
    /// Something may have changed, who knows what.
    Hint,
    /// A run's function was woken by somebody else.
    Woken(RunId),
    /// The worker's lease was renewed, or not.
    Renewed(Result<(), StoreError>),
    /// Hand the runs over in order.
    Shutdown(oneshot::Sender<()>),
    /// Stop at once.
    Abandon,
    /// Say whether nothing will happen unless time passes, or somebody does something.
    #[cfg(feature = "testkit")]
    Look(oneshot::Sender<bool>),
}

/// What a shard is made of.
pub(super) struct Settings {
    pub(super) store: Arc<dyn Store>,
    pub(super) worker: WorkerId,
    /// Where the store has many workers.
    pub(super) lease: Option<Lease>,
    pub(super) registry: Arc<Registry>,
    pub(super) hub: Arc<Hub>,
    pub(super) runtime: Box<dyn Spawn>,
    pub(super) linger: Duration,
    pub(super) memory: usize,
    pub(super) gauge: Arc<Gauge>,
    /// How long a body may go on when its scope is cancelled.
    pub(super) grace: Duration,
    pub(super) always_replay: bool,
    #[cfg(feature = "testkit")]
    pub(super) answers: crate::testkit::Answers,
    pub(super) sender: Sender<Message>,
}

/// The state of the thread.
pub(super) struct Shard {
    settings: Settings,
    runs: BTreeMap<RunId, Resident>,
    /// When runs have something to do by themselves.
    agenda: BTreeSet<(Timestamp, RunId)>,
    /// Runs that messages concern.
    touched: BTreeSet<RunId>,
    /// Runs that are on their way into memory, and whether mail has come for them meanwhile.
    loading: BTreeMap<RunId, bool>,
    /// Runs whose adoption is being written.
    adopting: BTreeSet<RunId>,
    /// What was said already of functions that were changed.
    said: BTreeSet<String>,
    claims: Claims,
    pub(super) residence: Residence,
    reaper: Reaper,
    now: Timestamp,
    /// Told once every run has left.
    closing: Option<Vec<oneshot::Sender<()>>>,
    closed: bool,
}

impl Shard {
    pub(super) fn new(settings: Settings) -> Self {
        let limit = Occupancy { runs: RESIDENT, bytes: settings.memory };
        Self {
            now: settings.store.now(),
            residence: Residence::new(limit, Arc::clone(&settings.gauge)),
            settings,
            runs: BTreeMap::new(),
            agenda: BTreeSet::new(),
            touched: BTreeSet::new(),
            loading: BTreeMap::new(),
            adopting: BTreeSet::new(),
            said: BTreeSet::new(),
            claims: Claims::default(),
            reaper: Reaper::default(),
            closing: None,
            closed: false,
        }
    }

    /// Drives runs until it is told to stop.
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        self.claims.want();
        while !self.closed {
            let nap = self.tick().map_or(NAP, |nap| nap.min(NAP));
            match messages.recv_timeout(nap) {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            for message in messages.try_iter().take(BATCH) {
                self.take(message);
            }
        }
        self.settings.hub.close();
    }

    /// Does all that is to be done now; how long until there is more, if time alone brings it.
    pub(super) fn tick(&mut self) -> Option<Duration> {
        self.now = self.now.max(self.settings.store.now());
        while let Some(&(at, run)) = self.agenda.first()
            && at <= self.now
        {
            self.agenda.pop_first();
            self.touched.insert(run);
        }
        for run in std::mem::take(&mut self.touched) {
            self.advance(run);
        }
        while let Some(run) = self.residence.surplus() {
            self.put_out(run);
        }
        self.residence.show(self.runs.len() + self.loading.len());
        self.claim();
        // What a claim brings yet is handed over, too: left to lie it would count as a crash.
        if self.runs.is_empty()
            && self.loading.is_empty()
            && !self.claims.is_in_flight()
            && let Some(closing) = self.closing.take()
        {
            self.closed = true;
            if self.settings.lease.is_some() {
                let leave = Transaction::Leave(self.settings.worker, Reply::new(drop));
                self.settings.store.submit(leave);
            }
            for closed in closing {
                // Nobody may wait for it any more.
                closed.send(()).unwrap_or_default();
            }
            return Some(Duration::ZERO);
        }
        let lease = self.keep_lease();
        let reap = self.reaper.reap(self.now);
        let agenda = self.agenda.first().map(|(at, _)| *at);
        // Without room the next claim is made when a run leaves, which is a message.
        let claims = self.claims.next().filter(|_| self.residence.has_room(self.runs.len()));
        let next = [agenda, claims, reap].into_iter().flatten().min();
        let nap = next.map(|at| until(self.now, at));
        nap.into_iter().chain(lease).min()
    }

    pub(super) fn take(&mut self, message: Message) {
        self.now = self.now.max(self.settings.store.now());
        if let Message::Body { run, .. } | Message::Beat { run, .. } | Message::Inbox { run, .. } =
            &message
            && let Some(resident) = self.runs.get_mut(run)
            && let Some(later) = &mut resident.reloading
        {
            later.push(message);
            return;
        }
        match message {
            Message::Started(loaded) => {
                let epoch = loaded.row.epoch;
                self.take_up(*loaded, epoch);
            }
            Message::Claimed(claimed) => self.claimed(claimed),
            Message::Loaded { run, epoch, loaded } => match loaded {
                Ok(Some(loaded)) => self.take_up(*loaded, epoch),
                Ok(None) => drop(self.loading.remove(&run)),
                Err(error) => {
                    self.loading.remove(&run);
                    self.store_failed(run, epoch, &error);
                }
            },
            Message::Written { run, epoch, written } => self.written(run, epoch, written),
            Message::Transacted { run, epoch, answer } => self.transacted(run, epoch, answer),
            Message::Inbox { run, asked_at, inbox } => self.mail(run, asked_at, inbox),
            Message::Body { run, epoch, path, attempt, result } => {
                self.attempt_ended(run, epoch, (&path, attempt), result);
            }
            Message::Beat { run, epoch, path, attempt, beat } => {
                self.beat(run, epoch, (&path, attempt), &beat);
            }
            Message::Open(rows) => self.open_runs(rows),
            Message::Nudge(run) => self.nudge(run),
            Message::Hint => {
                self.settings.hub.all_changed();
                self.claims.want();
            }
            Message::Woken(run) => {
                self.touched.insert(run);
            }
            Message::Renewed(renewed) => self.renewed(renewed),
            Message::Shutdown(done) => self.shut_down(done),
            Message::Abandon => self.closed = true,
            #[cfg(feature = "testkit")]
            Message::Look(told) => drop(told.send(self.is_still())),
        }
    }

    /// Whether nothing is under way: no body, no transaction, nothing that is due. Whatever came
    /// before this was asked is looked at already.
    #[cfg(feature = "testkit")]
    fn is_still(&self) -> bool {
        let rests = |resident: &Resident| {
            let backend = resident.backend.borrow();
            backend.is_idle() && resident.is_movable() && !resident.bodies.is_running()
        };
        let next = self.agenda.first().map(|(at, _)| *at).into_iter().chain(self.claims.next());
        let is_under_way = self.claims.is_in_flight()
            || !self.loading.is_empty()
            || !self.adopting.is_empty()
            || !self.touched.is_empty();
        !is_under_way
            && next.min().is_none_or(|at| at > self.settings.store.now())
            && self.runs.values().all(rests)
    }

    fn claim(&mut self) {
        if self.closing.is_some() {
            return;
        }
        for (run, epoch) in self.claims.take_evicted(self.now) {
            // A start of ours may have been told of meanwhile.
            if self.runs.get(&run).is_none_or(|resident| resident.epoch != epoch) {
                self.submit(advance::bare_write(run, epoch, Next::Release));
            }
        }
        if self.claims.take_lost(self.now) {
            return self.look_for_claimed(None);
        }
        let room = self.residence.has_room(self.runs.len() + self.loading.len());
        let lapsed = self.settings.lease.as_ref().is_some_and(Lease::is_lapsed);
        if !room || lapsed || !self.claims.begin(self.now) {
            return;
        }
        let Settings { store, worker, registry, sender, .. } = &self.settings;
        let definitions = registry.definitions();
        let adopts = registry.adopts();
        let claim = Claim { worker: *worker, definitions, adopts, limit: LIMIT, now: self.now };
        let sender = sender.clone();
        let reply = Reply::new(move |claimed| drop(sender.send(Message::Claimed(claimed))));
        store.submit(Transaction::Claim(claim, reply));
    }

    fn claimed(&mut self, claimed: Result<Claimed, StoreError>) {
        let claimed = match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "runs could not be claimed");
                self.closed |= matches!(error, StoreError::Closed(_));
                return match error {
                    StoreError::Unknown(_) => self.claims.lost(self.now),
                    _ => self.claims.failed(self.now),
                };
            }
        };
        if claimed.superseded {
            tracing::warn!("another process drives the store now");
            self.closed = true;
            return;
        }
        self.claims.ended(&claimed);
        for (run, epoch) in claimed.runs {
            self.loading.insert(run, false);
            self.load(run, epoch);
        }
        claimed.nudged.into_iter().for_each(|run| self.nudge(run));
    }

    fn load(&self, run: RunId, epoch: u64) {
        let sender = self.settings.sender.clone();
        let tell = move |loaded: Result<Option<Loaded>, StoreError>| {
            let loaded = loaded.map(|loaded| loaded.map(Box::new));
            drop(sender.send(Message::Loaded { run, epoch, loaded }));
        };
        self.settings.store.query(Query::Load(run, Reply::new(tell)));
    }

    /// There is mail for a run.
    fn nudge(&mut self, run: RunId) {
        if sabotage!("mail does not wake") {
            return;
        }
        let Some(resident) = self.runs.get_mut(&run) else {
            match self.loading.get_mut(&run) {
                // What is being loaded may be older than the mail.
                Some(nudged) => *nudged = true,
                None => self.claims.want(),
            }
            return;
        };
        resident.nudged |= matches!(resident.leaving, Leaving::Now | Leaving::Ending(_));
        let seen = resident.backend.borrow().seen_mail();
        self.read_mail(run, seen);
    }

    /// Asks the store for the mail after what a run has seen.
    fn read_mail(&self, run: RunId, seen: u64) {
        let (sender, asked_at) = (self.settings.sender.clone(), self.now);
        let tell = move |inbox| drop(sender.send(Message::Inbox { run, asked_at, inbox }));
        self.settings.store.query(Query::Inbox(run, seen, Reply::new(tell)));
    }

    fn mail(&mut self, run: RunId, asked_at: Timestamp, inbox: Result<Option<Inbox>, StoreError>) {
        match inbox {
            Ok(Some(inbox)) => {
                if let Some(resident) = self.runs.get_mut(&run) {
                    if inbox.epoch != resident.epoch && !sabotage!("a terminated run is kept") {
                        // Someone terminated it; its caller and its children have mail.
                        self.forget(run);
                        return self.claims.want();
                    }
                    let registry = &self.settings.registry;
                    let wanted = inbox.wanted_revision.as_ref();
                    if wanted.is_some_and(|to| registry.get(&resident.workflow, to).is_ok()) {
                        // It comes back by the next claim, to be tried under that revision.
                        resident.nudged = true;
                        resident.backend.borrow_mut().drain();
                    }
                    let mut backend = resident.backend.borrow_mut();
                    backend.at(self.now);
                    backend.deliver(inbox, asked_at);
                    self.touched.insert(run);
                }
            }
            // It was terminated, and purged since.
            Ok(None) => drop(self.forget(run)),
            Err(error) => {
                if let Some(epoch) = self.runs.get(&run).map(|resident| resident.epoch) {
                    self.store_failed(run, epoch, &error);
                }
            }
        }
    }

    /// What the store holds of a run is not known: it is driven again from there.
    fn store_failed(&mut self, run: RunId, epoch: u64, error: &StoreError) {
        tracing::warn!(%run, %error, "the store failed; the run is driven again from what it holds");
        self.closed |= matches!(error, StoreError::Closed(_));
        self.forget(run);
        let lasting = match error {
            StoreError::Unreadable(reason) => Some(Failure::new("unreadable", reason.clone())),
            // Driven again it would come to the same name.
            StoreError::BadName { path, reason } => {
                let failure = Failure::new("bad_name", reason.clone());
                Some(failure.at(path.as_deref().unwrap_or_default().replace('\0', "\u{fffd}")))
            }
            _ => None,
        };
        if let Some(failure) = lasting {
            return self.submit(advance::bare_write(run, epoch, Next::Pause(failure)));
        }
        if !sabotage!("commits that fail are forgotten") {
            self.claims.evicted(run, epoch, self.now);
        }
    }

    fn forget(&mut self, run: RunId) -> Option<Resident> {
        let mut resident = self.runs.remove(&run)?;
        self.residence.remove(run);
        resident.bodies.stop_all(&mut self.reaper, self.now);
        if let Some(at) = resident.agenda {
            self.agenda.remove(&(at, run));
        }
        self.settings.hub.stopped(run);
        Some(resident)
    }

    fn shut_down(&mut self, done: oneshot::Sender<()>) {
        self.closing.get_or_insert_default().push(done);
        self.touched.extend(self.runs.keys().copied());
    }
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0))
}
