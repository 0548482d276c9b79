//! Finds what later statements use from within a branch, a join or a task.

use std::collections::BTreeMap;

use super::flow::{Flow, handles};
use super::guards::{FALSE, Formula};
use super::reads::{Uses, uses};
use crate::check::{Checked, NodeId};
use crate::ir::{Arm, Block, Export, Live, Part, Stmt, Subject};

/// A part of a node's outcome.
type Outcome = (NodeId, Part);

/// Fills in the exports of `block`, after which `needed` is used.
///
/// A part leaves a statement when it is read behind it. So two walks over the tree are enough: one
/// numbers the statements and notes where each part is read last, the other hands up from each
/// block the parts that are read behind its end.
pub(super) fn export(
    checked: &Checked,
    flow: &mut Flow<'_>,
    block: &mut Block,
    context: Formula,
    needed: Uses,
) {
    let last = needed.into_iter().map(|outcome| (outcome, usize::MAX)).collect();
    let mut reads = LastReads { checked, flow, last, next: 0 };
    reads.block(block);
    let last = reads.last;
    Exporter { flow, last, next: 0 }.block(block, context);
}

/// The first walk. Statements are numbered by their places in the tree, depth first; so are tasks.
struct LastReads<'a, 'g> {
    checked: &'a Checked,
    flow: &'a Flow<'g>,
    last: BTreeMap<Outcome, usize>,
    next: usize,
}

impl LastReads<'_, '_> {
    fn block(&mut self, block: &Block) {
        for stmt in &block.0 {
            self.next += 1;
            match stmt {
                Stmt::Run(id) => {
                    if let Some(node) = self.checked.nodes.get(id) {
                        let uses = uses(self.checked, node).into_iter();
                        self.read(uses.filter(|(id, _)| self.flow.number(id.as_str()).is_some()));
                    }
                }
                Stmt::Branch(branch) => {
                    if let Subject::Node(id) = &branch.on {
                        self.read([(id.clone(), Part::Handle)]);
                    }
                    branch.arms.iter().for_each(|arm| self.block(&arm.block));
                }
                Stmt::When(when) => {
                    self.read(looked_at(&when.live));
                    self.block(&when.block);
                }
                Stmt::Join(join) => join.blocks.iter().for_each(|block| self.block(block)),
                Stmt::Tasks(tasks) => {
                    for task in &tasks.tasks {
                        self.next += 1;
                        self.read(looked_at(&task.live));
                        self.block(&task.block);
                    }
                }
            }
        }
    }

    fn read(&mut self, outcomes: impl IntoIterator<Item = Outcome>) {
        let place = self.next;
        for outcome in outcomes {
            let last = self.last.entry(outcome).or_default();
            *last = place.max(*last);
        }
    }
}

/// The second walk.
struct Exporter<'a, 'g> {
    flow: &'a mut Flow<'g>,
    /// The number of the statement that reads a part last.
    last: BTreeMap<Outcome, usize>,
    next: usize,
}

impl Exporter<'_, '_> {
    /// Gives what nodes in the block decide and what is read behind it.
    fn block(&mut self, block: &mut Block, context: Formula) -> Vec<Outcome> {
        let mut found = Vec::new();
        for stmt in &mut block.0 {
            found.extend(self.stmt(stmt, context));
        }
        self.read_later(found)
    }

    fn stmt(&mut self, stmt: &mut Stmt, context: Formula) -> Vec<Outcome> {
        self.next += 1;
        match stmt {
            Stmt::Run(id) => {
                let parts = [Part::Output, Part::Error, Part::Handle, Part::Returned];
                self.read_later(parts.map(|part| (id.clone(), part)).into())
            }
            Stmt::Branch(branch) => {
                let mut found = Vec::new();
                for Arm { handle, block } in &mut branch.arms {
                    let live = match &branch.on {
                        Subject::Node(node) => {
                            Live::Left { node: node.clone(), handle: handle.clone() }
                        }
                        Subject::Trigger => {
                            Live::Left { node: handle.as_str().into(), handle: "out".to_owned() }
                        }
                    };
                    let inner = self.within(context, &live);
                    found.extend(self.block(block, inner));
                }
                let found = self.read_later(found);
                branch.exports = self.exports(&found, context);
                found
            }
            Stmt::When(when) => {
                let inner = self.within(context, &when.live);
                let found = self.block(&mut when.block, inner);
                when.exports = self.exports(&found, context);
                found
            }
            Stmt::Join(join) => {
                let blocks = join.blocks.iter_mut();
                let found = blocks.flat_map(|block| self.block(block, context)).collect();
                let found = self.read_later(found);
                join.exports = self.exports(&found, context);
                found
            }
            Stmt::Tasks(tasks) => {
                let mut found = Vec::new();
                for task in &mut tasks.tasks {
                    self.next += 1;
                    let inner = match self.lone(&task.block) {
                        // Its edges say when it runs, though nobody can tell what that means.
                        Some(node) if self.flow.logic.given_up() => self.flow.guard(node),
                        _ => self.within(context, &task.live),
                    };
                    let given = self.block(&mut task.block, inner);
                    task.exports = self.exports(&given, inner);
                    found.extend(given);
                }
                let found = self.read_later(found);
                tasks.exports = self.exports(&found, context);
                found
            }
        }
    }

    /// Those that a statement behind this place reads.
    fn read_later(&self, mut found: Vec<Outcome>) -> Vec<Outcome> {
        found.retain(|outcome| self.last.get(outcome).is_some_and(|&last| last > self.next));
        found
    }

    /// The number of the only node that a block runs.
    fn lone(&self, block: &Block) -> Option<usize> {
        match block.0.as_slice() {
            [Stmt::Run(id)] => self.flow.number(id.as_str()),
            _ => None,
        }
    }

    fn within(&mut self, context: Formula, live: &Live) -> Formula {
        let formula = self.flow.formula(live);
        self.flow.logic.and(context, formula)
    }

    /// Parts as exports, sorted.
    fn exports(&mut self, found: &[Outcome], context: Formula) -> Vec<Export> {
        let mut exports: Vec<Export> = found
            .iter()
            .map(|(node, part)| {
                let optional = !self.certain(node, *part, context);
                Export { node: node.clone(), part: *part, optional }
            })
            .collect();
        exports.sort_by(|one, other| (&one.node, one.part).cmp(&(&other.node, other.part)));
        if planted!("an export is lost") {
            exports.pop();
        }
        exports
    }

    /// Whether that part of the outcome is there wherever `context` holds.
    fn certain(&mut self, id: &NodeId, part: Part, context: Formula) -> bool {
        let Some(number) = self.flow.number(id.as_str()) else { return false };
        let node = self.flow.nodes[number];
        let formula = match part {
            Part::Handle => self.flow.guard(number),
            // Where the try failed, and where it did not come by a return.
            Part::Returned => FALSE,
            Part::Error => self.flow.left(number, "error"),
            // Whoever stands outside of the block never knows that the time did not run out.
            Part::Output if node.disabled || node.continue_on_error || node.body.times_out() => {
                FALSE
            }
            Part::Output => {
                let mut formula = FALSE;
                for handle in handles(node).into_iter().filter(|handle| *handle != "error") {
                    let left = self.flow.left(number, handle);
                    formula = self.flow.logic.or(formula, left);
                }
                formula
            }
        };
        self.flow.logic.implies(context, formula)
    }
}

/// What a condition looks at; triggers are there from the start.
fn looked_at(live: &Live) -> Uses {
    match live {
        Live::Always => Uses::new(),
        Live::Left { node, .. } => [(node.clone(), Part::Handle)].into(),
        Live::Any(parts) | Live::All(parts) => parts.iter().flat_map(looked_at).collect(),
    }
}
