//! Switches whose arms stand right behind them: `match` on a value, or a chain of `if`.

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

use super::super::expr::{Code, Exprs};
use super::super::locals::Locals;
use super::super::names::ident;
use super::branch::Whole;
use super::{BlockCode, Final, Flow, Lines, Mode};
use crate::check::{Case, Node};
use crate::expr::{Expr, ExprKind};
use crate::ir::Branch;
use crate::lower::handles;

impl Flow<'_, '_> {
    /// Emits switch and branch in one; `false` if they need a variable between them.
    pub(super) fn switch_branch(
        &mut self,
        node: &Node,
        cases: &[Case],
        branch: &Branch,
        end: Option<&Final<'_>>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) -> bool {
        let Some(patterns) = self.case_patterns(cases) else {
            return self.switch_chain(node, cases, branch, end, locals, lines);
        };
        let slots = self.branch_slots(branch, locals);
        let mode = match end {
            Some(end) => Mode::Tail(end),
            None if slots.is_empty() => Mode::Statements,
            None => Mode::Values(&slots),
        };
        let hint = self.emitter.hint(&node.id, "Value", "");
        let (value, mut taken) = (patterns.value, 0);
        let mut exprs = Exprs::new(self.emitter, locals, hint);
        let looked_at = match (&value.ty, exprs.code(value)) {
            (Type::String, Code::Place(code)) => quote!(#code.as_str()),
            (Type::String, Code::Value(code, _)) => quote!((#code).as_str()),
            (_, Code::Ref(code)) if value.ty != Type::String => quote!(*#code),
            (_, code) => code.tokens(),
        };
        if exprs.fallible {
            return false;
        }
        locals.forget(&node.id);
        let comment = super::super::comment(node);
        let mut bodies: Vec<(String, BlockCode)> = Vec::new();
        for arm in &branch.arms {
            let body = self.block(Some(&arm.block), locals.clone(), &mode);
            bodies.push((arm.handle.clone(), body));
        }
        let missing = self.block(None, locals.clone(), &mode);
        let mut printed = Vec::new();
        let mut diverges = true;
        let drawn_default = bodies.iter().any(|(handle, _)| handle == "default");
        for (case, pattern) in cases.iter().zip(&patterns.arms) {
            taken += 1;
            match bodies.iter().find(|(handle, _)| *handle == case.handle) {
                Some((_, body)) => {
                    diverges &= body.diverges;
                    let code = &body.code;
                    printed.push(quote!(#pattern => { #code }));
                }
                None if drawn_default => {
                    diverges &= missing.diverges;
                    let code = &missing.code;
                    printed.push(quote!(#pattern => { #code }));
                }
                None => taken -= 1,
            }
        }
        if !(patterns.exhaustive && taken == cases.len()) {
            let rest = bodies.iter().find(|(handle, _)| handle == "default");
            let body = rest.map_or(&missing, |(_, body)| body);
            diverges &= body.diverges;
            let code = &body.code;
            printed.push(quote!(_ => { #code }));
        }
        debug_assert!(handles(node).len() > 1);
        let code = quote!(match #looked_at { #(#printed)* });
        self.place(Whole::Match { code, diverges }, &slots, end, comment.as_ref(), locals, lines);
        true
    }

    /// A chain of `if` where every case has an arm; `false` where that would repeat an empty one.
    fn switch_chain(
        &mut self,
        node: &Node,
        cases: &[Case],
        branch: &Branch,
        end: Option<&Final<'_>>,
        locals: &mut Locals,
        lines: &mut Lines,
    ) -> bool {
        let drawn = |handle: &str| branch.arms.iter().any(|arm| arm.handle == handle);
        if cases.is_empty() || !cases.iter().all(|case| drawn(&case.handle)) {
            return false;
        }
        let slots = self.branch_slots(branch, locals);
        let mode = match end {
            Some(end) => Mode::Tail(end),
            None if slots.is_empty() => Mode::Statements,
            None => Mode::Values(&slots),
        };
        let mut tests = Vec::new();
        for case in cases {
            let hint = self.emitter.hint(&node.id, "Value", "");
            let mut exprs = Exprs::new(self.emitter, locals, hint);
            let test = exprs.condition(&case.when).tokens();
            let fallible = exprs.fallible;
            let call = super::evaluated(&node.id, &test);
            tests.push(if fallible { quote!(#call?) } else { test });
        }
        locals.forget(&node.id);
        let comment = super::super::comment(node);
        let mut bodies = Vec::new();
        for arm in &branch.arms {
            bodies.push((&arm.handle, self.block(Some(&arm.block), locals.clone(), &mode)));
        }
        let mut rest = bodies
            .iter()
            .position(|(handle, _)| *handle == "default")
            .map(|place| bodies.remove(place).1);
        if rest.is_none() && !matches!(mode, Mode::Statements) {
            rest = Some(self.block(None, locals.clone(), &mode));
        }
        let mut diverges = rest.as_ref().is_some_and(|body| body.diverges);
        let mut chain = rest.map(|body| body.code).map(|code| quote!({ #code }));
        for (case, test) in cases.iter().zip(tests).rev() {
            let Some((_, body)) = bodies.iter().find(|(handle, _)| **handle == case.handle) else {
                continue;
            };
            diverges &= body.diverges;
            let code = &body.code;
            let other = chain.map(|other| quote!(else #other));
            chain = Some(quote!(if #test { #code } #other));
        }
        let code = chain.unwrap_or_default();
        self.place(Whole::Match { code, diverges }, &slots, end, comment.as_ref(), locals, lines);
        true
    }

    /// The patterns of a switch that compares one value with constants, each once.
    fn case_patterns<'c>(&mut self, cases: &'c [Case]) -> Option<Patterns<'c>> {
        let mut patterns = Vec::new();
        let mut value: Option<&Expr> = None;
        let mut texts = Vec::new();
        for case in cases {
            let (left, constant) = compared(&case.when)?;
            if value.is_some_and(|value| !super::super::expr::same(value, left)) {
                return None;
            }
            value = Some(left);
            let text = constant.to_string();
            if texts.contains(&text) {
                return None;
            }
            texts.push(text);
            patterns.push(self.constant_pattern(constant, &left.ty)?);
        }
        let value = value?;
        let exhaustive = match &value.ty {
            Type::Enum(all) => all.values.len() == patterns.len(),
            Type::Bool => patterns.len() == 2,
            _ => false,
        };
        // One arm and the rest read better as `if`.
        (cases.len() > 1).then_some(Patterns { value, arms: patterns, exhaustive })
    }

    fn constant_pattern(&mut self, constant: &serde_json::Value, ty: &Type) -> Option<TokenStream> {
        match (ty, constant) {
            (Type::String, serde_json::Value::String(text)) => Some(quote!(#text)),
            (Type::Int, value) => {
                let int = value.as_i64()?;
                let literal = proc_macro2::Literal::i64_unsuffixed(int);
                Some(quote!(#literal))
            }
            (Type::Enum(_), serde_json::Value::String(text)) => {
                let hint = super::no_hint();
                let path = self.emitter.types.path(ty, &hint, &mut self.emitter.symbols);
                let variant = ident(&self.emitter.types.variant(ty, text));
                Some(quote!(#path::#variant))
            }
            _ => None,
        }
    }
}

struct Patterns<'c> {
    value: &'c Expr,
    arms: Vec<TokenStream>,
    exhaustive: bool,
}

/// `value == constant`.
fn compared(expr: &Expr) -> Option<(&Expr, &serde_json::Value)> {
    let ExprKind::Call { op: "equal", args } = &expr.kind else { return None };
    match args.as_slice() {
        [value, constant] => match &constant.kind {
            ExprKind::Literal(constant) => Some((value, constant)),
            _ => None,
        },
        _ => None,
    }
}
