//! What a fork takes along: a pure function of what a journal says (R20).

use std::sync::Arc;

use super::{CALL, EntryStatus, LOOP, START, UNDO_SUFFIX};
use crate::Failure;
use crate::backend::{APPROVAL, RESPOND, TRANSACTION, is_answer};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::values::Timestamp;

/// A run to be forked from another.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFork {
    /// Its id.
    pub id: RunId,
    /// The run whose beginning it shares.
    pub run: RunId,
    /// The entry from which on it goes its own way: what the run had seen when it came to this
    /// for the first time is copied.
    pub path: Arc<str>,
    /// The input of the step at this path, in place of the function's own.
    pub input: Option<Payload>,
    /// When.
    pub at: Timestamp,
}

/// What became of a fork.
#[derive(Clone, Debug, PartialEq)]
pub enum Forked {
    /// The run is there: pending, ready.
    Done,
    /// There is no run to fork.
    UnknownRun,
    /// It cannot be forked there, for this reason. Nothing was written.
    Refused(Failure),
}

/// What has to be known of an entry to tell whether a fork takes it along.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) status: EntryStatus,
    pub(crate) seq: Option<u64>,
    pub(crate) issued: u64,
    pub(crate) attempts: u32,
    pub(crate) sealed: bool,
    pub(crate) can_be_undone: bool,
}

/// An entry that a fork takes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) path: String,
    /// Whether it is sealed in the original, which is where it lies there.
    pub(crate) was_sealed: bool,
    /// Whether it is sealed in the fork: its scope had come to its outcome.
    pub(crate) sealed: bool,
    /// Whether the hash of its input comes along: it is that of what the function gave it.
    pub(crate) hashed: bool,
}

/// What a fork is asked for, and what there is to know of the run that is forked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// Where the fork begins.
    pub(crate) path: &'a str,
    /// Whether the step there gets another input.
    pub(crate) edits: bool,
    /// Whether the run has ended.
    pub(crate) has_ended: bool,
    /// The run's own step that had another input than the function's: it is a fork itself.
    pub(crate) edited: Option<&'a str>,
}

/// Kinds of the runtime's own that are no steps. Other kinds are the user's, and one of these
/// that has attempts is, too.
const NO_STEPS: [&str; 13] = [
    "wait@1",
    "wait_event@1",
    APPROVAL,
    RESPOND,
    CALL,
    START,
    "memo@1",
    LOOP,
    "for_each@1",
    "item",
    "race@1",
    "try@1",
    "timeout@1",
];

/// What a fork takes along.
#[derive(Debug)]
pub(crate) struct Prefix {
    pub(crate) entries: Vec<Taken>,
    /// Whether the run had answered by then: so the fork has, with the same response.
    pub(crate) answered: bool,
    /// How many outcomes the function had seen: all that is taken along has a smaller `seq`.
    pub(crate) seen: u64,
}

/// What a fork takes along of a run, or why there can be none.
pub(crate) fn prefix(marks: &[Mark], asked: Asked<'_>) -> Result<Prefix, Failure> {
    let Asked { path, edits, has_ended, edited } = asked;
    let refuse = |code: &str, message: String, at: &str| Err(Failure::new(code, message).at(at));
    let Some(place) = marks.iter().find(|mark| mark.path == path) else {
        return refuse("no_entry", format!("`{path}` is not in the run's journal"), path);
    };
    if path.contains('!') {
        return refuse("not_forkable", format!("`{path}` is the runtime's own"), path);
    }
    // What a transaction works with stands in its closure.
    let takes_none = place.attempts == 0 && NO_STEPS.contains(&&*place.kind);
    if edits && (takes_none || place.kind == TRANSACTION) {
        let kind = &place.kind;
        return refuse("not_a_step", format!("`{path}` ({kind}) is no step with an input"), path);
    }
    let around = outermost(marks, path);
    if let Some(scope) = around.filter(|scope| place.sealed || scope.kind == LOOP) {
        let at = &scope.path;
        let message = format!("`{path}` is within `{at}`, of which only the whole can be forked");
        return refuse("inside_scope", message, at);
    }
    let late = u64::from(sabotage!("a fork takes too much"));
    let seen = |mark: &&Mark| mark.seq.is_some_and(|seq| seq < place.issued + late);
    if marks.iter().filter(seen).any(|mark| mark.path.starts_with('!')) {
        return refuse("cancelled", "the run was being cancelled by then".to_owned(), path);
    }
    if let Some(begun) = marks.iter().find(|mark| is_amid(mark, marks, place.issued)) {
        let at = &begun.path;
        return refuse("amid_loop", format!("the loop `{at}` was going on then"), at);
    }
    let taken: Vec<&Mark> =
        marks.iter().filter(seen).filter(|mark| mark.status.is_settled()).collect();
    if let Some((mark, undone)) = undone(marks, &taken, has_ended) {
        let at = &mark.path;
        if undone {
            return refuse("undone", format!("`{at}` has been undone"), at);
        }
        let message = format!("the run may undo `{at}` still: it has to end first");
        return refuse("may_be_undone", message, at);
    }
    let answered = taken.iter().any(|mark| is_answer(&mark.kind, mark.status));
    let entries = taken.iter().map(|mark| take(mark, &taken, edited)).collect();
    Ok(Prefix { entries, answered, seen: place.issued })
}

fn take(mark: &Mark, taken: &[&Mark], edited: Option<&str>) -> Taken {
    let sealed = taken.iter().any(|scope| is_within(&mark.path, &scope.path));
    let hashed = edited != Some(&mark.path) && !sabotage!("forks forget what steps were given");
    Taken { path: mark.path.clone(), was_sealed: mark.sealed, sealed, hashed }
}

/// Whether `path` is within the scope at `scope`.
fn is_within(path: &str, scope: &str) -> bool {
    path.strip_prefix(scope).is_some_and(|rest| rest.starts_with(['/', '[']))
}

/// The outermost scope around a path that has come to its outcome, or is a loop.
fn outermost<'m>(marks: &'m [Mark], path: &str) -> Option<&'m Mark> {
    let around = marks.iter().filter(|mark| is_within(path, &mark.path));
    let closed = around.filter(|mark| mark.status.is_settled() || mark.kind == LOOP);
    closed.min_by_key(|mark| mark.path.len())
}

/// Whether a loop had begun and not ended by then: where it stood is not known any more.
fn is_amid(mark: &Mark, marks: &[Mark], issued: u64) -> bool {
    let over = mark.status.is_settled() && mark.seq.is_some_and(|seq| seq < issued);
    let recorded = |inner: &Mark| {
        inner.seq.is_some_and(|seq| seq < issued) && is_within(&inner.path, &mark.path)
    };
    mark.kind == LOOP && !over && mark.issued < issued && marks.iter().any(recorded)
}

/// An outcome of the prefix that is undone (`true`), or that the run itself may undo yet.
fn undone<'m>(marks: &[Mark], taken: &[&'m Mark], has_ended: bool) -> Option<(&'m Mark, bool)> {
    taken.iter().filter(|mark| mark.can_be_undone).find_map(|mark| {
        let undo = format!("{}{UNDO_SUFFIX}", mark.path);
        let is_undone = marks.iter().any(|mark| mark.path == undo);
        let may_be = !has_ended && !sabotage!("forks what may be undone");
        (is_undone || may_be).then_some((*mark, is_undone))
    })
}
