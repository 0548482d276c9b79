//! Operators, filters, tests and functions of the table (S18).

use flowcrate::types::Type;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use serde_json::Value;

use super::optional::is_empty;
use super::{Code, Exprs, Rank};
use crate::emit::lints;
use crate::emit::mentions::mentions;
use crate::emit::names::ident;
use crate::emit::print::layout::macros;
use crate::expr::table::{self, Passing, Pattern, Totality};
use crate::expr::{Expr, ExprKind};

impl Exprs<'_, '_> {
    pub(super) fn call(&mut self, op: &str, args: &[Expr]) -> Code {
        if let Some(code) = self.idiom(op, args) {
            return code;
        }
        let Some(entry) = table::op(op) else { return Code::Absent };
        if let Some(feature) = entry.feature {
            self.emitter.symbols.need("flowcrate", feature);
        }
        let module = self.emitter.symbols.import("flowcrate::expr");
        let function = ident(entry.rust.rsplit("::").next().unwrap_or(entry.name));
        let mut arguments = Vec::new();
        for (place, arg) in args.iter().enumerate() {
            let passing = entry.params.get(place).map(|param| param.ty.passing());
            arguments.push(match passing {
                Some(Passing::Closure) => self.each(arg),
                Some(Passing::Value) => self.owned(arg),
                Some(Passing::Reference) | None => {
                    let generic = entry.params.get(place).is_some_and(|param| {
                        matches!(param.ty, Pattern::T | Pattern::K | Pattern::R)
                    });
                    if generic && arg.ty == Type::String {
                        self.string(arg)
                    } else {
                        bare(array(self.borrowed(arg)))
                    }
                }
            });
        }
        let call = quote!(#module::#function(#(#arguments),*));
        if let (Pattern::Optional(_), Some(Type::List { items })) =
            (entry.result, args.first().map(|arg| &arg.ty))
            && entry.totality == Totality::Total
        {
            return Code::value(collapsed(call, items));
        }
        if entry.totality == Totality::Partial {
            self.fallible = true;
            Code::value(quote!(#call?))
        } else {
            Code::value(call)
        }
    }

    /// A `&String`, where `&str` would not do.
    fn string(&mut self, arg: &Expr) -> TokenStream {
        match self.code(arg) {
            Code::Place(code) => quote!(&#code),
            other => {
                let owned = other.owned(&Type::String);
                quote!(&#owned)
            }
        }
    }

    /// An expression over one element, as a closure.
    fn each(&mut self, expr: &Expr) -> TokenStream {
        let (element, value) = match &expr.kind {
            ExprKind::Each { binder, value } => {
                self.elements.push(binder.clone());
                (self.emitter.item_of(binder), &**value)
            }
            _ => (ident("element"), expr),
        };
        let before = std::mem::replace(&mut self.fallible, false);
        let last_uses = std::mem::take(&mut self.last_uses);
        let code = self.code(value);
        self.last_uses = last_uses;
        self.fallible = before;
        if let ExprKind::Each { .. } = expr.kind {
            self.elements.pop();
        }
        if let Code::Value(code, Rank::Atom) = &code
            && let Some(result) = without_question_mark(code)
        {
            let closure = || {
                let used = mentions(&result, &element.to_string());
                if used { quote!(|#element| #result) } else { quote!(|_| #result) }
            };
            return function(&result, &element).unwrap_or_else(closure);
        }
        let value = code.owned(&expr.ty);
        let used = mentions(&value, &element.to_string());
        let element = if used { quote!(#element) } else { quote!(_) };
        quote!(|#element| Ok(#value))
    }

    /// Total operations that Rust has a form of its own for.
    fn idiom(&mut self, op: &str, args: &[Expr]) -> Option<Code> {
        match (op, args) {
            ("not", [Expr { kind: ExprKind::IsDefined(inner), .. }]) => Some(self.is_absent(inner)),
            ("not", [value]) => {
                let value = self.condition(value).ranked(Rank::Unary);
                Some(Code::Value(quote!(!#value), Rank::Unary))
            }
            ("equal" | "not_equal", [left, right]) => {
                let operator = if op == "equal" { quote!(==) } else { quote!(!=) };
                let code = self.compared(left, &operator, right);
                // The operands' code may be what gives the type its name.
                self.emitter.types.compare(&left.ty);
                Some(code)
            }
            ("less" | "less_equal" | "greater" | "greater_equal", [left, right])
                if matches!(
                    left.ty,
                    Type::Int | Type::Number | Type::Timestamp | Type::Duration
                ) =>
            {
                let operator = match op {
                    "less" => quote!(<),
                    "less_equal" => quote!(<=),
                    "greater" => quote!(>),
                    _ => quote!(>=),
                };
                Some(self.compared(left, &operator, right))
            }
            ("int_text" | "bool_text" | "timestamp_text" | "duration_text", [value]) => {
                let value = self.code(value);
                let value = value.ranked(Rank::Atom);
                Some(Code::value(quote!(#value.to_string())))
            }
            ("string_starts_with", [text, part]) => Some(self.text_test(text, part, "starts_with")),
            ("string_ends_with", [text, part]) => Some(self.text_test(text, part, "ends_with")),
            ("string_contains", [text, part]) => Some(self.text_test(text, part, "contains")),
            ("list_contains", [list, element]) => Some(self.list_contains(list, element)),
            ("number_neg", [value]) => {
                let value = self.code(value).ranked(Rank::Unary);
                Some(Code::Value(quote!(-#value), Rank::Unary))
            }
            _ => None,
        }
    }

    fn compared(&mut self, left: &Expr, operator: &TokenStream, right: &Expr) -> Code {
        if [left, right].into_iter().any(is_extreme) {
            self.emitter.lints.insert(lints::ABSURD_EXTREME_COMPARISONS);
        }
        if let Some(code) = self.compared_with_nothing(left, operator, right) {
            return code;
        }
        let codes = (self.code(left), self.code(right));
        let (left, right) = match codes {
            // Both are references: they compare as what they refer to.
            (Code::Ref(left), Code::Ref(right)) => (left, right),
            (Code::Ref(left), Code::Text(right)) => (left, quote!(#right)),
            (Code::Text(left), Code::Ref(right)) => (quote!(#left), right),
            (one, other) => {
                // `a as f64 < b` would start the arguments of a generic type.
                let one = match one {
                    Code::Value(code, Rank::Cast) if operator.to_string().starts_with('<') => {
                        quote!((#code))
                    }
                    one => operand(one, &left.ty),
                };
                (one, operand(other, &right.ty))
            }
        };
        Code::Value(quote!(#left #operator #right), Rank::Compare)
    }

    /// `x == []` and `x == ''` as a person asks for it.
    fn compared_with_nothing(
        &mut self,
        left: &Expr,
        operator: &TokenStream,
        right: &Expr,
    ) -> Option<Code> {
        let other = match (is_empty(left), is_empty(right)) {
            (false, true) => left,
            (true, false) => right,
            (true, true) | (false, false) => return None,
        };
        let not = match operator.to_string().as_str() {
            "==" => false,
            "!=" => true,
            _ => return None,
        };
        let receiver = self.code(other).receiver();
        Some(if not {
            Code::Value(quote!(!#receiver.is_empty()), Rank::Unary)
        } else {
            Code::value(quote!(#receiver.is_empty()))
        })
    }

    fn list_contains(&mut self, list: &Expr, element: &Expr) -> Code {
        let list = array(self.code(list).receiver());
        if element.ty != Type::String {
            let ty = &element.ty;
            let element = self.borrowed(element);
            self.emitter.types.compare(ty);
            return Code::value(quote!(#list.contains(#element)));
        }
        let element = match self.code(element) {
            Code::Text(text) => quote!(#text),
            Code::Ref(code) => code,
            Code::Place(code) => return Code::value(quote!(#list.contains(&#code))),
            other => {
                let owned = other.owned(&Type::String);
                return Code::value(quote!(#list.contains(&#owned)));
            }
        };
        Code::value(quote!(#list.iter().any(|item| item == #element)))
    }

    fn text_test(&mut self, text: &Expr, part: &Expr, method: &str) -> Code {
        let text = self.code(text).receiver();
        let part = self.borrowed(part);
        let method = ident(method);
        Code::value(quote!(#text.#method(#part)))
    }
}

/// The least or the greatest int.
fn is_extreme(expr: &Expr) -> bool {
    let ExprKind::Literal(Value::Number(number)) = &expr.kind else { return false };
    matches!(number.as_i64(), Some(i64::MIN | i64::MAX))
}

/// `vec![…]` or `&vec![…]` as the array that does as well where a slice is wanted.
pub(super) fn array(code: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = code.clone().into_iter().collect();
    let (and, list) = match tokens.as_slice() {
        [TokenTree::Punct(and), list @ ..] if and.as_char() == '&' && list.len() == 3 => {
            (Some(and), list)
        }
        list => (None, list),
    };
    let Some(items) = macros::elements(list) else { return code };
    match only_clone(items.stream()) {
        Some(element) if and.is_some() => quote!(std::slice::from_ref(&#element)),
        _ => quote!(#and #items),
    }
}

/// The place of which the only element is a clone.
fn only_clone(items: TokenStream) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = items.into_iter().collect();
    let comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    match tokens.as_slice() {
        [place @ .., TokenTree::Punct(_), TokenTree::Ident(clone), TokenTree::Group(_)]
            if clone == "clone" && !place.iter().any(comma) =>
        {
            Some(place.iter().cloned().collect())
        }
        _ => None,
    }
}

/// An argument without the parentheses that it needs elsewhere.
pub(super) fn bare(code: TokenStream) -> TokenStream {
    let mut tokens = code.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        // Tuples and blocks are values, which are borrowed with a `&` before them.
        (Some(TokenTree::Group(group)), None) => group.stream(),
        _ => code,
    }
}

/// The `Result` of which the code takes the value.
fn without_question_mark(code: &TokenStream) -> Option<TokenStream> {
    let mut tokens: Vec<TokenTree> = code.clone().into_iter().collect();
    match tokens.pop() {
        Some(TokenTree::Punct(mark)) if mark.as_char() == '?' => Some(tokens.into_iter().collect()),
        _ => None,
    }
}

/// The function of which the code is the call with the element alone.
fn function(call: &TokenStream, element: &Ident) -> Option<TokenStream> {
    let mut tokens: Vec<TokenTree> = call.clone().into_iter().collect();
    let Some(TokenTree::Group(arguments)) = tokens.pop() else { return None };
    let path = tokens.iter().all(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    });
    (path && element == &arguments.stream().to_string()).then(|| tokens.into_iter().collect())
}

/// An `Option` of an element, collapsed where absence is one of the element's own values.
pub(super) fn collapsed(option: TokenStream, element: &Type) -> TokenStream {
    match element {
        Type::Any | Type::Null => quote!(#option.unwrap_or_default()),
        Type::Optional { .. } => quote!(#option.flatten()),
        _ => option,
    }
}

/// An operand of a comparison: a place or value, so that both sides have one type.
fn operand(code: Code, ty: &Type) -> TokenStream {
    match code {
        Code::Ref(code) => quote!(*#code),
        code @ Code::Option(_) => code.owned(ty),
        other => other.ranked(Rank::Cast),
    }
}
