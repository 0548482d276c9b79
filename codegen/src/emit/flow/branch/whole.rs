//! A branch as a whole: the `if`, `if let` or `match` that its arms make.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::simpler::has_let;
use super::super::unused::has_effect;
use super::super::{BlockCode, LoneIf};
use super::{ArmCode, Scrutinee};
use crate::check::Node;
use crate::emit::locals::HandleForm;
use crate::lower::{handles, rest};

/// A branch as a whole.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
pub(in crate::emit::flow) enum Whole {
    /// `if`, with an `else` if there is anything in it.
    If { condition: TokenStream, body: BlockCode, otherwise: Option<BlockCode> },
    /// `match`.
    Match { code: TokenStream, diverges: bool },
}

impl Whole {
    pub(super) fn diverges(&self) -> bool {
        match self {
            Self::If { body, otherwise, .. } => {
                body.diverges && otherwise.as_ref().is_some_and(|block| block.diverges)
            }
            Self::Match { diverges, .. } => *diverges,
        }
    }

    pub(in crate::emit::flow) fn code(self) -> TokenStream {
        match self {
            Self::Match { code, .. } => code,
            Self::If { condition, body, otherwise } => {
                let body = body.code;
                match otherwise {
                    None => quote!(if #condition { #body }),
                    Some(otherwise) => {
                        let other = otherwise.code;
                        if otherwise.lone_if.is_some() {
                            quote!(if #condition { #body } else #other)
                        } else {
                            quote!(if #condition { #body } else { #other })
                        }
                    }
                }
            }
        }
    }
}

/// Where the handle of all the rest is drawn it must not take the cases that are not, nor a failure,
/// of a node that is not `sound`.
pub(super) fn fill_cases(
    node: &Node,
    mut arms: Vec<ArmCode>,
    missing: Option<&BlockCode>,
    (form, sound): (HandleForm, bool),
) -> Vec<ArmCode> {
    let rest = rest(node);
    if !arms.iter().any(|arm| arm.handle == rest) {
        return arms;
    }
    let drawn: Vec<String> = arms.iter().map(|arm| arm.handle.clone()).collect();
    let mut absent = handles(node);
    absent.retain(|handle| {
        let never = sound && *handle == "error";
        !never && !drawn.iter().any(|other| other == handle)
    });
    for handle in absent {
        let pattern = match (form, handle) {
            (HandleForm::CaughtText, "error") => quote!(Err(_)),
            (HandleForm::CaughtText, text) => quote!(Ok(#text)),
            (_, text) => quote!(#text),
        };
        let code = missing.map(|block| block.code.clone()).unwrap_or_default();
        let body = BlockCode { code, diverges: false, lone_if: None };
        let handle = handle.to_owned();
        arms.insert(0, ArmCode { handle, pattern, guard: None, binds: false, body });
    }
    // The pattern that takes the rest comes after the cases: of a text also after the failure, of a
    // `Result` before it.
    let caught = form == HandleForm::CaughtText;
    arms.sort_by_key(|arm| (caught && arm.handle == "error", arm.handle == rest));
    arms
}

pub(super) fn match_code(
    code: &TokenStream,
    scrutinee: &Scrutinee,
    mut arms: Vec<ArmCode>,
    missing: Option<BlockCode>,
    complete: bool,
) -> Whole {
    let looked_at = if scrutinee.shared
        && !matches!(
            scrutinee.form,
            HandleForm::Text
                | HandleForm::OptionalBool
                | HandleForm::OptionalText
                | HandleForm::Bool
        ) {
        quote!(&#code)
    } else {
        code.clone()
    };
    let complete = complete || arms.iter().any(|arm| arm.pattern.to_string() == "_");
    if arms.len() == 1 && !complete {
        let arm = arms.remove(0);
        let condition = if_condition(&arm, code, &looked_at);
        return Whole::If { condition, body: arm.body, otherwise: missing };
    }
    if arms.len() == 2 && complete && is_simple(&arms[0].pattern) && !arms[1].binds {
        let second = arms.remove(1);
        let first = arms.remove(0);
        let condition = if_condition(&first, code, &looked_at);
        return Whole::If { condition, body: first.body, otherwise: Some(second.body) };
    }
    let fails = |arm: &ArmCode| arm.handle == "error" && arm.pattern.to_string().starts_with('"');
    if arms.len() == 2 && complete && fails(&arms[0]) {
        let other = arms.remove(1);
        let error = arms.remove(0);
        if error.body.code.is_empty() {
            let pattern = &error.pattern;
            let condition = quote!(#code != #pattern);
            return Whole::If { condition, body: other.body, otherwise: None };
        }
        let condition = if_condition(&error, code, &looked_at);
        return Whole::If { condition, body: error.body, otherwise: Some(other.body) };
    }
    let mut diverges = true;
    let mut printed = Vec::new();
    let rest_is_silent = !complete && missing.is_none();
    for ArmCode { pattern, guard, body, .. } in arms {
        diverges &= body.diverges;
        printed.push(arm(&pattern, guard, body, rest_is_silent));
    }
    if !complete {
        diverges &= missing.as_ref().is_some_and(|block| block.diverges);
        let code = missing.map(|block| block.code).unwrap_or_default();
        printed.push(quote!(_ => { #code }));
    }
    Whole::Match { code: quote!(match #looked_at { #(#printed)* }), diverges }
}

/// An arm. What it asks before all else may as well be asked before it, if nothing else follows.
pub(in crate::emit::flow) fn arm(
    pattern: &TokenStream,
    guard: Option<TokenStream>,
    body: BlockCode,
    rest_is_silent: bool,
) -> TokenStream {
    if let (true, None, Some(LoneIf { comment, condition, body })) =
        (rest_is_silent, &guard, &body.lone_if)
        && !has_effect(condition)
        && !has_let(condition)
    {
        return quote!(#comment #pattern if #condition => { #body });
    }
    let code = body.code;
    let guard = guard.map(|guard| quote!(if #guard));
    quote!(#pattern #guard => { #code })
}

/// Whether `if let` reads better than `match`.
fn is_simple(pattern: &TokenStream) -> bool {
    let text = pattern.to_string();
    text.starts_with("Ok") || text.starts_with("Some") || text.starts_with("Err")
}

fn if_condition(arm: &ArmCode, code: &TokenStream, looked_at: &TokenStream) -> TokenStream {
    let pattern = &arm.pattern;
    if let Some(guard) = &arm.guard {
        return quote!(let #pattern = #looked_at && #guard);
    }
    match pattern.to_string().replace(' ', "").as_str() {
        "Ok(_)" => quote!(#code.is_ok()),
        "Err(_)" => quote!(#code.is_err()),
        "Some(_)" => quote!(#code.is_some()),
        "None" => quote!(#code.is_none()),
        text if text.ends_with("(_)") && text.contains("::") => {
            quote!(matches!(trigger, #pattern))
        }
        text if text.starts_with('"')
            || text.starts_with("Some(\"")
            || text == "Some(true)"
            || text == "Some(false)" =>
        {
            quote!(#code == #pattern)
        }
        _ => quote!(let #pattern = #looked_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm_of(pattern: TokenStream, code: TokenStream, diverges: bool) -> ArmCode {
        let body = BlockCode { code, diverges, lone_if: None };
        ArmCode { handle: String::new(), pattern, guard: None, binds: false, body }
    }

    fn matched(arms: Vec<ArmCode>, missing: Option<BlockCode>, complete: bool) -> Whole {
        let form = HandleForm::CaughtText;
        let scrutinee = Scrutinee { code: quote!(way), form, shared: true };
        match_code(&quote!(way), &scrutinee, arms, missing, complete)
    }

    #[test]
    fn a_match_comes_to_no_end_where_no_arm_does() {
        let arms = |first, second| {
            let (a, b) = (quote!(a();), quote!(b();));
            vec![arm_of(quote!(Ok("a")), a, first), arm_of(quote!(Ok("b")), b, second)]
        };
        let rest = |diverges| BlockCode { code: quote!(c();), diverges, lone_if: None };
        let diverges =
            |first, second, rest, complete| matched(arms(first, second), rest, complete).diverges();
        assert!(diverges(true, true, Some(rest(true)), false));
        assert!(!diverges(true, false, Some(rest(true)), false));
        assert!(!diverges(false, true, Some(rest(true)), false));
        assert!(!diverges(true, true, Some(rest(false)), false));
        assert!(!diverges(true, true, None, false));
        let third = || arm_of(quote!(Err(_)), quote!(d();), true);
        let all = |first| arms(first, true).into_iter().chain([third()]).collect();
        assert!(matched(all(true), None, true).diverges());
        assert!(!matched(all(false), None, true).diverges());
        // So does an `if`, where it has both ways.
        let both = |body, other| {
            let (body, otherwise) = (rest(body), Some(rest(other)));
            Whole::If { condition: quote!(p), body, otherwise }.diverges()
        };
        assert!(both(true, true) && !both(true, false) && !both(false, true));
        let (condition, body) = (quote!(p), rest(true));
        assert!(!Whole::If { condition, body, otherwise: None }.diverges());
    }

    #[test]
    fn an_arm_asks_before_it_what_is_a_test_alone() {
        let lone = |condition: TokenStream| BlockCode {
            code: quote!(if #condition { a(); }),
            diverges: false,
            lone_if: Some(LoneIf { comment: None, condition, body: quote!(a();) }),
        };
        let said = |condition, guard, silent| {
            arm(&quote!(Ok(n)), guard, lone(condition), silent).to_string()
        };
        let first = quote!(Ok(n) if n > 1 => { a(); });
        assert_eq!(said(quote!(n > 1), None, true), first.to_string());
        let inside = |condition: TokenStream| quote!(Ok(n) => { if #condition { a(); } });
        let kept = [quote!(f(n)?), quote!(let Some(m) = n)];
        for condition in kept {
            assert_eq!(said(condition.clone(), None, true), inside(condition).to_string());
        }
        assert_eq!(said(quote!(n > 1), None, false), inside(quote!(n > 1)).to_string());
        let both = quote!(Ok(n) if late => { if n > 1 { a(); } });
        assert_eq!(said(quote!(n > 1), Some(quote!(late)), true), both.to_string());
    }
}
