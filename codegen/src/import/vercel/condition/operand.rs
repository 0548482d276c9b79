//! Both sides of a comparison, and what JavaScript's comparison of them is in our language.

use super::super::names::{Known, Names};
use super::super::script::{Comparison, Script, ScriptKind};
use super::super::text::literal;
use super::Wrong;
use crate::diagnostic::code;

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Operand {
    /// In our language.
    pub(in super::super) text: String,
    pub(in super::super) known: Known,
    /// Whether it is a literal.
    pub(in super::super) literal: bool,
}

impl Operand {
    /// A literal.
    pub(in super::super) fn literal(text: String, known: Known) -> Self {
        Self { text, known, literal: true }
    }

    /// The operand that `script` is. Comparisons of comparisons are left to nobody.
    pub(in super::super) fn of(script: &Script, names: &Names<'_>) -> Result<Self, Wrong> {
        match &script.kind {
            ScriptKind::Null => Ok(Self::literal("none".to_owned(), Known::Null)),
            ScriptKind::Bool(value) => Ok(Self::literal(value.to_string(), Known::Bool)),
            ScriptKind::Number(number) => Ok(Self::literal(number.clone(), Known::Number)),
            ScriptKind::Text(text) => Ok(Self::literal(literal(text), Known::Text)),
            ScriptKind::Reference(inner) => {
                let reference = names.resolve(inner).map_err(|why| Wrong {
                    code: code::FOREIGN_REFERENCE,
                    message: format!("refers to {{{{{inner}}}}}, which cannot be resolved, {why},"),
                    span: script.span,
                    help: "let it name a node of this graph, as in `{{@nodeId:Label.field}}`",
                })?;
                Ok(Self { text: reference.text, known: reference.known, literal: false })
            }
            ScriptKind::Not(_)
            | ScriptKind::And(..)
            | ScriptKind::Or(..)
            | ScriptKind::Compare(..) => {
                Err(Wrong::untranslatable("it compares a comparison", script.span))
            }
        }
    }

    /// As a number: unknown values are converted, and fail where they are none.
    fn as_number(&self) -> String {
        if self.known == Known::Any {
            format!("({} | float)", self.text)
        } else {
            self.text.clone()
        }
    }
}

/// The comparison in our language, or why there is none.
pub(in super::super) fn compare(
    how: Comparison,
    a: &Operand,
    b: &Operand,
) -> Result<String, String> {
    match how {
        Comparison::Order(sign) => order(sign, a, b),
        Comparison::Equal { strict } => equal("==", strict, a, b),
        Comparison::NotEqual { strict } => equal("!=", strict, a, b),
    }
}

/// JavaScript compares texts as texts and all else as numbers. Of two values nothing is known
/// about, numbers are meant; what is no number fails when it runs, and is not silently false.
fn order(sign: &str, a: &Operand, b: &Operand) -> Result<String, String> {
    use Known::{Any, Bool, Null, Number, Text};
    match (a.known, b.known) {
        (Number | Any, Number | Any) => Ok(format!("{} {sign} {}", a.as_number(), b.as_number())),
        (Text, Text) => Ok(format!("{} {sign} {}", a.text, b.text)),
        (Text, _) | (_, Text) => Err("it orders text and what may be a number".to_owned()),
        (Bool | Null, _) | (_, Bool | Null) => Err("it orders what has no order".to_owned()),
    }
}

fn equal(sign: &str, strict: bool, a: &Operand, b: &Operand) -> Result<String, String> {
    use Known::{Any, Null, Number};
    match (a.known, b.known) {
        (Null, Null) => Err("it compares nothing with nothing".to_owned()),
        (Null, _) => Ok(presence(sign, b)),
        (_, Null) => Ok(presence(sign, a)),
        // `==` converts, so that "200" is 200; `===` does not.
        (Number, Any) | (Any, Number) if !strict => {
            Ok(format!("{} {sign} {}", a.as_number(), b.as_number()))
        }
        (one, other) if one == other || one == Any || other == Any => {
            Ok(format!("{} {sign} {}", a.text, b.text))
        }
        _ => Err("it compares values of different types, which are never equal".to_owned()),
    }
}

fn presence(sign: &str, operand: &Operand) -> String {
    let is = if sign == "==" { "is not defined" } else { "is defined" };
    format!("{} {is}", operand.text)
}
