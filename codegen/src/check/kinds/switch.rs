//! `switch@1`: leaves by the first case that holds, else by `default`.

use std::collections::BTreeSet;

use flowcrate::types::{Shape, Type};
use serde_json::Value;

use super::{ERROR, Found, Handles};
use crate::check::settings::shown;
use crate::check::site::Site;
use crate::check::{Body, Case};
use crate::diagnostic::{code, nearest, quoted};
use crate::expr::ast::{Ast, AstKind, Binary, Part, Template, Unary};
use crate::expr::{self, Access, Expr};
use crate::graph::{HandleId, RawNode};

/// The handle by which a switch leaves where no case holds.
pub(super) const DEFAULT: &str = "default";

/// More cases are a table, and belong into a step.
const MAX_CASES: usize = 1_000;

/// Longer names do not fit on a canvas.
const MAX_NAME: usize = 128;

fn cases(node: &RawNode) -> &[Value] {
    let cases = node.config.get("cases").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    cases.get(..MAX_CASES).unwrap_or(cases)
}

/// One per case, then `default` and `error`.
pub(super) fn handles(node: &RawNode) -> Handles {
    let names = cases(node).iter().filter_map(|case| case.get("name")?.as_str());
    let names = names.filter(|name| *name != DEFAULT && *name != ERROR);
    Handles::new(names.chain([DEFAULT, ERROR]), Some(DEFAULT))
}

/// The cases in order. Behind a case its own condition holds and those before it do not.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["value"]);
    check_list(site);
    let value = site.input("value", None);
    let mut names = BTreeSet::new();
    let mut texts = BTreeSet::new();
    let mut failed: BTreeSet<Access> = BTreeSet::new();
    let mut found = Found::silent(None);
    let mut checked = Vec::new();
    for (position, case) in cases(&site.node.raw).iter().enumerate() {
        let at = At { site, position, case };
        let handle = at.name(&mut names);
        let Some(when) = at.when(value.as_ref()) else { continue };
        texts.extend(equals_text(case));
        let facts = expr::facts(&when);
        if let Some(handle) = handle {
            let present = failed.union(&facts.when_true).cloned().collect();
            found.narrowing.push((HandleId::from(handle), present));
            checked.push(Case { handle: handle.to_owned(), when });
        }
        failed.extend(facts.when_false);
    }
    found.narrowing.push((DEFAULT.into(), failed));
    found.exhausted = value.as_ref().is_some_and(|value| covers(&value.ty, &texts));
    found.body = Some(Body::Switch { cases: checked, exhausted: found.exhausted });
    found
}

fn check_list(site: &Site<'_>) {
    let help = "list the cases, each with a `name` and `equals` or `when`";
    match site.setting("cases") {
        Some(Value::Array(cases)) if cases.is_empty() => {
            site.bad_setting("cases", "is empty, expected at least one case", help);
        }
        Some(Value::Array(cases)) if cases.len() > MAX_CASES => {
            let problem = format!("has {} cases, expected at most {MAX_CASES}", cases.len());
            site.bad_setting("cases", &problem, "look the value up in a table, in a custom step");
        }
        Some(Value::Array(_)) => {}
        Some(other) => {
            let problem = format!("is {}, expected a list", shown(other));
            site.bad_setting("cases", &problem, help);
        }
        None => site.bad_setting("cases", "is missing, expected a list", help),
    }
}

/// Whether each value of an enum has its case.
fn covers(ty: &Type, texts: &BTreeSet<&str>) -> bool {
    let Type::Enum(known) = ty else { return false };
    known.values.iter().all(|text| texts.contains(text.as_str()))
}

fn equals_text(case: &Value) -> Option<&str> {
    case.get("equals")?.as_str()
}

/// One case of the list.
struct At<'a> {
    site: &'a Site<'a>,
    position: usize,
    case: &'a Value,
}

impl<'a> At<'a> {
    fn bad(&self, field: &str, problem: &str, help: &str) {
        let (position, label) = (self.position + 1, self.site.node.quoted());
        let message = format!("case {position} of {label} {problem}");
        let pointer = format!("/config/cases/{}{field}", self.position);
        let finding = self.site.finding(code::BAD_SETTING, message);
        self.site.report(finding.field(pointer).help(help));
    }

    /// The handle's name: any text that no other case has.
    fn name(&self, taken: &mut BTreeSet<&'a str>) -> Option<&'a str> {
        let help = "name the case, such as `paid`: its edges leave by that handle";
        let Some(name) = self.case.get("name").and_then(Value::as_str) else {
            self.bad("/name", "has no name", help);
            return None;
        };
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if name.chars().any(breaks) {
            let problem = format!("has the name {}, expected it on one line", quoted(name));
            self.bad("/name", &problem, "write it without line breaks and control characters");
        } else if name.is_empty() || name.len() > MAX_NAME {
            let problem =
                format!("has the name {}, expected 1 to {MAX_NAME} characters", quoted(name));
            self.bad("/name", &problem, help);
        } else if name == DEFAULT || name == ERROR {
            let problem = format!("has the name `{name}`, which every switch has already");
            self.bad("/name", &problem, "give the case another name");
        } else if !taken.insert(name) {
            let problem = format!("has the name {}, which an earlier case has", quoted(name));
            self.bad("/name", &problem, "give the case another name");
        } else {
            return Some(name);
        }
        None
    }

    /// Its condition: `when`, or that the value equals a constant.
    fn when(&self, value: Option<&Expr>) -> Option<Expr> {
        let part = |name: &str| self.case.get(name).filter(|part| !part.is_null());
        let pointer = format!("/config/cases/{}", self.position);
        match (part("equals"), part("when")) {
            (None, Some(when)) => {
                self.site.typed(&format!("{pointer}/when"), when, Some(&Type::Bool))
            }
            (Some(equals), None) if self.site.raw_input("value").is_some() => {
                self.equals(value?, equals)
            }
            (Some(_), None) => {
                self.bad(
                    "/equals",
                    "compares with a value, but the switch has no input `value`",
                    "set the input `value`, or write the case with `when`",
                );
                None
            }
            (Some(_), Some(_)) => {
                self.bad("/when", "has both `equals` and `when`", "remove one of the two");
                None
            }
            (None, None) => {
                let help = "write `equals` with a constant, or `when` with a condition";
                self.bad("", "has neither `equals` nor `when`", help);
                None
            }
        }
    }

    fn equals(&self, value: &Expr, constant: &Value) -> Option<Expr> {
        let Some(literal) = literal(constant, &value.ty) else {
            self.wrong_constant(constant, &value.ty);
            return None;
        };
        let text = self.site.raw_input("value")?.as_str()?;
        let value = as_one(expr::parse(text).ok()?);
        let span = value.span;
        let literal = Ast { kind: literal, span };
        let kind = AstKind::Binary(Binary::Equal, Box::new(value), Box::new(literal));
        let parts = vec![Part::Expression(Ast { kind, span })];
        let template = Template { parts, span, source: text.to_owned() };
        match expr::check(&template, self.site, Some(&Type::Bool)) {
            Ok(when) => Some(when),
            Err(issues) => {
                let pointer = format!("/config/cases/{}/equals", self.position);
                for issue in issues {
                    let mut found = issue.at(&self.site.node.raw.id, &pointer);
                    // It speaks of the value's text, not of the constant's.
                    found.span = None;
                    self.site.report(found);
                }
                None
            }
        }
    }

    fn wrong_constant(&self, constant: &Value, wanted: &Type) {
        let near = match (wanted, constant) {
            (Type::Enum(texts), Value::String(text)) => {
                nearest(text, texts.values.iter().map(String::as_str))
            }
            _ => None,
        };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write a constant of the value's type, or use `when`".to_owned(),
        };
        let message = format!(
            "case {} of {} compares with {}, expected a constant of type {wanted}",
            self.position + 1,
            self.site.node.quoted(),
            shown(constant)
        );
        let pointer = format!("/config/cases/{}/equals", self.position);
        let finding = self.site.finding(code::WRONG_TYPE, message);
        self.site.report(finding.field(pointer).help(help));
    }
}

/// A constant as syntax, where it can be compared with values of type `wanted`.
fn literal(constant: &Value, wanted: &Type) -> Option<AstKind> {
    let literal = match constant {
        Value::Bool(flag) => AstKind::Bool(*flag),
        Value::Number(number) => number_literal(number)?,
        Value::String(text) => AstKind::Text(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let fits = match wanted {
        Type::Any => true,
        Type::Bool => constant.is_boolean(),
        Type::Int | Type::Number => constant.is_number(),
        Type::String => constant.is_string(),
        Type::Enum(texts) => texts.values.iter().any(|text| constant.as_str() == Some(text)),
        // Of the choice that has its form.
        Type::Union(union) => {
            let choice = Shape::of(constant).and_then(|shape| union.of_shape(shape));
            return choice.and_then(|choice| self::literal(constant, choice));
        }
        Type::Null
        | Type::Tuple { .. }
        | Type::Recursive(_)
        | Type::Own { .. }
        | Type::Timestamp
        | Type::Duration
        | Type::Bytes
        | Type::List { .. }
        | Type::Map { .. }
        | Type::Record(_)
        | Type::Optional { .. } => false,
    };
    fits.then_some(literal)
}

fn number_literal(number: &serde_json::Number) -> Option<AstKind> {
    let Some(int) = number.as_i64() else { return number.as_f64().map(AstKind::Number) };
    let positive = AstKind::Int(u128::from(int.unsigned_abs()));
    if int >= 0 {
        return Some(positive);
    }
    let span = crate::diagnostic::Span::default();
    Some(AstKind::Unary(Unary::Negate, Box::new(Ast { kind: positive, span })))
}

/// A template as one expression: mixed text is concatenation.
fn as_one(template: Template) -> Ast {
    let span = template.span;
    let mut parts: Vec<Ast> = template
        .parts
        .into_iter()
        .map(|part| match part {
            Part::Text(text, span) => Ast { kind: AstKind::Text(text), span },
            Part::Expression(ast) => ast,
        })
        .collect();
    if parts.len() == 1 { parts.remove(0) } else { Ast { kind: AstKind::Concat(parts), span } }
}
