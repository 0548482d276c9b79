//! The interpreter of typed expressions. It and emitted code call the same functions (S18).

use std::collections::BTreeMap;

use flowcrate::expr::{self as ops, ExprError};
use flowcrate::types::{self, Type, project};
use serde_json::{Map, Value};

use super::operands::Operands;
use super::table::{self, Pattern};
use super::{Expr, ExprKind, Name};

/// The values of names.
pub trait Env {
    /// The canonical value of `name`, as `flowcrate::types::project` gives it; `None`, or null,
    /// where it is absent.
    fn get(&self, name: &Name) -> Option<Value>;
}

/// The names around an `Each` argument, and its element.
struct ElementEnv<'a> {
    outer: &'a dyn Env,
    /// The node whose `item` the element is; of none it is the `Element`.
    binder: Option<&'a str>,
    element: &'a Value,
}

impl Env for ElementEnv<'_> {
    fn get(&self, name: &Name) -> Option<Value> {
        let is_element = match (name, self.binder) {
            (Name::Item(id), Some(binder)) => id == binder,
            (Name::Element, None) => true,
            _ => false,
        };
        if is_element { Some(self.element.clone()) } else { self.outer.get(name) }
    }
}

/// No names at all: for constant expressions.
pub(super) struct Nothing;

impl Env for Nothing {
    fn get(&self, _: &Name) -> Option<Value> {
        None
    }
}

/// The value of `expr`, canonical for its type: ints as JSON ints, numbers as JSON floats,
/// timestamps, durations and bytes as their text, absent fields left out.
pub fn eval(expr: &Expr, env: &dyn Env) -> Result<Value, ExprError> {
    match &expr.kind {
        ExprKind::Literal(value) => Ok(value.clone()),
        ExprKind::Name(name) => Ok(env.get(name).unwrap_or_default()),
        ExprKind::Field { base, name } => Ok(member(eval(base, env)?, name).unwrap_or_default()),
        ExprKind::Key { base, key, or_absent } => eval_key(base, key, *or_absent, env),
        ExprKind::Index { base, index, or_absent } => eval_index(base, index, *or_absent, env),
        ExprKind::Call { op, args } => call(op, args, env),
        ExprKind::And(left, right) => Ok((truth(left, env)? && truth(right, env)?).into()),
        ExprKind::Or(left, right) => Ok((truth(left, env)? || truth(right, env)?).into()),
        ExprKind::Conditional { condition, then, otherwise } => {
            eval(if truth(condition, env)? { then } else { otherwise }, env)
        }
        ExprKind::IsDefined(chain) => Ok((!eval(chain, env)?.is_null()).into()),
        ExprKind::Default { value, fallback } => match eval(value, env)? {
            Value::Null => eval(fallback, env),
            value => Ok(value),
        },
        ExprKind::FirstOf(chains) => {
            for chain in chains {
                let value = eval(chain, env)?;
                if !value.is_null() {
                    return Ok(value);
                }
            }
            Ok(Value::Null)
        }
        ExprKind::List(items) => {
            items.iter().map(|item| eval(item, env)).collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        ExprKind::Record(fields) => eval_record(fields, &expr.ty, env),
        ExprKind::Widen(inner) if expr.ty == Type::Any => eval_any(inner, env),
        ExprKind::Widen(inner) => Ok(types::widen(eval(inner, env)?, &inner.ty, &expr.ty)),
        ExprKind::Read(inner) => {
            project(&expr.ty, &eval(inner, env)?).map_err(|error| ExprError::new(error.to_string()))
        }
        ExprKind::Present(inner) => match eval(inner, env)? {
            Value::Null => Err(ExprError::new("a value that was proven to be there is absent")),
            value => Ok(value),
        },
        ExprKind::Concat(parts) => {
            let mut text = String::new();
            for part in parts {
                text.push_str(eval(part, env)?.as_str().unwrap_or_default());
            }
            Ok(text.into())
        }
        // Stands only where an operation takes an `Each`, which evaluates what is within.
        ExprKind::Each { value, .. } => eval(value, env),
    }
}

/// A value as `any`: a null that is written, or said to be meant, is sent as such; what is absent
/// of a record that was read is not.
fn eval_any(expr: &Expr, env: &dyn Env) -> Result<Value, ExprError> {
    match &expr.kind {
        ExprKind::List(items) => {
            let items = items.iter().map(|item| eval_any(item, env));
            items.collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        ExprKind::Record(fields) => {
            let entries =
                fields.iter().map(|(name, field)| Ok((name.clone(), eval_any(field, env)?)));
            entries.collect::<Result<Map<_, _>, _>>().map(Value::from)
        }
        ExprKind::Widen(inner) if matches!(expr.ty, Type::Any | Type::Optional { .. }) => {
            eval_any(inner, env)
        }
        _ => eval(expr, env),
    }
}

fn truth(condition: &Expr, env: &dyn Env) -> Result<bool, ExprError> {
    Ok(eval(condition, env)? == Value::Bool(true))
}

fn member(base: Value, name: &str) -> Option<Value> {
    match base {
        Value::Object(mut entries) => entries.remove(name),
        _ => None,
    }
}

fn eval_record(fields: &[(String, Expr)], ty: &Type, env: &dyn Env) -> Result<Value, ExprError> {
    let is_map = matches!(ty, Type::Map { .. });
    let mut entries = Map::new();
    for (name, field) in fields {
        let value = eval(field, env)?;
        // Of a record's field absent is the canonical form (S10); a map's key stays.
        if is_map || !value.is_null() {
            entries.insert(name.clone(), value);
        }
    }
    Ok(Value::Object(entries))
}

fn eval_key(base: &Expr, key: &Expr, or_absent: bool, env: &dyn Env) -> Result<Value, ExprError> {
    let (value, key) = (eval(base, env)?, eval(key, env)?);
    let key = key.as_str().unwrap_or_default();
    if or_absent {
        return Ok(member(value, key).unwrap_or_default());
    }
    match (base.ty.some(), value) {
        // The map's own error comes from the one place that words it.
        (Type::Map { .. }, value) => {
            member(value, key).map_or_else(|| ops::map_get(&BTreeMap::new(), key), Ok)
        }
        (_, value) => ops::any_get(&value, key),
    }
}

fn eval_index(
    base: &Expr,
    index: &Expr,
    or_absent: bool,
    env: &dyn Env,
) -> Result<Value, ExprError> {
    let (value, index) = (eval(base, env)?, eval(index, env)?);
    let index = index.as_i64().unwrap_or(i64::MAX);
    match (base.ty.some(), &value) {
        (_, value) if or_absent => Ok(ops::any_find_index(value, index)),
        (Type::List { .. }, Value::Array(list)) => ops::list_index(list, index),
        (_, value) => ops::any_index(value, index),
    }
}

fn call(name: &str, args: &[Expr], env: &dyn Env) -> Result<Value, ExprError> {
    let op = table::op(name)
        .ok_or_else(|| ExprError::new(format!("the operation `{name}` does not exist")))?;
    let mut values = Vec::with_capacity(args.len());
    let mut each = None;
    for (arg, param) in args.iter().zip(op.params) {
        if matches!(param.ty, Pattern::Each(_)) {
            each = Some(arg);
            values.push(Value::Null);
        } else {
            values.push(eval(arg, env)?);
        }
    }
    let types: Vec<&Type> = args.iter().map(|arg| &arg.ty).collect();
    let run_each = each.map(|each| {
        let (binder, each) = match &each.kind {
            ExprKind::Each { binder, value } => (Some(binder.as_str()), &**value),
            _ => (None, each),
        };
        move |element: &Value| eval(each, &ElementEnv { outer: env, binder, element })
    });
    let each = run_each.as_ref().map(|each| each as &dyn Fn(&Value) -> Result<Value, ExprError>);
    (op.run)(&Operands { values: &values, types: &types, each })
}
