//! Values that nothing reads.
//!
//! A pure node is there for its value alone, so one whose value goes nowhere was forgotten, or is
//! what a forgotten reference was meant to read.

use std::collections::BTreeSet;

use crate::check::{Body, Checked, Node, expressions};
use crate::diagnostic::{Diagnostic, code, quoted};
use crate::expr::{Name, names_read};

/// Warns of each pure node whose value nothing reads. One that may fail on purpose, since its
/// failure leads somewhere, is no such node.
pub(in crate::check) fn check(checked: &Checked) -> Vec<Diagnostic> {
    let bodies = checked.nodes.values().flat_map(|node| expressions(&node.body));
    let read: BTreeSet<String> = bodies
        .flat_map(names_read)
        .filter_map(|name| match name {
            Name::Step(id) | Name::Error(id) => Some(id),
            _ => None,
        })
        .collect();
    let unused = checked.nodes.values().filter(|node| is_pure(node) && !read.contains(&*node.id));
    unused.map(warning).collect()
}

fn is_pure(node: &Node) -> bool {
    let handled = node.continue_on_error || node.wired.iter().any(|handle| handle == "error");
    matches!(node.body, Body::Transform { .. }) && !node.disabled && !handled
}

fn warning(node: &Node) -> Diagnostic {
    let id = &node.id;
    let message = format!("nothing reads what {} gives", quoted(&node.label));
    Diagnostic::new(code::UNUSED_VALUE, message)
        .node(&**id)
        .help(format!("read it, as `steps.{id}`, or delete the node"))
}
