//! Taking up a run from what the store holds of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::advance::bare_write;
use super::{Lease, Message, Shard};
use crate::backend::{UNWIND_PATH, can_undo, is_unwinding};
use crate::driver::resident::Resident;
use crate::engine::{RootWaker, encode_end, inner_prefix, items_prefix, workflow_panic};
use crate::error::Error;
use crate::failure::Failure;
use crate::ids::RunId;
use crate::store::{End, Entry, EntryStatus, Loaded, Next, RunRow, RunState, RunWrite, is_undo};
use crate::values::Timestamp;

/// Takeovers without a new entry after which a run is taken for the cause of the crashes.
const CRASH_LOOP: u32 = 5;

impl Shard {
    /// Brings a run that is ours into memory.
    pub(super) fn take_up(&mut self, mut loaded: Loaded, epoch: u64) {
        let run = loaded.row.id;
        let nudged = self.loading.remove(&run).unwrap_or_default();
        let lapsed = self.settings.lease.as_ref().is_some_and(Lease::is_lapsed);
        if self.closing.is_some() || lapsed {
            return self.submit(bare_write(run, epoch, Next::Release));
        }
        if !self.runs.contains_key(&run) && !loaded.row.is_cancel_requested() {
            if let Some(workflow) = self.adopter(&loaded) {
                return self.try_adoption(loaded, epoch, workflow.as_ref());
            }
            if loaded.row.state == RunState::Paused
                && let Some(wanted) = loaded.row.wanted_revision.clone()
            {
                return self.refuse_unknown(&loaded, epoch, &wanted);
            }
        }
        self.tell_of_change(&loaded.row);
        let mut given_up = None;
        let was_paused = loaded.row.state == RunState::Paused;
        if was_paused {
            // Whatever it died of, somebody has asked for this.
            loaded.row.takeovers = 0;
        }
        if was_paused && !is_unwinding(&loaded.entries) && !is_parked(&loaded) {
            // Claimed though paused: somebody asked to cancel it. Its function went astray, and is
            // not asked any more.
            if !can_undo(&loaded) {
                return self.submit(cancelled(&loaded, epoch, self.now));
            }
            given_up = Some(unwind(&mut loaded, self.now));
        }
        let wanted = self.adopter(&loaded).is_some();
        let before = self.runs.remove(&run);
        match self.resident(loaded, epoch) {
            Ok(resident) => {
                if let Some((entries, seals)) = given_up {
                    resident.backend.borrow_mut().give_up(entries, seals);
                }
                if let Some(before) = before {
                    if wanted {
                        resident.backend.borrow_mut().drain();
                    }
                    return self.replace(run, before, resident);
                }
                self.runs.insert(run, resident);
                self.touched.insert(run);
                self.settings.hub.changed(run);
                if nudged {
                    self.nudge(run);
                }
            }
            Err(failure) => {
                tracing::warn!(%run, %failure, "the run is paused");
                // What keeps it from undoing what it did would do so again at once.
                let next = if was_paused { Next::Park(failure) } else { Next::Pause(failure) };
                self.submit(bare_write(run, epoch, next));
            }
        }
    }

    /// Says once that a function was changed under its revision.
    fn tell_of_change(&mut self, row: &RunRow) {
        if let Some(changed) = self.settings.registry.changed(row)
            && !self.said.contains(&changed)
        {
            tracing::warn!(run = %row.id, "{changed}");
            self.said.insert(changed);
        }
    }

    /// Puts a run that was loaded again in the place of the one before, around its bodies.
    fn replace(&mut self, run: RunId, mut before: Resident, mut resident: Resident) {
        std::mem::swap(&mut resident.bodies, &mut before.bodies);
        let running = resident.bodies.running();
        resident.backend.borrow_mut().adopt(&before.backend.borrow(), running);
        resident.agenda = before.agenda;
        resident.idle_since = before.idle_since;
        resident.nudged = before.nudged;
        let messages = before.reloading.take();
        self.runs.insert(run, resident);
        self.advance(run);
        for message in messages.into_iter().flatten() {
            self.take(message);
        }
    }

    fn resident(&self, loaded: Loaded, epoch: u64) -> Result<Resident, Failure> {
        let row = &loaded.row;
        if row.takeovers >= CRASH_LOOP {
            let times = row.takeovers;
            let message = format!("its worker has died {times} times without any progress");
            return Err(pause("crash_loop", message));
        }
        let workflow = self
            .settings
            .registry
            .get(&row.workflow, &row.revision)
            .map_err(|error| pause(error.code(), error.to_string()))?;
        let waker = self.waker(row.id);
        // The function's part before its first await may panic too.
        let made = catch_unwind(AssertUnwindSafe(|| {
            let limits = (self.now, self.settings.store.max_payload());
            Resident::new(workflow.as_ref(), loaded, epoch, limits, waker)
        }));
        match made {
            Ok(Ok(resident)) => {
                resident.backend.borrow_mut().set_grace(self.settings.grace);
                Ok(resident)
            }
            Ok(Err(error)) => Err(pause(error.code(), error.to_string())),
            Err(panic) => Err(workflow_panic(panic.as_ref())),
        }
    }

    pub(super) fn waker(&self, run: RunId) -> std::sync::Arc<RootWaker> {
        let sender = self.settings.sender.clone();
        RootWaker::new(Box::new(move || drop(sender.send(Message::Woken(run)))))
    }
}

/// Whether a paused run only stands still for a step or a compensation whose policy is spent: its
/// function is well, and can be told of a cancel.
fn is_parked(loaded: &Loaded) -> bool {
    let Some(failure) = &loaded.row.failure else { return false };
    let spent = |entry: &Entry| {
        *entry.path == *failure.path
            && entry.status == EntryStatus::Retrying
            && entry.waiting.is_none()
            && entry.error.as_ref() == Some(failure)
    };
    loaded.entries.iter().any(spent)
}

/// The end of a paused run that is cancelled and has nothing to undo.
fn cancelled(loaded: &Loaded, epoch: u64, at: Timestamp) -> RunWrite {
    let (entries, seals) = give_up(&loaded.entries, at);
    let (state, output, failure) = (RunState::Cancelled, None, None);
    let end = End { state, output, failure, at, may_undo: false };
    RunWrite { entries, seals, ..bare_write(loaded.row.id, epoch, Next::End(end)) }
}

/// Lets a paused run that is cancelled undo what it has done; what is to be written of that.
fn unwind(loaded: &mut Loaded, at: Timestamp) -> (Vec<Entry>, Vec<String>) {
    let (mut entries, seals) = give_up(&loaded.entries, at);
    entries.retain(|entry| !is_undo(&entry.path));
    let input = encode_end(&Err(Error::Cancelled));
    let last = loaded.entries.iter().filter_map(|entry| entry.seq).max();
    let unwinding = Entry {
        issued: last.map_or(0, |seq| seq + 1),
        input_hash: Some(input.hash()),
        input: Some(input),
        ..Entry::new(UNWIND_PATH, "unwind", EntryStatus::Running, at)
    };
    loaded.entries.push(unwinding.clone());
    entries.push(unwinding);
    (entries, seals)
}

/// Gives up what is open of a journal.
fn give_up(journal: &[Entry], at: Timestamp) -> (Vec<Entry>, Vec<String>) {
    let open = journal.iter().filter(|entry| !entry.status.is_settled());
    let scopes = open.clone().filter(|entry| entry.status == EntryStatus::Running);
    let seals = scopes.flat_map(|scope| [items_prefix(&scope.path), inner_prefix(&scope.path)]);
    let seals = seals.collect();
    let give_up = |entry: &Entry| Entry {
        status: EntryStatus::Cancelled,
        waiting: None,
        ended_at: Some(at),
        ..entry.clone()
    };
    (open.map(give_up).collect(), seals)
}

fn pause(code: &str, message: String) -> Failure {
    Failure::new(code, message)
}
