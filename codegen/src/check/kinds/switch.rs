//! `switch@1`: leaves by the first case that holds, else by `default`.

use std::collections::BTreeSet;

use flowcrate::types::Type;
use serde_json::Value;

use super::{ERROR, Found, Handles};
use crate::check::settings::shown;
use crate::check::site::Site;
use crate::check::{Body, Case};
use crate::diagnostic::{code, nearest, quoted};
use crate::expr::{self, Access, Expr, ExprKind};
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
    site.only_inputs(["value"]);
    check_list(site);
    let value = site.input("value", None);
    let mut names = BTreeSet::new();
    let mut texts = BTreeSet::new();
    let mut failed: BTreeSet<Access> = BTreeSet::new();
    let mut found = Found::silent(None);
    let mut checked = Vec::new();
    for (position, case) in cases(site.node_data()).iter().enumerate() {
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
    found.body = Some(Body::Switch { cases: checked });
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
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            let problem = format!("has the name {}, expected 1 to {MAX_NAME} characters", quoted(name));
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
        let wanted = match &value.ty {
            Type::Optional { some } => some,
            other => other,
        };
        let ty = literal_type(constant, wanted);
        let Some(ty) = ty else {
            let near = match wanted {
                Type::Enum(texts) => constant
                    .as_str()
                    .and_then(|text| nearest(text, texts.values.iter().map(String::as_str))),
                _ => None,
            };
            let problem =
                format!("compares with {}, expected a constant of type {wanted}", shown(constant));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a constant of the value's type, or use `when`".to_owned(),
            };
            let message = format!(
                "case {} of {} {problem}",
                self.position + 1,
                self.site.node.quoted()
            );
            let pointer = format!("/config/cases/{}/equals", self.position);
            let finding = self.site.finding(code::WRONG_TYPE, message);
            self.site.report(finding.field(pointer).help(help));
            return None;
        };
        let span = value.span;
        let constant = Expr { kind: ExprKind::Literal(constant.clone()), ty, span };
        let args = vec![value.clone(), constant];
        Some(Expr { kind: ExprKind::Call { op: "==", args }, ty: Type::Bool, span })
    }
}

/// The type of a constant that can be compared with values of `wanted`.
fn literal_type(constant: &Value, wanted: &Type) -> Option<Type> {
    let found = match constant {
        Value::Bool(_) => Type::Bool,
        Value::Number(number) if number.is_i64() => Type::Int,
        Value::Number(_) => Type::Number,
        Value::String(_) => Type::String,
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    match (wanted, &found) {
        (Type::Any, _) => Some(found),
        (Type::Enum(texts), Type::String) => {
            let known = texts.values.iter().any(|text| constant.as_str() == Some(text));
            known.then(|| wanted.clone())
        }
        (Type::Int | Type::Number, Type::Int | Type::Number) => Some(found),
        (wanted, found) if wanted == found => Some(found.clone()),
        _ => None,
    }
}
