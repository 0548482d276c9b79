//! What each transaction means, over maps: the executable definition of a store.

mod family;
mod fork;
mod limits;
mod progress;
mod purge;
mod requests;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::{
    Adoption, Claim, Claimed, Delivered, End, Entry, EntryStatus, Fire, Fired, Firing, Inbox,
    InboxEvent, Loaded, NewEvent, NewRun, Next, RevisionChange, RunCursor, RunFilter, RunRow,
    RunState, RunWrite, Started, StopKind, UNDO_SUFFIX, Undoable, Written, is_undo,
};
use crate::Failure;
use crate::Timestamp;
use crate::ids::{RunId, WorkerId};
use family::Relations;

/// Everything that a store holds.
#[derive(Debug, Default)]
pub(super) struct Tables {
    driver: Option<WorkerId>,
    /// Until when each worker holds its runs, where there are many.
    leases: BTreeMap<WorkerId, Timestamp>,
    runs: BTreeMap<RunId, Run>,
    keys: BTreeMap<(Arc<str>, String), RunId>,
    /// Runs that a claim may have to look at: not ended, and ready or owned.
    active: BTreeSet<RunId>,
    /// Unowned runs that are due by themselves.
    wakes: BTreeSet<(Timestamp, RunId)>,
    schedules: BTreeMap<String, Firing>,
    /// Every run, in the order of lists.
    listed: BTreeSet<RunCursor>,
    /// Awaited children, by the run that calls.
    children: BTreeMap<RunId, BTreeSet<RunId>>,
    /// Runs that were terminated under a worker that has not claimed since.
    taken_away: BTreeSet<(WorkerId, RunId)>,
    /// The application's own.
    rows: super::MemoryRows,
    limits: limits::Limits,
}

#[derive(Debug)]
struct Run {
    row: RunRow,
    entries: BTreeMap<Arc<str>, Stored>,
    inbox: BTreeMap<u64, InboxEvent>,
    event_ids: BTreeSet<String>,
    streams: progress::Streams,
    /// Under a limit: how many came before it, its place in line, and where it stands there.
    arrival: u64,
    place: i64,
    spot: Option<limits::Spot>,
}

#[derive(Debug)]
struct Stored {
    entry: Entry,
    sealed: bool,
}

impl Tables {
    pub(super) fn open(&mut self, worker: WorkerId) {
        self.driver = Some(worker);
    }

    /// Gives a worker a lease, where there are many.
    pub(super) fn renew(&mut self, worker: WorkerId, until: Timestamp) {
        self.leases.insert(worker, until);
    }

    /// Ends a worker's lease.
    pub(super) fn leave(&mut self, worker: WorkerId) {
        self.leases.remove(&worker);
    }

    pub(super) fn start(&mut self, new: NewRun) -> Started {
        if let Some(key) = &new.key {
            let key = (new.workflow.clone(), key.clone());
            if let Some(run) = self.keys.get(&key).and_then(|id| self.runs.get(id)) {
                return Started::Existing { id: run.row.id, input_hash: run.row.input_hash };
            }
            self.keys.insert(key, new.id);
        }
        let limit_key = new.limit_key.clone();
        let mut row = RunRow::first(new);
        row.limited = self.limited(&row, limit_key);
        if row.limited.is_some() {
            row.disown();
        }
        self.add(row)
    }

    fn add(&mut self, row: RunRow) -> Started {
        self.active.insert(row.id);
        let started = if row.limited.is_some() { Started::InLine } else { Started::New };
        let id = row.id;
        let run = Run {
            row,
            entries: BTreeMap::new(),
            inbox: BTreeMap::new(),
            event_ids: BTreeSet::new(),
            streams: progress::Streams::default(),
            arrival: 0,
            place: 0,
            spot: None,
        };
        self.listed.insert(RunCursor::of(&run.row));
        if let Some(parent) = run.row.parent.as_ref().filter(|parent| parent.awaited) {
            self.children.entry(parent.run).or_default().insert(run.row.id);
        }
        self.runs.insert(id, run);
        self.arrive(id);
        started
    }

    /// A claim where there is one worker.
    pub(super) fn claim(&mut self, claim: &Claim) -> Claimed {
        if self.driver != Some(claim.worker) {
            return Claimed { superseded: true, ..Claimed::default() };
        }
        self.claim_beside(claim, |_, _| false)
    }

    /// A claim where there are many workers, at an instant; its own lease, if it has none, is to
    /// last until then.
    pub(super) fn claim_at(&mut self, claim: &Claim, now: Timestamp, until: Timestamp) -> Claimed {
        let lives = move |leases: &BTreeMap<WorkerId, Timestamp>, worker: WorkerId| {
            leases.get(&worker).is_some_and(|until| *until > now)
        };
        if !lives(&self.leases, claim.worker) {
            self.renew(claim.worker, until);
        }
        self.claim_beside(claim, lives)
    }

    /// A claim beside others that live.
    fn claim_beside(
        &mut self,
        claim: &Claim,
        lives: impl Fn(&BTreeMap<WorkerId, Timestamp>, WorkerId) -> bool,
    ) -> Claimed {
        let mut claimed = Claimed::default();
        let worker = claim.worker;
        self.taken_away.retain(|(of, run)| {
            claimed.nudged.extend((*of == worker).then_some(*run));
            *of != worker
        });
        self.line_up(claim);
        self.take_from_lines(claim, &mut claimed);
        let due = self.wakes.iter().take_while(|(at, _)| *at <= claim.now).map(|(_, run)| *run);
        let candidates: Vec<RunId> = due.chain(self.active.iter().copied()).collect();
        for id in candidates {
            let Some(run) = self.runs.get_mut(&id) else { continue };
            let row = &mut run.row;
            if row.owner == Some(claim.worker) {
                if std::mem::take(&mut row.ready) {
                    claimed.nudged.push(id);
                }
            } else if row.owner.is_none_or(|owner| !lives(&self.leases, owner))
                && is_claimable(row, claim)
                && !row.needs_slot()
            {
                if claimed.runs.len() == claim.limit {
                    claimed.more = true;
                    break;
                }
                if row.owner.is_some() {
                    row.takeovers += 1;
                }
                row.epoch += u64::from(!sabotage!("claim keeps the epoch"));
                row.owner = Some(claim.worker);
                row.ready = false;
                if let Some(at) = row.wake_at.take() {
                    self.wakes.remove(&(at, id));
                }
                claimed.runs.push((id, row.epoch));
                self.active.insert(id);
            }
        }
        let handles = |run: &Run| is_asked_for(&run.row, claim);
        let mut wakes = self.wakes.iter();
        let wake = wakes.find(|(_, id)| self.runs.get(id).is_some_and(handles)).map(|(at, _)| *at);
        claimed.next_wake = claimed.next_wake.into_iter().chain(wake).min();
        claimed
    }

    pub(super) fn write(&mut self, mut write: RunWrite) -> Written {
        let Some(run) = self.runs.get_mut(&write.run) else { return Written::Fenced };
        let fenced = run.row.epoch != write.epoch && !sabotage!("no epoch check");
        if fenced || run.row.owner.is_none() {
            return Written::Fenced;
        }
        let settled = |path| run.entries.get(path).is_some_and(|old| old.entry.status.is_settled());
        if let Some(entry) = write.entries.iter().find(|entry| settled(&entry.path)) {
            return Written::Conflict(entry.path.clone());
        }
        if let Next::Suspend { inbox_seq, .. } = write.next
            && inbox_seq != run.row.inbox_seq
            && !sabotage!("suspend without compare-and-set")
        {
            return Written::NewMail;
        }
        if write.is_progress() {
            run.row.takeovers = 0;
        }
        let relations = Relations::take(&mut write);
        let lost = matches!(write.next, Next::End(_)) && sabotage!("end without its entries");
        for entry in write.entries.into_iter().filter(|_| !lost) {
            run.entries.insert(entry.path.clone(), Stored { entry, sealed: false });
        }
        for prefix in write.seals.iter().filter(|_| !sabotage!("scopes are not sealed")) {
            run.seal(prefix);
        }
        for seq in &write.consumed {
            run.inbox.remove(seq);
        }
        if write.published.is_some() {
            run.row.published = write.published;
        }
        if run.row.response.is_none() {
            run.row.response = write.response;
        }
        run.go_on(yielding(write.next, &run.row));
        let row = &run.row;
        if row.state.is_final() || (row.owner.is_none() && !row.ready) {
            self.active.remove(&row.id);
        }
        if let Some(at) = row.wake_at {
            self.wakes.insert((at, row.id));
        }
        let (id, state) = (row.id, row.state);
        self.settle(id);
        self.relate(relations);
        if state.is_final() {
            self.part(id);
        }
        Written::Done(state)
    }

    pub(super) fn event(&mut self, new: NewEvent) -> Delivered {
        let Some(run) = self.runs.get_mut(&new.run) else { return Delivered::UnknownRun };
        if new.event.is_reserved() || !run.row.events.contains(&new.event.name) {
            return Delivered::Undeclared;
        }
        let known = new.event_id.as_ref().is_some_and(|id| run.event_ids.contains(id));
        if known && !sabotage!("events are accepted twice") {
            return Delivered::Duplicate;
        }
        if run.row.state.is_final() {
            return Delivered::Finished;
        }
        run.event_ids.extend(new.event_id);
        run.row.inbox_seq += 1;
        run.row.ready = true;
        let seq = run.row.inbox_seq;
        let event = InboxEvent { seq, event: new.event, payload: new.payload, at: new.at };
        run.inbox.insert(seq, event);
        self.awake(new.run);
        Delivered::Accepted
    }

    /// A run is ready: the next claim has to look at it, or at its lane.
    fn awake(&mut self, id: RunId) {
        self.active.insert(id);
        self.settle(id);
    }

    pub(super) fn fire(&mut self, fire: Fire) -> Fired {
        let now = self.next_fire(&fire.schedule);
        if now != fire.expected {
            return Fired::Moved(now);
        }
        self.schedules.insert(fire.schedule, fire.next);
        Fired::Done(fire.start.map(|run| self.start(run)))
    }

    pub(super) fn next_fire(&self, schedule: &str) -> Option<Firing> {
        self.schedules.get(schedule).cloned()
    }

    pub(super) fn load(&self, id: RunId) -> Option<Loaded> {
        let run = self.runs.get(&id)?;
        let unsealed = run.entries.values().filter(|stored| !stored.sealed);
        Some(Loaded {
            row: run.row.clone(),
            entries: by_seq(unsealed),
            undos: run.sealed_undos(),
            inbox: run.inbox.values().cloned().collect(),
        })
    }

    pub(super) fn inbox(&self, id: RunId, after: u64) -> Option<Inbox> {
        let run = self.runs.get(&id)?;
        let after = (Bound::Excluded(after), Bound::Unbounded);
        Some(Inbox {
            inbox_seq: run.row.inbox_seq,
            epoch: run.row.epoch,
            stop: run.row.stop.clone(),
            wanted_revision: run.row.wanted_revision.clone(),
            events: run.inbox.range(after).map(|(_, event)| event.clone()).collect(),
        })
    }

    pub(super) fn run(&self, id: RunId) -> Option<(RunRow, Vec<Entry>)> {
        let run = self.runs.get(&id)?;
        let open = |stored: &&Stored| !stored.sealed && !stored.entry.status.is_settled();
        Some((run.row.clone(), by_seq(run.entries.values().filter(open))))
    }

    pub(super) fn runs(&self, filter: &RunFilter) -> Vec<RunRow> {
        let below = filter.cursor.map_or(Bound::Unbounded, Bound::Excluded);
        let places = self.listed.range((Bound::Unbounded, below)).rev();
        let rows = places.filter_map(|place| self.runs.get(&place.id)).map(|run| &run.row);
        let limit = if filter.limit == 0 { usize::MAX } else { filter.limit };
        rows.filter(|row| filter.matches(row)).take(limit).cloned().collect()
    }

    pub(super) fn journal(&self, id: RunId) -> Option<Vec<Entry>> {
        self.runs.get(&id).map(|run| by_seq(run.entries.values()))
    }
}

impl Run {
    /// What is sealed and can still be undone, by `seq`.
    fn sealed_undos(&self) -> Vec<Undoable> {
        let undone = |path: &str| {
            let undo = self.entries.get(format!("{path}{UNDO_SUFFIX}").as_str());
            undo.is_some_and(|undo| undo.sealed && undo.entry.status.is_settled())
        };
        let sealed = self.entries.values().filter(|stored| stored.sealed);
        let mut undos: Vec<Undoable> = sealed
            .filter_map(|Stored { entry: Entry { path, seq, undo, .. }, .. }| {
                let (path, seq, undo) = (path.clone(), *seq, undo.clone()?);
                (!undone(&path)).then_some(Undoable { path, seq, undo })
            })
            .collect();
        undos.sort_by_key(|undo| undo.seq.unwrap_or(u64::MAX));
        undos
    }

    fn seal(&mut self, prefix: &str) {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        for (path, stored) in self.entries.range_mut::<str, _>(from) {
            if !path.starts_with(prefix) {
                break;
            }
            stored.sealed = true;
        }
    }

    fn go_on(&mut self, next: Next) {
        let row = &mut self.row;
        let adopted = matches!(next, Next::Adopt(_)) && row.state != RunState::Paused;
        if !adopted && !matches!(next, Next::Keep(_)) {
            row.owner = None;
        }
        match next {
            Next::Keep(state) => {
                row.state = state;
                // It was paused, and goes on: to undo what it did.
                row.failure = None;
            }
            Next::Suspend { wake_at, .. } => {
                row.state = RunState::Waiting;
                row.ready = false;
                row.wake_at = wake_at.filter(|_| !sabotage!("due timers are not woken"));
            }
            Next::Release => row.ready = true,
            // A cancel that came meanwhile must still find a worker.
            Next::Pause(failure) => stand(row, failure, row.is_cancel_requested()),
            Next::Park(failure) => {
                let again = sabotage!("what cannot be undone is tried again");
                stand(row, failure, again && row.is_cancel_requested());
            }
            Next::Adopt(adoption) => adopt(row, adoption),
            Next::Refuse(refusal) => {
                row.ready = row.state != RunState::Paused;
                row.wanted_revision = None;
                row.refusal = Some(refusal);
            }
            Next::End(end) => {
                if end.may_undo {
                    give_up(
                        self.entries.values_mut().filter(|old| is_undo(&old.entry.path)),
                        end.at,
                    );
                }
                end_run(row, end);
            }
        }
    }
}

/// Cancels those that are open.
fn give_up<'e>(entries: impl Iterator<Item = &'e mut Stored>, at: Timestamp) {
    for Stored { entry, .. } in entries.filter(|old| !old.entry.status.is_settled()) {
        entry.status = EntryStatus::Cancelled;
        entry.waiting = None;
        entry.ended_at = Some(at);
    }
}

/// A pause has come about.
fn stand(row: &mut RunRow, failure: Failure, ready: bool) {
    row.state = RunState::Paused;
    row.stop.take_if(|stop| stop.kind == StopKind::Pause);
    row.ready = ready;
    row.failure = Some(failure);
}

fn adopt(row: &mut RunRow, adoption: Adoption) {
    let change = RevisionChange {
        from: row.revision.to_string(),
        to: adoption.to.to_string(),
        at: adoption.at,
    };
    if !sabotage!("adoptions are not in the history") {
        row.revisions.push(change);
    }
    row.revision = adoption.to;
    if !sabotage!("adoptions keep the old fingerprint") {
        row.fingerprint = adoption.fingerprint;
    }
    if !sabotage!("adoptions keep the old events") {
        row.events = adoption.events;
    }
    row.wanted_revision = None;
    row.refusal = None;
}

/// Keeps a run from its end that is to be cancelled first.
fn yielding(next: Next, row: &RunRow) -> Next {
    match next {
        Next::End(end) if end.may_undo && row.is_cancel_requested() => {
            Next::Keep(RunState::Running)
        }
        next => next,
    }
}

fn end_run(row: &mut RunRow, end: End) {
    row.ready = false;
    row.ended_at = Some(end.at);
    if row.is_cancel_requested() {
        row.state = RunState::Cancelled;
        row.failure = None;
    } else {
        row.state = end.state;
        row.output = end.output;
        row.failure = end.failure;
    }
}

fn is_asked_for(row: &RunRow, claim: &Claim) -> bool {
    let own = claim
        .definitions
        .iter()
        .any(|(name, revision)| (name, revision) == (&row.workflow, &row.revision));
    let refused = |to: &str| row.refusal.as_ref().is_some_and(|refusal| refusal.revision == to);
    own || claim.adopts.iter().any(|adopts| {
        (&adopts.workflow, &adopts.from) == (&row.workflow, &row.revision) && !refused(&adopts.to)
    })
}

fn is_claimable(row: &RunRow, claim: &Claim) -> bool {
    let due = row.wake_at.is_some_and(|at| at <= claim.now);
    let wants = match (row.owner, row.state) {
        (Some(_), _) => true,
        (None, RunState::Paused) => {
            row.ready && (row.is_cancel_requested() || row.wanted_revision.is_some())
        }
        (None, _) => row.ready || due,
    };
    wants && !row.state.is_final() && is_asked_for(row, claim)
}

fn by_seq<'a>(entries: impl Iterator<Item = &'a Stored>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = entries.map(|stored| stored.entry.clone()).collect();
    entries.sort_by_key(|entry| (entry.seq.unwrap_or(u64::MAX), entry.started_at));
    entries
}
