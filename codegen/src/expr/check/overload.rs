//! Picking the entry of the table that fits the operands.

use std::borrow::Cow;

use flowcrate::types::{Type, unify};
use serde_json::Value;

use super::super::issue::ExprIssue;
use super::super::table::{Bindings, Literal, Op, Param, Pattern, Surface};
use super::super::typed::{Expr, ExprKind};
use super::coerce::widened;
use super::{Checker, Typed, as_list, is_read_as_any};
use crate::diagnostic::{Span, code};

/// How far an operand may be from its parameter; tried in this order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Of the very type.
    Exact,
    /// Widened to it.
    Widened,
    /// An `any` that is read as it, where nothing else is possible.
    Read,
}

/// The arguments of a call, typed.
pub(super) struct Arguments {
    /// By position, the operand of a filter or test first.
    pub(super) positional: Vec<Expr>,
    /// By name.
    pub(super) named: Vec<(String, Expr)>,
    /// What is evaluated for each element, of `map(attribute=…)` and its like.
    pub(super) each: Option<Expr>,
}

/// An entry with the arguments in the order of its parameters.
type Candidate<'a> = (&'static Op, Vec<Cow<'a, Expr>>);

impl Checker<'_> {
    /// An operator on operands that are all there.
    pub(super) fn apply(
        &mut self,
        candidates: &'static [&'static Op],
        operands: Vec<Expr>,
        what: &str,
        span: Span,
    ) -> Typed {
        let arguments = Arguments { positional: operands, named: Vec::new(), each: None };
        self.invoke(candidates, &arguments, what, span)
    }

    /// The call of the first candidate that fits best.
    pub(super) fn invoke(
        &mut self,
        candidates: &'static [&'static Op],
        arguments: &Arguments,
        what: &str,
        span: Span,
    ) -> Typed {
        let bound: Vec<Candidate<'_>> =
            candidates.iter().filter_map(|op| Some((*op, bind(op, arguments, span)?))).collect();
        if bound.is_empty() {
            return self.report(wrong_arguments(candidates, arguments, what, span));
        }
        // Where several types are possible, an `any` must say which it is.
        let fits: &[Fit] = if bound.len() == 1 {
            &[Fit::Exact, Fit::Widened, Fit::Read]
        } else {
            &[Fit::Exact, Fit::Widened]
        };
        for fit in fits {
            for (op, args) in &bound {
                if let Some(bindings) = match_all(op, args, *fit) {
                    let args = args.iter().map(|arg| arg.clone().into_owned()).collect();
                    return self.call(op, args, bindings, span);
                }
            }
        }
        if let Some(arguments) = read_as_any(arguments) {
            return self.invoke(candidates, &arguments, what, span);
        }
        self.report(wrong_operands(&bound, what, span))
    }

    /// The call itself: operands coerced to the parameters' types, paths made expressions.
    fn call(
        &mut self,
        op: &'static Op,
        args: Vec<Expr>,
        mut bindings: Bindings,
        span: Span,
    ) -> Typed {
        let mut typed = Vec::with_capacity(args.len());
        for (arg, param) in args.into_iter().zip(op.params) {
            typed.push(match param.ty {
                Pattern::Each(result) => self.each(arg, *result, &mut bindings)?,
                pattern => self.coerce(arg, &bindings.instantiate(pattern))?,
            });
        }
        self.literal_arguments(op.name, &typed)?;
        let ty = bindings.instantiate(op.result);
        let call = Expr { kind: ExprKind::Call { op: op.name, args: typed }, ty, span };
        self.constants(&call);
        Some(call)
    }

    /// What is evaluated for each element, as the type that the entry wants.
    fn each(&mut self, each: Expr, result: Pattern, bindings: &mut Bindings) -> Typed {
        match result {
            Pattern::K => {
                let Some(key) = ordered(&each.ty) else {
                    let message = format!("{} has no order", each.ty);
                    return self.report(
                        ExprIssue::new(code::WRONG_OPERANDS.id, each.span, message)
                            .help("name a field of type int, number, string, timestamp or so"),
                    );
                };
                bindings.k = Some(key.clone());
                self.coerce(each, &key)
            }
            Pattern::R => {
                bindings.r = Some(each.ty.clone());
                Some(each)
            }
            pattern => {
                let ty = bindings.instantiate(pattern);
                self.coerce(each, &ty)
            }
        }
    }
}

/// The arguments with unions among them as any, and tuples as lists; `None` where there are none.
fn read_as_any(arguments: &Arguments) -> Option<Arguments> {
    let odd = |arg: &Expr| is_read_as_any(&arg.ty);
    let named = arguments.named.iter().map(|(_, arg)| arg);
    if !arguments.positional.iter().chain(named).any(odd) {
        return None;
    }
    let any = |arg: &Expr| match &arg.ty {
        _ if !odd(arg) => arg.clone(),
        Type::Tuple { .. } => {
            let kind = ExprKind::Read(Box::new(widened(arg.clone(), &Type::Any)));
            Expr { kind, ty: as_list(&arg.ty).unwrap_or(Type::Any), span: arg.span }
        }
        _ => widened(arg.clone(), &Type::Any),
    };
    Some(Arguments {
        positional: arguments.positional.iter().map(any).collect(),
        named: arguments.named.iter().map(|(name, arg)| (name.clone(), any(arg))).collect(),
        each: arguments.each.clone(),
    })
}

/// The arguments in the order of the parameters, defaults filled in; `None` where they do not fit
/// by number or name.
fn bind<'a>(op: &Op, arguments: &'a Arguments, span: Span) -> Option<Vec<Cow<'a, Expr>>> {
    let mut positional = arguments.positional.iter();
    let mut used = 0;
    let mut bound = Vec::with_capacity(op.params.len());
    for param in op.params {
        let named = || {
            let found = arguments.named.iter().find(|(name, _)| name == param.name);
            used += usize::from(found.is_some());
            found.map(|(_, arg)| arg)
        };
        bound.push(match (param.ty, param.default) {
            (Pattern::Each(_), _) => Cow::Borrowed(arguments.each.as_ref()?),
            (_, default) => match (positional.next().or_else(named), default) {
                (Some(arg), _) => Cow::Borrowed(arg),
                (None, Some(default)) => Cow::Owned(literal(default, span)),
                (None, None) => return None,
            },
        });
    }
    let has_each = op.params.iter().any(|param| matches!(param.ty, Pattern::Each(_)));
    let all = positional.next().is_none() && used == arguments.named.len();
    (all && has_each == arguments.each.is_some()).then_some(bound)
}

fn literal(default: Literal, span: Span) -> Expr {
    match default {
        Literal::Int(int) => Expr::literal(int, Type::Int, span),
        Literal::Text(text) => Expr::text(text, span),
        Literal::Bool(bool) => Expr::literal(bool, Type::Bool, span),
        Literal::Null => Expr::literal(Value::Null, Type::Null, span),
    }
}

fn match_all(op: &Op, args: &[Cow<'_, Expr>], fit: Fit) -> Option<Bindings> {
    let mut bindings = Bindings::default();
    for (arg, param) in args.iter().zip(op.params) {
        let later = match param.ty {
            // What an `Each` gives is looked at once the entry is chosen.
            Pattern::Each(_) => true,
            Pattern::List(_) => arg.is_empty_list(),
            _ => false,
        };
        let fits = later || matches(param.ty, &arg.ty, fit, &mut bindings);
        if !fits {
            return None;
        }
    }
    Some(bindings)
}

/// Whether a value of type `ty` can be an argument of type `pattern`, binding its variables.
fn matches(pattern: Pattern, ty: &Type, fit: Fit, bindings: &mut Bindings) -> bool {
    let widened = fit != Fit::Exact;
    let read = fit == Fit::Read && *ty == Type::Any;
    match (pattern, ty) {
        (Pattern::T, _) => variable(&mut bindings.t, ty.clone(), widened),
        (Pattern::R, _) => variable(&mut bindings.r, ty.clone(), widened),
        (Pattern::K, _) => ordered(ty).is_some_and(|key| variable(&mut bindings.k, key, widened)),
        (Pattern::Any, Type::Any)
        | (Pattern::Bool, Type::Bool)
        | (Pattern::Int, Type::Int)
        | (Pattern::Number, Type::Number)
        | (Pattern::String, Type::String | Type::Enum(_))
        | (Pattern::Timestamp, Type::Timestamp)
        | (Pattern::Duration, Type::Duration)
        | (Pattern::Bytes, Type::Bytes)
        | (Pattern::Optional(_), Type::Null) => true,
        (Pattern::Optional(some), ty) => matches(*some, ty.some(), fit, bindings),
        (Pattern::List(items), Type::List { items: ty })
        | (Pattern::Map(items), Type::Map { values: ty }) => matches(*items, ty, fit, bindings),
        (Pattern::List(items) | Pattern::Map(items), Type::Any) if read => {
            matches(*items, &Type::Any, fit, bindings) || !matches!(items, Pattern::T | Pattern::K)
        }
        (Pattern::Number, Type::Int) | (Pattern::Any, _) => widened,
        _ => read,
    }
}

fn variable(bound: &mut Option<Type>, ty: Type, widened: bool) -> bool {
    let unified = match bound.as_ref() {
        None => Some(ty),
        Some(bound) if *bound == ty => return true,
        Some(bound) if widened => unify(bound, &ty).ok(),
        Some(_) => None,
    };
    let fits = unified.is_some();
    if fits {
        *bound = unified;
    }
    fits
}

/// The type by whose order values of type `ty` are ordered.
pub(crate) fn ordered(ty: &Type) -> Option<Type> {
    match ty {
        Type::Bool | Type::Int | Type::Number | Type::String | Type::Timestamp | Type::Duration => {
            Some(ty.clone())
        }
        Type::Enum(_) => Some(Type::String),
        Type::Null
        | Type::Bytes
        | Type::List { .. }
        | Type::Map { .. }
        | Type::Record(_)
        | Type::Optional { .. }
        | Type::Tuple { .. }
        | Type::Union(_)
        | Type::Recursive(_)
        | Type::Own { .. }
        | Type::Any => None,
    }
}

fn wrong_arguments(
    candidates: &[&'static Op],
    arguments: &Arguments,
    what: &str,
    span: Span,
) -> ExprIssue {
    let unknown = arguments.named.iter().map(|(name, _)| name.as_str()).find(|name| {
        !candidates.iter().any(|op| op.params.iter().skip(1).any(|param| param.name == *name))
    });
    let message = match unknown {
        Some(name) => format!("`{what}` has no argument `{name}`"),
        None => format!("`{what}` takes other arguments"),
    };
    let mut usages: Vec<String> = candidates.iter().map(|op| usage(op, what)).collect();
    usages.dedup();
    ExprIssue::new(code::WRONG_ARGUMENTS.id, span, message)
        .help(format!("write {}", usages.join(", or ")))
}

/// `value | replace(from, to)`.
fn usage(op: &Op, what: &str) -> String {
    let skip = usize::from(!matches!(op.surface, Surface::Function(_)));
    let params: Vec<String> = op
        .params
        .iter()
        .skip(skip)
        .map(|param| match param.ty {
            Pattern::Each(_) => format!("{}='…'", param.name),
            _ => param.name.to_owned(),
        })
        .collect();
    let params = if params.is_empty() { String::new() } else { format!("({})", params.join(", ")) };
    match op.surface {
        Surface::Filter(_) => format!("`… | {what}{params}`"),
        Surface::Test(_) => format!("`… is {what}{params}`"),
        Surface::Function(_) => format!("`{what}{params}`"),
        Surface::Binary(_) | Surface::Unary(_) | Surface::Slice => format!("`{what}`"),
    }
}

fn wrong_operands(bound: &[Candidate<'_>], what: &str, span: Span) -> ExprIssue {
    let args = bound.first().map(|(_, args)| args.as_slice()).unwrap_or_default();
    let is_operand =
        |param: &Param| !matches!(param.ty, Pattern::Each(_)) && param.default.is_none();
    let types: Vec<String> = args
        .iter()
        .zip(bound.first().map(|(op, _)| op.params).unwrap_or_default())
        .filter(|(_, param)| is_operand(param))
        .map(|(arg, _)| arg.ty.to_string())
        .collect();
    let found = types.join(" and ");
    if args.iter().any(|arg| arg.ty == Type::Any) {
        let message = format!("`{what}` needs to know the type of each operand, found {found}");
        return ExprIssue::new(code::UNKNOWN_TYPE.id, span, message)
            .help("convert the any with `| int`, `| float`, `| string` or `| bool`");
    }
    let mut wanted: Vec<String> = bound
        .iter()
        .map(|(op, _)| {
            let params = op.params.iter().filter(|param| is_operand(param));
            let params: Vec<String> = params.map(|param| param.ty.text()).collect();
            params.join(" and ")
        })
        .collect();
    wanted.dedup();
    let message = format!("`{what}` is not defined for {found}");
    ExprIssue::new(code::WRONG_OPERANDS.id, span, message).help(format!(
        "it takes {}{}",
        wanted.join(", or "),
        legend(&wanted)
    ))
}

fn legend(wanted: &[String]) -> &'static str {
    let has = |variable: char| wanted.iter().any(|text| text.contains(variable));
    match (has('K'), has('T')) {
        (true, _) => "; K is a type with an order, such as int, number or string",
        (false, true) => "; T is any one type",
        (false, false) => "",
    }
}
