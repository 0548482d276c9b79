//! Conditions: JavaScript, or the forks' groups of rules, as one bool of our language.

mod operand;

use super::Translated;
use super::document::Node;
use super::names::{Known, Names};
use super::rules;
use super::script::{self, Comparison, Refusal, Script, ScriptKind};
use crate::Diagnostic;
use crate::diagnostic::{Code, Span, code};
pub(super) use operand::{Operand, compare};

/// Why a condition cannot be translated.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) span: Option<Span>,
    pub(super) help: &'static str,
    /// The setting at fault and its text.
    pub(super) field: String,
    pub(super) quoted: String,
}

const SUBSET: &str =
    "write it with literals, references, comparisons, `&&`, `||`, `!` and brackets";
const NAME_A_NODE: &str = "name a node's output, as in `{{@nodeId:Label.field}} === 200`";

/// The condition in our words.
pub(super) fn translate(node: &Node, names: &Names<'_>, found: &mut Vec<Diagnostic>) -> Translated {
    let mut translated = Translated { kind: "condition@1", ..Translated::default() };
    let condition = match rules::of(node) {
        Some(group) => rules::translate(&group, names),
        None => match node.setting("condition") {
            Some(source) => of_script(&source, "/config/condition", names),
            None => Err(Box::new(Problem {
                code: code::FOREIGN_SETTING,
                message: "is empty".to_owned(),
                span: None,
                help: NAME_A_NODE,
                field: "/config/condition".to_owned(),
                quoted: String::new(),
            })),
        },
    };
    match condition {
        Ok(condition) => {
            translated.inputs.insert("condition".into(), format!("{{{{ {condition} }}}}").into());
        }
        Err(problem) => found.push(diagnostic(node, *problem)),
    }
    translated
}

fn diagnostic(node: &Node, problem: Problem) -> Diagnostic {
    let Problem { code, message, span, help, field, quoted } = problem;
    let quoted = if quoted.is_empty() { quoted } else { format!(": {quoted}") };
    let message = format!("the condition of {} {message}{quoted}", node.quoted());
    let diagnostic = Diagnostic::new(code, message).node(&node.id).field(field).help(help);
    match span {
        Some(span) => diagnostic.span(span),
        None => diagnostic,
    }
}

/// A condition written in JavaScript.
pub(super) fn of_script(
    source: &str,
    field: &str,
    names: &Names<'_>,
) -> Result<String, Box<Problem>> {
    let problem = |code, message, span, help| {
        Box::new(Problem {
            code,
            message,
            span: Some(span),
            help,
            field: field.to_owned(),
            quoted: source.to_owned(),
        })
    };
    let script = script::parse(source).map_err(|refusal| match refusal {
        Refusal::Name(name, span) if source.contains("{{") => {
            problem(code::FOREIGN_CODE_REFUSED, format!("uses `{name}`"), span, SUBSET)
        }
        Refusal::Name(_, span) => {
            problem(code::NO_NODE_NAMED, "names no node".to_owned(), span, NAME_A_NODE)
        }
        Refusal::Other(why, span) => {
            let message = format!("cannot be translated, {why}");
            problem(code::FOREIGN_CODE_REFUSED, message, span, SUBSET)
        }
    })?;
    if !names_a_node(&script) {
        let message = "names no node".to_owned();
        return Err(problem(code::NO_NODE_NAMED, message, script.span, NAME_A_NODE));
    }
    let translated = boolean(&script, names);
    translated.map_err(|Wrong { code, message, span, help }| problem(code, message, span, help))
}

fn names_a_node(script: &Script) -> bool {
    match &script.kind {
        ScriptKind::Reference(_) => true,
        ScriptKind::Not(inner) => names_a_node(inner),
        ScriptKind::And(a, b) | ScriptKind::Or(a, b) | ScriptKind::Compare(_, a, b) => {
            names_a_node(a) || names_a_node(b)
        }
        _ => false,
    }
}

/// Why a part of a condition cannot be translated.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) span: Span,
    pub(super) help: &'static str,
}

impl Wrong {
    pub(super) fn untranslatable(why: impl Into<String>, span: Span) -> Self {
        let why: String = why.into();
        let message = format!("cannot be translated, {why}");
        Self { code: code::FOREIGN_CODE_REFUSED, message, span, help: SUBSET }
    }
}

/// An expression of type bool. What JavaScript calls truthy is written out where the type is
/// known; of an unknown value a bool is expected, and anything else fails when it runs.
fn boolean(script: &Script, names: &Names<'_>) -> Result<String, Wrong> {
    match &script.kind {
        ScriptKind::And(a, b) => Ok(format!("{} and {}", part(a, names)?, part(b, names)?)),
        ScriptKind::Or(a, b) => Ok(format!("{} or {}", boolean(a, names)?, boolean(b, names)?)),
        ScriptKind::Not(inner) => match &inner.kind {
            ScriptKind::Reference(_) | ScriptKind::Bool(_) if !is_truthy(inner, names)? => {
                Ok(format!("not {}", boolean(inner, names)?))
            }
            _ => Ok(format!("not ({})", boolean(inner, names)?)),
        },
        ScriptKind::Compare(how, a, b) => comparison(*how, a, b, names),
        ScriptKind::Bool(value) => Ok(value.to_string()),
        ScriptKind::Null | ScriptKind::Number(_) | ScriptKind::Text(_) => {
            Err(Wrong::untranslatable("a literal stands where a bool is expected", script.span))
        }
        ScriptKind::Reference(_) => {
            let operand = Operand::of(script, names)?;
            Ok(match operand.known {
                Known::Number => format!("{} != 0", operand.text),
                Known::Text => format!("{} != \"\"", operand.text),
                Known::Bool | Known::Null | Known::Any => operand.text,
            })
        }
    }
}

/// Whether the reference is written as a comparison.
fn is_truthy(script: &Script, names: &Names<'_>) -> Result<bool, Wrong> {
    let operand = Operand::of(script, names)?;
    Ok(matches!(operand.known, Known::Number | Known::Text))
}

/// An operand of `and`: `or` within it needs brackets.
fn part(script: &Script, names: &Names<'_>) -> Result<String, Wrong> {
    let text = boolean(script, names)?;
    Ok(if matches!(script.kind, ScriptKind::Or(..)) { format!("({text})") } else { text })
}

fn comparison(how: Comparison, a: &Script, b: &Script, names: &Names<'_>) -> Result<String, Wrong> {
    let span = Span { start: a.span.start, end: b.span.end };
    let (a, b) = (Operand::of(a, names)?, Operand::of(b, names)?);
    compare(how, &a, &b).map_err(|why| Wrong::untranslatable(why, span))
}

#[cfg(test)]
mod tests;
