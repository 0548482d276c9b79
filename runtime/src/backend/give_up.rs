//! Operations that the function gave up.

use super::effects::Held;
use super::live::{Activity, Arrived};
use super::stop::in_doubt;
use super::store_backend::StoreBackend;
use super::undo::keep_undo;
use super::{OpId, Target};
use crate::store::{CALL, Entry, EntryStatus};

impl StoreBackend {
    /// Gives an operation up: it is cancelled without a place in the order.
    pub(super) fn give_up_operation(&mut self, op: OpId) {
        let arrived = |arrived: &Arrived| arrived.target == Target::Op(op);
        if self.is_being_done(op) || self.give_up_undoing(op) {
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
}
