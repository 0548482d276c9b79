//! The IR's own rules, checked after `lower` and after every pass.

use std::collections::BTreeSet;

use super::{Block, Live, Region, Stmt, Subject, Workflow};
use crate::check::{Checked, Node, NodeId, Scope};

/// Checks that `workflow` is well formed over `checked`, and gives what is wrong with it.
///
/// Every node but the triggers is run by exactly one statement, within its own scope; branches,
/// conditions and tasks look only at nodes that earlier statements may have decided; joins have
/// at least two blocks. That the order and the guards are those of the graph is for translation
/// validation (`lower::validate`).
pub fn verify(workflow: &Workflow, checked: &Checked) -> Vec<String> {
    let mut verifier = Verifier { checked, faults: Vec::new() };
    let triggers = workflow.triggers.iter().cloned().collect();
    verifier.scope("the workflow", &workflow.body, &checked.root, triggers);
    for (id, node) in &checked.nodes {
        for (region, body) in node.body.scopes() {
            match workflow.scopes.get(&Region::new(id, region)) {
                Some(block) => verifier.scope(id, block, body, BTreeSet::new()),
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
    checked: &'a Checked,
    faults: Vec<String>,
}

/// What may have been decided where a statement stands.
type Decided = BTreeSet<NodeId>;

impl Verifier<'_> {
    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    fn scope(&mut self, name: &str, block: &Block, scope: &Scope, mut decided: Decided) {
        let triggers = decided.clone();
        self.block(block, &mut decided);
        for id in &scope.nodes {
            if !decided.contains(id) {
                self.fault(format!("nothing runs {id} of {name}"));
            }
        }
        for id in &decided {
            if !triggers.contains(id) && !scope.nodes.contains(id) {
                self.fault(format!("{name} runs {id}, which is not in it"));
            }
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
                    Subject::Node(id) if !decided.contains(id) => {
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
        if !self.checked.nodes.contains_key(id) {
            self.fault(format!("{id} is run, but is no node"));
        }
        if !decided.insert(id.clone()) {
            self.fault(format!("{id} is run twice"));
        }
    }

    /// Blocks of which none sees what another decides.
    fn side_by_side(&mut self, blocks: &[&Block], decided: &mut Decided) {
        let before = decided.clone();
        for block in blocks {
            let mut inner = before.clone();
            self.block(block, &mut inner);
            self.merge(inner, &before, decided);
        }
    }

    fn merge(&mut self, inner: Decided, before: &Decided, decided: &mut Decided) {
        for id in inner {
            if !before.contains(&id) && !decided.insert(id.clone()) {
                self.fault(format!("{id} is run twice"));
            }
        }
    }

    fn tasks(&mut self, tasks: &[super::Task], decided: &mut Decided) {
        let before = decided.clone();
        // What each task may look at: all that came before, and what the tasks it follows decide.
        let mut visible: Vec<Decided> = Vec::with_capacity(tasks.len());
        for (index, task) in tasks.iter().enumerate() {
            let mut inner = before.clone();
            for &earlier in &task.after {
                match visible.get(earlier) {
                    Some(other) => inner.extend(other.iter().cloned()),
                    None => self.fault(format!("task {index} follows task {earlier}")),
                }
            }
            let known = inner.clone();
            self.live(&task.live, &inner);
            self.block(&task.block, &mut inner);
            self.merge(inner.clone(), &known, decided);
            visible.push(inner);
        }
    }

    fn live(&mut self, live: &Live, decided: &Decided) {
        match live {
            Live::Always => {}
            Live::Left { node, .. } => {
                if !decided.contains(node) {
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
