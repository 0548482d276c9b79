//! What `filter@1`, `sort@1` and `aggregate@1` share: a list, and an input over its elements.
//!
//! They are expressions in the form of nodes: each becomes a `transform` of an operation of the
//! table, so that no back end knows of them (S18, S37).

use flowcrate::types::Type;
use serde_json::Value;

use crate::check::site::Site;
use crate::diagnostic::code;
use crate::expr::{Expr, ExprKind, as_list};

/// The input `items`, a list, and the type of its elements. `None` where it is wrong.
pub(super) fn items(site: &Site<'_>) -> Option<(Expr, Type)> {
    let any = Type::list(Type::Any);
    if site.raw_input("items").is_none() {
        site.missing_input("items", &any);
        return None;
    }
    let items = site.input("items", None)?;
    match &items.ty {
        Type::List { items: element } => {
            let element = Type::clone(element);
            Some((items, element))
        }
        // Read as a list when it is used; anything else fails the node.
        Type::Any => Some((site.input("items", Some(&any))?, Type::Any)),
        other => {
            if let Some(list @ Type::List { .. }) = as_list(other) {
                let items = site.input("items", Some(&list))?;
                let Type::List { items: element } = list else { return None };
                return Some((items, Type::clone(&element)));
            }
            let message = format!("`items` of {} is {other}, expected a list", site.node.quoted());
            let finding = site.finding(code::WRONG_TYPE, message).field("/inputs/items");
            site.report(finding.help("give it an expression whose value is a list"));
            None
        }
    }
}

/// An input that is evaluated for each element, which it reads as `item`; by default the element.
pub(super) fn over_each(
    site: &Site<'_>,
    (name, element): (&str, &Type),
    expected: Option<&Type>,
) -> Option<Expr> {
    site.bind_item(element.clone());
    if site.raw_input(name).is_none() {
        return site.typed(&format!("/inputs/{name}"), &Value::from("{{ item }}"), expected);
    }
    site.input(name, expected)
}

/// The operation `op` of the table, with the list and what is evaluated for each element.
pub(super) fn operation(
    site: &Site<'_>,
    (op, ty): (&'static str, Type),
    (list, each): (Expr, Expr),
    rest: impl IntoIterator<Item = Expr>,
) -> Expr {
    let (each_type, each_span) = (each.ty.clone(), each.span);
    let binder = site.node.raw.id.to_string();
    let each = ExprKind::Each { binder, value: Box::new(each) };
    let each = Expr { kind: each, ty: each_type, span: each_span };
    call(op, [list, each].into_iter().chain(rest).collect(), ty)
}

/// An operation of the table.
pub(super) fn call(op: &'static str, args: Vec<Expr>, ty: Type) -> Expr {
    let span = args.first().map(|arg| arg.span).unwrap_or_default();
    Expr { kind: ExprKind::Call { op, args }, ty, span }
}
