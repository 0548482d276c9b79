//! What a cancelled scope leaves behind: bodies that run, and what nobody knows of them (S22).

use super::effects::{Effect, Held};
use super::live::{Activity, Live};
use super::store_backend::StoreBackend;
use super::{OpId, Outcome, Patience, Stopped, Target};
use crate::clock::later;
use crate::failure::{Failure, StepError};
use crate::store::{Entry, EntryStatus, Waiting};
use crate::values::Timestamp;

/// The code of a cancelled step that may have taken effect.
pub(crate) const IN_DOUBT: &str = "unknown";

/// Why a step has no outcome although its body was started; the latest of so many attempts is the
/// one that was cut short.
pub(super) fn in_doubt(path: &str, attempts: u32) -> Failure {
    let message = "its scope was cancelled while it ran: it may have taken effect";
    Failure { attempts, ..Failure::new(IN_DOUBT, message).at(path) }
}

/// Whether a failure says that nobody knows whether a step took effect.
pub(super) fn is_in_doubt(failure: &Failure) -> bool {
    failure.code == IN_DOUBT
}

/// Whether an open entry is that of a step whose body was told to stop.
pub(super) fn is_stopping(open: Option<&Entry>) -> bool {
    open.is_some_and(|entry| entry.status == EntryStatus::Running && entry.waiting.is_some())
}

impl StoreBackend {
    pub(super) fn stop_operation(&mut self, op: OpId, patience: Patience) -> Stopped {
        if self.ending.contains(&op) || sabotage!("cancelled operations are awaited") {
            return Stopped::Ending;
        }
        match self.live.get(&op).map(|live| &live.activity) {
            Some(Activity::Scope { .. } | Activity::Memo | Activity::Start(_)) => {
                return Stopped::Ending;
            }
            Some(Activity::Step(step)) => {
                if step.is_in_doubt() {
                    self.stop_body(op, patience);
                    return Stopped::Ending;
                }
            }
            Some(Activity::Timer { .. } | Activity::Event { .. } | Activity::Call { .. }) => {}
            None => {
                let stays = |lost: &&_| is_of(lost, op);
                if self.arrived.iter().find(stays).is_some_and(|arrived| arrived.stays) {
                    return Stopped::Ending;
                }
            }
        }
        super::Backend::cancel(self, op);
        Stopped::GivenUp
    }

    /// The scope of a step is cancelled whose body runs, or may have run in an earlier life.
    fn stop_body(&mut self, op: OpId, patience: Patience) {
        let due = later(self.now, self.grace);
        let Some(live) = self.live.get_mut(&op) else { return };
        let Activity::Step(step) = &mut live.activity else { return };
        let (path, attempts) = (live.site.path.clone(), step.attempts);
        if step.is_stopping() {
            return;
        }
        // Where a compensation asks for it, its outcome counts whoever waits.
        let patient = patience == Patience::Grace || live.site.undo.is_some();
        if !step.is_running() || !patient || sabotage!("no grace") {
            self.held.push(Held::Stop(path.clone()));
            let outcome = Outcome::Cancelled(Some(in_doubt(&path, attempts + 1)));
            return self.settle(op, outcome, self.now);
        }
        if let Some(deadline) = step.tell_to_stop() {
            self.due.remove(&(deadline, op));
        }
        let (began, issued) = (live.began, live.issued);
        let waiting = Waiting { due: Some(due), ..Waiting::default() };
        let site = live.site.clone();
        let entry = self.open_entry(&site, EntryStatus::Running, Some(waiting));
        self.draft.put(Entry { attempts, issued, started_at: began, ..entry });
        self.held.push(Held::Cancel(path));
        self.held.push(Held::Arm(op, due));
    }

    /// Takes up a step whose body was told to stop. Only if it still runs is there an outcome to
    /// wait for.
    pub(super) fn begin_stopping(
        &mut self,
        op: OpId,
        mut live: Live,
        runs: bool,
        deadline: Option<Timestamp>,
    ) {
        let Activity::Step(step) = &mut live.activity else { return };
        let attempts = step.attempts;
        step.tell_to_stop();
        let path = live.site.path.clone();
        self.live.insert(op, live);
        if runs {
            self.busy.insert(op);
            self.running.insert(path, op);
            self.held.extend(deadline.map(|deadline| Held::Arm(op, deadline)));
        } else {
            self.settle(op, Outcome::Cancelled(Some(in_doubt(&path, attempts + 1))), self.now);
        }
    }

    /// Whether an earlier life of the run may have started the next attempt of a step: it issued
    /// what a replay issues, and a started attempt costs no write.
    pub(super) fn may_run_already(&self, open: Option<&Entry>) -> bool {
        let resting = open.and_then(|entry| entry.waiting.as_ref()?.due);
        !self.caught_up && self.epoch > 1 && resting.is_none_or(|due| due <= self.now)
    }

    /// A body has not ended within its grace time.
    pub(super) fn grace_is_over(&mut self, op: OpId) {
        let Some(live) = self.live.get(&op) else { return };
        let Activity::Step(step) = &live.activity else { return };
        let (path, attempts) = (live.site.path.clone(), step.attempts);
        self.effects.push(Effect::Abort(path.clone()));
        self.settle(op, Outcome::Cancelled(Some(in_doubt(&path, attempts + 1))), self.now);
    }

    /// A body has failed after it was told to stop: nobody repeats it. One that gave up without
    /// knowing whether it took effect says so by the code of what is in doubt.
    pub(super) fn failed_while_stopping(&mut self, op: OpId, error: StepError) {
        let Some(live) = self.live.get(&op) else { return };
        let Activity::Step(step) = &live.activity else { return };
        let failure = Failure::of(error, step.attempts, &*live.site.path);
        let outcome = if is_in_doubt(&failure) {
            Outcome::Cancelled(Some(in_doubt(&live.site.path, failure.attempts)))
        } else {
            Outcome::Failed(failure)
        };
        self.settle(op, outcome, self.now);
    }
}

fn is_of(arrived: &super::live::Arrived, op: OpId) -> bool {
    arrived.target == Target::Op(op)
}
