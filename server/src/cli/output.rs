//! How commands speak: colours and carets in a terminal, JSON with `--json`.

use std::io::{IsTerminal as _, Write as _};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use clap::{Args, ValueEnum};
use flowcrate_codegen::{Diagnostic, Severity};
use serde::Serialize;
use serde_json::Value;

/// Flags of every command that prints.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct OutputArgs {
    /// Print JSON for programs
    #[arg(long)]
    pub(super) json: bool,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub(super) color: Colour,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// In a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    fn on_stderr(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                std::io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// Prints a line on standard output. A reader that went away is no error of ours.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a value as indented JSON on standard output.
pub(super) fn say_json<T: Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => say(&text),
        Err(error) => complain(&error.to_string()),
    }
}

/// Tells a person something, on standard error.
pub(super) fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints an error of the command itself.
pub(super) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "flowcrate: {message}");
}

/// Prints diagnostics on standard error, each with its field's text and carets.
pub(super) fn report(origin: &str, source: &[u8], diagnostics: &[Diagnostic], colour: Colour) {
    let graph: Value = serde_json::from_slice(source).unwrap_or_default();
    let renderer = if colour.on_stderr() { Renderer::styled() } else { Renderer::plain() };
    for diagnostic in diagnostics {
        let text = renderer.render(&render(origin, &graph, diagnostic));
        let _ = writeln!(std::io::stderr(), "{text}\n");
    }
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors + warnings > 0 {
        let summary =
            format!("{origin}: {}, {}", plural(errors, "error"), plural(warnings, "warning"));
        let _ = writeln!(std::io::stderr(), "{summary}");
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn render<'a>(origin: &str, graph: &Value, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code);
    let place = place(origin, diagnostic);
    let mut group = match text_at(graph, diagnostic) {
        Some(text) => {
            let span = clamp(&text, diagnostic);
            let mark = AnnotationKind::Primary.span(span);
            title.element(Snippet::source(text).path(place).line_numbering(false).annotation(mark))
        }
        None => title.element(Origin::path(place)),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Element::from(Level::HELP.message(help)));
    }
    if let Some(fix) = &diagnostic.fix {
        group = group.element(Element::from(Level::NOTE.message(format!("fix: {}", fix.title))));
    }
    vec![group]
}

/// `graph.json: node charge, /inputs/amount`.
fn place(origin: &str, diagnostic: &Diagnostic) -> String {
    let mut place = origin.to_owned();
    if let Some(node) = &diagnostic.node {
        place.push_str(": ");
        place.push_str(node);
    }
    if let Some(field) = &diagnostic.field {
        place.push_str(if diagnostic.node.is_some() { " " } else { ": " });
        place.push_str(field);
    }
    place
}

/// The text of the field that the diagnostic speaks of.
fn text_at(graph: &Value, diagnostic: &Diagnostic) -> Option<String> {
    diagnostic.span?;
    let Some(id) = diagnostic.node.as_deref() else {
        return Some(graph.pointer(diagnostic.field.as_deref()?)?.as_str()?.to_owned());
    };
    let nodes = graph.get("nodes")?.as_array()?;
    let node = nodes.iter().find(|node| node.get("id").and_then(Value::as_str) == Some(id))?;
    let text = node.get("data")?.pointer(diagnostic.field.as_deref()?)?.as_str()?;
    Some(text.to_owned())
}

/// The diagnostic's span, made to lie on characters of the text: the renderer insists.
fn clamp(text: &str, diagnostic: &Diagnostic) -> Range<usize> {
    let span = diagnostic.span.unwrap_or_default();
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    let (start, end) = (floor(span.start).unwrap_or(0), floor(span.end).unwrap_or(0));
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use flowcrate_codegen::diagnostic::Span;
    use serde_json::json;

    use super::*;

    fn diagnostic(span: Span) -> Diagnostic {
        Diagnostic {
            code: "E301",
            severity: Severity::Error,
            message: "found string, expected int".to_owned(),
            node: Some("charge".to_owned()),
            field: Some("/inputs/amount".to_owned()),
            span: Some(span),
            help: Some("convert it with `int`".to_owned()),
            fix: None,
        }
    }

    #[test]
    fn carets_stand_under_the_span() {
        let graph = json!({"nodes": [{"id": "charge", "data": {"inputs": {"amount": "{{ trigger.total }}"}}}]});
        let diagnostic = diagnostic(Span { start: 3, end: 16 });
        let text = Renderer::plain().render(&render("graph.json", &graph, &diagnostic));
        assert!(text.starts_with("error[E301]: found string, expected int"), "{text}");
        assert!(text.contains("graph.json: charge /inputs/amount"), "{text}");
        assert!(text.contains("{{ trigger.total }}"), "{text}");
        assert!(text.contains("^^^^^^^^^^^^^"), "{text}");
        assert!(text.contains("convert it with `int`"), "{text}");
    }

    #[test]
    fn a_span_off_the_text_does_not_panic() {
        let graph = json!({"nodes": [{"id": "charge", "data": {"inputs": {"amount": "äöü"}}}]});
        for span in
            [Span { start: 1, end: 3 }, Span { start: 900, end: 7 }, Span { start: 6, end: 6 }]
        {
            let diagnostic = diagnostic(span);
            let _ = Renderer::plain().render(&render("graph.json", &graph, &diagnostic));
        }
    }
}
