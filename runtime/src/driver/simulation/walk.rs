//! What a plan may come to: a walk over the plan along a journal.
//!
//! It is written from the semantics, not from the engine: the journal says what each leaf came to
//! and in which order, and the walk says what must follow. It finds a composite whose recorded
//! outcome does not follow from its parts, an outcome that is recorded after its scope was
//! decided, an entry that nothing in the plan could have made, and it knows which leaves may be
//! under way now.

mod leaves;
mod loops;
mod races;
mod scopes;
mod tries;
mod undoing;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use leaves::ATTEMPTS;
use serde_json::Value;

use super::plan::Plan;
use super::world::SimRun;
use crate::store::{Entry, EntryStatus};

pub(super) type Journal = BTreeMap<String, Entry>;

/// What a part of a plan has come to. `at` is the place in the order of the outcome that decided
/// it; none if nothing had to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is under way, or was given up on the way.
    Open,
    Done {
        at: Option<u64>,
        value: Value,
    },
    Failed {
        at: Option<u64>,
        code: String,
    },
    /// It has seen that the run is cancelled.
    Cancelled,
}

impl Verdict {
    pub(super) fn at(&self) -> Option<u64> {
        match self {
            Self::Done { at, .. } | Self::Failed { at, .. } => *at,
            Self::Open | Self::Cancelled => None,
        }
    }
}

/// What a walk has found.
pub(super) struct Found {
    pub(super) verdict: Verdict,
    /// What has been done and could be undone.
    pub(super) owes: Vec<String>,
    /// Steps whose bodies may be under way.
    pub(super) enabled: BTreeSet<String>,
}

/// Walks a plan along a journal. An error says what cannot be.
pub(super) fn walk(run: &SimRun, journal: &Journal) -> Result<Found, String> {
    walk_as(run, &run.plan, journal)
}

/// The same for a run in another revision than its own.
pub(super) fn walk_as(run: &SimRun, plan: &Plan, journal: &Journal) -> Result<Found, String> {
    let cut = journal.get("!cancel").and_then(|entry| entry.seq);
    let unwinds = journal.get("!unwind").map(|entry| entry.issued);
    let mut walk = Walk { journal, run, cut, unwinds, visited: Vec::new(), enabled: Vec::new() };
    let function = walk.part(plan, "")?;
    let (verdict, owes) = walk.unwind(function)?;
    let visited: BTreeSet<&str> = walk.visited.iter().map(String::as_str).collect();
    let strange = journal.keys().find(|path| !visited.contains(&***path) && *path != "!cancel");
    if let Some(path) = strange {
        return Err(format!("`{path}` cannot have begun: {:?}", journal.get(path)));
    }
    Ok(Found { verdict, owes, enabled: walk.enabled.into_iter().collect() })
}

struct Walk<'j> {
    journal: &'j Journal,
    run: &'j SimRun,
    /// Place of what cancelled the scope that is being walked: its function sees nothing behind it.
    cut: Option<u64>,
    /// How many outcomes the function had seen when it was over and the run began to undo what it
    /// had done.
    unwinds: Option<u64>,
    /// Paths that the plan has reached.
    visited: Vec<String>,
    /// Steps that are begun and have no outcome.
    enabled: Vec<String>,
}

/// Where a walk stood.
#[derive(Clone, Copy)]
struct Mark {
    visited: usize,
    enabled: usize,
}

impl Walk<'_> {
    fn part(&mut self, plan: &Plan, scope: &str) -> Result<Verdict, String> {
        match plan {
            Plan::Step { id, input, failures, bytes, .. } => {
                self.step(&join(scope, id), (input, *bytes), *failures)
            }
            Plan::Fail { id } => self.step(&join(scope, id), (id, 0), u32::MAX),
            Plan::Memo { id } => self.memo(scope, id),
            Plan::Respond { id } => self.respond(&join(scope, id)),
            Plan::Sleep { id, .. } => self.leaf(&join(scope, id), &Value::Null),
            Plan::Event { id, key, number } => {
                self.leaf(&join(scope, id), &super::plan::payload(key, *number))
            }
            Plan::Approval { id, key, answer, milliseconds, .. } => {
                self.approval(&join(scope, id), key, *answer, milliseconds.is_some())
            }
            Plan::Sequence(parts) => self.sequence(parts, scope),
            Plan::Parallel(parts) => self.parallel(parts, scope),
            Plan::Caught(parts) => self.caught(parts, scope),
            Plan::Each { id, items, limit, mode, body } => {
                self.each(&join(scope, id), *items, *limit, *mode, body)
            }
            Plan::Race { id, branches, keep } => self.race(&join(scope, id), branches, *keep),
            Plan::Child { id, .. } => Ok(self.child(&join(scope, id))),
            Plan::Timeout { id, body, .. } => self.timeout(&join(scope, id), body),
            Plan::Try { id, body, catch, compensate, finally } => {
                let catch = catch.as_deref().map(|catch| (catch, *compensate));
                self.try_scope(&join(scope, id), body, catch, finally.as_deref())
            }
            Plan::While { id, iterations, most, body } => {
                self.iterations(&join(scope, id), *iterations, *most, body)
            }
        }
    }

    fn mark(&self) -> Mark {
        Mark { visited: self.visited.len(), enabled: self.enabled.len() }
    }

    /// Something since `mark` was decided `at` that place: nothing there may have an outcome
    /// behind it, and nothing is under way any more.
    fn close(&mut self, mark: Mark, at: Option<u64>) -> Result<(), String> {
        self.enabled.truncate(mark.enabled);
        let late = self.since(mark).find(|entry| entry.seq > at);
        late.map_or(Ok(()), |late| Err(format!("{late:?} came after its scope's end at {at:?}")))
    }

    /// Walks a scope that something at `cut` cancelled.
    fn cut<T>(&mut self, cut: Option<u64>, walk: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.cut;
        self.cut = outer.into_iter().chain(cut).min();
        let walked = walk(self);
        self.cut = outer;
        walked
    }

    /// What a part has come to if nothing beside it cancels it; leaves no trace.
    fn trial(&mut self, part: impl FnOnce(&mut Self) -> Result<Verdict, String>) -> Verdict {
        let mark = self.mark();
        // What cannot be is told when the part is walked in earnest.
        let verdict = part(self).unwrap_or(Verdict::Open);
        self.visited.truncate(mark.visited);
        self.enabled.truncate(mark.enabled);
        verdict
    }

    /// Walks what no cancellation reaches.
    fn shielded<T>(&mut self, walk: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.cut.take();
        let walked = walk(self);
        self.cut = outer;
        walked
    }

    /// Whether something since `mark` has not come to its end.
    fn unwinds(&self, mark: Mark) -> bool {
        let open = |entry: &Entry| match entry.status {
            // A body that was told to stop; a scope is no reason to wait for anything.
            EntryStatus::Running => entry.waiting.is_some(),
            status => !status.is_settled(),
        };
        self.enabled.len() > mark.enabled || self.since(mark).any(open)
    }

    /// Whether the function gave up what stands at a path.
    fn is_dropped(&self, path: &str) -> bool {
        let entry = self.journal.get(path);
        entry.is_some_and(|entry| entry.status == EntryStatus::Cancelled && entry.seq.is_none())
    }

    /// The entries that were reached since `mark`.
    fn since(&self, mark: Mark) -> impl Iterator<Item = &Entry> {
        let visited = self.visited.get(mark.visited..).unwrap_or_default();
        visited.iter().filter_map(|path| self.journal.get(path))
    }

    /// The entry at a path, which the plan has reached.
    fn visit(&mut self, path: &str) -> Option<&Entry> {
        self.visited.push(path.to_owned());
        self.journal.get(path)
    }

    /// What a recorded outcome says. One behind the cut is that of a body that ended within its
    /// grace time, or of a scope that unwound; all that the function saw is the cancellation.
    fn outcome(&self, path: &str) -> Verdict {
        let Some(entry) = self.journal.get(path) else { return self.unsettled() };
        let at = entry.seq;
        if at.is_some() && self.cut.is_some_and(|cut| at > Some(cut)) {
            return Verdict::Cancelled;
        }
        match entry.status {
            EntryStatus::Completed => Verdict::Done {
                at,
                value: entry.output.as_ref().map_or(Value::Null, crate::Payload::to_value),
            },
            EntryStatus::Failed => {
                let code = entry.error.as_ref().map(|failure| failure.code.clone());
                Verdict::Failed { at, code: code.unwrap_or_default() }
            }
            _ => self.unsettled(),
        }
    }

    fn unsettled(&self) -> Verdict {
        if self.cut.is_some() { Verdict::Cancelled } else { Verdict::Open }
    }
}

pub(super) fn join(scope: &str, id: &str) -> String {
    if scope.is_empty() { id.to_owned() } else { format!("{scope}/{id}") }
}
