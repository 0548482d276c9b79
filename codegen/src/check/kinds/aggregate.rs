//! `aggregate@1`: one value of all elements of a list; pure, recomputed.

use flowcrate::types::Type;

use super::{Found, elements};
use crate::check::Body;
use crate::check::site::Site;
use crate::diagnostic::{code, nearest, quoted};
use crate::expr::{Expr, ordered};

const OPERATIONS: [&str; 7] = ["average", "count", "list", "max", "min", "sum", "unique"];

/// `value` reads the element as `item` (S16) and is the element itself by default.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["items", "value"]);
    let operation = operation(site);
    let Some((list, element)) = elements::items(site) else { return Found::giving(None, None) };
    let Some(operation) = operation else { return Found::giving(None, None) };
    if operation == "count" {
        return counted(site, list);
    }
    let Some(values) = values(site, (operation, list), &element) else {
        return Found::giving(None, None);
    };
    let value = result(operation, values);
    let output = value.ty.clone();
    Found::giving(Some(Body::Transform { value }), Some(output))
}

fn operation<'a>(site: &Site<'a>) -> Option<&'a str> {
    let help = "set it to `average`, `count`, `list`, `max`, `min`, `sum` or `unique`";
    let operation = site.required_text_setting("operation", help)?;
    if OPERATIONS.contains(&operation) {
        return Some(operation);
    }
    let problem = format!("is {}, expected one of {}", quoted(operation), OPERATIONS.join(", "));
    let near = nearest(operation, OPERATIONS).map(|near| format!("did you mean `{near}`?"));
    site.bad_setting("operation", &problem, near.as_deref().unwrap_or(help));
    None
}

/// The number of elements; a `value` would mean nothing.
fn counted(site: &Site<'_>, list: Expr) -> Found {
    if site.raw_input("value").is_some() {
        let message =
            format!("{} counts the elements, so its `value` means nothing", site.node.quoted());
        let finding = site.finding(code::UNKNOWN_INPUT, message).field("/inputs/value");
        site.report(finding.help("remove the input, or filter the list before"));
    }
    let value = elements::call("list_length", vec![list], Type::Int);
    Found::giving(Some(Body::Transform { value }), Some(Type::Int))
}

/// The list of the elements' values, of a type that the operation takes.
fn values(site: &Site<'_>, (operation, list): (&str, Expr), element: &Type) -> Option<Expr> {
    let value = elements::over_each(site, ("value", element), None)?;
    let wanted = match (operation, &value.ty) {
        ("sum", Type::Int | Type::Number) | ("average", Type::Number) => Some(value.ty.clone()),
        ("average", Type::Int) => Some(Type::Number),
        ("min" | "max", ty) => ordered(ty),
        ("list" | "unique", ty) => Some(ty.clone()),
        _ => None,
    };
    let Some(wanted) = wanted else {
        let expected = if matches!(operation, "min" | "max") {
            "a value that has an order: int, number, string, bool, timestamp or duration"
        } else {
            "an int or a number"
        };
        let message = format!(
            "{} takes the {operation} of {}, expected {expected}",
            site.node.quoted(),
            value.ty
        );
        let finding = site.finding(code::WRONG_TYPE, message).field("/inputs/value");
        site.report(finding.help("set `value` to a part of `item`: `{{ item.price }}`"));
        return None;
    };
    let given = site.raw_input("value").is_some();
    let value = if wanted == value.ty {
        if !given {
            return Some(list);
        }
        value
    } else {
        elements::over_each(site, ("value", element), Some(&wanted))?
    };
    let ty = Type::list(value.ty.clone());
    Some(elements::operation(site, ("list_map", ty), (list, value), []))
}

/// Of an empty list `min`, `max` and `average` are absent, `sum` is 0.
fn result(operation: &str, values: Expr) -> Expr {
    let element = match &values.ty {
        Type::List { items } => Type::clone(items),
        _ => Type::Any,
    };
    match (operation, &element) {
        ("sum", Type::Int) => elements::call("int_sum", vec![values], Type::Int),
        ("sum", _) => elements::call("number_sum", vec![values], Type::Number),
        ("average", _) => elements::call("number_average", vec![values], Type::Number.optional()),
        ("min", _) => elements::call("list_min", vec![values], element.optional()),
        ("max", _) => elements::call("list_max", vec![values], element.optional()),
        ("unique", _) => elements::call("list_unique", vec![values], Type::list(element)),
        _ => values,
    }
}
