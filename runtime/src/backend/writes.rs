//! What is written when, and what is held until it is durable (R2).

use super::calls::is_given_up;
use super::effects::{Effect, Held};
use super::live::Activity;
use super::store_backend::{SURFACED, StoreBackend};
use super::{OpId, Outcome};
use crate::ids::RunId;
use crate::store::{End, Next, RunState, RunWrite, child_id};
use crate::values::Timestamp;

impl StoreBackend {
    /// Whether nothing is going on here: no body, no write, nothing to write, nothing that waits
    /// for what the inbox holds.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.is_none()
            && self.arrived.is_empty()
            && self.draft.is_empty()
            && !self.published.is_new()
            && self.held.is_empty()
            && !self.mail.is_being_read()
            && (self.busy.is_empty() || sabotage!("suspend in the middle of work"))
    }

    /// The effects that may be performed now.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The write that is due, if one is. Without one, what is held is released at once: it
    /// follows nothing that is not durable already. One write is in flight at a time.
    pub(crate) fn flush(&mut self) -> Option<RunWrite> {
        if sabotage!("effects before commit") {
            self.release(|backend| std::mem::take(&mut backend.held));
        }
        if self.in_flight.is_some() {
            return None;
        }
        if self.busy.is_empty()
            && self.arrived.is_empty()
            && let Some((_, failure)) = self.parked.pop_first()
        {
            return Some(self.last_write(self.stand(failure)));
        }
        if let Some(write) = self.pausing_write() {
            return Some(write);
        }
        let must_precede = self.draft.has_seen() && !self.held.is_empty();
        if must_precede || self.surfaced >= SURFACED {
            self.draft.hasten();
        }
        if self.draft.is_empty() && !self.published.is_new() {
            self.release(|backend| std::mem::take(&mut backend.held));
            // The outcome of work has its place in the order, and within its scopes: whatever is
            // before it is written first.
            if self.transactions.is_empty() {
                return None;
            }
            self.draft.hasten();
            if self.draft.is_empty() {
                return None;
            }
        }
        let state = if self.busy.is_empty() { RunState::Waiting } else { RunState::Running };
        let write = self.write(Next::Keep(state));
        self.in_flight = Some(std::mem::take(&mut self.held));
        Some(write)
    }

    /// The write with which the run ends, pauses, or leaves memory.
    pub(crate) fn last_write(&mut self, next: Next) -> RunWrite {
        self.in_flight = Some(Vec::new());
        self.write(next)
    }

    /// The end of a run whose function returned.
    pub(crate) fn end(&self, state: RunState, outcome: Outcome) -> Next {
        let completed = matches!(outcome, Outcome::Completed(_));
        let (output, failure) = match self.fitting(outcome, "") {
            Outcome::Completed(output) => (output, None),
            Outcome::Failed(failure) => (None, Some(failure)),
            Outcome::Cancelled(failure) => (None, failure),
        };
        let state = if completed && failure.is_some() { RunState::Failed } else { state };
        // A run that completes has nothing to do about a cancel, unless it has to undo something.
        let may_undo = self.unwinding.is_none() && self.has_undos();
        Next::End(End { state, output, failure, at: self.now, may_undo })
    }

    /// The suspension of a run that only waits.
    pub(crate) fn suspension(&self) -> Next {
        Next::Suspend { inbox_seq: self.mail.seen(), wake_at: self.next_due() }
    }

    /// Whether what was written since the last call is news for other runs: some were started,
    /// or asked to cancel.
    pub(crate) fn take_wakes_others(&mut self) -> bool {
        std::mem::take(&mut self.wakes_others)
    }

    /// The children that were given up since the last call.
    pub(crate) fn take_given_up(&mut self) -> Vec<RunId> {
        std::mem::take(&mut self.given_up)
    }

    /// Whether a write is on its way.
    pub(crate) fn is_writing(&self) -> bool {
        self.in_flight.is_some()
    }

    /// The write in flight is durable.
    pub(crate) fn written(&mut self) {
        self.release(|backend| backend.in_flight.take().unwrap_or_default());
    }

    fn write(&mut self, next: Next) -> RunWrite {
        let parts = self.draft.take();
        self.surfaced = 0;
        let given_up = parts.entries.iter().filter(|entry| is_given_up(entry));
        self.given_up.extend(given_up.map(|entry| child_id(self.run, &entry.path)));
        self.wakes_others |= !parts.starts.is_empty() || !self.given_up.is_empty();
        self.beats.written(self.now);
        RunWrite {
            entries: parts.entries,
            seals: parts.seals,
            consumed: parts.consumed,
            published: self.published.take(&next),
            response: self.response.take(),
            children: parts.starts,
            ..RunWrite::new(self.run, self.epoch, next)
        }
    }

    fn release(&mut self, take: impl FnOnce(&mut Self) -> Vec<Held>) {
        for held in take(self) {
            match held {
                Held::Start(_) if self.is_pausing() => self.withhold(held),
                Held::Start(op) => self.start_attempt(op),
                Held::Arm(op, at) => self.arm(op, at),
                Held::Cancel(path) => self.effects.push(Effect::Cancel(path)),
                Held::Stop(path) => self.effects.push(Effect::Stop(path)),
            }
        }
    }

    /// Lets a live operation have something to do at an instant.
    fn arm(&mut self, op: OpId, at: Timestamp) {
        if let Some(live) = self.live.get_mut(&op) {
            if let Activity::Step(step) = &mut live.activity {
                step.due = Some(at);
            }
            self.due.insert((at, op));
        }
    }
}
