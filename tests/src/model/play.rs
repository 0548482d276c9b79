//! A run from its start to its end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flowcrate_scripted::World;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::graph::Graph;
use super::state::{At, Due, End, Entry, Left, Phase, Region, Sim, State, Work};

/// More instants than this are no end.
const INSTANTS: usize = 20_000;

/// The world of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// The trigger that starts it.
    pub trigger: String,
    /// With this payload.
    pub payload: Value,
    /// What steps do.
    pub world: World,
    /// What comes from outside, in the order of time.
    pub events: Vec<Event>,
}

/// Something that comes from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, in milliseconds.
    pub at: u64,
    /// Its name.
    pub name: String,
    /// Its key.
    pub key: Option<String>,
    /// Its payload.
    pub payload: Value,
}

/// How a run stands at its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Stands {
    /// With its output.
    Completed(Value),
    /// With its failure: `{code, message, attempts, path}`.
    Failed(Value),
    /// A policy is spent and asks for somebody.
    Paused(Value),
    /// For what never comes.
    Waiting,
}

/// A run that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// How it ended.
    pub stands: Stands,
    /// When the last thing happened, in milliseconds.
    pub ended: u64,
    /// What it answered (S32).
    pub response: Option<Value>,
    /// Path to entry.
    pub journal: BTreeMap<String, Entry>,
    /// Instants at which something was cancelled: what began at one of them may not have begun.
    pub cuts: BTreeSet<u64>,
    /// Why the page leaves more than one course open; mostly empty.
    pub doubts: Vec<String>,
    /// Whether it is the course that the order of the program says (S41), where that alone settles
    /// it.
    pub by_program: bool,
    /// What the graph holds that the model cannot play; a test that fails.
    pub unknown: Vec<String>,
}

/// The order of a lowered program: where each node has its turn.
pub type Turns = BTreeMap<String, usize>;

/// Plays a graph that the compiler accepts; nothing is known of how it was lowered.
pub fn play(document: &Value, script: &Script) -> Played {
    play_in_orders(&Graph::read(document), script).0
}

/// Plays a graph whose program has its turns in this order. What the rules leave open without it
/// goes by it (S41).
pub fn play_by(document: &Value, script: &Script, turns: &Turns) -> Played {
    let graph = Graph::read(document);
    let (played, is_open) = play_in_orders(&graph, script);
    if !is_open {
        return played;
    }
    let [(first, ties), (other, _)] =
        Order::OF_PROGRAM.map(|order| play_in(&graph, script, order, turns));
    if first.doubts.is_empty() && other.doubts.is_empty() && first.tells_as(&other) {
        let by_program = !played.doubts.is_empty() || !played.tells_as(&first);
        return Played { by_program, ..first };
    }
    let reasons = ties.into_iter().chain(first.doubts).chain(other.doubts);
    let doubts = played.doubts.into_iter().chain(reasons).collect();
    Played { doubts, ..played }
}

/// Where several orders all lead to the same, there is nothing to doubt. Also whether anything was
/// a matter of them.
fn play_in_orders(graph: &Graph, script: &Script) -> (Played, bool) {
    let none = Turns::new();
    let (mut played, ties) = play_in(graph, script, Order::default(), &none);
    let is_open = !ties.is_empty() || !played.doubts.is_empty();
    if ties.is_empty() {
        return (played, is_open);
    }
    for order in Order::OTHERS {
        let (other, others) = play_in(graph, script, order, &none);
        if !played.tells_as(&other) || !other.doubts.is_empty() {
            played.doubts.extend(ties.into_iter().chain(others).chain(other.doubts));
            break;
        }
    }
    (played, is_open)
}

impl Played {
    /// Whether the same happened.
    fn tells_as(&self, other: &Self) -> bool {
        self.stands == other.stands
            && self.ended == other.ended
            && self.response == other.response
            && self.journal == other.journal
    }
}

/// In which order things happen that no page puts into one.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Order {
    /// The higher ids first, and what became due last.
    pub(super) reversed: bool,
    /// What stands in a scope that begins has its turn after what stands beside the scope.
    pub(super) broad: bool,
    /// Of two that are due at one instant, nothing follows before both have happened.
    together: bool,
    /// Each has its turn as in the program, and what fails does so before the next one has its own.
    pub(super) by_program: bool,
}

impl Order {
    const USUAL: Self = Self { reversed: false, broad: false, together: false, by_program: false };
    const OTHERS: [Self; 4] = [
        Self { reversed: true, ..Self::USUAL },
        Self { broad: true, ..Self::USUAL },
        Self { reversed: true, broad: true, ..Self::USUAL },
        Self { together: true, ..Self::USUAL },
    ];
    /// Two that differ in what of one instant is seen first.
    const OF_PROGRAM: [Self; 2] = [
        Self { by_program: true, ..Self::USUAL },
        Self { by_program: true, reversed: true, ..Self::USUAL },
    ];
}

/// Plays it in one order; with what was a matter of that.
fn play_in(graph: &Graph, script: &Script, order: Order, turns: &Turns) -> (Played, Vec<String>) {
    let mut sim = Sim {
        graph,
        order,
        turns,
        ties: Vec::new(),
        world: &script.world,
        events: &script.events,
        payload: script.payload.clone(),
        started_by: script.trigger.clone(),
        now: 0,
        round: 0,
        follows: VecDeque::new(),
        looks: 0,
        before: 0,
        moves: 0,
        queue: BTreeMap::new(),
        queued: 0,
        regions: Vec::new(),
        ops: Vec::new(),
        inbox: Vec::new(),
        journal: BTreeMap::new(),
        response: None,
        answered: None,
        ended: None,
        paused: None,
        parked: Vec::new(),
        cuts: BTreeSet::new(),
        doubts: Vec::new(),
        undos: Vec::new(),
        undoings: Vec::new(),
        unknown: Vec::new(),
    };
    for (number, event) in script.events.iter().enumerate() {
        sim.due(event.at, Due::Event(number));
    }
    sim.start();
    sim.run();
    let ties = std::mem::take(&mut sim.ties);
    (sim.stands(), ties)
}

impl Sim<'_> {
    /// S4, S6: the trigger that starts the run left with the payload, the others were skipped.
    fn start(&mut self) {
        let members = self.graph.members(None, "");
        let mut nodes = BTreeMap::new();
        for node in members {
            let state = if !node.is_trigger() {
                State::Open
            } else if node.id == self.started_by {
                let (handle, output) = ("out".to_owned(), self.payload.clone());
                State::Left(Left { handle, output, error: None })
            } else {
                State::Skipped
            };
            nodes.insert(node.id.clone(), state);
        }
        self.regions.push(Region {
            scope: None,
            name: String::new(),
            op: None,
            outer: None,
            depth: 0,
            path: String::new(),
            bound: None,
            caught: None,
            nodes,
            phase: Phase::Live,
            moves: 0,
            returned: None,
            failures: Vec::new(),
        });
    }

    fn run(&mut self) {
        for _ in 0..INSTANTS {
            self.settle();
            if self.follow() || self.look() {
                continue;
            }
            self.pause();
            if self.ended.is_some() || self.paused.is_some() || !self.unknown.is_empty() {
                return;
            }
            let Some(at) = self.next_instant() else { return };
            self.before = if at > self.now { self.queued } else { self.before };
            self.now = at;
            self.round += 1;
            // R1: one is surfaced after the other, and all that follows from it before the next.
            while let Some(due) = self.next_due(at) {
                self.moves += 1;
                self.happen(due);
                if !self.order.together {
                    break;
                }
            }
        }
        self.unknown.push("the run has no end".to_owned());
    }

    /// Lets a wait take what is there, once all that became due with this instant has happened.
    fn look(&mut self) -> bool {
        // What waits for an instant that has passed is due after that.
        let mut due = self.queue.range((self.now, 0)..=(self.now, self.before));
        let stands = self.paused.is_some() || self.ended.is_some() || !self.unknown.is_empty();
        if stands || self.looks == 0 || due.any(|(_, due)| self.counts(due)) {
            return false;
        }
        self.looks -= 1;
        self.deliver();
        true
    }

    /// One of those that are due. Which of two things of one millisecond is seen first, no page
    /// says.
    fn next_due(&mut self, at: At) -> Option<Due> {
        let due = self.queue.range((at, 0)..=(at, usize::MAX));
        let counting: Vec<(At, usize)> =
            due.filter(|(_, due)| self.counts(due)).map(|(key, _)| *key).collect();
        if counting.len() > 1 {
            self.tie("several things at one instant");
        }
        let next = if self.order.reversed { counting.last() } else { counting.first() };
        self.queue.remove(next?)
    }

    /// S20: what is under way comes to its end before the run pauses; a rest or a wait does not.
    fn pause(&mut self) {
        let runs = |op: &super::state::Op| matches!(&op.work, Work::Step(step) if step.runs);
        if self.ended.is_some() || self.ops.iter().any(|op| !op.over && runs(op)) {
            return;
        }
        let mut parked = self.parked.iter().filter(|(op, _)| !self.ops[*op].over);
        let first = parked.next().map(|(_, failure)| failure.clone());
        if parked.next().is_some() {
            self.doubt("two policies are spent");
        }
        self.paused = first;
    }

    /// The next instant at which something happens that still matters.
    fn next_instant(&mut self) -> Option<At> {
        while let Some((&(at, number), due)) = self.queue.first_key_value() {
            if self.counts(due) {
                return Some(at);
            }
            self.queue.remove(&(at, number));
        }
        None
    }

    /// Lets all happen that takes no time: what is decided, then what has failed or won, from the
    /// innermost scope outwards.
    fn settle(&mut self) {
        loop {
            let mut moved = self.advance_all();
            while moved && !self.order.by_program {
                moved = self.advance_all();
            }
            let stands = self.paused.is_some() || !self.unknown.is_empty();
            if self.ended.is_some() || stands || !(self.resolve() || moved) {
                return;
            }
        }
    }

    fn stands(self) -> Played {
        let stands = match (self.paused, self.ended) {
            (Some(failure), _) => Stands::Paused(failure.value()),
            (None, Some(End::Done(_))) => {
                let returned = self.regions.into_iter().next().and_then(|top| top.returned);
                Stands::Completed(returned.unwrap_or_default())
            }
            (None, Some(End::Failed(failure))) => Stands::Failed(failure.value()),
            (None, Some(End::Cancelled) | None) => Stands::Waiting,
        };
        Played {
            stands,
            ended: self.now,
            response: self.response,
            journal: self.journal,
            cuts: self.cuts,
            doubts: self.doubts,
            by_program: false,
            unknown: self.unknown,
        }
    }
}
