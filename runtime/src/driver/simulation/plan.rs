//! Random workflows.

use serde_json::{Value, json};

use super::Chance;
use super::walk::join;

/// A workflow as a tree.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// A step that fails so many times before it succeeds, and yields so often in between.
    Step {
        id: String,
        /// What it returns.
        input: String,
        failures: u32,
        yields: u32,
        /// Whether another step undoes it.
        undo: bool,
        /// What its body says while it runs.
        tells: Tells,
        /// How much longer its output is than its input.
        bytes: usize,
    },
    /// A step that fails for good.
    Fail {
        id: String,
    },
    /// Work of the function, which is recorded, with two ids and a number that it draws.
    Memo {
        id: String,
    },
    /// The run's answer; a second one fails.
    Respond {
        id: String,
    },
    Sleep {
        id: String,
        milliseconds: u64,
    },
    /// A wait for the event with this key, and its number among those.
    Event {
        id: String,
        key: String,
        number: usize,
    },
    /// A decision by the event with this key; perhaps nobody decides, or not in time.
    Approval {
        id: String,
        key: String,
        answer: Option<bool>,
        milliseconds: Option<u64>,
        /// Whether somebody who is not asked says the opposite first.
        stranger: bool,
    },
    Sequence(Vec<Plan>),
    Parallel(Vec<Plan>),
    Each {
        id: String,
        items: usize,
        limit: usize,
        mode: Mode,
        body: Box<Plan>,
    },
    /// Iterations from state to state; at most so many, if that is said.
    While {
        id: String,
        iterations: u64,
        most: Option<u64>,
        body: Box<Plan>,
    },
    /// Branches of which the first to succeed wins; named by their numbers.
    Race {
        id: String,
        branches: Vec<Plan>,
        /// The branch whose work is not undone if it loses.
        keep: Option<usize>,
    },
    /// Another workflow that is called, or started and left to itself.
    Child {
        id: String,
        plan: Box<Plan>,
        awaited: bool,
    },
    /// A body that has so long at most.
    Timeout {
        id: String,
        milliseconds: u64,
        body: Box<Plan>,
    },
    /// A body, what is done if it fails, what is done in any case.
    Try {
        id: String,
        body: Box<Plan>,
        catch: Option<Box<Plan>>,
        /// Whether the body is undone before its failure is caught.
        compensate: bool,
        finally: Option<Box<Plan>>,
    },
    /// Branches of which the last one fails; the failure is caught.
    Caught(Vec<Plan>),
}

/// Bytes of an output that lies in a blob, where that is in a file of the simulation.
pub(super) const BLOB: usize = 100;
/// Bytes of one whose blob is written in parts, each in a commit of its own.
pub(super) const PARTS: usize = 2_500;

/// What a step returns for an input.
pub(super) fn output(input: &str, bytes: usize) -> Value {
    json!(format!("{input}{}", ".".repeat(bytes)))
}

/// What a body appends to a progress stream in each of its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tells {
    /// How many items.
    pub(super) items: u32,
    /// Whether they have ids, so that an attempt that is repeated adds nothing to them.
    pub(super) once: bool,
}

impl Tells {
    pub(super) const NOTHING: Self = Self { items: 0, once: false };
}

/// What a failed item does to its loop, and what the loop returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Fail,
    Skip,
    Collect,
    Discard,
}

/// Gives out ids.
#[derive(Default)]
struct Names(u32);

impl Names {
    fn next(&mut self, prefix: &str) -> String {
        self.0 += 1;
        format!("{prefix}{}", self.0)
    }
}

impl Plan {
    /// A random plan.
    pub(super) fn any(chance: &mut Chance) -> Self {
        let mut names = Names::default();
        let parts = 2 + chance.below(3);
        Self::Sequence((0..parts).map(|_| Self::part(chance, &mut names, 2, true)).collect())
    }

    /// A part of a plan; outside of loops (`top`) it may wait for events.
    fn part(chance: &mut Chance, names: &mut Names, depth: u32, top: bool) -> Self {
        let kinds = if depth == 0 { 6 } else { 22 };
        match chance.below(kinds) {
            0 => Self::Sleep {
                id: names.next("sleep"),
                milliseconds: u64::try_from(chance.below(5_000)).unwrap(),
            },
            1 if chance.once_in(3) => Self::approval(chance, names, top),
            1 if top => Self::events(chance, names),
            1 if chance.once_in(3) => Self::Fail { id: names.next("fail") },
            2 if chance.once_in(2) => Self::Memo { id: names.next("memo") },
            3 if chance.once_in(4) => Self::Respond { id: names.next("respond") },
            1..=5 => Self::step(chance, names),
            6 | 7 => Self::Parallel(Self::some(chance, names, depth, top)),
            8 => Self::Sequence(Self::some(chance, names, depth, top)),
            9 | 10 => {
                let mut parts = Self::some(chance, names, depth, top);
                parts.push(Self::Fail { id: names.next("fail") });
                Self::Caught(parts)
            }
            11 | 12 => {
                let id = names.next("race");
                let mut branches = Self::some(chance, names, depth, top);
                branches.push(Self::part(chance, names, depth - 1, top));
                if chance.once_in(4) {
                    branches.push(Self::Fail { id: names.next("fail") });
                }
                let keep = chance.once_in(3).then(|| chance.below(branches.len()));
                Self::Race { id, branches, keep }
            }
            13 => Self::Timeout {
                id: names.next("timeout"),
                milliseconds: u64::try_from(chance.below(10_000)).unwrap(),
                body: Box::new(Self::part(chance, names, depth - 1, top)),
            },
            14..=16 => Self::try_scope(chance, names, depth, top),
            18 | 19 if top => Self::Child {
                id: names.next("child"),
                plan: Box::new(Self::part(chance, names, depth - 1, true)),
                awaited: !chance.once_in(4),
            },
            17 => {
                let iterations = 1 + u64::try_from(chance.below(3)).unwrap();
                let id = names.next("while");
                let most = chance.once_in(4).then(|| u64::try_from(chance.below(4)).unwrap());
                let body = Box::new(Self::part(chance, names, depth - 1, false));
                Self::While { id, iterations, most, body }
            }
            _ => Self::Each {
                id: names.next("each"),
                items: chance.below(4),
                limit: 1 + chance.below(3),
                mode: [Mode::Fail, Mode::Skip, Mode::Collect, Mode::Discard][chance.below(4)],
                body: Box::new(Self::part(chance, names, depth - 1, false)),
            },
        }
    }

    fn try_scope(chance: &mut Chance, names: &mut Names, depth: u32, top: bool) -> Self {
        let id = names.next("try");
        let mut region = |chance: &mut Chance| Box::new(Self::part(chance, names, depth - 1, top));
        let body = region(chance);
        let catch = (!chance.once_in(3)).then(|| region(chance));
        let finally = chance.once_in(2).then(|| region(chance));
        let mut body = *body;
        if chance.once_in(2) {
            body = Self::Sequence(vec![body, Self::Fail { id: names.next("fail") }]);
        }
        Self::Try { id, body: Box::new(body), catch, compensate: chance.once_in(2), finally }
    }

    fn some(chance: &mut Chance, names: &mut Names, depth: u32, top: bool) -> Vec<Self> {
        let parts = 1 + chance.below(3);
        (0..parts).map(|_| Self::part(chance, names, depth - 1, top)).collect()
    }

    fn step(chance: &mut Chance, names: &mut Names) -> Self {
        let failures = if chance.once_in(4) { 2 } else { 0 };
        let yields = u32::try_from(chance.below(3)).unwrap();
        let tells = match chance.below(4) {
            0 => {
                let items = 1 + u32::try_from(chance.below(3)).unwrap();
                Tells { items, once: chance.once_in(2) }
            }
            _ => Tells::NOTHING,
        };
        let (id, undo) = (names.next("step"), chance.once_in(3));
        // In files so long a value lies in a blob, and a longer one in several parts.
        let bytes = [0, 0, 0, 0, BLOB, PARTS][chance.below(6)];
        Self::Step { input: id.clone(), id, failures, yields, undo, tells, bytes }
    }

    /// Items and iterations would share the key: nobody decides there.
    fn approval(chance: &mut Chance, names: &mut Names, top: bool) -> Self {
        let (id, key) = (names.next("approval"), names.next("decision"));
        let answer = (top && !chance.once_in(4)).then(|| chance.once_in(2));
        let is_limited = answer.is_none() || chance.once_in(2);
        let milliseconds = is_limited.then(|| u64::try_from(chance.below(10_000)).unwrap());
        let stranger = top && chance.once_in(3);
        Self::Approval { id, key, answer, milliseconds, stranger }
    }

    /// Some waits for one key, one after the other.
    fn events(chance: &mut Chance, names: &mut Names) -> Self {
        let key = names.next("key");
        let waits = 1 + chance.below(3);
        let wait = |number| Self::Event { id: names.next("event"), key: key.clone(), number };
        Self::Sequence((0..waits).map(wait).collect())
    }

    /// The events that it waits for, in the order in which those of one key must be sent.
    pub(super) fn sends(&self, scope: &str) -> Vec<Sent> {
        match self {
            Self::Event { id, key, number } => {
                let (path, payload) = (join(scope, id), payload(key, *number));
                vec![Sent { path, key: key.clone(), payload, is_for_nobody: false }]
            }
            Self::Approval { id, key, answer, stranger, .. } => {
                let (path, other) = (join(scope, id), !answer.unwrap_or_default());
                let sent = |by, approved, is_for_nobody| {
                    let payload = verdict(key, approved, by);
                    Sent { path: path.clone(), key: key.clone(), payload, is_for_nobody }
                };
                let stranger = stranger.then(|| sent("eve", other, true));
                let answer = answer.map(|approved| sent("ada", approved, false));
                stranger.into_iter().chain(answer).collect()
            }
            _ => self.inside(scope).into_iter().flat_map(|(part, at)| part.sends(&at)).collect(),
        }
    }

    /// The workflows that it calls or starts: path, plan, whether it waits for it.
    pub(super) fn children(&self, scope: &str) -> Vec<(String, &Self, bool)> {
        if let Self::Child { id, plan, awaited } = self {
            return vec![(join(scope, id), plan, *awaited)];
        }
        self.inside(scope).into_iter().flat_map(|(part, at)| part.children(&at)).collect()
    }

    /// What it is made of.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Child { plan: body, .. } | Self::Each { body, .. } | Self::While { body, .. } => {
                vec![body]
            }
            _ => self.inside("").into_iter().map(|(part, _)| part).collect(),
        }
    }

    /// Its parts, each with the scope that it is in. What is done again and again waits for no
    /// events, and calls nobody: it is left out.
    fn inside(&self, scope: &str) -> Vec<(&Self, String)> {
        let (parts, scope): (Vec<&Self>, String) = match self {
            Self::Sequence(parts) | Self::Parallel(parts) | Self::Caught(parts) => {
                (parts.iter().collect(), scope.to_owned())
            }
            Self::Race { id, branches, .. } => (branches.iter().collect(), join(scope, id)),
            Self::Timeout { id, body, .. } => (vec![body], join(scope, id)),
            Self::Try { id, body, catch, finally, .. } => {
                let regions = [Some(body), catch.as_ref(), finally.as_ref()];
                let regions = regions.into_iter().flatten().map(|region| &**region);
                (regions.collect(), join(scope, id))
            }
            _ => return Vec::new(),
        };
        parts.into_iter().map(|part| (part, scope.clone())).collect()
    }
}

/// An event that a plan waits for.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// Where.
    pub(super) path: String,
    pub(super) key: String,
    pub(super) payload: Value,
    /// Whether no wait takes it: whose answer it is, nobody asked.
    pub(super) is_for_nobody: bool,
}

/// The name of a race's branch.
pub(super) fn branch_name(number: usize) -> String {
    format!("branch{number}")
}

/// What the answer to an approval carries.
pub(super) fn verdict(key: &str, approved: bool, by: &str) -> Value {
    json!({ "approved": approved, "form": key, "by": by })
}

/// What the event with this key and number carries.
pub(super) fn payload(key: &str, number: usize) -> Value {
    json!(format!("{key}#{number}"))
}
