//! A run that someone asked to stand still: what runs finishes, nothing new begins.

use super::OpId;
use super::effects::Held;
use super::store_backend::StoreBackend;
use crate::Failure;
use crate::store::{Next, RunWrite, Stop, StopKind, is_undo};
use crate::values::Timestamp;

/// What is kept back while a run comes to a stand.
#[derive(Default)]
pub(super) struct Pause {
    /// Why it is to stand still, if it is.
    asked: Option<Failure>,
    /// Whether it is to leave memory as soon as nothing runs, to be taken up otherwise.
    draining: bool,
    /// Bodies that would have been started.
    withheld: Vec<Held>,
}

impl StoreBackend {
    /// Someone asked the run to stand still, or thought better of it.
    pub(super) fn reconsider_pause(&mut self, stop: Option<&Stop>) {
        let pause = stop.filter(|stop| stop.kind == StopKind::Pause);
        self.pause.asked = pause.map(|stop| Failure::paused(stop.reason.clone()));
        if self.pause.asked.is_none() && !self.pause.draining {
            self.held.append(&mut self.pause.withheld);
        }
    }

    /// Whether nothing new may begin.
    pub(super) fn is_pausing(&self) -> bool {
        (self.pause.asked.is_some() || self.pause.draining)
            && !sabotage!("a pause lets new work begin")
    }

    /// Keeps a body's start back for as long as the run is to stand still.
    pub(super) fn withhold(&mut self, held: Held) {
        self.pause.withheld.push(held);
    }

    /// The write with which the run comes to its stand, once no body runs any more.
    pub(super) fn pausing_write(&mut self) -> Option<RunWrite> {
        if !self.running.is_empty() || !self.arrived.is_empty() {
            return None;
        }
        if let Some(failure) = self.pause.asked.take() {
            return Some(self.last_write(Next::Pause(failure)));
        }
        self.pause.draining.then(|| self.last_write(Next::Release))
    }

    /// How the run stands still where a policy is spent. A cancel would only have the same done
    /// again if the run knows of it, or if this undoes something, as a cancel may do.
    pub(super) fn stand(&self, failure: Failure) -> Next {
        if self.mail.is_cancel_noted() || is_undo(&failure.path) {
            return Next::Park(failure);
        }
        Next::Pause(failure)
    }

    /// Lets the run leave memory as soon as nothing runs, to be taken up anew.
    pub(crate) fn drain(&mut self) {
        self.pause.draining = true;
    }

    /// What has something to do first. While the run comes to a stand that is only what watches
    /// over bodies: timers and repetitions are due when it goes on. While the inbox is read, what
    /// comes after it has to wait.
    pub(super) fn first_due(&self) -> Option<(Timestamp, OpId)> {
        let (is_pausing, is_reading) = (self.is_pausing(), self.mail.is_being_read());
        let is_watch = |op: OpId| {
            self.live.get(&op).is_some_and(|live| self.running.contains_key(&live.site.path))
        };
        let waits = |at, op| is_reading && self.mail.is_behind(at) && self.is_after_mail(op);
        let mut due = self.due.iter().copied();
        due.find(|(at, op)| (!is_pausing || is_watch(*op)) && !waits(*at, *op))
    }
}
