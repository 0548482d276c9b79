//! What the macros read from the signature of the user's function.

use syn::{FnArg, GenericArgument, ItemFn, PathArguments, ReturnType, Signature, Type};

use crate::errors::Errors;

/// Reports what no function under these macros can be: not async, a method, `unsafe`, variadic.
pub(crate) fn check_shape(item: &ItemFn, what: &str, errors: &mut Errors) {
    let sig = &item.sig;
    if sig.asyncness.is_none() {
        errors.on(sig.fn_token, format!("{what} is an `async fn`; write `async` before `fn`"));
    }
    if let Some(receiver) = sig.receiver() {
        errors.on(receiver, format!("{what} is a free function; move it out of the `impl`"));
    }
    if !matches!(sig.safety, syn::Safety::Default) {
        errors.on(&sig.safety, format!("{what} cannot be `unsafe` or `safe`"));
    }
    if let Some(abi) = &sig.abi {
        errors.on(abi, format!("{what} has Rust's own ABI"));
    }
    if let Some(variadic) = &sig.variadic {
        errors.on(variadic, format!("{what} has a fixed number of arguments"));
    }
}

/// Reports generics where none can be.
pub(crate) fn check_no_generics(sig: &Signature, what: &str, errors: &mut Errors) {
    if !sig.generics.params.is_empty() {
        errors.on(&sig.generics, format!("{what} has one type of input and one of output"));
    }
    if let Some(clause) = &sig.generics.where_clause {
        errors.on(clause, format!("{what} has no `where` clause"));
    }
}

/// The types of the arguments, without a receiver.
pub(crate) fn argument_types(sig: &Signature) -> Vec<&Type> {
    sig.inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some(&*typed.ty),
            FnArg::Receiver(_) => None,
        })
        .collect()
}

/// Whether the last segment of the type's path is `name`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

/// The name of the type without path and arguments, `Response`; empty where it has none.
pub(crate) fn type_name(ty: &Type) -> String {
    last_segment(ty).map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// `T` of a return type `Result<T>` or `Result<T, E>`.
pub(crate) fn result_output(sig: &Signature) -> Option<&Type> {
    let ReturnType::Type(_, ty) = &sig.output else { return None };
    let segment = last_segment(ty)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    if segment.ident != "Result" {
        return None;
    }
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}
