//! Switches whose arms stand right behind them: `match` on a value, or a chain of `if`.

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

use super::super::expr::{Code, Exprs};
use super::super::locals::Locals;
use super::super::names::ident;
use super::branch::{Whole, arm};
use super::simpler::same;
use super::unused::has_effect;
use super::{BlockCode, Final, Flow, Lines, Mode};
use crate::check::{Case, Node};
use crate::expr::{Expr, ExprKind};
use crate::ir::Branch;
use crate::lower::{self, handles};

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
        let value = patterns.value;
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
        let mut ways = Vec::new();
        let drawn_default = bodies.iter().any(|(handle, _)| handle == "default");
        for (case, pattern) in cases.iter().zip(&patterns.arms) {
            match bodies.iter().find(|(handle, _)| *handle == case.handle) {
                Some((_, body)) => ways.push((pattern, body.clone())),
                None if drawn_default => ways.push((pattern, missing.clone())),
                None => {}
            }
        }
        let rest = (!(patterns.exhaustive && ways.len() == cases.len())).then(|| {
            let rest = bodies.iter().find(|(handle, _)| handle == "default");
            rest.map_or(&missing, |(_, body)| body).clone()
        });
        debug_assert!(handles(node).len() > 1);
        let silent = matches!(mode, Mode::Statements);
        if let Some(whole) = by_value(&looked_at, ways, rest, silent) {
            self.place(whole, &slots, end, comment.as_ref(), locals, lines);
        }
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
        let last = lower::rest(node);
        let mut rest = bodies
            .iter()
            .position(|(handle, _)| *handle == last)
            .map(|place| bodies.remove(place).1);
        if rest.is_none() && !matches!(mode, Mode::Statements) {
            rest = Some(self.block(None, locals.clone(), &mode));
        }
        let mut ways = Vec::new();
        for (case, test) in cases.iter().zip(tests) {
            // What an earlier case asks for no later one gets.
            let known = ways.iter().any(|(earlier, _)| same(earlier, &test));
            let place = bodies.iter().position(|(handle, _)| **handle == case.handle);
            if let (Some(place), false) = (place, known) {
                ways.push((test, bodies.swap_remove(place).1));
            }
        }
        let whole = chain(ways, rest, matches!(mode, Mode::Statements));
        if let Some(whole) = whole {
            self.place(whole, &slots, end, comment.as_ref(), locals, lines);
        }
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

/// A `match` on a value, without the ways that do nothing; an `if` where one way is left.
fn by_value(
    looked_at: &TokenStream,
    mut ways: Vec<(&TokenStream, BlockCode)>,
    mut rest: Option<BlockCode>,
    silent: bool,
) -> Option<Whole> {
    let rest_is_silent = silent && rest.as_ref().is_none_or(|rest| rest.code.is_empty());
    if rest_is_silent {
        let all = ways.len();
        ways.retain(|(_, body)| !body.code.is_empty());
        if ways.len() < all {
            rest = Some(BlockCode::default());
        }
        if ways.is_empty() {
            return None;
        }
        if let (1, Some(_), Some((pattern, body))) = (ways.len(), &rest, ways.first().cloned()) {
            let condition = quote!(#looked_at == #pattern);
            return Some(Whole::If { condition, body, otherwise: None });
        }
    }
    let diverges = ways.iter().all(|(_, body)| body.diverges)
        && rest.as_ref().is_none_or(|rest| rest.diverges);
    let asks_first = rest_is_silent && rest.is_some();
    let arms = ways.into_iter().map(|(pattern, body)| arm(pattern, None, body, asks_first));
    let mut arms: Vec<TokenStream> = arms.collect();
    arms.extend(rest.map(|rest| rest.code).map(|code| quote!(_ => { #code })));
    Some(Whole::Match { code: quote!(match #looked_at { #(#arms)* }), diverges })
}

/// A chain of `if`, without what does nothing at its end.
fn chain(
    mut ways: Vec<(TokenStream, BlockCode)>,
    rest: Option<BlockCode>,
    silent: bool,
) -> Option<Whole> {
    let mut rest = rest.filter(|rest| !silent || !rest.code.is_empty());
    if silent && rest.is_none() {
        while ways.last().is_some_and(|(test, body)| body.code.is_empty() && !has_effect(test)) {
            ways.pop();
        }
    }
    // Neighbours that do the same are one.
    ways.dedup_by(|(test, body), (earlier, before)| {
        let alike = same(&body.code, &before.code);
        if alike {
            *earlier = either(earlier, test);
        }
        alike
    });
    let diverges =
        rest.as_ref().is_some_and(|rest| rest.diverges) && ways.iter().all(|way| way.1.diverges);
    let (first, body) = (!ways.is_empty()).then(|| ways.remove(0))?;
    if ways.is_empty() {
        return Some(Whole::If { condition: first, body, otherwise: rest });
    }
    let mut otherwise = rest.take().map(|rest| rest.code).map(|code| quote!({ #code }));
    for (test, body) in ways.into_iter().rev() {
        let other = otherwise.map(|other| quote!(else #other));
        let code = body.code;
        otherwise = Some(quote!(if #test { #code } #other));
    }
    let Some(otherwise) = otherwise else {
        return Some(Whole::If { condition: first, body, otherwise: None });
    };
    let code = body.code;
    Some(Whole::Match { code: quote!(if #first { #code } else #otherwise), diverges })
}

/// `one || other`.
fn either(one: &TokenStream, other: &TokenStream) -> TokenStream {
    let operand = |code: &TokenStream| match syn::parse2::<syn::Expr>(code.clone()) {
        Ok(syn::Expr::If(_) | syn::Expr::Match(_) | syn::Expr::Closure(_)) => quote!((#code)),
        _ => code.clone(),
    };
    let (one, other) = (operand(one), operand(other));
    quote!(#one || #other)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn block(code: TokenStream) -> BlockCode {
        BlockCode { code, diverges: false, lone_if: None }
    }

    fn sure_to_fail(code: TokenStream) -> BlockCode {
        BlockCode { code, diverges: true, lone_if: None }
    }

    fn said(whole: Option<Whole>) -> String {
        whole.map(|whole| whole.code().to_string()).unwrap_or_default()
    }

    fn diverges(whole: Option<&Whole>) -> bool {
        matches!(whole, Some(Whole::Match { diverges: true, .. }))
    }

    #[test]
    fn a_match_has_no_arms_that_do_nothing() {
        let (one, two, none) = (quote!(Mood::Good), quote!(Mood::Bad), TokenStream::new);
        let value = quote!(mood);
        let whole = |first, second, rest: Option<TokenStream>, silent| {
            let ways = vec![(&one, block(first)), (&two, block(second))];
            said(by_value(&value, ways, rest.map(block), silent))
        };
        let all = quote!(match mood {
            Mood::Good => {
                a();
            }
            Mood::Bad => {
                b();
            }
        });
        assert_eq!(whole(quote!(a();), quote!(b();), None, true), all.to_string());
        let rest = quote!(match mood {
            Mood::Good => {
                a();
            }
            Mood::Bad => {
                b();
            }
            _ => {
                c();
            }
        });
        assert_eq!(whole(quote!(a();), quote!(b();), Some(quote!(c();)), true), rest.to_string());
        let open = quote!(match mood {
            Mood::Good => {
                a();
            }
            Mood::Bad => {
                b();
            }
            _ => {}
        });
        assert_eq!(whole(quote!(a();), quote!(b();), Some(none()), true), open.to_string());
        let lone = quote!(if mood == Mood::Good {
            a();
        });
        assert_eq!(whole(quote!(a();), none(), None, true), lone.to_string());
        assert_eq!(whole(none(), none(), Some(none()), true), "");
        // A rest that does something must not get the cases that do nothing.
        let kept = quote!(match mood {
            Mood::Good => {
                a();
            }
            Mood::Bad => {}
            _ => {
                c();
            }
        });
        assert_eq!(whole(quote!(a();), none(), Some(quote!(c();)), true), kept.to_string());
        let handed = quote!(match mood {
            Mood::Good => {
                None
            }
            Mood::Bad => {
                b
            }
        });
        assert_eq!(whole(quote!(None), quote!(b), None, false), handed.to_string());
        // The only way that there is, of a value that has no other.
        let only = by_value(&value, vec![(&one, block(quote!(a();)))], None, true);
        assert_eq!(
            said(only),
            quote!(match mood {
                Mood::Good => {
                    a();
                }
            })
            .to_string()
        );
    }

    #[test]
    fn an_arm_asks_first_where_the_rest_is_silent() {
        let lone = || BlockCode {
            code: quote!(if late {
                a();
            }),
            diverges: false,
            lone_if: Some(crate::emit::flow::LoneIf {
                comment: None,
                condition: quote!(late),
                body: quote!(a();),
            }),
        };
        let (one, two, value) = (quote!(1), quote!(2), quote!(n));
        let whole = |rest: Option<TokenStream>| {
            let ways = vec![(&one, lone()), (&two, block(quote!(b();)))];
            said(by_value(&value, ways, rest.map(block), true))
        };
        let asked = quote!(match n {
            1 if late => {
                a();
            }
            2 => {
                b();
            }
            _ => {}
        });
        assert_eq!(whole(Some(TokenStream::new())), asked.to_string());
        let inside = quote!(match n {
            1 => {
                if late {
                    a();
                }
            }
            2 => {
                b();
            }
            _ => {
                c();
            }
        });
        assert_eq!(whole(Some(quote!(c();))), inside.to_string());
        let exhausted = quote!(match n {
            1 => {
                if late {
                    a();
                }
            }
            2 => {
                b();
            }
        });
        assert_eq!(whole(None), exhausted.to_string());
    }

    #[test]
    fn a_switch_comes_to_no_end_where_no_way_does() {
        let (one, two, value) = (quote!(1), quote!(2), quote!(n));
        let match_of = |first: BlockCode, second: BlockCode, rest| {
            by_value(&value, vec![(&one, first), (&two, second)], rest, true)
        };
        let chain_of = |first: BlockCode, second: BlockCode, rest| {
            chain(vec![(quote!(p), first), (quote!(q), second)], rest, true)
        };
        let fail = |code| sure_to_fail(code);
        let (a, b, c) = (|| quote!(a();), || quote!(b();), || quote!(c();));
        assert!(diverges(match_of(fail(a()), fail(b()), None).as_ref()));
        assert!(diverges(match_of(fail(a()), fail(b()), Some(fail(c()))).as_ref()));
        assert!(!diverges(match_of(fail(a()), block(b()), Some(fail(c()))).as_ref()));
        assert!(!diverges(match_of(fail(a()), fail(b()), Some(block(c()))).as_ref()));
        assert!(diverges(chain_of(fail(a()), fail(b()), Some(fail(c()))).as_ref()));
        assert!(!diverges(chain_of(fail(a()), block(b()), Some(fail(c()))).as_ref()));
        assert!(!diverges(chain_of(fail(a()), fail(b()), Some(block(c()))).as_ref()));
        assert!(!diverges(chain_of(fail(a()), fail(b()), None).as_ref()));
    }

    #[test]
    fn a_chain_has_no_end_that_does_nothing() {
        let none = TokenStream::new;
        let whole = |ways: Vec<(TokenStream, TokenStream)>, rest: Option<TokenStream>, silent| {
            let ways = ways.into_iter().map(|(test, code)| (test, block(code))).collect();
            said(chain(ways, rest.map(block), silent))
        };
        let (p, q, a, b) = (|| quote!(p), || quote!(q), || quote!(a();), || quote!(b();));
        let both = quote!(if p {
            a();
        } else if q {
            b();
        } else {
            c();
        });
        assert_eq!(whole(vec![(p(), a()), (q(), b())], Some(quote!(c();)), true), both.to_string());
        let short = quote!(if p {
            a();
        });
        assert_eq!(whole(vec![(p(), a()), (q(), none())], Some(none()), true), short.to_string());
        assert_eq!(whole(vec![(p(), a()), (q(), none())], None, true), short.to_string());
        assert_eq!(whole(vec![(p(), none()), (q(), none())], None, true), "");
        // What may fail is asked all the same.
        let asked = quote!(if p {
            a();
        } else if q? {
        });
        assert_eq!(whole(vec![(p(), a()), (quote!(q?), none())], None, true), asked.to_string());
        // The rest must not get a case that does nothing.
        let kept = quote!(if p {
            a();
        } else if q {
        } else {
            c();
        });
        let ways = vec![(p(), a()), (q(), none())];
        assert_eq!(whole(ways, Some(quote!(c();)), true), kept.to_string());
        let handed = quote!(if p {
            x
        } else {
        });
        assert_eq!(whole(vec![(p(), quote!(x))], Some(none()), false), handed.to_string());
        let one = quote!(if p || q {
            a();
        });
        assert_eq!(whole(vec![(p(), a()), (q(), a())], None, true), one.to_string());
        let wrapped = quote!(if (if x { y } else { z }) || q {
            a();
        });
        let test = quote!(if x { y } else { z });
        assert_eq!(whole(vec![(test, a()), (q(), a())], None, true), wrapped.to_string());
    }
}
