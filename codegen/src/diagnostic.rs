//! Diagnostics: one value, many renderers (canvas, terminal, JSON).

mod codes;
mod nearest;
mod patch;

pub use codes::{CODES, Code, code, explain};
pub use nearest::{Suggestions, nearest};
pub use patch::patched;

use serde::Serialize;
use serde_json::Value;

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
    /// JSON pointer into the node's `data`, `/inputs/amount`; without a node, into the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where in the field's text, in bytes; without a field, in the document's text.
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
    pub patch: Vec<Value>,
}

impl Diagnostic {
    /// A finding with nothing but its message; the severity is the code's.
    ///
    /// ```
    /// use flowcrate_codegen::diagnostic::{Diagnostic, code};
    /// let finding = Diagnostic::new(code::NO_TRIGGER, "the workflow has no trigger")
    ///     .help("add a trigger, such as `manual@1`");
    /// assert_eq!(finding.code, "E207");
    /// ```
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code.id,
            severity: code.severity,
            message: harmless(message.into()),
            node: None,
            field: None,
            span: None,
            help: None,
            fix: None,
        }
    }

    /// The same, at the node or edge with this id.
    #[must_use]
    pub fn node(mut self, id: impl Into<String>) -> Self {
        self.node = Some(id.into());
        self
    }

    /// The same, at this JSON pointer.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>) -> Self {
        self.field = Some(pointer.into());
        self
    }

    /// The same, at this range of the field's text.
    #[must_use]
    pub fn span(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same, with an instruction.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(harmless(help.into()));
        self
    }

    /// The same, with a change that mends it.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, patch: Vec<Value>) -> Self {
        self.fix = Some(Fix { title: harmless(title.into()), patch });
        self
    }

    /// Whether it stops the compiler.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Puts diagnostics into their one order, errors first, then by node, field, place and code, and
/// drops repetitions.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| order(a).cmp(&order(b)));
    diagnostics.dedup();
}

type Order<'a> =
    (Severity, &'a Option<String>, &'a Option<String>, Option<Span>, &'a str, &'a String);

fn order(diagnostic: &Diagnostic) -> Order<'_> {
    let Diagnostic { code, severity, message, node, field, span, .. } = diagnostic;
    (*severity, node, field, *span, code, message)
}

/// Whether any of them stops the compiler.
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// What a message or a help shows: one line that ends, and that shows as what it is. Text of the
/// graph may stand in it, and a terminal or a page shows it.
pub(crate) fn harmless(text: String) -> String {
    /// In bytes; more is no message.
    const MOST: usize = 1_900;
    if text.len() <= MOST && !text.contains(is_unprintable) {
        return text;
    }
    let mut short = String::with_capacity(text.len().min(MOST + 4));
    for character in text.chars() {
        if short.len() >= MOST {
            short.push('…');
            break;
        }
        if character.is_control() {
            short.push(' ');
        } else if !is_unprintable(character) {
            short.push(character);
        }
    }
    short
}

/// Control characters, direction marks and the like: what shows as something else than it is, and
/// what rustc refuses in comments.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200B}'..='\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{2069}'
                | '\u{FEFF}'
        )
}

/// A node's name for a message: its label in quotes, on one line, cut where it is long.
pub fn quoted(label: &str) -> String {
    const LIMIT: usize = 60;
    let mut text = String::with_capacity(label.len().min(4 * LIMIT) + 2);
    text.push('"');
    let mut characters = label.chars();
    for character in characters.by_ref().take(LIMIT) {
        text.push(if character.is_control() { ' ' } else { character });
    }
    if characters.next().is_some() {
        text.push('…');
    }
    text.push('"');
    text
}

/// Names for a message, each in code quotes; of many, the first.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const LIMIT: usize = 16;
    let mut names = names.into_iter();
    let mut text = String::new();
    for name in names.by_ref().take(LIMIT) {
        let separator = if text.is_empty() { "" } else { ", " };
        text.push_str(separator);
        text.push('`');
        text.push_str(quoted(name).trim_matches('"'));
        text.push('`');
    }
    if names.next().is_some() {
        text.push_str(", …");
    }
    text
}

/// `text` as one token of a JSON pointer (RFC 6901).
pub fn pointer_token(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}
