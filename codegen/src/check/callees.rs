//! The workflows that a graph calls (S35), checked before it: those first that call no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Checked;
use super::source::report;
use crate::graph::RawGraph;
use crate::graph::limits::MAX_CALLEES;
use crate::known::{Known, called};

/// What became of a workflow that is called.
#[derive(Clone, Debug)]
pub(super) enum Callee {
    /// It may be called.
    Sound(Arc<Checked>),
    /// It has errors; the first of them.
    Faulty(String),
    /// It calls itself, or the graph that calls it: each workflow on the way, itself first.
    Circular(Vec<String>),
}

/// All workflows that a graph calls, directly or through others, by name. One that is not there
/// is not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdicts {
    found: BTreeMap<String, Callee>,
    /// The names of all workflows that might be called.
    names: BTreeSet<String>,
}

impl Verdicts {
    /// What became of the workflow of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Callee> {
        self.found.get(name)
    }

    /// The names of all workflows that might be called.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// Checks the workflows that a graph calls. Nothing here recurses: however long a chain of calls
/// is, each workflow is checked once, when those that it calls are.
pub(super) fn check(raw: &RawGraph, known: Known<'_>) -> Verdicts {
    let calls = super::kinds::called(&raw.nodes);
    let mut verdicts = Verdicts::default();
    if calls.is_empty() {
        return verdicts;
    }
    verdicts.names = known.callees.names().map(str::to_owned).collect();
    let reached = reached(&raw.name, calls, known);
    let mut open: BTreeSet<&str> = reached.keys().map(String::as_str).collect();
    loop {
        let is_ready = |name: &&str| {
            let mut calls = reached.get(*name).into_iter().flatten();
            calls.all(|callee| *callee != raw.name && !open.contains(callee.as_str()))
        };
        let ready: Vec<&str> = open.iter().copied().filter(is_ready).collect();
        if ready.is_empty() {
            break;
        }
        for name in ready {
            open.remove(name);
            let verdict = verdict(name, known, &verdicts);
            verdicts.found.insert(name.to_owned(), verdict);
        }
    }
    for name in &open {
        let way = way_back(name, &raw.name, &reached, &open);
        verdicts.found.insert((*name).to_owned(), Callee::Circular(way));
    }
    // The graph itself, whatever document of its name there is.
    verdicts.found.insert(raw.name.clone(), Callee::Circular(vec![raw.name.clone()]));
    verdicts
}

/// What each workflow calls that the graph reaches by calls, but the graph itself.
fn reached(
    own: &str,
    calls: BTreeSet<String>,
    known: Known<'_>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut reached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut open: Vec<String> = calls.into_iter().collect();
    while let Some(name) = open.pop() {
        if name == own || reached.contains_key(&name) || reached.len() >= MAX_CALLEES {
            continue;
        }
        if let Some(document) = known.callees.get(&name) {
            let calls = called(document);
            open.extend(calls.iter().cloned());
            reached.insert(name, calls);
        }
    }
    reached
}

fn verdict(name: &str, known: Known<'_>, verdicts: &Verdicts) -> Callee {
    let document = known.callees.get(name).unwrap_or_default();
    let found = report(document, known.catalogue, verdicts);
    match found.checked {
        Some(checked) if checked.name == name => Callee::Sound(Arc::new(checked)),
        Some(checked) => {
            let own = crate::diagnostic::quoted(&checked.name);
            Callee::Faulty(format!("that its document is that of the workflow {own}"))
        }
        None => {
            let first = found.diagnostics.iter().find(|found| found.is_error());
            Callee::Faulty(
                first
                    .map_or_else(String::new, |first| format!("{}: {}", first.code, first.message)),
            )
        }
    }
}

/// The way on which a workflow comes back to itself or to the graph `own`, or comes to one that
/// does. Each workflow that is left calls another one that is left, or the graph.
fn way_back(
    name: &str,
    own: &str,
    reached: &BTreeMap<String, BTreeSet<String>>,
    left: &BTreeSet<&str>,
) -> Vec<String> {
    let mut way = vec![name.to_owned()];
    let mut at = name;
    while let Some(next) = reached
        .get(at)
        .and_then(|calls| calls.iter().find(|next| *next == own || left.contains(next.as_str())))
    {
        let ends = next == own || way.contains(next);
        way.push(next.clone());
        if ends {
            break;
        }
        at = next;
    }
    way
}
