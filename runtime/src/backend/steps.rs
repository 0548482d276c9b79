//! Steps: attempts, and what follows when one fails (S20, R4).

use std::sync::Arc;

use super::effects::{Effect, Held};
use super::live::Activity;
use super::retry::{Attempt, Verdict, chance, judge};
use super::store_backend::StoreBackend;
use super::{Labour, OpId, Outcome, effects};
use crate::clock::later;
use crate::failure::{ErrorClass, Failure, StepError};
use crate::payload::Payload;
use crate::policy::Policy;
use crate::store::{Entry, EntryStatus, Waiting, is_undo};
use crate::values::Timestamp;

/// A step that has no outcome yet.
pub(super) struct StepRun {
    pub(super) policy: Policy,
    pub(super) labour: Labour,
    /// Attempts that have ended.
    pub(super) attempts: u32,
    /// How many of them do not count against the policy any more.
    pub(super) forgiven: u32,
    /// When the first attempt that counts began.
    pub(super) since: Option<Timestamp>,
    phase: Phase,
    /// Whether an earlier life of the run may have started the attempt that is about to start.
    pub(super) may_run: bool,
    /// When the attempt that runs is looked at, or the start of the next one.
    pub(super) due: Option<Timestamp>,
    /// When the attempt that runs will have taken too long.
    deadline: Option<Timestamp>,
    /// When its body last gave a sign of life.
    pub(super) beat: Option<Timestamp>,
    /// What a body said last with such a sign.
    pub(super) details: Option<Payload>,
    /// How the latest attempt failed.
    pub(super) error: Option<Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// About to start.
    Held,
    /// Work that waits for its turn to be done, or is being done.
    Queued,
    /// Its body runs.
    Running,
    /// Its body runs, and was told to stop.
    Stopping,
    /// Between two attempts, or parked.
    Resting,
}

impl StepRun {
    /// A new step, or one that an open entry tells of.
    pub(super) fn new(policy: Policy, labour: Labour, open: Option<&Entry>) -> Self {
        let resting = open.is_some_and(|entry| entry.waiting.is_some());
        Self {
            policy,
            labour,
            attempts: open
                .filter(|_| !sabotage!("attempts are forgotten"))
                .map_or(0, |entry| entry.attempts),
            forgiven: open.map_or(0, |entry| entry.forgiven),
            // Of a parked step someone resumed the run: the total time begins anew.
            since: open
                .filter(|entry| resting || entry.status == EntryStatus::Running)
                .map(|entry| entry.started_at),
            phase: if resting { Phase::Resting } else { Phase::Held },
            may_run: false,
            due: None,
            deadline: None,
            beat: None,
            error: open.and_then(|entry| entry.error.clone()),
            details: open
                .and_then(|entry| entry.output.clone())
                .filter(|_| !sabotage!("heartbeats are forgotten")),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// When its body counts as lost unless it gives a sign of life.
    fn lost_at(&self) -> Option<Timestamp> {
        Some(later(self.beat?, self.policy.heartbeat?))
    }

    /// When the attempt that runs is to be looked at.
    fn watched_at(&self) -> Option<Timestamp> {
        self.deadline.into_iter().chain(self.lost_at()).min()
    }

    /// Whether its body runs though its scope is cancelled.
    pub(super) fn is_stopping(&self) -> bool {
        self.phase == Phase::Stopping
    }

    /// Whether its body may have an effect of which nobody knows.
    pub(super) fn is_in_doubt(&self) -> bool {
        match self.phase {
            Phase::Running | Phase::Stopping => true,
            Phase::Held => self.may_run,
            // Work has taken effect if its outcome is written, and not otherwise.
            Phase::Queued | Phase::Resting => false,
        }
    }

    /// Its body was started before the run was loaded again, and has never stopped.
    pub(super) fn goes_on(&mut self) {
        self.phase = Phase::Running;
    }

    /// Its scope is cancelled while its body runs. The instant that was armed for the attempt.
    pub(super) fn tell_to_stop(&mut self) -> Option<Timestamp> {
        self.phase = Phase::Stopping;
        self.due.take()
    }
}

impl From<StepRun> for Activity {
    fn from(step: StepRun) -> Self {
        Self::Step(Box::new(step))
    }
}

impl StoreBackend {
    /// Starts the next attempt of a step's body.
    pub(super) fn start_attempt(&mut self, op: OpId) {
        let Some(live) = self.live.get_mut(&op) else { return };
        let Activity::Step(step) = &mut live.activity else { return };
        // A body that ran already when the run was loaded again has ended, or was told to stop,
        // while this waited for its write.
        if matches!(step.phase, Phase::Resting | Phase::Stopping) {
            return;
        }
        let since = *step.since.get_or_insert(self.now);
        if step.attempts == 0 {
            live.began = since;
        }
        let Labour::Body(body) = &step.labour else {
            step.phase = Phase::Queued;
            return self.transactions.push_back(op);
        };
        let body = body.clone();
        step.phase = Phase::Running;
        let timeout = step.policy.timeout.map(|timeout| later(self.now, timeout));
        let total = step.policy.total.map(|total| later(since, total));
        step.deadline = timeout.into_iter().chain(total).min();
        step.beat = Some(self.now);
        step.due = step.watched_at();
        self.due.extend(step.due.map(|due| (due, op)));
        let path = live.site.path.clone();
        self.effects.push(Effect::Start(Box::new(effects::Attempt {
            path: path.clone(),
            body,
            number: step.attempts + 1,
            of: step.policy.max_attempts.saturating_add(step.forgiven),
            deadline: step.deadline,
            details: step.details.clone(),
        })));
        self.running.insert(path, op);
    }

    /// A step's next attempt is due, or its running attempt has taken too long.
    pub(super) fn step_due(&mut self, op: OpId) {
        let Some(live) = self.live.get_mut(&op) else { return };
        let Activity::Step(step) = &mut live.activity else { return };
        if step.is_stopping() {
            self.grace_is_over(op);
        } else if step.is_running() {
            let timed_out = step.deadline.is_some_and(|deadline| deadline <= self.now);
            let lost = step.lost_at().is_some_and(|lost| lost <= self.now);
            if !timed_out && !lost {
                // It gave a sign of life meanwhile.
                step.due = step.watched_at();
                self.due.extend(step.due.map(|due| (due, op)));
                return;
            }
            let (path, attempt) = (live.site.path.clone(), step.attempts + 1);
            self.effects.push(Effect::Stop(path.clone()));
            let (code, message) = if timed_out {
                ("timeout", "the attempt took too long")
            } else {
                ("heartbeat_timeout", "the body gave no sign of life for too long")
            };
            let error = StepError::of_engine(ErrorClass::Timeout, code, message);
            self.attempt_ended(&path, attempt, Err(error));
        } else {
            step.phase = Phase::Held;
            self.busy.insert(op);
            self.held.push(Held::Start(op));
        }
    }

    /// An attempt of a body has ended. One that nobody waits for any more is ignored.
    pub(crate) fn attempt_ended(
        &mut self,
        path: &Arc<str>,
        attempt: u32,
        result: Result<Payload, StepError>,
    ) {
        let Some(&op) = self.running.get(path) else { return };
        let Some(live) = self.live.get_mut(&op) else { return };
        let Activity::Step(step) = &mut live.activity else { return };
        if !(step.is_running() || step.is_stopping()) || step.attempts + 1 != attempt {
            return;
        }
        let stopping = step.is_stopping();
        step.attempts = attempt;
        self.running.remove(path);
        if let Some(deadline) = step.due.take() {
            self.due.remove(&(deadline, op));
        }
        match result {
            Ok(output) => self.settle(op, Outcome::Completed(Some(output)), self.now),
            Err(error) if stopping => self.failed_while_stopping(op, error),
            Err(error) => self.attempt_failed(op, error),
        }
    }

    pub(super) fn attempt_failed(&mut self, op: OpId, error: StepError) {
        let Some(live) = self.live.get_mut(&op) else { return };
        let Activity::Step(step) = &mut live.activity else { return };
        let (path, attempts) = (live.site.path.clone(), step.attempts);
        let attempt = Attempt {
            error: &error,
            failed: attempts.saturating_sub(step.forgiven),
            since: step.since.unwrap_or(self.now),
            now: self.now,
            chance: chance(&self.seed, &path, attempts),
        };
        let verdict = match judge(&step.policy, &attempt) {
            // Whatever ails a compensation, someone has to look: there is nothing to fall back on.
            Verdict::Fail if is_undo(&path) => Verdict::Park,
            verdict => verdict,
        };
        let failure = Failure::of(error, attempts, &*path);
        step.error = Some(failure.clone());
        step.phase = Phase::Resting;
        self.busy.remove(&op);
        let due = match verdict {
            Verdict::Fail => return self.settle(op, Outcome::Failed(failure), self.now),
            Verdict::Retry(due) => Some(due),
            Verdict::Park => {
                // Whoever resumes the run grants the policy anew.
                step.forgiven = attempts;
                self.parked.insert(op, failure.clone());
                None
            }
        };
        let forgiven = step.forgiven;
        let (began, site) = (step.since.unwrap_or(live.began), live.site.clone());
        let issued = live.issued;
        let waiting = due.map(|due| Waiting { due: Some(due), ..Waiting::default() });
        if !sabotage!("retry is not recorded") {
            self.draft.put(Entry {
                attempts,
                forgiven,
                error: Some(failure),
                output: step.details.clone(),
                started_at: began,
                issued,
                ..self.open_entry(&site, EntryStatus::Retrying, waiting)
            });
        }
        if !sabotage!("failed bodies are not repeated") {
            self.held.extend(due.map(|due| Held::Arm(op, due)));
        }
    }
}
