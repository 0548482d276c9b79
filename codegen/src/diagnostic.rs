//! Diagnostics: one value, many renderers (canvas, terminal, JSON).

use serde::Serialize;

/// One finding about a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable code with a page of its own: `E301`; `flowcrate explain E301` prints it.
    pub code: &'static str,
    /// Whether it stops the compiler.
    pub severity: Severity,
    /// Lower case, no full stop; the node by its label, found against expected.
    pub message: String,
    /// Id of the node or edge at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// JSON pointer into the node's `data`, `/inputs/amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where in the field's text, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// An instruction: how to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// A change to the graph that mends it, ready to apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The graph has no meaning; nothing is stored, run or emitted.
    Error,
    /// It means something, though perhaps not what was meant.
    Warning,
}

/// A range of bytes in a field's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A machine-applicable change: JSON Patch operations (RFC 6902) on the graph document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What the button says, `add the edge from "Look up" to "Charge"`.
    pub title: String,
    /// The operations.
    pub patch: Vec<serde_json::Value>,
}
