//! Filters, tests and functions.

use flowcrate::expr::ExprError;
use flowcrate::types::Type;
use serde_json::Value;

use super::super::ast::{Ast, AstKind, Binary, Invocation};
use super::super::eval::{Nothing, eval};
use super::super::habits;
use super::super::issue::ExprIssue;
use super::super::table::{self, Surface};
use super::super::typed::{Expr, ExprKind};
use super::coerce::widened;
use super::lists::list_map;
use super::overload::Arguments;
use super::{Checker, Typed};
use crate::diagnostic::{Code, Span, code, nearest};

/// Other names of filters.
pub(super) fn canonical(filter: &str) -> &str {
    match filter {
        "d" => "default",
        "count" => "length",
        "e" => "escape",
        other => other,
    }
}

impl Checker<'_> {
    pub(super) fn filter(&mut self, value: &Ast, call: &Invocation, span: Span) -> Typed {
        let name = canonical(&call.name);
        if name == "default" {
            return self.default(value, call, span);
        }
        let value = match (&value.kind, name) {
            // A literal is a map where one is expected.
            (AstKind::Dict(_), "urlencode") => self.check_as(value, Some(&Type::map(Type::String))),
            _ => self.value(value),
        };
        if table::filters(name).is_empty() && name != "items" {
            return self.report(unknown_filter(call));
        }
        let arguments = self.arguments(call);
        self.filtered(name, value?, arguments?, span)
    }

    /// A filter on a typed value.
    pub(super) fn filtered(
        &mut self,
        name: &str,
        value: Expr,
        mut arguments: Arguments,
        span: Span,
    ) -> Typed {
        if let Some(same) = unchanged(name, &value) {
            return Some(same);
        }
        if name == "items" {
            return self.items(value, &arguments, span);
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
            "groupby" => {
                let (value, element) = self.elements(value, name)?;
                let path = take_named(&mut arguments, "attribute").or_else(|| {
                    (!arguments.positional.is_empty()).then(|| arguments.positional.remove(0))
                });
                if let Some(path) = path {
                    arguments.each = Some(self.path(&element, &path)?);
                }
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
        let warned = self.warnings.len();
        let typed = self.invoke(table::functions(&call.name), &arguments, &call.name, span)?;
        match literal_time(&typed) {
            Some(Err(error)) => {
                self.warnings.truncate(warned);
                let help = "write a duration as `1m 30s`, a timestamp as `2026-11-21T08:30:00Z`";
                self.report(ExprIssue::new(code::BAD_TIME.id, span, error.message).help(help))
            }
            _ => Some(typed),
        }
    }

    /// `text.upper()`: no methods, but filters.
    pub(super) fn method(&mut self, value: &Ast, call: &Invocation, span: Span) -> Typed {
        let name = call.name.as_str();
        let message = format!("a method, `.{name}(…)`, is not part of the language");
        let issue = ExprIssue::new(code::UNSUPPORTED.id, call.name_span, message);
        if let AstKind::Name(object) = &value.kind
            && habits::OBJECTS.contains(&object.as_str())
        {
            let help = habits::object_help(object, name);
            return self
                .report(issue.help(help.as_deref().unwrap_or("use a filter: `value | filter`")));
        }
        let _ = self.begun(|inner| inner.value(value));
        if let Some(help) = habits::method_help(name) {
            return self.report(issue.help(help));
        }
        let filter = habits::filter_of(name).unwrap_or_else(|| canonical(name));
        if table::filters(filter).is_empty() {
            return self.report(issue.help("use a filter: `value | filter`"));
        }
        let issue = issue.help(format!("write the filter: `value | {filter}`"));
        // From the dot to the bracket, where nothing stands between the brackets.
        let whole = Span { start: call.name_span.start.saturating_sub(1), end: span.end };
        let edit = (call.values().count() == 0).then(|| format!(" | {filter}"));
        self.report(issue.edit(whole, edit))
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

/// The value itself where the filter has nothing to do.
fn unchanged(filter: &str, value: &Expr) -> Option<Expr> {
    match (filter, &value.ty) {
        ("string", Type::String)
        | ("int" | "round" | "floor" | "ceil", Type::Int)
        | ("float", Type::Number)
        | ("list", Type::List { .. })
        | ("bool", Type::Bool) => Some(value.clone()),
        ("string", Type::Enum(_)) => Some(widened(value.clone(), &Type::String)),
        ("float", Type::Int) => Some(widened(value.clone(), &Type::Number)),
        _ => None,
    }
}

pub(super) fn take_named(arguments: &mut Arguments, name: &str) -> Option<Expr> {
    let at = arguments.named.iter().position(|(known, _)| known == name)?;
    Some(arguments.named.remove(at).1)
}

/// The comparison that a test's name is.
pub(super) fn comparison(test: &str) -> Option<Binary> {
    Some(match test {
        "eq" | "equalto" | "sameas" | "==" => Binary::Equal,
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
    let near = nearest(&call.name, names.iter().copied());
    let suggestion = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let message = format!("there is no {noun} `{}`{suggestion}", call.name);
    let mut names = names;
    names.sort_unstable();
    names.dedup();
    let help = match near {
        Some(near) => format!("write `{near}`"),
        None => format!("the {noun}s are {}", names.join(", ")),
    };
    ExprIssue::new(code.id, call.name_span, message).help(help).edit(call.name_span, near)
}

fn unknown_filter(call: &Invocation) -> ExprIssue {
    let filters = table::names(|surface| match surface {
        Surface::Filter(name) => Some(name),
        _ => None,
    });
    unknown(code::UNKNOWN_FILTER, "filter", call, filters.chain(["default", "items"]).collect())
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
            "Date" => issue.help("write `timestamp(text)`; now is `run.started_at`"),
            name => match habits::filter_of(name) {
                Some(filter) => issue.help(format!("it is a filter: write `value | {filter}`")),
                None => issue,
            },
        }
    } else {
        issue.help(format!("it is a filter: write `value | {}`", call.name))
    }
}
