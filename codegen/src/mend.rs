//! Applies every fix that the diagnostics of a document offer.

use std::collections::BTreeSet;

use crate::check::check_source;
use crate::diagnostic::{Diagnostic, patched};
use crate::known::Known;

/// More fixes than a person would look through.
const MOST: usize = 1_000;

/// A document after its fixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Its text; what no fix touched is as it was.
    pub text: String,
    /// What was mended, in order.
    pub applied: Vec<Diagnostic>,
    /// What is left, as of any check.
    pub left: Vec<Diagnostic>,
}

/// Applies fixes one by one, each to what the one before it left, until none is offered.
///
/// ```
/// use flowcrate::catalogue::Catalogue;
/// let graph = r#"{ "name": "hello", "nodes": [ { "id": "start", "data": { "kind": "manul@1" } } ] }"#;
/// let mended = flowcrate_codegen::mend(graph, &Catalogue::default());
/// assert!(mended.text.contains("manual@1") && mended.left.is_empty());
/// ```
pub fn mend<'c>(source: &str, known: impl Into<Known<'c>>) -> Mended {
    let known = known.into();
    let (mut text, mut applied, mut tried) = (source.to_owned(), Vec::new(), BTreeSet::new());
    loop {
        let (_, left) = check_source(text.as_bytes(), known);
        // A fix that did not mend what it is for is not tried again.
        let next = left.iter().find_map(|found| {
            let fix = found.fix.as_ref().filter(|_| applied.len() < MOST)?;
            let key =
                format!("{:?} {:?} {} {:?}", found.node, found.field, found.message, fix.patch);
            let text = tried.insert(key).then(|| patched(&text, fix)).flatten()?;
            Some((text, found.clone()))
        });
        let Some((mended, found)) = next else { return Mended { text, applied, left } };
        text = mended;
        applied.push(found);
    }
}
