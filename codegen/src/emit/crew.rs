//! The workflows of one crate: the one that it is of, and all that this calls.

use std::collections::BTreeMap;

use super::names::{Allocator, camel_case, snake};
use super::symbols::Symbols;
use crate::check::Checked;
use crate::ir::Workflow;

/// How the parts of each workflow are called.
#[derive(Debug)]
pub(crate) struct Crew {
    members: BTreeMap<String, Member>,
}

/// How the parts of one workflow are called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Member {
    /// Its function: `order_intake`.
    pub(crate) function: String,
    /// The struct that `#[workflow]` makes: `OrderIntake`.
    pub(crate) structure: String,
    /// The module within `generated` that holds its files; none for the crate's own.
    pub(crate) module: Option<String>,
    /// Whether its input is an enum over several triggers.
    several: bool,
}

/// Modules of `generated`, and functions that the crate exports beside those of its workflows.
const TAKEN: [&str; 7] =
    ["binary", "custom", "generated", "steps", "triggers", "types", "workflow"];

impl Crew {
    /// Names for a workflow and those that it calls, which give way to it.
    pub(crate) fn new(workflow: &Workflow) -> Self {
        let (mut functions, mut structures) = (Allocator::values(), Allocator::types());
        let mut modules = Allocator::default();
        for taken in TAKEN {
            functions.allocate(taken, "");
            modules.allocate(taken, "");
        }
        let callees = workflow.callees.values().map(AsRef::as_ref);
        let mut members = BTreeMap::new();
        for (place, one) in std::iter::once(workflow).chain(callees).enumerate() {
            let stem = snake(&one.name, "run");
            let mut function = functions.allocate(&stem, "_workflow");
            // `a-1` and `a1` are two functions, and would be one struct; `context` is a struct that
            // the code imports.
            while !structures.take(&camel_case(&function)) {
                function = functions.allocate(&format!("{function}_workflow"), "");
            }
            let structure = camel_case(&function);
            let module = (place > 0).then(|| modules.allocate(&stem, "_workflow"));
            let several = one.triggers.len() > 1;
            members.insert(one.name.clone(), Member { function, structure, module, several });
        }
        Self { members }
    }

    /// The names of a workflow of the crate.
    pub(crate) fn member(&self, workflow: &str) -> Option<&Member> {
        self.members.get(workflow)
    }

    /// Names that no type of the crate may take.
    pub(crate) fn reserved(&self) -> impl Iterator<Item = String> {
        self.members.values().flat_map(|member| {
            let input = (member.several || member.module.is_none()).then(|| member.input());
            std::iter::once(member.structure.clone()).chain(input)
        })
    }
}

impl Member {
    /// The enum over several triggers.
    pub(crate) fn input(&self) -> String {
        format!("{}Input", self.structure)
    }

    /// Where a file of it stands in the crate: `crate::generated::ship_order::steps`.
    pub(crate) fn path(&self, file: &str) -> String {
        self.below("crate::generated", file)
    }

    /// Where a file of it stands from those of `other`: the modules may be part of any crate.
    pub(crate) fn path_from(&self, other: &Self, file: &str) -> String {
        let up = if other.module.is_some() { "super::super" } else { "super" };
        self.below(up, file)
    }

    fn below(&self, generated: &str, file: &str) -> String {
        match &self.module {
            Some(module) => format!("{generated}::{module}::{file}"),
            None => format!("{generated}::{file}"),
        }
    }

    /// No imports yet, of a file of it.
    pub(crate) fn symbols(&self) -> Symbols {
        if self.module.is_some() { Symbols::below() } else { Symbols::default() }
    }

    /// The module with the functions that a person writes for it.
    pub(crate) fn custom(&self) -> String {
        match &self.module {
            Some(module) => format!("custom_{module}"),
            None => "custom".to_owned(),
        }
    }
}

/// The trigger of `callee` by which a call starts it.
pub(crate) fn variant(callee: &Checked, trigger: &str) -> String {
    let names = super::names::node_names(callee, "");
    names.get(trigger).map_or_else(String::new, |names| names.stem.clone())
}
