//! The back end over a store: replays what is recorded, performs what is new, drafts the writes.
//!
//! Sans-IO like the engine above it. It is told what has happened (a body ended, time passed,
//! mail came, a write is durable) and says what to do: a [`RunWrite`] to commit and [`Effect`]s
//! to perform. An effect is *held* until the write that carries everything before it is durable.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::beats::Beats;
use super::draft::Draft;
use super::journal::{CANCEL_PATH, Journal, Known};
use super::mail::Mail;
use super::pause::Pause;
use super::published::Published;
use super::respond::{RESPOND, Response};
use super::steps::StepRun;
use super::stop::{in_doubt, is_stopping};
use super::undo::{UNWIND_PATH, UndoLog, keep_undo, unwinding, without_function};
use super::{
    Backend, Body, Command, Completion, Due, Issued, Iteration, Mismatch, OpId, Outcome, Patience,
    Site, Stopped, Target,
};
use crate::clock::later;
use crate::failure::Failure;
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{
    CALL, Entry, EntryStatus, EventKey, Loaded, MAX_PAYLOAD, NewRun, RunRow, Undoable, Waiting,
};
use crate::values::Timestamp;

/// Outcomes that are surfaced before a write takes them: what never ends, such as a loop without
/// a step, neither keeps the thread from other runs nor grows without being written.
pub(super) const SURFACED: u32 = 1024;

/// How long a body may go on when its scope is cancelled, unless the engine says otherwise.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// One run's back end.
pub(crate) struct StoreBackend {
    pub(super) run: RunId,
    pub(super) epoch: u64,
    pub(super) seed: [u8; 16],
    pub(super) now: Timestamp,
    /// The most bytes that a value may have.
    pub(super) max_payload: usize,
    journal: Journal,
    /// Whether the function was seen to have reached everything that is recorded.
    pub(super) caught_up: bool,
    /// Issued operations with an outcome that is recorded, and not surfaced yet; or that were given
    /// up, after their scope was cancelled, before they had come to an end.
    pub(super) ending: BTreeSet<OpId>,
    /// How long a body may go on when its scope is cancelled.
    pub(super) grace: Duration,
    /// Issued operations without an outcome.
    pub(super) live: BTreeMap<OpId, Live>,
    /// Those of them whose body runs, or is about to.
    pub(super) busy: BTreeSet<OpId>,
    /// Those of them whose body runs, by path.
    pub(super) running: BTreeMap<Arc<str>, OpId>,
    /// Attempts that run already, by path, from before the run was loaded again, with what they
    /// said last.
    adopted: BTreeMap<Arc<str>, (u32, Option<Payload>)>,
    /// Steps whose policy is spent, where that pauses the run.
    pub(super) parked: BTreeMap<OpId, Failure>,
    /// Outcomes that have come and are not surfaced yet.
    pub(super) arrived: VecDeque<Arrived>,
    next_seq: u64,
    /// How many outcomes the function has seen: those with a smaller `seq`.
    position: u64,
    pub(super) pause: Pause,
    /// Whether the function is only tried against its journal.
    only_replay: bool,
    /// The input of a fork's first step, where it is another than the function's own.
    edit: Option<(Arc<str>, Payload)>,
    /// Whether a write held news for other runs.
    pub(super) wakes_others: bool,
    /// Outcomes in the draft that were surfaced.
    pub(super) surfaced: u32,
    /// The latest instant that the run has seen: a clock that was set back makes no timer early.
    pub(super) seen: Timestamp,
    /// Bytes of what the function has seen, or will, and of its input.
    weight: usize,
    pub(super) mail: Mail,
    pub(super) undos: UndoLog,
    /// How the function has ended, if all that is left is to undo what it did.
    pub(super) unwinding: Option<Payload>,
    pub(super) draft: Draft,
    pub(super) beats: Beats,
    pub(super) published: Published,
    pub(super) response: Response,
    pub(super) held: Vec<Held>,
    /// Released when the write in flight is durable.
    pub(super) in_flight: Option<Vec<Held>>,
    /// Released.
    pub(super) effects: Vec<Effect>,
    /// Instants at which live operations have something to do; only of what is durable.
    pub(super) due: BTreeSet<(Timestamp, OpId)>,
}

/// Something for the driver to do.
pub(crate) enum Effect {
    /// Start an attempt of a step's body.
    Start(Box<Attempt>),
    /// Tell the body at this path that its scope is cancelled; its outcome still counts.
    Cancel(Arc<str>),
    /// Tell the body at this path that its outcome is no longer wanted.
    Stop(Arc<str>),
    /// Cut the body at this path short: it was told, and had its time.
    Abort(Arc<str>),
}

/// An attempt of a step's body.
pub(crate) struct Attempt {
    pub(crate) path: Arc<str>,
    pub(crate) body: Body,
    /// Its number, from 1.
    pub(crate) number: u32,
    /// How many its policy grants.
    pub(crate) of: u32,
    /// When it will have taken too long.
    pub(crate) deadline: Option<Timestamp>,
    /// What an attempt before it said last.
    pub(crate) details: Option<Payload>,
}

/// Something to do once everything before it is durable.
pub(super) enum Held {
    Start(OpId),
    Arm(OpId, Timestamp),
    Cancel(Arc<str>),
    Stop(Arc<str>),
}

/// An issued operation without an outcome.
pub(super) struct Live {
    pub(super) site: Site,
    pub(super) began: Timestamp,
    /// How many outcomes the function had seen when it issued this first.
    pub(super) issued: u64,
    pub(super) activity: Activity,
}

impl Live {
    /// What every entry of this operation says.
    pub(super) fn blank(&self) -> Entry {
        Entry { issued: self.issued, ..blank(&self.site, self.began) }
    }
}

pub(super) enum Activity {
    Step(Box<StepRun>),
    Timer {
        due: Timestamp,
    },
    Event {
        key: EventKey,
        order: u64,
        due: Option<Timestamp>,
    },
    Memo,
    /// Waits for the end of another run, as for an event.
    Call {
        key: EventKey,
        order: u64,
    },
    /// Starts another run when it is surfaced.
    Start(Box<NewRun>),
    Scope {
        seals: String,
    },
}

pub(super) struct Arrived {
    pub(super) target: Target,
    pub(super) entry: Entry,
    consumed: Option<u64>,
    seals: Option<String>,
    starts: Option<Box<NewRun>>,
    /// Whether it is not worth a write of its own.
    pub(super) is_lazy: bool,
    /// Whether it stays although its scope is cancelled before it is surfaced.
    pub(super) stays: bool,
}

impl Arrived {
    pub(super) fn new(target: Target, entry: Entry) -> Self {
        let (consumed, seals, starts) = (None, None, None);
        Self { target, entry, consumed, seals, starts, is_lazy: false, stays: true }
    }
}

impl StoreBackend {
    /// The back end of a run as a store holds it.
    pub(crate) fn new(loaded: Loaded, epoch: u64, now: Timestamp) -> Self {
        let weight =
            loaded.row.input.as_str().len() + loaded.entries.iter().map(weight_of).sum::<usize>();
        let seen = loaded.entries.iter().filter_map(|entry| entry.ended_at).max();
        let seen = seen.unwrap_or(loaded.row.started_at).max(loaded.row.started_at);
        let cancel_requested = loaded.row.is_cancel_requested();
        let stop = loaded.row.stop.clone();
        let is_fork = loaded.row.forked_from.is_some() && !sabotage!("a fork has its run's keys");
        let edit = loaded.row.forked_from.and_then(|fork| Some((fork.path, fork.input?)));
        let edit = edit.filter(|_| !sabotage!("a fork forgets its input"));
        let RunRow { id, seed, inbox_seq, published, response, .. } = loaded.row;
        // What a fork does is not what the run did that has the same seed.
        let own = if is_fork { *id.as_bytes() } else { seed };
        let last_seq = loaded.entries.iter().filter_map(|entry| entry.seq).max();
        let cancelled = loaded.entries.iter().any(|entry| *entry.path == *CANCEL_PATH);
        let waits = loaded.entries.iter().filter_map(|entry| entry.waiting.as_ref());
        let last_order = waits.map(|waiting| waiting.order).max().unwrap_or(0);
        let mut undos = UndoLog::new(loaded.undos, &loaded.entries);
        let unwinding = unwinding(&loaded.entries);
        let mut entries = loaded.entries;
        let mut position = 0;
        if unwinding.is_some() {
            // The function has seen all that it ever will.
            position = last_seq.map_or(0, |seq| seq + 1);
            undos.catch_up_with_all(&entries);
            entries = without_function(entries);
        }
        let mut backend = Self {
            run: id,
            epoch,
            seed: own,
            now,
            max_payload: MAX_PAYLOAD,
            journal: Journal::new(entries),
            caught_up: false,
            ending: BTreeSet::new(),
            grace: GRACE,
            live: BTreeMap::new(),
            busy: BTreeSet::new(),
            running: BTreeMap::new(),
            adopted: BTreeMap::new(),
            parked: BTreeMap::new(),
            arrived: VecDeque::new(),
            next_seq: last_seq.filter(|_| !sabotage!("seq begins anew")).map_or(0, |seq| seq + 1),
            position,
            pause: Pause::default(),
            only_replay: false,
            edit,
            wakes_others: false,
            surfaced: 0,
            seen,
            weight,
            mail: Mail::new(loaded.inbox, inbox_seq, last_order),
            undos,
            unwinding,
            draft: Draft::default(),
            beats: Beats::default(),
            published: Published::new(published),
            response: Response::new(response.is_some()),
            held: Vec::new(),
            in_flight: None,
            effects: Vec::new(),
            due: BTreeSet::new(),
        };
        backend.reconsider_pause(stop.as_ref());
        // What was observed once is not observed again, whoever asks for the inbox.
        if backend.unwinding.is_some() || cancelled {
            backend.mail.note_cancel();
        } else if cancel_requested && !sabotage!("cancel is not delivered") {
            backend.request_cancel();
        }
        backend
    }

    /// Whether the function is on its way to where it was before.
    pub(super) fn is_replaying(&self) -> bool {
        self.journal.is_replaying()
    }

    /// Tells how long a body may go on when its scope is cancelled.
    pub(crate) fn set_grace(&mut self, grace: Duration) {
        self.grace = grace;
    }

    /// Where a fork gives a step another input.
    fn edited(&self, site: Site) -> Site {
        match &self.edit {
            Some((path, input)) if *path == site.path => {
                let input = input.canonical().unwrap_or_else(|_| input.clone());
                Site { hash: Some(input.hash()), input: Some(input), ..site }
            }
            _ => site,
        }
    }

    /// The input that the step at a path has instead of the function's own.
    pub(crate) fn edited_input(&self, path: &str) -> Option<Payload> {
        let (edited, input) = self.edit.as_ref()?;
        (**edited == *path).then(|| input.clone())
    }

    /// About how many bytes the run's values take, those that the function has seen included.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Stops where the journal ends: nothing new is surfaced, so that nothing but what is
    /// recorded is asked of the function.
    pub(crate) fn only_replay(&mut self) {
        self.only_replay = true;
    }

    /// What the function waits for beyond its journal, in the order in which it came to it.
    #[cfg(feature = "testkit")]
    pub(crate) fn ahead(&self) -> Vec<String> {
        let waits = |live: &Live| !matches!(live.activity, Activity::Scope { .. });
        let live = self.live.iter().filter(|(_, live)| waits(live));
        let mut ahead: BTreeMap<OpId, &Arc<str>> =
            live.map(|(op, live)| (*op, &live.site.path)).collect();
        // What needs nobody else has come to its outcome already.
        ahead.extend(self.arrived.iter().filter_map(|arrived| match arrived.target {
            Target::Op(op) | Target::Head(op) => Some((op, &arrived.entry.path)),
            Target::Cancel => None,
        }));
        ahead.into_values().map(ToString::to_string).collect()
    }

    /// What the keys of the run's steps derive from, their delays, and the seeds of its children.
    pub(crate) fn seed(&self) -> &[u8; 16] {
        &self.seed
    }

    /// Tells which attempts of bodies run already, begun by the one `before`.
    pub(crate) fn adopt(&mut self, before: &Self, running: impl Iterator<Item = (Arc<str>, u32)>) {
        let said = |path: &Arc<str>| match &before.live.get(before.running.get(path)?)?.activity {
            Activity::Step(step) => step.details.clone(),
            _ => None,
        };
        self.adopted = running
            .map(|(path, attempt)| {
                let said = said(&path);
                (path, (attempt, said))
            })
            .collect();
    }

    /// Tells the time.
    pub(crate) fn at(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// Lets everything happen that is due.
    pub(crate) fn fire(&mut self) {
        self.beats_due();
        let now = if sabotage!("early timers") { Timestamp(self.now.0 + 500) } else { self.now };
        while let Some((at, op)) = self.first_due()
            && at <= now
        {
            self.due.remove(&(at, op));
            let Some(live) = self.live.get(&op) else { continue };
            match &live.activity {
                Activity::Timer { .. } | Activity::Event { .. } => {
                    self.settle(op, Outcome::Completed(None), self.now);
                }
                Activity::Step(_) => self.step_due(op),
                Activity::Scope { .. }
                | Activity::Memo
                | Activity::Call { .. }
                | Activity::Start(_) => {}
            }
        }
    }

    /// When the run is due next by itself.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.first_due().map(|(at, _)| at).into_iter().chain(self.beats.due()).min()
    }

    /// Begins an operation of which the journal knows nothing, or an open entry.
    fn begin(&mut self, op: OpId, site: Site, command: Command, open: Option<&Entry>) {
        let began = open.map_or(self.now, |entry| entry.started_at);
        let issued = open.map_or(self.position, |entry| entry.issued);
        let waiting = open.and_then(|entry| entry.waiting.clone());
        let activity = match command {
            Command::Step(policy, body) => {
                if policy.total.is_some() && open.is_none() {
                    // The total time runs from here on, whoever crashes.
                    self.draft.put(self.open_entry(&site, EntryStatus::Running, None));
                }
                let mut step = StepRun::new(policy, body, open);
                // A body that a replay was made around goes on: its attempt is not due again.
                let adopted = self.adopted.remove(&site.path);
                let adopted = adopted.filter(|(attempt, _)| *attempt == step.attempts + 1);
                let runs = adopted.is_some();
                step.details = adopted.and_then(|(_, said)| said).or(step.details);
                if is_stopping(open) {
                    let deadline = waiting.and_then(|waiting| waiting.due);
                    let live = Live { site, began, issued, activity: step.into() };
                    return self.begin_stopping(op, live, runs, deadline);
                }
                step.may_run = self.may_run_already(open);
                if runs {
                    step.goes_on();
                    self.running.insert(site.path.clone(), op);
                }
                if let Some(due) = waiting.and_then(|waiting| waiting.due).filter(|_| !runs) {
                    self.held.push(Held::Arm(op, due));
                } else {
                    self.busy.insert(op);
                    self.held.push(Held::Start(op));
                }
                Activity::Step(Box::new(step))
            }
            Command::Timer(due) => {
                let due = waiting.and_then(|waiting| waiting.due).unwrap_or(match due {
                    Due::After(length) => later(self.now.max(self.seen), length),
                    Due::At(at) => at,
                });
                self.held.push(Held::Arm(op, due));
                if open.is_none() {
                    let waiting = Waiting { due: Some(due), ..Waiting::default() };
                    self.draft.put(self.open_entry(&site, EntryStatus::Waiting, Some(waiting)));
                }
                Activity::Timer { due }
            }
            Command::Event(key, timeout) => {
                self.begin_wait(op, &site, key, timeout, waiting.as_ref())
            }
            Command::Memo => Activity::Memo,
            Command::Call(callee) => return self.begin_call(op, site, *callee, open),
            Command::Unwind => {
                if open.is_none() {
                    self.draft.put(self.open_entry(&site, EntryStatus::Running, None));
                }
                Activity::Scope { seals: format!("{UNWIND_PATH}/") }
            }
            Command::Scope(seals) | Command::Loop(seals) => {
                if open.is_none() {
                    self.draft.put_lazily(self.open_entry(&site, EntryStatus::Running, None));
                }
                Activity::Scope { seals }
            }
        };
        self.live.insert(op, Live { site, began, issued, activity });
    }

    /// How many outcomes the function has seen.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn open_entry(
        &self,
        site: &Site,
        status: EntryStatus,
        waiting: Option<Waiting>,
    ) -> Entry {
        Entry { status, waiting, issued: self.position, ..blank(site, self.now) }
    }

    /// A live operation has come to its outcome: it will be surfaced in its turn.
    pub(super) fn settle(&mut self, op: OpId, outcome: Outcome, at: Timestamp) {
        self.settle_with(op, outcome, at, None);
    }

    pub(super) fn settle_with(
        &mut self,
        op: OpId,
        outcome: Outcome,
        at: Timestamp,
        consumed: Option<u64>,
    ) {
        let Some(live) = self.forget(op) else { return };
        let mut entry = live.blank();
        entry.ended_at = Some(at);
        match self.fitting(outcome, &live.site.path) {
            Outcome::Completed(output) => {
                entry.status = EntryStatus::Completed;
                entry.output = output;
            }
            Outcome::Failed(failure) => {
                entry.status = EntryStatus::Failed;
                entry.error = Some(failure);
            }
            Outcome::Cancelled(failure) => {
                entry.status = EntryStatus::Cancelled;
                entry.error = failure;
            }
        }
        let stays = !matches!(live.activity, Activity::Event { .. } | Activity::Timer { .. });
        let arrived = |entry, seals| {
            let arrived = Arrived::new(Target::Op(op), entry);
            Arrived { consumed, seals, stays, ..arrived }
        };
        match live.activity {
            Activity::Step(step) => {
                entry.attempts = step.attempts;
                entry.forgiven = step.forgiven;
                keep_undo(&live.site, &mut entry);
                self.arrived.push_back(arrived(entry, None));
            }
            Activity::Event { .. } | Activity::Timer { .. } | Activity::Call { .. } => {
                self.arrived.push_back(arrived(entry, None));
            }
            Activity::Memo => {
                // Somebody waits for an answer; nobody for a memo.
                let is_lazy = &*entry.kind != RESPOND;
                self.arrived.push_front(Arrived { is_lazy, ..arrived(entry, None) });
            }
            Activity::Start(run) => {
                self.arrived.push_back(Arrived { starts: Some(run), ..arrived(entry, None) });
            }
            // What a scope comes to follows at once from what was surfaced last.
            Activity::Scope { seals } => {
                self.arrived.retain(|arrived| arrived.target != Target::Head(op));
                self.arrived.push_front(arrived(entry, Some(seals)));
            }
        }
    }

    /// Takes a live operation out of every index.
    pub(super) fn forget(&mut self, op: OpId) -> Option<Live> {
        let live = self.live.remove(&op)?;
        self.busy.remove(&op);
        self.running.remove(&live.site.path);
        self.parked.remove(&op);
        let due = match &live.activity {
            Activity::Step(step) => step.due,
            Activity::Timer { due } => Some(*due),
            Activity::Event { key, order, due } => {
                self.mail.leave(key, (*order, op));
                *due
            }
            Activity::Call { key, order } => {
                self.mail.leave(key, (*order, op));
                None
            }
            Activity::Scope { .. } | Activity::Memo | Activity::Start(_) => None,
        };
        if let Some(due) = due {
            self.due.remove(&(due, op));
        }
        Some(live)
    }

    /// Notes that the run is to observe its cancellation.
    pub(super) fn request_cancel(&mut self) {
        let site = Site::new(CANCEL_PATH, "cancel");
        let mut entry = blank(&site, self.now);
        entry.status = EntryStatus::Completed;
        entry.ended_at = Some(self.now);
        self.mail.note_cancel();
        self.arrived.push_back(Arrived::new(Target::Cancel, entry));
    }

    fn surface_arrived(&mut self) -> Option<Completion> {
        let mut arrived = self.arrived.pop_front()?;
        arrived.entry.seq = Some(self.next_seq);
        self.response.surfaced(&mut arrived.entry);
        self.next_seq += 1;
        self.position = self.next_seq;
        self.surfaced += 1;
        self.weight += weight_of(&arrived.entry);
        let completion = completion(arrived.target, &arrived.entry);
        self.undos.surfaced(&arrived.entry);
        if arrived.is_lazy {
            self.draft.put_outcome_lazily(arrived.entry);
        } else {
            self.draft.put(arrived.entry);
        }
        if let Some(event) = arrived.consumed {
            self.mail.consume(event);
            if !sabotage!("event is not consumed") {
                self.draft.consume(event);
            }
        }
        arrived.seals.into_iter().for_each(|prefix| self.draft.seal(prefix));
        arrived.starts.into_iter().for_each(|run| self.draft.start(*run));
        Some(completion)
    }
}

impl Backend for StoreBackend {
    fn issue(&mut self, op: OpId, site: Site, command: Command) -> Result<Issued, Mismatch> {
        let is_scope = matches!(command, Command::Scope(_) | Command::Loop(_));
        let (site, refused) = self.fitting_site(site);
        let site = self.edited(site);
        match self.journal.claim(op, &site)? {
            Known::New => match refused {
                None => self.begin(op, site, command, None),
                // As work that is done already: nothing of the command begins.
                Some(failure) => {
                    self.begin(op, site, Command::Memo, None);
                    self.settle(op, Outcome::Failed(failure), self.now);
                }
            },
            Known::Open(entry) => {
                self.begin(op, site, command, Some(&entry));
                if entry.seq.is_some() {
                    return Ok(Issued::Resumed);
                }
            }
            Known::Settled(ends) => {
                if ends || is_scope {
                    self.ending.insert(op);
                }
                return Ok(Issued::Recorded);
            }
        }
        Ok(Issued::Live)
    }

    fn stop(&mut self, op: OpId, patience: Patience) -> Stopped {
        self.stop_operation(op, patience)
    }

    fn cancel(&mut self, op: OpId) {
        let arrived = |arrived: &Arrived| arrived.target == Target::Op(op);
        if self.give_up_undoing(op) {
            return;
        }
        let entry = if let Some(live) = self.forget(op) {
            match &live.activity {
                Activity::Step(step) if step.is_in_doubt() => {
                    self.held.push(Held::Stop(live.site.path.clone()));
                }
                Activity::Scope { seals } => {
                    self.draft.seal(seals.clone());
                    self.arrived.retain(|arrived| arrived.target != Target::Head(op));
                }
                Activity::Call { .. } => self.draft.unstart(self.child(&live.site.path)),
                Activity::Step(_)
                | Activity::Timer { .. }
                | Activity::Event { .. }
                | Activity::Memo
                | Activity::Start(_) => {}
            }
            let mut entry = live.blank();
            if let Activity::Step(step) = &live.activity {
                entry.attempts = step.attempts;
                entry.error =
                    step.is_in_doubt().then(|| in_doubt(&live.site.path, step.attempts + 1));
                entry.status = EntryStatus::Cancelled;
                keep_undo(&live.site, &mut entry);
            }
            entry
        } else if let Some(at) = self.arrived.iter().position(arrived) {
            // It had come to an outcome that nobody will see. An event stays in the inbox.
            let Some(lost) = self.arrived.remove(at) else { return };
            if let Some(event) = lost.consumed {
                // A child's end is for nobody else.
                if &*lost.entry.kind == CALL || sabotage!("event consumed by a loser") {
                    self.draft.consume(event);
                } else {
                    self.mail.put_back(event);
                }
            }
            let Arrived { mut entry, seals, stays, .. } = lost;
            if stays && seals.is_none() && entry.error.is_none() {
                entry.error = Some(in_doubt(&entry.path, entry.attempts));
            }
            if let Some(prefix) = seals {
                self.draft.seal(prefix);
            }
            entry
        } else {
            // Recorded: it was given up at this very place before.
            self.ending.remove(&op);
            return;
        };
        if sabotage!("cancelled entries are not written") {
            return;
        }
        // What is known to have taken effect keeps what undoes it.
        let entry = Entry {
            status: EntryStatus::Cancelled,
            seq: None,
            output: None,
            ended_at: Some(self.now),
            ..entry
        };
        self.undos.surfaced(&entry);
        self.draft.put(entry);
    }

    fn seal(&mut self, scope: OpId, outcome: Outcome) {
        self.settle(scope, outcome, self.now);
    }

    fn checkpoint(&mut self, scope: OpId, head: Payload, iteration: Iteration) {
        let Some(live) = self.live.get(&scope) else { return };
        let mut entry = live.blank();
        entry.status = EntryStatus::Running;
        entry.output = Some(head);
        entry.ended_at = Some(self.now);
        let (target, seals) = (Target::Head(scope), iteration.seals);
        let arrived = Arrived { seals, ..Arrived::new(target, entry) };
        if iteration.idle {
            self.arrived.push_back(arrived);
        } else {
            self.arrived.push_front(arrived);
        }
    }

    fn max_payload(&self) -> usize {
        self.max_payload
    }

    fn publish(&mut self, value: Payload) {
        self.say(value);
    }

    fn next(&mut self) -> Result<Option<Completion>, Mismatch> {
        if let Some((op, entry)) = self.journal.next()? {
            self.position = entry.seq.map_or(self.position, |seq| seq + 1);
            self.undos.surfaced(&entry);
            let target = op.map_or(Target::Cancel, |op| match entry.status {
                EntryStatus::Running => Target::Head(op),
                _ => Target::Op(op),
            });
            if let Target::Op(op) = target {
                self.ending.remove(&op);
            }
            return Ok(Some(completion(target, &entry)));
        }
        if !self.caught_up {
            self.journal.check_empty()?;
            self.caught_up = true;
        }
        if self.only_replay {
            return Ok(None);
        }
        if !self.is_pausing() {
            self.match_events();
        }
        if self.surfaced >= SURFACED {
            return Ok(None);
        }
        Ok(self.surface_arrived())
    }

    fn respond(&mut self, op: OpId) {
        self.answer(op);
    }

    fn undos(&self) -> Vec<Undoable> {
        self.list_undos()
    }

    fn unwind(&mut self, outcome: Payload) {
        self.mail.note_cancel();
        self.unwinding = Some(outcome);
    }

    fn finish(&mut self) -> Result<(), Mismatch> {
        self.journal.check_empty()
    }
}

/// About how many bytes an entry and its values take.
fn weight_of(entry: &Entry) -> usize {
    let values = entry.input.iter().chain(&entry.output);
    256 + entry.path.len() + values.map(|value| value.as_str().len()).sum::<usize>()
}

fn completion(target: Target, entry: &Entry) -> Completion {
    let outcome = match &entry.error {
        Some(failure) if entry.status == EntryStatus::Failed => Outcome::Failed(failure.clone()),
        error if entry.status == EntryStatus::Cancelled => Outcome::Cancelled(error.clone()),
        _ => Outcome::Completed(entry.output.clone()),
    };
    Completion { target, outcome, at: entry.ended_at.unwrap_or(entry.started_at) }
}

fn blank(site: &Site, began: Timestamp) -> Entry {
    Entry {
        input: site.input.clone(),
        input_hash: site.hash,
        ..Entry::new(site.path.clone(), site.kind.clone(), EntryStatus::Waiting, began)
    }
}
