//! Translation validation: expands the structure again and compares it with the graph.
//!
//! It shares no code with `shape`: it walks the tree, notes under which condition and after which
//! nodes each node runs, and asks the graph whether that is so.

use super::flow::Flow;
use super::guards::{Formula, TRUE};
use crate::ir::bits::Bits;
use crate::ir::{Block, Live, Stmt, Subject};

/// Whether `block` runs every node of the scope under its guard (S6), after all that it depends on
/// (S2), and without waiting for anything else that could run beside it (S5).
pub(super) fn is_faithful(flow: &mut Flow<'_>, block: &Block) -> bool {
    let count = flow.nodes.len();
    let mut free = Bits::new(count);
    for number in (0..count).filter(|&number| flow.is_instant(number)) {
        free.insert(number);
    }
    for &trigger in &flow.triggers {
        free.insert(trigger);
    }
    let mut expander = Expander { flow, free, found: vec![None; count], complete: true };
    let mut before = Bits::new(count);
    for trigger in expander.flow.triggers.clone() {
        before.insert(trigger);
        expander.found[trigger] = Some(Place { before: Bits::new(count), condition: None });
    }
    expander.block(block, &mut before, TRUE);
    expander.complete && (0..count).all(|number| expander.agrees(number))
}

/// Whether `block` is one task for each node, under the condition that its edges say and after its
/// ancestors alone: what can be proved where nobody knows what the guards mean.
pub(super) fn is_flat(flow: &Flow<'_>, block: &Block) -> bool {
    let count = flow.nodes.len();
    let mut open = Bits::new(count);
    for number in (0..count).filter(|number| !flow.triggers.contains(number)) {
        open.insert(number);
    }
    let [Stmt::Tasks(tasks)] = block.0.as_slice() else {
        return block.0.is_empty() && open.is_empty();
    };
    let mut done: Vec<Bits> = Vec::with_capacity(tasks.tasks.len());
    for task in &tasks.tasks {
        let [Stmt::Run(id)] = task.block.0.as_slice() else { return false };
        let Some(number) = flow.number(id.as_str()) else { return false };
        let mut before = Bits::new(count);
        for &trigger in &flow.triggers {
            before.insert(trigger);
        }
        for &earlier in &task.after {
            let Some(other) = done.get(earlier) else { return false };
            before.union(other);
        }
        let (mut missed, mut extra) = (flow.ancestors(number).clone(), before.clone());
        missed.subtract(&before);
        extra.subtract(flow.ancestors(number));
        let idle = extra.iter().all(|other| flow.triggers.contains(&other));
        if !(open.contains(number) && missed.is_empty() && idle && task.live == flow.exact(number))
        {
            return false;
        }
        open.remove(number);
        before.insert(number);
        done.push(before);
    }
    open.is_empty()
}

/// Where a node stands in the tree.
#[derive(Clone, Debug)]
struct Place {
    /// All nodes that the statements above decide.
    before: Bits,
    /// When it is reached; nothing for a trigger.
    condition: Option<Formula>,
}

struct Expander<'a, 'g> {
    flow: &'a mut Flow<'g>,
    /// Nodes that nothing is lost by waiting for: they take no time, or are triggers.
    free: Bits,
    found: Vec<Option<Place>>,
    complete: bool,
}

impl Expander<'_, '_> {
    fn block(&mut self, block: &Block, before: &mut Bits, condition: Formula) {
        for stmt in &block.0 {
            self.stmt(stmt, before, condition);
        }
    }

    fn stmt(&mut self, stmt: &Stmt, before: &mut Bits, condition: Formula) {
        match stmt {
            Stmt::Run(id) => {
                let Some(number) = self.flow.number(id.as_str()) else {
                    self.complete = false;
                    return;
                };
                let place = Place { before: before.clone(), condition: Some(condition) };
                self.complete &= self.found[number].replace(place).is_none();
                before.insert(number);
            }
            Stmt::Branch(branch) => {
                let above = before.clone();
                for arm in &branch.arms {
                    let live = match &branch.on {
                        Subject::Node(node) => {
                            Live::Left { node: node.clone(), handle: arm.handle.clone() }
                        }
                        Subject::Trigger => Live::Left {
                            node: arm.handle.as_str().into(),
                            handle: "out".to_owned(),
                        },
                    };
                    self.inner(&arm.block, &live, &above, before, condition);
                }
            }
            Stmt::When(when) => {
                let above = before.clone();
                self.inner(&when.block, &when.live, &above, before, condition);
            }
            Stmt::Join(join) => {
                let above = before.clone();
                for block in &join.blocks {
                    self.inner(block, &Live::Always, &above, before, condition);
                }
            }
            Stmt::Tasks(tasks) => {
                let above = before.clone();
                let mut done: Vec<Bits> = Vec::with_capacity(tasks.tasks.len());
                for task in &tasks.tasks {
                    let mut start = above.clone();
                    for &earlier in &task.after {
                        match done.get(earlier) {
                            Some(other) => start.union(other),
                            None => self.complete = false,
                        }
                    }
                    let mut end = start.clone();
                    self.inner(&task.block, &task.live, &start, &mut end, condition);
                    before.union(&end);
                    done.push(end);
                }
            }
        }
    }

    /// A block that starts after `above`, under one more condition; what it decides joins `all`.
    fn inner(&mut self, block: &Block, live: &Live, above: &Bits, all: &mut Bits, outer: Formula) {
        let formula = self.flow.formula(live);
        let condition = self.flow.logic.and(outer, formula);
        let mut before = above.clone();
        self.block(block, &mut before, condition);
        all.union(&before);
    }

    fn agrees(&mut self, number: usize) -> bool {
        let Some(place) = self.found[number].clone() else { return false };
        let Some(condition) = place.condition else { return true };
        if condition != self.flow.guard(number) {
            return false;
        }
        let mut missed = self.flow.ancestors(number).clone();
        missed.subtract(&place.before);
        // What it waits for without depending on it costs nothing, or never runs beside it.
        let mut extra = place.before;
        extra.subtract(self.flow.ancestors(number));
        extra.subtract(&self.free);
        missed.is_empty() && extra.iter().all(|other| self.flow.exclusive(other, number))
    }
}
