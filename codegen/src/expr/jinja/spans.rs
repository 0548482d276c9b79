//! Where the parts of an expression stand: exactly what they cover, in the field's text.

use super::super::ast::{Ast, AstKind};
use crate::diagnostic::Span;

/// The source of one expression.
pub(super) struct Source<'s> {
    pub(super) text: &'s str,
    /// The byte of the field's text at which it starts.
    pub(super) offset: usize,
    /// Whether there is any `(` at all.
    brackets: bool,
}

impl<'s> Source<'s> {
    pub(super) fn new(text: &'s str, offset: usize) -> Self {
        Self { text, offset, brackets: text.contains('(') }
    }

    /// The whole of what `kind` is, brackets included, where the parser says `own`.
    pub(super) fn whole(&self, own: Span, kind: &AstKind) -> Span {
        self.with_brackets(self.cover(own, kind))
    }

    /// Brackets around the first or last part belong to the whole: `(a + b) * c`.
    fn with_brackets(&self, mut span: Span) -> Span {
        if !self.brackets {
            return span;
        }
        let (start, end) = (span.start - self.offset, span.end - self.offset);
        let Some(text) = self.text.get(start..end) else { return span };
        let (open, close) = brackets(text);
        let mut before = self.text.get(..start).unwrap_or_default();
        for _ in open..close {
            let Some(rest) = before.trim_end().strip_suffix('(') else { break };
            before = rest;
            span.start = self.offset + rest.len();
        }
        let mut after = self.text.get(end..).unwrap_or_default();
        for _ in close..open {
            let Some(rest) = after.trim_start().strip_prefix(')') else { break };
            after = rest;
            span.end = self.offset + self.text.len() - rest.len();
        }
        span
    }

    /// The parser's spans start at the operator of a postfix form, and at the token before a ternary
    /// or comparison; ours cover exactly the parts.
    fn cover(&self, own: Span, kind: &AstKind) -> Span {
        let join = |first: &Ast, last: &Ast| Span { start: first.span.start, end: last.span.end };
        let from = |first: &Ast| Span { start: first.span.start.min(own.start), end: own.end };
        match kind {
            AstKind::Binary(_, left, right) => join(left, right),
            AstKind::Chain(first, links) => links.last().map_or(own, |(_, last)| join(first, last)),
            AstKind::Concat(parts) => match parts.as_slice() {
                [first, .., last] => join(first, last),
                _ => own,
            },
            AstKind::Conditional { condition, then, otherwise } => {
                join(then, otherwise.as_deref().unwrap_or(condition))
            }
            AstKind::Unary(_, inner) => {
                // `a not in b` and `a is not b` are negations, but do not start with one.
                let rest = self.text.get(own.start - self.offset..).unwrap_or_default();
                let prefix = rest.starts_with("not") || rest.starts_with('-');
                let start = if prefix { own.start.min(inner.span.start) } else { inner.span.start };
                Span { start, end: own.end.max(inner.span.end) }
            }
            AstKind::Attribute { base, .. }
            | AstKind::Item { base, .. }
            | AstKind::Slice { base, .. } => from(base),
            AstKind::Filter { value, .. }
            | AstKind::Test { value, .. }
            | AstKind::Method { value, .. } => from(value),
            AstKind::Call(call) => Span { start: call.name_span.start, end: own.end },
            AstKind::Null
            | AstKind::Bool(_)
            | AstKind::Int(_)
            | AstKind::Number(_)
            | AstKind::Text(_)
            | AstKind::Name(_)
            | AstKind::List(_)
            | AstKind::Dict(_) => own,
        }
    }
}

/// How many round brackets open and close, but for those in texts.
fn brackets(text: &str) -> (usize, usize) {
    let (mut open, mut close) = (0, 0);
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(begun), end) if begun == end => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => open += 1,
            (None, ')') => close += 1,
            _ => {}
        }
    }
    (open, close)
}
