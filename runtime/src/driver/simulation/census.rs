//! How often each construct occurs in the programs that were compared, and each thing that was
//! done to them.

use std::collections::BTreeMap;
use std::fmt;

use super::plan::{BLOB, Mode, PARTS, Plan};

/// Everything that has to occur.
const ALL: &[&str] = &[
    "adoption",
    "answer of a stranger",
    "approval",
    "blob",
    "blob in parts",
    "caught",
    "child",
    "event",
    "failing step",
    "fork",
    "fork refused",
    "fork with another input",
    "for_each",
    "for_each_collect",
    "for_each_discard",
    "for_each_skip",
    "join",
    "keep",
    "limit",
    "limited rate",
    "limited slots",
    "limited while active",
    "max_iterations",
    "memo",
    "program",
    "progress stream",
    "progress stream with ids",
    "race",
    "refusal of a revision",
    "respond",
    "retried step",
    "sequence",
    "sleep",
    "start_workflow",
    "step",
    "timeout",
    "try",
    "try with catch",
    "try with compensation",
    "try with finally",
    "undone step",
    "while",
];

/// Counts by name.
#[derive(Default)]
pub(super) struct Census(BTreeMap<&'static str, u64>);

impl Census {
    pub(super) fn note(&mut self, name: &'static str) {
        debug_assert!(ALL.contains(&name), "{name} is not listed");
        *self.0.entry(name).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            *self.0.entry(name).or_default() += count;
        }
    }

    /// Counts what a program is made of, those that it calls included.
    pub(super) fn count(&mut self, plan: &Plan) {
        for name in names(plan) {
            self.note(name);
        }
        plan.parts().into_iter().for_each(|part| self.count(part));
    }

    /// What has never occurred.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        ALL.iter().copied().filter(|name| !self.0.contains_key(name)).collect()
    }
}

impl fmt::Display for Census {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, count)| writeln!(out, "{count:>9} {name}"))
    }
}

fn names(plan: &Plan) -> Vec<&'static str> {
    let (name, more): (_, Vec<_>) = match plan {
        Plan::Step { failures, undo, tells, bytes, .. } => {
            let more = [
                (*bytes == BLOB).then_some("blob"),
                (*bytes == PARTS).then_some("blob in parts"),
                (*failures > 0).then_some("retried step"),
                undo.then_some("undone step"),
                (tells.items > 0 && !tells.once).then_some("progress stream"),
                (tells.items > 0 && tells.once).then_some("progress stream with ids"),
            ];
            ("step", more.into())
        }
        Plan::Fail { .. } => ("failing step", Vec::new()),
        Plan::Memo { .. } => ("memo", Vec::new()),
        Plan::Respond { .. } => ("respond", Vec::new()),
        Plan::Sleep { .. } => ("sleep", Vec::new()),
        Plan::Event { .. } => ("event", Vec::new()),
        Plan::Approval { stranger, .. } => {
            ("approval", vec![stranger.then_some("answer of a stranger")])
        }
        Plan::Sequence(_) => ("sequence", Vec::new()),
        Plan::Parallel(_) => ("join", Vec::new()),
        Plan::Caught(_) => ("caught", Vec::new()),
        Plan::Each { mode: Mode::Fail, .. } => ("for_each", Vec::new()),
        Plan::Each { mode: Mode::Skip, .. } => ("for_each_skip", Vec::new()),
        Plan::Each { mode: Mode::Collect, .. } => ("for_each_collect", Vec::new()),
        Plan::Each { mode: Mode::Discard, .. } => ("for_each_discard", Vec::new()),
        Plan::While { most, .. } => ("while", vec![most.map(|_| "max_iterations")]),
        Plan::Race { keep, .. } => ("race", vec![keep.map(|_| "keep")]),
        Plan::Child { awaited: true, .. } => ("child", Vec::new()),
        Plan::Child { .. } => ("start_workflow", Vec::new()),
        Plan::Timeout { .. } => ("timeout", Vec::new()),
        Plan::Try { catch, compensate, finally, .. } => {
            let more = [
                catch.as_ref().map(|_| "try with catch"),
                (*compensate && catch.is_some()).then_some("try with compensation"),
                finally.as_ref().map(|_| "try with finally"),
            ];
            ("try", more.into())
        }
    };
    more.into_iter().flatten().chain([name]).collect()
}
