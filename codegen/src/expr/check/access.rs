//! Names and what is read of them: fields, keys, elements, slices.

use flowcrate::types::{RecordType, Type};

use super::super::ast::{Ast, AstKind};
use super::super::issue::ExprIssue;
use super::super::names::{ReferenceAt, Root, Unresolved, access};
use super::super::table;
use super::super::typed::{Expr, ExprKind, Name};
use super::super::walk::{member, reference_at};
use super::{Checker, Typed, is_read_as_any};
use crate::diagnostic::{Code, Span, code, nearest};

/// The first words of names.
const ROOTS: [&str; 9] =
    ["trigger", "triggers", "steps", "errors", "item", "index", "loops", "run", "vars"];

impl Checker<'_> {
    /// An access chain. With `cover`, under `default(…)`, `is defined` or `first_of`, what may be
    /// absent on the way makes the result optional (S8); without, it is an issue.
    pub(super) fn chain(&mut self, ast: &Ast, cover: bool) -> Typed {
        if let Some(at) = reference_at(ast) {
            return self.name(&at);
        }
        if let Some((base, key, key_span)) = member(ast) {
            if let AstKind::Name(root) = &base.kind
                && let Some(issue) = Self::namespace(root, Some(key), ast.span)
            {
                return self.report(issue);
            }
            if let Some((AstKind::Name(root), id)) =
                member(base).map(|(root, id, _)| (&root.kind, id))
                && root == "loops"
            {
                let message = format!("`loops.{id}` has no `{key}`");
                return self.report(
                    ExprIssue::new(code::UNKNOWN_NAME.id, key_span, message)
                        .help("write `.item`, `.index` or `.state`"),
                );
            }
            let base = self.begun(|inner| inner.chain(base, cover))?;
            return self.key(base, key, key_span, ast.span, cover);
        }
        match &ast.kind {
            AstKind::Name(name) => {
                let issue = Self::namespace(name, None, ast.span)
                    .unwrap_or_else(|| self.unknown_name(name, ast.span));
                self.report(issue)
            }
            AstKind::Item { base, index } => {
                let base = self.chain(base, cover);
                let index = self.value(index);
                self.item(base?, index?, ast.span, cover)
            }
            _ => self.expr(ast),
        }
    }

    /// What something is read of. An edit that makes a filter of its end would take what follows
    /// for a part of the filter's name.
    pub(super) fn begun(&mut self, check: impl FnOnce(&mut Self) -> Typed) -> Typed {
        let before = self.issues.len();
        let typed = check(self);
        for issue in self.issues.iter_mut().skip(before) {
            issue.edit.take_if(|edit| edit.text.starts_with(" | "));
        }
        typed
    }

    /// A name in scope, present where the guards or conditions around it prove it.
    fn name(&mut self, at: &ReferenceAt) -> Typed {
        match self.names.resolve(&at.reference) {
            Ok(binding) => {
                let kind = ExprKind::Name(binding.name);
                Some(self.narrowed(Expr { kind, ty: binding.ty, span: at.span }))
            }
            Err(Unresolved::Unusable(issue)) => self.report(ExprIssue { span: at.span, ..*issue }),
            Err(Unresolved::Unknown) => {
                let issue = self.unknown_reference(at);
                self.report(issue)
            }
        }
    }

    fn unknown_reference(&self, at: &ReferenceAt) -> ExprIssue {
        let Some((root, id)) = at.reference.root_and_id() else {
            let message = format!("`{}` has no value here", at.reference);
            return ExprIssue::new(code::OUT_OF_PLACE.id, at.span, message);
        };
        let mut ids = self.names.candidates(root);
        ids.sort_unstable();
        let near = nearest(id, ids.iter().map(String::as_str));
        let suggestion = near.map_or_else(String::new, |id| format!("; did you mean `{id}`?"));
        let message = format!("there is no {} `{id}` to read here{suggestion}", root.noun());
        let span = at.id_span.unwrap_or(at.span);
        let issue = ExprIssue::new(code::UNKNOWN_ID.id, span, message).edit(span, near);
        match ids.as_slice() {
            [] => issue.help(format!("nothing can be read under `{}` here", root.text())),
            ids => {
                let shown: Vec<&str> = ids.iter().map(String::as_str).take(12).collect();
                let more = if ids.len() > shown.len() { ", …" } else { "" };
                issue.help(format!("the ids are `{}`{more}", shown.join("`, `")))
            }
        }
    }

    /// What is wrong with `steps`, `run.foo`, `loops.x`: the first words that are no values.
    fn namespace(root: &str, key: Option<&str>, span: Span) -> Option<ExprIssue> {
        let issue = |code: Code, message: String, help: String| {
            Some(ExprIssue::new(code.id, span, message).help(help))
        };
        let alone = |help: String| {
            let whole = key.map_or_else(String::new, |key| format!(".{key}"));
            issue(code::BARE_NAMESPACE, format!("`{root}{whole}` alone is no value"), help)
        };
        match (root, key) {
            ("run", Some(key)) => {
                let near = nearest(key, ["id", "started_at"])
                    .map_or_else(String::new, |near| format!("; did you mean `run.{near}`?"));
                issue(
                    code::UNKNOWN_NAME,
                    format!("`run` has no `{key}`{near}"),
                    "write `run.id` or `run.started_at`".to_owned(),
                )
            }
            ("run", None) => alone("write `run.id` or `run.started_at`".to_owned()),
            ("loops", Some(id)) => alone(format!("write `loops.{id}.item`, `.index` or `.state`")),
            ("steps" | "errors", None) => alone(format!("name a node of it: `{root}.<id>`")),
            ("triggers", None) => alone("name a trigger of it: `triggers.<id>`".to_owned()),
            ("vars", None) => alone("name a variable of it: `vars.<name>`".to_owned()),
            ("loops", None) => alone("name a loop of it: `loops.<id>.item`".to_owned()),
            _ => None,
        }
    }

    fn unknown_name(&self, name: &str, span: Span) -> ExprIssue {
        let near = nearest(name, ROOTS);
        let suggestion = near.map_or_else(String::new, |root| format!("; did you mean `{root}`?"));
        let issue = ExprIssue::new(
            code::UNKNOWN_NAME.id,
            span,
            format!("there is no name `{name}`{suggestion}"),
        )
        .edit(span, near);
        if self.names.candidates(Root::Steps).iter().any(|id| id == name) {
            issue.help(format!("write `steps.{name}` for the output of that node"))
        } else if matches!(name, "null" | "undefined" | "nil") {
            let issue = issue.edit(span, Some("none"));
            issue.help("write `none`, or test with `is defined`")
        } else {
            issue.help(format!(
                "names start with `{}`; text stands in quotes: `'{name}'`",
                ROOTS.join("`, `")
            ))
        }
    }

    /// `expr` as present, where it is optional by its type but proven to be there.
    pub(super) fn narrowed(&self, expr: Expr) -> Expr {
        let Type::Optional { some } = &expr.ty else { return expr };
        let proven = access(&expr).is_some_and(|access| {
            self.known.contains(&access) || self.names.is_present(&access, &self.known)
        });
        if !proven {
            return expr;
        }
        let (ty, span) = ((**some).clone(), expr.span);
        Expr { kind: ExprKind::Present(Box::new(expr)), ty, span }
    }

    /// `base.key`, `base['key']`.
    pub(super) fn key(
        &mut self,
        base: Expr,
        key: &str,
        key_span: Span,
        span: Span,
        cover: bool,
    ) -> Typed {
        let base = if cover { base } else { self.present(base)? };
        let optional = matches!(base.ty, Type::Optional { .. });
        let boxed = |base| Box::new(base);
        let text = || Box::new(Expr::text(key, key_span));
        if matches!(*base.ty.some().unfolded(), Type::Union(_)) {
            return self.key_of_union(base, (key, key_span), span, cover);
        }
        let (kind, ty) = match base.ty.some().unfolded().into_owned() {
            Type::Record(record) => {
                let Some(field) = record.fields.get(key) else {
                    let of_element = access(&base).is_none_or(|base| base.name == Name::Element);
                    let what = self.written(&base).filter(|_| !of_element);
                    let what = what.unwrap_or_else(|| "the record".to_owned());
                    return self.report(unknown_field(&what, &record, key, key_span));
                };
                let ty = field.ty.clone();
                let kind = ExprKind::Field { base: boxed(base), name: key.to_owned() };
                (kind, if optional { ty.optional() } else { ty })
            }
            Type::Map { values } => {
                let ty = (*values).clone();
                let kind = ExprKind::Key { base: boxed(base), key: text(), or_absent: cover };
                (kind, if cover { ty.optional() } else { ty })
            }
            Type::Any => {
                (ExprKind::Key { base: boxed(base), key: text(), or_absent: cover }, Type::Any)
            }
            ty => {
                let issue = no_fields(&ty, key, key_span);
                return self.report(issue);
            }
        };
        Some(self.narrowed(Expr { kind, ty, span }))
    }

    /// `base[index]` where the index is no literal text.
    pub(super) fn item(&mut self, base: Expr, index: Expr, span: Span, cover: bool) -> Typed {
        let base = if cover { base } else { self.present(base)? };
        if is_read_as_any(base.ty.some()) {
            return self.item_of_union(base, index, span, cover);
        }
        let (ty, by_key) = match (base.ty.some().clone(), &index.ty) {
            (Type::List { items }, _) => ((*items).clone(), false),
            (Type::Map { values }, _) => ((*values).clone(), true),
            (Type::Any, Type::Int) => (Type::Any, false),
            (Type::Any, Type::String | Type::Enum(_)) => (Type::Any, true),
            (Type::Any, found) => {
                let message = format!("an index is an int or a string, found {found}");
                return self.report(
                    ExprIssue::new(code::UNKNOWN_TYPE.id, index.span, message)
                        .help("convert the index with `| int` or `| string`"),
                );
            }
            (ty, _) => {
                let issue = ExprIssue::new(
                    code::NO_FIELDS.id,
                    span,
                    format!("{ty} cannot be indexed with {}", index.ty),
                );
                return self.report(match ty {
                    Type::String => issue.help("cut text with a slice: `text[0:1]`"),
                    Type::Record(_) => issue.help("name the field: `record.field`"),
                    _ => issue.help("only lists, maps and any have elements"),
                });
            }
        };
        let index = self.coerce(index, if by_key { &Type::String } else { &Type::Int })?;
        let (base, index) = (Box::new(base), Box::new(index));
        let kind = if by_key {
            ExprKind::Key { base, key: index, or_absent: cover }
        } else {
            ExprKind::Index { base, index, or_absent: cover }
        };
        let ty = if cover { ty.optional() } else { ty };
        Some(self.narrowed(Expr { kind, ty, span }))
    }

    /// The field of a list's element that `path` names, `price` or `customer.name`.
    pub(super) fn element_path(&mut self, element: &Type, path: &str, span: Span) -> Typed {
        let kind = ExprKind::Name(Name::Element);
        let mut expr = Expr { kind, ty: element.clone(), span };
        for segment in path.split('.') {
            expr = match segment.parse::<i64>() {
                Ok(at) if !matches!(expr.ty, Type::Record(_) | Type::Map { .. }) => {
                    self.item(expr, Expr::literal(at, Type::Int, span), span, false)?
                }
                _ => self.key(expr, segment, span, span, false)?,
            };
        }
        self.present(expr)
    }

    /// `base[start:stop]`.
    pub(super) fn slice(
        &mut self,
        base: &Ast,
        start: Option<&Ast>,
        stop: Option<&Ast>,
        span: Span,
    ) -> Typed {
        let base = self.value(base);
        let bounds: Vec<Typed> = [start, stop]
            .into_iter()
            .map(|bound| match bound {
                Some(bound) => self.check_as(bound, Some(&Type::Int.optional())),
                None => Some(Expr::literal(serde_json::Value::Null, Type::Null, span)),
            })
            .collect();
        let mut args = vec![base?];
        args.extend(bounds.into_iter().collect::<Option<Vec<_>>>()?);
        self.apply(table::slices(), args, "[start:stop]", span)
    }
}

fn unknown_field(what: &str, record: &RecordType, key: &str, span: Span) -> ExprIssue {
    let near = nearest(key, record.fields.keys().map(String::as_str));
    let suggestion = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let message = format!("{what} has no field `{key}`{suggestion}");
    let issue = ExprIssue::new(code::UNKNOWN_FIELD.id, span, message).edit(span, near);
    let known: Vec<&str> = record.fields.keys().map(String::as_str).take(12).collect();
    if known.is_empty() {
        return issue.help("it has no fields at all");
    }
    let more = if record.fields.len() > known.len() { ", …" } else { "" };
    issue.help(format!("the fields are `{}`{more}", known.join("`, `")))
}

fn no_fields(ty: &Type, key: &str, span: Span) -> ExprIssue {
    let issue = ExprIssue::new(code::NO_FIELDS.id, span, format!("{ty} has no field `{key}`"));
    match (ty, key) {
        (_, "length" | "size" | "count") => {
            // With the dot before it.
            let whole = Span { start: span.start.saturating_sub(1), end: span.end };
            issue.help("write `| length`").edit(whole, Some(" | length"))
        }
        (Type::List { .. }, _) => issue.help(format!(
            "read one element, `[0]`, or that field of each: `| map(attribute='{key}')`"
        )),
        (Type::String, _) => issue.help("read JSON text with `| fromjson`"),
        _ => issue.help("only records, maps and any have fields"),
    }
}
