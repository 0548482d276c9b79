//! Workflows that are changed beside their running runs.

use std::sync::Arc;

use serde_json::Value;

use super::Chance;
use super::check::holds;
use super::plan::{Plan, Tells};
use super::walk::{Journal, walk_as};
use super::world::SimRun;
use crate::store::{Loaded, Refusal, RevisionChange};
use crate::workflow::changed;

/// The revision that a changed workflow has.
pub(super) const SECOND: &str = "2";

/// The events of a workflow in a revision.
pub(super) fn events(revision: &str) -> Vec<String> {
    let all = ["event", "more"].map(str::to_owned).to_vec();
    all[..if revision == SECOND { 2 } else { 1 }].to_vec()
}

/// What tells the function of a revision from that of the other one.
pub(super) fn fingerprint(revision: &str) -> &'static str {
    if revision == SECOND { "of the second" } else { "of the first" }
}

/// What was seen of a run's revisions.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) revision: String,
    history: Vec<RevisionChange>,
    refusal: Option<Refusal>,
}

impl Plan {
    /// The same plan with one part added, left out or changed; or just the same.
    pub(super) fn revised(&self, chance: &mut Chance) -> Self {
        let Self::Sequence(parts) = self else { return self.clone() };
        let mut parts = parts.clone();
        let place = chance.below(parts.len());
        match chance.below(6) {
            0 => {}
            1 | 2 => {
                let (failures, yields, undo, tells) = (0, 1, false, Tells::NOTHING);
                let (id, input) = ("added".to_owned(), "added".to_owned());
                let step = Self::Step { id, input, failures, yields, undo, tells, bytes: 0 };
                parts.insert(chance.below(parts.len() + 1), step);
            }
            3 | 4 => drop(parts.remove(place)),
            _ => {
                let steps = parts.iter_mut().filter_map(|part| match part {
                    Self::Step { input, .. } => Some(input),
                    _ => None,
                });
                let mut steps: Vec<&mut String> = steps.collect();
                if !steps.is_empty() {
                    let step = chance.below(steps.len());
                    steps.swap_remove(step).push_str(" changed");
                }
            }
        }
        Self::Sequence(parts)
    }
}

/// I27 and I38: what has become of a run's revision with one operation. `before` is its journal
/// before that. What it was.
pub(super) fn check(
    run: &mut SimRun,
    loaded: &Loaded,
    (before, journal): (Option<&Journal>, &Journal),
) -> Result<Option<&'static str>, String> {
    let row = &loaded.row;
    let (history, refusal) = (row.revisions.clone(), row.refusal.clone());
    let known = Some(fingerprint(&row.revision));
    let told = format!("{:?} is that of another function", row.fingerprint);
    holds(row.fingerprint.as_deref() == known, "I40", &told)?;
    holds(changed(row, known).is_none(), "I40", "nobody has changed its function")?;
    let seen = Seen { revision: row.revision.to_string(), history, refusal };
    let Some(last) = run.seen.replace(seen.clone()) else {
        holds(seen.history.is_empty(), "I27", "it had another revision before")?;
        return Ok(None);
    };
    holds(row.events == events(&seen.revision), "I38", &format!("it takes {:?}", row.events))?;
    // Once it undoes what it has done, its function is not asked any more.
    let fits = match &run.next {
        Some(next) if !journal.contains_key("!unwind") => walk_as(run, next, journal).map(drop),
        _ => Ok(()),
    };
    if seen.revision != last.revision {
        let mut history = last.history;
        let line = seen.history.last().cloned();
        let told = line
            .as_ref()
            .is_some_and(|line| (&line.from, &line.to) == (&last.revision, &seen.revision));
        history.extend(line);
        holds(told && history == seen.history, "I27", &format!("its history is {history:?}"))?;
        holds(before == Some(journal), "I27", "it was adopted, and more")?;
        fits.map_err(|why| format!("I38 is broken: it was adopted, but {why}"))?;
        if let Some(next) = run.next.clone().filter(|_| !journal.contains_key("!unwind")) {
            run.plan = next;
        }
        holds(row.refusal.is_none(), "I38", "it is adopted and refused")?;
        return Ok(Some("adoption"));
    }
    holds(seen.history == last.history, "I27", "its history changed without an adoption")?;
    let refused = seen.refusal.filter(|_| row.refusal != last.refusal);
    let Some(refused) = refused.filter(|refused| refused.failure.code != "not_registered") else {
        return Ok(None);
    };
    let explained = refused.revision == SECOND && !refused.failure.message.is_empty();
    // Of a step that a fork gave another input nobody knows what its own was.
    let misfits = fits.is_err() || !run.edits.is_empty();
    holds(explained && misfits, "I38", &format!("{refused:?}, but it fits"))?;
    Ok(Some("refusal of a revision"))
}

impl SimRun {
    /// Whether a step came into the run's journal by a fork, and had another input before that:
    /// what its function gave it is not known.
    pub(super) fn has_taken_edited(&self, path: &str) -> bool {
        self.taken.contains(path) && self.edits.contains_key(path)
    }

    /// What a step returns: the input that the plan gives it, or a fork.
    pub(super) fn input<'r>(&'r self, path: &str, planned: &'r str) -> &'r str {
        self.edits.get(path).and_then(Value::as_str).unwrap_or(planned)
    }
}

/// A workflow of the simulation: its plan, and the one of its second revision.
pub(super) type Plans = (Arc<Plan>, Option<Arc<Plan>>);
