//! Filters, tests and functions.

use flowcrate::expr::ExprError;
use flowcrate::types::{Type, unify};
use serde_json::Value;

use super::super::ast::{Ast, Binary, Invocation};
use super::super::eval::{Nothing, eval};
use super::super::issue::ExprIssue;
use super::super::names::access;
use super::super::table::{self, Surface};
use super::super::typed::{Expr, ExprKind, Name};
use super::coerce::widened;
use super::literals::adapt;
use super::operators::negated;
use super::overload::Arguments;
use super::{Checker, Typed};
use crate::diagnostic::{Code, Span, code, nearest};

/// Other names of filters.
fn canonical(filter: &str) -> &str {
    match filter {
        "d" => "default",
        "count" => "length",
        other => other,
    }
}

impl Checker<'_> {
    pub(super) fn filter(&mut self, value: &Ast, call: &Invocation, span: Span) -> Typed {
        let name = canonical(&call.name);
        if name == "default" {
            return self.default(value, call, span);
        }
        let value = self.value(value);
        if table::filters(name).is_empty() {
            return self.report(unknown_filter(call));
        }
        let arguments = self.arguments(call);
        self.filtered(name, value?, arguments?, span)
    }

    /// A filter on a typed value.
    fn filtered(&mut self, name: &str, value: Expr, mut arguments: Arguments, span: Span) -> Typed {
        if let Some(same) = unchanged(name, &value) {
            return Some(same);
        }
        let value = match name {
            "map" | "selectattr" | "rejectattr" => {
                let (value, element) = self.elements(value, name)?;
                arguments.each = Some(match name {
                    "map" => self.mapped(&element, &mut arguments, span)?,
                    _ => self.selected(&element, &mut arguments, name, span)?,
                });
                value
            }
            "sort" | "min" | "max" | "sum" | "join" => {
                let path = take_named(&mut arguments, "attribute");
                match path {
                    None if name == "join" => self.texts(value)?,
                    None => value,
                    Some(path) => {
                        let (value, element) = self.elements(value, name)?;
                        let each = self.path(&element, &path)?;
                        match name {
                            "sum" => list_map(value, each, span),
                            "join" => {
                                let each = self.text_of(each)?;
                                list_map(value, each, span)
                            }
                            _ => {
                                arguments.each = Some(each);
                                value
                            }
                        }
                    }
                }
            }
            _ => value,
        };
        arguments.positional.insert(0, value);
        self.invoke(table::filters(name), &arguments, name, span)
    }

    fn arguments(&mut self, call: &Invocation) -> Option<Arguments> {
        let positional: Vec<Typed> = call.args.iter().map(|arg| self.value(arg)).collect();
        let named: Vec<Option<(String, Expr)>> =
            call.named.iter().map(|(name, arg)| Some((name.clone(), self.value(arg)?))).collect();
        Some(Arguments {
            positional: positional.into_iter().collect::<Option<Vec<_>>>()?,
            named: named.into_iter().collect::<Option<Vec<_>>>()?,
            each: None,
        })
    }

    /// A list, and the type of its elements.
    fn elements(&mut self, value: Expr, what: &str) -> Option<(Expr, Type)> {
        match &value.ty {
            Type::List { items } => {
                let element = (**items).clone();
                Some((value, element))
            }
            Type::Any => Some((self.coerce(value, &Type::list(Type::Any))?, Type::Any)),
            found => {
                let message = format!("`{what}` is not defined for {found}");
                self.report(
                    ExprIssue::new(code::WRONG_OPERANDS.id, value.span, message)
                        .help("it takes a list"),
                )
            }
        }
    }

    /// The field of an element that a literal path names.
    fn path(&mut self, element: &Type, path: &Expr) -> Typed {
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
    fn mapped(&mut self, element: &Type, arguments: &mut Arguments, span: Span) -> Typed {
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
    fn selected(
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

    /// A list of the texts of a list's elements.
    fn texts(&mut self, value: Expr) -> Typed {
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

    /// `chain | default(fallback)` (S8).
    fn default(&mut self, value: &Ast, call: &Invocation, span: Span) -> Typed {
        let value = self.chain(value, true);
        let ([fallback], []) = (call.args.as_slice(), call.named.as_slice()) else {
            return self.report(
                ExprIssue::new(
                    code::WRONG_ARGUMENTS.id,
                    call.name_span,
                    "`default` takes one argument",
                )
                .help("write `| default(value)`; only what is absent is replaced, never `''` or 0"),
            );
        };
        let some = value.as_ref().map(|value| value.ty.some().clone());
        let fallback = match &some {
            Some(Type::Null | Type::Any) | None => self.value(fallback),
            // A literal takes the type of the value where it can.
            Some(some) => {
                let own = self.value(fallback)?;
                Some(adapt(&own, some).unwrap_or(own))
            }
        };
        let (value, fallback) = (value?, fallback?);
        match &value.ty {
            Type::Null => Some(fallback),
            Type::Optional { some } => {
                let Ok(ty) = unify(some, &fallback.ty) else {
                    let issue = ExprIssue::new(
                        code::NO_COMMON_TYPE.id,
                        fallback.span,
                        format!("the default is of type {}, the value of type {some}", fallback.ty),
                    );
                    return self.report(issue.help("give a default of the value's type"));
                };
                let value = self.coerce(value, &ty.clone().optional())?;
                let value = if ty == Type::Any { widened(value, &Type::Any) } else { value };
                let fallback = Box::new(self.coerce(fallback, &ty)?);
                let kind = ExprKind::Default { value: Box::new(value), fallback };
                Some(Expr { kind, ty, span })
            }
            Type::Any => {
                let fallback = Box::new(widened(fallback, &Type::Any));
                let kind = ExprKind::Default { value: Box::new(value), fallback };
                Some(Expr { kind, ty: Type::Any, span })
            }
            _ => Some(value),
        }
    }

    pub(super) fn test(&mut self, value: &Ast, call: &Invocation, span: Span) -> Typed {
        match (call.name.as_str(), call.values().count()) {
            ("defined", 0) => return self.presence(value, true, span),
            ("undefined" | "none", 0) => return self.presence(value, false, span),
            ("in", 1) => {
                let (value, container) = (self.value(value), self.value(call.values().next()?));
                return self.operate(Binary::In, value?, container?, span);
            }
            _ => {}
        }
        let value = self.value(value);
        if let (Some(op), [right], []) =
            (comparison(&call.name), call.args.as_slice(), call.named.as_slice())
        {
            let right = self.value(right);
            return self.operate(op, value?, right?, span);
        }
        if table::tests(&call.name).is_empty() {
            return self.report(unknown_test(call));
        }
        let mut arguments = self.arguments(call)?;
        arguments.positional.insert(0, value?);
        self.invoke(table::tests(&call.name), &arguments, &call.name, span)
    }

    /// Whether a chain is there, or (not `defined`) is not.
    pub(super) fn presence(&mut self, value: &Ast, defined: bool, span: Span) -> Typed {
        let value = self.chain(value, true)?;
        Some(match value.ty {
            Type::Optional { .. } | Type::Any => {
                let kind = ExprKind::IsDefined(Box::new(value));
                let is_defined = Expr { kind, ty: Type::Bool, span };
                if defined { is_defined } else { negated(is_defined) }
            }
            Type::Null => Expr::literal(!defined, Type::Bool, span),
            _ => Expr::literal(defined, Type::Bool, span),
        })
    }

    pub(super) fn function(&mut self, call: &Invocation, span: Span) -> Typed {
        if call.name == "first_of" {
            return self.first_of(call, span);
        }
        if table::functions(&call.name).is_empty() {
            return self.report(unknown_function(call));
        }
        let mut arguments = self.arguments(call)?;
        if call.name == "range" && arguments.positional.len() == 1 && arguments.named.is_empty() {
            arguments.positional.insert(0, Expr::literal(0, Type::Int, span));
        }
        let typed = self.invoke(table::functions(&call.name), &arguments, &call.name, span)?;
        match literal_time(&typed) {
            Some(Err(error)) => self.report(ExprIssue::new(code::BAD_TIME.id, span, error.message)),
            _ => Some(typed),
        }
    }

    /// `first_of(a, b, …)`: the first that is defined (S9).
    fn first_of(&mut self, call: &Invocation, span: Span) -> Typed {
        if call.args.is_empty() || !call.named.is_empty() {
            return self.report(
                ExprIssue::new(
                    code::WRONG_ARGUMENTS.id,
                    call.name_span,
                    "`first_of` takes one or more values",
                )
                .help("write `first_of(steps.a, steps.b)`"),
            );
        }
        let chains: Vec<Typed> = call.args.iter().map(|arg| self.chain(arg, true)).collect();
        let mut chains = chains.into_iter().collect::<Option<Vec<_>>>()?;
        // Nothing after a value that is always there is ever reached.
        let certain = chains.iter().position(|chain| !chain.ty.may_be_absent());
        chains.truncate(certain.map_or(chains.len(), |at| at + 1));
        let proven = certain.is_some() || self.one_is_present(&chains);
        let mut types = chains.iter().map(|chain| chain.ty.some().clone());
        let first = types.next()?;
        let unified = types.try_fold(first, |ty, next| unify(&ty, &next));
        let ty = match unified {
            Ok(ty) => ty,
            Err(mismatch) => {
                let message = format!("the values of `first_of` have no common type: {mismatch}");
                return self.report(ExprIssue::new(code::NO_COMMON_TYPE.id, span, message));
            }
        };
        let last = chains.len().saturating_sub(1);
        let chains: Option<Vec<Expr>> = chains
            .into_iter()
            .enumerate()
            .map(|(at, chain)| match (&ty, certain.is_some() && at == last) {
                (Type::Any, _) => Some(widened(chain, &Type::Any)),
                (ty, true) => self.coerce(chain, ty),
                (ty, false) => self.coerce(chain, &ty.clone().optional()),
            })
            .collect();
        let kind = ExprKind::FirstOf(chains?);
        if certain.is_some() || !proven || ty.may_be_absent() {
            let ty = if certain.is_some() { ty } else { ty.optional() };
            return Some(Expr { kind, ty, span });
        }
        let inner = Box::new(Expr { kind, ty: ty.clone().optional(), span });
        Some(Expr { kind: ExprKind::Present(inner), ty, span })
    }

    /// Whether the guards prove that one of the chains is there: of those that are only optional
    /// because their name is.
    fn one_is_present(&self, chains: &[Expr]) -> bool {
        let names: Vec<Name> = chains.iter().filter_map(certain_name).collect();
        !names.is_empty() && self.names.one_is_present(&names)
    }

    /// `text.upper()`: no methods, but filters.
    pub(super) fn method(&mut self, value: &Ast, call: &Invocation) -> Typed {
        let _ = self.value(value);
        let filter = match call.name.as_str() {
            "toUpperCase" => "upper",
            "toLowerCase" => "lower",
            "strip" => "trim",
            "startsWith" => "startswith",
            "endsWith" => "endswith",
            "includes" => "contains",
            "toString" => "string",
            "len" => "length",
            other => canonical(other),
        };
        let message = format!("a method, `.{}(…)`, is not part of the language", call.name);
        let issue = ExprIssue::new(code::UNSUPPORTED.id, call.name_span, message);
        self.report(if table::filters(filter).is_empty() {
            issue.help("use a filter: `value | filter`")
        } else {
            issue.help(format!("write the filter: `value | {filter}`"))
        })
    }
}

/// What `duration('…')` or `timestamp('…')` of literal text gives: text that is none will never
/// be one.
fn literal_time(call: &Expr) -> Option<Result<Value, ExprError>> {
    match &call.kind {
        ExprKind::Call { op: "duration_parse" | "timestamp_parse", args } => {
            args.first()?.as_text()?;
            Some(eval(call, &Nothing))
        }
        _ => None,
    }
}

/// `list | map(…)`.
fn list_map(list: Expr, each: Expr, span: Span) -> Expr {
    let ty = Type::list(each.ty.clone());
    Expr { kind: ExprKind::Call { op: "list_map", args: vec![list, each] }, ty, span }
}

/// The value itself where the filter has nothing to do.
fn unchanged(filter: &str, value: &Expr) -> Option<Expr> {
    match (filter, &value.ty) {
        ("string", Type::String)
        | ("int" | "round" | "floor" | "ceil", Type::Int)
        | ("float", Type::Number)
        | ("bool", Type::Bool) => Some(value.clone()),
        ("string", Type::Enum(_)) => Some(widened(value.clone(), &Type::String)),
        ("float", Type::Int) => Some(widened(value.clone(), &Type::Number)),
        _ => None,
    }
}

/// The name of a chain all of whose accesses are there wherever the name is.
fn certain_name(chain: &Expr) -> Option<Name> {
    match &chain.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Field { base, name } => match base.ty.some() {
            Type::Record(record) if !record.fields.get(name)?.ty.may_be_absent() => {
                certain_name(base)
            }
            _ => None,
        },
        ExprKind::Present(inner) => access(inner).map(|access| access.name),
        _ => None,
    }
}

fn take_named(arguments: &mut Arguments, name: &str) -> Option<Expr> {
    let at = arguments.named.iter().position(|(known, _)| known == name)?;
    Some(arguments.named.remove(at).1)
}

/// The comparison that a test's name is.
fn comparison(test: &str) -> Option<Binary> {
    Some(match test {
        "eq" | "equalto" | "==" => Binary::Equal,
        "ne" | "!=" => Binary::NotEqual,
        "lt" | "lessthan" | "<" => Binary::Less,
        "le" | "<=" => Binary::LessEqual,
        "gt" | "greaterthan" | ">" => Binary::Greater,
        "ge" | ">=" => Binary::GreaterEqual,
        "in" => Binary::In,
        _ => return None,
    })
}

fn unknown(code: Code, noun: &str, call: &Invocation, names: Vec<&'static str>) -> ExprIssue {
    let near = nearest(&call.name, names.iter().copied())
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let message = format!("there is no {noun} `{}`{near}", call.name);
    let mut names = names;
    names.sort_unstable();
    names.dedup();
    ExprIssue::new(code.id, call.name_span, message)
        .help(format!("the {noun}s are {}", names.join(", ")))
}

fn unknown_filter(call: &Invocation) -> ExprIssue {
    let filters = table::names(|surface| match surface {
        Surface::Filter(name) => Some(name),
        _ => None,
    });
    unknown(code::UNKNOWN_FILTER, "filter", call, filters.chain(["default"]).collect())
}

fn unknown_test(call: &Invocation) -> ExprIssue {
    let tests = table::names(|surface| match surface {
        Surface::Test(name) => Some(name),
        _ => None,
    });
    unknown(
        code::UNKNOWN_TEST,
        "test",
        call,
        tests.chain(["defined", "undefined", "none", "in"]).collect(),
    )
}

fn unknown_function(call: &Invocation) -> ExprIssue {
    let functions = table::names(|surface| match surface {
        Surface::Function(name) => Some(name),
        _ => None,
    });
    let issue =
        unknown(code::UNKNOWN_FUNCTION, "function", call, functions.chain(["first_of"]).collect());
    if table::filters(canonical(&call.name)).is_empty() {
        match call.name.as_str() {
            "now" | "utcnow" | "today" => issue
                .help("no clock in expressions: read `run.started_at`, or a schedule's payload"),
            "random" | "uuid" => issue.help("no randomness in expressions: `run.id` is unique"),
            _ => issue,
        }
    } else {
        issue.help(format!("it is a filter: write `value | {}`", call.name))
    }
}
