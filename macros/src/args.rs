//! The arguments of an attribute: `name = "…", flag, list("a", "b"), nested(x = 1), crate = path`.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Lit, LitBool, LitFloat, LitInt, LitStr, Path, Token, Type};

use crate::errors::Errors;

/// The form of an argument's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `name = "text"`
    Text,
    /// `name = 5`
    Int,
    /// `name = 2.0` or `name = 2`
    Float,
    /// `name` or `name = false`
    Flag,
    /// `name("a", "b")`
    Texts,
    /// `name(a = 1, b)`
    Nested,
    /// `name = some::path`
    Path,
    /// `name(some::path, "text" = other::path)`
    Paths,
}

/// An argument that an attribute accepts.
pub(crate) struct Accepted {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// How a message writes it: `name = "order-intake"`.
    pub(crate) example: &'static str,
}

/// The arguments as written.
#[derive(Default)]
pub(crate) struct Args(Vec<Arg>);

struct Arg {
    name: Ident,
    value: ArgValue,
}

enum ArgValue {
    Flag,
    Lit(Lit),
    Path(Path),
    Texts(Vec<(LitStr, Option<Type>)>),
    Paths(Vec<NamedPath>),
    Nested(Args),
}

/// `some::path`, or `"text" = some::path`.
pub(crate) struct NamedPath {
    pub(crate) name: Option<LitStr>,
    pub(crate) path: Path,
}

impl Args {
    /// Reads the tokens between an attribute's parentheses. Syntax errors, unknown and repeated
    /// names and values of the wrong form go to `errors`, and are dropped.
    pub(crate) fn parse(tokens: TokenStream, accepted: &[Accepted], errors: &mut Errors) -> Self {
        let parse = |input: ParseStream<'_>| parse_args(input, accepted);
        errors.keep(parse.parse2(tokens)).unwrap_or_default().check(accepted, errors)
    }

    /// Reports unknown and repeated names and values of the wrong form, and drops them.
    pub(crate) fn check(mut self, accepted: &[Accepted], errors: &mut Errors) -> Self {
        let mut seen: Vec<String> = Vec::new();
        self.0.retain(|arg| {
            let name = arg.name.to_string();
            let Some(known) = accepted.iter().find(|known| known.name == name) else {
                errors.on(&arg.name, unknown(&name, accepted));
                return false;
            };
            if seen.contains(&name) {
                errors.on(&arg.name, format!("`{name}` is given twice"));
                return false;
            }
            seen.push(name);
            let fits = arg.value.fits(known.form);
            if !fits {
                errors.on(&arg.name, format!("expected `{}`", known.example));
            }
            fits
        });
        self
    }

    /// Whether `name` is written.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of `name`.
    pub(crate) fn text(&self, name: &str) -> Option<&LitStr> {
        match self.get(name)? {
            ArgValue::Lit(Lit::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// The integer of `name`.
    pub(crate) fn int(&self, name: &str) -> Option<&LitInt> {
        match self.get(name)? {
            ArgValue::Lit(Lit::Int(int)) => Some(int),
            _ => None,
        }
    }

    /// The number of `name`, with the tokens that an error may sit on.
    pub(crate) fn float(&self, name: &str) -> Option<syn::Result<(f64, &Lit)>> {
        match self.get(name)? {
            ArgValue::Lit(lit @ Lit::Int(int)) => {
                Some(int.base10_parse().map(|value| (value, lit)))
            }
            ArgValue::Lit(lit @ Lit::Float(float)) => {
                Some(LitFloat::base10_parse(float).map(|value| (value, lit)))
            }
            _ => None,
        }
    }

    /// Whether the flag `name` is set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(ArgValue::Lit(Lit::Bool(LitBool { value, .. }))) => *value,
            found => found.is_some(),
        }
    }

    /// The texts of `name("a", "b" = T)`, each with its type; none where it is not given.
    pub(crate) fn texts(&self, name: &str) -> &[(LitStr, Option<Type>)] {
        match self.get(name) {
            Some(ArgValue::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// The paths of `name(some::path, "text" = other::path)`; none where it is not given.
    pub(crate) fn paths(&self, name: &str) -> &[NamedPath] {
        match self.get(name) {
            Some(ArgValue::Paths(paths)) => paths,
            _ => &[],
        }
    }

    /// The path of `name`.
    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        match self.get(name)? {
            ArgValue::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The arguments in `name(…)`, taken out.
    pub(crate) fn take_nested(&mut self, name: &str) -> Option<Self> {
        let at = self.0.iter().position(|arg| arg.name == name)?;
        match self.0.swap_remove(at).value {
            ArgValue::Nested(nested) => Some(nested),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<&ArgValue> {
        self.0.iter().find(|arg| arg.name == name).map(|arg| &arg.value)
    }
}

impl ArgValue {
    fn fits(&self, form: Form) -> bool {
        match (form, self) {
            (Form::Text, Self::Lit(Lit::Str(_)))
            | (Form::Int, Self::Lit(Lit::Int(_)))
            | (Form::Float, Self::Lit(Lit::Int(_) | Lit::Float(_)))
            | (Form::Flag, Self::Flag | Self::Lit(Lit::Bool(_)))
            | (Form::Texts, Self::Texts(_))
            | (Form::Nested, Self::Nested(_))
            | (Form::Paths, Self::Paths(_))
            | (Form::Path, Self::Path(_)) => true,
            // `events()` and `retry()` read alike: an empty list is both.
            (Form::Texts, Self::Nested(args)) => args.0.is_empty(),
            _ => false,
        }
    }
}

fn parse_args(input: ParseStream<'_>, accepted: &[Accepted]) -> syn::Result<Args> {
    let mut args = Vec::new();
    while !input.is_empty() {
        args.push(Arg::parse(input, accepted)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(Args(args))
}

impl Arg {
    fn parse(input: ParseStream<'_>, accepted: &[Accepted]) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let are_paths =
            accepted.iter().any(|known| known.form == Form::Paths && name == known.name);
        let value = if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            if are_paths {
                let paths = content.parse_terminated(NamedPath::parse, Token![,])?;
                ArgValue::Paths(paths.into_iter().collect())
            } else if content.peek(LitStr) {
                let texts = content.parse_terminated(typed_text, Token![,])?;
                ArgValue::Texts(texts.into_iter().collect())
            } else {
                // What stands in them is told by their own list.
                ArgValue::Nested(parse_args(&content, &[])?)
            }
        } else if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            if input.peek(Lit) {
                ArgValue::Lit(input.parse()?)
            } else {
                ArgValue::Path(input.call(Path::parse_mod_style)?)
            }
        } else {
            ArgValue::Flag
        };
        Ok(Self { name, value })
    }
}

impl Parse for NamedPath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse::<Option<LitStr>>()?;
        if let Some(name) = &name
            && input.parse::<Option<Token![=]>>()?.is_none()
        {
            let text = name.value();
            let message = format!("expected a function, as in `{text}` or `\"{text}\" = {text}`");
            return Err(syn::Error::new_spanned(name, message));
        }
        Ok(Self { name, path: input.call(Path::parse_mod_style)? })
    }
}

/// `"shipped"` or `"shipped" = Shipped`.
fn typed_text(input: ParseStream<'_>) -> syn::Result<(LitStr, Option<Type>)> {
    let text = input.parse()?;
    let typed = input.parse::<Option<Token![=]>>()?;
    Ok((text, typed.map(|_| input.parse()).transpose()?))
}

fn unknown(name: &str, accepted: &[Accepted]) -> String {
    let list: Vec<_> = accepted.iter().map(|known| format!("`{}`", known.example)).collect();
    format!("unknown argument `{name}`; accepted are {}", list.join(", "))
}

/// The path given by `crate = …`, or the default.
pub(crate) fn krate(args: &Args, default: &str) -> TokenStream {
    args.path("crate").map_or_else(
        || {
            let name = Ident::new(default, proc_macro2::Span::call_site());
            quote::quote!(::#name)
        },
        ToTokens::to_token_stream,
    )
}
