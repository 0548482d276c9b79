//! Text with expressions in it (S15), cut at `{{` and `}}`.

use super::ast::{Part, Template};
use super::issue::ExprIssue;
use super::jinja;
use crate::diagnostic::{Span, code};

/// Parses a field's text: plain, exactly one expression, or mixed (S15).
///
/// All issues are given at once. Statements (`{% … %}`), comments (`{# … #}`) and white-space
/// control (`{{-`) of Jinja are none of the language and are refused rather than shown as text.
///
/// ```
/// use flowcrate_codegen::expr::parse;
/// assert!(parse("{{ trigger.total * 2 }}").unwrap().exact().is_some());
/// assert_eq!(parse("plain").unwrap().plain(), Some("plain"));
/// assert_eq!(parse("{{ 1 + }}").unwrap_err()[0].code, "E401");
/// ```
pub fn parse(text: &str) -> Result<Template, Vec<ExprIssue>> {
    let mut cutter = Cutter { text, at: 0, parts: Vec::new(), issues: Vec::new(), unclosed: false };
    while let Some(start) = cutter.next_opening() {
        if !cutter.expression(start) {
            break;
        }
    }
    cutter.finish()
}

struct Cutter<'t> {
    text: &'t str,
    at: usize,
    parts: Vec<Part>,
    issues: Vec<ExprIssue>,
    unclosed: bool,
}

impl<'t> Cutter<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes the text before the next `{{` and gives where that stands.
    fn next_opening(&mut self) -> Option<usize> {
        let start = self.at + self.rest().find("{{")?;
        self.plain(start);
        Some(start)
    }

    /// Takes plain text up to `end`.
    fn plain(&mut self, end: usize) {
        let Some(text) = self.text.get(self.at..end).filter(|text| !text.is_empty()) else {
            return;
        };
        let span = Span { start: self.at, end };
        for (open, close, what) in [("{%", "%}", "a statement"), ("{#", "#}", "a comment")] {
            if let Some(start) = text.find(open)
                && let Some(length) = text.get(start..).and_then(|rest| rest.find(close))
            {
                let start = self.at + start;
                let span = Span { start, end: start + length + close.len() };
                self.issues.push(
                    ExprIssue::new(
                        code::STATEMENT.id,
                        span,
                        format!("{what} of Jinja, `{open} {close}`, is not part of the language"),
                    )
                    .help(format!(
                        "use an expression, `{{{{ a if condition else b }}}}`, or a `condition` \
                         node; write `{{{{ '{open}' }}}}` if the text is meant as it is"
                    )),
                );
            }
        }
        self.parts.push(Part::Text(text.to_owned(), span));
        self.at = end;
    }

    /// Takes the expression that opens at `start`; false where it is never closed.
    fn expression(&mut self, start: usize) -> bool {
        let inside = start + 2;
        let Some(end) = closing(self.text, inside) else {
            let span = Span { start, end: inside };
            self.issues.push(
                ExprIssue::new(code::UNCLOSED.id, span, "`{{` without `}}`").help(
                    "close the expression with `}}`, or write `{{ '{{' }}` for the text `{{`",
                ),
            );
            self.unclosed = true;
            return false;
        };
        let source = self.text.get(inside..end).unwrap_or_default();
        self.at = end + 2;
        if let Some(issue) = control(source, inside) {
            self.issues.push(issue);
            return true;
        }
        match jinja::parse_at(source, inside) {
            Ok(ast) => self.parts.push(Part::Expression(ast)),
            Err(issue) => self.issues.push(issue),
        }
        true
    }

    fn finish(mut self) -> Result<Template, Vec<ExprIssue>> {
        if !self.unclosed {
            self.plain(self.text.len());
        }
        if self.issues.is_empty() {
            let span = Span { start: 0, end: self.text.len() };
            Ok(Template { parts: self.parts, span, source: self.text.to_owned() })
        } else {
            self.issues.sort_by_key(|issue| issue.span);
            Err(self.issues)
        }
    }
}

/// Where the `}}` stands that closes the expression from `start` on: outside of strings and
/// brackets, so that `{{ {'a': {}} }}` works; else the first one outside of strings, so that the
/// parser can say which bracket is open. No expression holds another `{{`: the search ends there.
fn closing(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut open, mut first) = (start, 0_usize, None);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => match string_end(bytes, at) {
                Some(end) => at = end,
                None => return first,
            },
            b'{' if bytes.get(at + 1) == Some(&b'{') => return first,
            b'{' | b'(' | b'[' => open += 1,
            b'}' if bytes.get(at + 1) == Some(&b'}') && open == 0 => return Some(at),
            b'}' if bytes.get(at + 1) == Some(&b'}') => {
                first = first.or(Some(at));
                open -= 1;
            }
            b'}' | b')' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    first
}

/// The position of the quote that closes the string that opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

fn control(source: &str, inside: usize) -> Option<ExprIssue> {
    let (start, sign) = match (source.chars().next(), source.chars().next_back()) {
        (Some(sign @ ('-' | '+')), _) => (inside, sign),
        (_, Some(sign @ ('-' | '+'))) => (inside + source.len() - 1, sign),
        _ => return None,
    };
    let span = Span { start, end: start + 1 };
    let message =
        format!("white-space control, `{{{{{sign}` or `{sign}}}}}`, is not part of the language");
    Some(
        ExprIssue::new(code::STATEMENT.id, span, message)
            .help("put a space after `{{` and before `}}`; use `| trim` to remove white space"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::ast::AstKind;
    use super::*;

    fn shape(text: &str) -> String {
        match parse(text) {
            Err(issues) => issues
                .iter()
                .map(|i| format!("{}@{}", i.code, i.span.start))
                .collect::<Vec<_>>()
                .join(" "),
            Ok(template) => template
                .parts
                .iter()
                .map(|part| match part {
                    Part::Text(text, _) => format!("[{text}]"),
                    Part::Expression(ast) => format!("({}..{})", ast.span.start, ast.span.end),
                })
                .collect(),
        }
    }

    #[test]
    fn s15_text_is_cut_at_expressions() {
        for (text, expected) in [
            ("", ""),
            ("plain } } {", "[plain } } {]"),
            ("{{ a }}", "(3..4)"),
            ("x {{ a.b }} y", "[x ](5..8)[ y]"),
            (r#"{"a":{{a}}}"#, r#"[{"a":](7..8)[}]"#),
            ("{{ {'a': {'b': 1}}.a.b }}", "(3..22)"),
            ("{{ '}}' }}{{ \"\\\"}}\" }}", "(3..7)(13..19)"),
            ("ü{{ 'ü' ~ a }}", "[ü](5..13)"),
            ("100{% and }%", "[100{% and }%]"),
            ("{{ a", "E402@0"),
            ("{{ a }} {{ 'b }}", "E402@8"),
            ("{{ (a }}", "E401@4"),
            ("{{ }} {{ a + }} {{", "E401@2 E401@11 E402@16"),
            ("{% if a %}x{% endif %}", "E403@0"),
            ("{# note #}{{- a -}}", "E403@0 E403@12"),
            ("{{ a -}}", "E403@5"),
            ("{{ a }} }}", "(3..4)[ }}]"),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    fn visit(ast: &super::super::Ast, text: &str, found: &mut Vec<String>) {
        found.push(text[ast.span.start..ast.span.end].to_owned());
        for child in ast.children() {
            visit(child, text, found);
        }
    }

    #[test]
    fn spans_cover_exactly_what_is_meant() {
        let text = "{{ x and (a.b[0] | upper(1) if c is not odd else d not in [1]) < -2 }}";
        let template = parse(text).expect("an expression");
        let mut found = Vec::new();
        visit(template.exact().expect("exact"), text, &mut found);
        for part in [
            "(a.b[0] | upper(1) if c is not odd else d not in [1]) < -2",
            "a.b",
            "a.b[0]",
            "a.b[0] | upper(1)",
            "c is not odd",
            "d not in [1]",
            "-2",
            "a.b[0] | upper(1) if c is not odd else d not in [1]",
        ] {
            assert!(found.iter().any(|f| f == part), "{part} in {found:#?}");
        }
    }

    #[test]
    fn literals_are_what_they_are() {
        let kind = |text: &str| {
            parse(&format!("{{{{ {text} }}}}")).map(|t| t.exact().map(|a| a.kind.clone()))
        };
        assert_eq!(kind("none"), Ok(Some(AstKind::Null)));
        assert_eq!(kind("18446744073709551616"), Ok(Some(AstKind::Int(1 << 64))));
        assert_eq!(kind("1.5e3"), Ok(Some(AstKind::Number(1500.0))));
        assert_eq!(kind("'a\\n\\u00fc'"), Ok(Some(AstKind::Text("a\nü".to_owned()))));
        assert_eq!(kind("1e999").unwrap_err()[0].code, code::NUMBER_RANGE.id);
        assert_eq!(kind("(1, 2)").unwrap_err()[0].code, code::UNSUPPORTED.id);
        assert_eq!(kind("f(*a)").unwrap_err()[0].code, code::UNSUPPORTED.id);
        assert_eq!(kind("a[::2]").unwrap_err()[0].code, code::UNSUPPORTED.id);
    }

    #[test]
    fn what_is_too_deep_is_refused_before_it_hurts() {
        let deep = [
            "(".repeat(100_000),
            "not ".repeat(100_000),
            "-".repeat(100_000),
            "1 + ".repeat(100_000),
            "a ~ ".repeat(100_000),
            "a if b else ".repeat(100_000),
            format!("a{}", ".b".repeat(100_000)),
            format!("a{}", " | upper".repeat(100_000)),
            format!("a{}", "[0]".repeat(100_000)),
            format!("{}1{}", "[".repeat(40), "]".repeat(40)),
            format!("[{}]", "1,".repeat(100_000)),
            format!("1{}", " + 1".repeat(65)),
            "not ".repeat(66),
        ];
        for text in deep {
            let issues = parse(&format!("{{{{ {text}1 }}}}")).expect_err("too deep");
            assert!(
                issues
                    .iter()
                    .all(|i| i.code == code::EXPRESSION_TOO_LARGE.id || i.code == code::SYNTAX.id),
                "{:?}",
                issues[0]
            );
        }
        let wide = format!("{{{{ [{}] }}}}", "1,".repeat(4_000));
        assert!(parse(&wide).is_ok());
    }
}
