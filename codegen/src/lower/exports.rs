//! Finds what later statements use from within a branch, a join or a task.

use std::collections::BTreeSet;

use super::flow::{Flow, handles};
use super::guards::{FALSE, Formula};
use super::reads::{Uses, uses};
use crate::check::{Checked, NodeId};
use crate::ir::{Arm, Block, Export, Live, Part, Stmt, Subject};

/// Fills in the exports of `block`, after which `needed` is used.
pub(super) fn export(
    checked: &Checked,
    flow: &mut Flow<'_>,
    block: &mut Block,
    context: Formula,
    needed: Uses,
) {
    Exporter { checked, flow }.block(block, context, needed);
}

struct Exporter<'a, 'g> {
    checked: &'a Checked,
    flow: &'a mut Flow<'g>,
}

impl Exporter<'_, '_> {
    /// Takes what is needed after the block and gives what is needed before it.
    fn block(&mut self, block: &mut Block, context: Formula, mut needed: Uses) -> Uses {
        for stmt in block.0.iter_mut().rev() {
            needed = self.stmt(stmt, context, needed);
        }
        needed
    }

    fn stmt(&mut self, stmt: &mut Stmt, context: Formula, mut needed: Uses) -> Uses {
        match stmt {
            Stmt::Run(id) => {
                // What it gives is not there before it, so nothing above exports it.
                for part in [Part::Output, Part::Error, Part::Handle] {
                    needed.remove(&(id.clone(), part));
                }
                if let Some(node) = self.checked.nodes.get(id) {
                    let uses = uses(self.checked, node).into_iter();
                    needed.extend(uses.filter(|(id, _)| self.flow.number(id.as_str()).is_some()));
                }
                needed
            }
            Stmt::Branch(branch) => {
                let blocks = branch.arms.iter().map(|arm| &arm.block);
                branch.exports = self.exports(blocks, context, &needed);
                let mut before = needed.clone();
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
                    before.extend(self.block(block, inner, needed.clone()));
                }
                if let Subject::Node(id) = &branch.on {
                    before.insert((id.clone(), Part::Handle));
                }
                before
            }
            Stmt::When(when) => {
                when.exports = self.exports([&when.block].into_iter(), context, &needed);
                let inner = self.within(context, &when.live);
                let mut before = self.block(&mut when.block, inner, needed.clone());
                before.extend(needed);
                before.extend(looked_at(&when.live));
                before
            }
            Stmt::Join(join) => {
                join.exports = self.exports(join.blocks.iter(), context, &needed);
                let mut before = needed.clone();
                for block in &mut join.blocks {
                    before.extend(self.block(block, context, needed.clone()));
                }
                before
            }
            Stmt::Tasks(tasks) => {
                let blocks = tasks.tasks.iter().map(|task| &task.block);
                tasks.exports = self.exports(blocks, context, &needed);
                for task in tasks.tasks.iter_mut().rev() {
                    let inner = self.within(context, &task.live);
                    task.exports = self.exports([&task.block].into_iter(), inner, &needed);
                    needed = self.block(&mut task.block, inner, needed);
                    needed.extend(looked_at(&task.live));
                }
                needed
            }
        }
    }

    fn within(&mut self, context: Formula, live: &Live) -> Formula {
        let formula = self.flow.formula(live);
        self.flow.logic.and(context, formula)
    }

    fn exports<'b>(
        &mut self,
        blocks: impl Iterator<Item = &'b Block>,
        context: Formula,
        needed: &Uses,
    ) -> Vec<Export> {
        let mut inside = BTreeSet::new();
        for block in blocks {
            run_in(block, &mut inside);
        }
        let needed: Vec<_> = needed.iter().filter(|(id, _)| inside.contains(id)).cloned().collect();
        needed
            .into_iter()
            .map(|(node, part)| {
                let optional = !self.certain(&node, part, context);
                Export { node, part, optional }
            })
            .collect()
    }

    /// Whether that part of the outcome is there wherever `context` holds.
    fn certain(&mut self, id: &NodeId, part: Part, context: Formula) -> bool {
        let Some(number) = self.flow.number(id.as_str()) else { return false };
        let node = self.flow.nodes[number];
        let formula = match part {
            Part::Handle => self.flow.guard(number),
            Part::Error => self.flow.left(number, "error"),
            Part::Output if node.disabled || node.continue_on_error => FALSE,
            Part::Output => {
                let mut formula = FALSE;
                for handle in handles(node) {
                    let has_value =
                        handle != "error" && !(handle == "timeout" && node.body.times_out());
                    if has_value {
                        let left = self.flow.left(number, handle);
                        formula = self.flow.logic.or(formula, left);
                    }
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

/// The nodes that a block runs.
fn run_in(block: &Block, found: &mut BTreeSet<NodeId>) {
    for stmt in &block.0 {
        match stmt {
            Stmt::Run(id) => {
                found.insert(id.clone());
            }
            Stmt::Branch(branch) => branch.arms.iter().for_each(|arm| run_in(&arm.block, found)),
            Stmt::When(when) => run_in(&when.block, found),
            Stmt::Join(join) => join.blocks.iter().for_each(|block| run_in(block, found)),
            Stmt::Tasks(tasks) => tasks.tasks.iter().for_each(|task| run_in(&task.block, found)),
        }
    }
}
