//! The engine's seam over a log of positions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::log::Log;
use crate::backend::{
    Asked, Backend, Body, Command, Completion, Due, Issued, Iteration, Labour, Mismatch, OpId,
    Outcome, Patience, Site, Stopped, Target,
};
use crate::clock::later;
use crate::failure::Failure;
use crate::payload::Payload;
use crate::policy::Policy;
use crate::store::{EventKey, MAX_PAYLOAD, Undoable};
use crate::values::Timestamp;

/// One life of a run over its log.
pub(super) struct PositionalBackend {
    pub(super) log: Log,
    pub(super) now: Timestamp,
    /// The next command's position.
    position: usize,
    /// The next completion's number.
    cursor: usize,
    /// Operations that have a position, both ways.
    positions: BTreeMap<OpId, usize>,
    ops: BTreeMap<usize, OpId>,
    memos: BTreeMap<OpId, usize>,
    /// What follows at once from what was surfaced last; never in the log.
    derived: VecDeque<Completion>,
    /// What is waited for, by position.
    pub(super) waits: BTreeMap<usize, Wait>,
    /// Bodies to be started, and those that nobody wants any more.
    pub(super) starts: Vec<Start>,
    pub(super) stops: Vec<usize>,
    pub(super) published: Option<Payload>,
}

/// What the world has to bring.
pub(super) enum Wait {
    Timer(Timestamp),
    /// Who may answer, if it is an approval.
    Event(EventKey, Option<Timestamp>, Option<Asked>),
}

/// A body to be run.
pub(super) struct Start {
    pub(super) position: usize,
    pub(super) path: Arc<str>,
    pub(super) policy: Policy,
    pub(super) body: Body,
}

impl PositionalBackend {
    pub(super) fn new(log: Log, now: Timestamp) -> Self {
        Self {
            log,
            now,
            position: 0,
            cursor: 0,
            positions: BTreeMap::new(),
            ops: BTreeMap::new(),
            memos: BTreeMap::new(),
            derived: VecDeque::new(),
            waits: BTreeMap::new(),
            starts: Vec::new(),
            stops: Vec::new(),
            published: None,
        }
    }

    /// Whether something is there for the function to see.
    pub(super) fn is_behind(&self) -> bool {
        self.is_replaying() || !self.derived.is_empty()
    }

    /// Whether completions are left in the log that the function has not seen.
    fn is_replaying(&self) -> bool {
        self.cursor < self.log.completions()
    }

    /// Something has come to its end. What nobody waits for any more leaves no trace.
    pub(super) fn complete(&mut self, position: usize, outcome: Outcome) {
        self.waits.remove(&position);
        if self.ops.contains_key(&position) && !self.log.is_complete(position) {
            self.log.complete(position, outcome, self.now);
        }
    }

    /// Takes the next position for a command that the log is to know.
    fn next_position(
        &mut self,
        op: OpId,
        site: &Site,
        due: Option<Timestamp>,
    ) -> Result<usize, Mismatch> {
        let position = self.position;
        self.log.command(position, site, due)?;
        self.position += 1;
        self.positions.insert(op, position);
        self.ops.insert(position, op);
        Ok(position)
    }

    /// Begins what is new; what has its completion in the log only waits for its turn.
    fn begin(
        &mut self,
        op: OpId,
        site: &Site,
        due: Option<Timestamp>,
        begin: impl FnOnce(&mut Self, usize),
    ) -> Result<Issued, Mismatch> {
        let position = self.next_position(op, site, due)?;
        if self.log.is_complete(position) {
            return Ok(Issued::Recorded);
        }
        begin(self, position);
        Ok(Issued::Live)
    }

    fn issue_memo(&mut self, op: OpId, site: &Site) -> Result<Issued, Mismatch> {
        let position = self.next_position(op, site, None)?;
        let Some(outcome) = self.log.memo(position) else {
            self.memos.insert(op, position);
            return Ok(Issued::Live);
        };
        self.derive(Target::Op(op), outcome);
        Ok(Issued::Recorded)
    }

    fn derive(&mut self, target: Target, outcome: Outcome) {
        // The time of what was surfaced last: the same on each replay.
        let last = self.cursor.checked_sub(1).and_then(|last| self.log.completion(last));
        let at = last.map_or(Timestamp(0), |last| last.at);
        self.derived.push_back(Completion { target, outcome, at });
    }

    fn forget(&mut self, op: OpId) {
        let of_op = |completion: &Completion| completion.target == Target::Op(op);
        self.derived
            .retain(|completion| !of_op(completion) && completion.target != Target::Head(op));
        if let Some(position) = self.positions.remove(&op) {
            self.ops.remove(&position);
            self.waits.remove(&position);
            self.starts.retain(|start| start.position != position);
            self.stops.push(position);
        }
    }
}

impl Backend for PositionalBackend {
    fn issue(&mut self, op: OpId, site: Site, command: Command) -> Result<Issued, Mismatch> {
        match command {
            Command::Step(policy, Labour::Body(body)) => {
                let path = site.path.clone();
                self.begin(op, &site, None, |this, position| {
                    this.starts.push(Start { position, path, policy, body });
                })
            }
            Command::Timer(due) => {
                let due = match due {
                    Due::After(length) => later(self.now, length),
                    Due::At(at) => at,
                };
                self.begin(op, &site, Some(due), |this, position| {
                    let due = this.log.due(position).unwrap_or(due);
                    this.waits.insert(position, Wait::Timer(due));
                })
            }
            Command::Event(key, timeout) => {
                let due = timeout.map(|timeout| later(self.now, timeout));
                let asked = Asked::at(&site);
                self.begin(op, &site, due, |this, position| {
                    let due = this.log.due(position);
                    this.waits.insert(position, Wait::Event(key, due, asked));
                })
            }
            Command::Memo => self.issue_memo(op, &site),
            // Its function opens them again on each replay.
            Command::Scope(_) | Command::Loop(_) => Ok(Issued::Live),
            Command::Step(_, Labour::Work(..)) | Command::Call(_) | Command::Unwind => {
                Err(Mismatch {
                    code: "unsupported",
                    path: site.path.to_string(),
                    expected: "what the core profile offers".to_owned(),
                    found: format!("kind {}", site.kind),
                })
            }
        }
    }

    fn cancel(&mut self, op: OpId) {
        self.forget(op);
    }

    fn stop(&mut self, op: OpId, _: Patience) -> Stopped {
        self.forget(op);
        Stopped::GivenUp
    }

    fn seal(&mut self, scope: OpId, outcome: Outcome) {
        if let Some(position) = self.memos.remove(&scope) {
            self.log.remember(position, outcome.clone());
        }
        self.derive(Target::Op(scope), outcome);
    }

    fn checkpoint(&mut self, scope: OpId, head: Payload, _: Iteration) {
        self.derive(Target::Head(scope), Outcome::Completed(Some(head)));
    }

    fn max_payload(&self) -> usize {
        MAX_PAYLOAD
    }

    fn publish(&mut self, value: Payload) {
        if !self.is_replaying() {
            self.published = Some(value);
        }
    }

    fn respond(&mut self, op: OpId) {
        let outcome = if self.log.answer() {
            Outcome::Completed(None)
        } else {
            Outcome::Failed(Failure::new("responded", "the run has answered already"))
        };
        self.seal(op, outcome);
    }

    fn next(&mut self) -> Result<Option<Completion>, Mismatch> {
        if let Some(derived) = self.derived.pop_front() {
            return Ok(Some(derived));
        }
        while let Some(completed) = self.log.completion(self.cursor).cloned() {
            self.cursor += 1;
            if completed.position >= self.position {
                return Err(self.unreached(completed.position));
            }
            // One whose operation was given up meanwhile is passed over, as it was before.
            if let Some(op) = self.ops.remove(&completed.position) {
                self.positions.remove(&op);
                let (outcome, at) = (completed.outcome, completed.at);
                return Ok(Some(Completion { target: Target::Op(op), outcome, at }));
            }
        }
        Ok(None)
    }

    fn undos(&self) -> Vec<Undoable> {
        Vec::new()
    }

    fn unwind(&mut self, _: Payload) {}

    fn finish(&mut self) -> Result<(), Mismatch> {
        if self.position < self.log.commands() {
            return Err(self.unreached(self.position));
        }
        Ok(())
    }
}

impl PositionalBackend {
    fn unreached(&self, position: usize) -> Mismatch {
        Mismatch {
            code: "unreached",
            path: format!("#{position}"),
            expected: format!("{} commands", self.log.commands()),
            found: format!("a workflow that issues {}", self.position),
        }
    }
}
