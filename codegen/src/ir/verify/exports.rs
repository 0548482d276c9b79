//! What statements hand out: all that is read behind them, and only what they decide.

use std::collections::BTreeSet;

use crate::check::{Checked, NodeId, Scope};
use crate::ir::{Block, Export, Live, Part, Stmt, Subject};
use crate::lower::{handles, used_at_the_end, uses};

/// Checks one scope's block, at whose start the triggers are there.
pub(super) fn check(
    block: &Block,
    scope: &Scope,
    checked: &Checked,
    triggers: &[NodeId],
) -> Vec<String> {
    let mut reader = Reader {
        checked,
        own: scope.nodes.iter().collect(),
        decided: triggers.iter().collect(),
        handed: BTreeSet::new(),
        faults: Vec::new(),
    };
    reader.block(block);
    for (id, part) in used_at_the_end(checked, scope) {
        reader.read("the end", &id, part);
    }
    reader.faults
}

/// Walks the tree with what can be read where it stands.
struct Reader<'a> {
    checked: &'a Checked,
    /// The scope's nodes; those of the scopes around can be read anywhere.
    own: BTreeSet<&'a NodeId>,
    /// Nodes that this block, or one around it, has decided itself.
    decided: BTreeSet<&'a NodeId>,
    /// What statements above have handed out.
    handed: BTreeSet<(&'a NodeId, Part)>,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A block; what it decided, so that it can be forgotten again.
    fn block(&mut self, block: &'a Block) -> (Vec<&'a NodeId>, Vec<(&'a NodeId, Part)>) {
        let (mut decided, mut handed) = (Vec::new(), Vec::new());
        for stmt in &block.0 {
            match stmt {
                Stmt::Run(id) => {
                    if let Some(node) = self.checked.nodes.get(id) {
                        for (read, part) in uses(self.checked, node) {
                            self.read(id, &read, part);
                        }
                    }
                    if self.decided.insert(id) {
                        decided.push(id);
                    }
                }
                Stmt::Branch(branch) => {
                    if let Subject::Node(id) = &branch.on {
                        self.read("a branch", id, Part::Handle);
                        let node = self.checked.nodes.get(id);
                        let known = node.map(handles).unwrap_or_default();
                        for arm in &branch.arms {
                            if !known.contains(&arm.handle.as_str()) {
                                let fault = format!("a branch by {id} has an arm {}", arm.handle);
                                self.faults.push(fault);
                            }
                        }
                    }
                    let blocks = branch.arms.iter().map(|arm| &arm.block);
                    self.inner(blocks, &branch.exports, &mut handed);
                }
                Stmt::When(when) => {
                    self.live(&when.live);
                    self.inner([&when.block], &when.exports, &mut handed);
                }
                Stmt::Join(join) => self.inner(&join.blocks, &join.exports, &mut handed),
                Stmt::Tasks(tasks) => {
                    let mut between = Vec::new();
                    for task in &tasks.tasks {
                        self.live(&task.live);
                        self.inner([&task.block], &task.exports, &mut between);
                    }
                    for part in between {
                        self.handed.remove(&part);
                    }
                    self.inner([], &tasks.exports, &mut handed);
                }
            }
        }
        (decided, handed)
    }

    /// Blocks of which none reads what another decides, and what is handed out of them.
    fn inner(
        &mut self,
        blocks: impl IntoIterator<Item = &'a Block>,
        exports: &'a [Export],
        handed: &mut Vec<(&'a NodeId, Part)>,
    ) {
        for block in blocks {
            let (decided, given) = self.block(block);
            for id in decided {
                self.decided.remove(id);
            }
            for part in given {
                self.handed.remove(&part);
            }
        }
        for export in exports {
            if self.handed.insert((&export.node, export.part)) {
                handed.push((&export.node, export.part));
            }
        }
    }

    fn live(&mut self, live: &Live) {
        match live {
            Live::Always => {}
            Live::Left { node, .. } => self.read("a condition", node, Part::Handle),
            Live::Any(parts) | Live::All(parts) => parts.iter().for_each(|part| self.live(part)),
        }
    }

    fn read(&mut self, who: &str, id: &NodeId, part: Part) {
        let outside = !self.own.contains(id);
        if !(outside || self.decided.contains(id) || self.handed.contains(&(id, part))) {
            self.faults.push(format!("{who} reads {part:?} of {id}, which is not handed out"));
        }
    }
}
