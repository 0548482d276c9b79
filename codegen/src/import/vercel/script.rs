//! The subset of JavaScript that conditions are written in: literals, references, comparisons,
//! `&&`, `||`, `!` and brackets. Whatever else stands there is refused.

mod lexer;

use lexer::{Token, TokenKind};

pub(super) use lexer::written;

use crate::diagnostic::Span;

/// Longer conditions are refused, which also bounds how deep a tree can be.
const MOST_TOKENS: usize = 1_000;

/// How deep brackets and `!` may be nested.
const DEEPEST: usize = 32;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Script {
    pub(super) kind: ScriptKind,
    pub(super) span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ScriptKind {
    /// `null` or `undefined`.
    Null,
    Bool(bool),
    /// As we write it: `2000`, `1.5`.
    Number(String),
    Text(String),
    /// What stands between `{{` and `}}`.
    Reference(String),
    Not(Box<Script>),
    And(Box<Script>, Box<Script>),
    Or(Box<Script>, Box<Script>),
    Compare(Comparison, Box<Script>, Box<Script>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// `==` converts, `===` does not.
    Equal { strict: bool },
    /// `!=` and `!==`.
    NotEqual { strict: bool },
    /// `<`, `<=`, `>`, `>=`, as written.
    Order(&'static str),
}

/// Why a text is not in the subset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A bare name: it names no node.
    Name(String, Span),
    /// Anything else.
    Other(String, Span),
}

impl Comparison {
    /// The comparison written so.
    pub(super) fn of(text: &str) -> Option<Self> {
        Some(match text {
            "===" => Self::Equal { strict: true },
            "==" => Self::Equal { strict: false },
            "!==" => Self::NotEqual { strict: true },
            "!=" => Self::NotEqual { strict: false },
            "<" => Self::Order("<"),
            "<=" => Self::Order("<="),
            ">" => Self::Order(">"),
            ">=" => Self::Order(">="),
            _ => return None,
        })
    }

    /// How tightly it binds in JavaScript.
    fn strength(self) -> u8 {
        match self {
            Self::Equal { .. } | Self::NotEqual { .. } => 3,
            Self::Order(_) => 4,
        }
    }
}

/// Parses a condition.
pub(super) fn parse(text: &str) -> Result<Script, Refusal> {
    let tokens = lexer::tokens(text)?;
    let end = Span { start: text.len(), end: text.len() };
    if tokens.len() > MOST_TOKENS {
        return Err(Refusal::Other(
            "it is too long".to_owned(),
            Span { start: 0, end: text.len() },
        ));
    }
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, end };
    let script = parser.binary(1)?;
    match parser.peek() {
        None => Ok(script),
        Some(token) => Err(refuse(token)),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    end: Span,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// Operators that bind at least as tightly as `least`, left to right.
    fn binary(&mut self, least: u8) -> Result<Script, Refusal> {
        let mut left = self.unary()?;
        while let Some(token) = self.peek() {
            let TokenKind::Operator(operator) = token.kind else { break };
            let comparison = Comparison::of(operator);
            let strength = match (operator, comparison) {
                ("||", _) => 1,
                ("&&", _) => 2,
                (_, Some(comparison)) => comparison.strength(),
                _ => break,
            };
            if strength < least {
                break;
            }
            self.at += 1;
            let right = self.binary(strength + 1)?;
            let span = Span { start: left.span.start, end: right.span.end };
            let (one, other) = (Box::new(left), Box::new(right));
            let kind = match comparison {
                Some(comparison) => ScriptKind::Compare(comparison, one, other),
                None if operator == "||" => ScriptKind::Or(one, other),
                None => ScriptKind::And(one, other),
            };
            left = Script { kind, span };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Script, Refusal> {
        let Some(token) = self.next() else {
            return Err(Refusal::Other("it ends too early".to_owned(), self.end));
        };
        match &token.kind {
            TokenKind::Operator("!") => {
                let inner = self.deeper(token.span, Self::unary)?;
                let span = Span { start: token.span.start, end: inner.span.end };
                Ok(Script { kind: ScriptKind::Not(Box::new(inner)), span })
            }
            TokenKind::Operator("-") => self.negative(token.span),
            TokenKind::Operator("(") => {
                let inner = self.deeper(token.span, |this| this.binary(1))?;
                match self.next() {
                    Some(Token { kind: TokenKind::Operator(")"), span }) => {
                        let span = Span { start: token.span.start, end: span.end };
                        Ok(Script { span, ..inner })
                    }
                    Some(other) => Err(refuse(other)),
                    None => Err(Refusal::Other("a bracket is not closed".to_owned(), token.span)),
                }
            }
            TokenKind::Value(kind) => Ok(Script { kind: kind.clone(), span: token.span }),
            TokenKind::Operator(_) | TokenKind::Name(_) => Err(refuse(token)),
        }
    }

    fn negative(&mut self, minus: Span) -> Result<Script, Refusal> {
        match self.next() {
            Some(Token { kind: TokenKind::Value(ScriptKind::Number(number)), span }) => {
                let kind = ScriptKind::Number(format!("-{number}"));
                Ok(Script { kind, span: Span { start: minus.start, end: span.end } })
            }
            Some(other) => Err(refuse(other)),
            None => Err(Refusal::Other("it ends too early".to_owned(), self.end)),
        }
    }

    fn deeper<T>(
        &mut self,
        span: Span,
        parse: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refusal::Other(format!("it is nested more than {DEEPEST} deep"), span));
        }
        let result = parse(self);
        self.depth -= 1;
        result
    }
}

fn refuse(token: &Token) -> Refusal {
    match &token.kind {
        TokenKind::Name(name) => Refusal::Name(name.clone(), token.span),
        TokenKind::Operator(operator) => {
            Refusal::Other(format!("`{operator}` is outside of what can be translated"), token.span)
        }
        TokenKind::Value(_) => Refusal::Other("an operator is missing".to_owned(), token.span),
    }
}

#[cfg(test)]
mod tests;
