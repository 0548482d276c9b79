//! Branches that say less than they might: ways that do nothing, or all the same.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::BlockCode;
use super::branch::{Whole, negated};
use super::unused::{has_effect, is_caught};

/// What is left of a branch.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
pub(super) enum Simple {
    /// A branch.
    Whole(Whole),
    /// One way on, whatever its condition says; computed before it is what that may do.
    Block(Option<TokenStream>, BlockCode),
}

impl Whole {
    /// The branch without what it need not say. `silent`: its ways hand nothing out.
    pub(super) fn simpler(self, silent: bool) -> Simple {
        let Self::If { condition, body, mut otherwise } = self else { return Simple::Whole(self) };
        if silent {
            otherwise = otherwise.filter(|block| !block.code.is_empty());
        }
        let Some(other) = otherwise else {
            match literal(&condition).filter(|_| silent) {
                Some(true) => return Simple::Block(None, body),
                Some(false) => return Simple::Block(None, BlockCode::default()),
                None => {}
            }
            if body.code.is_empty() && silent {
                return Simple::Block(effect(&condition), body);
            }
            return Simple::Whole(Self::If { condition, body, otherwise: None });
        };
        if let Some(holds) = literal(&condition) {
            return Simple::Block(None, if holds { body } else { other });
        }
        if same(&body.code, &other.code) {
            return Simple::Block(effect(&condition), body);
        }
        let verdict = match (literal(&body.code), literal(&other.code)) {
            (Some(true), Some(false)) => as_bool(&condition),
            (Some(false), Some(true)) => as_bool(&condition).map(|code| negated(&code)),
            _ => None,
        };
        if let Some(code) = verdict {
            return Simple::Block(None, BlockCode { code, diverges: false, lone_if: None });
        }
        if body.code.is_empty()
            && let Some(code) = as_bool(&condition)
        {
            let condition = negated(&code);
            return Simple::Whole(Self::If { condition, body: other, otherwise: None });
        }
        Simple::Whole(Self::If { condition, body, otherwise: Some(other) })
    }
}

/// Whether two pieces of code are the same, token for token.
pub(crate) fn same(one: &TokenStream, other: &TokenStream) -> bool {
    let (mut others, mut all) = (other.clone().into_iter(), one.clone().into_iter());
    let alike = |token: TokenTree| match (token, others.next()) {
        (TokenTree::Group(one), Some(TokenTree::Group(other))) => {
            one.delimiter() == other.delimiter() && same(&one.stream(), &other.stream())
        }
        (TokenTree::Group(_), _) | (_, None) => false,
        (one, Some(other)) => one.to_string() == other.to_string(),
    };
    all.all(alike) && others.next().is_none()
}

/// `true` or `false`.
pub(super) fn literal(code: &TokenStream) -> Option<bool> {
    let mut tokens = code.clone().into_iter();
    match (tokens.next()?, tokens.next()) {
        (TokenTree::Ident(word), None) if word == "true" => Some(true),
        (TokenTree::Ident(word), None) if word == "false" => Some(false),
        _ => None,
    }
}

/// What computing a condition does besides; none if nothing.
pub(super) fn effect(condition: &TokenStream) -> Option<TokenStream> {
    if !has_effect(condition) {
        return None;
    }
    let value = match syn::parse2::<syn::Expr>(condition.clone()).map(first_test) {
        Ok(syn::Expr::Let(test)) => test.expr,
        Ok(expr) => Box::new(expr),
        Err(_) => return Some(quote!(let _ = #condition;)),
    };
    let tells = ["is_ok", "is_err", "is_some", "is_none"];
    Some(match *value {
        syn::Expr::MethodCall(call) if tells.iter().any(|tell| call.method == tell) => {
            let of = call.receiver;
            quote!(let _ = #of;)
        }
        value @ syn::Expr::Try(_) if !is_caught(&quote!(#value)) => quote!(#value;),
        value => quote!(let _ = #value;),
    })
}

/// What a chain of tests asks first, where that binds what the others ask.
fn first_test(condition: syn::Expr) -> syn::Expr {
    match condition {
        syn::Expr::Binary(chain)
            if has_let(&quote!(#chain))
                && !has_effect(&{
                    let last = &chain.right;
                    quote!(#last)
                }) =>
        {
            first_test(*chain.left)
        }
        first => first,
    }
}

/// A condition as a value: `let` is one of `if` alone.
fn as_bool(condition: &TokenStream) -> Option<TokenStream> {
    match syn::parse2::<syn::Expr>(condition.clone()).ok()? {
        syn::Expr::Let(test) => {
            let (pattern, value) = (test.pat, test.expr);
            Some(quote!(matches!(#value, #pattern)))
        }
        _ if has_let(condition) => None,
        _ => Some(condition.clone()),
    }
}

/// Whether the condition is a chain with `let` in it.
pub(super) fn has_let(condition: &TokenStream) -> bool {
    condition.clone().into_iter().any(|token| token.to_string() == "let")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(code: TokenStream) -> BlockCode {
        BlockCode { code, diverges: false, lone_if: None }
    }

    /// What comes of `if condition { body } else { other }`, or without an `else` for `None`.
    fn said(
        condition: TokenStream,
        body: TokenStream,
        other: Option<TokenStream>,
        silent: bool,
    ) -> String {
        let whole = Whole::If { condition, body: block(body), otherwise: other.map(block) };
        match whole.simpler(silent) {
            Simple::Whole(whole) => whole.code().to_string(),
            Simple::Block(effect, block) => {
                let code = block.code;
                quote!(#effect #code).to_string()
            }
        }
    }

    #[test]
    fn ways_that_say_no_more_than_the_condition_are_it() {
        let (yes, no) = (|| quote!(true), || Some(quote!(false)));
        assert_eq!(said(quote!(a), yes(), no(), false), "a");
        assert_eq!(said(quote!(a), quote!(false), Some(yes()), false), "! a");
        assert_eq!(
            said(quote!(let Some(x) = y), yes(), no(), false),
            quote!(matches!(y, Some(x))).to_string()
        );
        let chain = quote!(let Some(x) = y && x.ok);
        assert_eq!(
            said(chain.clone(), yes(), no(), false),
            quote!(if #chain { true } else { false }).to_string()
        );
        assert_eq!(
            said(quote!(a), yes(), Some(yes()), false),
            "true",
            "both ways are the same, and asking does nothing"
        );
    }

    #[test]
    fn a_way_that_does_nothing_is_not_there() {
        let (act, none) = (|| quote!(act();), TokenStream::new);
        assert_eq!(said(quote!(a), act(), Some(none()), true), "if a { act () ; }");
        assert_eq!(said(quote!(a), none(), Some(act()), true), "if ! a { act () ; }");
        assert_eq!(said(quote!(a), none(), Some(none()), true), "");
        assert_eq!(said(quote!(true), act(), None, true), "act () ;");
        assert_eq!(said(quote!(false), act(), None, true), "");
        assert_eq!(said(quote!(false), act(), Some(quote!(rest();)), true), "rest () ;");
    }

    #[test]
    fn what_a_condition_does_is_done_though_nobody_goes_by_it() {
        let done = |code: TokenStream| effect(&code).unwrap_or_default().to_string();
        assert_eq!(done(quote!(a && b)), "");
        assert_eq!(done(quote!(call().await?)), quote!(call().await?;).to_string());
        assert_eq!(
            done(quote!(call().await.caught()?)),
            quote!(let _ = call().await.caught()?;).to_string()
        );
        assert_eq!(
            done(quote!(call().await.caught()?.is_err())),
            quote!(let _ = call().await.caught()?;).to_string()
        );
        assert_eq!(
            done(quote!(call()?.is_empty())),
            quote!(let _ = call()?.is_empty();).to_string()
        );
        assert_eq!(done(quote!(let Some(x) = call().await?)), quote!(call().await?;).to_string());
    }

    #[test]
    fn code_is_the_same_token_for_token() {
        assert!(same(&quote!(f(a, 1).b), &quote!(f(a, 1).b)));
        for other in [quote!(f(a, 2).b), quote!(f[a, 1].b), quote!(f(a, 1)), quote!(f(a, 1).b.c)] {
            assert!(!same(&quote!(f(a, 1).b), &other) && !same(&other, &quote!(f(a, 1).b)));
        }
    }
}
