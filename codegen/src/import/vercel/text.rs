//! Text and JSON with references in it, as text and JSON with expressions of ours.

use serde_json::Value;

use super::names::Names;
use super::references::{self, Piece};
use crate::diagnostic::Span;

/// A reference that cannot be resolved, where it stands, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    pub(super) quoted: String,
    pub(super) span: Span,
    pub(super) why: String,
}

/// A text of theirs in our words. A text that is one reference stays one expression and so keeps
/// its type; braces that are no expression are written as text.
pub(super) fn text(names: &Names<'_>, source: &str) -> Result<String, Vec<Unresolved>> {
    let mut out = String::new();
    let mut unresolved = Vec::new();
    let pieces = references::pieces(source);
    let lone = pieces.iter().filter(|piece| !is_blank(piece)).count() == 1;
    for piece in pieces {
        match piece {
            // Blanks around a lone reference would make a text of it.
            Piece::Text(text) if lone && text.trim().is_empty() => {}
            Piece::Text(text) => out.push_str(&text.replace("{{", "{{ \"{{\" }}")),
            Piece::Braces(inner, span) => match names.resolve(inner) {
                Ok(reference) => out.extend(["{{ ", &reference.text, " }}"]),
                Err(why) => {
                    let quoted = format!("{{{{{inner}}}}}");
                    unresolved.push(Unresolved { quoted, span, why });
                }
            },
        }
    }
    if unresolved.is_empty() { Ok(out) } else { Err(unresolved) }
}

fn is_blank(piece: &Piece<'_>) -> bool {
    matches!(piece, Piece::Text(text) if text.trim().is_empty())
}

/// The same for every text in a JSON value.
pub(super) fn value(names: &Names<'_>, source: &Value) -> Result<Value, Vec<Unresolved>> {
    let mut unresolved = Vec::new();
    let translated = walk(names, source, &mut unresolved);
    if unresolved.is_empty() { Ok(translated) } else { Err(unresolved) }
}

// As deep as serde_json lets a document be.
fn walk(names: &Names<'_>, source: &Value, unresolved: &mut Vec<Unresolved>) -> Value {
    match source {
        Value::String(source) => match text(names, source) {
            Ok(text) => Value::String(text),
            Err(more) => {
                unresolved.extend(more);
                Value::Null
            }
        },
        Value::Array(items) => {
            items.iter().map(|item| walk(names, item, unresolved)).collect::<Vec<_>>().into()
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, field)| (key.clone(), walk(names, field, unresolved)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// JSON in a text, with references inside its texts or in the place of values. `None` where the
/// text is no JSON.
pub(super) fn json(names: &Names<'_>, source: &str) -> Option<Result<Value, Vec<Unresolved>>> {
    let quoted = quote_bare_references(source);
    let parsed: Value = serde_json::from_str(&quoted).ok()?;
    Some(value(names, &parsed))
}

/// `{"n": {{@a:B.n}}}` as `{"n": "{{@a:B.n}}"}`; quotes and backslashes within a reference are
/// written as JSON has them.
fn quote_bare_references(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 16);
    let mut in_text = false;
    for piece in references::pieces(source) {
        match piece {
            Piece::Text(text) => {
                let mut escaped = false;
                for c in text.chars() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => in_text = !in_text,
                        _ => {}
                    }
                }
                out.push_str(text);
            }
            Piece::Braces(inner, _) if references::is_reference(inner) => {
                let whole = Value::from(format!("{{{{{inner}}}}}")).to_string();
                let bare = whole.get(1..whole.len() - 1).unwrap_or_default();
                out.push_str(if in_text { bare } else { &whole });
            }
            Piece::Braces(inner, _) => {
                out.push_str("{{");
                out.push_str(inner);
                out.push_str("}}");
            }
        }
    }
    out
}

/// A text as a literal of the expression language.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
