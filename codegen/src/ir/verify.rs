//! The IR's own rules, checked after `lower` and after every pass.

mod exports;

use std::collections::{BTreeMap, BTreeSet};

use super::bits::Bits;
use super::{Block, Live, Region, Stmt, Subject, Workflow};
use crate::check::{Checked, Node, NodeId, Scope};

/// Checks that `workflow` is well formed over `checked`, and gives what is wrong with it.
///
/// Every node but the triggers is run by exactly one statement, within its own scope; branches,
/// conditions and tasks look only at nodes that earlier statements may have decided; joins have
/// at least two blocks; what is read behind a statement is handed out of it. That the order and the guards are those of the graph is for translation
/// validation (`lower::validate`).
pub fn verify(workflow: &Workflow, checked: &Checked) -> Vec<String> {
    let numbers = checked.nodes.keys().enumerate().map(|(number, id)| (id, number)).collect();
    let mut verifier = Verifier { numbers, faults: Vec::new() };
    let mut triggers = verifier.nothing();
    for id in &workflow.triggers {
        verifier.insert(id, &mut triggers);
    }
    verifier.scope("the workflow", &workflow.body, &checked.root, triggers);
    let found = exports::check(&workflow.body, &checked.root, checked, &workflow.triggers);
    verifier.faults.extend(found);
    for (id, node) in &checked.nodes {
        for (region, body) in node.body.scopes() {
            match workflow.scopes.get(&Region::new(id, region)) {
                Some(block) => {
                    verifier.scope(id, block, body, verifier.nothing());
                    verifier.faults.extend(exports::check(block, body, checked, &[]));
                }
                None => verifier.fault(format!("scope {id} has no block `{region}`")),
            }
        }
    }
    for Region { scope, name } in workflow.scopes.keys() {
        let node = checked.nodes.get(scope);
        let has = |node: &Node| node.body.scopes().iter().any(|(region, _)| region == name);
        if !node.is_some_and(has) {
            verifier.fault(format!("{scope} has a block `{name}`, but no such region"));
        }
    }
    verifier.faults
}

struct Verifier<'a> {
    /// Each node's number, in the order of their ids.
    numbers: BTreeMap<&'a NodeId, usize>,
    faults: Vec<String>,
}

/// What may have been decided where a statement stands.
type Decided = Bits;

impl Verifier<'_> {
    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    fn nothing(&self) -> Decided {
        Bits::new(self.numbers.len())
    }

    /// Adds a node; whether it was new. What is no node is not added.
    fn insert(&self, id: &NodeId, decided: &mut Decided) -> bool {
        self.numbers.get(id).is_none_or(|&number| decided.insert(number))
    }

    fn has(&self, decided: &Decided, id: &NodeId) -> bool {
        self.numbers.get(id).is_some_and(|&number| decided.contains(number))
    }

    fn id(&self, number: usize) -> String {
        self.numbers.keys().nth(number).map(ToString::to_string).unwrap_or_default()
    }

    fn scope(&mut self, name: &str, block: &Block, scope: &Scope, triggers: Decided) {
        let mut decided = triggers.clone();
        self.block(block, &mut decided);
        let mut expected = triggers;
        for id in &scope.nodes {
            if !self.has(&decided, id) {
                self.fault(format!("nothing runs {id} of {name}"));
            }
            self.insert(id, &mut expected);
        }
        decided.subtract(&expected);
        for stranger in decided.iter() {
            let id = self.id(stranger);
            self.fault(format!("{name} runs {id}, which is not in it"));
        }
    }

    fn block(&mut self, block: &Block, decided: &mut Decided) {
        for stmt in &block.0 {
            self.stmt(stmt, decided);
        }
    }

    fn stmt(&mut self, stmt: &Stmt, decided: &mut Decided) {
        match stmt {
            Stmt::Run(id) => self.run(id, decided),
            Stmt::Branch(branch) => {
                match &branch.on {
                    Subject::Node(id) if !self.has(decided, id) => {
                        self.fault(format!("a branch goes by {id} before it is decided"));
                    }
                    Subject::Node(_) | Subject::Trigger => {}
                }
                let mut handles = BTreeSet::new();
                for arm in &branch.arms {
                    if !handles.insert(&arm.handle) {
                        self.fault(format!("a branch has two arms {}", arm.handle));
                    }
                }
                let blocks: Vec<_> = branch.arms.iter().map(|arm| &arm.block).collect();
                self.side_by_side(&blocks, decided);
            }
            Stmt::When(when) => {
                self.live(&when.live, decided);
                self.block(&when.block, decided);
            }
            Stmt::Join(join) => {
                if join.blocks.len() < 2 {
                    self.fault("a join of fewer than two blocks".to_owned());
                }
                self.side_by_side(&join.blocks.iter().collect::<Vec<_>>(), decided);
            }
            Stmt::Tasks(tasks) => self.tasks(&tasks.tasks, decided),
        }
    }

    fn run(&mut self, id: &NodeId, decided: &mut Decided) {
        if !self.numbers.contains_key(id) {
            self.fault(format!("{id} is run, but is no node"));
        }
        if !self.insert(id, decided) {
            self.fault(format!("{id} is run twice"));
        }
    }

    /// Blocks of which none sees what another decides.
    fn side_by_side(&mut self, blocks: &[&Block], decided: &mut Decided) {
        let before = decided.clone();
        for block in blocks {
            let mut inner = before.clone();
            self.block(block, &mut inner);
            self.merge(&inner, &before, decided);
        }
    }

    fn merge(&mut self, inner: &Decided, before: &Decided, decided: &mut Decided) {
        let mut new = inner.clone();
        new.subtract(before);
        let mut twice = new.clone();
        twice.intersect(decided);
        for number in twice.iter() {
            let id = self.id(number);
            self.fault(format!("{id} is run twice"));
        }
        decided.union(&new);
    }

    fn tasks(&mut self, tasks: &[super::Task], decided: &mut Decided) {
        let before = decided.clone();
        // What each task may look at: all that came before, and what the tasks it follows decide.
        let mut visible: Vec<Decided> = Vec::with_capacity(tasks.len());
        for (index, task) in tasks.iter().enumerate() {
            let mut inner = before.clone();
            for &earlier in &task.after {
                match visible.get(earlier) {
                    Some(other) => inner.union(other),
                    None => self.fault(format!("task {index} follows task {earlier}")),
                }
            }
            let known = inner.clone();
            self.live(&task.live, &inner);
            self.block(&task.block, &mut inner);
            self.merge(&inner, &known, decided);
            visible.push(inner);
        }
    }

    fn live(&mut self, live: &Live, decided: &Decided) {
        match live {
            Live::Always => {}
            Live::Left { node, .. } => {
                if !self.has(decided, node) {
                    self.fault(format!("a condition looks at {node} before it is decided"));
                }
            }
            Live::Any(parts) | Live::All(parts) => {
                for part in parts {
                    self.live(part, decided);
                }
            }
        }
    }
}
