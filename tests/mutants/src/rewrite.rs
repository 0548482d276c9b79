//! One file of the compiler with all its mutants behind switches.
//!
//! Text is put in and nothing else is touched, and no operand is written twice, so a file grows
//! with its mutants and not with their depth.
//! An operator is another one between the same operands: `a || b && c` with `||` made `&&` is
//! `a && (b && c)`, where cargo-mutants would write the text that means `(a && b) && c`.

mod edits;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use anyhow::{Context, Result};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Pat, ReturnType, Type};

use crate::places::{At, Genre, Place};
use edits::Edits;

/// What became of a file.
pub struct Rewritten {
    pub text: String,
    /// Where the mutant alone stands in it: an error there is the mutant's.
    pub arms: Vec<(Range<usize>, u32)>,
    /// Where the switch stands with its operands: an error there is of this way of asking.
    pub forms: Vec<(Range<usize>, Vec<u32>)>,
}

/// Rewrites `source`; `places` are those of this file that are wanted.
pub fn rewrite(source: &str, places: &[&Place]) -> Result<Rewritten> {
    let file = syn::parse_file(source).context("the file is Rust")?;
    let mut wanted: HashMap<(Genre, At), Vec<&Place>> = HashMap::new();
    for place in places {
        wanted.entry((place.genre, place.at)).or_default().push(place);
    }
    let mut rewriter = Rewriter { source, wanted, edits: Edits::default() };
    rewriter.visit_file(&file);
    Ok(rewriter.edits.apply(source))
}

/// Places that the rewritten files have no switch for.
pub fn left_out<'a>(places: &[&'a Place], rewritten: &Rewritten) -> Vec<&'a Place> {
    let there: HashSet<u32> = rewritten.forms.iter().flat_map(|(_, all)| all).copied().collect();
    places.iter().copied().filter(|place| !there.contains(&place.number)).collect()
}

struct Rewriter<'a> {
    source: &'a str,
    wanted: HashMap<(Genre, At), Vec<&'a Place>>,
    edits: Edits,
}

fn start(span: Span) -> At {
    let start = span.start();
    (start.line, start.column + 1)
}

fn on(place: &Place) -> String {
    format!("crate::mutant_switch::on({})", place.number)
}

fn numbers(places: &[&Place]) -> Vec<u32> {
    places.iter().map(|place| place.number).collect()
}

fn is_a_variable(name: &syn::Ident) -> bool {
    name.to_string().starts_with(char::is_lowercase)
}

/// Whether the operands of this chain of `&&` bind names.
fn has_let(chain: &Expr) -> bool {
    match chain {
        Expr::Let(_) => true,
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
            has_let(&binary.left) || has_let(&binary.right)
        }
        _ => false,
    }
}

impl<'a> Rewriter<'a> {
    fn take(&mut self, genre: Genre, span: Span) -> Vec<&'a Place> {
        self.wanted.remove(&(genre, start(span))).unwrap_or_default()
    }

    fn text(&self, span: Span) -> &'a str {
        &self.source[span.byte_range()]
    }

    /// `if on(1) { .. } else if on(2) { .. } else { .. }`, where `of` gives a mutant's text.
    fn choice(&mut self, places: &[&Place], of: impl Fn(&Place) -> String, plain: &str) {
        for place in places {
            self.edits.say(&format!("if {} {{ ", on(place)));
            self.edits.say_mutant(place.number, &of(place));
            self.edits.say(" } else ");
        }
        self.edits.say(&format!("{{ {plain} }}"));
    }

    /// The mutants of a function's body: it returns another value at once.
    fn body(&mut self, output: &ReturnType, block: &syn::Block) {
        let Some(first) = block.stmts.first() else { return };
        let places = self.take(Genre::FnValue, first.span());
        if places.is_empty() {
            return;
        }
        let braces = block.brace_token.span;
        let inner = braces.open().byte_range().end..braces.close().byte_range().start;
        if let ReturnType::Type(_, output) = output
            && let Type::ImplTrait(output) = &**output
        {
            return self.hidden_body(inner, output, &places);
        }
        self.edits.open(inner.start);
        for place in &places {
            self.edits.say(&format!(" if {} {{ return ", on(place)));
            self.edits.say_mutant(place.number, &place.replacement);
            self.edits.say("; }");
        }
        self.edits.close(numbers(&places));
    }

    /// The same where the type has no name: what is returned is boxed, to be of one type.
    fn hidden_body(&mut self, inner: Range<usize>, output: &syn::TypeImplTrait, places: &[&Place]) {
        let bounds = self.text(output.bounds.span());
        self.edits.open(inner.start);
        self.edits.say(&format!(" let __b: Box<dyn {bounds} + '_> = "));
        for place in places {
            self.edits.say(&format!("if {} {{ Box::new(", on(place)));
            self.edits.say_mutant(place.number, &place.replacement);
            self.edits.say(") } else ");
        }
        self.edits.say("{ Box::new({ ");
        self.edits.open(inner.end);
        self.edits.say("  }) }; __b ");
        self.edits.close(numbers(places));
    }

    /// `a == b` becomes `((a == b) != on(1))`, for either operator.
    fn equality(&mut self, whole: Range<usize>, places: &[&Place]) {
        self.edits.open(whole.start);
        self.edits.say("((");
        self.edits.open(whole.end);
        self.edits.say(") != ");
        for place in places {
            self.edits.say_mutant(place.number, &on(place));
        }
        self.edits.say(")");
        self.edits.close(numbers(places));
    }

    /// `a && b` is `b` if `a` holds, else false; `a || b` is `b` unless `a` holds.
    fn logical(&mut self, binary: &syn::ExprBinary, places: &[&Place]) {
        let (whole, op) = (binary.span().byte_range(), binary.op.span().byte_range());
        let decides = if matches!(binary.op, BinOp::And(_)) { "==" } else { "!=" };
        self.edits.open(whole.start);
        self.edits.say("({ let __l: bool = ");
        self.edits.replace(op);
        for place in places {
            self.edits.say(&format!("; if __l {decides} "));
            self.edits.say_mutant(place.number, &on(place));
        }
        self.edits.say(" { __l } else { ");
        self.edits.open(whole.end);
        self.edits.say(" } })");
        self.edits.close(numbers(places));
    }

    /// Both operands are named, then joined by one operator or another.
    fn named(&mut self, binary: &syn::ExprBinary, places: &[&Place], compared: bool) {
        let (whole, op) = (binary.span().byte_range(), binary.op.span().byte_range());
        let (open, next, deref) =
            if compared { ("(match (&(", "), &(", "*") } else { ("(match (", ", ", "") };
        let plain = self.text(binary.op.span());
        self.edits.open(whole.start);
        self.edits.say(open);
        self.edits.replace(op);
        self.edits.say(next);
        self.edits.open(whole.end);
        self.edits.say(if compared { ")" } else { "" });
        self.edits.say(") { (__l, __r) => ");
        let joined = |op: &str| format!("{deref}__l {op} {deref}__r");
        self.choice(places, |place| joined(&place.replacement), &joined(plain));
        self.edits.say(" })");
        self.edits.close(numbers(places));
    }

    /// `a += b`: what is assigned to is written again, as it stood.
    fn assigned(&mut self, binary: &syn::ExprBinary, places: &[&Place]) {
        let (whole, op) = (binary.span().byte_range(), binary.op.span().byte_range());
        let left = self.text(binary.left.span());
        let plain = self.text(binary.op.span());
        self.edits.replace(whole.start..op.end);
        self.edits.say("({ let __r = ");
        self.edits.open(whole.end);
        self.edits.say("; ");
        let joined = |op: &str| format!("{left} {op} __r");
        self.choice(places, |place| joined(&place.replacement), &joined(plain));
        self.edits.say(" })");
        self.edits.close(numbers(places));
    }

    /// A struct expression is written once more for each field that it can do without.
    fn fields(&mut self, item: &syn::ExprStruct) {
        let whole = item.span().byte_range();
        let mut others = Vec::new();
        for pair in item.fields.pairs() {
            let field = pair.value().span();
            for place in self.take(Genre::Field, field) {
                let end = pair.punct().map_or(field, Spanned::span).byte_range().end;
                let (before, after) = (whole.start..field.byte_range().start, end..whole.end);
                others.push((place, format!("{}{}", &self.source[before], &self.source[after])));
            }
        }
        if others.is_empty() {
            return;
        }
        self.edits.open(whole.start);
        self.edits.say("(");
        for (place, other) in &others {
            self.edits.say(&format!("if {} {{ ", on(place)));
            self.edits.say_mutant(place.number, other);
            self.edits.say(" } else ");
        }
        self.edits.say("{ ");
        self.edits.open(whole.end);
        self.edits.say(" })");
        self.edits.close(others.iter().map(|(place, _)| place.number).collect());
    }

    fn guard(&mut self, guard: &Expr) {
        let places = self.take(Genre::Guard, guard.span());
        let [always, never] = places.as_slice() else { return };
        if has_let(guard) {
            return;
        }
        let whole = guard.span().byte_range();
        self.edits.open(whole.start);
        self.edits.say("(");
        self.edits.say_mutant(always.number, &on(always));
        self.edits.say(" || !");
        self.edits.say_mutant(never.number, &on(never));
        self.edits.say(" && (");
        self.edits.open(whole.end);
        self.edits.say("))");
        self.edits.close(numbers(&places));
    }
}

impl<'ast> Visit<'ast> for Rewriter<'_> {
    // What is computed at compile time cannot ask.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast syn::TraitItemConst) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_type_array(&mut self, _: &'ast syn::TypeArray) {}
    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if item.sig.constness.is_none() {
            self.body(&item.sig.output, &item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if item.sig.constness.is_none() {
            self.body(&item.sig.output, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.body(&item.sig.output, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let places = self.take(Genre::Binary, binary.op.span());
        if !places.is_empty() {
            match &binary.op {
                BinOp::Eq(_) | BinOp::Ne(_) => self.equality(binary.span().byte_range(), &places),
                BinOp::And(_) | BinOp::Or(_) => {
                    if !has_let(&binary.left) && !has_let(&binary.right) {
                        self.logical(binary, &places);
                    }
                }
                BinOp::Lt(_) | BinOp::Gt(_) | BinOp::Le(_) | BinOp::Ge(_) => {
                    self.named(binary, &places, true);
                }
                op if self.text(op.span()).ends_with('=') => {
                    self.assigned(binary, &places);
                    // The left side is not there any more.
                    return self.visit_expr(&binary.right);
                }
                _ => self.named(binary, &places, false),
            }
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        let places = self.take(Genre::Unary, unary.op.span());
        if !places.is_empty() {
            let plain = self.text(unary.op.span());
            let op = unary.op.span().byte_range();
            let end = unary.span().byte_range().end;
            self.edits.replace(op);
            self.edits.say("(match ");
            self.edits.open(end);
            self.edits.say(" { __v => ");
            self.choice(&places, |_| "__v".to_owned(), &format!("{plain}__v"));
            self.edits.say(" })");
            self.edits.close(numbers(&places));
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_match(&mut self, item: &'ast syn::ExprMatch) {
        // `_ if ..`, which cargo-mutants counts as an arm for the rest, is none; a name is one.
        let rest = item.arms.iter().position(|arm| match &arm.pat {
            Pat::Wild(_) => true,
            Pat::Ident(name) => name.subpat.is_none() && is_a_variable(&name.ident),
            _ => false,
        });
        for (index, arm) in item.arms.iter().enumerate() {
            let places = self.take(Genre::Arm, arm.span());
            if let Pat::Guard(guarded) = &arm.pat {
                self.guard(&guarded.guard);
            } else if let ([place], true) =
                (places.as_slice(), rest.is_some_and(|rest| rest != index))
            {
                let end = arm.pat.span().byte_range().end;
                self.edits.open(end);
                self.edits.say(" if !");
                self.edits.say_mutant(place.number, &on(place));
                self.edits.close(numbers(&places));
            }
        }
        visit::visit_expr_match(self, item);
    }

    fn visit_expr_struct(&mut self, item: &'ast syn::ExprStruct) {
        if item.rest.is_some() {
            self.fields(item);
        }
        visit::visit_expr_struct(self, item);
    }
}
