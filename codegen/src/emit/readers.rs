//! Who reads an outcome: decides whether a variable is needed, and how long.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Checked, NodeId, Scope};
use crate::ir::{Block, Live, Part, Stmt, Subject};
use crate::lower::reads;

/// Places at which outcomes are read, by the numbers of statements. A statement's number is its
/// place in the tree, depth first; what is inside it follows it.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    places: BTreeMap<(NodeId, Part), Vec<usize>>,
}

impl Readers {
    /// Notes all reads of a scope's own nodes within it. What an inner scope reads is read by the
    /// node that holds it: the numbers of other scopes would say nothing here.
    pub(crate) fn add(&mut self, checked: &Checked, scope: &Scope, block: &Block) {
        let mut next = 0;
        let mut own = Self::default();
        own.block(checked, block, &mut next);
        for (id, part) in reads::used_at_the_end(checked, scope) {
            own.read(&id, part, usize::MAX);
        }
        let nodes: BTreeSet<&NodeId> = scope.nodes.iter().collect();
        own.places.retain(|(id, _), _| nodes.contains(id));
        self.places.append(&mut own.places);
    }

    /// Whether anything reads it.
    pub(crate) fn any(&self, id: &NodeId, part: Part) -> bool {
        self.within(id, part, 0, usize::MAX)
    }

    /// Whether a statement from `start` up to, but not with, `end` reads it; the end of the scope
    /// comes last of all.
    pub(crate) fn within(&self, id: &NodeId, part: Part, start: usize, end: usize) -> bool {
        let mut places = self.places(id, part).iter();
        places.any(|&place| place >= start && (place < end || end == usize::MAX))
    }

    /// The numbers of the statements that read it, in order; the end of the scope comes last.
    pub(crate) fn places(&self, id: &NodeId, part: Part) -> &[usize] {
        self.places.get(&(id.clone(), part)).map_or(&[], Vec::as_slice)
    }

    fn read(&mut self, id: &NodeId, part: Part, place: usize) {
        self.places.entry((id.clone(), part)).or_default().push(place);
    }

    fn block(&mut self, checked: &Checked, block: &Block, next: &mut usize) {
        for stmt in &block.0 {
            let place = *next;
            *next += 1;
            match stmt {
                Stmt::Run(id) => {
                    let Some(node) = checked.nodes.get(id) else { continue };
                    for (id, part) in reads::uses(checked, node) {
                        self.read(&id, part, place);
                    }
                }
                Stmt::Branch(branch) => {
                    if let Subject::Node(id) = &branch.on {
                        self.read(id, Part::Handle, place);
                    }
                    for arm in &branch.arms {
                        self.block(checked, &arm.block, next);
                    }
                }
                Stmt::When(when) => {
                    self.live(&when.live, place);
                    self.block(checked, &when.block, next);
                }
                Stmt::Join(join) => {
                    for block in &join.blocks {
                        self.block(checked, block, next);
                    }
                }
                Stmt::Tasks(tasks) => {
                    for task in &tasks.tasks {
                        self.live(&task.live, place);
                        self.block(checked, &task.block, next);
                    }
                }
            }
        }
    }

    fn live(&mut self, live: &Live, place: usize) {
        match live {
            Live::Always => {}
            Live::Left { node, .. } => self.read(node, Part::Handle, place),
            Live::Any(parts) | Live::All(parts) => {
                for part in parts {
                    self.live(part, place);
                }
            }
        }
    }
}

/// How many statements a block has at all depths.
pub(crate) fn size(block: &Block) -> usize {
    block.0.iter().map(stmt_size).sum()
}

/// How many statements a statement is, with those inside it.
pub(crate) fn stmt_size(stmt: &Stmt) -> usize {
    1 + match stmt {
        Stmt::Run(_) => 0,
        Stmt::Branch(branch) => branch.arms.iter().map(|arm| size(&arm.block)).sum(),
        Stmt::When(when) => size(&when.block),
        Stmt::Join(join) => join.blocks.iter().map(size).sum(),
        Stmt::Tasks(tasks) => tasks.tasks.iter().map(|task| size(&task.block)).sum(),
    }
}
