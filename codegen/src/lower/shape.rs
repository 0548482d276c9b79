//! Finds the structure of a scope: what follows what, what runs side by side, what hangs on which
//! branch. What is not series-parallel becomes tasks.
//!
//! A region is a set of nodes and a context, a formula that holds where the region stands. Nodes
//! that never both run may stand in any order, so they never spoil a structure.

use std::collections::BTreeMap;

use super::flow::Flow;
use super::guards::{Formula, TRUE};
use super::modules::modules;
use crate::ir::bits::Bits;
use crate::ir::{Arm, Block, Branch, Join, Live, Stmt, Subject, Task, Tasks, When};

/// Regions nested deeper than this become tasks, so that neither we nor rustc run out of stack.
const MAX_DEPTH: usize = 48;

/// Gives the structure of a whole scope.
pub(super) fn shape(flow: &mut Flow<'_>) -> Block {
    let nodes = inner_nodes(flow);
    Shaper { flow, depth: 0 }.region(&nodes, TRUE)
}

/// Gives each node of a scope a task of its own, whatever the structure.
pub(super) fn flat(flow: &mut Flow<'_>) -> Block {
    let nodes = inner_nodes(flow);
    let mut shaper = Shaper { flow, depth: MAX_DEPTH };
    Block(vec![shaper.single_tasks(&nodes)])
}

/// The nodes that statements run: all but the triggers.
fn inner_nodes(flow: &Flow<'_>) -> Vec<usize> {
    (0..flow.nodes.len()).filter(|number| !flow.triggers.contains(number)).collect()
}

/// Nodes on one arm of a branch: the place of the arm's handle, and the nodes.
type Group = (usize, Vec<usize>);

struct Shaper<'a, 'g> {
    flow: &'a mut Flow<'g>,
    depth: usize,
}

/// What must hold for a group of nodes beyond the context.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Gate {
    /// Nothing that they all share.
    Open,
    /// A subject, by its variable, left by the handle at this place.
    Branch { variable: usize, place: usize },
    /// The condition of this node.
    When { node: usize },
}

/// The first nodes of some groups, and the groups' places.
struct Heads {
    nodes: Bits,
    places: BTreeMap<usize, usize>,
}

impl Heads {
    /// None yet, of a scope with so many nodes.
    fn of(count: usize) -> Self {
        Self { nodes: Bits::new(count), places: BTreeMap::new() }
    }

    /// One more group.
    fn push(&mut self, group: &[usize]) {
        if let Some(&head) = group.first() {
            self.nodes.insert(head);
            self.places.insert(head, self.places.len());
        }
    }
}

impl Shaper<'_, '_> {
    /// The nodes, in topological order, where `context` holds.
    fn region(&mut self, nodes: &[usize], context: Formula) -> Block {
        let nodes = match nodes.split_last() {
            Some((_, others)) if planted!("a node is forgotten") && others.len() > 2 => others,
            _ => nodes,
        };
        if self.depth >= MAX_DEPTH && nodes.len() > 1 {
            return Block(vec![self.single_tasks(nodes)]);
        }
        self.depth += 1;
        let parts = self.series(nodes);
        let mut stmts = Vec::new();
        let mut rest = parts.as_slice();
        while let Some((first, others)) = rest.split_first() {
            rest = others;
            match self.gate(first, context) {
                Gate::Open => stmts.extend(self.part(first, context)),
                Gate::Branch { variable, place } => {
                    let mut groups = vec![(place, first.clone())];
                    while let Some((next, others)) = rest.split_first() {
                        match self.gate(next, context) {
                            Gate::Branch { variable: other, place } if other == variable => {
                                groups.push((place, next.clone()));
                                rest = others;
                            }
                            _ => break,
                        }
                    }
                    stmts.push(self.branch(variable, &groups, context));
                }
                Gate::When { node } => {
                    let guard = self.flow.guard(node);
                    let mut group = first.clone();
                    while let Some((next, others)) = rest.split_first() {
                        if !self.all_imply(next, guard) {
                            break;
                        }
                        group.extend(next);
                        rest = others;
                    }
                    stmts.push(self.when(node, &group, context));
                }
            }
        }
        self.depth -= 1;
        Block(stmts)
    }

    /// Nodes without a cut between them, all open to `context` or mixed.
    fn part(&mut self, nodes: &[usize], context: Formula) -> Vec<Stmt> {
        if let [node] = nodes {
            return vec![Stmt::Run(self.flow.id(*node))];
        }
        let components = self.components(nodes);
        if components.len() == 1 {
            return vec![self.tasks(nodes, context)];
        }
        // Components on arms of one subject make one branch.
        let mut items: Vec<(Gate, Vec<Group>)> = Vec::new();
        for component in components {
            let gate = self.gate(&component, context);
            if let Gate::Branch { variable, place } = gate {
                let same = items.iter_mut().find(
                    |(gate, _)| matches!(gate, Gate::Branch { variable: other, .. } if *other == variable),
                );
                if let Some((_, groups)) = same {
                    groups.push((place, component));
                    continue;
                }
                items.push((gate, vec![(place, component)]));
            } else {
                items.push((gate, vec![(0, component)]));
            }
        }
        // What takes no time comes first, so that only what does is concurrent.
        let (instant, lasting): (Vec<_>, Vec<_>) = items.into_iter().partition(|(_, groups)| {
            groups.iter().flat_map(|(_, nodes)| nodes).all(|&node| self.flow.is_instant(node))
        });
        let mut stmts: Vec<Stmt> =
            self.blocks(instant, context).into_iter().flat_map(|block| block.0).collect();
        let mut blocks = self.blocks(lasting, context);
        if blocks.len() > 1 {
            stmts.push(Stmt::Join(Join { blocks, exports: Vec::new() }));
        } else if let Some(block) = blocks.pop() {
            stmts.extend(block.0);
        }
        stmts
    }

    fn blocks(&mut self, items: Vec<(Gate, Vec<Group>)>, context: Formula) -> Vec<Block> {
        let block = |(gate, groups): (Gate, Vec<Group>)| match gate {
            Gate::Branch { variable, .. } => Block(vec![self.branch(variable, &groups, context)]),
            Gate::Open | Gate::When { .. } => {
                let nodes: Vec<_> = groups.into_iter().flat_map(|(_, nodes)| nodes).collect();
                self.region(&nodes, context)
            }
        };
        items.into_iter().map(block).collect()
    }

    fn branch(&mut self, variable: usize, groups: &[Group], context: Formula) -> Stmt {
        let (on, handles, _) = self.flow.subject(variable);
        let mut arms = Vec::new();
        for (place, (handle, formula)) in handles.into_iter().enumerate() {
            let mut nodes: Vec<usize> = groups
                .iter()
                .filter(|(other, _)| *other == place)
                .flat_map(|(_, nodes)| nodes.iter().copied())
                .collect();
            if nodes.is_empty() {
                continue;
            }
            nodes.sort_unstable();
            let inner = self.flow.logic.and(context, formula);
            arms.push(Arm { handle, block: self.region(&nodes, inner) });
        }
        if let (true, [one, other, ..]) = (planted!("arms are swapped"), arms.as_mut_slice()) {
            std::mem::swap(&mut one.block, &mut other.block);
        }
        Stmt::Branch(Branch { on, arms, exports: Vec::new() })
    }

    fn when(&mut self, node: usize, group: &[usize], context: Formula) -> Stmt {
        let skipped = planted!("a guard is skipped");
        let live = if skipped { Live::Always } else { self.flow.live(node, context) };
        let guard = self.flow.guard(node);
        let inner = self.flow.logic.and(context, guard);
        let mut nodes = group.to_vec();
        nodes.sort_unstable();
        Stmt::When(When { live, block: self.region(&nodes, inner), exports: Vec::new() })
    }

    /// Splits the nodes wherever all that is above comes before all that is below, excludes it, or
    /// takes no time.
    fn series(&mut self, nodes: &[usize]) -> Vec<Vec<usize>> {
        let first_open = self.first_open(nodes);
        let mut parts = vec![Vec::new()];
        let mut lowest = usize::MAX;
        for place in (0..nodes.len()).rev() {
            if let Some(part) = parts.last_mut() {
                part.push(nodes[place]);
            }
            lowest = lowest.min(first_open[place]);
            if place > 0 && (lowest >= place || planted!("a series is cut anywhere")) {
                parts.push(Vec::new());
            }
        }
        parts.reverse();
        for part in &mut parts {
            part.reverse();
        }
        parts
    }

    /// For each node the place of the first one above that it neither follows nor excludes: it
    /// forbids all cuts between the two. One that takes no time is no burden to what comes after.
    fn first_open(&mut self, nodes: &[usize]) -> Vec<usize> {
        let Some(&from) = nodes.first() else { return Vec::new() };
        let together = self.together(nodes);
        let mut above = Bits::new(self.flow.nodes.len());
        let mut found = Vec::with_capacity(nodes.len());
        for &node in nodes {
            let flow = &mut *self.flow;
            let mask = together.as_ref().and_then(|masks| masks.get(&flow.guard(node)));
            // Where it is known who runs together, that settles it; else each pair is asked.
            let ancestors = flow.ancestors(node).clone();
            let open = above.first_without(&ancestors, from, |other| match mask {
                Some(mask) => mask.contains(other),
                None => !flow.exclusive(other, node),
            });
            found.push(open.map_or(usize::MAX, |open| nodes.partition_point(|&n| n < open)));
            if !self.flow.is_instant(node) {
                above.insert(node);
            }
        }
        found
    }

    /// For each guard the nodes that may run together with its own: worth knowing where many
    /// nodes share few guards, as on the arms of a switch.
    fn together(&mut self, nodes: &[usize]) -> Option<BTreeMap<Formula, Bits>> {
        const FEW: usize = 1_024;
        let mut classes: BTreeMap<Formula, Bits> = BTreeMap::new();
        for &node in nodes {
            let guard = self.flow.guard(node);
            let empty = || Bits::new(self.flow.nodes.len());
            classes.entry(guard).or_insert_with(empty).insert(node);
            if classes.len() > FEW {
                return None;
            }
        }
        if classes.len() * 4 > nodes.len() {
            return None;
        }
        let mut masks: BTreeMap<Formula, Bits> = BTreeMap::new();
        for &guard in classes.keys() {
            let mut mask = Bits::new(self.flow.nodes.len());
            for (&other, members) in &classes {
                if !self.flow.logic.disjoint(guard, other) {
                    mask.union(members);
                }
            }
            masks.insert(guard, mask);
        }
        Some(masks)
    }

    /// Splits the nodes into groups that nothing orders.
    fn components(&self, nodes: &[usize]) -> Vec<Vec<usize>> {
        let mut mask = Bits::new(self.flow.nodes.len());
        // The group of each node, by its place; each group's nodes, as a list and as a set.
        let mut group_of: BTreeMap<usize, usize> = BTreeMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut sets: Vec<Bits> = Vec::new();
        for &node in nodes {
            let mut linked = self.flow.ancestors(node).clone();
            linked.intersect(&mask);
            let mut own = groups.len();
            let mut set = Bits::new(self.flow.nodes.len());
            set.insert(node);
            sets.push(set);
            groups.push(vec![node]);
            group_of.insert(node, own);
            while let Some(&other) = linked.last().and_then(|last| group_of.get(&last)) {
                linked.subtract(&sets[other]);
                // The smaller one joins the larger.
                let larger = groups[other].len() > groups[own].len();
                let (from, to) = if larger { (own, other) } else { (other, own) };
                let set = std::mem::replace(&mut sets[from], Bits::new(0));
                sets[to].union(&set);
                let moved = std::mem::take(&mut groups[from]);
                group_of.extend(moved.iter().map(|&member| (member, to)));
                groups[to].extend(moved);
                own = to;
            }
            mask.insert(node);
        }
        groups.retain(|group| !group.is_empty());
        for group in &mut groups {
            group.sort_unstable();
        }
        groups.sort();
        groups
    }

    /// What must hold for all of the nodes beyond the context.
    fn gate(&mut self, nodes: &[usize], context: Formula) -> Gate {
        let Some(&first) = nodes.first() else { return Gate::Open };
        let guard = self.flow.guard(first);
        if self.flow.logic.implies(context, guard) {
            return Gate::Open;
        }
        for variable in self.flow.subjects(first) {
            let (_, handles, ran) = self.flow.subject(variable);
            if !self.flow.logic.implies(context, ran) {
                continue;
            }
            for (place, (_, formula)) in handles.into_iter().enumerate() {
                if self.flow.logic.implies(guard, formula)
                    && !self.flow.logic.implies(context, formula)
                    && self.all_imply(nodes, formula)
                {
                    return Gate::Branch { variable, place };
                }
            }
        }
        if self.all_imply(nodes, guard) { Gate::When { node: first } } else { Gate::Open }
    }

    fn all_imply(&mut self, nodes: &[usize], formula: Formula) -> bool {
        nodes.iter().all(|&node| {
            let guard = self.flow.guard(node);
            self.flow.logic.implies(guard, formula)
        })
    }

    /// A region that is not series-parallel: tasks, each as large as the order allows.
    fn tasks(&mut self, nodes: &[usize], context: Formula) -> Stmt {
        let groups = modules(nodes, |first, second| self.flow.before(first, second));
        let mut heads = Heads::of(self.flow.nodes.len());
        let tasks = groups.iter().map(|group| {
            let after = self.covered(&heads, group);
            heads.push(group);
            let (live, inner) = self.admission(group, context);
            Task { after, live, block: self.region(group, inner), exports: Vec::new() }
        });
        Stmt::Tasks(Tasks { tasks: tasks.collect(), exports: Vec::new() })
    }

    fn admission(&mut self, group: &[usize], context: Formula) -> (Live, Formula) {
        let (live, formula) = match self.gate(group, context) {
            Gate::Open => return (Live::Always, context),
            Gate::When { node } => (self.flow.live(node, context), self.flow.guard(node)),
            Gate::Branch { variable, place } => {
                let (on, handles, _) = self.flow.subject(variable);
                let Some((handle, formula)) = handles.into_iter().nth(place) else {
                    return (Live::Always, context);
                };
                let live = match on {
                    Subject::Node(node) => Live::Left { node, handle },
                    Subject::Trigger => {
                        Live::Left { node: handle.into(), handle: "out".to_owned() }
                    }
                };
                (live, formula)
            }
        };
        (live, self.flow.logic.and(context, formula))
    }

    /// The groups right above a group: those that no other group above comes after. `heads` are
    /// the groups above, by their first nodes.
    fn covered(&self, heads: &Heads, group: &[usize]) -> Vec<usize> {
        let Some(&node) = group.first() else { return Vec::new() };
        let mut above = self.flow.ancestors(node).clone();
        above.intersect(&heads.nodes);
        let mut found = Vec::new();
        // The last ones first: what comes before one of them is covered by it.
        while let Some(head) = above.last() {
            above.remove(head);
            above.subtract(self.flow.ancestors(head));
            found.extend(heads.places.get(&head).copied());
        }
        found.reverse();
        if planted!("an order is lost") {
            found.pop();
        }
        if planted!("a task waits for all") {
            found = (0..heads.places.len()).collect();
        }
        found
    }

    fn single_tasks(&mut self, nodes: &[usize]) -> Stmt {
        let groups: Vec<Vec<usize>> = nodes.iter().map(|&node| vec![node]).collect();
        let mut heads = Heads::of(self.flow.nodes.len());
        let tasks = groups.iter().map(|group| {
            let after = self.covered(&heads, group);
            heads.push(group);
            Task {
                after,
                live: self.flow.exact(group[0]),
                block: Block(vec![Stmt::Run(self.flow.id(group[0]))]),
                exports: Vec::new(),
            }
        });
        Stmt::Tasks(Tasks { tasks: tasks.collect(), exports: Vec::new() })
    }
}
