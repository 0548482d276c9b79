//! What is wrong with an expression.

use crate::diagnostic::{Diagnostic, Fix, Severity, Span, harmless};

/// One finding about a field's text. The check stage adds node and field: [`ExprIssue::at`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprIssue {
    /// Stable code with a page of its own: E4xx expressions, E3xx types.
    pub code: &'static str,
    /// Lower case, no full stop, found against expected.
    pub message: String,
    /// Where in the field's text, in bytes.
    pub span: Span,
    /// An instruction: how to mend it.
    pub help: Option<String>,
    /// A change to the graph that mends it.
    pub fix: Option<Box<Fix>>,
    /// A change to the field's text that mends it; the check stage makes a fix of it.
    pub edit: Option<Box<Edit>>,
}

/// A change to a field's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where something is put in. Where it stands in quotes, so does the
    /// new text.
    pub span: Span,
    /// The new text.
    pub text: String,
}

impl ExprIssue {
    /// An issue without help.
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, help: None, fix: None, edit: None }
    }

    /// The same issue with an instruction.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same issue with the text that would be right at `span`.
    #[must_use]
    pub fn edit(mut self, span: Span, text: Option<impl Into<String>>) -> Self {
        self.edit = text.map(|text| Box::new(Edit { span, text: text.into() }));
        self
    }

    /// The diagnostic that it is in `field` (a JSON pointer into the node's `data`) of `node`.
    pub fn at(self, node: &str, field: &str) -> Diagnostic {
        Diagnostic {
            code: self.code,
            severity: if self.code.starts_with('W') { Severity::Warning } else { Severity::Error },
            message: harmless(self.message),
            node: Some(node.to_owned()),
            field: Some(field.to_owned()),
            span: Some(self.span),
            help: self.help.map(harmless),
            fix: self.fix.map(|fix| *fix),
        }
    }
}
