//! Advancing one run: time, completions, writes, effects, and leaving memory.

use std::sync::Arc;
use std::time::Duration;

use super::{Message, Shard};
#[cfg(feature = "testkit")]
use crate::backend::Body;
use crate::backend::{Effect, Outcome};
use crate::clock::later;
use crate::driver::bodies::Attempt;
use crate::driver::link::Beat;
use crate::driver::resident::{Leaving, Resident};
use crate::engine::Progress;
use crate::error::{Error, Result};
use crate::failure::{Failure, StepError};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{Hold, Next, Reply, RunState, RunWrite, StoreError, Transaction, Written};

impl Shard {
    /// Lets a run go as far as it can.
    pub(super) fn advance(&mut self, run: RunId) {
        let Some(mut resident) = self.runs.remove(&run) else { return };
        if resident.is_movable() {
            let seen = {
                let mut backend = resident.backend.borrow_mut();
                backend.at(self.now);
                backend.fire();
                backend.take_wants_mail().then(|| backend.seen_mail())
            };
            if let Some(seen) = seen {
                self.read_mail(run, seen);
            }
            match resident.run.drive() {
                Progress::Waiting if self.closing.is_some() => {
                    self.leave(&mut resident, Next::Release);
                }
                Progress::Waiting => self.carry_on(run, &mut resident),
                Progress::Returned(result) => {
                    let end = end(&resident, result);
                    self.leave(&mut resident, end);
                }
                Progress::Stuck(failure) => {
                    tracing::warn!(%run, %failure, "the run is paused");
                    self.leave(&mut resident, Next::Pause(failure));
                }
            }
        }
        self.runs.insert(run, resident);
    }

    /// The run waits for something.
    fn carry_on(&mut self, run: RunId, resident: &mut Resident) {
        let write = resident.backend.borrow_mut().flush();
        if let Some(write) = write {
            if !matches!(write.next, Next::Keep(_)) {
                resident.leaving = Leaving::Now;
                resident.bodies.stop_all(&mut self.reaper, self.now);
            }
            self.submit(write);
        }
        self.perform(run, resident);
        if matches!(resident.leaving, Leaving::No) {
            self.transact(resident);
        }
        let (idle, writing, due) = {
            let backend = resident.backend.borrow();
            (backend.is_idle(), backend.is_writing(), backend.next_due())
        };
        if self.settings.always_replay && resident.stale && !writing {
            resident.reloading = Some(Vec::new());
            return self.load(run, resident.epoch);
        }
        let mut next = due;
        if idle && matches!(resident.leaving, Leaving::No) {
            let since = *resident.idle_since.get_or_insert(self.now);
            // Others may wait for its slot.
            let gives_back = resident.limited == Some(Hold::WhileActive);
            let linger = if gives_back { Duration::ZERO } else { self.settings.linger };
            let evict = later(since, linger);
            // One that is due soon anyway is not worth the way out and in.
            if due.is_none_or(|due| due > evict) {
                if evict <= self.now {
                    let suspension = resident.backend.borrow().suspension();
                    return self.leave(resident, suspension);
                }
                next = Some(evict);
            }
        } else {
            resident.idle_since = None;
        }
        let values = resident.backend.borrow().weight();
        self.residence.settle(run, values, resident.idle_since);
        self.schedule(run, resident, next);
    }

    /// Lets a run that only waits leave before its linger is over.
    pub(super) fn put_out(&mut self, run: RunId) {
        let Some(mut resident) = self.runs.remove(&run) else { return };
        // One that is due has to do what it was taken up for: else it would come and go for ever.
        let due = resident.backend.borrow().next_due();
        let idle = resident.backend.borrow().is_idle() && due.is_none_or(|due| due > self.now);
        if idle && resident.is_movable() {
            let suspension = resident.backend.borrow().suspension();
            self.leave(&mut resident, suspension);
        }
        self.runs.insert(run, resident);
    }

    fn schedule(
        &mut self,
        run: RunId,
        resident: &mut Resident,
        next: Option<crate::values::Timestamp>,
    ) {
        if resident.agenda != next || next.is_some_and(|at| at <= self.now) {
            if let Some(at) = resident.agenda {
                self.agenda.remove(&(at, run));
            }
            self.agenda.extend(next.map(|at| (at, run)));
            resident.agenda = next;
        }
    }

    fn perform(&mut self, run: RunId, resident: &mut Resident) {
        let effects = resident.backend.borrow_mut().take_effects();
        for effect in effects {
            match effect {
                Effect::Cancel(path) => resident.bodies.cancel(&path),
                Effect::Abort(path) => resident.bodies.abort(&path),
                Effect::Stop(path) => resident.bodies.stop(&path, &mut self.reaper, self.now),
                Effect::Start(attempt) => {
                    let body = attempt.body.clone();
                    #[cfg(feature = "testkit")]
                    let body =
                        rehearsed(&self.settings.answers, (resident, run), &attempt.path, body);
                    let info = resident.step_info(run, *attempt, self.now);
                    let epoch = resident.epoch;
                    resident.bodies.start(&self.settings, Attempt { epoch, body, info });
                }
            }
        }
    }

    /// Lets a run leave memory with a last write, after the one that may be in flight.
    fn leave(&mut self, resident: &mut Resident, next: Next) {
        resident.bodies.stop_all(&mut self.reaper, self.now);
        if resident.backend.borrow().is_writing() {
            resident.leaving = Leaving::Soon(next);
            return;
        }
        self.submit_last(resident, next);
    }

    fn submit_last(&self, resident: &mut Resident, next: Next) {
        resident.leaving = match &next {
            Next::End(end) => Leaving::Ending(end.output.clone()),
            _ => Leaving::Now,
        };
        let write = resident.backend.borrow_mut().last_write(next);
        self.submit(write);
    }

    pub(super) fn submit(&self, write: RunWrite) {
        let (run, epoch) = (write.run, write.epoch);
        let sender = self.settings.sender.clone();
        let tell = move |written| drop(sender.send(Message::Written { run, epoch, written }));
        self.settings.store.submit(Transaction::Write(Box::new(write), Reply::new(tell)));
    }

    /// A write was answered.
    pub(super) fn written(&mut self, run: RunId, epoch: u64, written: Result<Written, StoreError>) {
        let ours = self.runs.get(&run).is_none_or(|resident| resident.epoch == epoch);
        if !ours {
            return;
        }
        if !matches!(written, Ok(Written::Done(_))) {
            self.adopting.remove(&run);
        }
        match written {
            Ok(Written::Done(state)) => self.durable(run, epoch, state),
            Ok(Written::NewMail) => {
                if let Some(resident) = self.runs.get_mut(&run) {
                    resident.leaving = Leaving::No;
                    resident.idle_since = None;
                    resident.backend.borrow_mut().written();
                    self.touched.insert(run);
                    self.nudge(run);
                }
            }
            Ok(Written::Fenced) => {
                tracing::warn!(%run, "the run was taken over by another worker");
                self.forget(run);
            }
            Ok(Written::Conflict(path)) => {
                tracing::error!(%run, %path, "two outcomes for one path: a bug in flowcrate");
                self.forget(run);
                let message = "E901: a second outcome for this path, a bug in flowcrate".to_owned();
                let failure = Failure::new("conflict", message).at(&*path);
                self.submit(bare_write(run, epoch, Next::Pause(failure)));
            }
            Err(error) => self.store_failed(run, epoch, &error),
        }
    }

    fn durable(&mut self, run: RunId, epoch: u64, state: RunState) {
        if self.adopting.remove(&run) {
            return self.adopted(run, epoch, state);
        }
        let Some(resident) = self.runs.get_mut(&run) else {
            // It was released, paused or ended without having been taken up.
            self.claims.want();
            return self.settings.hub.stopped(run);
        };
        if resident.backend.borrow_mut().take_wakes_others() {
            self.claims.want();
        }
        // Nobody else would tell of a child that ended with this.
        for child in resident.backend.borrow_mut().take_given_up() {
            self.settings.hub.stopped(child);
        }
        self.claims.wrote();
        match std::mem::replace(&mut resident.leaving, Leaving::Now) {
            Leaving::No => {
                resident.leaving = Leaving::No;
                resident.stale = true;
                resident.backend.borrow_mut().at(self.now);
                resident.backend.borrow_mut().written();
                self.touched.insert(run);
                self.settings.hub.changed(run);
            }
            Leaving::Soon(next) => {
                let Some(mut resident) = self.runs.remove(&run) else { return };
                self.submit_last(&mut resident, next);
                self.runs.insert(run, resident);
            }
            Leaving::Ending(_) if !state.is_final() => {
                // A cancel came first, and there is something to undo. It is in the mail.
                resident.leaving = Leaving::No;
                resident.backend.borrow_mut().written();
                self.nudge(run);
            }
            leaving @ (Leaving::Now | Leaving::Ending(_)) => {
                if state == RunState::Waiting {
                    self.claims.wake_at(resident.backend.borrow().next_due());
                }
                if resident.nudged || resident.limited.is_some() {
                    self.claims.want();
                }
                if let (Leaving::Ending(output), RunState::Completed) = (leaving, state) {
                    self.settings.hub.completed(run, output.unwrap_or_else(Payload::null));
                }
                let caller = resident.caller.filter(|_| state.is_final());
                self.forget(run);
                if let Some(caller) = caller {
                    self.nudge(caller);
                }
            }
        }
    }

    /// A body gave a sign of life.
    pub(super) fn beat(
        &mut self,
        run: RunId,
        epoch: u64,
        (path, attempt): (&Arc<str>, u32),
        beat: &Beat,
    ) {
        let Some(details) = beat.take() else { return };
        let Some(resident) = self.runs.get_mut(&run) else { return };
        if resident.epoch == epoch {
            let mut backend = resident.backend.borrow_mut();
            backend.at(self.now);
            backend.beat(path, attempt, details);
            self.touched.insert(run);
        }
    }

    /// A body's attempt has ended.
    pub(super) fn attempt_ended(
        &mut self,
        run: RunId,
        epoch: u64,
        (path, attempt): (&Arc<str>, u32),
        result: Result<Payload, StepError>,
    ) {
        let Some(resident) = self.runs.get_mut(&run) else { return };
        if resident.epoch == epoch {
            resident.bodies.ended(path, attempt);
            let mut backend = resident.backend.borrow_mut();
            backend.at(self.now);
            backend.attempt_ended(path, attempt, result);
            self.touched.insert(run);
        }
    }
}

/// A write without entries.
pub(super) fn bare_write(run: RunId, epoch: u64, next: Next) -> RunWrite {
    RunWrite::new(run, epoch, next)
}

/// How a run ends whose function has returned.
fn end(resident: &Resident, result: Result<Payload>) -> Next {
    let backend = resident.backend.borrow();
    match result {
        _ if resident.run.is_cancelled() => {
            backend.end(RunState::Cancelled, Outcome::Completed(None))
        }
        Ok(output) => backend.end(RunState::Completed, Outcome::Completed(Some(output))),
        Err(Error::Cancelled) => backend.end(RunState::Cancelled, Outcome::Completed(None)),
        Err(error) => backend.end(RunState::Failed, Outcome::Failed(error.into_failure(""))),
    }
}

/// The body that answers from an example, where there is one.
#[cfg(feature = "testkit")]
fn rehearsed(
    answers: &crate::testkit::Answers,
    (resident, run): (&Resident, RunId),
    path: &Arc<str>,
    body: Body,
) -> Body {
    let (answers, workflow, path) =
        (answers.clone(), Arc::clone(&resident.workflow), Arc::clone(path));
    Arc::new(move |ctx| match answers.answer(&workflow, run, &path) {
        Some(answer) => Box::pin(std::future::ready(Ok(answer))),
        None => body(ctx),
    })
}
