//! What a run is made of while the model plays it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flowcrate_scripted::World;
use serde_json::{Map, Value, json};

use super::compare::ANY;
use super::graph::Graph;
use super::play::{Event, Order, Turns};

/// Milliseconds since the start.
pub(super) type At = u64;
/// A scope instance: the top level, an item, an iteration, a region.
pub(super) type RegionId = usize;
/// A node that takes time, in one scope instance.
pub(super) type OpId = usize;

/// S7: `errors.<id>`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) code: String,
    /// Of the language's own failures the page does not say it.
    pub(super) message: String,
    pub(super) attempts: u32,
    pub(super) path: String,
}

impl Failure {
    pub(super) fn new(code: &str, message: &str, path: String) -> Self {
        Self { code: code.to_owned(), message: message.to_owned(), attempts: 0, path }
    }

    /// S17.
    pub(super) fn expression(path: String) -> Self {
        Self::new("expression", ANY, path)
    }

    pub(super) fn value(&self) -> Value {
        let Self { code, message, attempts, path } = self;
        json!({ "code": code, "message": message, "attempts": attempts, "path": path })
    }
}

/// How something ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    Done(Value),
    Failed(Failure),
    Cancelled,
}

/// What is known of a node in one scope instance.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Not decided (S2).
    Open,
    Running(OpId),
    /// It ran (or is disabled) and left (S3).
    Left(Left),
    Skipped,
    /// It failed or was cancelled, and nothing takes that: what is behind it is never decided.
    Gone,
}

/// How a node left.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Left {
    pub(super) handle: String,
    /// Null where there is none.
    pub(super) output: Value,
    pub(super) error: Option<Failure>,
}

/// Where a scope instance stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    Live,
    /// It has failed, and waits for what is in flight.
    Failing(Failure),
    /// It was cancelled, and waits for what is in flight.
    Cancelled,
    Ended,
}

/// A scope instance.
#[derive(Clone, Debug)]
pub(super) struct Region {
    /// The node whose body this is; none of the top level.
    pub(super) scope: Option<String>,
    /// `body`, `catch`, a branch; empty of a loop.
    pub(super) name: String,
    /// The scope that it belongs to, under way.
    pub(super) op: Option<OpId>,
    /// The scope instance around.
    pub(super) outer: Option<RegionId>,
    pub(super) depth: usize,
    /// The path of what stands in it (S38); empty at top level.
    pub(super) path: String,
    /// Item or state, and index, in a loop.
    pub(super) bound: Option<(Value, i64)>,
    /// What the body failed with, in a catch.
    pub(super) caught: Option<Failure>,
    pub(super) nodes: BTreeMap<String, State>,
    pub(super) phase: Phase,
    /// How many outcomes there were when it began.
    pub(super) moves: u64,
    /// What a return within has given (S31).
    pub(super) returned: Option<Value>,
    /// Failures of this instant that nothing within takes.
    pub(super) failures: Vec<Failure>,
}

/// A node under way.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) region: RegionId,
    pub(super) node: String,
    pub(super) path: String,
    pub(super) began: At,
    /// In which round of the run.
    pub(super) round: usize,
    /// As the journal tells it; null where it tells none.
    pub(super) input: Value,
    pub(super) work: Work,
    /// Cancelled, and on its way to its end.
    pub(super) stopping: bool,
    pub(super) over: bool,
}

/// What an operation does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Step(Step),
    Timer,
    /// For an event; of those who are asked, if anybody is.
    Wait {
        event: String,
        key: Option<String>,
        asked: Vec<Value>,
    },
    /// Another run, with how it ends, if it does.
    Call(Option<Box<End>>),
    Each(Each),
    While {
        iteration: u64,
    },
    Race(Race),
    Try(Try),
}

/// A step between or in its attempts.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Of the node, or of what undoes it.
    pub(super) kind: String,
    pub(super) attempt: u32,
    /// Whether an attempt runs; else it rests before the next one.
    pub(super) runs: bool,
    /// When the first one began.
    pub(super) since: At,
    pub(super) policy: super::policy::Policy,
}

/// A `for_each` under way (S26).
#[derive(Clone, Debug)]
pub(super) struct Each {
    pub(super) items: Vec<Value>,
    pub(super) next: usize,
    pub(super) concurrency: usize,
    pub(super) on_item_error: String,
    pub(super) results: BTreeMap<usize, Result<Value, Failure>>,
    pub(super) running: BTreeMap<RegionId, (usize, At)>,
    pub(super) failed: Option<Failure>,
}

/// A race under way (S28).
#[derive(Clone, Debug)]
pub(super) struct Race {
    pub(super) running: BTreeSet<RegionId>,
    /// Branches that succeeded at this instant, before a winner is known.
    pub(super) finished: BTreeMap<String, Value>,
    pub(super) winner: Option<(String, Value)>,
    /// When a branch failed first, and how; more than one if at once.
    pub(super) failed: Vec<(At, Failure)>,
}

/// A try under way (S23).
#[derive(Clone, Debug)]
pub(super) struct Try {
    pub(super) region: RegionId,
    /// What body and catch came to, while `finally` runs.
    pub(super) outcome: Option<End>,
    /// What the part that came to its end returned (S31).
    pub(super) returned: Option<Value>,
}

/// An entry as the model expects it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// `wait@1`.
    pub kind: String,
    /// `completed`, `failed`, `cancelled`.
    pub status: &'static str,
    /// Attempts that have ended.
    pub attempts: u32,
    /// As recorded; null where there is none.
    pub input: Value,
    /// The same.
    pub output: Value,
    /// `{code, message, attempts, path}`, or null.
    pub error: Value,
    /// When it began.
    pub began: u64,
    /// When it was settled.
    pub ended: u64,
}

/// What becomes due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Due {
    /// An attempt of this number ends by itself.
    Attempt(OpId, u32),
    /// It has taken too long.
    Timeout(OpId, u32),
    /// It has given no sign of life.
    Silence(OpId, u32),
    /// The next attempt begins.
    Retry(OpId),
    /// A timer, or the time-out of a wait.
    Timer(OpId),
    /// The grace of a body is over.
    Grace(OpId),
    /// An event comes.
    Event(usize),
}

/// What follows at once from what happened, as an outcome of its own (runtime/PROTOCOL.md).
#[derive(Clone, Debug)]
pub(super) enum Follows {
    /// An item has come to its end, or an iteration.
    Region(OpId, RegionId, End),
    /// An operation has.
    Finish(OpId, End),
}

/// A run under way.
pub(super) struct Sim<'a> {
    pub(super) graph: &'a Graph,
    pub(super) order: Order,
    /// The program's order, where it is asked.
    pub(super) turns: &'a Turns,
    /// What was a matter of that.
    pub(super) ties: Vec<String>,
    pub(super) world: &'a World,
    pub(super) events: &'a [Event],
    pub(super) payload: Value,
    pub(super) started_by: String,
    pub(super) now: At,
    /// How many times something became due. What begins with one that is due at once, such as a
    /// wait for an instant that has passed, has begun when that comes to its end.
    pub(super) round: usize,
    /// The next one first.
    pub(super) follows: VecDeque<Follows>,
    /// How many waits have begun that have not looked for what is there.
    pub(super) looks: usize,
    /// The last number in the queue when this instant came.
    pub(super) before: usize,
    /// How many outcomes there were, without the iterations of loops.
    pub(super) moves: u64,
    pub(super) queue: BTreeMap<(At, usize), Due>,
    pub(super) queued: usize,
    pub(super) regions: Vec<Region>,
    pub(super) ops: Vec<Op>,
    /// Events that nobody has taken, in their order.
    pub(super) inbox: Vec<usize>,
    pub(super) journal: BTreeMap<String, Entry>,
    pub(super) response: Option<Value>,
    /// When it was answered last.
    pub(super) answered: Option<At>,
    pub(super) ended: Option<End>,
    /// S20: a spent policy that pauses the run.
    pub(super) paused: Option<Failure>,
    /// Steps whose policies are spent: the run pauses for the first as soon as no body runs.
    pub(super) parked: Vec<(OpId, Failure)>,
    /// Instants at which something was cancelled.
    pub(super) cuts: BTreeSet<At>,
    pub(super) doubts: Vec<String>,
    /// What can be undone, in the order of the outcomes (S24).
    pub(super) undos: Vec<super::undo::Undo>,
    pub(super) undoings: Vec<super::undo::Undoing>,
    /// What the model cannot play.
    pub(super) unknown: Vec<String>,
}

impl Sim<'_> {
    pub(super) fn due(&mut self, after: At, due: Due) {
        self.queued += 1;
        self.queue.insert((self.now + after, self.queued), due);
    }

    /// No page says which of several comes first.
    pub(super) fn tie(&mut self, why: &str) {
        self.ties.push(why.to_owned());
    }

    pub(super) fn doubt(&mut self, why: impl Into<String>) {
        self.doubts.push(why.into());
    }

    /// What depends on who has its turn first, and on nothing else.
    pub(super) fn doubt_of_turns(&mut self, why: &str) {
        if !self.order.by_program {
            self.doubt(why);
        }
    }

    /// When a node has its turn (S41): as in the program where that is asked, else by its id alone.
    pub(super) fn turn_of(&self, node: &str) -> usize {
        let turn = self.turns.get(node).filter(|_| self.order.by_program);
        turn.copied().unwrap_or_default()
    }

    /// S38.
    pub(super) fn path(&self, region: RegionId, id: &str) -> String {
        let prefix = &self.regions[region].path;
        if prefix.is_empty() { id.to_owned() } else { format!("{prefix}/{id}") }
    }

    /// A new scope instance.
    pub(super) fn open(&mut self, around: &Op, op: OpId, name: &str, path: String) -> RegionId {
        let members = self.graph.members(Some(&around.node), name);
        let nodes = members.iter().map(|node| (node.id.clone(), State::Open)).collect();
        let region = Region {
            scope: Some(around.node.clone()),
            name: name.to_owned(),
            op: Some(op),
            outer: Some(around.region),
            depth: self.regions[around.region].depth + 1,
            path,
            bound: None,
            caught: None,
            nodes,
            phase: Phase::Live,
            moves: self.moves,
            returned: None,
            failures: Vec::new(),
        };
        self.regions.push(region);
        self.regions.len() - 1
    }

    /// Writes an entry down.
    pub(super) fn record(&mut self, op: OpId, end: &End) {
        let Op { path, began, input, node, work, .. } = self.ops[op].clone();
        let (status, output, error) = match end {
            End::Done(output) => ("completed", output.clone(), Value::Null),
            End::Failed(failure) => ("failed", Value::Null, failure.value()),
            End::Cancelled => ("cancelled", Value::Null, Value::Null),
        };
        let attempts = match (&work, end) {
            (Work::Step(step), End::Cancelled) => step.attempt - u32::from(step.runs),
            (Work::Step(step), _) => step.attempt,
            _ => 0,
        };
        let kind = match work {
            Work::Step(step) => step.kind,
            _ => self.graph.nodes.get(&node).map(|node| node.kind.clone()).unwrap_or_default(),
        };
        let entry = Entry { kind, status, attempts, input, output, error, began, ended: self.now };
        self.journal.insert(path, entry);
    }

    /// Writes down an entry that is no node's.
    pub(super) fn note(&mut self, path: String, kind: &str, began: At, input: Value, end: &End) {
        let (status, output, error) = match end {
            End::Done(output) => ("completed", output.clone(), Value::Null),
            End::Failed(failure) => ("failed", Value::Null, failure.value()),
            End::Cancelled => ("cancelled", Value::Null, Value::Null),
        };
        let kind = kind.to_owned();
        let (attempts, ended) = (0, self.now);
        let entry = Entry { kind, status, attempts, input, output, error, began, ended };
        self.journal.insert(path, entry);
    }
}

/// A record of what is there (S10).
pub(super) fn record(fields: impl IntoIterator<Item = (String, Value)>) -> Value {
    let there = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(there.collect::<Map<String, Value>>())
}
