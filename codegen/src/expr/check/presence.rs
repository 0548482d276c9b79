//! Presence: `default`, `is defined` and `first_of`, which cover an access chain (S8, S9).

use flowcrate::types::{Type, unify};

use super::super::ast::{Ast, AstKind, Invocation};
use super::super::issue::ExprIssue;
use super::super::names::access;
use super::super::typed::{Expr, ExprKind, Name};
use super::coerce::{null_is_meant, widened};
use super::literals::adapt;
use super::operators::negated;
use super::{Checker, Typed};
use crate::diagnostic::{Span, code};

impl Checker<'_> {
    /// `chain | default(fallback)` (S8).
    pub(super) fn default(&mut self, value: &Ast, call: &Invocation, span: Span) -> Typed {
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
        if fallback.kind == AstKind::Null {
            return value.map(null_is_meant);
        }
        let some = value.as_ref().map(|value| value.ty.some().clone());
        let fallback = match &some {
            Some(Type::Null | Type::Any) | None => self.value(fallback),
            // These have no other way to be written.
            Some(some) if is_literal_of(fallback, some) => self.check_as(fallback, Some(some)),
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

    /// `first_of(a, b, …)`: the first that is defined (S9).
    pub(super) fn first_of(&mut self, call: &Invocation, span: Span) -> Typed {
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
}

/// Whether it is `{…}` for a map, or `[…]` for a tuple.
fn is_literal_of(fallback: &Ast, some: &Type) -> bool {
    matches!(
        (&fallback.kind, some),
        (AstKind::Dict(_), Type::Map { .. }) | (AstKind::List(_), Type::Tuple { .. })
    )
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
