//! Filters that look into the elements of a list: `map`, `selectattr`, `items`, `attribute=…`.

use flowcrate::types::Type;

use super::super::issue::ExprIssue;
use super::super::table;
use super::super::typed::{Expr, ExprKind, Name};
use super::calls::{canonical, comparison, take_named};
use super::literals::record_of;
use super::overload::Arguments;
use super::{Checker, Typed, as_list};
use crate::diagnostic::{Span, code};

impl Checker<'_> {
    /// A list, and the type of its elements.
    pub(super) fn elements(&mut self, value: Expr, what: &str) -> Option<(Expr, Type)> {
        match &value.ty {
            Type::List { items } => {
                let element = (**items).clone();
                Some((value, element))
            }
            Type::Any => Some((self.coerce(value, &Type::list(Type::Any))?, Type::Any)),
            found => {
                if let Some(list) = as_list(found) {
                    let value = self.coerce(value, &list)?;
                    return self.elements(value, what);
                }
                let message = format!("`{what}` is not defined for {found}");
                self.report(
                    ExprIssue::new(code::WRONG_OPERANDS.id, value.span, message)
                        .help("it takes a list"),
                )
            }
        }
    }

    /// The field of an element that a literal path names.
    pub(super) fn path(&mut self, element: &Type, path: &Expr) -> Typed {
        match path.as_text() {
            Some(text) => self.element_path(element, text, path.span),
            None => self.report(
                ExprIssue::new(
                    code::WRONG_ARGUMENTS.id,
                    path.span,
                    "a field's name must be literal text, so that its type is known",
                )
                .help("write it in quotes: `attribute='price'`"),
            ),
        }
    }

    /// `map(attribute='…')`, `map('filter', …)`.
    pub(super) fn mapped(
        &mut self,
        element: &Type,
        arguments: &mut Arguments,
        span: Span,
    ) -> Typed {
        if let Some(path) = take_named(arguments, "attribute") {
            return self.path(element, &path);
        }
        if arguments.positional.is_empty() {
            return self.report(
                ExprIssue::new(code::WRONG_ARGUMENTS.id, span, "`map` without a field or filter")
                    .help("write `map(attribute='field')` or `map('filter')`"),
            );
        }
        let filter = arguments.positional.remove(0);
        let name = filter.as_text().map(canonical).unwrap_or_default().to_owned();
        if table::filters(&name).is_empty() || name == "map" {
            let message = "the first argument of `map` is no filter's name";
            return self.report(
                ExprIssue::new(code::UNKNOWN_FILTER.id, filter.span, message)
                    .help("write `map(attribute='field')` for a field of each element"),
            );
        }
        let inner = Arguments {
            positional: std::mem::take(&mut arguments.positional),
            named: std::mem::take(&mut arguments.named),
            each: None,
        };
        let kind = ExprKind::Name(Name::Element);
        let value = self.present(Expr { kind, ty: element.clone(), span: filter.span })?;
        self.filtered(&name, value, inner, filter.span)
    }

    /// `selectattr('field')`, `selectattr('field', 'eq', value)`.
    pub(super) fn selected(
        &mut self,
        element: &Type,
        arguments: &mut Arguments,
        what: &str,
        span: Span,
    ) -> Typed {
        let mut given = std::mem::take(&mut arguments.positional).into_iter();
        let Some(path) = given.next() else {
            return self.report(
                ExprIssue::new(code::WRONG_ARGUMENTS.id, span, format!("`{what}` without a field"))
                    .help(format!("write `{what}('field')` or `{what}('field', '>', 3)`")),
            );
        };
        let field = self.path(element, &path)?;
        let (Some(test), value) = (given.next(), given.next()) else { return Some(field) };
        let name = test.as_text().unwrap_or_default().to_owned();
        match (comparison(&name), value) {
            (Some(op), Some(value)) => self.operate(op, field, value, span),
            (None, value) if !table::tests(&name).is_empty() => {
                let mut operands = vec![field];
                operands.extend(value);
                self.apply(table::tests(&name), operands, &name, span)
            }
            _ => self.report(
                ExprIssue::new(
                    code::WRONG_ARGUMENTS.id,
                    test.span,
                    format!("`{what}` knows no test `{name}` of one value"),
                )
                .help("the tests are '==', '!=', '<', '<=', '>', '>=', 'in', and those after `is`"),
            ),
        }
    }

    /// `map | items`: its keys, each with its value, in order. Made of other operations, since the
    /// record of both has no Rust type of its own; so `map('items')` is none, whose map would be an
    /// element within the element.
    pub(super) fn items(&mut self, map: Expr, arguments: &Arguments, span: Span) -> Typed {
        let map = if map.ty == Type::Any { self.coerce(map, &Type::map(Type::Any))? } else { map };
        let Type::Map { values } = map.ty.clone() else {
            let message = format!("`items` is not defined for {}", map.ty);
            return self.report(
                ExprIssue::new(code::WRONG_OPERANDS.id, span, message)
                    .help("it takes a map; read a record's fields by their names"),
            );
        };
        if !arguments.positional.is_empty() || !arguments.named.is_empty() {
            let issue =
                ExprIssue::new(code::WRONG_ARGUMENTS.id, span, "`items` takes no arguments");
            return self.report(issue.help("write `… | items`"));
        }
        let keys = self.apply(table::filters("keys"), vec![map.clone()], "items", span)?;
        let key = Expr { kind: ExprKind::Name(Name::Element), ty: Type::String, span };
        let value =
            ExprKind::Key { base: Box::new(map), key: Box::new(key.clone()), or_absent: false };
        let value = Expr { kind: value, ty: (*values).clone(), span };
        let fields = vec![("key".to_owned(), key), ("value".to_owned(), value)];
        let ty = record_of(&fields);
        let item = Expr { kind: ExprKind::Record(fields), ty, span };
        Some(list_map(keys, item, span))
    }

    /// A list of the texts of a list's elements.
    pub(super) fn texts(&mut self, value: Expr) -> Typed {
        let (value, element) = self.elements(value, "join")?;
        if element == Type::String || value.is_empty_list() {
            return Some(value);
        }
        let span = value.span;
        let kind = ExprKind::Name(Name::Element);
        let each = self.present(Expr { kind, ty: element, span })?;
        let each = self.text_of(each)?;
        Some(list_map(value, each, span))
    }
}

/// `list | map(…)`.
pub(super) fn list_map(list: Expr, each: Expr, span: Span) -> Expr {
    let ty = Type::list(each.ty.clone());
    Expr { kind: ExprKind::Call { op: "list_map", args: vec![list, each] }, ty, span }
}
