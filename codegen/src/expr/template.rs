//! Text with expressions in it (S15), cut at `{{` and `}}`.

use super::{ExprIssue, Template};

/// Parses a field's text.
pub fn parse(_text: &str) -> Result<Template, Vec<ExprIssue>> {
    Err(Vec::new())
}
