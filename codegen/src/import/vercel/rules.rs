//! The forks' structured conditions: `{group: {logic, rules: [{leftOperand, operator,
//! rightOperand} | group]}}`.

use serde_json::Value;

use super::condition::{Operand, Problem, Wrong, compare};
use super::document::{Node, text};
use super::names::{Known, Names};
use super::script::{self, Comparison, written};
use super::text::literal;
use crate::diagnostic::{Code, code};

/// Deeper groups are refused.
const DEEPEST: usize = 32;

const OPERATORS: &str = "write it with `===`, `!==`, `==`, `!=`, `<`, `<=`, `>` or `>=`";

/// The group of rules; `None` where there is none or it is empty, and the text counts.
pub(super) fn of(node: &Node) -> Option<Value> {
    let config = match node.config.get("conditionConfig")? {
        Value::String(source) => serde_json::from_str(source).ok()?,
        other => other.clone(),
    };
    let group = config.get("group")?.clone();
    let has_rules = group.get("rules").and_then(Value::as_array).is_some_and(|r| !r.is_empty());
    has_rules.then_some(group)
}

/// A group in our language.
pub(super) fn translate(group: &Value, names: &Names<'_>) -> Result<String, Box<Problem>> {
    let field = "/config/conditionConfig/group".to_owned();
    self::group(group, &field, names, 0)
}

fn problem(code: Code, message: impl Into<String>, field: &str, rule: &Value) -> Box<Problem> {
    Box::new(Problem {
        code,
        message: message.into(),
        span: None,
        help: OPERATORS,
        field: field.to_owned(),
        quoted: rule.to_string(),
    })
}

fn group(
    value: &Value,
    field: &str,
    names: &Names<'_>,
    depth: usize,
) -> Result<String, Box<Problem>> {
    if depth > DEEPEST {
        let message = format!("is nested more than {DEEPEST} deep");
        let problem = problem(code::FOREIGN_CODE_REFUSED, message, field, value);
        return Err(Box::new(Problem { quoted: String::new(), ..*problem }));
    }
    let logic = text(value.get("logic")).unwrap_or_else(|| "AND".to_owned()).to_uppercase();
    let joint = match logic.as_str() {
        "AND" => " and ",
        "OR" => " or ",
        other => {
            let message = format!("joins its rules by `{other}`");
            return Err(problem(code::FOREIGN_CODE_REFUSED, message, field, value));
        }
    };
    let rules = value.get("rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if rules.is_empty() {
        return Err(problem(code::FOREIGN_SETTING, "has an empty group", field, value));
    }
    let mut parts = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let field = format!("{field}/rules/{index}");
        parts.push(if rule.get("rules").is_some() {
            let inner = group(rule, &field, names, depth + 1)?;
            if rules.len() > 1 { format!("({inner})") } else { inner }
        } else {
            self::rule(rule, &field, names)?
        });
    }
    Ok(parts.join(joint))
}

fn rule(rule: &Value, field: &str, names: &Names<'_>) -> Result<String, Box<Problem>> {
    let setting = |key: &str| text(rule.get(key)).unwrap_or_default();
    let (left, right) = (setting("leftOperand"), setting("rightOperand"));
    if !left.contains("{{") && !right.contains("{{") {
        return Err(problem(code::NO_NODE_NAMED, "names no node", field, rule));
    }
    let operator = setting("operator");
    let Some(comparison) = Comparison::of(operator.trim()) else {
        let message = format!("compares by `{operator}`, which cannot be translated");
        return Err(problem(code::FOREIGN_CODE_REFUSED, message, field, rule));
    };
    let side = |key: &str, source: &str| {
        side(source, names).map_err(|wrong| {
            let problem = problem(wrong.code, wrong.message, &format!("{field}/{key}"), rule);
            Box::new(Problem { help: wrong.help, ..*problem })
        })
    };
    let (mut a, mut b) = (side("leftOperand", &left)?, side("rightOperand", &right)?);
    // What is typed into a form is a text where a text is expected.
    let as_text = |source: &str| Operand::literal(literal(source.trim()), Known::Text);
    if a.literal && b.known == Known::Text {
        a = as_text(&left);
    } else if b.literal && a.known == Known::Text {
        b = as_text(&right);
    }
    compare(comparison, &a, &b).map_err(|why| {
        let message = format!("cannot be translated, {why}");
        problem(code::FOREIGN_CODE_REFUSED, message, field, rule)
    })
}

/// An operand as it is typed into a form: a reference, a literal, or bare text.
fn side(source: &str, names: &Names<'_>) -> Result<Operand, Wrong> {
    let source = source.trim();
    match script::parse(source) {
        Ok(script) => Operand::of(&script, names),
        Err(_) if !source.contains("{{") => Ok(bare(source)),
        Err(script::Refusal::Name(_, span) | script::Refusal::Other(_, span)) => {
            Err(Wrong::untranslatable("an operand is neither a reference nor a literal", span))
        }
    }
}

fn bare(source: &str) -> Operand {
    match written(source) {
        Some(number) => Operand::literal(number, Known::Number),
        None => Operand::literal(literal(source), Known::Text),
    }
}
