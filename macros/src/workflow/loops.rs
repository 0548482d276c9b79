//! Warns where a step's path would depend on the order of calls: in a loop, or twice in one
//! scope, without `.key(…)`.
//!
//! A step is what is called with a reference to a context as its first argument. A closure with
//! a context of its own (`ctx.for_each`) is another scope, with paths of its own.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, ExprClosure, ExprMethodCall, Pat};

use crate::signature;
use crate::warning::Warning;

/// Methods whose closure runs once for each element.
const ITERATION: [&str; 6] = ["map", "for_each", "filter_map", "flat_map", "and_then", "fold"];

/// The scopes to use instead of Rust's own loops.
const FOR_EACH: &str = ", loop with `ctx.for_each` (kind `for_each@1`)";
const WHILE: &str = ", loop with `ctx.while_loop` (kind `while@1`)";

/// The warnings for a body whose context argument is `context`.
pub(super) fn warnings(body: &Block, context: Option<&Ident>) -> Vec<Warning> {
    let mut finder = Finder { scopes: vec![Scope::new(context.cloned())], ..Finder::default() };
    finder.visit_block(body);
    finder.warnings
}

#[derive(Default)]
struct Finder {
    scopes: Vec<Scope>,
    /// The branches around the current expression: (number of the `if` or `match`, arm).
    branches: Vec<(usize, usize)>,
    forks: usize,
    warnings: Vec<Warning>,
}

#[derive(Default)]
struct Scope {
    context: Option<Ident>,
    /// What the loops around the current expression would be as scopes, the innermost last.
    loops: Vec<&'static str>,
    calls: Vec<(String, Vec<(usize, usize)>)>,
}

impl Scope {
    fn new(context: Option<Ident>) -> Self {
        Self { context, ..Self::default() }
    }
}

impl Finder {
    fn in_loop(&mut self, scope: &'static str, visit: impl FnOnce(&mut Self)) {
        if let Some(current) = self.scopes.last_mut() {
            current.loops.push(scope);
        }
        visit(self);
        if let Some(current) = self.scopes.last_mut() {
            current.loops.pop();
        }
    }

    fn in_arm(&mut self, fork: usize, arm: usize, visit: impl FnOnce(&mut Self)) {
        self.branches.push((fork, arm));
        visit(self);
        self.branches.pop();
    }

    fn fork(&mut self) -> usize {
        self.forks += 1;
        self.forks
    }

    /// The context's name here.
    fn context(&self) -> Option<&Ident> {
        self.scopes.last().and_then(|scope| scope.context.as_ref())
    }

    /// Whether the call's first argument is `&ctx`.
    fn is_step(&self, call: &ExprCall) -> bool {
        let Some(Expr::Reference(reference)) = call.args.first() else { return false };
        let (Expr::Path(path), Some(scope)) = (&*reference.expr, self.scopes.last()) else {
            return false;
        };
        scope.context.as_ref().is_some_and(|context| path.path.is_ident(context))
    }

    fn call(&mut self, call: &ExprCall) {
        let Expr::Path(callee) = &*call.func else { return };
        let name = callee.to_token_stream().to_string().replace(' ', "");
        let Some(segment) = callee.path.segments.last() else { return };
        let Some(scope) = self.scopes.last_mut() else { return };
        let again = scope
            .calls
            .iter()
            .any(|(other, branches)| *other == name && !exclusive(branches, &self.branches));
        let (what, told, instead) = if let Some(instead) = scope.loops.last() {
            ("step_in_a_loop", "in a loop", *instead)
        } else if again {
            ("step_called_twice", "twice in one scope", "")
        } else {
            scope.calls.push((name, self.branches.clone()));
            return;
        };
        self.warnings.push(Warning {
            span: segment.ident.span(),
            name: what,
            message: format!(
                "`{name}` is called {told}, so its place in the journal depends on the order of \
                 the calls; give each call a key of its own with `.key(…)`{instead}, or allow \
                 `deprecated`"
            ),
        });
    }
}

/// Whether two calls stand in different arms of one `if` or `match`.
fn exclusive(one: &[(usize, usize)], other: &[(usize, usize)]) -> bool {
    one.iter().any(|(fork, arm)| other.iter().any(|(f, a)| f == fork && a != arm))
}

/// Whether the closure takes a context of its own, and its name. A parameter is one by its type,
/// or because it shadows the context around it.
fn own_context(closure: &ExprClosure, around: Option<&Ident>) -> Option<Ident> {
    closure.inputs.iter().find_map(|input| match input {
        Pat::Ident(pat) if Some(&pat.ident) == around => Some(pat.ident.clone()),
        Pat::Type(typed) if signature::is_named(&typed.ty, "Context") => match &*typed.pat {
            Pat::Ident(pat) => Some(pat.ident.clone()),
            _ => None,
        },
        _ => None,
    })
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_expr_for_loop(&mut self, node: &'ast syn::ExprForLoop) {
        self.visit_expr(&node.expr);
        self.in_loop(FOR_EACH, |this| this.visit_block(&node.body));
    }

    fn visit_expr_while(&mut self, node: &'ast syn::ExprWhile) {
        self.in_loop(WHILE, |this| visit::visit_expr_while(this, node));
    }

    fn visit_expr_loop(&mut self, node: &'ast syn::ExprLoop) {
        self.in_loop(WHILE, |this| visit::visit_expr_loop(this, node));
    }

    fn visit_expr_if(&mut self, node: &'ast syn::ExprIf) {
        let fork = self.fork();
        self.visit_expr(&node.cond);
        self.in_arm(fork, 0, |this| this.visit_block(&node.then_branch));
        if let Some((_, otherwise)) = &node.else_branch {
            self.in_arm(fork, 1, |this| this.visit_expr(otherwise));
        }
    }

    fn visit_expr_match(&mut self, node: &'ast syn::ExprMatch) {
        let fork = self.fork();
        self.visit_expr(&node.expr);
        for (at, arm) in node.arms.iter().enumerate() {
            self.in_arm(fork, at, |this| this.visit_arm(arm));
        }
    }

    fn visit_expr_closure(&mut self, node: &'ast ExprClosure) {
        match own_context(node, self.context()) {
            Some(context) => {
                self.scopes.push(Scope::new(Some(context)));
                visit::visit_expr_closure(self, node);
                self.scopes.pop();
            }
            None => visit::visit_expr_closure(self, node),
        }
    }

    fn visit_expr_method_call(&mut self, node: &'ast ExprMethodCall) {
        match &*node.receiver {
            // `charge(&ctx, …).key(…)`: the call has a path of its own.
            Expr::Call(call) if node.method == "key" => {
                call.args.iter().for_each(|arg| self.visit_expr(arg));
            }
            receiver => self.visit_expr(receiver),
        }
        let iterates = ITERATION.iter().any(|name| node.method == name);
        for arg in &node.args {
            match arg {
                Expr::Closure(closure)
                    if iterates && own_context(closure, self.context()).is_none() =>
                {
                    self.in_loop(FOR_EACH, |this| this.visit_expr(arg));
                }
                arg => self.visit_expr(arg),
            }
        }
    }

    fn visit_expr_call(&mut self, node: &'ast ExprCall) {
        if self.is_step(node) {
            self.call(node);
        }
        visit::visit_expr_call(self, node);
    }

    // Items in the body have contexts of their own.
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

#[cfg(test)]
mod tests;
