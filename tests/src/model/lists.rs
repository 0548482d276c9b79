//! What lists, maps and texts can do (S18): the filters of the table that random graphs use, read
//! from the page.

use flowcrate_codegen::expr::Ast;
use flowcrate_codegen::expr::ast::{AstKind, Invocation};
use serde_json::Value;

use super::expr::{Stop, milliseconds};

type Evaluated = Result<Value, Stop>;

/// A value through a filter whose arguments are all literals.
pub(super) fn filter(name: &str, value: &Value, call: &Invocation) -> Evaluated {
    match value {
        Value::Array(items) => of_list(name, items, call),
        Value::Object(entries) => match name {
            "length" | "count" => Ok(entries.len().into()),
            "keys" => Ok(sorted(entries.keys().cloned().map(Value::from).collect())?.into()),
            "values" => {
                let keys = sorted(entries.keys().cloned().map(Value::from).collect())?;
                let value = |key: &Value| entries.get(key.as_str()?).cloned();
                Ok(keys.iter().filter_map(value).collect())
            }
            _ => unknown(name, value),
        },
        Value::String(text) => of_text(name, text, call),
        _ => unknown(name, value),
    }
}

fn of_list(name: &str, items: &[Value], call: &Invocation) -> Evaluated {
    let attribute = named(call, "attribute").and_then(Ast::text);
    let part = |item: &Value| attribute.and_then(|name| item.get(name)).cloned();
    let parts = || items.iter().map(|item| part(item).unwrap_or_default()).collect::<Vec<_>>();
    match (name, attribute) {
        ("map", Some(_)) => Ok(parts().into()),
        ("sum", Some(_)) => {
            let sum = parts().iter().try_fold(0_i64, |sum, part| sum.checked_add(part.as_i64()?));
            sum.map(Value::from).ok_or(Stop::Fails)
        }
        ("sort", None) => {
            let mut found = sorted(items.to_vec())?;
            if matches!(named(call, "reverse").map(|ast| &ast.kind), Some(AstKind::Bool(true))) {
                found.reverse();
            }
            Ok(found.into())
        }
        ("unique", None) => {
            let mut found: Vec<Value> = Vec::new();
            for item in items {
                if !found.contains(item) {
                    found.push(item.clone());
                }
            }
            Ok(found.into())
        }
        ("join", None) => {
            let between = call.args.first().and_then(Ast::text).unwrap_or_default();
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join(between).into()).ok_or(Stop::Fails)
        }
        // `selectattr('k', '>', 3)` is the one form.
        ("selectattr", None) => {
            let texts: Vec<&str> = call.args.iter().filter_map(Ast::text).collect();
            let limit = call.args.last().map(|ast| &ast.kind);
            match (texts.as_slice(), limit) {
                ([field, ">"], Some(AstKind::Int(limit))) => {
                    let above = |item: &&Value| {
                        item.get(field).and_then(Value::as_i64).map(i128::from)
                            > i128::try_from(*limit).ok()
                    };
                    Ok(items.iter().filter(above).cloned().collect())
                }
                _ => unknown(name, &Value::from(items)),
            }
        }
        _ => unknown(name, &Value::from(items)),
    }
}

fn of_text(name: &str, text: &str, call: &Invocation) -> Evaluated {
    let argument = |number: usize| call.args.get(number).and_then(Ast::text).unwrap_or_default();
    Ok(match name {
        "lower" => text.to_lowercase().into(),
        "trim" if call.args.is_empty() => text.trim().into(),
        "reverse" => text.chars().rev().collect::<String>().into(),
        "replace" => text.replace(argument(0), argument(1)).into(),
        "capitalize" => {
            let mut letters = text.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            let rest = letters.as_str().to_lowercase();
            format!("{}{rest}", first.unwrap_or_default()).into()
        }
        "milliseconds" => {
            let length = milliseconds(text).ok_or_else(|| Stop::Unknown(text.to_owned()))?;
            length.into()
        }
        _ => return unknown(name, &Value::from(text)),
    })
}

/// `list[start:stop]`: from start to before stop; negative counts from the end.
pub(super) fn slice(value: &Value, start: Option<i64>, stop: Option<i64>) -> Evaluated {
    let Value::Array(items) = value else { return unknown("[:]", value) };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(length) } else { bound };
        usize::try_from(bound.clamp(0, length)).unwrap_or(0)
    };
    let (start, stop) = (place(start.unwrap_or(0)), place(stop.unwrap_or(length)));
    Ok(items.get(start..stop).unwrap_or_default().to_vec().into())
}

/// Ints by their value, texts by their Unicode scalar values.
fn sorted(mut items: Vec<Value>) -> Result<Vec<Value>, Stop> {
    if items.iter().all(Value::is_i64) {
        items.sort_by_key(Value::as_i64);
    } else if items.iter().all(Value::is_string) {
        items.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
    } else {
        return Err(Stop::Unknown(format!("the order of {items:?}")));
    }
    Ok(items)
}

fn named<'a>(call: &'a Invocation, name: &str) -> Option<&'a Ast> {
    call.named.iter().find(|(known, _)| known == name).map(|(_, ast)| ast)
}

fn unknown<T>(name: &str, value: &Value) -> Result<T, Stop> {
    Err(Stop::Unknown(format!("{value} | {name}")))
}
