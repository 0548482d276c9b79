//! Expressions (S15 to S17), evaluated by the model itself over the parsed tree.
//!
//! It knows the operators and the few filters that random graphs use. Absent is null (S10).

use std::cmp::Ordering;

use flowcrate_codegen::expr::ast::{AstKind, Binary, Invocation, Part, Unary};
use flowcrate_codegen::expr::{Ast, Template, parse};
use serde_json::{Map, Value};

use super::lists;
use super::plant::{Plant, planted};

/// Names, as an expression sees them at its place.
pub(super) trait Env {
    /// `trigger`, `steps.<id>`, `errors.<id>`, `item`, …: what the path means, and how many of its
    /// parts it took.
    fn name(&self, path: &[String]) -> Option<(Value, usize)>;
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stop {
    /// S17: a failure of the node.
    Fails,
    /// The model does not know this; whoever wrote the graph has to do without.
    Unknown(String),
}

type Evaluated = Result<Value, Stop>;

/// The value of a field: its texts evaluated at any depth (S15).
pub(super) fn value(field: &Value, env: &dyn Env) -> Evaluated {
    match field {
        Value::String(text) => template(&parsed(text)?, env),
        Value::Array(items) => items.iter().map(|item| value(item, env)).collect(),
        Value::Object(fields) => {
            let mut record = Map::new();
            for (name, field) in fields {
                let value = value(field, env)?;
                // S10.
                if !value.is_null() {
                    record.insert(name.clone(), value);
                }
            }
            Ok(Value::Object(record))
        }
        other => Ok(other.clone()),
    }
}

/// A condition (S17): a bool.
pub(super) fn holds(field: &Value, env: &dyn Env) -> Result<bool, Stop> {
    match value(field, env)? {
        Value::Bool(holds) => Ok(holds),
        other => unknown(format!("the condition {other}")),
    }
}

/// A duration in milliseconds: text such as `1s 20ms`, or such a text times a number.
pub(super) fn duration(field: &Value, env: &dyn Env) -> Result<u64, Stop> {
    let text = field.as_str().unwrap_or_default();
    let template = parsed(text)?;
    match template.exact().map(|ast| &ast.kind) {
        None => milliseconds(text).ok_or_else(|| Stop::Unknown(format!("the duration {text}"))),
        Some(AstKind::Name(_) | AstKind::Attribute { .. }) => {
            let value = template.exact().map_or(Ok(Value::Null), |ast| eval(ast, env))?;
            let length = value.as_str().and_then(milliseconds);
            length.ok_or_else(|| Stop::Unknown(format!("the duration {value}")))
        }
        Some(AstKind::Binary(Binary::Multiply, left, right)) => {
            let times = int(&eval(right, env)?)?;
            let length = match &left.kind {
                AstKind::Call(call) if call.name == "duration" => {
                    call.args.first().and_then(Ast::text).and_then(milliseconds)
                }
                _ => eval(left, env)?.as_str().and_then(milliseconds),
            };
            let Some(length) = length else { return unknown(format!("the duration {text}")) };
            // A duration is not negative.
            let times = u64::try_from(times).map_err(|_| Stop::Fails)?;
            length.checked_mul(times).ok_or(Stop::Fails)
        }
        Some(_) => unknown(format!("the duration {text}")),
    }
}

/// An instant, in milliseconds since the run's start: a name, and what is added to it.
pub(super) fn instant(field: &Value, env: &dyn Env) -> Result<u64, Stop> {
    let text = field.as_str().unwrap_or_default();
    let template = parsed(text)?;
    match template.exact().map(|ast| &ast.kind) {
        Some(AstKind::Binary(Binary::Add, left, right)) => {
            let from = eval(left, env)?;
            let length = match &right.kind {
                AstKind::Call(call) if call.name == "duration" => {
                    call.args.first().and_then(Ast::text).and_then(milliseconds)
                }
                _ => None,
            };
            let from = from.as_str().and_then(clock);
            from.zip(length)
                .map(|(from, length)| from + length)
                .ok_or_else(|| Stop::Unknown(format!("the instant {text}")))
        }
        _ => unknown(format!("the instant {text}")),
    }
}

/// `1970-01-01T00:00:02.500Z`: runs begin at this day's first instant, and are short.
fn clock(text: &str) -> Option<u64> {
    let time = text.strip_prefix("1970-01-01T")?.strip_suffix('Z')?;
    let (time, thousandths) = time.split_once('.')?;
    let parts = time.split(':').map(|part| part.parse::<u64>().ok());
    let parts: Option<Vec<u64>> = parts.collect();
    let seconds = parts?.into_iter().fold(0, |sum, part| sum * 60 + part);
    Some(seconds * 1_000 + thousandths.parse::<u64>().ok()?)
}

/// `1h 2m 3s 4ms`.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let part = |part: &str| {
        let digits = part.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = part.split_at_checked(digits)?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        Some(number.parse::<u64>().ok()? * unit)
    };
    text.split_whitespace().map(part).sum()
}

fn parsed(text: &str) -> Result<Template, Stop> {
    parse(text).map_err(|issues| Stop::Unknown(format!("{text}: {issues:?}")))
}

/// S15: exactly one expression keeps its type, mixed text is concatenation.
fn template(template: &Template, env: &dyn Env) -> Evaluated {
    if let Some(ast) = template.exact() {
        return eval(ast, env);
    }
    let mut whole = String::new();
    for part in &template.parts {
        match part {
            Part::Text(text, _) => whole.push_str(text),
            Part::Expression(ast) => whole.push_str(&text(&eval(ast, env)?)?),
        }
    }
    Ok(Value::String(whole))
}

fn eval(ast: &Ast, env: &dyn Env) -> Evaluated {
    match &ast.kind {
        AstKind::Null => Ok(Value::Null),
        AstKind::Bool(flag) => Ok(Value::Bool(*flag)),
        AstKind::Number(number) => finite(*number),
        AstKind::Int(number) => {
            i64::try_from(*number).map(Value::from).map_err(|_| Stop::Unknown(number.to_string()))
        }
        AstKind::Text(text) => Ok(Value::from(text.as_str())),
        AstKind::Name(_) | AstKind::Attribute { .. } => chain(ast, env, false),
        AstKind::Item { base, index } => item(&eval(base, env)?, &eval(index, env)?),
        AstKind::Slice { base, start, stop } => {
            let bound = |part: &Option<Box<Ast>>| match part {
                Some(part) => int(&eval(part, env)?).map(Some),
                None => Ok(None),
            };
            lists::slice(&eval(base, env)?, bound(start)?, bound(stop)?)
        }
        AstKind::Unary(Unary::Not, operand) => Ok(Value::Bool(!flag(&eval(operand, env)?)?)),
        AstKind::Unary(Unary::Negate, operand) => {
            arithmetic(Binary::Subtract, &Value::from(0), &eval(operand, env)?)
        }
        AstKind::Binary(operator, left, right) => binary(*operator, left, right, env),
        AstKind::Concat(parts) => {
            let parts = parts.iter().map(|part| text(&eval(part, env)?));
            parts.collect::<Result<String, Stop>>().map(Value::String)
        }
        AstKind::Conditional { condition, then, otherwise } => {
            match (flag(&eval(condition, env)?)?, otherwise) {
                (true, _) => eval(then, env),
                (false, Some(otherwise)) => eval(otherwise, env),
                (false, None) => Ok(Value::Null),
            }
        }
        AstKind::Filter { value, call } => filter(value, call, env),
        AstKind::Test { value, call } => test(value, call, env),
        AstKind::Call(call) => function(call, env),
        AstKind::List(items) => items.iter().map(|item| eval(item, env)).collect(),
        AstKind::Dict(entries) => {
            let mut record = Map::new();
            for (key, value) in entries {
                let value = eval(value, env)?;
                if !value.is_null() {
                    record.insert(key.text().unwrap_or_default().to_owned(), value);
                }
            }
            Ok(Value::Object(record))
        }
        other => unknown(format!("{other:?}")),
    }
}

/// The field of the payload that has no type: random graphs read keys of this one alone.
const UNTYPED: &str = "raw";

/// The value of a chain that is covered (S8): what is absent on the way is absent.
fn covered(ast: &Ast, env: &dyn Env) -> Evaluated {
    match &ast.kind {
        AstKind::Name(_) | AstKind::Attribute { .. } => chain(ast, env, true),
        AstKind::Item { base, index } => match item(&covered(base, env)?, &eval(index, env)?) {
            Err(Stop::Fails) => Ok(Value::Null),
            found => found,
        },
        _ => eval(ast, env),
    }
}

/// A name and the fields behind it. A field of what is absent is absent (S8 allows that only where
/// the chain is covered); of what has no type, a missing key fails unless it is covered (S12).
fn chain(ast: &Ast, env: &dyn Env, covers: bool) -> Evaluated {
    let mut path = Vec::new();
    let mut at = ast;
    while let AstKind::Attribute { base, name, .. } = &at.kind {
        path.insert(0, name.clone());
        at = base;
    }
    let (mut value, taken) = match &at.kind {
        AstKind::Name(name) => {
            path.insert(0, name.clone());
            env.name(&path).ok_or_else(|| Stop::Unknown(format!("the name {path:?}")))?
        }
        AstKind::Item { .. } if covers => (covered(at, env)?, 0),
        _ => (eval(at, env)?, 0),
    };
    let mut untyped = false;
    for name in path.get(taken..).unwrap_or_default() {
        let found = value.get(name).cloned();
        // A key of what is no object is asked for where nothing tells the type, and nowhere else.
        if (untyped || !value.is_object()) && !covers && found.is_none() {
            return Err(Stop::Fails);
        }
        untyped |= name == UNTYPED;
        value = found.unwrap_or_default();
    }
    Ok(value)
}

fn item(base: &Value, index: &Value) -> Evaluated {
    // The keys of a map.
    if let (Value::Object(entries), Some(key)) = (base, index.as_str()) {
        return entries.get(key).cloned().ok_or(Stop::Fails);
    }
    let (Value::Array(items), Some(index)) = (base, index.as_i64()) else {
        return unknown(format!("{base}[{index}]"));
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let index = if index < 0 { index + length } else { index };
    let found = usize::try_from(index).ok().and_then(|index| items.get(index));
    found.cloned().ok_or(Stop::Fails)
}

fn binary(operator: Binary, left: &Ast, right: &Ast, env: &dyn Env) -> Evaluated {
    let left = eval(left, env)?;
    match (operator, &left) {
        (Binary::And, Value::Bool(false)) => return Ok(Value::Bool(false)),
        (Binary::Or, Value::Bool(true)) => return Ok(Value::Bool(true)),
        _ => {}
    }
    let right = eval(right, env)?;
    match (operator, &left, &right) {
        (Binary::Add, Value::Array(left), Value::Array(right)) => {
            Ok([&left[..], right].concat().into())
        }
        (Binary::Add, Value::String(left), Value::String(right)) => {
            Ok(format!("{left}{right}").into())
        }
        _ => arithmetic(operator, &left, &right),
    }
}

/// An operation on two values that are there.
fn arithmetic(operator: Binary, left: &Value, right: &Value) -> Evaluated {
    let numbers = || Ok::<_, Stop>((int(left)?, int(right)?));
    let checked = |result: Option<i64>| result.map(Value::from).ok_or(Stop::Fails);
    let compared = |holds: fn(Ordering) -> bool| {
        // Numbers are finite: any two compare.
        let order = if left.is_i64() && right.is_i64() {
            Some(int(left)?.cmp(&int(right)?))
        } else {
            number(left)?.partial_cmp(&number(right)?)
        };
        Ok(Value::Bool(order.is_some_and(holds)))
    };
    let whole = left.is_i64() && right.is_i64();
    match operator {
        Binary::And | Binary::Or => Ok(Value::Bool(flag(right)?)),
        Binary::Equal => Ok(Value::Bool(alike(left, right))),
        Binary::NotEqual => Ok(Value::Bool(!alike(left, right))),
        Binary::Less => compared(Ordering::is_lt),
        Binary::LessEqual => compared(Ordering::is_le),
        Binary::Greater => compared(Ordering::is_gt),
        Binary::GreaterEqual => compared(Ordering::is_ge),
        Binary::Add if whole => checked(numbers()?.0.checked_add(numbers()?.1)),
        Binary::Subtract if whole => checked(numbers()?.0.checked_sub(numbers()?.1)),
        Binary::Multiply if whole => checked(numbers()?.0.checked_mul(numbers()?.1)),
        Binary::Add => finite(number(left)? + number(right)?),
        Binary::Subtract => finite(number(left)? - number(right)?),
        Binary::Multiply => finite(number(left)? * number(right)?),
        Binary::Divide => finite(number(left)? / number(right)?),
        // Rounded down; the rest has the sign of the divisor.
        Binary::FloorDivide => {
            let (left, right) = numbers()?;
            let quotient = left.checked_div(right).ok_or(Stop::Fails)?;
            if planted(Plant::DivisionTowardsZero) {
                return checked(Some(quotient));
            }
            let inexact = left % right != 0 && (left < 0) != (right < 0);
            checked(Some(quotient - i64::from(inexact)))
        }
        Binary::Remainder => {
            let (left, right) = numbers()?;
            let rest = left.checked_rem(right).ok_or(Stop::Fails)?;
            let other_sign = rest != 0 && (rest < 0) != (right < 0);
            checked(Some(if other_sign { rest + right } else { rest }))
        }
        Binary::In => match right {
            Value::Array(items) => Ok(Value::Bool(items.contains(left))),
            Value::Object(entries) => {
                Ok(Value::Bool(left.as_str().is_some_and(|key| entries.contains_key(key))))
            }
            _ => unknown(format!("{left} in {right}")),
        },
        _ => unknown(operator.text().to_owned()),
    }
}

fn filter(operand: &Ast, call: &Invocation, env: &dyn Env) -> Evaluated {
    let covers = matches!(call.name.as_str(), "default" | "d");
    let value = if covers { covered(operand, env)? } else { eval(operand, env)? };
    match (call.name.as_str(), &value) {
        ("default" | "d", Value::Null) => {
            call.args.first().map_or(Ok(Value::Null), |fallback| eval(fallback, env))
        }
        ("default" | "d", _) => Ok(value),
        ("length" | "count", Value::Array(items)) => Ok(items.len().into()),
        ("length" | "count", Value::String(text)) => Ok(text.chars().count().into()),
        ("string", Value::Null | Value::Array(_) | Value::Object(_)) => Err(Stop::Fails),
        ("string", _) => text(&value).map(Value::String),
        ("int", _) => to_int(&value),
        ("float", _) => to_number(&value),
        ("upper", Value::String(text)) => Ok(text.to_uppercase().into()),
        ("sum", Value::Array(items)) if call.named.is_empty() => items
            .iter()
            .try_fold(0_i64, |sum, item| sum.checked_add(int(item)?).ok_or(Stop::Fails))
            .map(Value::from),
        ("first", Value::Array(items)) => Ok(items.first().cloned().unwrap_or_default()),
        ("last", Value::Array(items)) => Ok(items.last().cloned().unwrap_or_default()),
        ("reverse", Value::Array(items)) => Ok(items.iter().rev().cloned().collect()),
        ("abs", _) => int(&value)?.checked_abs().map(Value::from).ok_or(Stop::Fails),
        (name, _) => lists::filter(name, &value, call),
    }
}

fn test(operand: &Ast, call: &Invocation, env: &dyn Env) -> Evaluated {
    let value = covered(operand, env)?;
    match call.name.as_str() {
        "defined" => Ok(Value::Bool(!value.is_null())),
        "undefined" | "none" => Ok(Value::Bool(value.is_null())),
        // Of a union: the form that it has.
        "string" if planted(Plant::FormedOfText) => Ok(Value::Bool(!value.is_array())),
        "string" => Ok(Value::Bool(value.is_string())),
        "number" => Ok(Value::Bool(value.is_number())),
        "sequence" => Ok(Value::Bool(value.is_array())),
        "odd" => Ok(Value::Bool(int(&value)? % 2 != 0)),
        "even" => Ok(Value::Bool(int(&value)? % 2 == 0)),
        "startingwith" => {
            let prefix = call.args.first().and_then(Ast::text).unwrap_or_default();
            Ok(Value::Bool(value.as_str().is_some_and(|text| text.starts_with(prefix))))
        }
        other => unknown(format!("is {other}")),
    }
}

fn function(call: &Invocation, env: &dyn Env) -> Evaluated {
    match call.name.as_str() {
        // S9.
        "first_of" => {
            for candidate in &call.args {
                let value = covered(candidate, env)?;
                if !value.is_null() {
                    return Ok(value);
                }
            }
            Ok(Value::Null)
        }
        "range" => {
            let bounds = call.args.iter().map(|arg| int(&eval(arg, env)?));
            match bounds.collect::<Result<Vec<i64>, Stop>>()?.as_slice() {
                [end] => Ok((0..*end).collect()),
                [start, end] => Ok((*start..*end).collect()),
                _ => unknown("range".to_owned()),
            }
        }
        other => unknown(format!("{other}()")),
    }
}

fn int(value: &Value) -> Result<i64, Stop> {
    value.as_i64().ok_or_else(|| Stop::Unknown(format!("{value} as an int")))
}

fn number(value: &Value) -> Result<f64, Stop> {
    value.as_f64().ok_or_else(|| Stop::Unknown(format!("{value} as a number")))
}

/// S17: a number is finite.
fn finite(number: f64) -> Evaluated {
    if number.is_finite() { Ok(Value::from(number)) } else { Err(Stop::Fails) }
}

/// Numbers are the same by their value.
fn alike(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
        _ => left == right,
    }
}

/// `| int`: of digits, of a number cut off towards zero, of a bool.
#[expect(clippy::cast_possible_truncation, reason = "random numbers are small")]
fn to_int(value: &Value) -> Evaluated {
    match value {
        Value::Number(number) if number.is_i64() => Ok(value.clone()),
        Value::Number(number) => Ok((number.as_f64().unwrap_or(0.0).trunc() as i64).into()),
        Value::String(text) => text.parse::<i64>().map(Value::from).map_err(|_| Stop::Fails),
        Value::Bool(flag) => Ok(i64::from(*flag).into()),
        _ => Err(Stop::Fails),
    }
}

/// `| float`.
fn to_number(value: &Value) -> Evaluated {
    match value {
        Value::Number(_) => finite(number(value)?),
        Value::String(text) => text.parse::<f64>().map_err(|_| Stop::Fails).and_then(finite),
        Value::Bool(flag) => finite(if *flag { 1.0 } else { 0.0 }),
        _ => Err(Stop::Fails),
    }
}

fn flag(value: &Value) -> Result<bool, Stop> {
    value.as_bool().ok_or_else(|| Stop::Unknown(format!("{value} as a bool")))
}

/// The text form (S17).
fn text(value: &Value) -> Result<String, Stop> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) if number.is_i64() => Ok(number.to_string()),
        Value::Number(number) => Ok(format!("{:?}", number.as_f64().unwrap_or_default())),
        other => unknown(format!("the text of {other}")),
    }
}

fn unknown<T>(what: String) -> Result<T, Stop> {
    Err(Stop::Unknown(what))
}
