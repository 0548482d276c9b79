//! Typed expressions as Rust expressions.
//!
//! Total operations come out as a person would write them, partial ones as calls of
//! `flowcrate::expr` with `?` (S18). Whoever asks for the code of an expression says what it is
//! for: an owned value, or something to look at.

mod access;
mod call;
mod choice;
mod code;
mod json;
mod literal;
mod optional;
mod widen;

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

pub(crate) use code::{Code, Rank, is_copy};
pub(crate) use literal::duration;
pub(crate) use optional::same;

use super::locals::{Locals, RUN_ID, STARTED_AT};
use super::names::ident;
use super::print::layout::macros;
use super::types::{Hint, is_held_boxed};
use super::{Emitter, lints};
use crate::expr::fold::same;
use crate::expr::{Expr, ExprKind, Name};

/// Emits the expressions of one node.
pub(crate) struct Exprs<'e, 'a> {
    /// Types, names and imports.
    pub(crate) emitter: &'e mut Emitter<'a>,
    /// The variables in scope.
    pub(crate) locals: &'e Locals,
    /// Names the types that only this node's expressions need.
    pub(crate) hint: Hint,
    /// Whether the code so far has a `?` of its own.
    pub(crate) fallible: bool,
    /// Places that are named once in the last expression of a function.
    last_uses: Vec<(Name, Vec<String>)>,
    /// Optionals whose presence the code around has just tested, the variable that holds each, and
    /// whether the code reads it.
    present: Vec<(Expr, TokenStream, bool)>,
    /// The nodes whose `item` a closure around the code binds.
    elements: Vec<String>,
}

impl<'e, 'a> Exprs<'e, 'a> {
    /// For a node that sees `locals`.
    pub(crate) fn new(emitter: &'e mut Emitter<'a>, locals: &'e Locals, hint: Hint) -> Self {
        Self {
            emitter,
            locals,
            hint,
            fallible: false,
            last_uses: Vec::new(),
            present: Vec::new(),
            elements: Vec::new(),
        }
    }

    /// An owned value of the expression's type.
    pub(crate) fn owned(&mut self, expr: &Expr) -> TokenStream {
        match self.code(expr) {
            Code::Place(code) if self.may_move(expr) => code,
            other => other.owned(&expr.ty),
        }
    }

    /// An owned value, at the end of a function: places that are named once are moved out of.
    pub(crate) fn given_away(&mut self, expr: &Expr) -> TokenStream {
        self.last_uses = last_uses(expr);
        let code = self.owned(expr);
        self.last_uses.clear();
        code
    }

    /// Whether this is the one use of a place that belongs to the function.
    fn may_move(&self, expr: &Expr) -> bool {
        place(expr).is_some_and(|place| {
            self.locals.owns(place.0)
                && self.last_uses.iter().any(|(name, path)| (name, path) == (place.0, &place.1))
        })
    }

    /// The code; a place that nothing else needs as the value itself.
    fn taken(&mut self, expr: &Expr) -> Code {
        match self.code(expr) {
            Code::Place(code) if self.may_move(expr) => Code::value(code),
            other => other,
        }
    }

    /// Something that coerces to a reference: `&place`, a text literal, `&value`.
    pub(crate) fn borrowed(&mut self, expr: &Expr) -> TokenStream {
        self.code(expr).borrowed()
    }

    /// The code in whatever form is the most direct.
    pub(crate) fn code(&mut self, expr: &Expr) -> Code {
        match &expr.kind {
            ExprKind::Literal(value) => self.literal(value, &expr.ty),
            ExprKind::Name(name) => self.name(name, &expr.ty),
            ExprKind::Field { base, name } => self.field(base, name, &expr.ty),
            ExprKind::Key { base, key, or_absent } => self.key(base, key, *or_absent),
            ExprKind::Index { base, index, or_absent } => self.index(base, index, *or_absent),
            ExprKind::Call { op, args } => {
                if *op == "not" {
                    self.lint_logic(expr);
                }
                self.call(op, args)
            }
            ExprKind::And(left, right) => {
                self.lint_logic(expr);
                self.logic(left, right, Rank::And)
            }
            ExprKind::Or(left, right) => {
                self.lint_logic(expr);
                self.logic(left, right, Rank::Or)
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                self.conditional(condition, then, otherwise)
            }
            ExprKind::IsDefined(inner) => self.is_defined(inner),
            ExprKind::Default { value, fallback } => self.default(value, fallback, &expr.ty),
            ExprKind::FirstOf(parts) => self.first_of(parts),
            ExprKind::List(items) => {
                if let Type::Tuple { items: types } = &expr.ty {
                    return self.tuple(items, types);
                }
                let items: Vec<_> = items.iter().map(|item| self.owned(item)).collect();
                let code = if items.is_empty() { quote!(Vec::new()) } else { macros::list(&items) };
                Code::value(code)
            }
            ExprKind::Record(fields) => self.record(fields, &expr.ty),
            ExprKind::Widen(inner) => self.widen(inner, &expr.ty),
            ExprKind::Read(inner) => self.read(inner, &expr.ty),
            ExprKind::Present(inner) => self.present(inner),
            ExprKind::Concat(parts) => self.concat(parts),
            // Stands only where an operation takes an `Each`, which makes a closure of it.
            ExprKind::Each { value, .. } => self.code(value),
        }
    }

    fn name(&mut self, name: &Name, wanted: &Type) -> Code {
        match name {
            Name::Step(id) => match self.locals.output(id) {
                Some((code, ty)) => self.adapt(code, &ty, wanted),
                None => Code::Absent,
            },
            Name::Error(id) => match self.locals.error(id) {
                Some((code, ty)) => self.adapt(code, &ty, wanted),
                None => Code::Absent,
            },
            Name::Caught(id) => self.locals.caught(id).unwrap_or_else(|| Code::Absent),
            Name::Trigger => self.trigger(wanted),
            Name::TriggerOf(id) => self.trigger_of(id, wanted),
            Name::Item(id) if self.elements.contains(id) => {
                let item = self.emitter.item_of(id);
                Code::reference(quote!(#item))
            }
            Name::Item(id) | Name::State(id) => {
                self.locals.item(id).unwrap_or_else(|| Code::Absent)
            }
            Name::Index(id) => self.locals.index(id).unwrap_or_else(|| Code::Absent),
            Name::Element => Code::reference(quote!(element)),
            Name::RunId if self.locals.run_is_kept => {
                let name = ident(RUN_ID);
                Code::place(quote!(#name))
            }
            Name::RunStartedAt if self.locals.run_is_kept => {
                let name = ident(STARTED_AT);
                Code::place(quote!(#name))
            }
            Name::RunId => Code::value(quote!(ctx.run_id().to_string())),
            Name::RunStartedAt => Code::value(quote!(ctx.started_at())),
            // The format declares no variables yet; absent is what an unknown name reads as.
            Name::Var(_) => Code::Absent,
        }
    }

    /// A variable of type `have` where a `want` is named: one of them may be the other's optional.
    pub(crate) fn adapt(&mut self, code: Code, have: &Type, want: &Type) -> Code {
        if have == want || matches!(code, Code::Absent) {
            code
        } else if have.clone().optional() == *want {
            let value = code.owned(have);
            Code::value(quote!(Some(#value)))
        } else {
            self.known(code, have)
        }
    }

    /// Notes which lints a tree of `and`, `or` and `not` trips.
    fn lint_logic(&mut self, expr: &Expr) {
        let found = same::logic(expr);
        let lints = &mut self.emitter.lints;
        if found.repeats || found.negates {
            lints.insert(lints::NONMINIMAL_BOOL);
        }
        if found.repeats {
            lints.insert(lints::OVERLY_COMPLEX_BOOL);
        }
        if found.ranges {
            lints.extend([lints::MANUAL_RANGE_CONTAINS, lints::IMPOSSIBLE_COMPARISONS]);
        }
    }

    fn logic(&mut self, left: &Expr, right: &Expr, rank: Rank) -> Code {
        let before = std::mem::replace(&mut self.fallible, false);
        let left = self.condition(left).ranked(rank);
        let left_fails = std::mem::replace(&mut self.fallible, false);
        let right = self.condition(right).ranked(rank);
        let right_fails = std::mem::replace(&mut self.fallible, before);
        // What is absent for certain makes a constant of a test; `x && false` is none to clippy.
        let constant = |code: &TokenStream| code.to_string().parse::<bool>().ok();
        let decides = rank != Rank::And;
        if constant(&left) == Some(decides) || (constant(&right) == Some(decides) && !left_fails) {
            return Code::value(quote!(#decides));
        }
        self.fallible |= left_fails || right_fails;
        if constant(&left).is_some() {
            return Code::Value(right, rank);
        }
        if constant(&right).is_some_and(|right| right != decides) {
            return Code::Value(left, rank);
        }
        let code =
            if rank == Rank::And { quote!(#left && #right) } else { quote!(#left || #right) };
        Code::Value(code, rank)
    }

    /// The code of a bool, by value.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Code {
        match self.code(expr) {
            Code::Value(code, rank) => Code::Value(code, rank),
            other => Code::value(other.owned(&Type::Bool)),
        }
    }

    fn conditional(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Code {
        if let ExprKind::IsDefined(optional) = &condition.kind
            && let Type::Optional { .. } = optional.ty
        {
            return self.if_present(optional, then, otherwise);
        }
        let before = std::mem::replace(&mut self.fallible, false);
        let condition = self.condition(condition).tokens();
        let fails = std::mem::replace(&mut self.fallible, before);
        self.fallible |= fails;
        match condition.to_string().as_str() {
            "true" => return self.code(then),
            "false" => return self.code(otherwise),
            _ => {}
        }
        let (then, otherwise) = (self.owned(then), self.owned(otherwise));
        if super::flow::same(&then, &otherwise) {
            if !fails {
                return Code::Value(then, Rank::Low);
            }
            self.emitter.lints.insert(lints::IF_SAME_THEN_ELSE);
        }
        Code::Value(quote!(if #condition { #then } else { #otherwise }), Rank::Low)
    }

    fn record(&mut self, fields: &[(String, Expr)], ty: &Type) -> Code {
        if let Type::Map { .. } = ty {
            let map = self.emitter.symbols.import("std::collections::BTreeMap");
            if fields.is_empty() {
                return Code::value(quote!(#map::new()));
            }
            let entries: Vec<_> = fields
                .iter()
                .map(|(key, value)| {
                    let value = self.owned(value);
                    quote!((#key.to_owned(), #value))
                })
                .collect();
            return Code::value(quote!(#map::from([#(#entries),*])));
        }
        let values: Vec<_> =
            fields.iter().map(|(name, value)| (name.clone(), self.owned(value))).collect();
        self.structure(&values, ty)
    }

    fn tuple(&mut self, items: &[Expr], types: &[Type]) -> Code {
        let mut parts = Vec::with_capacity(items.len());
        for (item, ty) in items.iter().zip(types) {
            let value = self.owned(item);
            parts.push(if is_held_boxed(ty) { quote!(Box::new(#value)) } else { value });
        }
        Code::value(quote!((#(#parts,)*)))
    }

    /// A struct literal; fields that are not given are absent.
    fn structure(&mut self, values: &[(String, TokenStream)], ty: &Type) -> Code {
        let unfolded = ty.unfolded();
        let Type::Record(record) = unfolded.as_ref() else { return Code::Absent };
        let path = self.emitter.types.path(ty, &self.hint, &mut self.emitter.symbols);
        let mut fields = Vec::new();
        for (name, value) in values {
            let field = ident(&self.emitter.types.field(ty, name));
            let boxed = self.emitter.types.is_boxed(ty, name);
            let may_be_absent = record.fields.get(name).is_some_and(|own| own.ty.may_be_absent());
            let value = match (boxed, may_be_absent) {
                (false, _) => value.clone(),
                (true, false) => quote!(Box::new(#value)),
                (true, true) => boxed_option(value),
            };
            if field == value.to_string() {
                fields.push(quote!(#field));
            } else {
                fields.push(quote!(#field: #value));
            }
        }
        let absent: Vec<_> = record
            .fields
            .iter()
            .filter(|(name, _)| !values.iter().any(|(given, _)| given == *name))
            .collect();
        if self.emitter.types.is_outside(ty) && !absent.is_empty() {
            return Code::value(quote!(#path { #(#fields,)* ..#path::default() }));
        }
        for (name, field) in absent {
            let value = Code::Absent.owned(&field.ty);
            let name = ident(&self.emitter.types.field(ty, name));
            fields.push(quote!(#name: #value));
        }
        Code::value(quote!(#path { #(#fields),* }))
    }

    fn concat(&mut self, parts: &[Expr]) -> Code {
        let mut format = String::new();
        let mut args = Vec::new();
        for part in parts {
            if let ExprKind::Literal(serde_json::Value::String(text)) = &part.kind {
                format.push_str(&text.replace('{', "{{").replace('}', "}}"));
            } else {
                let code = call::bare(self.displayed(part));
                if let Ok(name) = syn::parse2::<syn::Ident>(code.clone()) {
                    format.extend(["{", &name.to_string(), "}"]);
                } else {
                    format.push_str("{}");
                    args.push(code);
                }
            }
        }
        if args.is_empty() && !format.contains('{') {
            return Code::Text(format);
        }
        if args.is_empty() && !format.replace("{{", "").contains('{') {
            return Code::Text(format.replace("{{", "{").replace("}}", "}"));
        }
        Code::value(macros::format(&quote!(#format #(, #args)*)))
    }

    /// A string as an argument of `format!`: what text it is made of, where Rust prints it alike.
    fn displayed(&mut self, part: &Expr) -> TokenStream {
        if let ExprKind::Call {
            op: "int_text" | "bool_text" | "timestamp_text" | "duration_text",
            args,
        } = &part.kind
            && let [value] = args.as_slice()
        {
            return self.code(value).shown();
        }
        if matches!(part.kind, ExprKind::Name(Name::RunId)) && !self.locals.run_is_kept {
            return quote!(ctx.run_id());
        }
        self.code(part).shown()
    }
}

/// An option as one of a `Box`.
fn boxed_option(value: &TokenStream) -> TokenStream {
    match optional::within_some(value) {
        Some(inner) => quote!(Some(Box::new(#inner))),
        None if optional::is_none(value) => value.clone(),
        None => quote!(Option::map(#value, Box::new)),
    }
}

/// A name and the fields read of it, if that is all that the expression is.
fn place(expr: &Expr) -> Option<(&Name, Vec<String>)> {
    match &expr.kind {
        ExprKind::Name(name) => Some((name, Vec::new())),
        ExprKind::Field { base, name } => {
            let (root, mut path) = place(base)?;
            path.push(name.clone());
            Some((root, path))
        }
        ExprKind::Present(inner) => place(inner),
        _ => None,
    }
}

/// The places in an expression that no other part of it overlaps.
fn last_uses(expr: &Expr) -> Vec<(Name, Vec<String>)> {
    fn collect(expr: &Expr, found: &mut Vec<(Name, Vec<String>)>) {
        if let Some((name, path)) = place(expr) {
            found.push((name.clone(), path));
            return;
        }
        // A closure runs once per element, so it gives nothing away.
        for child in expr.children() {
            collect(child, found);
        }
    }
    let mut all = Vec::new();
    collect(expr, &mut all);
    let overlaps = |left: &[String], right: &[String]| left.iter().zip(right).all(|(a, b)| a == b);
    let alone = |place: usize| {
        let (name, path) = &all[place];
        all.iter().enumerate().all(|(other, (other_name, other_path))| {
            other == place || name != other_name || !overlaps(path, other_path)
        })
    };
    (0..all.len()).filter(|&place| alone(place)).map(|place| all[place].clone()).collect()
}
