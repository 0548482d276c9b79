//! Outcomes: what operations come to, and how the function sees it.

use super::journal::CANCEL_PATH;
use super::live::{Activity, Arrived, Live, blank};
use super::respond::RESPOND;
use super::store_backend::StoreBackend;
use super::undo::keep_undo;
use super::{Completion, OpId, Outcome, Site, Target};
use crate::store::{Entry, EntryStatus};
use crate::values::Timestamp;

impl StoreBackend {
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
        self.transactions.retain(|queued| *queued != op);
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

    pub(super) fn surface_arrived(&mut self) -> Option<Completion> {
        let mut arrived = self.arrived.pop_front()?;
        arrived.entry.seq = Some(self.next_seq);
        self.response.surfaced(&mut arrived.entry);
        self.next_seq += 1;
        self.position = self.next_seq;
        self.surfaced += u32::from(!arrived.is_written);
        self.weight += weight_of(&arrived.entry);
        let completion = completion(arrived.target, &arrived.entry);
        self.undos.surfaced(&arrived.entry);
        if arrived.is_written {
            return Some(completion);
        }
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

/// About how many bytes an entry and its values take.
pub(super) fn weight_of(entry: &Entry) -> usize {
    let values = entry.input.iter().chain(&entry.output);
    256 + entry.path.len() + values.map(|value| value.as_str().len()).sum::<usize>()
}

pub(super) fn completion(target: Target, entry: &Entry) -> Completion {
    let outcome = match &entry.error {
        Some(failure) if entry.status == EntryStatus::Failed => Outcome::Failed(failure.clone()),
        error if entry.status == EntryStatus::Cancelled => Outcome::Cancelled(error.clone()),
        _ => Outcome::Completed(entry.output.clone()),
    };
    Completion { target, outcome, at: entry.ended_at.unwrap_or(entry.started_at) }
}
