//! The graphs on a diagnostic's page: fenced blocks, marked `json wrong`, `json right` and
//! `json callee`.

use flowcrate_codegen::Callees;
use flowcrate_codegen::diagnostic::Code;
use serde_json::Value;

/// The blocks of a page that are fenced with these words.
pub fn blocks<'p>(page: &'p str, fence: &str) -> Vec<&'p str> {
    let opening = format!("\n```{fence}\n");
    let after = page.split(opening.as_str()).skip(1);
    after.filter_map(|rest| rest.split("\n```").next()).collect()
}

/// The workflows that a page's graphs may call: its blocks that are marked `json callee`.
pub fn callees(code: Code) -> Callees {
    let named = |document: &'static str| {
        let read: Value = serde_json::from_str(document).ok()?;
        Some((read["name"].as_str()?.to_owned(), document))
    };
    blocks(code.page, "json callee").into_iter().filter_map(named).collect()
}

/// Whether a code speaks of another tool's graphs.
pub fn is_foreign(code: Code) -> bool {
    code.id.get(1..2) == Some("6")
}
