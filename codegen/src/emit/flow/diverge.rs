//! Which blocks have code that never comes to its end: behind a `fail@1` that nothing takes.

use super::{Flow, catches};
use crate::check::Body;
use crate::ir::{Block, Stmt};

impl Flow<'_, '_> {
    /// Whether a block only fails.
    pub(crate) fn only_fails(&self, block: &Block) -> bool {
        self.diverge(&block.0)
    }

    /// Whether control never comes to the end of these statements.
    pub(super) fn diverge(&self, stmts: &[Stmt]) -> bool {
        self.emitter.fails && stmts.iter().any(|stmt| self.diverges(stmt))
    }

    fn diverges(&self, stmt: &Stmt) -> bool {
        match stmt {
            Stmt::Run(id) => self.node(id).is_some_and(|node| {
                matches!(node.body, Body::Fail { .. }) && !node.disabled && !catches(node)
            }),
            Stmt::Branch(branch) => {
                self.is_exhaustive(branch)
                    && branch.arms.iter().all(|arm| self.diverge(&arm.block.0))
            }
            // The code behind these is there all the same, and tells its types.
            Stmt::When(_) | Stmt::Join(_) | Stmt::Tasks(_) => false,
        }
    }
}
