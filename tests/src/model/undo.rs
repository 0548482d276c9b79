//! Compensation (S24).

use serde_json::Value;

use super::expr::{self, Stop};
use super::names::Place;
use super::plant::{Plant, planted};
use super::policy::Policy;
use super::state::{At, End, Op, OpId, Phase, RegionId, Sim, Step, Work, record};

/// What undoes a step that has its outcome.
#[derive(Clone, Debug)]
pub(super) struct Undo {
    /// Where the step stood.
    region: RegionId,
    node: String,
    path: String,
    kind: String,
    input: Value,
    policy: Policy,
    /// When the step had its outcome.
    since: At,
}

/// Who waits until all is undone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Waiting {
    /// A try, before its catch; the body's failure.
    Catch(OpId, super::state::Failure),
    /// A race, before it is left.
    Race(OpId),
    /// The run, before it has failed.
    Run(End, At),
}

/// Undoing under way.
#[derive(Clone, Debug)]
pub(super) struct Undoing {
    pub(super) waiting: Waiting,
    /// What is still to be undone, the next one last.
    left: Vec<Undo>,
    /// What is being undone.
    op: OpId,
}

impl Sim<'_> {
    /// A step has its outcome: what undoes it is made of that, and registered. Its inputs may fail,
    /// and the step with them.
    pub(super) fn register(&mut self, op: OpId, output: &Value) -> Result<(), Stop> {
        let Op { region, node: id, path, .. } = self.ops[op].clone();
        let Some(node) = self.graph.nodes.get(&id) else { return Ok(()) };
        let Some(undo) = node.compensate.as_object() else { return Ok(()) };
        let own = Some((id.as_str(), output.clone()));
        let place = Place { sim: self, region, element: None, state: None, own };
        let fields = undo.get("inputs").and_then(Value::as_object).into_iter().flatten();
        let fields = fields.map(|(name, field)| Ok((name.clone(), expr::value(field, &place)?)));
        let input = record(fields.collect::<Result<Vec<_>, Stop>>()?);
        let Some(policy) = Policy::read(undo.get("policy").unwrap_or(&Value::Null)) else {
            return Err(Stop::Unknown("the policy of a compensation".to_owned()));
        };
        if self.undos.iter().any(|other| other.since == self.now) {
            self.tie("two steps that can be undone end at once");
        }
        let path = format!("{path}!undo");
        let kind = undo.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.undos.push(Undo { region, node: id, path, kind, input, policy, since: self.now });
        Ok(())
    }

    /// A step was cut short: undone only where that is asked for.
    pub(super) fn register_in_doubt(&mut self, op: OpId) {
        let node = self.graph.nodes.get(&self.ops[op].node);
        // One that was to begin at this instant has not begun.
        if self.begins(op) || node.is_none_or(|node| !node.in_doubt) {
            return;
        }
        if let Err(Stop::Unknown(what)) = self.register(op, &Value::Null) {
            self.unknown.push(what);
        }
    }

    /// Whether a step can be undone, so that it has a grace time.
    pub(super) fn can_be_undone(&self, op: OpId) -> bool {
        self.graph.nodes.get(&self.ops[op].node).is_some_and(|node| node.compensate.is_object())
    }

    /// Whether what stands in a try is undone before its catch.
    pub(super) fn is_undone(&self, op: OpId) -> bool {
        let node = self.graph.nodes.get(&self.ops[op].node);
        node.is_some_and(|node| node.config.get("compensate") == Some(&true.into()))
    }

    /// Undoes what these scope instances hold, in reverse; `false` if that is nothing.
    pub(super) fn undo_within(
        &mut self,
        regions: &dyn Fn(&Self, RegionId) -> bool,
        waiting: Waiting,
    ) -> bool {
        let all = std::mem::take(&mut self.undos);
        let (own, others) = all.into_iter().partition(|undo| regions(self, undo.region));
        self.undos = others;
        let mut left: Vec<Undo> = own;
        if planted(Plant::UndoneInOrder) {
            left.reverse();
        }
        if left.is_empty() {
            return false;
        }
        self.undoings.push(Undoing { waiting, left, op: OpId::MAX });
        self.undo_next(self.undoings.len() - 1);
        true
    }

    /// Whether a scope instance is this one, or stands in it.
    pub(super) fn is_within(&self, region: RegionId, around: RegionId) -> bool {
        let outer = |region: &RegionId| self.regions[*region].outer;
        std::iter::successors(Some(region), outer).any(|region| region == around)
    }

    fn undo_next(&mut self, at: usize) {
        let Some(undo) = self.undoings[at].left.pop() else {
            let undoing = self.undoings.remove(at);
            return self.undone(undoing.waiting);
        };
        let Undo { region, node, path, kind, input, policy, .. } = undo;
        let step = Step { kind, attempt: 1, runs: true, since: self.now, policy };
        let (began, work) = (self.now, Work::Step(step));
        let (stopping, over) = (false, false);
        let round = self.round;
        self.ops.push(Op { region, node, path, began, round, input, work, stopping, over });
        let op = self.ops.len() - 1;
        self.undoings[at].op = op;
        self.attempt(op);
    }

    /// Whether the operation undoes something.
    pub(super) fn undoes(&self, op: OpId) -> Option<usize> {
        self.undoings.iter().position(|undoing| undoing.op == op)
    }

    /// A compensation has come to its end; one that fails leaves nothing to fall back on.
    pub(super) fn undo_ended(&mut self, at: usize, end: End) {
        match end {
            End::Done(_) => self.undo_next(at),
            End::Failed(failure) => {
                let op = self.undoings[at].op;
                self.ops[op].over = false;
                if let Work::Step(step) = &mut self.ops[op].work {
                    step.runs = false;
                }
                self.parked.push((op, failure));
            }
            End::Cancelled => self.doubt("a compensation is given up"),
        }
    }

    fn undone(&mut self, waiting: Waiting) {
        match waiting {
            Waiting::Catch(op, failure) => self.caught(op, failure),
            Waiting::Race(op) => self.leave_race(op),
            Waiting::Run(end, began) => {
                let done = End::Done(Value::Null);
                self.note("!unwind".to_owned(), "unwind", began, Value::Null, &done);
                self.ended = Some(end);
            }
        }
    }

    /// A scope that undoes is cancelled from outside: what becomes of that, the page does not say.
    pub(super) fn doubts_of_undoing(&mut self, op: OpId) {
        let of = |undoing: &Undoing| match &undoing.waiting {
            Waiting::Catch(own, _) | Waiting::Race(own) => *own == op,
            Waiting::Run(..) => false,
        };
        if self.undoings.iter().any(of) {
            self.doubt("a scope that undoes is cancelled");
        }
    }

    /// S24: a run that fails undoes what is left to be undone, before it has failed.
    pub(super) fn end_of_run(&mut self, end: End) {
        if !matches!(end, End::Failed(_)) || self.undos.is_empty() {
            self.ended = Some(end);
            return;
        }
        if self.regions.iter().any(|region| region.phase == Phase::Live && region.op.is_some()) {
            self.doubt("something is live at the end of a run");
        }
        self.undo_within(&|_, _| true, Waiting::Run(end, self.now));
    }
}
