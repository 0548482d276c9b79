//! Control flow: blocks of the IR as statements of async Rust.
//!
//! A block ends in one of three ways ([`Mode`]): as statements, with a tuple of the variables that
//! the code around needs ([`Slot`]), or as the tail of an async function or block.

mod branch;
mod concurrent;
mod diverge;
mod pattern;
mod run;
mod simpler;
mod slots;
mod switch;
mod told;
mod unused;

use flowcrate::types::Type;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;

pub(crate) use simpler::same;
pub(crate) use slots::Slot;

use super::Emitter;
use super::expr::{Code, Exprs};
use super::locals::Locals;
use super::names::ident;
use super::readers::stmt_size;
use super::types::Hint;
use crate::check::{Body, Node, NodeId};
use crate::expr::typed::Name;
use crate::expr::{Expr, ExprKind};
use crate::ir::{Block, Export, Live, Part, Stmt, Subject};

/// Emits one scope.
pub(crate) struct Flow<'e, 'a> {
    /// Types, names and imports.
    pub(crate) emitter: &'e mut Emitter<'a>,
    /// The number of the next statement, as [`Readers`](super::readers::Readers) counts.
    next: usize,
    /// Whether the block never comes to its end, so that nothing reads what it returns.
    doomed: bool,
    /// The type of the success that a failure is not, where nothing else tells it.
    untyped: Option<TokenStream>,
    /// How many joins of this scope are around what is emitted, and bodies of tasks.
    joins: usize,
}

/// What a block leaves behind.
#[derive(Clone)]
enum Mode<'m> {
    /// Nothing.
    Statements,
    /// The values of these, as a tuple (one bare).
    Values(&'m [Slot]),
    /// The end of a function or async block.
    Tail(&'m Final<'m>),
}

/// The `Ok` value at the end of a function or async block.
pub(crate) enum Final<'m> {
    /// The values of these, as a tuple.
    Slots(Vec<Slot>),
    /// A loop's result for one item.
    Result { id: &'m NodeId, expr: &'m Expr },
    /// The result of a part of a try, and the run's output where that part returned.
    Returning { id: &'m NodeId, expr: &'m Expr, output: Type },
    /// The run's output.
    Output(Type),
}

/// Emitted statements.
#[derive(Default)]
struct Lines {
    code: Vec<TokenStream>,
    /// Whether control never reaches the end.
    diverges: bool,
    /// The only statement, if that is an `if` without `else`.
    lone_if: Option<LoneIf>,
    /// Name and value, if the last statement binds a variable and says no more.
    last_let: Option<(Ident, TokenStream)>,
    /// The same of a statement that binds what a branch hands out.
    last_values: Option<(TokenStream, TokenStream)>,
}

impl Lines {
    fn push(&mut self, code: TokenStream) {
        self.lone_if = None;
        self.last_let = None;
        self.last_values = None;
        self.code.push(code);
    }

    /// `let name = value;`
    fn push_let(&mut self, comment: Option<&TokenStream>, name: &Ident, value: &TokenStream) {
        self.push(quote!(#comment let #name = #value;));
        self.last_let = comment.is_none().then(|| (name.clone(), value.clone()));
    }

    /// `let pattern = branch;`
    fn push_values(
        &mut self,
        comment: Option<&TokenStream>,
        pattern: TokenStream,
        branch: &TokenStream,
    ) {
        self.push(quote!(#comment let #pattern = #branch;));
        self.last_values = Some((pattern, quote!(#comment #branch)));
    }

    /// `tail`, with the variable that was bound last in place if that reads better.
    fn with_last(&mut self, tail: TokenStream) -> TokenStream {
        let is_tail =
            |(pattern, _): &mut (TokenStream, TokenStream)| pattern.to_string() == tail.to_string();
        if let Some((_, branch)) = self.last_values.take_if(is_tail) {
            self.code.pop();
            self.last_let = None;
            return branch;
        }
        let Some((name, value)) = &self.last_let else { return tail };
        let whole = *name == tail.to_string();
        let short = value.to_string().len() <= SHORT && !value.to_string().ends_with('?');
        if !(whole || short) || count(&tail, name) != 1 {
            return tail;
        }
        let tail = replace(tail, name, value);
        self.code.pop();
        self.last_let = None;
        tail
    }

    fn push_if(
        &mut self,
        comment: Option<&TokenStream>,
        condition: TokenStream,
        body: TokenStream,
    ) {
        let lone = self.code.is_empty();
        self.push(quote!(#comment if #condition { #body }));
        let comment = comment.cloned();
        self.lone_if = lone.then_some(LoneIf { comment, condition, body });
    }
}

impl<'e, 'a> Flow<'e, 'a> {
    /// For a scope whose reads are noted in the emitter.
    pub(crate) fn new(emitter: &'e mut Emitter<'a>) -> Self {
        Self { emitter, next: 0, doomed: false, untyped: None, joins: 0 }
    }

    /// The body of an async function or closure: the block, then its `Result`.
    pub(crate) fn body(&mut self, block: &Block, locals: Locals, end: &Final<'_>) -> TokenStream {
        self.block(Some(block), locals, &Mode::Tail(end)).code
    }

    /// `Err(failure)`.
    fn failed(&self, failure: &TokenStream) -> TokenStream {
        let success = self.untyped.as_ref().map(|success| quote!(::<#success, _>));
        quote!(Err #success (#failure.into()))
    }

    /// The body of a future that gives the values of slots. If it only fails, its failures tell its
    /// type.
    fn future_body(&mut self, block: &Block, locals: Locals, slots: &[Slot]) -> TokenStream {
        let untyped = self.diverge(&block.0).then(|| self.types_of(slots));
        let around = std::mem::replace(&mut self.untyped, untyped);
        let body = self.body(block, locals, &Final::Slots(slots.to_vec()));
        self.untyped = around;
        body
    }

    fn node(&self, id: &NodeId) -> Option<&'a Node> {
        self.emitter.checked.nodes.get(id)
    }

    fn lines(&mut self, stmts: &[Stmt], locals: &mut Locals) -> Lines {
        let mut lines = Lines::default();
        self.more_lines(stmts, locals, &mut lines);
        lines
    }

    /// The lines of statements that follow others of their block.
    fn more_lines(&mut self, stmts: &[Stmt], locals: &mut Locals, lines: &mut Lines) {
        let mut rest = stmts;
        while let Some((stmt, others)) = rest.split_first() {
            rest = others;
            if lines.diverges {
                self.next += stmt_size(stmt);
                continue;
            }
            if let (Some(node), Some((Stmt::Branch(branch), after))) =
                (self.runs(stmt), rest.split_first())
                && branch.on == Subject::Node(node.id.clone())
            {
                self.next += 1;
                rest = after;
                self.run_and_branch(node, branch, locals, lines);
                continue;
            }
            self.stmt(stmt, locals, lines);
        }
    }

    /// The node that a statement runs.
    fn runs(&self, stmt: &Stmt) -> Option<&'a Node> {
        match stmt {
            Stmt::Run(id) => self.node(id),
            _ => None,
        }
    }

    fn stmt(&mut self, stmt: &Stmt, locals: &mut Locals, lines: &mut Lines) {
        self.next += 1;
        match stmt {
            Stmt::Run(id) => {
                if let Some(node) = self.node(id) {
                    self.run(node, locals, lines);
                }
            }
            Stmt::Branch(branch) => self.branch(branch, None, locals, lines),
            Stmt::When(when) => {
                let condition = self.live(&when.live, locals);
                let slots = self.slots(&when.exports, &[&when.block], false, locals);
                let mode = if slots.is_empty() { Mode::Statements } else { Mode::Values(&slots) };
                let body = self.block(Some(&when.block), locals.clone(), &mode);
                let otherwise =
                    (!slots.is_empty()).then(|| self.block(None, locals.clone(), &mode));
                let whole = branch::Whole::If { condition, body, otherwise };
                self.place(whole, &slots, None, None, locals, lines);
            }
            Stmt::Join(join) => self.join(join, locals, lines),
            Stmt::Tasks(tasks) => self.tasks(tasks, locals, lines),
        }
    }

    /// A whole block; without one, what an arm that is not drawn leaves behind.
    fn block(&mut self, block: Option<&Block>, locals: Locals, mode: &Mode<'_>) -> BlockCode {
        let stmts = block.map_or(&[][..], |block| &block.0);
        let doomed = self.doomed || self.diverge(stmts);
        let around = std::mem::replace(&mut self.doomed, doomed);
        let code = self.stmts(stmts, locals, mode);
        self.doomed = around;
        code
    }

    fn stmts(&mut self, stmts: &[Stmt], mut locals: Locals, mode: &Mode<'_>) -> BlockCode {
        if let Mode::Tail(end) = mode {
            return self.tail(stmts, locals, end);
        }
        let mut lines = self.lines(stmts, &mut locals);
        if let (false, Mode::Values(slots)) = (lines.diverges, mode) {
            let values = self.slot_values(slots, &locals);
            let tuple = lines.with_last(tuple(&values));
            let code = unused::without_unused(lines.code, &tuple);
            let (diverges, lone_if) = (lines.diverges, lines.lone_if);
            let code = code.into_iter().chain([tuple]).collect();
            return BlockCode { code, diverges, lone_if };
        }
        BlockCode::of(lines)
    }

    fn tail(&mut self, stmts: &[Stmt], mut locals: Locals, end: &Final<'_>) -> BlockCode {
        if let Some(split) = self.tail_branch(stmts, end) {
            let (before, run, branch) = split;
            let mut lines = self.lines(before, &mut locals);
            if locals.returned.is_none() && !lines.diverges {
                if let Some(node) = run {
                    self.next += 2;
                    self.run_and_branch_tail(node, branch, &mut locals, end, &mut lines);
                } else {
                    self.next += 1;
                    self.branch(branch, Some(end), &mut locals, &mut lines);
                }
                return BlockCode::of(lines);
            }
            // What came before has decided the output, or never comes here.
            self.more_lines(&stmts[before.len()..], &mut locals, &mut lines);
            return self.end(lines, end, &locals);
        }
        if let Some((last, before)) = stmts.split_last()
            && let Some(node) = self.runs(last)
            && is_wanted(node, end)
        {
            let mut lines = self.lines(before, &mut locals);
            if !lines.diverges {
                self.next += 1;
                self.run_as_tail(node, &locals, &mut lines);
            }
            return BlockCode::of(lines);
        }
        let lines = self.lines(stmts, &mut locals);
        self.end(lines, end, &locals)
    }

    /// The lines of a block, and the `Result` behind them.
    fn end(&mut self, mut lines: Lines, end: &Final<'_>, locals: &Locals) -> BlockCode {
        if !lines.diverges {
            let mut value = self.finish(end, locals);
            if let Final::Slots(_) = end {
                value = lines.with_last(value);
            }
            lines.push(value);
        }
        BlockCode::of(lines)
    }

    /// The last branch, if all that `end` wants comes out of it; with the node that it goes by, if
    /// that runs right before.
    fn tail_branch<'s>(
        &self,
        stmts: &'s [Stmt],
        end: &Final<'_>,
    ) -> Option<(&'s [Stmt], Option<&'a Node>, &'s crate::ir::Branch)> {
        let (Stmt::Branch(branch), before) = stmts.split_last()? else { return None };
        let inside = match end {
            Final::Slots(slots) => {
                !slots.is_empty() && slots.iter().all(|slot| slot.is_of(&branch.exports))
            }
            Final::Output(_) => branch.exports.iter().any(|export| self.is_return(export)),
            Final::Result { .. } | Final::Returning { .. } => false,
        };
        if !inside {
            return None;
        }
        let run = before.split_last().and_then(|(last, before)| {
            let node = self.runs(last)?;
            (branch.on == Subject::Node(node.id.clone())).then_some((before, node))
        });
        Some(match run {
            Some((before, node)) => (before, Some(node), branch),
            None => (before, None, branch),
        })
    }

    fn is_return(&self, export: &Export) -> bool {
        let node = self.node(&export.node);
        export.part == Part::Returned
            || node.is_some_and(|node| matches!(node.body, Body::Return { .. }))
    }

    /// The `Result` at the end of a function or async block.
    fn finish(&mut self, end: &Final<'_>, locals: &Locals) -> TokenStream {
        match end {
            Final::Slots(slots) => {
                let values = self.slot_values(slots, locals);
                let tuple = if values.is_empty() { quote!(()) } else { tuple(&values) };
                quote!(Ok(#tuple))
            }
            Final::Result { id, expr } => {
                let hint = self.emitter.hint(id, "Result", "What one item gives");
                let mut exprs = Exprs::new(self.emitter, locals, hint);
                let code = exprs.given_away(expr);
                let fallible = exprs.fallible;
                if fallible { evaluated(id, &code) } else { quote!(Ok(#code)) }
            }
            Final::Returning { id, expr, output } => {
                let hint = self.emitter.hint(id, "Result", "What a part gives");
                let mut exprs = Exprs::new(self.emitter, locals, hint);
                let code = exprs.given_away(expr);
                let result = if exprs.fallible {
                    let code = evaluated(id, &code);
                    quote!(#code?)
                } else {
                    code
                };
                let output = slots::returned_value(true, output, locals);
                quote!(Ok((#result, #output)))
            }
            Final::Output(ty) => match &locals.returned {
                None => {
                    let value = Code::Absent.owned(ty);
                    quote!(Ok(#value))
                }
                Some((name, optional)) if !optional || ty.clone().optional() == *ty => {
                    quote!(Ok(#name))
                }
                Some((name, _)) => {
                    let expr = self.emitter.symbols.import("flowcrate::expr");
                    quote!(ctx.evaluate("return", || #expr::present(#name)))
                }
            },
        }
    }

    /// A condition over handles.
    fn live(&mut self, live: &Live, locals: &Locals) -> TokenStream {
        match live {
            Live::Always => quote!(true),
            Live::Left { node, handle } => self.left(node, handle, locals),
            Live::Any(parts) => self.live_parts(parts, false, locals),
            Live::All(parts) => self.live_parts(parts, true, locals),
        }
    }

    /// Parts of which one has to hold, or `all`; without those that are certain.
    fn live_parts(&mut self, parts: &[Live], all: bool, locals: &Locals) -> TokenStream {
        let mut open: Vec<(TokenStream, bool)> = Vec::new();
        for part in parts {
            let code = self.live(part, locals);
            match simpler::literal(&code) {
                Some(holds) if holds == all => {}
                Some(_) => return code,
                None => open.push((code, matches!(part, Live::Any(_) | Live::All(_)))),
            }
        }
        if let [(code, _)] = open.as_slice() {
            return code.clone();
        }
        let open: Vec<TokenStream> = open
            .into_iter()
            .map(|(code, nests)| if nests { quote!((#code)) } else { code })
            .collect();
        match (open.as_slice(), all) {
            ([], all) => quote!(#all),
            (open, true) => quote!(#(#open)&&*),
            (open, false) => quote!(#(#open)||*),
        }
    }
}

/// The code of a block.
#[derive(Clone, Default)]
struct BlockCode {
    code: TokenStream,
    diverges: bool,
    lone_if: Option<LoneIf>,
}

/// `if` without `else`.
#[derive(Clone)]
struct LoneIf {
    comment: Option<TokenStream>,
    condition: TokenStream,
    body: TokenStream,
}

impl BlockCode {
    fn of(lines: Lines) -> Self {
        let code = unused::without_unused(lines.code, &TokenStream::new());
        let code = code.into_iter().collect();
        Self { code, diverges: lines.diverges, lone_if: lines.lone_if }
    }
}

/// `if a { if b { … } }` as `if a && b { … }`.
fn collapse(condition: TokenStream, body: BlockCode) -> (TokenStream, TokenStream) {
    match body.lone_if {
        Some(LoneIf { comment: None, condition: inner, body }) => {
            (quote!(#condition && #inner), body)
        }
        _ => (condition, body.code),
    }
}

/// Values up to this length stand where they are used.
const SHORT: usize = 48;

/// How often the code names a variable.
fn count(code: &TokenStream, name: &Ident) -> usize {
    let each = |token| match token {
        TokenTree::Group(group) => count(&group.stream(), name),
        TokenTree::Ident(ident) => usize::from(ident == *name),
        TokenTree::Literal(_) | TokenTree::Punct(_) => 0,
    };
    code.clone().into_iter().map(each).sum()
}

/// The code with a value in the place of a variable.
fn replace(code: TokenStream, name: &Ident, value: &TokenStream) -> TokenStream {
    let each = |token| match token {
        TokenTree::Group(group) => {
            let inner = replace(group.stream(), name, value);
            TokenTree::Group(Group::new(group.delimiter(), inner)).into()
        }
        TokenTree::Ident(ident) if ident == *name => value.clone(),
        other => TokenStream::from(other),
    };
    code.into_iter().map(each).collect()
}

/// A tuple; one value bare.
fn tuple(values: &[TokenStream]) -> TokenStream {
    match values {
        [value] => value.clone(),
        values => quote!((#(#values),*)),
    }
}

/// `ctx.evaluate("id", || …)`: an expression that may fail.
pub(crate) fn evaluated(id: &str, code: &TokenStream) -> TokenStream {
    if let Some(call) = without_question_mark(code) {
        quote!(ctx.evaluate(#id, || #call))
    } else {
        quote!(ctx.evaluate(#id, || Ok(#code)))
    }
}

/// The call, if the code is one call with `?` and nothing else has one.
pub(crate) fn without_question_mark(code: &TokenStream) -> Option<TokenStream> {
    let mut tokens: Vec<TokenTree> = code.clone().into_iter().collect();
    let is = |token: &TokenTree, mark| matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark);
    if !is(&tokens.pop()?, '?') {
        return None;
    }
    // Most are a path and its arguments; of others syn knows whether they are one call.
    let (arguments, path) = tokens.split_last()?;
    let is_path = path.iter().all(|token| matches!(token, TokenTree::Ident(_)) || is(token, ':'));
    let is_call = matches!(arguments, TokenTree::Group(group)
        if group.delimiter() == Delimiter::Parenthesis);
    if is_call && is_path && !path.is_empty() {
        return Some(tokens.into_iter().collect());
    }
    match syn::parse2(code.clone()).ok()? {
        syn::Expr::Try(inner) => match *inner.expr {
            syn::Expr::Call(call) => Some(quote!(#call)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a failure of the node stays inside the workflow (S21).
pub(crate) fn catches(node: &Node) -> bool {
    node.continue_on_error || node.wired.iter().any(|handle| handle == "error")
}

/// Whether the node leaves by its default handle also where it failed (S21).
pub(crate) fn goes_on(node: &Node) -> bool {
    node.continue_on_error && !node.wired.iter().any(|handle| handle == "error")
}

/// A variable's name.
fn variable(name: &str) -> Ident {
    ident(name)
}

/// A hint for types that have a name already.
fn no_hint() -> Hint {
    Hint::new("Data", "")
}

/// Whether the node's own `Result` is what `end` wants.
fn is_wanted(node: &Node, end: &Final<'_>) -> bool {
    if matches!(node.body, Body::Try { returns: true, .. }) {
        return false;
    }
    if node.disabled || catches(node) || matches!(node.body, Body::Fail { .. }) {
        return matches!(node.body, Body::Fail { .. }) && !node.disabled && !catches(node);
    }
    match end {
        Final::Slots(slots) => match slots.as_slice() {
            [Slot::Part { export, .. }] => {
                export.node == node.id
                    && export.part == Part::Output
                    && (!export.optional || node.output.clone().map(Type::optional) == node.output)
                    && !node.body.times_out()
            }
            [Slot::Returned { optional: false, .. }] => {
                matches!(node.body, Body::Return { .. })
            }
            [] => matches!(node.body, Body::Wait { .. } | Body::Respond { .. }),
            _ => false,
        },
        Final::Result { expr, .. } => {
            matches!(&expr.kind, ExprKind::Name(Name::Step(id)) if *node.id == **id)
                && node.output.as_ref() == Some(&expr.ty)
                && !node.body.times_out()
        }
        Final::Returning { .. } => false,
        Final::Output(_) => matches!(node.body, Body::Return { .. }),
    }
}
