//! Which values that blocks hand out tell their type. Where every block that comes to its end has
//! nothing to hand out, a bare `None` is of no type.

use super::{Flow, catches};
use crate::check::{Body, Node, NodeId};
use crate::emit::locals::Locals;
use crate::ir::{Block, Branch, Export, Part, Stmt, Subject, default_handle};

/// Handles that earlier branches have made certain, innermost last.
type Known<'b> = Vec<(&'b NodeId, &'b str)>;

impl Flow<'_, '_> {
    /// Whether one of the blocks comes to its end with this part of a node. Where that depends on
    /// what an expression can do the answer is no: a type too many does no harm.
    pub(super) fn is_told(&self, export: &Export, blocks: &[&Block], locals: &Locals) -> bool {
        blocks.iter().any(|block| self.tells(block, export, locals, &mut Vec::new()))
    }

    /// Whether an arm that is sure to be printed comes to its end with this part of a node.
    pub(super) fn branch_tells(&self, branch: &Branch, export: &Export, locals: &Locals) -> bool {
        self.an_arm_tells(branch, export, locals, &mut Vec::new())
    }

    fn tells<'b>(
        &self,
        block: &'b Block,
        export: &Export,
        locals: &Locals,
        known: &mut Known<'b>,
    ) -> bool {
        !self.diverge(&block.0)
            && block.0.iter().any(|stmt| match stmt {
                Stmt::Run(id) => {
                    *id == export.node && self.node(id).is_some_and(|node| has(node, export.part))
                }
                Stmt::When(when) => self.tells(&when.block, export, locals, known),
                Stmt::Join(join) => {
                    join.blocks.iter().any(|block| self.tells(block, export, locals, known))
                }
                Stmt::Tasks(tasks) => {
                    tasks.tasks.iter().any(|task| self.tells(&task.block, export, locals, known))
                }
                Stmt::Branch(branch) => self.an_arm_tells(branch, export, locals, known),
            })
    }

    fn an_arm_tells<'b>(
        &self,
        branch: &'b Branch,
        export: &Export,
        locals: &Locals,
        known: &mut Known<'b>,
    ) -> bool {
        let on = match &branch.on {
            Subject::Trigger => None,
            Subject::Node(id) => Some(id),
        };
        branch.arms.iter().any(|arm| {
            let Some(id) = on else { return self.tells(&arm.block, export, locals, known) };
            if !self.may_leave(id, &arm.handle, locals, known) {
                return false;
            }
            known.push((id, &arm.handle));
            let tells = self.tells(&arm.block, export, locals, known);
            known.pop();
            tells
        })
    }

    /// Whether the arm of a handle is sure to be printed.
    fn may_leave(&self, id: &NodeId, handle: &str, locals: &Locals, known: &Known<'_>) -> bool {
        let before = known.iter().rev().find(|(other, _)| *other == id);
        let certain = before.map(|(_, handle)| *handle).or_else(|| locals.certain_handle(id));
        let Some(node) = self.node(id) else { return false };
        match certain {
            Some(certain) => certain == handle,
            None if node.disabled => handle == default_handle(&node.body),
            None => handle != "error" || may_fail(node),
        }
    }
}

/// Whether a node that ran has this part of its outcome.
fn has(node: &Node, part: Part) -> bool {
    match part {
        Part::Output => !node.disabled,
        Part::Error => !node.disabled && catches(node) && may_fail(node),
        Part::Handle | Part::Returned => true,
    }
}

/// Whether a failure of the node is possible whatever its expressions are.
fn may_fail(node: &Node) -> bool {
    !matches!(
        node.body,
        Body::Transform { .. } | Body::Condition { .. } | Body::Switch { .. } | Body::Return { .. }
    )
}
