//! What someone outside asks of a run.

use std::sync::Arc;

use super::{Run, Tables, give_up};
use crate::Failure;
use crate::store::{Ask, Request, Requested, RunState, Stop, StopKind};

impl Tables {
    pub(in crate::store) fn request(&mut self, asked: Request) -> Requested {
        let Some(run) = self.runs.get_mut(&asked.run) else { return Requested::UnknownRun };
        if run.row.state.is_final() {
            return Requested::Finished;
        }
        let id = asked.run;
        let changed = match asked.ask {
            Ask::Cancel
                if run.has_begun() || sabotage!("what never began waits to be cancelled") =>
            {
                run.cancel(asked.reason)
            }
            Ask::Cancel => return self.cancel_unbegun(asked),
            Ask::Pause => return self.pause(asked),
            Ask::Resume => run.resume(),
            Ask::Adopt(revision) => run.want(revision),
            Ask::Terminate => return self.terminate(asked),
        };
        if !changed {
            return Requested::Unchanged;
        }
        self.awake(id);
        Requested::Accepted
    }

    /// A run that nobody has driven has nothing to clean up, and may wait long for somebody who
    /// can: the cancel is its end.
    fn cancel_unbegun(&mut self, asked: Request) -> Requested {
        let Some(run) = self.runs.get_mut(&asked.run) else { return Requested::UnknownRun };
        run.cancel(asked.reason);
        let row = &mut run.row;
        row.state = RunState::Cancelled;
        row.failure = None;
        row.ended_at = Some(asked.at);
        row.ready = false;
        self.active.remove(&asked.run);
        self.settle(asked.run);
        self.part(asked.run);
        Requested::Accepted
    }

    fn pause(&mut self, asked: Request) -> Requested {
        let Some(run) = self.runs.get_mut(&asked.run) else { return Requested::UnknownRun };
        let row = &mut run.row;
        if row.state == RunState::Paused || row.stop.is_some() {
            return Requested::Unchanged;
        }
        row.inbox_seq += 1;
        if row.owner.is_some() {
            row.stop = Some(Stop { kind: StopKind::Pause, reason: asked.reason });
            row.ready = true;
            self.active.insert(asked.run);
            return Requested::Accepted;
        }
        row.state = RunState::Paused;
        row.failure = Some(Failure::paused(asked.reason));
        row.ready = false;
        if let Some(at) = row.wake_at.take() {
            self.wakes.remove(&(at, asked.run));
        }
        self.active.remove(&asked.run);
        self.settle(asked.run);
        Requested::Accepted
    }

    fn terminate(&mut self, asked: Request) -> Requested {
        let Some(run) = self.runs.get_mut(&asked.run) else { return Requested::UnknownRun };
        let row = &mut run.row;
        row.state = RunState::Cancelled;
        row.failure = Some(Failure::terminated(asked.reason));
        row.ended_at = Some(asked.at);
        row.epoch += u64::from(!sabotage!("a terminated run keeps its epoch"));
        row.ready = false;
        if let Some(owner) = row.owner.take() {
            self.taken_away.insert((owner, asked.run));
        }
        if let Some(at) = row.wake_at.take() {
            self.wakes.remove(&(at, asked.run));
        }
        give_up(run.entries.values_mut(), asked.at);
        self.active.remove(&asked.run);
        self.settle(asked.run);
        self.part(asked.run);
        Requested::Accepted
    }
}

impl Run {
    /// Whether anybody has driven it, or it shares what another one did.
    fn has_begun(&self) -> bool {
        self.row.epoch > 0 || !self.entries.is_empty()
    }

    pub(super) fn cancel(&mut self, reason: Option<String>) -> bool {
        let row = &mut self.row;
        if row.is_cancel_requested() {
            return false;
        }
        row.stop = Some(Stop { kind: StopKind::Cancel, reason });
        // Nothing ails its function, which sees the cancel.
        if row.state == RunState::Paused
            && row.failure.as_ref().is_some_and(Failure::is_from_outside)
        {
            row.state = RunState::Pending;
            row.failure = None;
        }
        row.inbox_seq += 1;
        row.ready = true;
        true
    }

    fn resume(&mut self) -> bool {
        let row = &mut self.row;
        let withdrawn = row.stop.take_if(|stop| stop.kind == StopKind::Pause).is_some();
        if row.state == RunState::Paused {
            row.state = RunState::Pending;
            row.failure = None;
            row.takeovers = 0;
        } else if !withdrawn {
            return false;
        }
        row.inbox_seq += 1;
        row.ready = true;
        true
    }

    fn want(&mut self, revision: Arc<str>) -> bool {
        let row = &mut self.row;
        if row.revision == revision || row.wanted_revision.as_ref() == Some(&revision) {
            return false;
        }
        row.wanted_revision = Some(revision);
        row.refusal = None;
        row.inbox_seq += 1;
        row.ready = true;
        true
    }
}
