//! Tokens of the JavaScript subset.

use super::{Refusal, ScriptKind};
use crate::diagnostic::Span;

/// A token and where it stands.
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// What a token is.
pub(super) enum TokenKind {
    /// A literal or a reference.
    Value(ScriptKind),
    /// A name that is no literal.
    Name(String),
    /// An operator or bracket, also such as are refused later.
    Operator(&'static str),
}

/// Longest first, so that `===` is not `==` and `=`. Those that the parser does not know are here
/// to be quoted whole.
const OPERATORS: [&str; 32] = [
    "===", "!==", ">>>", "...", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "=>", "**", "++",
    "--", "<", ">", "!", "(", ")", "-", "+", "*", "/", "%", "=", "?", ":", ".", ",", "[",
];

/// Cuts a text into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let (kind, length) = token(rest, at)?;
        tokens.push(Token { kind, span: Span { start: at, end: at + length } });
        at += length;
    }
    Ok(tokens)
}

fn token(rest: &str, at: usize) -> Result<(TokenKind, usize), Refusal> {
    let first = rest.chars().next().unwrap_or_default();
    if rest.starts_with("{{") {
        return reference(rest, at);
    }
    if first == '"' || first == '\'' {
        return string(rest, first, at);
    }
    if first.is_ascii_digit() || (first == '.' && second_is_digit(rest)) {
        return number(rest, at);
    }
    if is_name_start(first) {
        let end = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
        return Ok((word(rest.get(..end).unwrap_or_default()), end));
    }
    if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
        return Ok((TokenKind::Operator(operator), operator.len()));
    }
    let span = Span { start: at, end: at + first.len_utf8() };
    Err(Refusal::Other(format!("`{first}` is outside of what can be translated"), span))
}

fn second_is_digit(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn word(word: &str) -> TokenKind {
    match word {
        "true" => TokenKind::Value(ScriptKind::Bool(true)),
        "false" => TokenKind::Value(ScriptKind::Bool(false)),
        "null" | "undefined" => TokenKind::Value(ScriptKind::Null),
        name => TokenKind::Name(name.to_owned()),
    }
}

fn reference(rest: &str, at: usize) -> Result<(TokenKind, usize), Refusal> {
    let Some(end) = rest.find("}}") else {
        let span = Span { start: at, end: at + 2 };
        return Err(Refusal::Other("`{{` is never closed".to_owned(), span));
    };
    let inner = rest.get(2..end).unwrap_or_default().to_owned();
    Ok((TokenKind::Value(ScriptKind::Reference(inner)), end + 2))
}

fn string(rest: &str, quote: char, at: usize) -> Result<(TokenKind, usize), Refusal> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, same @ ('\\' | '\'' | '"'))) => text.push(same),
                Some((_, other)) => {
                    let span = Span { start: at + index, end: at + index + 1 + other.len_utf8() };
                    return Err(Refusal::Other(
                        format!("`\\{other}` is outside of what can be translated"),
                        span,
                    ));
                }
                None => break,
            },
            c if c == quote => {
                return Ok((TokenKind::Value(ScriptKind::Text(text)), index + c.len_utf8()));
            }
            c => text.push(c),
        }
    }
    let span = Span { start: at, end: at + rest.len() };
    Err(Refusal::Other("a text is never closed".to_owned(), span))
}

fn number(rest: &str, at: usize) -> Result<(TokenKind, usize), Refusal> {
    let mut end = 0;
    let mut before = ' ';
    for (index, c) in rest.char_indices() {
        let sign = (c == '+' || c == '-') && (before == 'e' || before == 'E');
        if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || sign) {
            break;
        }
        end = index + c.len_utf8();
        before = c;
    }
    let source = rest.get(..end).unwrap_or_default();
    let span = Span { start: at, end: at + end };
    written(source)
        .map(|number| (TokenKind::Value(ScriptKind::Number(number)), end))
        .ok_or_else(|| Refusal::Other(format!("`{source}` is no number here"), span))
}

/// A number as we write it, `None` where it is none: ints stay ints, `1e3` is `1000.0`.
pub(in super::super) fn written(source: &str) -> Option<String> {
    if source.len() > 1 && source.starts_with('0') && source.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Ok(int) = source.parse::<i64>() {
        return Some(int.to_string());
    }
    let looks_decimal = source.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let number: f64 = source.parse().ok().filter(|_| looks_decimal)?;
    number.is_finite().then(|| {
        // Display writes no exponent, as our language has none.
        let text = number.to_string();
        if text.contains('.') { text } else { format!("{text}.0") }
    })
}
